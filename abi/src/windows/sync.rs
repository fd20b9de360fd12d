//! Epochs: fences, groups that post and start, locks and flushes (MPI 5.0, section 12.5).

use std::ffi::c_int;

use olympi_comm::{Asserts, LockKind};

use crate::arguments::wanted;
use crate::constants::{
    MPI_ERR_ASSERT, MPI_ERR_LOCKTYPE, MPI_LOCK_EXCLUSIVE, MPI_LOCK_SHARED, MPI_MODE_NOCHECK,
    MPI_MODE_NOPRECEDE, MPI_MODE_NOPUT, MPI_MODE_NOSTORE, MPI_MODE_NOSUCCEED,
};
use crate::fault::{Fault, Outcome};
use crate::object::{flag, put};
use crate::types::{Group, Win};

/// What a program can promise, in C and here.
const PROMISES: [(c_int, Asserts); 5] = [
    (MPI_MODE_NOCHECK, Asserts::NO_CHECK),
    (MPI_MODE_NOSTORE, Asserts::NO_STORE),
    (MPI_MODE_NOPUT, Asserts::NO_PUT),
    (MPI_MODE_NOPRECEDE, Asserts::NO_PRECEDE),
    (MPI_MODE_NOSUCCEED, Asserts::NO_SUCCEED),
];

/// What may be promised of each kind of epoch (MPI 5.0, section 12.5.5).
const OF_FENCE: c_int = MPI_MODE_NOSTORE | MPI_MODE_NOPUT | MPI_MODE_NOPRECEDE | MPI_MODE_NOSUCCEED;
const OF_POST: c_int = MPI_MODE_NOCHECK | MPI_MODE_NOSTORE | MPI_MODE_NOPUT;
const OF_START: c_int = MPI_MODE_NOCHECK;
const OF_LOCK: c_int = MPI_MODE_NOCHECK;

/// The promises in a number of the program's.
fn promises(assert: c_int, allowed: c_int) -> Outcome<Asserts> {
    if assert & !allowed != 0 {
        let detail = format!("the assertion {assert} has bits that mean nothing in this call");
        return Err(Fault::new(MPI_ERR_ASSERT, detail));
    }
    let given = PROMISES.into_iter().filter(|(bit, _)| assert & bit != 0);
    Ok(given.fold(Asserts::NONE, |all, (_, one)| all | one))
}

fn kind_of(lock_type: c_int) -> Outcome<LockKind> {
    match lock_type {
        MPI_LOCK_SHARED => Ok(LockKind::Shared),
        MPI_LOCK_EXCLUSIVE => Ok(LockKind::Exclusive),
        _ => Err(Fault::new(MPI_ERR_LOCKTYPE, format!("{lock_type} is no type of locks"))),
    }
}

/// `MPI_Win_fence`
///
/// # Safety
/// Memory of accesses is as was promised until they are over, here as in each of these calls.
pub unsafe fn win_fence(assert: c_int, win: Win) -> c_int {
    win.call("MPI_Win_fence", |object| Ok(object.window.fence(promises(assert, OF_FENCE)?)?))
}

/// `MPI_Win_post`
///
/// # Safety
/// As above.
pub unsafe fn win_post(group: Group, assert: c_int, win: Win) -> c_int {
    win.call("MPI_Win_post", |object| {
        let origins = group.get()?;
        Ok(object.window.post(origins, promises(assert, OF_POST)?)?)
    })
}

/// `MPI_Win_start`
///
/// # Safety
/// As above.
pub unsafe fn win_start(group: Group, assert: c_int, win: Win) -> c_int {
    win.call("MPI_Win_start", |object| {
        let targets = group.get()?;
        Ok(object.window.start(targets, promises(assert, OF_START)?)?)
    })
}

/// `MPI_Win_test`
///
/// # Safety
/// As above; the flag has a place.
pub unsafe fn win_test(win: Win, over: *mut c_int) -> c_int {
    win.call("MPI_Win_test", |object| {
        wanted(over)?;
        // SAFETY: the caller's promise.
        unsafe { put(over, flag(object.window.test()?)) }
    })
}

/// `MPI_Win_lock`
///
/// # Safety
/// As above.
pub unsafe fn win_lock(lock_type: c_int, rank: c_int, assert: c_int, win: Win) -> c_int {
    win.call("MPI_Win_lock", |object| {
        let (kind, asserts) = (kind_of(lock_type)?, promises(assert, OF_LOCK)?);
        Ok(object.window.lock(kind, rank, asserts)?)
    })
}

/// `MPI_Win_lock_all`
///
/// # Safety
/// As above.
pub unsafe fn win_lock_all(assert: c_int, win: Win) -> c_int {
    win.call("MPI_Win_lock_all", |object| Ok(object.window.lock_all(promises(assert, OF_LOCK)?)?))
}

/// A row: the function, its MPI name, the method that does it, and whether it is about a rank.
macro_rules! steps {
    ($($name:ident = $call:literal: $method:ident $(($rank:ident))?;)*) => {$(
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// As above.
        pub unsafe fn $name($($rank: c_int,)? win: Win) -> c_int {
            win.call($call, |object| Ok(object.window.$method($($rank)?)?))
        }
    )*};
}

steps! {
    win_complete = "MPI_Win_complete": complete;
    win_wait = "MPI_Win_wait": wait;
    win_unlock = "MPI_Win_unlock": unlock (rank);
    win_unlock_all = "MPI_Win_unlock_all": unlock_all;
    win_flush = "MPI_Win_flush": flush (rank);
    win_flush_all = "MPI_Win_flush_all": flush_all;
    win_flush_local = "MPI_Win_flush_local": flush_local (rank);
    win_flush_local_all = "MPI_Win_flush_local_all": flush_local_all;
    win_sync = "MPI_Win_sync": sync;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_promised_depends_on_the_call() {
        assert_eq!(promises(0, OF_LOCK).unwrap(), Asserts::NONE);
        let both = promises(MPI_MODE_NOPUT | MPI_MODE_NOSUCCEED, OF_FENCE).unwrap();
        assert_eq!(both, Asserts::NO_PUT | Asserts::NO_SUCCEED);
        for (assert, allowed) in
            [(MPI_MODE_NOPUT, OF_LOCK), (MPI_MODE_NOPRECEDE, OF_POST), (1, OF_FENCE), (-1, OF_START)]
        {
            assert_eq!(promises(assert, allowed).unwrap_err().code, MPI_ERR_ASSERT);
        }
    }

    #[test]
    fn there_are_two_types_of_locks() {
        assert_eq!(kind_of(MPI_LOCK_SHARED).unwrap(), LockKind::Shared);
        assert_eq!(kind_of(MPI_LOCK_EXCLUSIVE).unwrap(), LockKind::Exclusive);
        assert_eq!(kind_of(0).unwrap_err().code, MPI_ERR_LOCKTYPE);
    }
}
