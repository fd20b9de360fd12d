//! Blocking collectives (MPI 5.0, sections 6.3 to 6.11).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Aint, Comm, Count, Datatype, Op};

export! {
    // From one, to one.
    MPI_Barrier PMPI_Barrier = collectives::barrier(comm: Comm) -> c_int;
    MPI_Bcast PMPI_Bcast = collectives::bcast(
        buffer: *mut c_void, count: c_int, datatype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Bcast_c PMPI_Bcast_c = collectives::bcast(
        buffer: *mut c_void, count: Count, datatype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Gather PMPI_Gather = collectives::gather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Gather_c PMPI_Gather_c = collectives::gather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Gatherv PMPI_Gatherv = collectives::gatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Gatherv_c PMPI_Gatherv_c = collectives::gatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Scatter PMPI_Scatter = collectives::scatter(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Scatter_c PMPI_Scatter_c = collectives::scatter(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Scatterv PMPI_Scatterv = collectives::scatterv(
        sendbuf: *const c_void, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: c_int, recvtype: Datatype, root: c_int, comm: Comm) -> c_int;
    MPI_Scatterv_c PMPI_Scatterv_c = collectives::scatterv(
        sendbuf: *const c_void, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, root: c_int, comm: Comm) -> c_int;

    // From all to all.
    MPI_Allgather PMPI_Allgather = collectives::allgather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Allgather_c PMPI_Allgather_c = collectives::allgather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Allgatherv PMPI_Allgatherv = collectives::allgatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Allgatherv_c PMPI_Allgatherv_c = collectives::allgatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Alltoall PMPI_Alltoall = collectives::alltoall(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Alltoall_c PMPI_Alltoall_c = collectives::alltoall(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Alltoallv PMPI_Alltoallv = collectives::alltoallv(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype,
        comm: Comm) -> c_int;
    MPI_Alltoallv_c PMPI_Alltoallv_c = collectives::alltoallv(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype,
        comm: Comm) -> c_int;
    MPI_Alltoallw PMPI_Alltoallw = collectives::alltoallw(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtypes: *const Datatype,
        comm: Comm) -> c_int;
    MPI_Alltoallw_c PMPI_Alltoallw_c = collectives::alltoallw(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm) -> c_int;

    // Reductions.
    MPI_Reduce PMPI_Reduce = collectives::reduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op, root: c_int,
        comm: Comm) -> c_int;
    MPI_Reduce_c PMPI_Reduce_c = collectives::reduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op, root: c_int,
        comm: Comm) -> c_int;
    MPI_Allreduce PMPI_Allreduce = collectives::allreduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Allreduce_c PMPI_Allreduce_c = collectives::allreduce(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Reduce_scatter_block PMPI_Reduce_scatter_block = collectives::reduce_scatter_block(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: c_int, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Reduce_scatter_block_c PMPI_Reduce_scatter_block_c = collectives::reduce_scatter_block(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcount: Count, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Reduce_scatter PMPI_Reduce_scatter = collectives::reduce_scatter(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const c_int, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Reduce_scatter_c PMPI_Reduce_scatter_c = collectives::reduce_scatter(
        sendbuf: *const c_void, recvbuf: *mut c_void, recvcounts: *const Count, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Scan PMPI_Scan = collectives::scan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Scan_c PMPI_Scan_c = collectives::scan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Exscan PMPI_Exscan = collectives::exscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
    MPI_Exscan_c PMPI_Exscan_c = collectives::exscan(
        sendbuf: *const c_void, recvbuf: *mut c_void, count: Count, datatype: Datatype, op: Op,
        comm: Comm) -> c_int;
}
