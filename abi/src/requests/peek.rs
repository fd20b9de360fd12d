//! Looking at requests without an end to them (MPI 5.0, section 3.7.6).

use std::ffi::c_int;

use super::several::all_over;
use super::{Kind, is_live, places, put_status};
use crate::constants::MPI_UNDEFINED;
use crate::fault::{Outcome, anywhere};
use crate::object::{flag, put};
use crate::types::{Request, Status};

/// What came of a request so far; `None`: it is not over.
fn peeked(request: Request) -> Outcome<Option<Status>> {
    let mut known = Status::EMPTY;
    let Some(object) = request.get()? else { return Ok(Some(known)) };
    if !object.is_active() {
        return Ok(Some(known));
    }
    match &mut object.kind {
        Kind::Raw(raw) => {
            let Some(status) = raw.peek()? else { return Ok(None) };
            // SAFETY: a status of ours.
            unsafe { Status::put(&raw mut known, &status) };
        }
        Kind::Other(other) => {
            if !other.is_over()? {
                return Ok(None);
            }
            other.peek(&mut known)?;
        }
    }
    Ok(Some(known))
}

/// `MPI_Request_get_status`
///
/// # Safety
/// The flag has a place, the status is null or may be written.
pub unsafe fn request_get_status(request: Request, over: *mut c_int, status: *mut Status) -> c_int {
    request.call("MPI_Request_get_status", |_| {
        let known = peeked(request)?;
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(known) = &known {
                put_status(status, known, is_live(request)?);
            }
            put(over, flag(known.is_some()))
        }
    })
}

/// `MPI_Request_get_status_any`
///
/// # Safety
/// As for [`testany`](super::testany), but the requests are only read.
pub unsafe fn request_get_status_any(
    count: c_int,
    requests: *const Request,
    index: *mut c_int,
    over: *mut c_int,
    status: *mut Status,
) -> c_int {
    anywhere("MPI_Request_get_status_any", || {
        // SAFETY: the caller's promise; they are only read.
        unsafe {
            let requests = places(count, requests.cast_mut())?;
            let mut live = false;
            for (at, request) in requests.iter().enumerate() {
                if !is_live(*request)? {
                    continue;
                }
                live = true;
                if let Some(known) = peeked(*request)? {
                    put_status(status, &known, true);
                    put(index, at as c_int)?;
                    return put(over, flag(true));
                }
            }
            put(index, MPI_UNDEFINED)?;
            if !live {
                put_status(status, &Status::EMPTY, false);
            }
            put(over, flag(!live))
        }
    })
}

/// `MPI_Request_get_status_all`
///
/// # Safety
/// As for [`testall`](super::testall), but the requests are only read.
pub unsafe fn request_get_status_all(
    count: c_int,
    requests: *const Request,
    over: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    anywhere("MPI_Request_get_status_all", || {
        // SAFETY: the caller's promise; they are only read.
        unsafe {
            let requests = places(count, requests.cast_mut())?;
            let all = all_over(requests)?;
            if all && !statuses.is_null() {
                for (at, request) in requests.iter().enumerate() {
                    let known = peeked(*request)?.unwrap_or(Status::EMPTY);
                    put_status(statuses.add(at), &known, is_live(*request)?);
                }
            }
            put(over, flag(all))
        }
    })
}

/// `MPI_Request_get_status_some`
///
/// # Safety
/// As for [`testsome`](super::testsome), but the requests are only read.
pub unsafe fn request_get_status_some(
    count: c_int,
    requests: *const Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    anywhere("MPI_Request_get_status_some", || {
        // SAFETY: the caller's promise; they are only read.
        unsafe {
            let requests = places(count, requests.cast_mut())?;
            let (mut live, mut done) = (false, 0);
            for (at, request) in requests.iter().enumerate() {
                if !is_live(*request)? {
                    continue;
                }
                live = true;
                if let Some(known) = peeked(*request)? {
                    if !statuses.is_null() {
                        put_status(statuses.add(done), &known, true);
                    }
                    put(indices.add(done), at as c_int)?;
                    done += 1;
                }
            }
            put(outcount, if live { done as c_int } else { MPI_UNDEFINED })
        }
    })
}
