//! Hints: pairs of a key and a value (MPI 5.0, chapter 10).

use std::ffi::{c_char, c_int};

use crate::codes::Code;
use crate::handles::Info;

export! {
    MPI_Info_create PMPI_Info_create = info::info_create(info: *mut Info) -> Code;
    MPI_Info_create_env PMPI_Info_create_env = info::info_create_env(
        argc: c_int, argv: *mut *mut c_char, info: *mut Info) -> Code;
    MPI_Info_dup PMPI_Info_dup = info::info_dup(info: Info, newinfo: *mut Info) -> Code;
    MPI_Info_free PMPI_Info_free = info::info_free(info: *mut Info) -> Code;
    MPI_Info_set PMPI_Info_set = info::info_set(info: Info, key: *const c_char, value: *const c_char) -> Code;
    MPI_Info_delete PMPI_Info_delete = info::info_delete(info: Info, key: *const c_char) -> Code;
    MPI_Info_get PMPI_Info_get = info::info_get(
        info: Info, key: *const c_char, valuelen: c_int, value: *mut c_char, flag: *mut c_int) -> Code;
    MPI_Info_get_string PMPI_Info_get_string = info::info_get_string(
        info: Info, key: *const c_char, buflen: *mut c_int, value: *mut c_char, flag: *mut c_int) -> Code;
    MPI_Info_get_valuelen PMPI_Info_get_valuelen = info::info_get_valuelen(
        info: Info, key: *const c_char, valuelen: *mut c_int, flag: *mut c_int) -> Code;
    MPI_Info_get_nkeys PMPI_Info_get_nkeys = info::info_get_nkeys(info: Info, nkeys: *mut c_int) -> Code;
    MPI_Info_get_nthkey PMPI_Info_get_nthkey = info::info_get_nthkey(
        info: Info, n: c_int, key: *mut c_char) -> Code;
}
