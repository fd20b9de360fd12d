//! Files (MPI 5.0, chapter 14).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{Aint, Callback, Count, Offset};

use crate::codes::Code;
use crate::constants::FileMode;
use crate::handles::{Comm, Datatype, File, Group, Info, Request};
use crate::statuses::Status;

/// `MPI_FILE_NULL`, whose error handler answers where no file is open yet (MPI 5.0, section 14.7).
const NO_FILE: File = File(0);

export! {
    // Opening, sizes, hints.
    MPI_File_open PMPI_File_open = files::file_open(
        comm: Comm, filename: *const c_char, amode: FileMode, info: Info, fh: *mut File) -> Code;
    MPI_File_close PMPI_File_close = files::file_close(fh: *mut File) -> Code;
    MPI_File_delete PMPI_File_delete = files::file_delete(
        filename: *const c_char, info: Info) -> Code;
    MPI_File_set_size PMPI_File_set_size = files::file_set_size(fh: File, size: Offset) -> Code;
    MPI_File_preallocate PMPI_File_preallocate = files::file_preallocate(
        fh: File, size: Offset) -> Code;
    MPI_File_get_size PMPI_File_get_size = files::file_get_size(fh: File, size: *mut Offset) -> Code;
    MPI_File_get_group PMPI_File_get_group = files::file_get_group(
        fh: File, group: *mut Group) -> Code;
    MPI_File_get_amode PMPI_File_get_amode = files::file_get_amode(
        fh: File, amode: *mut FileMode) -> Code;
    MPI_File_set_info PMPI_File_set_info = files::file_set_info(fh: File, info: Info) -> Code;
    MPI_File_get_info PMPI_File_get_info = files::file_get_info(
        fh: File, info_used: *mut Info) -> Code;
    MPI_File_get_type_extent PMPI_File_get_type_extent = files::file_get_type_extent(
        fh: File, datatype: Datatype, extent: *mut Aint) -> Code;
    MPI_File_get_type_extent_c PMPI_File_get_type_extent_c = files::file_get_type_extent(
        fh: File, datatype: Datatype, extent: *mut Count) -> Code;
    MPI_File_set_atomicity PMPI_File_set_atomicity = files::file_set_atomicity(
        fh: File, flag: c_int) -> Code;
    MPI_File_get_atomicity PMPI_File_get_atomicity = files::file_get_atomicity(
        fh: File, flag: *mut c_int) -> Code;
    MPI_File_sync PMPI_File_sync = files::file_sync(fh: File) -> Code;
}

