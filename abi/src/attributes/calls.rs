//! The calls about attributes of communicators, types and windows (MPI 5.0, section 7.7).

use std::ffi::{c_int, c_void};

use crate::arguments::{place, wanted};
use crate::attributes::{Scope, create, delete, free, get, set, standard};
use crate::constants::MPI_KEYVAL_INVALID;
use crate::fault::{Outcome, anywhere};
use crate::object::{flag, put};
use crate::types::{Callback, Comm, Datatype, Win};

macro_rules! keyvals {
    ($($scope:ident: $create:ident $create_name:literal $free:ident $free_name:literal;)*) => {$(
        #[doc = concat!("`", $create_name, "`")]
        ///
        /// # Safety
        /// The functions are such as the standard says, and the result has a place.
        pub unsafe fn $create(
            copy_fn: Callback, delete_fn: Callback, keyval: *mut c_int, extra_state: *mut c_void,
        ) -> c_int {
            anywhere($create_name, || {
                wanted(keyval)?;
                // SAFETY: the caller's promise.
                unsafe { put(keyval, create(Scope::$scope, copy_fn, delete_fn, extra_state)?) }
            })
        }

        #[doc = concat!("`", $free_name, "`: attributes that were set with it stay.")]
        ///
        /// # Safety
        /// The keyval may be read and written.
        pub unsafe fn $free(keyval: *mut c_int) -> c_int {
            anywhere($free_name, || {
                // SAFETY: the caller's promise.
                let keyval = unsafe { place(keyval) }?;
                free(Scope::$scope, *keyval)?;
                *keyval = MPI_KEYVAL_INVALID;
                Ok(())
            })
        }
    )*};
}

keyvals! {
    Comm: comm_create_keyval "MPI_Comm_create_keyval" comm_free_keyval "MPI_Comm_free_keyval";
    Type: type_create_keyval "MPI_Type_create_keyval" type_free_keyval "MPI_Type_free_keyval";
    Win: win_create_keyval "MPI_Win_create_keyval" win_free_keyval "MPI_Win_free_keyval";
}

/// Gives a value to the program: a pointer, for which it gives the place.
unsafe fn give(value: Option<usize>, attribute_val: *mut c_void, found: *mut c_int) -> Outcome {
    wanted(attribute_val)?;
    wanted(found)?;
    // SAFETY: the caller's promise: both may be written.
    unsafe {
        if let Some(value) = value {
            put(attribute_val.cast::<usize>(), value)?;
        }
        put(found, flag(value.is_some()))
    }
}

/// `MPI_Comm_get_attr`
///
/// # Safety
/// The value, a pointer, and the flag have places.
pub unsafe fn comm_get_attr(
    comm: Comm,
    comm_keyval: c_int,
    attribute_val: *mut c_void,
    found: *mut c_int,
) -> c_int {
    comm.call("MPI_Comm_get_attr", |object| {
        let value = if standard::is_of_comm(comm_keyval) {
            standard::get(comm_keyval)?.map(|value| value as usize)
        } else {
            get(Scope::Comm, &object.attributes, comm_keyval)?
        };
        // SAFETY: the caller's promise.
        unsafe { give(value, attribute_val, found) }
    })
}

/// `MPI_Comm_set_attr`
///
/// # Safety
/// The value is what the functions of the keyval expect.
pub unsafe fn comm_set_attr(comm: Comm, comm_keyval: c_int, attribute_val: *mut c_void) -> c_int {
    comm.call("MPI_Comm_set_attr", |object| set(comm, &object.attributes, comm_keyval, attribute_val))
}

/// `MPI_Comm_delete_attr`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn comm_delete_attr(comm: Comm, comm_keyval: c_int) -> c_int {
    comm.call("MPI_Comm_delete_attr", |object| delete(comm, &object.attributes, comm_keyval))
}

/// `MPI_Type_get_attr`
///
/// # Safety
/// The value, a pointer, and the flag have places.
pub unsafe fn type_get_attr(
    datatype: Datatype,
    type_keyval: c_int,
    attribute_val: *mut c_void,
    found: *mut c_int,
) -> c_int {
    anywhere("MPI_Type_get_attr", || {
        let value = get(Scope::Type, &datatype.get()?.attributes, type_keyval)?;
        // SAFETY: the caller's promise.
        unsafe { give(value, attribute_val, found) }
    })
}

/// `MPI_Type_set_attr`
///
/// # Safety
/// The value is what the functions of the keyval expect.
pub unsafe fn type_set_attr(datatype: Datatype, type_keyval: c_int, attribute_val: *mut c_void) -> c_int {
    anywhere("MPI_Type_set_attr", || set(datatype, &datatype.get()?.attributes, type_keyval, attribute_val))
}

/// `MPI_Type_delete_attr`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn type_delete_attr(datatype: Datatype, type_keyval: c_int) -> c_int {
    anywhere("MPI_Type_delete_attr", || delete(datatype, &datatype.get()?.attributes, type_keyval))
}

/// `MPI_Win_get_attr`
///
/// # Safety
/// The value, a pointer, and the flag have places.
pub unsafe fn win_get_attr(
    win: Win,
    win_keyval: c_int,
    attribute_val: *mut c_void,
    found: *mut c_int,
) -> c_int {
    win.call("MPI_Win_get_attr", |object| {
        let value = match object.standard(win_keyval) {
            Some(value) => Some(value),
            None => get(Scope::Win, &object.attributes, win_keyval)?,
        };
        // SAFETY: the caller's promise.
        unsafe { give(value, attribute_val, found) }
    })
}

/// `MPI_Win_set_attr`
///
/// # Safety
/// The value is what the functions of the keyval expect.
pub unsafe fn win_set_attr(win: Win, win_keyval: c_int, attribute_val: *mut c_void) -> c_int {
    win.call("MPI_Win_set_attr", |object| set(win, &object.attributes, win_keyval, attribute_val))
}

/// `MPI_Win_delete_attr`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn win_delete_attr(win: Win, win_keyval: c_int) -> c_int {
    win.call("MPI_Win_delete_attr", |object| delete(win, &object.attributes, win_keyval))
}
