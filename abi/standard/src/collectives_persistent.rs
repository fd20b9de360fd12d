//! Persistent collectives (MPI 5.0, section 6.13).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Aint, Comm, Count, Datatype, Info, Op, Request};

export! {
    // From one, to one.
    MPI_Barrier_init PMPI_Barrier_init = collectives::barrier_init(
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Bcast_init PMPI_Bcast_init = collectives::bcast_init(
        buffer: *mut c_void, count: c_int, datatype: Datatype, root: c_int, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Bcast_init_c PMPI_Bcast_init_c = collectives::bcast_init(
        buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Gather_init PMPI_Gather_init = collectives::gather_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Gather_init_c PMPI_Gather_init_c = collectives::gather_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Gatherv_init PMPI_Gatherv_init = collectives::gatherv_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, root: c_int, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Gatherv_init_c PMPI_Gatherv_init_c = collectives::gatherv_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, root: c_int, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Scatter_init PMPI_Scatter_init = collectives::scatter_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Scatter_init_c PMPI_Scatter_init_c = collectives::scatter_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Scatterv_init PMPI_Scatterv_init = collectives::scatterv_init(
        sendbuf: *const c_void, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: c_int, recvtype: Datatype, root: c_int, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Scatterv_init_c PMPI_Scatterv_init_c = collectives::scatterv_init(
        sendbuf: *const c_void, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm, info: Info,
        request: *mut Request) -> c_int;

    // From all to all.
    MPI_Allgather_init PMPI_Allgather_init = collectives::allgather_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Allgather_init_c PMPI_Allgather_init_c = collectives::allgather_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Allgatherv_init PMPI_Allgatherv_init = collectives::allgatherv_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Allgatherv_init_c PMPI_Allgatherv_init_c = collectives::allgatherv_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Alltoall_init PMPI_Alltoall_init = collectives::alltoall_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Alltoall_init_c PMPI_Alltoall_init_c = collectives::alltoall_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Alltoallv_init PMPI_Alltoallv_init = collectives::alltoallv_init(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Alltoallv_init_c PMPI_Alltoallv_init_c = collectives::alltoallv_init(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Alltoallw_init PMPI_Alltoallw_init = collectives::alltoallw_init(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtypes: *const Datatype,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Alltoallw_init_c PMPI_Alltoallw_init_c = collectives::alltoallw_init(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, info: Info, request: *mut Request) -> c_int;

    // Reductions.
    MPI_Reduce_init PMPI_Reduce_init = collectives::reduce_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, root: c_int,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Reduce_init_c PMPI_Reduce_init_c = collectives::reduce_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Allreduce_init PMPI_Allreduce_init = collectives::allreduce_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Allreduce_init_c PMPI_Allreduce_init_c = collectives::allreduce_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Reduce_scatter_block_init PMPI_Reduce_scatter_block_init = collectives::reduce_scatter_block_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: c_int, datatype: Datatype, op: Op,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Reduce_scatter_block_init_c PMPI_Reduce_scatter_block_init_c = collectives::reduce_scatter_block_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Reduce_scatter_init PMPI_Reduce_scatter_init = collectives::reduce_scatter_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const c_int, datatype: Datatype, op: Op,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Reduce_scatter_init_c PMPI_Reduce_scatter_init_c = collectives::reduce_scatter_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Scan_init PMPI_Scan_init = collectives::scan_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Scan_init_c PMPI_Scan_init_c = collectives::scan_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Exscan_init PMPI_Exscan_init = collectives::exscan_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Exscan_init_c PMPI_Exscan_init_c = collectives::exscan_init(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
}
