//! Derived datatypes and packing (MPI 5.0, chapter 5).
//!
//! What a datatype is, and how its elements lie in memory, is known to [`Layout`]; here are the handles, the checks of what
//! C programs give, and the arguments in the integers in which they came.

mod arrays;
mod bounds;
mod constructors;
mod contents;
mod external;
mod handles;
mod pack;
mod sized;
mod unnamed;

use std::ffi::c_int;

use olympi_comm::Datatype as Layout;

use crate::constants::{MPI_ERR_ARG, MPI_ERR_COUNT};
use crate::fault::{Fault, Outcome};
use crate::object::put;
use crate::types::{Datatype, Number};

pub use arrays::*;
pub use bounds::*;
pub use constructors::*;
pub use contents::*;
pub use external::*;
pub use handles::*;
pub use pack::*;
pub use sized::*;
pub use unnamed::{class_of, handle_of, is_predefined};

/// The mark of datatypes whose constructor was called in its large-count form.
const LARGE: u32 = 1;

/// Numbers that a program gives in an array.
///
/// # Errors
/// `MPI_ERR_ARG`: there are to be some, and the array is NULL.
///
/// # Safety
/// The array is null, or has so many elements that may be read.
unsafe fn listed<'a, T>(array: *const T, count: usize, what: &str) -> Outcome<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if array.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, format!("the array of {what} is NULL")));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(array, count) })
}

/// A number that may not be negative, by its name.
fn natural<N: Number>(number: N, what: &str) -> Outcome<usize> {
    usize::try_from(number.wide()).map_err(|_| {
        Fault::new(MPI_ERR_COUNT, format!("the {what} is not negative, as {} is", number.wide()))
    })
}

/// The same, where a wrong one is a wrong argument.
fn argument<N: Number>(number: N, what: &str) -> Outcome<usize> {
    usize::try_from(number.wide())
        .map_err(|_| Fault::new(MPI_ERR_ARG, format!("the {what} is not negative, as {} is", number.wide())))
}

/// Gives a new datatype to the program, in which it is remembered in which integers its arguments came.
///
/// # Safety
/// The place is null, or may be written.
unsafe fn give(datatype: Layout, large: bool, place: *mut Datatype) -> Outcome {
    if place.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "the place of the new datatype is NULL"));
    }
    let datatype = if large { datatype.marked(LARGE) } else { datatype };
    // SAFETY: the caller's promise.
    unsafe { put(place, Datatype::make(datatype)?) }
}

/// A size or a bound in the integer that the program has for it: where it does not fit, it is `MPI_UNDEFINED`.
pub(crate) fn fitting<N: Number>(wide: i64) -> Outcome<N> {
    let undefined = i64::from(crate::constants::MPI_UNDEFINED);
    N::narrow(wide).or_else(|| N::narrow(undefined)).ok_or_else(|| too_large(wide))
}

/// A number that the program's integer must hold.
fn exact<N: Number>(wide: i64) -> Outcome<N> {
    N::narrow(wide).ok_or_else(|| too_large(wide))
}

#[cold]
fn too_large(number: i64) -> Fault {
    let detail = format!("{number} does not fit in the argument: call the large-count form");
    Fault::new(crate::constants::MPI_ERR_VALUE_TOO_LARGE, detail)
}

/// One of several constants; else it is a wrong argument.
fn chosen<T: Copy>(value: c_int, of: &[(c_int, T)], what: &str) -> Outcome<T> {
    of.iter()
        .find(|(constant, _)| *constant == value)
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| Fault::new(MPI_ERR_ARG, format!("{value} is no {what}")))
}
