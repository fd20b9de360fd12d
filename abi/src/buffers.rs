//! Buffers for buffered sends: of the process, of a communicator, of a session (MPI 5.0, section 3.6).
//!
//! What a program attaches is an allowance: the library makes its copies elsewhere, and leaves the program's memory alone.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use olympi_comm::{BufferError, BufferFlush};

use crate::constants::{MPI_BUFFER_AUTOMATIC, MPI_ERR_ARG, MPI_ERR_BUFFER, MPI_ERR_VALUE_TOO_LARGE};
use crate::fault::{Fault, Outcome, anywhere};
use crate::global;
use crate::object::put;
use crate::requests::{Kind, Pending, make};
use crate::types::{Comm, Number, Request, Session, Status};

/// Whose buffer it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    Process,
    Comm(Comm),
    Session(Session),
}

/// The addresses of the buffers that are attached, which are given back.
static ADDRESSES: Mutex<Option<HashMap<Owner, usize>>> = Mutex::new(None);

fn addresses() -> MutexGuard<'static, Option<HashMap<Owner, usize>>> {
    ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Attaches a buffer: `with` the allowance, or without a limit.
fn attach<N: Number>(
    owner: Owner,
    buffer: *mut c_void,
    size: N,
    with: impl FnOnce(Option<usize>) -> Result<(), BufferError>,
) -> Outcome {
    let allowance = if buffer as usize == MPI_BUFFER_AUTOMATIC {
        None
    } else {
        let size = size.wide();
        let bytes = usize::try_from(size).map_err(|_| {
            Fault::new(MPI_ERR_ARG, format!("the size of a buffer is not negative, as {size} is"))
        })?;
        if buffer.is_null() && bytes > 0 {
            return Err(Fault::new(MPI_ERR_BUFFER, format!("a buffer of {bytes} bytes at address NULL")));
        }
        Some(bytes)
    };
    with(allowance)?;
    addresses().get_or_insert_default().insert(owner, buffer as usize);
    Ok(())
}

/// Gives a buffer back that was detached.
///
/// # Safety
/// `place` is null or the address of a pointer, `size` is null or may be written.
unsafe fn detached<N: Number>(owner: Owner, bytes: usize, place: *mut c_void, size: *mut N) -> Outcome {
    let address = addresses().as_mut().and_then(|addresses| addresses.remove(&owner)).unwrap_or_default();
    let bytes = N::narrow(bytes as i64)
        .ok_or_else(|| Fault::new(MPI_ERR_VALUE_TOO_LARGE, format!("{bytes} bytes do not fit in an int")))?;
    // SAFETY: the caller's promise. The address of the pointer need not be aligned as one, since C says `void *`.
    unsafe {
        if place.is_null() {
            return Err(Fault::new(MPI_ERR_ARG, "the place of the buffer's address is NULL"));
        }
        place.cast::<usize>().write_unaligned(address);
        put(size, bytes)
    }
}

/// A flush as a request.
struct Flushing(BufferFlush);

impl Pending for Flushing {
    fn is_over(&mut self) -> Outcome<bool> {
        Ok(self.0.test().map_err(BufferError::from)?)
    }

    fn finish(&mut self, _status: &mut Status) -> Outcome {
        Ok(())
    }

