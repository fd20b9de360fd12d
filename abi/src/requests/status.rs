//! What a status tells, and what programs write to it (MPI 5.0, sections 3.2.5 and 13.3).

use std::ffi::c_int;

use crate::constants::{MPI_ERR_ARG, MPI_ERR_VALUE_TOO_LARGE, MPI_UNDEFINED};
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::{flag, nonnegative, put};
use crate::types::{Datatype, Number, Status};

unsafe fn status_of<'a>(status: *const Status) -> Outcome<&'a Status> {
    // SAFETY: the caller's promise: null, or may be read.
    unsafe { status.as_ref() }.ok_or_else(|| Fault::new(MPI_ERR_ARG, "the status is NULL"))
}

unsafe fn status_mut<'a>(status: *mut Status) -> Outcome<&'a mut Status> {
    // SAFETY: the caller's promise: null, or may be read and written.
    unsafe { status.as_mut() }.ok_or_else(|| Fault::new(MPI_ERR_ARG, "the status is NULL"))
}

/// `MPI_Test_cancelled`
///
/// # Safety
/// The status may be read, and the flag has a place.
pub unsafe fn test_cancelled(status: *const Status, cancelled: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Test_cancelled", || unsafe { put(cancelled, flag(status_of(status)?.is_cancelled())) })
}

/// A count for the program; `MPI_UNDEFINED` where there is none, or it does not fit.
fn counted<N: Number>(count: Option<u64>) -> Outcome<N> {
    let count = count.and_then(|count| i64::try_from(count).ok()).and_then(N::narrow);
    count
        .or_else(|| N::narrow(i64::from(MPI_UNDEFINED)))
        .ok_or_else(|| Fault::new(MPI_ERR_VALUE_TOO_LARGE, "the count does not fit"))
}

/// `MPI_Get_count`
///
/// # Safety
/// The status may be read, and the result has a place.
#[inline]
pub unsafe fn get_count<N: Number>(status: *const Status, datatype: Datatype, count: *mut N) -> c_int {
    anywhere("MPI_Get_count", || {
        // SAFETY: the caller's promise.
        unsafe {
            let bytes = status_of(status)?.bytes();
            put(count, counted(datatype.get()?.datatype.count_in(bytes))?)
        }
    })
}

/// `MPI_Get_elements`
///
/// # Safety
/// As for [`get_count`].
pub unsafe fn get_elements<N: Number>(status: *const Status, datatype: Datatype, count: *mut N) -> c_int {
    anywhere("MPI_Get_elements", || {
        // SAFETY: the caller's promise.
        unsafe {
            let bytes = status_of(status)?.bytes();
            put(count, counted(datatype.get()?.datatype.elements_in(bytes))?)
        }
    })
}

/// `MPI_Status_set_elements`
///
/// # Safety
/// The status may be written.
pub unsafe fn status_set_elements<N: Number>(status: *mut Status, datatype: Datatype, count: N) -> c_int {
    anywhere("MPI_Status_set_elements", || {
        let datatype = &datatype.get()?.datatype;
        let count = nonnegative(count.wide())? as u64;
        let too_long = || Fault::new(MPI_ERR_VALUE_TOO_LARGE, format!("{count} elements are too many"));
        let bytes = datatype.bytes_in(count).ok_or_else(too_long)?;
        // SAFETY: the caller's promise.
        unsafe { status_mut(status) }?.set_bytes(bytes);
        Ok(())
    })
}

/// `MPI_Status_set_cancelled`
///
/// # Safety
/// The status may be written.
pub unsafe fn status_set_cancelled(status: *mut Status, cancelled: c_int) -> c_int {
    anywhere("MPI_Status_set_cancelled", || {
        // SAFETY: the caller's promise.
        unsafe { status_mut(status) }?.set_cancelled(cancelled != 0);
        Ok(())
    })
}

macro_rules! fields {
    ($($field:ident: $get:ident $get_name:literal $set:ident $set_name:literal;)*) => {$(
        #[doc = concat!("`", $get_name, "`")]
        ///
        /// # Safety
        /// The status may be read, and the result has a place.
        pub unsafe fn $get(status: *const Status, place: *mut c_int) -> c_int {
            // SAFETY: the caller's promise.
            anywhere($get_name, || unsafe { put(place, status_of(status)?.$field) })
        }

        #[doc = concat!("`", $set_name, "`")]
        ///
        /// # Safety
        /// The status may be written.
        pub unsafe fn $set(status: *mut Status, value: c_int) -> c_int {
            anywhere($set_name, || {
                // SAFETY: the caller's promise.
                unsafe { status_mut(status) }?.$field = value;
                Ok(())
            })
        }
    )*};
}

fields! {
    source: status_get_source "MPI_Status_get_source" status_set_source "MPI_Status_set_source";
    tag: status_get_tag "MPI_Status_get_tag" status_set_tag "MPI_Status_set_tag";
    error: status_get_error "MPI_Status_get_error" status_set_error "MPI_Status_set_error";
}
