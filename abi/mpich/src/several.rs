//! Calls with arrays of requests and statuses: both have other sizes in the core, which gets arrays of its own.

use std::ffi::c_int;
use std::ptr::null_mut;

use olympi_abi::{requests as core, types};

use crate::arguments::{Answer, Argument, FEW, Translated, with_array};
use crate::codes::Code;
use crate::handles::Request;
use crate::statuses::{Status, is_ignored};

/// Runs `body` with the requests as the core has them, and gives the program what became of them.
///
/// # Safety
/// The requests are null, or may be read and written.
#[inline]
unsafe fn with_requests(
    count: c_int,
    requests: *mut Request,
    body: impl FnOnce(*mut types::Request) -> c_int,
) -> Code {
    // SAFETY: the caller's promise.
    let code = unsafe {
        with_array(i64::from(count), requests.cast_const(), |lent| {
            let code = body(lent);
            if !requests.is_null() {
                for at in 0..usize::try_from(count).unwrap_or(0) {
                    let request = Request::from_core(*lent.add(at));
                    // Most often all are over; and a place that need not be written stays clean.
                    if *requests.add(at) != request {
                        *requests.add(at) = request;
                    }
                }
            }
            code
        })
    };
    Code::answer(code)
}

/// Runs `body` with the statuses as the core has them. What it says to have written goes back, as many as it says.
///
/// # Safety
/// The statuses are ignored, or may be read and written.
#[inline]
unsafe fn with_statuses(
    count: c_int,
    statuses: *mut Status,
    body: impl FnOnce(*mut types::Status) -> (c_int, usize),
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    if is_ignored(statuses) || count == 0 {
        return body(null_mut()).0;
    }
    // SAFETY: the caller's promise.
    let given = unsafe { std::slice::from_raw_parts_mut(statuses, count) };
    let (mut few, mut many) = ([types::Status::EMPTY; FEW], Vec::new());
    let lent = if count <= FEW {
        &mut few[..count]
    } else {
        many.resize(count, types::Status::EMPTY);
        &mut many[..]
    };
    for (core, status) in lent.iter_mut().zip(&*given) {
        *core = status.to_core();
    }
    let (code, written) = body(lent.as_mut_ptr());
    for (status, core) in given.iter_mut().zip(&*lent).take(written) {
        status.update(core);
    }
    code
}

/// How many statuses a call has written that tells of all requests, or of none.
fn all(code: c_int, count: c_int) -> (c_int, usize) {
    let told = code == olympi_abi::constants::MPI_SUCCESS || code == olympi_abi::constants::MPI_ERR_IN_STATUS;
    (code, if told { usize::try_from(count).unwrap_or(0) } else { 0 })
}

unsafe fn waitall(count: c_int, requests: *mut Request, statuses: *mut Status) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(count, requests, |requests| {
            with_statuses(count, statuses, |statuses| all(core::waitall(count, requests, statuses), count))
        })
    }
}

unsafe fn testall(count: c_int, requests: *mut Request, flag: *mut c_int, statuses: *mut Status) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(count, requests, |requests| {
            with_statuses(count, statuses, |statuses| {
                let code = core::testall(count, requests, flag, statuses);
                all(code, if flag.is_null() || *flag == 0 { 0 } else { count })
            })
        })
    }
}

unsafe fn waitany(count: c_int, requests: *mut Request, index: *mut c_int, status: *mut Status) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(count, requests, |requests| {
            let mut held = status.hold();
            let code = core::waitany(count, requests, index, <*mut Status>::lend(&mut held));
            status.settle(held);
            code
        })
    }
}

unsafe fn testany(
    count: c_int,
    requests: *mut Request,
    index: *mut c_int,
    flag: *mut c_int,
    status: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(count, requests, |requests| {
            let mut held = status.hold();
            let code = core::testany(count, requests, index, flag, <*mut Status>::lend(&mut held));
            status.settle(held);
            code
        })
    }
}

/// How many statuses a call has written that tells how many requests are over.
///
/// # Safety
/// The count is null, or may be read.
unsafe fn some(code: c_int, outcount: *const c_int) -> (c_int, usize) {
    // SAFETY: the caller's promise.
    let over = unsafe { outcount.as_ref() }.map_or(0, |over| *over);
    all(code, over.max(0))
}

