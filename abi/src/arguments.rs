//! Arguments that are addresses: places for results, and arrays.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use crate::constants::MPI_ERR_ARG;
use crate::fault::{Fault, Outcome};

/// There is a place for a result: to be asked before a call does what cannot be undone.
///
/// # Errors
/// `MPI_ERR_ARG`: it is NULL.
#[inline]
pub fn wanted<T>(place: *const T) -> Outcome {
    if place.is_null() { Err(missing("there is no place for a result: an argument is NULL")) } else { Ok(()) }
}

/// The place of a handle that a call changes.
///
/// # Errors
/// `MPI_ERR_ARG`: it is NULL.
///
/// # Safety
/// It is null, or may be read and written.
pub unsafe fn place<'a, T>(place: *mut T) -> Outcome<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { place.as_mut() }.ok_or_else(|| missing("the place of a handle is NULL"))
}

/// An array of the program.
///
/// # Errors
/// `MPI_ERR_ARG`: its length is negative, or there should be elements at NULL.
///
/// # Safety
/// It is null, or has so many elements, which may be read.
pub unsafe fn list<'a, T>(len: c_int, start: *const T) -> Outcome<&'a [T]> {
    match length(len)? {
        0 => Ok(&[]),
        _ if start.is_null() => Err(missing(&format!("an array of {len} elements is NULL"))),
        // SAFETY: the caller's promise.
        len => Ok(unsafe { std::slice::from_raw_parts(start, len) }),
    }
}

/// An array of the program that results are written to.
///
/// # Errors
/// `MPI_ERR_ARG`: its length is negative, or there should be elements at NULL.
///
/// # Safety
/// It is null, or has so many elements, which may be written.
pub unsafe fn room<'a, T>(len: c_int, start: *mut T) -> Outcome<&'a mut [MaybeUninit<T>]> {
    match length(len)? {
        0 => Ok(&mut []),
        _ if start.is_null() => Err(missing(&format!("an array for {len} results is NULL"))),
        // SAFETY: the caller's promise; elements need not be initialized.
        len => Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), len) }),
    }
}

/// Writes results, as many as there is room for.
pub fn fill<T>(room: &mut [MaybeUninit<T>], values: impl IntoIterator<Item = T>) {
    for (place, value) in room.iter_mut().zip(values) {
        place.write(value);
    }
}

fn length(len: c_int) -> Outcome<usize> {
    usize::try_from(len)
        .map_err(|_| Fault::new(MPI_ERR_ARG, format!("the length of an array is not negative, as {len} is")))
}

#[cold]
fn missing(detail: &str) -> Fault {
    Fault::new(MPI_ERR_ARG, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    #[test]
    fn arrays_are_there_or_empty() {
        let numbers = [1, 2, 3];
        // SAFETY: null, or as long as is said.
        unsafe {
            assert_eq!(list(3, numbers.as_ptr()).unwrap(), [1, 2, 3]);
            assert!(list::<c_int>(0, null()).unwrap().is_empty());
            assert_eq!(list::<c_int>(1, null()).unwrap_err().code, MPI_ERR_ARG);
            assert_eq!(list(-1, numbers.as_ptr()).unwrap_err().code, MPI_ERR_ARG);
            let mut two = [0; 2];
            fill(room(2, two.as_mut_ptr()).unwrap(), [7, 8, 9]);
            assert_eq!(two, [7, 8]);
        }
        assert_eq!(wanted(null::<c_int>()).unwrap_err().code, MPI_ERR_ARG);
    }
}
