//! The end of a communicator (MPI 5.0, sections 7.4.3 and 11.10.4).

use std::ffi::c_int;

use crate::arguments::place;
use crate::attributes;
use crate::constants::MPI_ERR_COMM;
use crate::errors;
use crate::fault::{Fault, Outcome, anywhere};
use crate::handle::is_user;
use crate::object::{COMMS, CommObject};
use crate::types::Comm;

/// Ends a communicator of the program, unless one of its attributes cannot be deleted.
unsafe fn end(call: &str, comm: *mut Comm, before: impl FnOnce(&CommObject) -> Outcome) -> c_int {
    // SAFETY: the caller's promise: null, or may be read and written.
    let handle = match unsafe { place(comm) } {
        Ok(handle) => handle,
        Err(fault) => return anywhere(call, || Err(fault)),
    };
    let given = *handle;
    given.call(call, |object| {
        if !is_user(given.0) {
            let detail =
                "MPI_COMM_WORLD and MPI_COMM_SELF are there until MPI_Finalize: they cannot be freed";
            return Err(Fault::new(MPI_ERR_COMM, detail));
        }
        before(object)?;
        attributes::drop_all(given, object)?;
        *handle = Comm::NULL;
        if let Some(object) = COMMS.remove(given.0) {
            errors::give_back(object.handler());
        }
        Ok(())
    })
}

/// `MPI_Comm_free`: operations that are under way end as they would have.
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn comm_free(comm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { end("MPI_Comm_free", comm, |_| Ok(())) }
}

/// `MPI_Comm_disconnect`: all ranks have come as far. Messages are complete by then, as the standard asks of the program.
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn comm_disconnect(comm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { end("MPI_Comm_disconnect", comm, |object| Ok(object.comm.barrier()?)) }
}