unsafe fn waitsome(
    incount: c_int,
    requests: *mut Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(incount, requests, |requests| {
            with_statuses(incount, statuses, |statuses| {
                some(core::waitsome(incount, requests, outcount, indices, statuses), outcount)
            })
        })
    }
}

unsafe fn testsome(
    incount: c_int,
    requests: *mut Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        with_requests(incount, requests, |requests| {
            with_statuses(incount, statuses, |statuses| {
                some(core::testsome(incount, requests, outcount, indices, statuses), outcount)
            })
        })
    }
}

unsafe fn startall(count: c_int, requests: *mut Request) -> Code {
    // SAFETY: the caller's promise.
    unsafe { with_requests(count, requests, |requests| core::startall(count, requests)) }
}

/// Runs `body` with requests that are only read.
///
/// # Safety
/// The requests are null, or may be read.
unsafe fn looking_at(
    count: c_int,
    requests: *const Request,
    body: impl FnOnce(*const types::Request) -> c_int,
) -> Code {
    // SAFETY: the caller's promise.
    Code::answer(unsafe { with_array(i64::from(count), requests, |requests| body(requests.cast_const())) })
}

unsafe fn get_status_any(
    count: c_int,
    requests: *const Request,
    index: *mut c_int,
    flag: *mut c_int,
    status: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        looking_at(count, requests, |requests| {
            let mut held = status.hold();
            let lent = <*mut Status>::lend(&mut held);
            let code = core::request_get_status_any(count, requests, index, flag, lent);
            status.settle(held);
            code
        })
    }
}

unsafe fn get_status_all(
    count: c_int,
    requests: *const Request,
    flag: *mut c_int,
    statuses: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        looking_at(count, requests, |requests| {
            with_statuses(count, statuses, |statuses| {
                let code = core::request_get_status_all(count, requests, flag, statuses);
                all(code, if flag.is_null() || *flag == 0 { 0 } else { count })
            })
        })
    }
}

unsafe fn get_status_some(
    incount: c_int,
    requests: *const Request,
    outcount: *mut c_int,
    indices: *mut c_int,
    statuses: *mut Status,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        looking_at(incount, requests, |requests| {
            with_statuses(incount, statuses, |statuses| {
                let code = core::request_get_status_some(incount, requests, outcount, indices, statuses);
                some(code, outcount)
            })
        })
    }
}

by_hand! {
    MPI_Waitall PMPI_Waitall = waitall(
        count: c_int, requests: *mut Request, statuses: *mut Status) -> Code;
    MPI_Testall PMPI_Testall = testall(
        count: c_int, requests: *mut Request, flag: *mut c_int, statuses: *mut Status) -> Code;
    MPI_Waitany PMPI_Waitany = waitany(
        count: c_int, requests: *mut Request, index: *mut c_int, status: *mut Status) -> Code;
    MPI_Testany PMPI_Testany = testany(
        count: c_int, requests: *mut Request, index: *mut c_int, flag: *mut c_int,
        status: *mut Status) -> Code;
    MPI_Waitsome PMPI_Waitsome = waitsome(
        incount: c_int, requests: *mut Request, outcount: *mut c_int, indices: *mut c_int,
        statuses: *mut Status) -> Code;
    MPI_Testsome PMPI_Testsome = testsome(
        incount: c_int, requests: *mut Request, outcount: *mut c_int, indices: *mut c_int,
        statuses: *mut Status) -> Code;
    MPI_Startall PMPI_Startall = startall(count: c_int, requests: *mut Request) -> Code;
    MPI_Request_get_status_any PMPI_Request_get_status_any = get_status_any(
        count: c_int, requests: *const Request, index: *mut c_int, flag: *mut c_int,
        status: *mut Status) -> Code;
    MPI_Request_get_status_all PMPI_Request_get_status_all = get_status_all(
        count: c_int, requests: *const Request, flag: *mut c_int, statuses: *mut Status) -> Code;
    MPI_Request_get_status_some PMPI_Request_get_status_some = get_status_some(
        incount: c_int, requests: *const Request, outcount: *mut c_int, indices: *mut c_int,
        statuses: *mut Status) -> Code;
}
