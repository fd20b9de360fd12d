//! Error handlers of files (MPI 5.0, sections 9.3.3 and 14.7). That of `MPI_FILE_NULL` is the one of files that are opened,
//! and of errors of what is no file.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::errors::{call_handler, give_back, inherit, take_for_file};
use crate::fault::{Outcome, Place};
use crate::files::raised;
use crate::object::put;
use crate::types::{Errhandler, File};

/// That of `MPI_FILE_NULL`.
static OF_NULL: Mutex<Errhandler> = Mutex::new(Errhandler::RETURN);

fn of_null() -> MutexGuard<'static, Errhandler> {
    OF_NULL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of the errors of a file.
pub fn handler(file: File) -> Errhandler {
    file.get().map_or_else(|_| *of_null(), super::FileObject::handler)
}

/// That of `MPI_FILE_NULL`, or of a file.
fn asked(file: File) -> Outcome<Errhandler> {
    if file == File::NULL { Ok(*of_null()) } else { Ok(file.get()?.handler()) }
}

/// `MPI_File_get_errhandler`: of `MPI_FILE_NULL`, the one of files that are opened.
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_errhandler(file: File, errhandler: *mut Errhandler) -> c_int {
    let body = || {
        let known = asked(file)?;
        // SAFETY: the caller's promise.
        unsafe { put(errhandler, inherit(known)) }
    };
    raised("MPI_File_get_errhandler", file, body())
}

/// `MPI_File_set_errhandler`: of `MPI_FILE_NULL`, the one of files that are opened.
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn file_set_errhandler(file: File, errhandler: Errhandler) -> c_int {
    let body = || {
        asked(file)?;
        let new = take_for_file(errhandler)?;
        let old = if file == File::NULL {
            std::mem::replace(&mut *of_null(), new)
        } else {
            file.get()?.set_handler(new)
        };
        give_back(old);
        Ok(())
    };
    raised("MPI_File_set_errhandler", file, body())
}

/// `MPI_File_call_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn file_call_errhandler(file: File, errorcode: c_int) -> c_int {
    let body = || {
        let known = asked(file)?;
        call_handler(known, Place::File(file), errorcode, "an error that the program has raised");
        Ok(())
    };
    raised("MPI_File_call_errhandler", file, body())
}
