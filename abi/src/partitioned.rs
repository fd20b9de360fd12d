//! Partitioned messages (MPI 5.0, chapter 4).

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::{PoisonError, RwLock};

use olympi_comm::raw::{RawPartitions, RawRequest, Side};

use crate::constants::{MPI_ERR_ARG, MPI_ERR_REQUEST, MPI_SUCCESS};
use crate::fault::{Fault, Outcome, Place};
use crate::object::{TypeObject, flag, put};
use crate::requests::{Kind, make};
use crate::types::{Comm, Datatype, Info, Number, Request};

/// The partitions of requests, by handle: threads mark them ready while another one waits for the request itself, which only
/// that one may touch.
static PARTITIONED: RwLock<Partitioned> = RwLock::new(Partitioned { by_handle: None, purge_at: 64 });

struct Partitioned {
    by_handle: Option<HashMap<Request, (Comm, RawPartitions)>>,
    /// When there are so many, those are taken out whose requests were freed.
    purge_at: usize,
}

/// Gives a request to the program.
///
/// # Safety
/// The place is null, or may be written.
unsafe fn give(comm: Comm, (raw, parts): (RawRequest, RawPartitions), place: *mut Request) -> Outcome {
    let request = make(comm, Kind::Raw(raw))?;
    {
        let mut partitioned = PARTITIONED.write().unwrap_or_else(PoisonError::into_inner);
        let Partitioned { by_handle, purge_at } = &mut *partitioned;
        let by_handle = by_handle.get_or_insert_default();
        if by_handle.len() >= *purge_at {
            by_handle.retain(|_, (_, parts)| !parts.is_gone());
            *purge_at = (2 * by_handle.len()).max(64);
        }
        by_handle.insert(request, (comm, parts));
    }
    // SAFETY: the caller's promise.
    unsafe { put(place, request) }
}

/// Runs a call on the partitions of one side.
fn call(name: &str, request: Request, side: Side, body: impl FnOnce(RawPartitions) -> Outcome) -> c_int {
    let found = {
        let partitioned = PARTITIONED.read().unwrap_or_else(PoisonError::into_inner);
        partitioned.by_handle.as_ref().and_then(|by_handle| by_handle.get(&request).cloned())
    };
    let (result, place) = match found {
        Some((comm, parts)) if !parts.is_gone() => {
            let result = if parts.side() == side { body(parts) } else { Err(wrong_side(side)) };
            (result, Place::Comm(comm))
        }
        _ => {
            let detail = format!("{:#x} is no partitioned request, or one that was freed", request.0);
            (Err(Fault::new(MPI_ERR_REQUEST, detail)), Place::Anywhere)
        }
    };
    match result {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(name, place),
    }
}

#[cold]
fn wrong_side(side: Side) -> Fault {
    Fault::new(
        MPI_ERR_REQUEST,
        match side {
            Side::Send => "partitions of a send are marked ready, and this is a receive",
            Side::Receive => "partitions of a receive arrive, and this is a send",
        },
    )
}

/// The number of a partition, or of partitions.
fn number(number: c_int) -> Outcome<usize> {
    usize::try_from(number)
        .map_err(|_| Fault::new(MPI_ERR_ARG, format!("{number} partitions, or a partition of that number")))
}

/// How many elements each partition has; looks at the other arguments too.
fn count_of<N: Number>(
    datatype: &TypeObject,
    buffer: *const c_void,
    partitions: usize,
    count: N,
) -> Outcome<usize> {
    let each = datatype.count(count)?;
    datatype.raw(buffer, if partitions == 0 { 0 } else { each as i64 })?;
    Ok(each)
}

/// `MPI_Psend_init`
///
/// # Safety
/// From when a partition is marked ready until the send is over, it may be read and is initialized; the request has a
/// place.
pub unsafe fn psend_init<N: Number>(
    buffer: *const c_void,
    partitions: c_int,
    count: N,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    _info: Info,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Psend_init", |object| {
        let (partitions, datatype) = (number(partitions)?, datatype.get()?);
        let (start, count) = (buffer.cast_mut().cast(), count_of(datatype, buffer, partitions, count)?);
        // SAFETY: the caller's promise.
        unsafe {
            let made = object.comm.psend_raw_init(start, partitions, count, &datatype.datatype, dest, tag)?;
            give(comm, made, request)
        }
    })
}

/// `MPI_Precv_init`
///
/// # Safety
/// From each start until the receive is over, partitions that have not arrived may be written, and are nobody else's; the
/// request has a place.
pub unsafe fn precv_init<N: Number>(
    buffer: *mut c_void,
    partitions: c_int,
    count: N,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    _info: Info,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Precv_init", |object| {
        let (partitions, datatype) = (number(partitions)?, datatype.get()?);
        let (start, count) = (buffer.cast(), count_of(datatype, buffer, partitions, count)?);
        // SAFETY: the caller's promise.
        unsafe {
            let made =
                object.comm.precv_raw_init(start, partitions, count, &datatype.datatype, source, tag)?;
            give(comm, made, request)
        }
    })
}

/// `MPI_Pready`
///
/// # Safety
/// The partition may be read and is initialized, until the send is over.
pub unsafe fn pready(partition: c_int, request: Request) -> c_int {
    call("MPI_Pready", request, Side::Send, |parts| Ok(parts.ready(std::iter::once(number(partition)?))?))
}

/// `MPI_Pready_range`
///
/// # Safety
/// As for [`pready`], of all of them.
pub unsafe fn pready_range(low: c_int, high: c_int, request: Request) -> c_int {
    call("MPI_Pready_range", request, Side::Send, |parts| {
        if low > high {
            return Err(Fault::new(MPI_ERR_ARG, format!("a range of partitions from {low} down to {high}")));
        }
        Ok(parts.ready(number(low)?..=number(high)?)?)
    })
}

/// `MPI_Pready_list`
///
/// # Safety
/// As for [`pready`], of all of them; the list has that length.
pub unsafe fn pready_list(length: c_int, partitions: *const c_int, request: Request) -> c_int {
    call("MPI_Pready_list", request, Side::Send, |parts| {
        let list = match number(length)? {
            0 => return Ok(()),
            _ if partitions.is_null() => {
                return Err(Fault::new(MPI_ERR_ARG, "the list of partitions is NULL"));
            }
            // SAFETY: the caller's promise.
            length => unsafe { std::slice::from_raw_parts(partitions, length) },
        };
        for partition in list {
            number(*partition)?;
        }
        Ok(parts.ready(list.iter().map(|partition| *partition as usize))?)
    })
}

/// `MPI_Parrived`: nothing, and what is not started, has all its partitions.
///
/// # Safety
/// The flag has a place.
pub unsafe fn parrived(request: Request, partition: c_int, arrived: *mut c_int) -> c_int {
    if request == Request::NULL && !arrived.is_null() {
        // SAFETY: the caller's promise.
        unsafe { arrived.write(flag(true)) };
        return MPI_SUCCESS;
    }
    call("MPI_Parrived", request, Side::Receive, |parts| {
        let here = parts.arrived(number(partition)?)?;
        // SAFETY: the caller's promise.
        unsafe { put(arrived, flag(here)) }
    })
}
