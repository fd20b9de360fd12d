//! Collectives among the neighbours of a topology (MPI 5.0, sections 8.6 to 8.8).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Aint, Comm, Count, Datatype, Info, Request};

export! {
    // Blocking.
    MPI_Neighbor_allgather PMPI_Neighbor_allgather = neighbours::neighbor_allgather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_allgather_c PMPI_Neighbor_allgather_c = neighbours::neighbor_allgather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_allgatherv PMPI_Neighbor_allgatherv = neighbours::neighbor_allgatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_allgatherv_c PMPI_Neighbor_allgatherv_c = neighbours::neighbor_allgatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_alltoall PMPI_Neighbor_alltoall = neighbours::neighbor_alltoall(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_alltoall_c PMPI_Neighbor_alltoall_c = neighbours::neighbor_alltoall(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm) -> c_int;
    MPI_Neighbor_alltoallv PMPI_Neighbor_alltoallv = neighbours::neighbor_alltoallv(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype,
        comm: Comm) -> c_int;
    MPI_Neighbor_alltoallv_c PMPI_Neighbor_alltoallv_c = neighbours::neighbor_alltoallv(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype,
        comm: Comm) -> c_int;
    MPI_Neighbor_alltoallw PMPI_Neighbor_alltoallw = neighbours::neighbor_alltoallw(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm) -> c_int;
    MPI_Neighbor_alltoallw_c PMPI_Neighbor_alltoallw_c = neighbours::neighbor_alltoallw(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm) -> c_int;

    // Nonblocking.
    MPI_Ineighbor_allgather PMPI_Ineighbor_allgather = neighbours::ineighbor_allgather(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ineighbor_allgather_c PMPI_Ineighbor_allgather_c = neighbours::ineighbor_allgather(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ineighbor_allgatherv PMPI_Ineighbor_allgatherv = neighbours::ineighbor_allgatherv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ineighbor_allgatherv_c PMPI_Ineighbor_allgatherv_c = neighbours::ineighbor_allgatherv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoall PMPI_Ineighbor_alltoall = neighbours::ineighbor_alltoall(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoall_c PMPI_Ineighbor_alltoall_c = neighbours::ineighbor_alltoall(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoallv PMPI_Ineighbor_alltoallv = neighbours::ineighbor_alltoallv(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoallv_c PMPI_Ineighbor_alltoallv_c = neighbours::ineighbor_alltoallv(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoallw PMPI_Ineighbor_alltoallw = neighbours::ineighbor_alltoallw(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, request: *mut Request) -> c_int;
    MPI_Ineighbor_alltoallw_c PMPI_Ineighbor_alltoallw_c = neighbours::ineighbor_alltoallw(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, request: *mut Request) -> c_int;

    // Persistent.
    MPI_Neighbor_allgather_init PMPI_Neighbor_allgather_init = neighbours::neighbor_allgather_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_allgather_init_c PMPI_Neighbor_allgather_init_c = neighbours::neighbor_allgather_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_allgatherv_init PMPI_Neighbor_allgatherv_init = neighbours::neighbor_allgatherv_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const c_int, displs: *const c_int, recvtype: Datatype, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Neighbor_allgatherv_init_c PMPI_Neighbor_allgatherv_init_c = neighbours::neighbor_allgatherv_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void,
        recvcounts: *const Count, displs: *const Aint, recvtype: Datatype, comm: Comm, info: Info,
        request: *mut Request) -> c_int;
    MPI_Neighbor_alltoall_init PMPI_Neighbor_alltoall_init = neighbours::neighbor_alltoall_init(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, recvbuf: *mut c_void, recvcount: c_int,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_alltoall_init_c PMPI_Neighbor_alltoall_init_c = neighbours::neighbor_alltoall_init(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, recvbuf: *mut c_void, recvcount: Count,
        recvtype: Datatype, comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_alltoallv_init PMPI_Neighbor_alltoallv_init = neighbours::neighbor_alltoallv_init(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const c_int, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const c_int, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_alltoallv_init_c PMPI_Neighbor_alltoallv_init_c = neighbours::neighbor_alltoallv_init(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtype: Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtype: Datatype, comm: Comm,
        info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_alltoallw_init PMPI_Neighbor_alltoallw_init = neighbours::neighbor_alltoallw_init(
        sendbuf: *const c_void, sendcounts: *const c_int, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const c_int, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
    MPI_Neighbor_alltoallw_init_c PMPI_Neighbor_alltoallw_init_c = neighbours::neighbor_alltoallw_init(
        sendbuf: *const c_void, sendcounts: *const Count, sdispls: *const Aint, sendtypes: *const Datatype,
        recvbuf: *mut c_void, recvcounts: *const Count, rdispls: *const Aint, recvtypes: *const Datatype,
        comm: Comm, info: Info, request: *mut Request) -> c_int;
}
