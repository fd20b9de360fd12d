//! Nonblocking collectives (MPI 5.0, section 6.12).

use std::ffi::c_int;

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::constants::{Buffer, BufferMut, Rank};
use crate::handles::{Comm, Datatype, Op, Request};

export! {
    // From one, to one.
    MPI_Ibarrier PMPI_Ibarrier = collectives::ibarrier(comm: Comm, request: *mut Request) -> Code;
    MPI_Ibcast PMPI_Ibcast = collectives::ibcast(
        buffer: BufferMut, count: c_int, datatype: Datatype, root: Rank, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ibcast_c PMPI_Ibcast_c = collectives::ibcast(
        buffer: BufferMut, count: Count, datatype: Datatype, root: Rank, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Igather PMPI_Igather = collectives::igather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Igather_c PMPI_Igather_c = collectives::igather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Igatherv PMPI_Igatherv = collectives::igatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Igatherv_c PMPI_Igatherv_c = collectives::igatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Iscatter PMPI_Iscatter = collectives::iscatter(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Iscatter_c PMPI_Iscatter_c = collectives::iscatter(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, root: Rank, comm: Comm, request: *mut Request) -> Code;
    MPI_Iscatterv PMPI_Iscatterv = collectives::iscatterv(
        sendbuf: Buffer, sendcounts: *const c_int, displs: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: c_int, recvtype: Datatype, root: Rank, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iscatterv_c PMPI_Iscatterv_c = collectives::iscatterv(
        sendbuf: Buffer, sendcounts: *const Count, displs: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcount: Count, recvtype: Datatype, root: Rank, comm: Comm,
        request: *mut Request) -> Code;

    // From all to all.
    MPI_Iallgather PMPI_Iallgather = collectives::iallgather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Iallgather_c PMPI_Iallgather_c = collectives::iallgather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Iallgatherv PMPI_Iallgatherv = collectives::iallgatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Iallgatherv_c PMPI_Iallgatherv_c = collectives::iallgatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ialltoall PMPI_Ialltoall = collectives::ialltoall(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ialltoall_c PMPI_Ialltoall_c = collectives::ialltoall(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ialltoallv PMPI_Ialltoallv = collectives::ialltoallv(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ialltoallv_c PMPI_Ialltoallv_c = collectives::ialltoallv(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> Code;

    // Reductions.
    MPI_Ireduce PMPI_Ireduce = collectives::ireduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, root: Rank, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ireduce_c PMPI_Ireduce_c = collectives::ireduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, root: Rank, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iallreduce PMPI_Iallreduce = collectives::iallreduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iallreduce_c PMPI_Iallreduce_c = collectives::iallreduce(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ireduce_scatter_block PMPI_Ireduce_scatter_block = collectives::ireduce_scatter_block(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ireduce_scatter_block_c PMPI_Ireduce_scatter_block_c = collectives::ireduce_scatter_block(
        sendbuf: Buffer, recvbuf: BufferMut, recvcount: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ireduce_scatter PMPI_Ireduce_scatter = collectives::ireduce_scatter(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ireduce_scatter_c PMPI_Ireduce_scatter_c = collectives::ireduce_scatter(
        sendbuf: Buffer, recvbuf: BufferMut, recvcounts: *const Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iscan PMPI_Iscan = collectives::iscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iscan_c PMPI_Iscan_c = collectives::iscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iexscan PMPI_Iexscan = collectives::iexscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: c_int, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Iexscan_c PMPI_Iexscan_c = collectives::iexscan(
        sendbuf: Buffer, recvbuf: BufferMut, count: Count, datatype: Datatype, op: Op, comm: Comm,
        request: *mut Request) -> Code;
}