unsupported! {
    // Views.
    MPI_File_set_view PMPI_File_set_view = unsupported::of_file(fh) for (
        fh: File, disp: Offset, etype: Datatype, filetype: Datatype, datarep: *const c_char,
        info: Info) -> Code;
    MPI_File_get_view PMPI_File_get_view = unsupported::of_file(fh) for (
        fh: File, disp: *mut Offset, etype: *mut Datatype, filetype: *mut Datatype,
        datarep: *mut c_char) -> Code;
    MPI_Register_datarep PMPI_Register_datarep = unsupported::of_file(NO_FILE) for (
        datarep: *const c_char, read_conversion_fn: Callback, write_conversion_fn: Callback,
        dtype_file_extent_fn: Callback, extra_state: *mut c_void) -> Code;
    MPI_Register_datarep_c PMPI_Register_datarep_c = unsupported::of_file(NO_FILE) for (
        datarep: *const c_char, read_conversion_fn: Callback, write_conversion_fn: Callback,
        dtype_file_extent_fn: Callback, extra_state: *mut c_void) -> Code;

    // At a given place.
    MPI_File_iread_at PMPI_File_iread_at = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iread_at_c PMPI_File_iread_at_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iwrite_at PMPI_File_iwrite_at = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iwrite_at_c PMPI_File_iwrite_at_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_read_at PMPI_File_read_at = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_read_at_c PMPI_File_read_at_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_write_at PMPI_File_write_at = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_write_at_c PMPI_File_write_at_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_iread_at_all PMPI_File_iread_at_all = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iread_at_all_c PMPI_File_iread_at_all_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iwrite_at_all PMPI_File_iwrite_at_all = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_iwrite_at_all_c PMPI_File_iwrite_at_all_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> Code;
    MPI_File_read_at_all PMPI_File_read_at_all = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_read_at_all_c PMPI_File_read_at_all_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_write_at_all PMPI_File_write_at_all = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> Code;
    MPI_File_write_at_all_c PMPI_File_write_at_all_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> Code;

    // At the own pointer.
    MPI_File_iread PMPI_File_iread = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iread_c PMPI_File_iread_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite PMPI_File_iwrite = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite_c PMPI_File_iwrite_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_read PMPI_File_read = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_read_c PMPI_File_read_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write PMPI_File_write = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_c PMPI_File_write_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_iread_all PMPI_File_iread_all = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iread_all_c PMPI_File_iread_all_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite_all PMPI_File_iwrite_all = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite_all_c PMPI_File_iwrite_all_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_read_all PMPI_File_read_all = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_read_all_c PMPI_File_read_all_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_all PMPI_File_write_all = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_all_c PMPI_File_write_all_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_seek PMPI_File_seek = unsupported::of_file(fh) for (
        fh: File, offset: Offset, whence: c_int) -> Code;
    MPI_File_get_position PMPI_File_get_position = unsupported::of_file(fh) for (
        fh: File, offset: *mut Offset) -> Code;
    MPI_File_get_byte_offset PMPI_File_get_byte_offset = unsupported::of_file(fh) for (
        fh: File, offset: Offset, disp: *mut Offset) -> Code;

    // At the shared pointer.
    MPI_File_iread_shared PMPI_File_iread_shared = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iread_shared_c PMPI_File_iread_shared_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite_shared PMPI_File_iwrite_shared = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_iwrite_shared_c PMPI_File_iwrite_shared_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> Code;
    MPI_File_read_shared PMPI_File_read_shared = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_read_shared_c PMPI_File_read_shared_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_shared PMPI_File_write_shared = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_shared_c PMPI_File_write_shared_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_read_ordered PMPI_File_read_ordered = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_read_ordered_c PMPI_File_read_ordered_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_ordered PMPI_File_write_ordered = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_write_ordered_c PMPI_File_write_ordered_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> Code;
    MPI_File_seek_shared PMPI_File_seek_shared = unsupported::of_file(fh) for (
        fh: File, offset: Offset, whence: c_int) -> Code;
    MPI_File_get_position_shared PMPI_File_get_position_shared = unsupported::of_file(fh) for (
        fh: File, offset: *mut Offset) -> Code;

    // Collective access in two halves.
    MPI_File_read_all_begin PMPI_File_read_all_begin = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_read_all_begin_c PMPI_File_read_all_begin_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_read_all_end PMPI_File_read_all_end = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, status: *mut Status) -> Code;
    MPI_File_read_at_all_begin PMPI_File_read_at_all_begin = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_read_at_all_begin_c PMPI_File_read_at_all_begin_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_read_at_all_end PMPI_File_read_at_all_end = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, status: *mut Status) -> Code;
    MPI_File_read_ordered_begin PMPI_File_read_ordered_begin = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_read_ordered_begin_c PMPI_File_read_ordered_begin_c = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_read_ordered_end PMPI_File_read_ordered_end = unsupported::of_file(fh) for (
        fh: File, buf: *mut c_void, status: *mut Status) -> Code;
    MPI_File_write_all_begin PMPI_File_write_all_begin = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_write_all_begin_c PMPI_File_write_all_begin_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_write_all_end PMPI_File_write_all_end = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, status: *mut Status) -> Code;
    MPI_File_write_at_all_begin PMPI_File_write_at_all_begin = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_write_at_all_begin_c PMPI_File_write_at_all_begin_c = unsupported::of_file(fh) for (
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_write_at_all_end PMPI_File_write_at_all_end = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, status: *mut Status) -> Code;
    MPI_File_write_ordered_begin PMPI_File_write_ordered_begin = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype) -> Code;
    MPI_File_write_ordered_begin_c PMPI_File_write_ordered_begin_c = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, count: Count, datatype: Datatype) -> Code;
    MPI_File_write_ordered_end PMPI_File_write_ordered_end = unsupported::of_file(fh) for (
        fh: File, buf: *const c_void, status: *mut Status) -> Code;
}
