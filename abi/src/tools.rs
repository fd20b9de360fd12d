//! The tool information interface (MPI 5.0, chapter 15): settings and counters.

use std::ffi::c_int;

/// Whether a code is one of this interface.
pub fn is_error(code: c_int) -> bool {
    error_text(code).is_some()
}

/// What a code of this interface means.
pub fn error_text(_code: c_int) -> Option<&'static str> {
    None
}
