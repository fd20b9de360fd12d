//! Persistent collectives (MPI 5.0, section 6.13).

use std::ffi::c_int;

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::constants::{Buffer, BufferMut, Rank};
use crate::handles::{Comm, Datatype, Info, Op, Request};

export! {
    // From one, to one.
    MPI_Barrier_init PMPI_Barrier_init = collectives::barrier_init(
        comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Bcast_init PMPI_Bcast_init = collectives::bcast_init(
        buffer: BufferMut, count: c_int, datatype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Bcast_init_c PMPI_Bcast_init_c = collectives::bcast_init(
        buffer: BufferMut, count: Count, datatype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Gather_init PMPI_Gather_init = collectives::gather_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Gather_init_c PMPI_Gather_init_c = collectives::gather_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Gatherv_init PMPI_Gatherv_init = collectives::gatherv_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Gatherv_init_c PMPI_Gatherv_init_c = collectives::gatherv_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Scatter_init PMPI_Scatter_init = collectives::scatter_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Scatter_init_c PMPI_Scatter_init_c = collectives::scatter_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Scatterv_init PMPI_Scatterv_init = collectives::scatterv_init(
        sendbuf: Buffer, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: c_int, recvtype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Scatterv_init_c PMPI_Scatterv_init_c = collectives::scatterv_init(
        sendbuf: Buffer, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: Count, recvtype: Datatype, root: Rank, comm: Comm, info: Info,
        request: *mut Request) -> Code;

    // From all to all.
    MPI_Allgather_init PMPI_Allgather_init = collectives::allgather_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Allgather_init_c PMPI_Allgather_init_c = collectives::allgather_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Allgatherv_init PMPI_Allgatherv_init = collectives::allgatherv_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Allgatherv_init_c PMPI_Allgatherv_init_c = collectives::allgatherv_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Alltoall_init PMPI_Alltoall_init = collectives::alltoall_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Alltoall_init_c PMPI_Alltoall_init_c = collectives::alltoall_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Alltoallv_init PMPI_Alltoallv_init = collectives::alltoallv_init(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Alltoallv_init_c PMPI_Alltoallv_init_c = collectives::alltoallv_init(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> Code;

    // Reductions.
    MPI_Reduce_init PMPI_Reduce_init = collectives::reduce_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, root: Rank, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Reduce_init_c PMPI_Reduce_init_c = collectives::reduce_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, root: Rank, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Allreduce_init PMPI_Allreduce_init = collectives::allreduce_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Allreduce_init_c PMPI_Allreduce_init_c = collectives::allreduce_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Reduce_scatter_block_init PMPI_Reduce_scatter_block_init = collectives::reduce_scatter_block_init(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: c_int, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Reduce_scatter_block_init_c PMPI_Reduce_scatter_block_init_c = collectives::reduce_scatter_block_init(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: Count, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Reduce_scatter_init PMPI_Reduce_scatter_init = collectives::reduce_scatter_init(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const c_int, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Reduce_scatter_init_c PMPI_Reduce_scatter_init_c = collectives::reduce_scatter_init(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Scan_init PMPI_Scan_init = collectives::scan_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Scan_init_c PMPI_Scan_init_c = collectives::scan_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Exscan_init PMPI_Exscan_init = collectives::exscan_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
    MPI_Exscan_init_c PMPI_Exscan_init_c = collectives::exscan_init(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm, info: Info,
        request: *mut Request) -> Code;
}
