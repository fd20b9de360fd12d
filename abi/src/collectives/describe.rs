//! What moves data (MPI 5.0, sections 6.3 to 6.8): arguments of C, as the collective that they mean.
//!
//! Each description hands that to `act`. All are unsafe alike: arrays are null or have an element for each rank, where they
//! matter; memory is touched by `act` alone.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{c_int, c_void};

use olympi_comm::raw::{Raw, RawBlocks, RawCollective};

use crate::collectives::{
    Counted, Role, datatypes, elements, even, in_place, listed, misplaced, partners, typed,
};
use crate::fault::Outcome;
use crate::object::CommObject;
use crate::types::Datatype;

#[inline]
pub(super) unsafe fn describe_barrier(
    _object: &CommObject,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    act(RawCollective::Barrier)
}

#[inline]
pub(super) unsafe fn describe_bcast<N: Counted>(
    object: &CommObject,
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    let data = if role.root || role.other { elements(buffer, count, datatype)? } else { Raw::NONE };
    act(RawCollective::Broadcast { data, root })
}

/// What this rank contributes to a gather.
fn contribution<N: Counted>(
    role: Role,
    buffer: *const c_void,
    count: N,
    datatype: Datatype,
) -> Outcome<Option<Raw<'static>>> {
    match role {
        Role { other: false, .. } => Ok(Some(Raw::NONE)),
        Role { root: true, .. } if in_place(buffer) => Ok(None),
        _ => elements(buffer, count, datatype).map(Some),
    }
}

#[inline]
pub(super) unsafe fn describe_gather<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    let from = contribution(role, sendbuf, sendcount, sendtype)?;
    let into = if role.root {
        even(recvbuf, recvcount, recvtype, partners(&object.comm))?
    } else {
        RawBlocks::EvenElsewhere
    };
    act(RawCollective::Gather { from, into, root })
}

pub(super) unsafe fn describe_gatherv<N: Counted, D: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcounts: *const N,
    displs: *const D,
    recvtype: Datatype,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    let from = contribution(role, sendbuf, sendcount, sendtype)?;
    let into = if role.root {
        // SAFETY: the caller's promise.
        unsafe { listed(recvbuf, recvcounts, displs, recvtype, partners(&object.comm)) }?
    } else {
        RawBlocks::ListedElsewhere
    };
    act(RawCollective::Gather { from, into, root })
}

#[inline]
pub(super) unsafe fn describe_scatter<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    // What a rank gets is said, and may be in place, as what it contributes to a gather.
    let into = contribution(role, recvbuf, recvcount, recvtype)?;
    let from = if role.root {
        even(sendbuf, sendcount, sendtype, partners(&object.comm))?
    } else {
        RawBlocks::EvenElsewhere
    };
    act(RawCollective::Scatter { from, into, root })
}

pub(super) unsafe fn describe_scatterv<N: Counted, D: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcounts: *const N,
    displs: *const D,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    let into = contribution(role, recvbuf, recvcount, recvtype)?;
    let from = if role.root {
        // SAFETY: the caller's promise.
        unsafe { listed(sendbuf, sendcounts, displs, sendtype, partners(&object.comm)) }?
    } else {
        RawBlocks::ListedElsewhere
    };
    act(RawCollective::Scatter { from, into, root })
}

#[inline]
pub(super) unsafe fn describe_allgather<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let from = if in_place(sendbuf) { None } else { Some(elements(sendbuf, sendcount, sendtype)?) };
    let into = even(recvbuf, recvcount, recvtype, partners(&object.comm))?;
    act(RawCollective::AllGather { from, into })
}

pub(super) unsafe fn describe_allgatherv<N: Counted, D: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcounts: *const N,
    displs: *const D,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let from = if in_place(sendbuf) { None } else { Some(elements(sendbuf, sendcount, sendtype)?) };
    // SAFETY: the caller's promise.
    let into = unsafe { listed(recvbuf, recvcounts, displs, recvtype, partners(&object.comm)) }?;
    act(RawCollective::AllGather { from, into })
}

#[inline]
pub(super) unsafe fn describe_alltoall<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let ranks = partners(&object.comm);
    let from = if in_place(sendbuf) { None } else { Some(even(sendbuf, sendcount, sendtype, ranks)?) };
    let into = even(recvbuf, recvcount, recvtype, ranks)?;
    act(RawCollective::AllToAll { from, into })
}

pub(super) unsafe fn describe_alltoallv<N: Counted, D: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcounts: *const N,
    sdispls: *const D,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcounts: *const N,
    rdispls: *const D,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let ranks = partners(&object.comm);
    // SAFETY: the caller's promise.
    let (from, into) = unsafe {
        let from = if in_place(sendbuf) {
            None
        } else {
            Some(listed(sendbuf, sendcounts, sdispls, sendtype, ranks)?)
        };
        (from, listed(recvbuf, recvcounts, rdispls, recvtype, ranks)?)
    };
    act(RawCollective::AllToAll { from, into })
}

pub(super) unsafe fn describe_alltoallw<N: Counted, D: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcounts: *const N,
    sdispls: *const D,
    sendtypes: *const Datatype,
    recvbuf: *mut c_void,
    recvcounts: *const N,
    rdispls: *const D,
    recvtypes: *const Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let ranks = partners(&object.comm);
    if in_place(recvbuf) {
        return Err(misplaced());
    }
    // SAFETY: the caller's promise.
    unsafe {
        let recvtypes = datatypes(recvcounts, recvtypes, ranks)?;
        let into = typed(recvbuf, recvcounts, rdispls, &recvtypes)?;
        if in_place(sendbuf) {
            return act(RawCollective::AllToAll { from: None, into });
        }
        let sendtypes = datatypes(sendcounts, sendtypes, ranks)?;
        let from = Some(typed(sendbuf, sendcounts, sdispls, &sendtypes)?);
        act(RawCollective::AllToAll { from, into })
    }
}
