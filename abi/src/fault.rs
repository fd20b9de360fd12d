//! What goes wrong: an error class and a sentence, raised where the standard says (MPI 5.0, section 9.3).
//!
//! Errors of a call on a communicator, window, file or session go to that object's error handler, all others to that of
//! `MPI_COMM_SELF`. The code that a program is given is the class; the sentence is kept for `MPI_Error_string`.

use std::cell::RefCell;
use std::ffi::c_int;

use olympi_comm::{Error, ErrorClass};

use crate::constants::{MPI_ERR_OTHER, MPI_SUCCESS};
use crate::errors;
use crate::global;
use crate::object::CommObject;
use crate::types::{Comm, Errhandler};

/// Why a call has failed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its class, or a code that the program has made.
    pub code: c_int,
    /// What happened.
    pub detail: String,
}

/// What a call comes to.
pub type Outcome<T = ()> = Result<T, Fault>;

impl Fault {
    /// One of our own finding.
    #[cold]
    pub fn new(code: c_int, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Its class, as the library knows it.
    #[cold]
    pub fn class(&self) -> ErrorClass {
        let name = text(self.code).map(|(name, _)| name);
        let class = ErrorClass::ALL.iter().find(|class| Some(class.name()) == name);
        class.copied().unwrap_or(ErrorClass::Other)
    }
}

impl<E: Into<Error>> From<E> for Fault {
    #[cold]
    fn from(error: E) -> Self {
        let error = error.into();
        Self { code: code(error.class()), detail: error.to_string() }
    }
}

/// The names of the classes in the order of their numbers.
const CLASSES: [&str; 63] = [
    "MPI_SUCCESS",
    "MPI_ERR_BUFFER",
    "MPI_ERR_COUNT",
    "MPI_ERR_TYPE",
    "MPI_ERR_TAG",
    "MPI_ERR_COMM",
    "MPI_ERR_RANK",
    "MPI_ERR_REQUEST",
    "MPI_ERR_ROOT",
    "MPI_ERR_GROUP",
    "MPI_ERR_OP",
    "MPI_ERR_TOPOLOGY",
    "MPI_ERR_DIMS",
    "MPI_ERR_ARG",
    "MPI_ERR_UNKNOWN",
    "MPI_ERR_TRUNCATE",
    "MPI_ERR_OTHER",
    "MPI_ERR_INTERN",
    "MPI_ERR_PENDING",
    "MPI_ERR_IN_STATUS",
    "MPI_ERR_ACCESS",
    "MPI_ERR_AMODE",
    "MPI_ERR_ASSERT",
    "MPI_ERR_BAD_FILE",
    "MPI_ERR_BASE",
    "MPI_ERR_CONVERSION",
    "MPI_ERR_DISP",
    "MPI_ERR_DUP_DATAREP",
    "MPI_ERR_FILE_EXISTS",
    "MPI_ERR_FILE_IN_USE",
    "MPI_ERR_FILE",
    "MPI_ERR_INFO_KEY",
    "MPI_ERR_INFO_NOKEY",
    "MPI_ERR_INFO_VALUE",
    "MPI_ERR_INFO",
    "MPI_ERR_IO",
    "MPI_ERR_KEYVAL",
    "MPI_ERR_LOCKTYPE",
    "MPI_ERR_NAME",
    "MPI_ERR_NO_MEM",
    "MPI_ERR_NOT_SAME",
    "MPI_ERR_NO_SPACE",
    "MPI_ERR_NO_SUCH_FILE",
    "MPI_ERR_PORT",
    "MPI_ERR_QUOTA",
    "MPI_ERR_READ_ONLY",
    "MPI_ERR_RMA_ATTACH",
    "MPI_ERR_RMA_CONFLICT",
    "MPI_ERR_RMA_RANGE",
    "MPI_ERR_RMA_SHARED",
    "MPI_ERR_RMA_SYNC",
    "MPI_ERR_SERVICE",
    "MPI_ERR_SIZE",
    "MPI_ERR_SPAWN",
    "MPI_ERR_UNSUPPORTED_DATAREP",
    "MPI_ERR_UNSUPPORTED_OPERATION",
    "MPI_ERR_WIN",
    "MPI_ERR_RMA_FLAVOR",
    "MPI_ERR_PROC_ABORTED",
    "MPI_ERR_VALUE_TOO_LARGE",
    "MPI_ERR_SESSION",
    "MPI_ERR_ERRHANDLER",
    "MPI_ERR_ABI",
];

/// The number of a class in the standard ABI.
#[cold]
pub fn code(class: ErrorClass) -> c_int {
    CLASSES.iter().position(|name| *name == class.name()).map_or(MPI_ERR_OTHER, |at| at as c_int)
}

/// Name and meaning of a class; `None`: there is none of that number.
pub fn text(code: c_int) -> Option<(&'static str, &'static str)> {
    let name = *CLASSES.get(usize::try_from(code).ok()?)?;
    let class = ErrorClass::ALL.iter().find(|class| class.name() == name);
    Some((name, class.map_or("the versions of the ABI do not go together", |class| class.text())))
}

thread_local! {
    /// The latest error of this thread.
    static LATEST: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// What is known of this thread's latest error, if it was of this code.
pub fn latest(code: c_int) -> Option<String> {
    LATEST.with_borrow(|latest| latest.as_ref().filter(|fault| fault.code == code).map(|f| f.detail.clone()))
}

/// Where an error is raised.
#[derive(Clone, Copy)]
pub enum Place {
    /// On a communicator.
    Comm(Comm),
    /// On a session.
    Session(crate::types::Session),
    /// On a file; where there is none, on `MPI_FILE_NULL`, which has an error handler too.
    File(crate::types::File),
    /// On a window.
    Win(crate::types::Win),
    /// On nothing that has an error handler of its own.
    Anywhere,
    /// On an object that is about to be made with this one.
    Given(Errhandler),
}

impl Fault {
    /// Hands it to an error handler, and gives the code that the call returns.
    #[cold]
    #[inline(never)]
    pub fn raise(mut self, call: &str, place: Place) -> c_int {
        self.detail = format!("{call}: {}", self.detail);
        let code = self.code;
        LATEST.set(Some(self.clone()));
        // What is no object has no handler; that of `MPI_COMM_SELF` is then called with `MPI_COMM_SELF`.
        let elsewhere = || (default_handler(), Place::Anywhere);
        let (handler, place) = match place {
            Place::Comm(comm) => comm.get().map_or_else(|_| elsewhere(), |object| (object.handler(), place)),
            Place::Session(session) => {
                crate::sessions::handler(session).map_or_else(elsewhere, |handler| (handler, place))
            }
            Place::File(file) => (crate::files::handler(file), place),
            Place::Win(win) => win.get().map_or_else(|_| elsewhere(), |object| (object.handler(), place)),
            Place::Anywhere => elsewhere(),
            Place::Given(handler) => (handler, place),
        };
        errors::call_handler(handler, place, code, &self.detail);
        code
    }
}

impl From<Comm> for Place {
    fn from(comm: Comm) -> Self {
        Self::Comm(comm)
    }
}

impl From<crate::types::Win> for Place {
    fn from(win: crate::types::Win) -> Self {
        Self::Win(win)
    }
}

/// That of `MPI_COMM_SELF`; before there is one, and after, errors are fatal.
fn default_handler() -> Errhandler {
    Comm::SELF.get().map_or_else(|_| global::initial_handler(), CommObject::handler)
}

/// Runs a call that is not about a communicator.
#[inline]
pub fn anywhere(call: &str, body: impl FnOnce() -> Outcome) -> c_int {
    match body() {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(call, Place::Anywhere),
    }
}

/// Runs a call that makes an object with an error handler, where its errors are raised.
pub fn given(call: &str, handler: Errhandler, body: impl FnOnce() -> Outcome) -> c_int {
    match body() {
        Ok(()) => MPI_SUCCESS,
        Err(fault) => fault.raise(call, Place::Given(handler)),
    }
}

impl Comm {
    /// Runs a call on a communicator. Inlined: what a call captures would go through memory else, which costs as much as the
    /// checks.
    #[inline(always)]
    pub fn call(self, call: &str, body: impl FnOnce(&'static CommObject) -> Outcome) -> c_int {
        match self.get().and_then(body) {
            Ok(()) => MPI_SUCCESS,
            Err(fault) => fault.raise(call, Place::Comm(self)),
        }
    }
}
