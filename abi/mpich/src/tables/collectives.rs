//! Blocking collectives (MPI 5.0, sections 6.3 to 6.11).

use std::ffi::c_int;

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::constants::{Buffer, BufferMut, Rank};
use crate::handles::{Comm, Datatype, Op};

export! {
    // From one, to one.
    MPI_Barrier PMPI_Barrier = collectives::barrier(comm: Comm) -> Code;
    MPI_Bcast PMPI_Bcast = collectives::bcast(
        buffer: BufferMut, count: c_int, datatype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Bcast_c PMPI_Bcast_c = collectives::bcast(
        buffer: BufferMut, count: Count, datatype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Gather PMPI_Gather = collectives::gather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Gather_c PMPI_Gather_c = collectives::gather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Gatherv PMPI_Gatherv = collectives::gatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Gatherv_c PMPI_Gatherv_c = collectives::gatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Scatter PMPI_Scatter = collectives::scatter(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Scatter_c PMPI_Scatter_c = collectives::scatter(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Scatterv PMPI_Scatterv = collectives::scatterv(
        sendbuf: Buffer, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: c_int, recvtype: Datatype, root: Rank, comm: Comm) -> Code;
    MPI_Scatterv_c PMPI_Scatterv_c = collectives::scatterv(
        sendbuf: Buffer, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: Count, recvtype: Datatype, root: Rank, comm: Comm) -> Code;

    // From all to all.
    MPI_Allgather PMPI_Allgather = collectives::allgather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Allgather_c PMPI_Allgather_c = collectives::allgather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Allgatherv PMPI_Allgatherv = collectives::allgatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm) -> Code;
    MPI_Allgatherv_c PMPI_Allgatherv_c = collectives::allgatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm) -> Code;
    MPI_Alltoall PMPI_Alltoall = collectives::alltoall(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Alltoall_c PMPI_Alltoall_c = collectives::alltoall(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Alltoallv PMPI_Alltoallv = collectives::alltoallv(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype,
        comm: Comm) -> Code;
    MPI_Alltoallv_c PMPI_Alltoallv_c = collectives::alltoallv(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype,
        comm: Comm) -> Code;

    // Reductions.
    MPI_Reduce PMPI_Reduce = collectives::reduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, root: Rank,
        comm: Comm) -> Code;
    MPI_Reduce_c PMPI_Reduce_c = collectives::reduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, root: Rank,
        comm: Comm) -> Code;
    MPI_Allreduce PMPI_Allreduce = collectives::allreduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm) -> Code;
    MPI_Allreduce_c PMPI_Allreduce_c = collectives::allreduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm) -> Code;
    MPI_Reduce_scatter_block PMPI_Reduce_scatter_block = collectives::reduce_scatter_block(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: c_int, datatype: Datatype, op: Op,
        comm: Comm) -> Code;
    MPI_Reduce_scatter_block_c PMPI_Reduce_scatter_block_c = collectives::reduce_scatter_block(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: Count, datatype: Datatype, op: Op,
        comm: Comm) -> Code;
    MPI_Reduce_scatter PMPI_Reduce_scatter = collectives::reduce_scatter(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const c_int, datatype: Datatype, op: Op,
        comm: Comm) -> Code;
    MPI_Reduce_scatter_c PMPI_Reduce_scatter_c = collectives::reduce_scatter(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const Count, datatype: Datatype, op: Op,
        comm: Comm) -> Code;
    MPI_Scan PMPI_Scan = collectives::scan(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm) -> Code;
    MPI_Scan_c PMPI_Scan_c = collectives::scan(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm) -> Code;
    MPI_Exscan PMPI_Exscan = collectives::exscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm) -> Code;
    MPI_Exscan_c PMPI_Exscan_c = collectives::exscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm) -> Code;
}
