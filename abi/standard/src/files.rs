//! Files (MPI 5.0, chapter 14).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{Aint, Callback, Comm, Count, Datatype, File, Group, Info, Offset, Request, Status};

/// `MPI_FILE_NULL`, whose error handler answers where no file is open yet (MPI 5.0, section 14.7).
const NO_FILE: File = File(0x118);

export! {
    // Opening, sizes, hints.
    MPI_File_open PMPI_File_open = files::file_open(
        comm: Comm, filename: *const c_char, amode: c_int, info: Info, fh: *mut File) -> c_int;
    MPI_File_close PMPI_File_close = files::file_close(fh: *mut File) -> c_int;
    MPI_File_delete PMPI_File_delete = files::file_delete(
        filename: *const c_char, info: Info) -> c_int;
    MPI_File_set_size PMPI_File_set_size = files::file_set_size(fh: File, size: Offset) -> c_int;
    MPI_File_preallocate PMPI_File_preallocate = files::file_preallocate(
        fh: File, size: Offset) -> c_int;
    MPI_File_get_size PMPI_File_get_size = files::file_get_size(
        fh: File, size: *mut Offset) -> c_int;
    MPI_File_get_group PMPI_File_get_group = files::file_get_group(
        fh: File, group: *mut Group) -> c_int;
    MPI_File_get_amode PMPI_File_get_amode = files::file_get_amode(
        fh: File, amode: *mut c_int) -> c_int;
    MPI_File_set_info PMPI_File_set_info = files::file_set_info(fh: File, info: Info) -> c_int;
    MPI_File_get_info PMPI_File_get_info = files::file_get_info(
        fh: File, info_used: *mut Info) -> c_int;
    MPI_File_get_type_extent PMPI_File_get_type_extent = files::file_get_type_extent(
        fh: File, datatype: Datatype, extent: *mut Aint) -> c_int;
    MPI_File_get_type_extent_c PMPI_File_get_type_extent_c = files::file_get_type_extent(
        fh: File, datatype: Datatype, extent: *mut Count) -> c_int;
    MPI_File_set_atomicity PMPI_File_set_atomicity = files::file_set_atomicity(
        fh: File, flag: c_int) -> c_int;
    MPI_File_get_atomicity PMPI_File_get_atomicity = files::file_get_atomicity(
        fh: File, flag: *mut c_int) -> c_int;
    MPI_File_sync PMPI_File_sync = files::file_sync(fh: File) -> c_int;

    // Views.
    MPI_File_set_view PMPI_File_set_view = files::file_set_view(
        fh: File, disp: Offset, etype: Datatype, filetype: Datatype, datarep: *const c_char,
        info: Info) -> c_int;
    MPI_File_get_view PMPI_File_get_view = files::file_get_view(
        fh: File, disp: *mut Offset, etype: *mut Datatype, filetype: *mut Datatype,
        datarep: *mut c_char) -> c_int;

    // At a given place.
    MPI_File_iread_at PMPI_File_iread_at = files::file_iread_at(
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iread_at_c PMPI_File_iread_at_c = files::file_iread_at(
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iwrite_at PMPI_File_iwrite_at = files::file_iwrite_at(
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iwrite_at_c PMPI_File_iwrite_at_c = files::file_iwrite_at(
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_read_at PMPI_File_read_at = files::file_read_at(
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_read_at_c PMPI_File_read_at_c = files::file_read_at(
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_write_at PMPI_File_write_at = files::file_write_at(
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_write_at_c PMPI_File_write_at_c = files::file_write_at(
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_iread_at_all PMPI_File_iread_at_all = files::file_iread_at_all(
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iread_at_all_c PMPI_File_iread_at_all_c = files::file_iread_at_all(
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iwrite_at_all PMPI_File_iwrite_at_all = files::file_iwrite_at_all(
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_iwrite_at_all_c PMPI_File_iwrite_at_all_c = files::file_iwrite_at_all(
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        request: *mut Request) -> c_int;
    MPI_File_read_at_all PMPI_File_read_at_all = files::file_read_at_all(
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_read_at_all_c PMPI_File_read_at_all_c = files::file_read_at_all(
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_write_at_all PMPI_File_write_at_all = files::file_write_at_all(
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype,
        status: *mut Status) -> c_int;
    MPI_File_write_at_all_c PMPI_File_write_at_all_c = files::file_write_at_all(
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype,
        status: *mut Status) -> c_int;

    // At the own pointer.
    MPI_File_iread PMPI_File_iread = files::file_iread(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iread_c PMPI_File_iread_c = files::file_iread(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite PMPI_File_iwrite = files::file_iwrite(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite_c PMPI_File_iwrite_c = files::file_iwrite(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_read PMPI_File_read = files::file_read(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_read_c PMPI_File_read_c = files::file_read(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write PMPI_File_write = files::file_write(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_c PMPI_File_write_c = files::file_write(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_iread_all PMPI_File_iread_all = files::file_iread_all(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iread_all_c PMPI_File_iread_all_c = files::file_iread_all(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite_all PMPI_File_iwrite_all = files::file_iwrite_all(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite_all_c PMPI_File_iwrite_all_c = files::file_iwrite_all(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_read_all PMPI_File_read_all = files::file_read_all(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_read_all_c PMPI_File_read_all_c = files::file_read_all(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_all PMPI_File_write_all = files::file_write_all(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_all_c PMPI_File_write_all_c = files::file_write_all(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_seek PMPI_File_seek = files::file_seek(
        fh: File, offset: Offset, whence: c_int) -> c_int;
    MPI_File_get_position PMPI_File_get_position = files::file_get_position(
        fh: File, offset: *mut Offset) -> c_int;
    MPI_File_get_byte_offset PMPI_File_get_byte_offset = files::file_get_byte_offset(
        fh: File, offset: Offset, disp: *mut Offset) -> c_int;

    // At the shared pointer.
    MPI_File_iread_shared PMPI_File_iread_shared = files::file_iread_shared(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iread_shared_c PMPI_File_iread_shared_c = files::file_iread_shared(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite_shared PMPI_File_iwrite_shared = files::file_iwrite_shared(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_iwrite_shared_c PMPI_File_iwrite_shared_c = files::file_iwrite_shared(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, request: *mut Request) -> c_int;
    MPI_File_read_shared PMPI_File_read_shared = files::file_read_shared(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_read_shared_c PMPI_File_read_shared_c = files::file_read_shared(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_shared PMPI_File_write_shared = files::file_write_shared(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_shared_c PMPI_File_write_shared_c = files::file_write_shared(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_read_ordered PMPI_File_read_ordered = files::file_read_ordered(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_read_ordered_c PMPI_File_read_ordered_c = files::file_read_ordered(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_ordered PMPI_File_write_ordered = files::file_write_ordered(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_write_ordered_c PMPI_File_write_ordered_c = files::file_write_ordered(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype, status: *mut Status) -> c_int;
    MPI_File_seek_shared PMPI_File_seek_shared = files::file_seek_shared(
        fh: File, offset: Offset, whence: c_int) -> c_int;
    MPI_File_get_position_shared PMPI_File_get_position_shared = files::file_get_position_shared(
        fh: File, offset: *mut Offset) -> c_int;

    // Collective access in two halves.
    MPI_File_read_all_begin PMPI_File_read_all_begin = files::file_read_all_begin(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_read_all_begin_c PMPI_File_read_all_begin_c = files::file_read_all_begin(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_read_all_end PMPI_File_read_all_end = files::file_read_all_end(
        fh: File, buf: *mut c_void, status: *mut Status) -> c_int;
    MPI_File_read_at_all_begin PMPI_File_read_at_all_begin = files::file_read_at_all_begin(
        fh: File, offset: Offset, buf: *mut c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_read_at_all_begin_c PMPI_File_read_at_all_begin_c = files::file_read_at_all_begin(
        fh: File, offset: Offset, buf: *mut c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_read_at_all_end PMPI_File_read_at_all_end = files::file_read_at_all_end(
        fh: File, buf: *mut c_void, status: *mut Status) -> c_int;
    MPI_File_read_ordered_begin PMPI_File_read_ordered_begin = files::file_read_ordered_begin(
        fh: File, buf: *mut c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_read_ordered_begin_c PMPI_File_read_ordered_begin_c = files::file_read_ordered_begin(
        fh: File, buf: *mut c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_read_ordered_end PMPI_File_read_ordered_end = files::file_read_ordered_end(
        fh: File, buf: *mut c_void, status: *mut Status) -> c_int;
    MPI_File_write_all_begin PMPI_File_write_all_begin = files::file_write_all_begin(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_write_all_begin_c PMPI_File_write_all_begin_c = files::file_write_all_begin(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_write_all_end PMPI_File_write_all_end = files::file_write_all_end(
        fh: File, buf: *const c_void, status: *mut Status) -> c_int;
    MPI_File_write_at_all_begin PMPI_File_write_at_all_begin = files::file_write_at_all_begin(
        fh: File, offset: Offset, buf: *const c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_write_at_all_begin_c PMPI_File_write_at_all_begin_c = files::file_write_at_all_begin(
        fh: File, offset: Offset, buf: *const c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_write_at_all_end PMPI_File_write_at_all_end = files::file_write_at_all_end(
        fh: File, buf: *const c_void, status: *mut Status) -> c_int;
    MPI_File_write_ordered_begin PMPI_File_write_ordered_begin = files::file_write_ordered_begin(
        fh: File, buf: *const c_void, count: c_int, datatype: Datatype) -> c_int;
    MPI_File_write_ordered_begin_c PMPI_File_write_ordered_begin_c = files::file_write_ordered_begin(
        fh: File, buf: *const c_void, count: Count, datatype: Datatype) -> c_int;
    MPI_File_write_ordered_end PMPI_File_write_ordered_end = files::file_write_ordered_end(
        fh: File, buf: *const c_void, status: *mut Status) -> c_int;
}

unsupported! {
    // Representations of the program's own: MPI_ERR_UNSUPPORTED_OPERATION.
    MPI_Register_datarep PMPI_Register_datarep = unsupported::of_file(NO_FILE) for (
        datarep: *const c_char, read_conversion_fn: Callback, write_conversion_fn: Callback,
        dtype_file_extent_fn: Callback, extra_state: *mut c_void) -> c_int;
    MPI_Register_datarep_c PMPI_Register_datarep_c = unsupported::of_file(NO_FILE) for (
        datarep: *const c_char, read_conversion_fn: Callback, write_conversion_fn: Callback,
        dtype_file_extent_fn: Callback, extra_state: *mut c_void) -> c_int;
}
