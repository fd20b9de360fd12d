//! Generalized requests: operations of the program, which it waits for as for the library's own (MPI 5.0, section 13.2).

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use olympi_comm::Error;

use super::{Kind, Pending, make};
use crate::constants::{MPI_ERR_ARG, MPI_ERR_REQUEST, MPI_SUCCESS};
use crate::dialect::dialect;
use crate::fault::{Fault, Outcome, anywhere};
use crate::global;
use crate::object::{flag, put};
use crate::types::{Callback, Comm, Request, Status};

/// So long a waiting thread sleeps, at most, before it moves messages on again.
const NAP: Duration = Duration::from_micros(200);

/// An operation of the program. Another thread may end it while one waits for it, so that what both touch lies here and not
/// in the request.
struct Operation {
    query: usize,
    free: usize,
    cancel: usize,
    extra: usize,
    stage: Mutex<Stage>,
    ended: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Stage {
    /// The program has said that it is over.
    over: bool,
    /// Its request was freed: nobody waits for it.
    freed: bool,
}

/// All that are not both over and freed, by their handles.
static OPERATIONS: Mutex<BTreeMap<usize, Arc<Operation>>> = Mutex::new(BTreeMap::new());

fn operations() -> MutexGuard<'static, BTreeMap<usize, Arc<Operation>>> {
    OPERATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Operation {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn query(&self, status: &mut Status) -> Outcome {
        // SAFETY: the program has given this function for this, with that argument; the status is ours.
        let code = unsafe { (dialect().grequest_query)(self.query, self.extra as *mut c_void, status) };
        answer(code, "query")
    }

    fn free(&self) -> Outcome {
        // SAFETY: the program has given this function for this, with that argument; once, as the callers see to.
        answer(unsafe { (dialect().grequest_free)(self.free, self.extra as *mut c_void) }, "free")
    }
}

/// What a function of the program has said.
fn answer(code: c_int, function: &str) -> Outcome {
    if code == MPI_SUCCESS {
        return Ok(());
    }
    Err(Fault::new(code, format!("the {function} function of a generalized request has failed with {code}")))
}

/// The request for one.
struct Generalized {
    handle: usize,
    operation: Arc<Operation>,
}

impl Pending for Generalized {
    fn is_over(&mut self) -> Outcome<bool> {
        if !self.operation.stage().over {
            global::with_job(|job| Ok(job.poll().map_err(Error::from)?))?;
        }
        Ok(self.operation.stage().over)
    }

    fn wait(&mut self) -> Outcome {
        while !self.is_over()? {
            let stage = self.operation.stage();
            if !stage.over {
                // Why it ends does not matter: it is looked at again.
                drop(self.operation.ended.wait_timeout(stage, NAP));
            }
        }
        Ok(())
    }

    fn finish(&mut self, status: &mut Status) -> Outcome {
        operations().remove(&self.handle);
        let told = self.operation.query(status);
        // It is freed whatever the first function says.
        let freed = self.operation.free();
        told.and(freed)
    }

    fn peek(&mut self, status: &mut Status) -> Outcome {
        self.operation.query(status)
    }

    fn cancel(&mut self) -> Outcome {
        let over = self.operation.stage().over;
        let Operation { cancel, extra, .. } = *self.operation;
        // SAFETY: the program has given this function for this, with that argument.
        answer(unsafe { (dialect().grequest_cancel)(cancel, extra as *mut c_void, flag(over)) }, "cancel")
    }

    /// One that is not over frees itself when it is.
    fn free(&mut self) -> Outcome<bool> {
        let over = {
            let mut stage = self.operation.stage();
            stage.freed = true;
            stage.over
        };
        if over {
            operations().remove(&self.handle);
            self.operation.free()?;
        }
        Ok(true)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// `MPI_Grequest_start`
///
/// # Safety
/// The functions are of those kinds, and take that argument; the request has a place.
pub unsafe fn grequest_start(
    query: Callback,
    free: Callback,
    cancel: Callback,
    extra_state: *mut c_void,
    request: *mut Request,
) -> c_int {
    anywhere("MPI_Grequest_start", || {
        if query.is_null() || free.is_null() || cancel.is_null() {
            return Err(Fault::new(MPI_ERR_ARG, "a function of a generalized request is NULL"));
        }
        global::with_job(|_| Ok(()))?;
        let operation = Arc::new(Operation {
            query: query as usize,
            free: free as usize,
            cancel: cancel as usize,
            extra: extra_state as usize,
            stage: Mutex::default(),
            ended: Condvar::new(),
        });
        // The map is locked until the request knows its handle.
        let mut operations = operations();
        let generalized = Generalized { handle: 0, operation: Arc::clone(&operation) };
        let handle = make(Comm::SELF, Kind::Other(Box::new(generalized)))?;
        if let Some(object) = handle.get()?
            && let Kind::Other(other) = &mut object.kind
            && let Some(generalized) = other.as_any().downcast_mut::<Generalized>()
        {
            generalized.handle = handle.0;
        }
        operations.insert(handle.0, operation);
        // SAFETY: the caller's promise.
        unsafe { put(request, handle) }
    })
}

/// `MPI_Grequest_complete`
///
/// # Safety
/// None that the functions of the program do not bring with them.
pub unsafe fn grequest_complete(request: Request) -> c_int {
    anywhere("MPI_Grequest_complete", || {
        let unknown = || Fault::new(MPI_ERR_REQUEST, format!("{:#x} is no generalized request", request.0));
        let operation = operations().get(&request.0).cloned().ok_or_else(unknown)?;
        let before = {
            let mut stage = operation.stage();
            let before = *stage;
            stage.over = true;
            before
        };
        if before.over {
            return Err(Fault::new(MPI_ERR_REQUEST, "the generalized request has been completed already"));
        }
        operation.ended.notify_all();
        if before.freed {
            operations().remove(&request.0);
            operation.free()?;
        }
        Ok(())
    })
}
