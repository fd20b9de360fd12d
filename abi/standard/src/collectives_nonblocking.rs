//! Nonblocking collectives (MPI 5.0, section 6.12).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Aint, Comm, Count, Datatype, Op, Request};

export! {
    // From one, to one.
    MPI_Ibarrier PMPI_Ibarrier = collectives::ibarrier(comm: Comm, request: *mut Request) -> c_int;
    MPI_Ibcast PMPI_Ibcast = collectives::ibcast(
        buffer: *mut c_void, count: c_int, datatype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ibcast_c PMPI_Ibcast_c = collectives::ibcast(
        buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Igather PMPI_Igather = collectives::igather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) -> c_int;
    MPI_Igather_c PMPI_Igather_c = collectives::igather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) -> c_int;
    MPI_Igatherv PMPI_Igatherv = collectives::igatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Igatherv_c PMPI_Igatherv_c = collectives::igatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iscatter PMPI_Iscatter = collectives::iscatter(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) -> c_int;
    MPI_Iscatter_c PMPI_Iscatter_c = collectives::iscatter(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm, request: *mut Request) -> c_int;
    MPI_Iscatterv PMPI_Iscatterv = collectives::iscatterv(
        sendbuf: *const c_void, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: c_int, recvtype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iscatterv_c PMPI_Iscatterv_c = collectives::iscatterv(
        sendbuf: *const c_void, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm,
        request: *mut Request) -> c_int;

    // From all to all.
    MPI_Iallgather PMPI_Iallgather = collectives::iallgather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Iallgather_c PMPI_Iallgather_c = collectives::iallgather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Iallgatherv PMPI_Iallgatherv = collectives::iallgatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iallgatherv_c PMPI_Iallgatherv_c = collectives::iallgatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ialltoall PMPI_Ialltoall = collectives::ialltoall(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ialltoall_c PMPI_Ialltoall_c = collectives::ialltoall(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ialltoallv PMPI_Ialltoallv = collectives::ialltoallv(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ialltoallv_c PMPI_Ialltoallv_c = collectives::ialltoallv(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ialltoallw PMPI_Ialltoallw = collectives::ialltoallw(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtypes: *const Datatype,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ialltoallw_c PMPI_Ialltoallw_c = collectives::ialltoallw(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, request: *mut Request) -> c_int;

    // Reductions.
    MPI_Ireduce PMPI_Ireduce = collectives::ireduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, root: c_int,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ireduce_c PMPI_Ireduce_c = collectives::ireduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Iallreduce PMPI_Iallreduce = collectives::iallreduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iallreduce_c PMPI_Iallreduce_c = collectives::iallreduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ireduce_scatter_block PMPI_Ireduce_scatter_block = collectives::ireduce_scatter_block(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: c_int, datatype: Datatype, op: Op,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ireduce_scatter_block_c PMPI_Ireduce_scatter_block_c = collectives::ireduce_scatter_block(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ireduce_scatter PMPI_Ireduce_scatter = collectives::ireduce_scatter(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const c_int, datatype: Datatype, op: Op,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ireduce_scatter_c PMPI_Ireduce_scatter_c = collectives::ireduce_scatter(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Iscan PMPI_Iscan = collectives::iscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iscan_c PMPI_Iscan_c = collectives::iscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iexscan PMPI_Iexscan = collectives::iexscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Iexscan_c PMPI_Iexscan_c = collectives::iexscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> c_int;
}
