//! Collectives (MPI 5.0, chapter 6): each is described once, and has its three forms from that.
//!
//! A description says which arguments matter at this rank, checks these, and no others, and hands what it has made of them
//! to whoever runs it, begins it, or sets it up.

mod arguments;
mod describe;
mod reductions;

use std::ffi::{c_int, c_void};

use olympi_comm::raw::RawCollective;

use crate::constants::MPI_ERR_INFO;
use crate::fault::{Fault, Outcome};
use crate::object::CommObject;
use crate::requests;
use crate::types::{Comm, Datatype, Info, Op, Request};

pub(crate) use arguments::*;
use describe::{
    describe_allgather, describe_allgatherv, describe_alltoall, describe_alltoallv, describe_alltoallw,
    describe_barrier, describe_bcast, describe_gather, describe_gatherv, describe_scatter, describe_scatterv,
};
use reductions::{
    describe_allreduce, describe_exscan, describe_reduce, describe_reduce_scatter,
    describe_reduce_scatter_block, describe_scan,
};

/// Runs a collective.
///
/// # Safety
/// Its memory is as the call needs it.
#[inline]
pub(crate) unsafe fn run(object: &CommObject, call: RawCollective<'_>) -> Outcome {
    // SAFETY: the caller's promise.
    Ok(unsafe { object.comm.collective_raw(call) }?)
}

/// Begins a collective, and gives its request to the program.
///
/// # Safety
/// The same until the request is over; its place is null or may be written.
pub(crate) unsafe fn begin(
    comm: Comm,
    object: &CommObject,
    call: RawCollective<'_>,
    request: *mut Request,
) -> Outcome {
    // SAFETY: the caller's promise.
    unsafe { requests::give(comm, object.comm.icollective_raw(call)?, request) }
}

/// Sets up a collective, and gives its request to the program.
///
/// # Safety
/// The same from each start.
pub(crate) unsafe fn set_up(
    comm: Comm,
    object: &CommObject,
    call: RawCollective<'_>,
    info: Info,
    request: *mut Request,
) -> Outcome {
    if !matches!(info, Info::NULL | Info::ENV) && crate::info::INFOS.get(info.0).is_none() {
        return Err(Fault::new(
            MPI_ERR_INFO,
            format!("{:#x} is no info object, or one that was freed", info.0),
        ));
    }
    // SAFETY: the caller's promise.
    unsafe { requests::give(comm, object.comm.collective_raw_init(call)?, request) }
}

/// The three forms of each collective: names of the functions, their MPI names, and `description(arguments)`.
macro_rules! forms {
    ($(
        $plain:ident $begun:ident $made:ident, $name:literal $begun_name:literal $made_name:literal =
            $describe:ident$(<$($number:ident),*>)? ($($arg:ident: $type:ty),*);
    )*) => {$(
        #[doc = concat!("`", $name, "`")]
        ///
        /// # Safety
        /// What is sent may be read and is initialized; what is received may be written, and does not overlap that. Arrays have
        /// an element for each rank, where the argument matters.
        #[inline]
        pub unsafe fn $plain$(<$($number: Counted),*>)?($($arg: $type,)* comm: Comm) -> c_int {
            comm.call($name, |object| {
                // SAFETY: the caller's promise.
                unsafe { $describe(object, $($arg,)* |call| crate::collectives::run(object, call)) }
            })
        }

        #[doc = concat!("`", $begun_name, "`")]
        ///
        /// # Safety
        /// The same until the request is over, and the request has a place. Arrays are only looked at here.
        pub unsafe fn $begun$(<$($number: Counted),*>)?(
            $($arg: $type,)* comm: Comm, request: *mut Request,
        ) -> c_int {
            comm.call($begun_name, |object| {
                // SAFETY: the caller's promise.
                unsafe {
                    $describe(object, $($arg,)* |call| crate::collectives::begin(comm, object, call, request))
                }
            })
        }

        #[doc = concat!("`", $made_name, "`")]
        ///
        /// # Safety
        /// The same from each start, and the request has a place. Arrays are only looked at here.
        pub unsafe fn $made$(<$($number: Counted),*>)?(
            $($arg: $type,)* comm: Comm, info: Info, request: *mut Request,
        ) -> c_int {
            comm.call($made_name, |object| {
                // SAFETY: the caller's promise.
                unsafe {
                    $describe(object, $($arg,)* |call| {
                        crate::collectives::set_up(comm, object, call, info, request)
                    })
                }
            })
        }
    )*};
}
pub(crate) use forms;

