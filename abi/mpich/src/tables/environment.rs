//! Starting and ending, the clock, versions, memory and addresses (MPI 5.0, chapters 9 and 11).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::Aint;

use crate::codes::Code;
use crate::constants::ThreadLevel;
use crate::handles::{Comm, Info};

export! {
    // Starting and ending.
    MPI_Init PMPI_Init = environment::init(argc: *mut c_int, argv: *mut *mut *mut c_char) -> Code;
    MPI_Init_thread PMPI_Init_thread = environment::init_thread(
        argc: *mut c_int, argv: *mut *mut *mut c_char, required: ThreadLevel,
        provided: *mut ThreadLevel) -> Code;
    MPI_Initialized PMPI_Initialized = environment::initialized(flag: *mut c_int) -> Code;
    MPI_Finalize PMPI_Finalize = environment::finalize() -> Code;
    MPI_Finalized PMPI_Finalized = environment::finalized(flag: *mut c_int) -> Code;
    MPI_Abort PMPI_Abort = environment::abort(comm: Comm, errorcode: c_int) -> Code;
    MPI_Query_thread PMPI_Query_thread = environment::query_thread(provided: *mut ThreadLevel) -> Code;
    MPI_Is_thread_main PMPI_Is_thread_main = environment::is_thread_main(flag: *mut c_int) -> Code;
    MPI_Pcontrol PMPI_Pcontrol = environment::pcontrol(level: c_int) -> Code;

    // The clock and the place.
    MPI_Wtime PMPI_Wtime = environment::wtime() -> f64;
    MPI_Wtick PMPI_Wtick = environment::wtick() -> f64;
    MPI_Get_processor_name PMPI_Get_processor_name = environment::get_processor_name(
        name: *mut c_char, resultlen: *mut c_int) -> Code;
    MPI_Get_hw_resource_info PMPI_Get_hw_resource_info = environment::get_hw_resource_info(
        hw_info: *mut Info) -> Code;

    // Versions.
    MPI_Get_version PMPI_Get_version = environment::get_version(
        version: *mut c_int, subversion: *mut c_int) -> Code;
    MPI_Get_library_version PMPI_Get_library_version = environment::get_library_version(
        version: *mut c_char, resultlen: *mut c_int) -> Code;

    // Memory and addresses.
    MPI_Alloc_mem PMPI_Alloc_mem = environment::alloc_mem(
        size: Aint, info: Info, baseptr: *mut c_void) -> Code;
    MPI_Free_mem PMPI_Free_mem = environment::free_mem(base: *mut c_void) -> Code;
    MPI_Get_address PMPI_Get_address = environment::get_address(
        location: *const c_void, address: *mut Aint) -> Code;
    MPI_Aint_add PMPI_Aint_add = environment::aint_add(base: Aint, disp: Aint) -> Aint;
    MPI_Aint_diff PMPI_Aint_diff = environment::aint_diff(addr1: Aint, addr2: Aint) -> Aint;
}
