//! Calls that this version of the library does not have: representations of a program's own in files, and processes that are
//! started or met while the program runs. Each says so where the standard has its errors raised (MPI 5.0,
//! sections 9.3 and 14.7).

use std::ffi::c_int;

use crate::constants::MPI_ERR_UNSUPPORTED_OPERATION;
use crate::fault::{self, Fault, Place};
use crate::types::{Comm, File};

#[cold]
fn later() -> Fault {
    Fault::new(MPI_ERR_UNSUPPORTED_OPERATION, "this call comes with a later version of Olympi")
}

/// A call on a communicator.
///
/// # Safety
/// None.
pub unsafe fn of_comm(name: &str, comm: Comm) -> c_int {
    comm.call(name, |_| Err(later()))
}

/// A call on a file.
///
/// # Safety
/// None.
pub unsafe fn of_file(name: &str, file: File) -> c_int {
    later().raise(name, Place::File(file))
}

/// A call on nothing that has an error handler of its own.
///
/// # Safety
/// None.
pub unsafe fn anywhere(name: &str) -> c_int {
    fault::anywhere(name, || Err(later()))
}
