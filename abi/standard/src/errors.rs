//! Error handlers, classes, codes and their texts (MPI 5.0, sections 9.3 to 9.5).

use std::ffi::{c_char, c_int};

use olympi_abi::types::{Callback, Comm, Errhandler, File, Session, Win};

export! {
    // Handlers of communicators.
    MPI_Comm_call_errhandler PMPI_Comm_call_errhandler = errors::comm_call_errhandler(
        comm: Comm, errorcode: c_int) -> c_int;
    MPI_Comm_create_errhandler PMPI_Comm_create_errhandler = errors::comm_create_errhandler(
        comm_errhandler_fn: Callback, errhandler: *mut Errhandler) -> c_int;
    MPI_Comm_get_errhandler PMPI_Comm_get_errhandler = errors::comm_get_errhandler(
        comm: Comm, errhandler: *mut Errhandler) -> c_int;
    MPI_Comm_set_errhandler PMPI_Comm_set_errhandler = errors::comm_set_errhandler(
        comm: Comm, errhandler: Errhandler) -> c_int;

    // Handlers of windows.
    MPI_Win_call_errhandler PMPI_Win_call_errhandler = windows::win_call_errhandler(
        win: Win, errorcode: c_int) -> c_int;
    MPI_Win_create_errhandler PMPI_Win_create_errhandler = errors::win_create_errhandler(
        win_errhandler_fn: Callback, errhandler: *mut Errhandler) -> c_int;
    MPI_Win_get_errhandler PMPI_Win_get_errhandler = windows::win_get_errhandler(
        win: Win, errhandler: *mut Errhandler) -> c_int;
    MPI_Win_set_errhandler PMPI_Win_set_errhandler = windows::win_set_errhandler(
        win: Win, errhandler: Errhandler) -> c_int;

    // Handlers of files.
    MPI_File_call_errhandler PMPI_File_call_errhandler = files::file_call_errhandler(
        fh: File, errorcode: c_int) -> c_int;
    MPI_File_create_errhandler PMPI_File_create_errhandler = errors::file_create_errhandler(
        file_errhandler_fn: Callback, errhandler: *mut Errhandler) -> c_int;
    MPI_File_get_errhandler PMPI_File_get_errhandler = files::file_get_errhandler(
        file: File, errhandler: *mut Errhandler) -> c_int;
    MPI_File_set_errhandler PMPI_File_set_errhandler = files::file_set_errhandler(
        file: File, errhandler: Errhandler) -> c_int;

    // Handlers of sessions.
    MPI_Session_call_errhandler PMPI_Session_call_errhandler = errors::session_call_errhandler(
        session: Session, errorcode: c_int) -> c_int;
    MPI_Session_create_errhandler PMPI_Session_create_errhandler = errors::session_create_errhandler(
        session_errhandler_fn: Callback, errhandler: *mut Errhandler) -> c_int;
    MPI_Session_get_errhandler PMPI_Session_get_errhandler = errors::session_get_errhandler(
        session: Session, errhandler: *mut Errhandler) -> c_int;
    MPI_Session_set_errhandler PMPI_Session_set_errhandler = errors::session_set_errhandler(
        session: Session, errhandler: Errhandler) -> c_int;

    // Any handler.
    MPI_Errhandler_free PMPI_Errhandler_free = errors::errhandler_free(errhandler: *mut Errhandler) -> c_int;

    // Classes, codes and texts.
    MPI_Error_class PMPI_Error_class = errors::error_class(errorcode: c_int, errorclass: *mut c_int) -> c_int;
    MPI_Error_string PMPI_Error_string = errors::error_string(
        errorcode: c_int, string: *mut c_char, resultlen: *mut c_int) -> c_int;
    MPI_Add_error_class PMPI_Add_error_class = errors::add_error_class(errorclass: *mut c_int) -> c_int;
    MPI_Add_error_code PMPI_Add_error_code = errors::add_error_code(
        errorclass: c_int, errorcode: *mut c_int) -> c_int;
    MPI_Add_error_string PMPI_Add_error_string = errors::add_error_string(
        errorcode: c_int, string: *const c_char) -> c_int;
    MPI_Remove_error_class PMPI_Remove_error_class = errors::remove_error_class(errorclass: c_int) -> c_int;
    MPI_Remove_error_code PMPI_Remove_error_code = errors::remove_error_code(errorcode: c_int) -> c_int;
    MPI_Remove_error_string PMPI_Remove_error_string = errors::remove_error_string(errorcode: c_int) -> c_int;
}
