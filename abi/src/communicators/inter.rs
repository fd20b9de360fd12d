//! Communicators between two groups (MPI 5.0, section 7.6).

use std::ffi::{c_char, c_int};

use olympi_comm::{ErrorHandler, Group as Processes};

use crate::communicators::make::{making_new, tag_of};
use crate::communicators::{intra_only, making};
use crate::global;
use crate::types::{Comm, Errhandler, Group, Info};

/// `MPI_Intercomm_create`: the peer communicator and what belongs to it matter at the leader alone.
///
/// # Safety
/// The result has a place.
pub unsafe fn intercomm_create(
    local_comm: Comm,
    local_leader: c_int,
    peer_comm: Comm,
    remote_leader: c_int,
    tag: c_int,
    newintercomm: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(local_comm, "MPI_Intercomm_create", newintercomm, |object| {
            let comm = object.intra()?;
            let peer = if comm.rank() == local_leader { peer_comm.get() } else { Err(intra_only()) };
            // A leader without a peer still tells the others of its group so.
            let bridge = peer.as_ref().ok().map(|peer| (&peer.comm, remote_leader));
            match (comm.create_inter(local_leader, bridge, tag), peer) {
                (Ok(made), _) => Ok(Some(made)),
                (Err(_), Err(fault)) if comm.rank() == local_leader => Err(fault),
                (Err(error), _) => Err(error.into()),
            }
        })
    }
}

/// `MPI_Intercomm_create_from_groups`: the remote group and its leader matter at the leader alone.
///
/// # Safety
/// The string ends with a zero, and the result has a place.
pub unsafe fn intercomm_create_from_groups(
    local_group: Group,
    local_leader: c_int,
    remote_group: Group,
    remote_leader: c_int,
    stringtag: *const c_char,
    info: Info,
    errhandler: Errhandler,
    newintercomm: *mut Comm,
) -> c_int {
    let body = || {
        let (local, info) = (local_group.get()?, info.hints()?);
        // SAFETY: the caller's promise.
        let tag = unsafe { tag_of(stringtag) }?;
        if local.is_empty() {
            return Ok(None);
        }
        let nobody = Processes::empty();
        let remote = remote_group.get();
        let (far, leader) = remote.as_ref().map_or((&nobody, -1), |remote| (*remote, remote_leader));
        let made = global::with_job(|job| {
            let (near, far) = ((local, local_leader), (far, leader));
            Ok(job.inter_from_groups_with(near, far, &tag, &info, ErrorHandler::Return)?)
        });
        match (made, remote) {
            (Err(_), Err(fault)) if local.rank() == Some(local_leader) => Err(fault),
            (made, _) => made.map(Some),
        }
    };
    // SAFETY: as above.
    unsafe { making_new("MPI_Intercomm_create_from_groups", errhandler, newintercomm, body) }
}

/// `MPI_Intercomm_merge`
///
/// # Safety
/// The result has a place.
pub unsafe fn intercomm_merge(intercomm: Comm, high: c_int, newintracomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(intercomm, "MPI_Intercomm_merge", newintracomm, |object| {
            Ok(Some(object.comm.merge(high != 0)?))
        })
    }
}
