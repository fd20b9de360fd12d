//! Group, name and hints of a window (MPI 5.0, sections 7.8, 12.2.1 and 12.2.7).

use std::ffi::{c_char, c_int};

use olympi_comm::Flavor;

use crate::arguments::wanted;
use crate::constants::MPI_MAX_OBJECT_NAME;
use crate::fault::{Outcome, anywhere};
use crate::info;
use crate::object::put;
use crate::text::{copy_in, copy_out};
use crate::types::{Group, Info, Win};
use crate::windows::WindowObject;

/// What hints say unless the program says something else. No call becomes another one by them, so that this is what they
/// are in use with.
const DEFAULTS: [(&str, &str); 6] = [
    ("no_locks", "false"),
    ("accumulate_ordering", "rar,raw,war,waw"),
    ("accumulate_ops", "same_op_no_op"),
    ("mpi_accumulate_granularity", "0"),
    ("same_size", "false"),
    ("same_disp_unit", "false"),
];

impl WindowObject {
    /// Its hints: those of the program, and the defaults of others that MPI names.
    fn hints(&self) -> Outcome<olympi_comm::Info> {
        let mut info = self.window.carrier().info();
        let contiguous =
            (self.window.flavor() == Flavor::Shared).then_some(("alloc_shared_noncontig", "false"));
        for (key, value) in DEFAULTS.into_iter().chain(contiguous) {
            if info.get(key).is_none() {
                info.set(key, value)?;
            }
        }
        Ok(info)
    }
}

/// `MPI_Win_get_group`
///
/// # Safety
/// The result has a place.
pub unsafe fn win_get_group(win: Win, group: *mut Group) -> c_int {
    win.call("MPI_Win_get_group", |object| {
        wanted(group)?;
        // SAFETY: the caller's promise.
        unsafe { put(group, Group::make(object.window.group().clone())?) }
    })
}

/// `MPI_Win_set_name`: what is too long is cut off.
///
/// # Safety
/// The name ends with a zero.
pub unsafe fn win_set_name(win: Win, win_name: *const c_char) -> c_int {
    win.call("MPI_Win_set_name", |object| {
        // SAFETY: the caller's promise.
        object.window.carrier().set_name(&unsafe { copy_in(win_name) }?);
        Ok(())
    })
}

/// `MPI_Win_get_name`: of `MPI_WIN_NULL` too.
///
/// # Safety
/// The name has room for `MPI_MAX_OBJECT_NAME` characters, and the length has a place.
pub unsafe fn win_get_name(win: Win, win_name: *mut c_char, resultlen: *mut c_int) -> c_int {
    const CALL: &str = "MPI_Win_get_name";
    // SAFETY: the caller's promise.
    let give = |name: &str| unsafe { copy_out(name, win_name, MPI_MAX_OBJECT_NAME, resultlen) };
    match win {
        Win::NULL => anywhere(CALL, || give("MPI_WIN_NULL")),
        win => win.call(CALL, |object| give(&object.window.carrier().name())),
    }
}

/// `MPI_Win_set_info`
///
/// # Safety
/// None.
pub unsafe fn win_set_info(win: Win, info: Info) -> c_int {
    win.call("MPI_Win_set_info", |object| {
        object.window.carrier().set_info(&info.hints()?);
        Ok(())
    })
}

/// `MPI_Win_get_info`
///
/// # Safety
/// The result has a place.
pub unsafe fn win_get_info(win: Win, info_used: *mut Info) -> c_int {
    win.call("MPI_Win_get_info", |object| {
        wanted(info_used)?;
        // SAFETY: the caller's promise.
        unsafe { put(info_used, info::make(object.hints()?)?) }
    })
}
