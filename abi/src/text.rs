//! Strings of C.

use std::ffi::{CStr, c_char, c_int};

use crate::constants::MPI_ERR_ARG;
use crate::fault::{Fault, Outcome};
use crate::object::put;

/// Copies a string, and its end, to where there is room for `room` characters, and tells its length.
///
/// # Errors
/// `MPI_ERR_ARG`: there is no place for it.
///
/// # Safety
/// `into` is null or has room for so many characters; `len` is null or may be written.
pub(crate) unsafe fn copy_out(text: &str, into: *mut c_char, room: c_int, len: *mut c_int) -> Outcome {
    // SAFETY: the caller's promise.
    unsafe {
        let copied = copy_part(text, into, room as usize)?;
        put(len, copied as c_int)
    }
}

/// Copies as much of a string as there is room for, and its end, and gives the length.
///
/// # Errors
/// `MPI_ERR_ARG`: there is no place for it.
///
/// # Safety
/// `into` is null or has room for so many characters, which are one at least.
pub(crate) unsafe fn copy_part(text: &str, into: *mut c_char, room: usize) -> Outcome<usize> {
    if into.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "there is no place for a string: an argument is NULL"));
    }
    let mut end = text.len().min(room - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // SAFETY: the caller's promise; `end` characters and a zero fit.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), into.cast(), end);
        into.add(end).write(0);
    }
    Ok(end)
}

/// A string that a program has given.
///
/// # Errors
/// `MPI_ERR_ARG`: it is NULL.
///
/// # Safety
/// `text` is null, or ends with a zero.
pub(crate) unsafe fn copy_in(text: *const c_char) -> Outcome<String> {
    if text.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "a string is NULL"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
