//! Error handlers: what a communicator does about an error (MPI 5.0, section 9.3).
//!
//! In Rust every call returns its error, and does nothing else about it: the program decides. What a handler says applies
//! where the program hands an error on to it, by [`Communicator::handle_error`]. The C interface has handlers of its own,
//! which sessions and files have too, and which are functions that take handles.

use std::fmt;
use std::sync::Arc;

use crate::communicator::Communicator;
use crate::error::Error;

/// What is to be done about an error (`MPI_Errhandler`).
#[derive(Clone, Default)]
pub enum ErrorHandler {
    /// The caller gets it (`MPI_ERRORS_RETURN`). Where nothing else is set, this is what a communicator does: the
    /// standard's own default, [`Fatal`](Self::Fatal), is for languages in which an error is easily overlooked.
    #[default]
    Return,
    /// The job ends (`MPI_ERRORS_ARE_FATAL`).
    Fatal,
    /// The processes of the communicator end (`MPI_ERRORS_ABORT`); and with them the job, since launchers end it when
    /// one of its processes does.
    Abort,
    /// This is called with the error, which the caller gets afterwards (`MPI_Comm_create_errhandler`).
    User(UserHandler),
}

/// A function that is called with errors.
pub type UserHandler = Arc<dyn Fn(&Communicator, &Error) + Send + Sync>;

/// The exit code of a job that a handler ends.
const EXIT: i32 = 1;

impl ErrorHandler {
    /// One that calls a function.
    pub fn user(handler: impl Fn(&Communicator, &Error) + Send + Sync + 'static) -> Self {
        Self::User(Arc::new(handler))
    }
}

impl fmt::Debug for ErrorHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Return => "Return",
            Self::Fatal => "Fatal",
            Self::Abort => "Abort",
            Self::User(_) => "User",
        })
    }
}

/// What becomes of errors.
impl Communicator {
    /// What [`handle_error`](Self::handle_error) does here (`MPI_Comm_get_errhandler`).
    pub fn error_handler(&self) -> ErrorHandler {
        self.core.about().handler.clone()
    }

    /// Sets it (`MPI_Comm_set_errhandler`). Communicators that are made of this one inherit it.
    pub fn set_error_handler(&self, handler: ErrorHandler) {
        let old = std::mem::replace(&mut self.core.about().handler, handler);
        drop(old); // The end of a user's function, while nothing is held.
    }

    /// Hands the error of a call, if it is one, to the error handler, and gives the result back if that lets it.
    ///
    /// # Errors
    /// The error of the call.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{ErrorClass, ErrorHandler};
    ///
    /// let comm = universe.world().dup()?;
    /// comm.set_error_handler(ErrorHandler::user(|comm, error| eprintln!("on {comm:?}: {error}")));
    /// let result = comm.handle_error(comm.send(&[1, 2, 3], 99, 0));
    /// assert_eq!(result.unwrap_err().class(), ErrorClass::Rank);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn handle_error<T, E: Into<Error>>(&self, result: Result<T, E>) -> Result<T, Error> {
        result.map_err(|error| self.call_error_handler(error.into()))
    }

    /// Calls the error handler (`MPI_Comm_call_errhandler`), and gives the error back if that lets it.
    #[must_use = "the error goes to whoever handles it next"]
    pub fn call_error_handler(&self, error: Error) -> Error {
        match self.error_handler() {
            ErrorHandler::Return => {}
            ErrorHandler::User(handler) => handler(self, &error),
            ErrorHandler::Fatal | ErrorHandler::Abort => {
                eprintln!("olympi: rank {} of {:?} ends the job: {error}", self.rank(), self.name());
                self.shared.abort(EXIT)
            }
        }
        error
    }
}
