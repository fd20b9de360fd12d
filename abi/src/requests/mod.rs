//! Waiting, testing, starting, and what a status tells (MPI 5.0, sections 3.2.5, 3.7, 3.9 and 13.2 to 13.3).

mod generalized;
mod lifetime;
mod peek;
mod several;
mod status;

use std::ffi::c_int;

use olympi_comm::raw::RawRequest;
use olympi_comm::{Error, RecvError};

use crate::constants::{MPI_ERR_ARG, MPI_ERR_REQUEST, MPI_SUCCESS};
use crate::fault::{Fault, Outcome, Place};
use crate::global;
use crate::handle::Table;
use crate::object::{flag, nonnegative, put, too_many};
use crate::types::{Comm, Request, Status};

pub use generalized::*;
pub use lifetime::*;
pub use peek::*;
pub use several::*;
pub use status::*;

/// An operation that is under way, or can be started.
pub struct RequestObject {
    /// Where its errors are raised.
    pub place: Place,
    /// The operation.
    pub kind: Kind,
}

/// What a request stands for.
pub enum Kind {
    /// A message or a collective: nearly always.
    Raw(RawRequest),
    /// Anything else.
    Other(Box<dyn Pending>),
}

/// An operation that is not one of the library's own kinds.
pub trait Pending: Send + Sync {
    /// Moves it on, and tells whether it is over.
    ///
    /// # Errors
    /// Those of asking.
    fn is_over(&mut self) -> Outcome<bool>;

