//! Attributes whose values are numbers that MPICH has otherwise.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering};

use olympi_abi::{attributes as core, constants as c};

use crate::arguments::{Answer, Translated};
use crate::codes::{Code, SUCCESS};
use crate::constants::{Flavor, Keyval, Model, Rank};
use crate::handles::{Comm, Win};

/// Where programs find the value of `MPI_IO`.
static IO: AtomicI32 = AtomicI32::new(0);
/// Of `MPI_HOST`.
static HOST: AtomicI32 = AtomicI32::new(0);
/// Of `MPI_LASTUSEDCODE`.
static LAST_USED_CODE: AtomicI32 = AtomicI32::new(0);

/// Where a value is put, and how it is translated.
type Translation = (&'static AtomicI32, fn(c_int) -> c_int);

/// `MPI_Comm_get_attr`
///
/// # Safety
/// `value` is the place of an address, and the flag has a place.
unsafe fn comm_get_attr(comm: Comm, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code {
    let key = keyval.to_core();
    // SAFETY: the caller's promise.
    let code = Code::answer(unsafe { core::comm_get_attr(comm.to_core(), key, value, flag) });
    // SAFETY: the core has written both.
    unsafe {
        if code == SUCCESS && *flag != 0 {
            let translation: Option<Translation> = match key {
                c::MPI_IO => Some((&IO, |rank| Rank::from_core(rank).0)),
                c::MPI_HOST => Some((&HOST, |rank| Rank::from_core(rank).0)),
                c::MPI_LASTUSEDCODE => Some((&LAST_USED_CODE, |code| Code::from_core(code).0)),
                _ => None,
            };
            if let Some((place, translate)) = translation {
                let given = value.cast::<*const c_int>();
                place.store(translate(**given), Ordering::Relaxed);
                given.write(place.as_ptr());
            }
        }
    }
    code
}

/// Where programs find how a window was made, and its memory model: windows differ, but these numbers are few.
static FEW: [c_int; 5] = [0, 1, 2, 3, 4];

/// `MPI_Win_get_attr`
///
/// # Safety
/// As above.
unsafe fn win_get_attr(win: Win, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code {
    let key = keyval.to_core();
    // SAFETY: the caller's promise.
    let code = Code::answer(unsafe { core::win_get_attr(win.to_core(), key, value, flag) });
    // SAFETY: the core has written both.
    unsafe {
        if code == SUCCESS && *flag != 0 {
            let given = value.cast::<*const c_int>();
            let number = match key {
                c::MPI_WIN_CREATE_FLAVOR => Flavor::from_core(**given).0,
                c::MPI_WIN_MODEL => Model::from_core(**given).0,
                _ => return code,
            };
            if let Some(place) = FEW.get(number as usize) {
                given.write(place);
            }
        }
    }
    code
}

by_hand! {
    MPI_Win_get_attr PMPI_Win_get_attr = win_get_attr(
        win: Win, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code;
    MPI_Comm_get_attr PMPI_Comm_get_attr = comm_get_attr(
        comm: Comm, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code;
    MPI_Attr_get PMPI_Attr_get = comm_get_attr(
        comm: Comm, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code;
}
