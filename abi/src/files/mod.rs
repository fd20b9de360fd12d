//! Files (MPI 5.0, chapter 14). A file is closed by the call that the program makes for it; one that it forgets stays open
//! to the end of the process.

mod access;
mod handlers;
mod manage;
mod view;

use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::constants::{MPI_ERR_FILE, MPI_SUCCESS};
use crate::fault::{Fault, Outcome, Place};
use crate::handle::Table;
use crate::types::{Errhandler, File};

pub use access::*;
pub use handlers::*;
pub use manage::*;
pub use view::*;

/// A file, and what C programs hang on it.
pub struct FileObject {
    /// The file itself.
    pub file: olympi_comm::File,
    handler: AtomicUsize,
    /// A split collective that has begun.
    half: Mutex<Option<access::Half>>,
}

impl FileObject {
    /// One with an error handler.
    fn new(file: olympi_comm::File, handler: Errhandler) -> Self {
        Self { file, handler: AtomicUsize::new(handler.0), half: Mutex::new(None) }
    }

    fn half(&self) -> MutexGuard<'_, Option<access::Half>> {
        self.half.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of errors.
    pub fn handler(&self) -> Errhandler {
        Errhandler(self.handler.load(Ordering::Relaxed))
    }

    /// Sets that, and gives what was set before.
    pub fn set_handler(&self, handler: Errhandler) -> Errhandler {
        Errhandler(self.handler.swap(handler.0, Ordering::Relaxed))
    }
}

static FILES: Table<FileObject> = Table::new(11);

impl File {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_FILE`: there is no such file.
    pub fn get(self) -> Outcome<&'static FileObject> {
        FILES.get(self.0).ok_or_else(|| self.unknown())
    }

    #[cold]
    fn unknown(self) -> Fault {
        let detail = match self {
            Self::NULL => "the file is MPI_FILE_NULL".to_owned(),
            Self(handle) => format!("{handle:#x} is no file, or one that was closed"),
        };
        Fault::new(MPI_ERR_FILE, detail)
    }

    /// Runs a call on a file.
    fn call(self, name: &str, body: impl FnOnce(&'static FileObject) -> Outcome) -> c_int {
        raised(name, self, self.get().and_then(body))
    }
}

/// Raises an error on a file; on `MPI_FILE_NULL` where there is none (MPI 5.0, section 14.7).
fn raised(name: &str, file: File, result: Outcome) -> c_int {
    match result {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(name, Place::File(file)),
    }
}
