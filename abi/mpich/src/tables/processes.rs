//! Starting processes, and meeting those already there (MPI 5.0, sections 11.7 to 11.10), not here yet.

use std::ffi::{c_char, c_int};

use crate::codes::Code;
use crate::constants::Rank;
use crate::handles::{Comm, Info};

unsupported! {
    MPI_Comm_spawn PMPI_Comm_spawn = unsupported::of_comm(comm) for (
        command: *const c_char, argv: *mut *mut c_char, maxprocs: c_int, info: Info, root: Rank, comm: Comm,
        intercomm: *mut Comm, array_of_errcodes: *mut c_int) -> Code;
    MPI_Comm_spawn_multiple PMPI_Comm_spawn_multiple = unsupported::of_comm(comm) for (
        count: c_int, array_of_commands: *mut *mut c_char, array_of_argv: *mut *mut *mut c_char,
        array_of_maxprocs: *const c_int, array_of_info: *const Info, root: Rank, comm: Comm,
        intercomm: *mut Comm, array_of_errcodes: *mut c_int) -> Code;
    MPI_Open_port PMPI_Open_port = unsupported::anywhere() for (info: Info, port_name: *mut c_char) -> Code;
    MPI_Close_port PMPI_Close_port = unsupported::anywhere() for (port_name: *const c_char) -> Code;
    MPI_Comm_accept PMPI_Comm_accept = unsupported::of_comm(comm) for (
        port_name: *const c_char, info: Info, root: Rank, comm: Comm, newcomm: *mut Comm) -> Code;
    MPI_Comm_connect PMPI_Comm_connect = unsupported::of_comm(comm) for (
        port_name: *const c_char, info: Info, root: Rank, comm: Comm, newcomm: *mut Comm) -> Code;
    MPI_Comm_join PMPI_Comm_join = unsupported::anywhere() for (fd: c_int, intercomm: *mut Comm) -> Code;
    MPI_Publish_name PMPI_Publish_name = unsupported::anywhere() for (
        service_name: *const c_char, info: Info, port_name: *const c_char) -> Code;
    MPI_Unpublish_name PMPI_Unpublish_name = unsupported::anywhere() for (
        service_name: *const c_char, info: Info, port_name: *const c_char) -> Code;
    MPI_Lookup_name PMPI_Lookup_name = unsupported::anywhere() for (
        service_name: *const c_char, info: Info, port_name: *mut c_char) -> Code;
}
