//! Sessions (MPI 5.0, section 11.3).

use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};

use olympi_comm::ThreadLevel;

use crate::arguments::{place, wanted};
use crate::constants::{MPI_ERR_ARG, MPI_ERR_SESSION, MPI_SUCCESS};
use crate::errors;
use crate::fault::{self, Fault, Outcome, Place, anywhere};
use crate::global;
use crate::handle::Table;
use crate::info;
use crate::object::{put, too_many};
use crate::text::{copy_in, copy_part};
use crate::types::{Errhandler, Group, Info, Session};

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
            let detail = match self {
                Self::NULL => "the session is MPI_SESSION_NULL".to_owned(),
                Self(handle) => format!("{handle:#x} is no session, or one that has ended"),
            };
            Fault::new(MPI_ERR_SESSION, detail)
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

/// The thread level that hints ask for. A session is a library's own, which does not know the threads of the program: where
/// it does not say, any may call.
fn level_of(hints: &olympi_comm::Info) -> ThreadLevel {
    use ThreadLevel::{Funneled, Multiple, Serialized, Single};
    let asked = hints.get("thread_level").unwrap_or_default();
    [Single, Funneled, Serialized].into_iter().find(|level| level.name() == asked).unwrap_or(Multiple)
}

/// `MPI_Session_init`: the error handler hears of errors here too.
///
/// # Safety
/// The result has a place.
pub unsafe fn session_init(info: Info, errhandler: Errhandler, session: *mut Session) -> c_int {
    const CALL: &str = "MPI_Session_init";
    let handler = match errors::take_for_session(errhandler) {
        Ok(handler) => handler,
        Err(fault) => return anywhere(CALL, || Err(fault)),
    };
    let code = fault::given(CALL, handler, || {
        wanted(session)?;
        let hints = info.hints()?;
        let opened = global::open_session(level_of(&hints), &hints)?;
        let object = SessionObject { session: opened, handler: AtomicUsize::new(handler.0) };
        let handle = SESSIONS.insert(object).map(Session).ok_or_else(too_many)?;
        // SAFETY: the caller's promise.
        unsafe { put(session, handle) }
    });
    if code != MPI_SUCCESS {
        errors::give_back(handler);
    }
    code
}

/// `MPI_Session_finalize`
///
/// # Safety
/// The handle may be read and written, and no other call of the session is under way.
pub unsafe fn session_finalize(session: *mut Session) -> c_int {
    const CALL: &str = "MPI_Session_finalize";
    // SAFETY: the caller's promise.
    let handle = match unsafe { place(session) } {
        Ok(handle) => handle,
        Err(fault) => return anywhere(CALL, || Err(fault)),
    };
    let given = *handle;
    call(given, CALL, |_| {
        *handle = Session::NULL;
        if let Some(object) = SESSIONS.remove(given.0) {
            errors::give_back(object.handler());
            global::close_session(object.session);
        }
        Ok(())
    })
}

/// `MPI_Session_get_num_psets`
///
/// # Safety
/// The result has a place.
pub unsafe fn session_get_num_psets(session: Session, info: Info, npset_names: *mut c_int) -> c_int {
    call(session, "MPI_Session_get_num_psets", |object| {
        info.hints()?;
        // SAFETY: the caller's promise.
        unsafe { put(npset_names, object.session.psets().len() as c_int) }
    })
}

/// `MPI_Session_get_nth_pset`: `pset_len` is the room that there is, and becomes the room that is needed, zero included.
///
/// # Safety
/// The length may be read and written, and the name has that much room.
pub unsafe fn session_get_nth_pset(
    session: Session,
    info: Info,
    n: c_int,
    pset_len: *mut c_int,
    pset_name: *mut c_char,
) -> c_int {
    call(session, "MPI_Session_get_nth_pset", |object| {
        info.hints()?;
        let names = object.session.psets();
        let name = usize::try_from(n).ok().and_then(|n| names.get(n)).ok_or_else(|| {
            Fault::new(MPI_ERR_ARG, format!("there is no process set {n}: there are {}", names.len()))
        })?;
        // SAFETY: the caller's promise.
        let len = unsafe { place(pset_len) }?;
        let room = usize::try_from(*len).map_err(|_| {
            Fault::new(MPI_ERR_ARG, format!("the length of a name is not negative, as {len} is"))
        })?;
        if room > 0 {
            // SAFETY: as above.
            unsafe { copy_part(name, pset_name, room) }?;
        }
        *len = name.len() as c_int + 1;
        Ok(())
    })
}

/// `MPI_Session_get_info`
///
/// # Safety
/// The result has a place.
pub unsafe fn session_get_info(session: Session, info_used: *mut Info) -> c_int {
    call(session, "MPI_Session_get_info", |object| {
        wanted(info_used)?;
        // SAFETY: the caller's promise.
        unsafe { put(info_used, info::make(object.session.info().clone())?) }
    })
}

/// `MPI_Session_get_pset_info`
///
/// # Safety
/// The name ends with a zero, and the result has a place.
pub unsafe fn session_get_pset_info(session: Session, pset_name: *const c_char, info: *mut Info) -> c_int {
    call(session, "MPI_Session_get_pset_info", |object| {
        wanted(info)?;
        // SAFETY: the caller's promise.
        let known = object.session.pset_info(&unsafe { copy_in(pset_name) }?)?;
        // SAFETY: as above.
        unsafe { put(info, info::make(known)?) }
    })
}

/// `MPI_Group_from_session_pset`
///
/// # Safety
/// The name ends with a zero, and the result has a place.
pub unsafe fn group_from_session_pset(
    session: Session,
    pset_name: *const c_char,
    newgroup: *mut Group,
) -> c_int {
    call(session, "MPI_Group_from_session_pset", |object| {
        wanted(newgroup)?;
        // SAFETY: the caller's promise.
        let group = object.session.group_from_pset(&unsafe { copy_in(pset_name) }?)?;
        // SAFETY: as above.
        unsafe { put(newgroup, Group::make(group)?) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_say_which_threads_may_call() {
        let mut hints = olympi_comm::Info::new();
        assert_eq!(level_of(&hints), ThreadLevel::Multiple);
        hints.set("thread_level", "MPI_THREAD_FUNNELED").unwrap();
        assert_eq!(level_of(&hints), ThreadLevel::Funneled);
        assert_eq!(Session::NULL.get().err().unwrap().code, MPI_ERR_SESSION);
    }
}