    fn free(&mut self) -> Outcome<bool> {
        Ok(true)
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

unsafe fn give(comm: Comm, flush: BufferFlush, place: *mut Request) -> Outcome {
    let request = make(comm, Kind::Other(Box::new(Flushing(flush))))?;
    // SAFETY: the caller's promise: null, or a place for it.
    unsafe { put(place, request) }
}

/// `MPI_Buffer_attach`
///
/// # Safety
/// None: the memory is left alone.
pub unsafe fn buffer_attach<N: Number>(buffer: *mut c_void, size: N) -> c_int {
    anywhere("MPI_Buffer_attach", || {
        global::with_job(|job| {
            attach(Owner::Process, buffer, size, |bytes| match bytes {
                Some(bytes) => job.attach_buffer(bytes),
                None => job.attach_automatic_buffer(),
            })
        })
    })
}

/// `MPI_Buffer_detach`: waits until all its messages have left.
///
/// # Safety
/// `buffer_addr` is the address of a pointer, and the size has a place.
pub unsafe fn buffer_detach<N: Number>(buffer_addr: *mut c_void, size: *mut N) -> c_int {
    anywhere("MPI_Buffer_detach", || {
        let bytes = global::with_job(|job| Ok(job.detach_buffer()?))?;
        // SAFETY: the caller's promise.
        unsafe { detached(Owner::Process, bytes, buffer_addr, size) }
    })
}

/// `MPI_Buffer_flush`
///
/// # Safety
/// None.
pub unsafe fn buffer_flush() -> c_int {
    anywhere("MPI_Buffer_flush", || global::with_job(|job| Ok(job.flush_buffer()?)))
}

/// `MPI_Buffer_iflush`
///
/// # Safety
/// The request has a place.
pub unsafe fn buffer_iflush(request: *mut Request) -> c_int {
    anywhere("MPI_Buffer_iflush", || {
        let flush = global::with_job(|job| Ok(job.iflush_buffer()?))?;
        // SAFETY: the caller's promise.
        unsafe { give(Comm::SELF, flush, request) }
    })
}

/// `MPI_Comm_attach_buffer`
///
/// # Safety
/// None: the memory is left alone.
pub unsafe fn comm_attach_buffer<N: Number>(comm: Comm, buffer: *mut c_void, size: N) -> c_int {
    comm.call("MPI_Comm_attach_buffer", |object| {
        attach(Owner::Comm(comm), buffer, size, |bytes| match bytes {
            Some(bytes) => object.comm.attach_buffer(bytes),
            None => object.comm.attach_automatic_buffer(),
        })
    })
}

/// `MPI_Comm_detach_buffer`: waits until all its messages have left.
///
/// # Safety
/// As for [`buffer_detach`].
pub unsafe fn comm_detach_buffer<N: Number>(comm: Comm, buffer_addr: *mut c_void, size: *mut N) -> c_int {
    comm.call("MPI_Comm_detach_buffer", |object| {
        let bytes = object.comm.detach_buffer()?;
        // SAFETY: the caller's promise.
        unsafe { detached(Owner::Comm(comm), bytes, buffer_addr, size) }
    })
}

/// `MPI_Comm_flush_buffer`
///
/// # Safety
/// None.
pub unsafe fn comm_flush_buffer(comm: Comm) -> c_int {
    comm.call("MPI_Comm_flush_buffer", |object| Ok(object.comm.flush_buffer()?))
}

/// `MPI_Comm_iflush_buffer`
///
/// # Safety
/// The request has a place.
pub unsafe fn comm_iflush_buffer(comm: Comm, request: *mut Request) -> c_int {
    comm.call("MPI_Comm_iflush_buffer", |object| {
        let flush = object.comm.iflush_buffer()?;
        // SAFETY: the caller's promise.
        unsafe { give(comm, flush, request) }
    })
}

/// `MPI_Session_attach_buffer`
///
/// # Safety
/// None: the memory is left alone.
pub unsafe fn session_attach_buffer<N: Number>(session: Session, buffer: *mut c_void, size: N) -> c_int {
    crate::sessions::call(session, "MPI_Session_attach_buffer", |object| {
        attach(Owner::Session(session), buffer, size, |bytes| match bytes {
            Some(bytes) => object.session.attach_buffer(bytes),
            None => object.session.attach_automatic_buffer(),
        })
    })
}

/// `MPI_Session_detach_buffer`: waits until all its messages have left.
///
/// # Safety
/// As for [`buffer_detach`].
pub unsafe fn session_detach_buffer<N: Number>(
    session: Session,
    buffer_addr: *mut c_void,
    size: *mut N,
) -> c_int {
    crate::sessions::call(session, "MPI_Session_detach_buffer", |object| {
        let bytes = object.session.detach_buffer()?;
        // SAFETY: the caller's promise.
        unsafe { detached(Owner::Session(session), bytes, buffer_addr, size) }
    })
}

/// `MPI_Session_flush_buffer`
///
/// # Safety
/// None.
pub unsafe fn session_flush_buffer(session: Session) -> c_int {
    crate::sessions::call(session, "MPI_Session_flush_buffer", |object| Ok(object.session.flush_buffer()?))
}

/// `MPI_Session_iflush_buffer`
///
/// # Safety
/// The request has a place.
pub unsafe fn session_iflush_buffer(session: Session, request: *mut Request) -> c_int {
    crate::sessions::call(session, "MPI_Session_iflush_buffer", |object| {
        let flush = object.session.iflush_buffer()?;
        // SAFETY: the caller's promise.
        unsafe { give(Comm::SELF, flush, request) }
    })
}
