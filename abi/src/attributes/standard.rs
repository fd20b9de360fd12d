//! The attributes that MPI itself sets (MPI 5.0, section 9.1.2). Programs get the address of an integer.
//!
//! They stand on `MPI_COMM_WORLD`, and `MPI_TAG_UB` on communicators that sessions make; here every communicator has all.

use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::constants::{
    MPI_APPNUM, MPI_HOST, MPI_IO, MPI_LASTUSEDCODE, MPI_TAG_UB, MPI_UNIVERSE_SIZE, MPI_WIN_BASE,
    MPI_WIN_MODEL, MPI_WTIME_IS_GLOBAL,
};
use crate::errors;
use crate::fault::Outcome;
use crate::global;

/// The integers, in the order of the keyvals.
static VALUES: [AtomicI32; (MPI_UNIVERSE_SIZE - MPI_TAG_UB + 1) as usize] =
    [const { AtomicI32::new(0) }; (MPI_UNIVERSE_SIZE - MPI_TAG_UB + 1) as usize];

/// Whether it is one of communicators or windows.
pub(super) fn is_predefined(keyval: c_int) -> bool {
    is_of_comm(keyval) || (MPI_WIN_BASE..=MPI_WIN_MODEL).contains(&keyval)
}

/// Whether it is one of communicators.
pub(super) fn is_of_comm(keyval: c_int) -> bool {
    (MPI_TAG_UB..=MPI_UNIVERSE_SIZE).contains(&keyval)
}

/// Where the value of a keyval of communicators is; `None`: it is not known.
///
/// # Errors
/// This process has no part in a job.
pub(super) fn get(keyval: c_int) -> Outcome<Option<*mut c_int>> {
    let value = match keyval {
        MPI_TAG_UB => Some(olympi_comm::TAG_UB),
        MPI_LASTUSEDCODE => Some(errors::last_used_code()),
        keyval => global::with_job(|job| {
            Ok(match keyval {
                MPI_IO => Some(job.io()),
                MPI_HOST => Some(job.host()),
                MPI_WTIME_IS_GLOBAL => Some(c_int::from(job.wtime_is_global())),
                MPI_APPNUM => job.appnum(),
                MPI_UNIVERSE_SIZE => job.universe_size(),
                _ => None,
            })
        })?,
    };
    let Some(value) = value else { return Ok(None) };
    let place = &VALUES[(keyval - MPI_TAG_UB) as usize];
    place.store(value, Ordering::Relaxed);
    Ok(Some(place.as_ptr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_job_is_known() {
        // SAFETY: the address of an integer of ours.
        assert_eq!(unsafe { *get(MPI_TAG_UB).unwrap().unwrap() }, olympi_comm::TAG_UB);
        assert!(get(MPI_IO).is_err());
        assert!(is_predefined(MPI_WIN_MODEL) && !is_of_comm(MPI_WIN_BASE) && !is_predefined(0));
    }
}
