//! Collectives among the neighbours of a topology (MPI 5.0, sections 8.6 to 8.8).

use std::ffi::c_int;

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::constants::{Buffer, BufferMut};
use crate::handles::{Comm, Datatype, Info, Request};

export! {
    // Blocking.
    MPI_Neighbor_allgather PMPI_Neighbor_allgather = neighbours::neighbor_allgather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_allgather_c PMPI_Neighbor_allgather_c = neighbours::neighbor_allgather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_allgatherv PMPI_Neighbor_allgatherv = neighbours::neighbor_allgatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_allgatherv_c PMPI_Neighbor_allgatherv_c = neighbours::neighbor_allgatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_alltoall PMPI_Neighbor_alltoall = neighbours::neighbor_alltoall(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_alltoall_c PMPI_Neighbor_alltoall_c = neighbours::neighbor_alltoall(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> Code;
    MPI_Neighbor_alltoallv PMPI_Neighbor_alltoallv = neighbours::neighbor_alltoallv(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype,
        comm: Comm) -> Code;
    MPI_Neighbor_alltoallv_c PMPI_Neighbor_alltoallv_c = neighbours::neighbor_alltoallv(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype,
        comm: Comm) -> Code;

    // Nonblocking.
    MPI_Ineighbor_allgather PMPI_Ineighbor_allgather = neighbours::ineighbor_allgather(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_allgather_c PMPI_Ineighbor_allgather_c = neighbours::ineighbor_allgather(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_allgatherv PMPI_Ineighbor_allgatherv = neighbours::ineighbor_allgatherv(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_allgatherv_c PMPI_Ineighbor_allgatherv_c = neighbours::ineighbor_allgatherv(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_alltoall PMPI_Ineighbor_alltoall = neighbours::ineighbor_alltoall(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_alltoall_c PMPI_Ineighbor_alltoall_c = neighbours::ineighbor_alltoall(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> Code;
    MPI_Ineighbor_alltoallv PMPI_Ineighbor_alltoallv = neighbours::ineighbor_alltoallv(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ineighbor_alltoallv_c PMPI_Ineighbor_alltoallv_c = neighbours::ineighbor_alltoallv(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> Code;

    // Persistent.
    MPI_Neighbor_allgather_init PMPI_Neighbor_allgather_init = neighbours::neighbor_allgather_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_allgather_init_c PMPI_Neighbor_allgather_init_c = neighbours::neighbor_allgather_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_allgatherv_init PMPI_Neighbor_allgatherv_init = neighbours::neighbor_allgatherv_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const c_int,
        displs: *const c_int, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_allgatherv_init_c PMPI_Neighbor_allgatherv_init_c = neighbours::neighbor_allgatherv_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcounts: *const Count,
        displs: *const Aint, recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_alltoall_init PMPI_Neighbor_alltoall_init = neighbours::neighbor_alltoall_init(
        sendbuf: Buffer, sendcount: c_int, sendtype: Datatype, recvbuf: BufferMut, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_alltoall_init_c PMPI_Neighbor_alltoall_init_c = neighbours::neighbor_alltoall_init(
        sendbuf: Buffer, sendcount: Count, sendtype: Datatype, recvbuf: BufferMut, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_alltoallv_init PMPI_Neighbor_alltoallv_init = neighbours::neighbor_alltoallv_init(
        sendbuf: Buffer, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> Code;
    MPI_Neighbor_alltoallv_init_c PMPI_Neighbor_alltoallv_init_c = neighbours::neighbor_alltoallv_init(
        sendbuf: Buffer, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: BufferMut, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> Code;
}
