//! Sessions (MPI 5.0, section 11.3).

use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::constants::{MPI_ERR_SESSION, MPI_SUCCESS};
use crate::fault::{Fault, Outcome, Place};
use crate::handle::Table;
use crate::types::{Errhandler, Session};

/// A session, and what C programs hang on it.
pub struct SessionObject {
    /// The session itself.
    pub session: olympi_comm::Session,
    handler: AtomicUsize,
}

impl SessionObject {
    /// What becomes of errors.
    pub fn handler(&self) -> Errhandler {
        Errhandler(self.handler.load(Ordering::Relaxed))
    }

    /// Sets that, and gives what was set before.
    pub fn set_handler(&self, handler: Errhandler) -> Errhandler {
        Errhandler(self.handler.swap(handler.0, Ordering::Relaxed))
    }
}

static SESSIONS: Table<SessionObject> = Table::new(4);

impl Session {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_SESSION`: there is no such session.
    pub fn get(self) -> Outcome<&'static SessionObject> {
        SESSIONS.get(self.0).ok_or_else(|| {
            Fault::new(MPI_ERR_SESSION, format!("{:#x} is no session, or one that has ended", self.0))
        })
    }
}

/// Runs a call on a session.
pub fn call(session: Session, name: &str, body: impl FnOnce(&'static SessionObject) -> Outcome) -> c_int {
    match session.get().and_then(body) {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(name, Place::Session(session)),
    }
}

/// What becomes of a session's errors.
pub fn handler(session: Session) -> Option<Errhandler> {
    session.get().ok().map(SessionObject::handler)
}
