//! Attributes of communicators, types and windows, and names of types (MPI 5.0, sections 7.7 and 7.8).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::Callback;

use crate::codes::Code;
use crate::constants::{CopyFunction, Keyval};
use crate::handles::{Comm, Datatype, Win};

export! {
    // Of communicators.
    MPI_Comm_create_keyval PMPI_Comm_create_keyval = attributes::comm_create_keyval(
        comm_copy_attr_fn: CopyFunction, comm_delete_attr_fn: Callback, comm_keyval: *mut Keyval,
        extra_state: *mut c_void) -> Code;
    MPI_Comm_free_keyval PMPI_Comm_free_keyval = attributes::comm_free_keyval(
        comm_keyval: *mut Keyval) -> Code;
    MPI_Comm_delete_attr PMPI_Comm_delete_attr = attributes::comm_delete_attr(
        comm: Comm, comm_keyval: Keyval) -> Code;
    MPI_Comm_set_attr PMPI_Comm_set_attr = attributes::comm_set_attr(
        comm: Comm, comm_keyval: Keyval, attribute_val: *mut c_void) -> Code;

    // Of communicators, by the names of MPI 1.
    MPI_Keyval_create PMPI_Keyval_create = attributes::comm_create_keyval(
        copy_fn: CopyFunction, delete_fn: Callback, keyval: *mut Keyval, extra_state: *mut c_void) -> Code;
    MPI_Keyval_free PMPI_Keyval_free = attributes::comm_free_keyval(keyval: *mut Keyval) -> Code;
    MPI_Attr_delete PMPI_Attr_delete = attributes::comm_delete_attr(comm: Comm, keyval: Keyval) -> Code;
    MPI_Attr_put PMPI_Attr_put = attributes::comm_set_attr(
        comm: Comm, keyval: Keyval, attribute_val: *mut c_void) -> Code;

    // Of types.
    MPI_Type_create_keyval PMPI_Type_create_keyval = attributes::type_create_keyval(
        type_copy_attr_fn: CopyFunction, type_delete_attr_fn: Callback, type_keyval: *mut Keyval,
        extra_state: *mut c_void) -> Code;
    MPI_Type_free_keyval PMPI_Type_free_keyval = attributes::type_free_keyval(
        type_keyval: *mut Keyval) -> Code;
    MPI_Type_delete_attr PMPI_Type_delete_attr = attributes::type_delete_attr(
        datatype: Datatype, type_keyval: Keyval) -> Code;
    MPI_Type_get_attr PMPI_Type_get_attr = attributes::type_get_attr(
        datatype: Datatype, type_keyval: Keyval, attribute_val: *mut c_void, flag: *mut c_int) -> Code;
    MPI_Type_set_attr PMPI_Type_set_attr = attributes::type_set_attr(
        datatype: Datatype, type_keyval: Keyval, attribute_val: *mut c_void) -> Code;

    // Of windows.
    MPI_Win_create_keyval PMPI_Win_create_keyval = attributes::win_create_keyval(
        win_copy_attr_fn: CopyFunction, win_delete_attr_fn: Callback, win_keyval: *mut Keyval,
        extra_state: *mut c_void) -> Code;
    MPI_Win_free_keyval PMPI_Win_free_keyval = attributes::win_free_keyval(win_keyval: *mut Keyval) -> Code;
    MPI_Win_delete_attr PMPI_Win_delete_attr = attributes::win_delete_attr(
        win: Win, win_keyval: Keyval) -> Code;
    MPI_Win_set_attr PMPI_Win_set_attr = attributes::win_set_attr(
        win: Win, win_keyval: Keyval, attribute_val: *mut c_void) -> Code;

    // Names of types.
    MPI_Type_set_name PMPI_Type_set_name = attributes::type_set_name(
        datatype: Datatype, type_name: *const c_char) -> Code;
    MPI_Type_get_name PMPI_Type_get_name = attributes::type_get_name(
        datatype: Datatype, type_name: *mut c_char, resultlen: *mut c_int) -> Code;
}
