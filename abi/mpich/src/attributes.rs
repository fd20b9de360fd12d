//! Attributes whose values are numbers that MPICH has otherwise.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering};

use olympi_abi::{attributes as core, constants as c};

use crate::arguments::{Answer, Translated};
use crate::codes::{Code, SUCCESS};
use crate::constants::{Keyval, Rank};
use crate::handles::Comm;

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

by_hand! {
    MPI_Comm_get_attr PMPI_Comm_get_attr = comm_get_attr(
        comm: Comm, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code;
    MPI_Attr_get PMPI_Attr_get = comm_get_attr(
        comm: Comm, keyval: Keyval, value: *mut c_void, flag: *mut c_int) -> Code;
}
