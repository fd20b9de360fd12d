//! Sizes and extents (MPI 5.0, sections 5.1.5 and 5.1.7 to 5.1.9).
//!
//! Where they do not fit in the program's integer, that is set to `MPI_UNDEFINED`.

use std::ffi::c_int;

use crate::datatypes::fitting;
use crate::fault::anywhere;
use crate::object::put;
use crate::types::{Datatype, Number};

/// `MPI_Type_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_size<N: Number>(datatype: Datatype, size: *mut N) -> c_int {
    anywhere("MPI_Type_size", || {
        let wide = i64::try_from(datatype.get()?.datatype.size()).unwrap_or(i64::MAX);
        // SAFETY: the caller's promise.
        unsafe { put(size, fitting(wide)?) }
    })
}

/// `MPI_Type_get_extent`
///
/// # Safety
/// The results have places.
pub unsafe fn type_get_extent<N: Number>(datatype: Datatype, lb: *mut N, extent: *mut N) -> c_int {
    anywhere("MPI_Type_get_extent", || {
        let of = &datatype.get()?.datatype;
        // SAFETY: the caller's promise.
        unsafe {
            put(lb, fitting(of.lb())?)?;
            put(extent, fitting(of.extent())?)
        }
    })
}

/// `MPI_Type_get_true_extent`
///
/// # Safety
/// The results have places.
pub unsafe fn type_get_true_extent<N: Number>(datatype: Datatype, lb: *mut N, extent: *mut N) -> c_int {
    anywhere("MPI_Type_get_true_extent", || {
        let of = &datatype.get()?.datatype;
        // SAFETY: the caller's promise.
        unsafe {
            put(lb, fitting(of.true_lb())?)?;
            put(extent, fitting(of.true_extent())?)
        }
    })
}
