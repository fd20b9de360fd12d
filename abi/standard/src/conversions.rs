//! Handles as integers of Fortran, and the ABI about itself (MPI 5.0, sections 19.3 and 20).

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Comm, Datatype, Errhandler, File, Group, Info, Message, Op, Request, Session, Win};

export! {
    // A handle as an integer.
    MPI_Comm_toint PMPI_Comm_toint = conversions::comm_toint(comm: Comm) -> c_int;
    MPI_Errhandler_toint PMPI_Errhandler_toint = conversions::errhandler_toint(
        errhandler: Errhandler) -> c_int;
    MPI_File_toint PMPI_File_toint = conversions::file_toint(file: File) -> c_int;
    MPI_Group_toint PMPI_Group_toint = conversions::group_toint(group: Group) -> c_int;
    MPI_Info_toint PMPI_Info_toint = conversions::info_toint(info: Info) -> c_int;
    MPI_Message_toint PMPI_Message_toint = conversions::message_toint(message: Message) -> c_int;
    MPI_Op_toint PMPI_Op_toint = conversions::op_toint(op: Op) -> c_int;
    MPI_Request_toint PMPI_Request_toint = conversions::request_toint(request: Request) -> c_int;
    MPI_Session_toint PMPI_Session_toint = conversions::session_toint(session: Session) -> c_int;
    MPI_Type_toint PMPI_Type_toint = conversions::type_toint(datatype: Datatype) -> c_int;
    MPI_Win_toint PMPI_Win_toint = conversions::win_toint(win: Win) -> c_int;

    // The handle of an integer.
    MPI_Comm_fromint PMPI_Comm_fromint = conversions::comm_fromint(comm: c_int) -> Comm;
    MPI_Errhandler_fromint PMPI_Errhandler_fromint = conversions::errhandler_fromint(
        errhandler: c_int) -> Errhandler;
    MPI_File_fromint PMPI_File_fromint = conversions::file_fromint(file: c_int) -> File;
    MPI_Group_fromint PMPI_Group_fromint = conversions::group_fromint(group: c_int) -> Group;
    MPI_Info_fromint PMPI_Info_fromint = conversions::info_fromint(info: c_int) -> Info;
    MPI_Message_fromint PMPI_Message_fromint = conversions::message_fromint(message: c_int) -> Message;
    MPI_Op_fromint PMPI_Op_fromint = conversions::op_fromint(op: c_int) -> Op;
    MPI_Request_fromint PMPI_Request_fromint = conversions::request_fromint(request: c_int) -> Request;
    MPI_Session_fromint PMPI_Session_fromint = conversions::session_fromint(session: c_int) -> Session;
    MPI_Type_fromint PMPI_Type_fromint = conversions::type_fromint(datatype: c_int) -> Datatype;
    MPI_Win_fromint PMPI_Win_fromint = conversions::win_fromint(win: c_int) -> Win;

    // The ABI about itself.
    MPI_Abi_get_version PMPI_Abi_get_version = conversions::abi_get_version(
        abi_major: *mut c_int, abi_minor: *mut c_int) -> c_int;
    MPI_Abi_get_info PMPI_Abi_get_info = conversions::abi_get_info(info: *mut Info) -> c_int;
    MPI_Abi_get_fortran_booleans PMPI_Abi_get_fortran_booleans = conversions::abi_get_fortran_booleans(
        logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void,
        is_set: *mut c_int) -> c_int;
    MPI_Abi_get_fortran_info PMPI_Abi_get_fortran_info = conversions::abi_get_fortran_info(
        info: *mut Info) -> c_int;
    MPI_Abi_set_fortran_booleans PMPI_Abi_set_fortran_booleans = conversions::abi_set_fortran_booleans(
        logical_size: c_int, logical_true: *mut c_void, logical_false: *mut c_void) -> c_int;
    MPI_Abi_set_fortran_info PMPI_Abi_set_fortran_info = conversions::abi_set_fortran_info(
        info: Info) -> c_int;
}
