//! Reductions (MPI 5.0, sections 6.9 to 6.11): arguments of C, as the collective that they mean.
//!
//! Each description hands that to `act`. All are unsafe alike: arrays are null or have an element for each rank; memory is
//! touched by `act` alone.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{c_int, c_void};

use olympi_comm::raw::{Raw, RawCollective};

use crate::collectives::{Counted, Role, address, array, elements, in_place, usable};
use crate::fault::Outcome;
use crate::object::CommObject;
use crate::types::{Datatype, Op};

/// A contribution, which may be in place, and the place of a result.
#[inline]
fn operands<N: Counted>(
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    count: N,
    datatype: Datatype,
) -> Outcome<(Option<Raw<'static>>, Raw<'static>)> {
    let from = if in_place(sendbuf) { None } else { Some(elements(sendbuf, count, datatype)?) };
    Ok((from, elements(recvbuf, count, datatype)?))
}

pub(super) unsafe fn describe_reduce<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    count: N,
    datatype: Datatype,
    op: Op,
    root: c_int,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let role = Role::of(&object.comm, root)?;
    if !role.root && !role.other {
        // Beside the root of an intercommunicator nothing matters; any operation does.
        let operation = Op::SUM.on(Datatype::INT, Datatype::INT.get()?)?;
        return act(RawCollective::Reduce {
            from: Some(Raw::NONE),
            into: Raw::NONE,
            operation: &operation,
            root,
        });
    }
    let operation = op.on(datatype, datatype.get()?)?;
    let from = match role {
        Role { other: false, .. } => Some(Raw::NONE),
        Role { root: true, .. } if in_place(sendbuf) => None,
        _ => Some(elements(sendbuf, count, datatype)?),
    };
    let into = if role.root { elements(recvbuf, count, datatype)? } else { Raw::NONE };
    act(RawCollective::Reduce { from, into, operation: &operation, root })
}

#[inline]
pub(super) unsafe fn describe_allreduce<N: Counted>(
    _object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    count: N,
    datatype: Datatype,
    op: Op,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let operation = op.on(datatype, datatype.get()?)?;
    let (from, into) = operands(sendbuf, recvbuf, count, datatype)?;
    act(RawCollective::AllReduce { from, into, operation: &operation })
}

pub(super) unsafe fn describe_reduce_scatter_block<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    recvcount: N,
    datatype: Datatype,
    op: Op,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let of = usable(datatype)?;
    let (operation, count) = (op.on(datatype, of)?, of.count(recvcount)?);
    let datatype = &of.datatype;
    let from = if in_place(sendbuf) {
        None
    } else {
        Some(address(sendbuf, count.saturating_mul(object.comm.size() as usize), 0, datatype)?)
    };
    let into = address(recvbuf, count, 0, datatype)?;
    act(RawCollective::ReduceScatterBlock { from, into, count, datatype, operation: &operation })
}

pub(super) unsafe fn describe_reduce_scatter<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    recvcounts: *const N,
    datatype: Datatype,
    op: Op,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let of = usable(datatype)?;
    let operation = op.on(datatype, of)?;
    let (ranks, me) = (object.comm.size() as usize, object.comm.rank() as usize);
    // SAFETY: the caller's promise.
    let counts = unsafe { array(recvcounts, ranks, "counts") }?;
    let datatype = &of.datatype;
    let mine = of.count(counts[me])?;
    let from = if in_place(sendbuf) {
        None
    } else {
        let any = usize::from(counts.iter().any(|count| count.wide() > 0));
        Some(address(sendbuf, any, 0, datatype)?)
    };
    let into = address(recvbuf, mine, 0, datatype)?;
    let counts = N::numbers(counts);
    act(RawCollective::ReduceScatter { from, into, counts, datatype, operation: &operation })
}

pub(super) unsafe fn describe_scan<N: Counted>(
    _object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    count: N,
    datatype: Datatype,
    op: Op,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let operation = op.on(datatype, datatype.get()?)?;
    let (from, into) = operands(sendbuf, recvbuf, count, datatype)?;
    act(RawCollective::Scan { from, into, operation: &operation })
}

pub(super) unsafe fn describe_exscan<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    recvbuf: *mut c_void,
    count: N,
    datatype: Datatype,
    op: Op,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let operation = op.on(datatype, datatype.get()?)?;
    let (from, into) = if object.comm.rank() == 0 && !in_place(sendbuf) {
        // Rank 0 has no result, so its place does not matter: the contribution is all of the memory, and stays as it is.
        (None, elements(sendbuf, count, datatype)?)
    } else {
        operands(sendbuf, recvbuf, count, datatype)?
    };
    act(RawCollective::ExclusiveScan { from, into, operation: &operation })
}