forms! {
    barrier ibarrier barrier_init, "MPI_Barrier" "MPI_Ibarrier" "MPI_Barrier_init" =
        describe_barrier();
    bcast ibcast bcast_init, "MPI_Bcast" "MPI_Ibcast" "MPI_Bcast_init" =
        describe_bcast<N>(buffer: *mut c_void, count: N, datatype: Datatype, root: c_int);
    gather igather gather_init, "MPI_Gather" "MPI_Igather" "MPI_Gather_init" =
        describe_gather<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype, root: c_int);
    gatherv igatherv gatherv_init, "MPI_Gatherv" "MPI_Igatherv" "MPI_Gatherv_init" =
        describe_gatherv<N, D>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcounts: *const N, displs: *const D, recvtype: Datatype, root: c_int);
    scatter iscatter scatter_init, "MPI_Scatter" "MPI_Iscatter" "MPI_Scatter_init" =
        describe_scatter<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype, root: c_int);
    scatterv iscatterv scatterv_init, "MPI_Scatterv" "MPI_Iscatterv" "MPI_Scatterv_init" =
        describe_scatterv<N, D>(sendbuf: *const c_void, sendcounts: *const N, displs: *const D,
            sendtype: Datatype, recvbuf: *mut c_void, recvcount: N, recvtype: Datatype, root: c_int);
    allgather iallgather allgather_init, "MPI_Allgather" "MPI_Iallgather" "MPI_Allgather_init" =
        describe_allgather<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype);
    allgatherv iallgatherv allgatherv_init, "MPI_Allgatherv" "MPI_Iallgatherv" "MPI_Allgatherv_init" =
        describe_allgatherv<N, D>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype,
            recvbuf: *mut c_void, recvcounts: *const N, displs: *const D, recvtype: Datatype);
    alltoall ialltoall alltoall_init, "MPI_Alltoall" "MPI_Ialltoall" "MPI_Alltoall_init" =
        describe_alltoall<N>(sendbuf: *const c_void, sendcount: N, sendtype: Datatype, recvbuf: *mut c_void,
            recvcount: N, recvtype: Datatype);
    alltoallv ialltoallv alltoallv_init, "MPI_Alltoallv" "MPI_Ialltoallv" "MPI_Alltoallv_init" =
        describe_alltoallv<N, D>(sendbuf: *const c_void, sendcounts: *const N, sdispls: *const D,
            sendtype: Datatype, recvbuf: *mut c_void, recvcounts: *const N, rdispls: *const D,
            recvtype: Datatype);
    alltoallw ialltoallw alltoallw_init, "MPI_Alltoallw" "MPI_Ialltoallw" "MPI_Alltoallw_init" =
        describe_alltoallw<N, D>(sendbuf: *const c_void, sendcounts: *const N, sdispls: *const D,
            sendtypes: *const Datatype, recvbuf: *mut c_void, recvcounts: *const N, rdispls: *const D,
            recvtypes: *const Datatype);

    reduce ireduce reduce_init, "MPI_Reduce" "MPI_Ireduce" "MPI_Reduce_init" =
        describe_reduce<N>(sendbuf: *const c_void, recvbuf: *mut c_void, count: N, datatype: Datatype, op: Op,
            root: c_int);
    allreduce iallreduce allreduce_init, "MPI_Allreduce" "MPI_Iallreduce" "MPI_Allreduce_init" =
        describe_allreduce<N>(sendbuf: *const c_void, recvbuf: *mut c_void, count: N, datatype: Datatype,
            op: Op);
    reduce_scatter_block ireduce_scatter_block reduce_scatter_block_init,
        "MPI_Reduce_scatter_block" "MPI_Ireduce_scatter_block" "MPI_Reduce_scatter_block_init" =
        describe_reduce_scatter_block<N>(sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: N,
            datatype: Datatype, op: Op);
    reduce_scatter ireduce_scatter reduce_scatter_init,
        "MPI_Reduce_scatter" "MPI_Ireduce_scatter" "MPI_Reduce_scatter_init" =
        describe_reduce_scatter<N>(sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const N,
            datatype: Datatype, op: Op);
    scan iscan scan_init, "MPI_Scan" "MPI_Iscan" "MPI_Scan_init" =
        describe_scan<N>(sendbuf: *const c_void, recvbuf: *mut c_void, count: N, datatype: Datatype, op: Op);
    exscan iexscan exscan_init, "MPI_Exscan" "MPI_Iexscan" "MPI_Exscan_init" =
        describe_exscan<N>(sendbuf: *const c_void, recvbuf: *mut c_void, count: N, datatype: Datatype, op: Op);
}