    /// Waits until it is.
    ///
    /// # Errors
    /// Those of asking.
    fn wait(&mut self) -> Outcome {
        while !self.is_over()? {
            global::with_job(|job| Ok(job.poll().map_err(Error::from)?))?;
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Tells what came of it, which is over. Unless it is persistent, this is the last call.
    ///
    /// # Errors
    /// Those of the operation.
    fn finish(&mut self, status: &mut Status) -> Outcome;

    /// What it would tell, without an end to it.
    ///
    /// # Errors
    /// Those of the operation.
    fn peek(&mut self, _status: &mut Status) -> Outcome {
        Ok(())
    }

    /// `MPI_Cancel`
    ///
    /// # Errors
    /// Those of the operation.
    fn cancel(&mut self) -> Outcome {
        Err(Fault::new(MPI_ERR_REQUEST, "an operation of this kind cannot be cancelled"))
    }

    /// `MPI_Start`
    ///
    /// # Errors
    /// Those of the operation.
    fn start(&mut self) -> Outcome {
        Err(Fault::new(MPI_ERR_REQUEST, "the request is not persistent: it cannot be started"))
    }

    /// Whether it was started, or is not to be started.
    fn is_active(&self) -> bool {
        true
    }

    /// Whether it can be started again.
    fn is_persistent(&self) -> bool {
        false
    }

    /// `MPI_Request_free`: whether it can go at once. Else it goes on, and is finished when it is over.
    ///
    /// # Errors
    /// Those of a function of the program; it goes all the same.
    fn free(&mut self) -> Outcome<bool> {
        Ok(false)
    }

    /// Itself, for calls that are for its kind alone.
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}

/// Requests.
pub static REQUESTS: Table<RequestObject> = Table::new(7);

impl Request {
    /// A send that was over when it began: there is nothing to remember, and one handle does for all of them.
    pub const SENT: Self = Self(0x1ff);

    /// Its object, to change; `None`: there is nothing to wait for.
    ///
    /// # Errors
    /// `MPI_ERR_REQUEST`: there is no such request.
    #[inline]
    pub fn get<'a>(self) -> Outcome<Option<&'a mut RequestObject>> {
        // SAFETY: MPI allows one thread at a time to use a request.
        match unsafe { REQUESTS.get_mut(self.0) } {
            Some(object) => Ok(Some(object)),
            None if matches!(self, Self::NULL | Self::SENT) => Ok(None),
            None => Err(self.unknown()),
        }
    }

    #[cold]
    fn unknown(self) -> Fault {
        Fault::new(MPI_ERR_REQUEST, format!("{:#x} is no request, or one that is over or was freed", self.0))
    }

    /// Runs what is about a request: errors are raised on its communicator or window.
    fn call(self, name: &str, body: impl FnOnce(Option<&mut RequestObject>) -> Outcome) -> c_int {
        let mut place = Place::Anywhere;
        let result = self.get().and_then(|object| {
            if let Some(object) = &object {
                place = object.place;
            }
            body(object)
        });
        match result {
            Ok(()) => MPI_SUCCESS,
            Err(fault) => fault.raise(name, place),
        }
    }
}

impl RequestObject {
    /// A request that is over, of `MPI_PROC_NULL`.
    ///
    /// # Errors
    /// There are too many.
    pub fn of_proc_null() -> Outcome<Request> {
        struct Nobody;
        impl Pending for Nobody {
            fn is_over(&mut self) -> Outcome<bool> {
                Ok(true)
            }
            fn finish(&mut self, status: &mut Status) -> Outcome {
                // SAFETY: a status of ours.
                unsafe { put_proc_null(status) };
                Ok(())
            }
            fn peek(&mut self, status: &mut Status) -> Outcome {
                self.finish(status)
            }
            fn free(&mut self) -> Outcome<bool> {
                Ok(true)
            }
            fn as_any(&mut self) -> &mut dyn std::any::Any {
                self
            }
        }
        make(Comm::SELF, Kind::Other(Box::new(Nobody)))
    }

    fn is_active(&self) -> bool {
        match &self.kind {
            Kind::Raw(raw) => raw.is_active(),
            Kind::Other(other) => other.is_active(),
        }
    }

    fn is_persistent(&self) -> bool {
        match &self.kind {
            Kind::Raw(raw) => raw.is_persistent(),
            Kind::Other(other) => other.is_persistent(),
        }
    }

    /// Moves it on, and tells whether it is over.
    fn is_over(&mut self) -> Outcome<bool> {
        match &mut self.kind {
            Kind::Raw(raw) => Ok(raw.is_over()?),
            Kind::Other(other) => other.is_over(),
        }
    }

    /// Waits for it, and tells what came of it. The error of the status is left alone.
    #[inline]
    fn wait(&mut self, status: &mut Status) -> Outcome {
        match &mut self.kind {
            Kind::Raw(raw) => match raw.wait() {
                Ok(known) => {
                    // SAFETY: a status of ours.
                    unsafe { Status::put(status, &known) };
                    Ok(())
                }
                // SAFETY: as above.
                Err(error) => unsafe { put_failed(status, &error) },
            },
            Kind::Other(other) => {
                other.wait()?;
                other.finish(status)
            }
        }
    }
}

/// A handle for a new request of a communicator or a window, where its errors are raised.
///
/// # Errors
/// `MPI_ERR_NO_MEM`: there are too many.
pub fn make(place: impl Into<Place>, kind: Kind) -> Outcome<Request> {
    REQUESTS.insert(RequestObject { place: place.into(), kind }).map(Request).ok_or_else(too_many)
}

/// Gives a request to the program.
///
/// # Errors
/// There are too many; there is no place for it.
///
/// # Safety
/// The place is null, or may be written.
#[inline]
pub unsafe fn give(of: impl Into<Place>, request: RawRequest, place: *mut Request) -> Outcome {
    let handle = if request.is_sent() { Request::SENT } else { make(of, Kind::Raw(request))? };
    // SAFETY: the caller's promise.
    unsafe { put(place, handle) }
}

/// A receive and a send as one.
struct Both {
    receive: RawRequest,
    send: RawRequest,
}

impl Pending for Both {
    fn is_over(&mut self) -> Outcome<bool> {
        Ok(self.receive.is_over()? && self.send.is_over()?)
    }

    fn wait(&mut self) -> Outcome {
        Ok(()) // `finish` waits for both.
    }

    fn finish(&mut self, status: &mut Status) -> Outcome {
        let received = self.receive.wait();
        let sent = self.send.wait();
        // SAFETY: a status of ours.
        unsafe {
            match received {
                Ok(known) => Status::put(status, &known),
                Err(error) => put_failed(status, &error)?,
            }
        }
        sent?;
        Ok(())
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

/// Gives one request for both to the program.
///
/// # Errors
/// As [`give`].
///
/// # Safety
/// As [`give`].
pub unsafe fn give_both(comm: Comm, receive: RawRequest, send: RawRequest, place: *mut Request) -> Outcome {
    let handle = make(comm, Kind::Other(Box::new(Both { receive, send })))?;
    // SAFETY: the caller's promise.
    unsafe { put(place, handle) }
}

/// What is known of a message whose receive has failed, and the error itself.
///
/// # Errors
/// Always that.
///
/// # Safety
/// The status is null, or may be written.
#[cold]
pub unsafe fn put_failed(status: *mut Status, error: &Error) -> Outcome {
    if let Error::Recv(
        RecvError::Truncated { source_rank, tag, room: bytes, .. }
        | RecvError::Partial { source_rank, tag, sent: bytes, .. },
    ) = error
        // SAFETY: the caller's promise.
        && let Some(status) = unsafe { status.as_mut() }
    {
        (status.source, status.tag) = (*source_rank, *tag);
        status.set_bytes(*bytes as u64);
        status.set_cancelled(false);
    }
    Err(Fault { code: crate::fault::code(error.class()), detail: error.to_string() })
}

/// The status of a receive from `MPI_PROC_NULL`.
///
/// # Safety
/// The status is null, or may be written.
pub unsafe fn put_proc_null(status: *mut Status) {
    // SAFETY: the caller's promise.
    if let Some(status) = unsafe { status.as_mut() } {
        (status.source, status.tag) = (olympi_comm::PROC_NULL, olympi_comm::ANY_TAG);
        status.set_bytes(0);
        status.set_cancelled(false);
    }
}

/// Writes the status of a request that was `live`, but for its error, which belongs to the calls that give several; of any
/// other one it is empty, and without an error (MPI 5.0, section 3.7.3).
unsafe fn put_status(place: *mut Status, status: &Status, live: bool) {
    // SAFETY: the caller's promise: null, or may be written.
    if let Some(place) = unsafe { place.as_mut() } {
        let error = if live { place.error } else { MPI_SUCCESS };
        *place = *status;
        place.error = error;
    }
}

/// Waits for a request of the program, and frees it unless it is persistent.
#[inline]
fn complete(handle: &mut Request, status: &mut Status) -> Outcome {
    let Some(object) = handle.get()? else {
        if *handle == Request::SENT {
            *handle = Request::NULL;
        }
        return Ok(());
    };
    let persistent = object.is_persistent();
    if persistent && !object.is_active() {
        return Ok(());
    }
    let result = object.wait(status);
    if !persistent {
        let over = REQUESTS.remove(handle.0);
        *handle = Request::NULL;
        drop(over);
    }
    result
}

/// Where the errors of a request are raised.
fn place_of(handle: Request) -> Place {
    match handle.get() {
        Ok(Some(object)) => object.place,
        _ => Place::Anywhere,
    }
}

/// Whether there is something to wait for.
fn is_live(request: Request) -> Outcome<bool> {
    Ok(match request.get()? {
        Some(object) => object.is_active(),
        None => request == Request::SENT,
    })
}

unsafe fn place<'a>(request: *mut Request) -> Outcome<&'a mut Request> {
    // SAFETY: the caller's promise: null, or may be read and written.
    unsafe { request.as_mut() }.ok_or_else(|| Fault::new(MPI_ERR_REQUEST, "the place of the request is NULL"))
}

unsafe fn places<'a>(count: c_int, requests: *mut Request) -> Outcome<&'a mut [Request]> {
    match nonnegative(i64::from(count))? {
        0 => Ok(&mut []),
        _ if requests.is_null() => Err(Fault::new(MPI_ERR_ARG, "the array of requests is NULL")),
        // SAFETY: the caller's promise.
        count => Ok(unsafe { std::slice::from_raw_parts_mut(requests, count) }),
    }
}

/// `MPI_Wait`
///
/// # Safety
/// The request may be read and written, the status is null or may be written; the memory of the operation is as was promised.
#[inline]
pub unsafe fn wait(request: *mut Request, status: *mut Status) -> c_int {
    let mut whose = Place::Anywhere;
    let result = (|| {
        // SAFETY: the caller's promise.
        let request = unsafe { place(request) }?;
        let mut known = Status::EMPTY;
        let (place, live) = match request.get()? {
            Some(object) => (object.place, object.is_active()),
            None => (Place::Anywhere, *request == Request::SENT),
        };
        let result = complete(request, &mut known);
        // SAFETY: the caller's promise.
        unsafe { put_status(status, &known, live) };
        if result.is_err() {
            whose = place;
        }
        result
    })();
    match result {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise("MPI_Wait", whose),
    }
}

/// `MPI_Test`
///
/// # Safety
/// As for [`wait`]; the flag has a place.
pub unsafe fn test(request: *mut Request, over: *mut c_int, status: *mut Status) -> c_int {
    let mut whose = Place::Anywhere;
    let result = (|| {
        // SAFETY: the caller's promise.
        let request = unsafe { place(request) }?;
        whose = place_of(*request);
        if let Some(object) = request.get()?
            && object.is_active()
            && !object.is_over()?
        {
            // SAFETY: the caller's promise.
            return unsafe { put(over, flag(false)) };
        }
        let mut known = Status::EMPTY;
        let live = is_live(*request)?;
        let result = complete(request, &mut known);
        // SAFETY: the caller's promise.
        unsafe {
            put(over, flag(true))?;
            put_status(status, &known, live);
        }
        result
    })();
    match result {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise("MPI_Test", whose),
    }
}
