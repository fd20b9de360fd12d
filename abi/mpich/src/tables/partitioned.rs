//! Partitioned messages (MPI 5.0, chapter 4). Counts have 64 bits under both names of the two `init`s.

use std::ffi::{c_int, c_void};

use olympi_abi::types::Count;

use crate::codes::Code;
use crate::constants::{Rank, Tag};
use crate::handles::{Comm, Datatype, Info, Request};

export! {
    MPI_Psend_init PMPI_Psend_init = partitioned::psend_init(
        buf: *const c_void, partitions: c_int, count: Count, datatype: Datatype, dest: Rank, tag: Tag,
        comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Psend_init_c PMPI_Psend_init_c = partitioned::psend_init(
        buf: *const c_void, partitions: c_int, count: Count, datatype: Datatype, dest: Rank, tag: Tag,
        comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Precv_init PMPI_Precv_init = partitioned::precv_init(
        buf: *mut c_void, partitions: c_int, count: Count, datatype: Datatype, source: Rank, tag: Tag,
        comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Precv_init_c PMPI_Precv_init_c = partitioned::precv_init(
        buf: *mut c_void, partitions: c_int, count: Count, datatype: Datatype, source: Rank, tag: Tag,
        comm: Comm, info: Info, request: *mut Request) -> Code;
    MPI_Pready PMPI_Pready = partitioned::pready(partition: c_int, request: Request) -> Code;
    MPI_Pready_range PMPI_Pready_range = partitioned::pready_range(
        partition_low: c_int, partition_high: c_int, request: Request) -> Code;
    MPI_Pready_list PMPI_Pready_list = partitioned::pready_list(
        length: c_int, array_of_partitions: *const c_int, request: Request) -> Code;
    MPI_Parrived PMPI_Parrived = partitioned::parrived(
        request: Request, partition: c_int, flag: *mut c_int) -> Code;
}
