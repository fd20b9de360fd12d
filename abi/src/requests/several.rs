//! Waiting for several requests, and testing them (MPI 5.0, section 3.7.5).

use std::ffi::c_int;

use super::{Kind, RequestObject, complete, is_live, place_of, places, put_status};
use crate::constants::{MPI_ERR_IN_STATUS, MPI_SUCCESS, MPI_UNDEFINED};
use crate::fault::{Fault, Outcome, Place};
use crate::object::{flag, put};
use crate::types::{Request, Status};

/// The first request that is over. If none is: waits for one (`wait`), or not. `Ok(None)`: none is over; and if `live` is
/// false then, none is under way.
fn first_over(requests: &mut [Request], wait: bool, live: &mut bool) -> Outcome<Option<usize>> {
    *live = false;
    for request in &*requests {
        *live |= is_live(*request)?;
    }
    if !*live {
        return Ok(None);
    }
    loop {
        let mut raws = Vec::new();
        let mut only_raw = true;
        for (index, request) in requests.iter().enumerate() {
            match request.get()? {
                None if *request == Request::SENT => return Ok(Some(index)),
                None => {}
                Some(object) if !object.is_active() => {}
                Some(RequestObject { kind: Kind::Raw(raw), .. }) => raws.push((index, raw)),
                Some(RequestObject { kind: Kind::Other(other), .. }) => {
                    only_raw = false;
                    if other.is_over()? {
                        return Ok(Some(index));
                    }
                }
            }
        }
        let (indices, lent): (Vec<_>, Vec<_>) = raws.into_iter().unzip();
        let over = olympi_comm::raw::first_over(&lent, wait && only_raw)?;
        if let Some(at) = over {
            return Ok(Some(indices[at]));
        }
        if !wait {
            return Ok(None);
        }
        std::thread::yield_now();
    }
}

/// `MPI_Waitany`
///
/// # Safety
/// The requests may be read and written, the index has a place, the status is null or may be written.
pub unsafe fn waitany(count: c_int, requests: *mut Request, index: *mut c_int, status: *mut Status) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { any("MPI_Waitany", true, count, requests, index, &mut 0, status) }
}

/// `MPI_Testany`
///
/// # Safety
/// As for [`waitany`]; the flag has a place.
pub unsafe fn testany(
    count: c_int,
    requests: *mut Request,
    index: *mut c_int,
    over: *mut c_int,
    status: *mut Status,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { any("MPI_Testany", false, count, requests, index, over, status) }
}

unsafe fn any(
    name: &str,
    wait: bool,
    count: c_int,
    requests: *mut Request,
    index: *mut c_int,
    over: *mut c_int,
    status: *mut Status,
) -> c_int {
    let mut whose = Place::Anywhere;
    // SAFETY: the promise of the callers.
    let result = (|| unsafe {
        let requests = places(count, requests)?;
        let mut live = false;
        let mut known = Status::EMPTY;
        let Some(at) = first_over(requests, wait, &mut live)? else {
            put(index, MPI_UNDEFINED)?;
            put(over, flag(!live))?;
            if !live {
                put_status(status, &known, false);
            }
            return Ok(());
        };
        whose = place_of(requests[at]);
        put(index, at as c_int)?;
        put(over, flag(true))?;
        let result = complete(&mut requests[at], &mut known);
        put_status(status, &known, true);
        result
    })();
    match result {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(name, whose),
    }
}

/// The statuses of several: where they go, and the first error.
struct Several {
    statuses: *mut Status,
    failed: Option<(Fault, Place)>,
    errors: Vec<c_int>,
}

impl Several {
    fn new(statuses: *mut Status) -> Self {
        Self { statuses, failed: None, errors: Vec::new() }
    }

