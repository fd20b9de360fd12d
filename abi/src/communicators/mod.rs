//! Communicators, also between groups (MPI 5.0, sections 7.4 to 7.6 and 7.8).

mod duplicate;
mod end;
mod inter;
mod make;

use std::ffi::{c_char, c_int};

use olympi_comm::Communicator;

use crate::arguments::wanted;
use crate::constants::{MPI_ERR_COMM, MPI_MAX_OBJECT_NAME};
use crate::errors;
use crate::fault::{Fault, Outcome, anywhere};
use crate::groups::likeness;
use crate::info;
use crate::object::{CommObject, flag, put};
use crate::text::{copy_in, copy_out};
use crate::types::{Comm, Errhandler, Group, Info};

pub use duplicate::*;
pub use end::*;
pub use inter::*;
pub use make::*;

impl CommObject {
    /// Itself, if it is no intercommunicator.
    ///
    /// # Errors
    /// `MPI_ERR_COMM`: it is one, and the call is not defined for such.
    pub fn intra(&self) -> Outcome<&Communicator> {
        if self.comm.is_inter() {
            let detail =
                "the call is not defined for an intercommunicator: MPI_Intercomm_merge gives another one";
            return Err(Fault::new(MPI_ERR_COMM, detail));
        }
        Ok(&self.comm)
    }
}

/// A handle for a communicator that was made, with an error handler that it shares with others.
pub(crate) fn enroll(made: Option<Communicator>, handler: Errhandler) -> Outcome<Comm> {
    let Some(made) = made else { return Ok(Comm::NULL) };
    Comm::make(made, errors::inherit(handler)).inspect_err(|_| errors::give_back(handler))
}

/// Makes a communicator of another one, whose error handler it inherits. Where none comes to be, the program gets
/// `MPI_COMM_NULL`.
///
/// # Safety
/// The place is null, or may be written.
pub(crate) unsafe fn making(
    parent: Comm,
    call: &str,
    newcomm: *mut Comm,
    body: impl FnOnce(&'static CommObject) -> Outcome<Option<Communicator>>,
) -> c_int {
    parent.call(call, |object| {
        wanted(newcomm)?;
        let made = body(object).and_then(|made| enroll(made, object.handler()));
        // SAFETY: the caller's promise.
        unsafe { given(newcomm, made) }
    })
}

/// Gives a new communicator, or none, to the program.
///
/// # Safety
/// As above.
unsafe fn given(newcomm: *mut Comm, made: Outcome<Comm>) -> Outcome {
    let handle = *made.as_ref().unwrap_or(&Comm::NULL);
    // SAFETY: the caller's promise.
    unsafe { put(newcomm, handle) }?;
    made.map(|_| ())
}

/// `MPI_Comm_size`
///
/// # Safety
/// The result has a place.
#[inline]
pub unsafe fn comm_size(comm: Comm, size: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    comm.call("MPI_Comm_size", |object| unsafe { put(size, object.comm.size()) })
}

/// `MPI_Comm_rank`
///
/// # Safety
/// The result has a place.
#[inline]
pub unsafe fn comm_rank(comm: Comm, rank: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    comm.call("MPI_Comm_rank", |object| unsafe { put(rank, object.comm.rank()) })
}

/// `MPI_Comm_compare`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_compare(comm1: Comm, comm2: Comm, result: *mut c_int) -> c_int {
    comm1.call("MPI_Comm_compare", |object| {
        let comparison = object.comm.compare(&comm2.get()?.comm);
        // SAFETY: the caller's promise.
        unsafe { put(result, likeness(comparison)) }
    })
}

/// `MPI_Comm_test_inter`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_test_inter(comm: Comm, is_inter: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    comm.call("MPI_Comm_test_inter", |object| unsafe { put(is_inter, flag(object.comm.is_inter())) })
}

/// The error of a call that intercommunicators alone know.
fn intra_only() -> Fault {
    Fault::new(MPI_ERR_COMM, "the call is defined for intercommunicators only")
}

/// `MPI_Comm_remote_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_remote_size(comm: Comm, size: *mut c_int) -> c_int {
    comm.call("MPI_Comm_remote_size", |object| {
        let others = object.comm.remote_size().ok_or_else(intra_only)?;
        // SAFETY: the caller's promise.
        unsafe { put(size, others) }
    })
}

/// `MPI_Comm_group`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_group(comm: Comm, group: *mut Group) -> c_int {
    comm.call("MPI_Comm_group", |object| {
        wanted(group)?;
        // SAFETY: the caller's promise.
        unsafe { put(group, Group::make(object.comm.group().clone())?) }
    })
}

/// `MPI_Comm_remote_group`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_remote_group(comm: Comm, group: *mut Group) -> c_int {
    comm.call("MPI_Comm_remote_group", |object| {
        let others = object.comm.remote_group().ok_or_else(intra_only)?;
        wanted(group)?;
        // SAFETY: the caller's promise.
        unsafe { put(group, Group::make(others.clone())?) }
    })
}

/// `MPI_Comm_get_parent`: no process of ours was spawned by another one.
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_get_parent(parent: *mut Comm) -> c_int {
    anywhere("MPI_Comm_get_parent", || {
        Comm::WORLD.get()?;
        // SAFETY: the caller's promise.
        unsafe { put(parent, Comm::NULL) }
    })
}

/// `MPI_Comm_set_name`: what is too long is cut off.
///
/// # Safety
/// The name ends with a zero.
pub unsafe fn comm_set_name(comm: Comm, comm_name: *const c_char) -> c_int {
    comm.call("MPI_Comm_set_name", |object| {
        // SAFETY: the caller's promise.
        object.comm.set_name(&unsafe { copy_in(comm_name) }?);
        Ok(())
    })
}

/// `MPI_Comm_get_name`: of `MPI_COMM_NULL` too.
///
/// # Safety
/// The name has room for `MPI_MAX_OBJECT_NAME` characters, and the length has a place.
pub unsafe fn comm_get_name(comm: Comm, comm_name: *mut c_char, resultlen: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    let give = |name: &str| unsafe { copy_out(name, comm_name, MPI_MAX_OBJECT_NAME, resultlen) };
    match comm {
        Comm::NULL => anywhere("MPI_Comm_get_name", || give("MPI_COMM_NULL")),
        comm => comm.call("MPI_Comm_get_name", |object| give(&object.comm.name())),
    }
}

/// `MPI_Comm_set_info`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn comm_set_info(comm: Comm, info: Info) -> c_int {
    comm.call("MPI_Comm_set_info", |object| {
        object.comm.set_info(&info.hints()?);
        Ok(())
    })
}

/// `MPI_Comm_get_info`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_get_info(comm: Comm, info_used: *mut Info) -> c_int {
    comm.call("MPI_Comm_get_info", |object| {
        wanted(info_used)?;
        // SAFETY: the caller's promise.
        unsafe { put(info_used, info::make(object.comm.info())?) }
    })
}
