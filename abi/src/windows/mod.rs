//! Windows and one-sided access (MPI 5.0, chapter 12). A window ends with the call that the program makes for it; one that
//! it forgets stays to the end of the process.

mod access;
mod elements;
mod handlers;
mod make;
mod questions;
mod sync;

use std::ffi::c_int;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use olympi_comm::{Flavor, Window};

use crate::attributes::Attributes;
use crate::constants::{
    MPI_ERR_WIN, MPI_SUCCESS, MPI_WIN_BASE, MPI_WIN_CREATE_FLAVOR, MPI_WIN_DISP_UNIT,
    MPI_WIN_FLAVOR_ALLOCATE, MPI_WIN_FLAVOR_CREATE, MPI_WIN_FLAVOR_DYNAMIC, MPI_WIN_FLAVOR_SHARED,
    MPI_WIN_MODEL, MPI_WIN_SIZE, MPI_WIN_UNIFIED,
};
use crate::fault::{Fault, Outcome, Place};
use crate::handle::Table;
use crate::object::too_many;
use crate::types::{Aint, Errhandler, Win};

pub use access::*;
pub use handlers::*;
pub use make::*;
pub use questions::*;
pub use sync::*;

/// A window, and what C programs hang on it.
pub struct WindowObject {
    /// The window itself.
    pub window: Window,
    handler: AtomicUsize,
    /// Its attributes, but for those that MPI sets.
    pub attributes: Mutex<Attributes>,
    values: Values,
}

/// What attributes of MPI's own point to.
struct Values {
    size: Aint,
    unit: c_int,
    flavor: c_int,
    model: c_int,
}

impl WindowObject {
    /// One without attributes of the program's, whose errors are fatal (MPI 5.0, section 9.3).
    fn new(window: Window) -> Self {
        let flavor = match window.flavor() {
            Flavor::Create => MPI_WIN_FLAVOR_CREATE,
            Flavor::Allocate => MPI_WIN_FLAVOR_ALLOCATE,
            Flavor::Dynamic => MPI_WIN_FLAVOR_DYNAMIC,
            Flavor::Shared => MPI_WIN_FLAVOR_SHARED,
        };
        let values = Values {
            // It was a number of the program's.
            size: window.size() as Aint,
            // The attribute is an int, whatever the large-count call took.
            unit: c_int::try_from(window.unit()).unwrap_or(c_int::MAX),
            flavor,
            model: MPI_WIN_UNIFIED,
        };
        Self { window, handler: AtomicUsize::new(Errhandler::FATAL.0), attributes: Mutex::default(), values }
    }

    /// What becomes of errors.
    pub fn handler(&self) -> Errhandler {
        Errhandler(self.handler.load(Ordering::Relaxed))
    }

    /// Sets that, and gives what was set before.
    pub fn set_handler(&self, handler: Errhandler) -> Errhandler {
        Errhandler(self.handler.swap(handler.0, Ordering::Relaxed))
    }

    /// The value of an attribute that MPI itself sets: an address, of the memory or of a number; `None`: the keyval is
    /// none of these (MPI 5.0, section 12.2.6).
    pub fn standard(&'static self, keyval: c_int) -> Option<usize> {
        let number = |number: &'static c_int| std::ptr::from_ref(number) as usize;
        Some(match keyval {
            MPI_WIN_BASE => self.window.base() as usize,
            MPI_WIN_SIZE => std::ptr::from_ref(&self.values.size) as usize,
            MPI_WIN_DISP_UNIT => number(&self.values.unit),
            MPI_WIN_CREATE_FLAVOR => number(&self.values.flavor),
            MPI_WIN_MODEL => number(&self.values.model),
            _ => return None,
        })
    }
}

static WINDOWS: Table<WindowObject> = Table::new(12);

impl Win {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_WIN`: there is no such window.
    #[inline]
    pub fn get(self) -> Outcome<&'static WindowObject> {
        WINDOWS.get(self.0).ok_or_else(|| self.unknown())
    }

    #[cold]
    fn unknown(self) -> Fault {
        let detail = match self {
            Self::NULL => "the window is MPI_WIN_NULL".to_owned(),
            Self(handle) => format!("{handle:#x} is no window, or one that was freed"),
        };
        Fault::new(MPI_ERR_WIN, detail)
    }

    /// A handle for a new window.
    fn enroll(window: Window) -> Outcome<Self> {
        WINDOWS.insert(WindowObject::new(window)).map(Self).ok_or_else(too_many)
    }

    /// Runs a call on a window, which is where its errors are raised.
    #[inline]
    pub fn call(self, name: &str, body: impl FnOnce(&'static WindowObject) -> Outcome) -> c_int {
        match self.get().and_then(body) {
            Ok(()) => MPI_SUCCESS,
            Err(fault) => fault.raise(name, Place::Win(self)),
        }
    }
}