    /// Completes a request, whose status is the `at`-th.
    ///
    /// # Safety
    /// The array is null, or has so many statuses.
    #[inline]
    unsafe fn complete(&mut self, request: &mut Request, at: usize) {
        let (place, live) = match request.get() {
            Ok(Some(object)) => (object.place, object.is_active()),
            _ => (Place::Anywhere, *request == Request::SENT),
        };
        let mut known = Status::EMPTY;
        let result = complete(request, &mut known);
        if !self.statuses.is_null() {
            // SAFETY: the caller's promise.
            unsafe { put_status(self.statuses.add(at), &known, live) };
        }
        let code = match result {
            Ok(()) => MPI_SUCCESS,
            Err(fault) => {
                let code = fault.code;
                self.failed.get_or_insert((fault, place));
                code
            }
        };
        self.errors.push(code);
    }

    /// The code that the call returns. If there was an error, each status tells its own.
    ///
    /// # Safety
    /// As above.
    unsafe fn end(self, name: &str) -> c_int {
        let Some((fault, place)) = self.failed else { return MPI_SUCCESS };
        if self.statuses.is_null() {
            return fault.raise(name, place);
        }
        for (at, code) in self.errors.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { (*self.statuses.add(at)).error = code };
        }
        Fault { code: MPI_ERR_IN_STATUS, detail: fault.detail }.raise(name, place)
    }
}

/// `MPI_Waitall`
///
/// # Safety
/// The requests may be read and written; the statuses are null, or as many, and may be written.
#[inline]
pub unsafe fn waitall(count: c_int, requests: *mut Request, statuses: *mut Status) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let requests = match places(count, requests) {
            Ok(requests) => requests,
            Err(fault) => return fault.raise("MPI_Waitall", Place::Anywhere),
        };
        let mut several = Several::new(statuses);
        for (at, request) in requests.iter_mut().enumerate() {
            several.complete(request, at);
        }
        several.end("MPI_Waitall")
    }
}

/// Whether all of them are over.
pub(super) fn all_over(requests: &[Request]) -> Outcome<bool> {
    for request in requests {
        if let Some(object) = request.get()?
            && object.is_active()
            && !object.is_over()?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `MPI_Testall`
///
/// # Safety
/// As for [`waitall`]; the flag has a place.
pub unsafe fn testall(
    count: c_int,
    requests: *mut Request,
    over: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let begun: Outcome<bool> = (|| {
            let all = all_over(places(count, requests)?)?;
            put(over, flag(all))?;
            Ok(all)
        })();
        match begun {
            Ok(true) => waitall(count, requests, statuses),
            Ok(false) => MPI_SUCCESS,
            Err(fault) => fault.raise("MPI_Testall", Place::Anywhere),
        }
    }
}

/// `MPI_Waitsome`
///
/// # Safety
/// The requests may be read and written; the count has a place, the indices have as many as requests, and the statuses are
/// null or have.
pub unsafe fn waitsome(
    count: c_int,
    requests: *mut Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { some("MPI_Waitsome", true, count, requests, outcount, indices, statuses) }
}

/// `MPI_Testsome`
///
/// # Safety
/// As for [`waitsome`].
pub unsafe fn testsome(
    count: c_int,
    requests: *mut Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { some("MPI_Testsome", false, count, requests, outcount, indices, statuses) }
}

unsafe fn some(
    name: &str,
    wait: bool,
    count: c_int,
    requests: *mut Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> c_int {
    let mut several = Several::new(statuses);
    // SAFETY: the promise of the callers.
    let begun = (|| unsafe {
        let requests = places(count, requests)?;
        let mut live = false;
        if first_over(requests, wait, &mut live)?.is_none() {
            return put(outcount, if live { 0 } else { MPI_UNDEFINED });
        }
        let mut done: c_int = 0;
        for (index, request) in requests.iter_mut().enumerate() {
            let over = match request.get()? {
                None => *request == Request::SENT,
                Some(object) => object.is_active() && object.is_over()?,
            };
            if over {
                several.complete(request, done as usize);
                put(indices.add(done as usize), index as c_int)?;
                done += 1;
            }
        }
        put(outcount, done)
    })();
    match begun {
        // SAFETY: the promise of the callers.
        Ok(()) => unsafe { several.end(name) },
        Err(fault) => fault.raise(name, Place::Anywhere),
    }
}
