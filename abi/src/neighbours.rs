//! Collectives among the neighbours of a topology (MPI 5.0, sections 8.6 to 8.8).
//!
//! Each description hands what the arguments mean to `act`. All are unsafe alike: arrays are null or have an element for each
//! neighbour; memory is touched by `act` alone.

use std::ffi::{c_int, c_void};

use olympi_comm::raw::RawCollective;

use crate::collectives::{Counted, datatypes, elements, even, forms, listed, typed};
use crate::constants::MPI_ERR_TOPOLOGY;
use crate::fault::{Fault, Outcome};
use crate::object::CommObject;
use crate::types::{Comm, Datatype, Info, Request};

/// How many neighbours this rank receives from, and sends to.
fn neighbours(object: &CommObject) -> Outcome<(usize, usize)> {
    object.comm.neighbour_counts().map_err(|_| {
        Fault::new(MPI_ERR_TOPOLOGY, "the communicator has no topology, so its ranks have no neighbours")
    })
}

unsafe fn describe_allgather<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let (sources, targets) = neighbours(object)?;
    let from = match targets {
        // Nobody is sent anything, so there may be nothing to send.
        0 => elements(sendbuf, 0, sendtype)?,
        _ => elements(sendbuf, sendcount, sendtype)?,
    };
    let into = even(recvbuf, recvcount, recvtype, sources)?;
    act(RawCollective::NeighbourAllGather { from, into })
}

unsafe fn describe_allgatherv<N: Counted, D: Counted>(
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
    let (sources, targets) = neighbours(object)?;
    let from = match targets {
        0 => elements(sendbuf, 0, sendtype)?,
        _ => elements(sendbuf, sendcount, sendtype)?,
    };
    // SAFETY: the caller's promise.
    let into = unsafe { listed(recvbuf, recvcounts, displs, recvtype, sources) }?;
    act(RawCollective::NeighbourAllGather { from, into })
}

unsafe fn describe_alltoall<N: Counted>(
    object: &CommObject,
    sendbuf: *const c_void,
    sendcount: N,
    sendtype: Datatype,
    recvbuf: *mut c_void,
    recvcount: N,
    recvtype: Datatype,
    act: impl FnOnce(RawCollective<'_>) -> Outcome,
) -> Outcome {
    let (sources, targets) = neighbours(object)?;
    let from = even(sendbuf, sendcount, sendtype, targets)?;
    let into = even(recvbuf, recvcount, recvtype, sources)?;
    act(RawCollective::NeighbourAllToAll { from, into })
}

unsafe fn describe_alltoallv<N: Counted, D: Counted>(
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
    let (sources, targets) = neighbours(object)?;
    // SAFETY: the caller's promise.
    let (from, into) = unsafe {
        (
            listed(sendbuf, sendcounts, sdispls, sendtype, targets)?,
            listed(recvbuf, recvcounts, rdispls, recvtype, sources)?,
        )
    };
    act(RawCollective::NeighbourAllToAll { from, into })
}

unsafe fn describe_alltoallw<N: Counted, D: Counted>(
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
    let (sources, targets) = neighbours(object)?;
    // SAFETY: the caller's promise.
    unsafe {
        let sendtypes = datatypes(sendcounts, sendtypes, targets)?;
        let recvtypes = datatypes(recvcounts, recvtypes, sources)?;
        let from = typed(sendbuf, sendcounts, sdispls, &sendtypes)?;
        let into = typed(recvbuf, recvcounts, rdispls, &recvtypes)?;
        act(RawCollective::NeighbourAllToAll { from, into })
    }
}

forms! {
    neighbor_allgather ineighbor_allgather neighbor_allgather_init,
        "MPI_Neighbor_allgather" "MPI_Ineighbor_allgather" "MPI_Neighbor_allgather_init" =
        describe_allgather<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype);
    neighbor_allgatherv ineighbor_allgatherv neighbor_allgatherv_init,
        "MPI_Neighbor_allgatherv" "MPI_Ineighbor_allgatherv" "MPI_Neighbor_allgatherv_init" =
        describe_allgatherv<N, D>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype,
            recvbuf: *mut c_void, recvcounts: *const N, displs: *const D, recvtype: Datatype);
    neighbor_alltoall ineighbor_alltoall neighbor_alltoall_init,
        "MPI_Neighbor_alltoall" "MPI_Ineighbor_alltoall" "MPI_Neighbor_alltoall_init" =
        describe_alltoall<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype);
    neighbor_alltoallv ineighbor_alltoallv neighbor_alltoallv_init,
        "MPI_Neighbor_alltoallv" "MPI_Ineighbor_alltoallv" "MPI_Neighbor_alltoallv_init" =
        describe_alltoallv<N, D>(sendbuf: *const c_void, sendcounts: *const N, sdispls: *const D,
            sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const N, rdispls: *const D,
            recvtype: Datatype);
    neighbor_alltoallw ineighbor_alltoallw neighbor_alltoallw_init,
        "MPI_Neighbor_alltoallw" "MPI_Ineighbor_alltoallw" "MPI_Neighbor_alltoallw_init" =
        describe_alltoallw<N, D>(sendbuf: *const c_void, sendcounts: *const N, sdispls: *const D,
            sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const N, rdispls: *const D,
            recvtypes: *const Datatype);
}
