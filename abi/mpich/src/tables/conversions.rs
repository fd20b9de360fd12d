//! Handles as integers of Fortran, and the ABI about itself (MPI 5.0, sections 19.3 and 20).

use std::ffi::{c_int, c_void};

use crate::codes::Code;
use crate::handles::Info;

export! {
    // The ABI about itself.
    MPI_Abi_get_info PMPI_Abi_get_info = conversions::abi_get_info(info: *mut Info) -> Code;
    MPI_Abi_get_fortran_booleans PMPI_Abi_get_fortran_booleans = conversions::abi_get_fortran_booleans(
        logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void,
        is_set: *mut c_int) -> Code;
    MPI_Abi_get_fortran_info PMPI_Abi_get_fortran_info = conversions::abi_get_fortran_info(
        info: *mut Info) -> Code;
    MPI_Abi_set_fortran_booleans PMPI_Abi_set_fortran_booleans = conversions::abi_set_fortran_booleans(
        logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void) -> Code;
    MPI_Abi_set_fortran_info PMPI_Abi_set_fortran_info = conversions::abi_set_fortran_info(
        info: Info) -> Code;
}
