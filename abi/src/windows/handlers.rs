//! Error handlers of windows (MPI 5.0, section 9.3.2).

use std::ffi::c_int;

use crate::errors::{call_handler, give_back, inherit, take_for_win};
use crate::fault::Place;
use crate::object::put;
use crate::types::{Errhandler, Win};

/// `MPI_Win_get_errhandler`
///
/// # Safety
/// The result has a place.
pub unsafe fn win_get_errhandler(win: Win, errhandler: *mut Errhandler) -> c_int {
    // SAFETY: the caller's promise.
    win.call("MPI_Win_get_errhandler", |object| unsafe { put(errhandler, inherit(object.handler())) })
}

/// `MPI_Win_set_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn win_set_errhandler(win: Win, errhandler: Errhandler) -> c_int {
    win.call("MPI_Win_set_errhandler", |object| {
        give_back(object.set_handler(take_for_win(errhandler)?));
        Ok(())
    })
}

/// `MPI_Win_call_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn win_call_errhandler(win: Win, errorcode: c_int) -> c_int {
    win.call("MPI_Win_call_errhandler", |object| {
        call_handler(object.handler(), Place::Win(win), errorcode, "an error that the program has raised");
        Ok(())
    })
}
