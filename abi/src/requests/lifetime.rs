//! Starting, cancelling and freeing requests (MPI 5.0, sections 3.7.3, 3.8.4 and 3.9).

use std::ffi::c_int;
use std::sync::{Mutex, PoisonError};

use super::{Kind, REQUESTS, RequestObject, place, places};
use crate::constants::MPI_SUCCESS;
use crate::fault::{Fault, Outcome, Place};
use crate::types::{Request, Status};

/// `MPI_Start`
///
/// # Safety
/// The request may be read; the memory of the operation is as was promised.
pub unsafe fn start(request: *mut Request) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { place(request) } {
        Ok(request) => request.call("MPI_Start", |object| {
            let object = object.ok_or_else(|| request.unknown())?;
            match &mut object.kind {
                // SAFETY: the caller's promise.
                Kind::Raw(raw) => Ok(unsafe { raw.start() }?),
                Kind::Other(other) => other.start(),
            }
        }),
        Err(fault) => fault.raise("MPI_Start", Place::Anywhere),
    }
}

/// `MPI_Startall`
///
/// # Safety
/// As for [`start`], of all of them.
pub unsafe fn startall(count: c_int, requests: *mut Request) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let requests = match places(count, requests) {
            Ok(requests) => requests,
            Err(fault) => return fault.raise("MPI_Startall", Place::Anywhere),
        };
        for request in requests {
            let code = start(request);
            if code != MPI_SUCCESS {
                return code;
            }
        }
    }
    MPI_SUCCESS
}

/// `MPI_Cancel`
///
/// # Safety
/// The request may be read.
pub unsafe fn cancel(request: *mut Request) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { place(request) } {
        Ok(&mut Request::SENT) => MPI_SUCCESS,
        Ok(request) => request.call("MPI_Cancel", |object| {
            let object = object.ok_or_else(|| request.unknown())?;
            match &mut object.kind {
                Kind::Raw(raw) => raw.cancel().map(|_| ()).map_err(Fault::from),
                Kind::Other(other) => other.cancel(),
            }
        }),
        Err(fault) => fault.raise("MPI_Cancel", Place::Anywhere),
    }
}

/// Requests that the program has freed while they were under way.
static FREED: Mutex<Vec<RequestObject>> = Mutex::new(Vec::new());

/// `MPI_Request_free`
///
/// # Safety
/// The request may be read and written.
pub unsafe fn request_free(request: *mut Request) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { place(request) } {
        Ok(request) => {
            let handle = *request;
            handle.call("MPI_Request_free", |object| {
                if object.is_none() && handle != Request::SENT {
                    return Err(handle.unknown());
                }
                *request = Request::NULL;
                REQUESTS.remove(handle.0).map_or(Ok(()), let_go)
            })
        }
        Err(fault) => fault.raise("MPI_Request_free", Place::Anywhere),
    }
}

/// Frees a request that is nobody's any more: at once, or when it is over.
fn let_go(mut object: RequestObject) -> Outcome {
    let gone = match &mut object.kind {
        Kind::Raw(raw) => Ok(!raw.is_active()),
        Kind::Other(other) => other.free(),
    };
    let mut list = FREED.lock().unwrap_or_else(PoisonError::into_inner);
    // Those that are over meanwhile go.
    list.retain_mut(|object| !finished(object));
    if !matches!(gone, Ok(false)) {
        return gone.map(|_| ());
    }
    if !finished(&mut object) {
        list.push(object);
    }
    Ok(())
}

fn finished(object: &mut RequestObject) -> bool {
    let over = object.is_over().unwrap_or(true);
    if over {
        // Nobody is left to be told.
        let _result = object.wait(&mut Status::EMPTY.clone());
    }
    over
}

/// Before the end: what was freed ends too. Receives that no message has matched never will.
pub fn finish_freed() {
    let list = std::mem::take(&mut *FREED.lock().unwrap_or_else(PoisonError::into_inner));
    for mut object in list {
        match &mut object.kind {
            // Then it is dropped, which waits where that is needed.
            Kind::Raw(raw) => {
                let _cancelled = raw.cancel();
            }
            Kind::Other(_) => {
                let _result = object.wait(&mut Status::EMPTY.clone());
            }
        }
    }
}
