//! Sessions and their process sets (MPI 5.0, section 11.3).

use std::ffi::{c_char, c_int};

use crate::codes::Code;
use crate::handles::{Errhandler, Group, Info, Session};

export! {
    MPI_Session_init PMPI_Session_init = sessions::session_init(
        info: Info, errhandler: Errhandler, session: *mut Session) -> Code;
    MPI_Session_finalize PMPI_Session_finalize = sessions::session_finalize(session: *mut Session) -> Code;
    MPI_Session_get_num_psets PMPI_Session_get_num_psets = sessions::session_get_num_psets(
        session: Session, info: Info, npset_names: *mut c_int) -> Code;
    MPI_Session_get_nth_pset PMPI_Session_get_nth_pset = sessions::session_get_nth_pset(
        session: Session, info: Info, n: c_int, pset_len: *mut c_int, pset_name: *mut c_char) -> Code;
    MPI_Session_get_info PMPI_Session_get_info = sessions::session_get_info(
        session: Session, info_used: *mut Info) -> Code;
    MPI_Session_get_pset_info PMPI_Session_get_pset_info = sessions::session_get_pset_info(
        session: Session, pset_name: *const c_char, info: *mut Info) -> Code;
    MPI_Group_from_session_pset PMPI_Group_from_session_pset = sessions::group_from_session_pset(
        session: Session, pset_name: *const c_char, newgroup: *mut Group) -> Code;
}
