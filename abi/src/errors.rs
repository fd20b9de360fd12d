//! Error handlers, classes, codes and their texts (MPI 5.0, sections 9.3 to 9.5).

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::constants::{
    MPI_ERR_ARG, MPI_ERR_ERRHANDLER, MPI_ERR_LASTCODE, MPI_ERR_OTHER, MPI_MAX_ERROR_STRING, MPI_SUCCESS,
};
use crate::dialect::dialect;
use crate::fault::{Fault, Outcome, Place, anywhere, latest, text};
use crate::global;
use crate::handle::Table;
use crate::object::{put, too_many};
use crate::text::{copy_in, copy_out};
use crate::types::{Callback, Comm, Errhandler, File, Session, Win};

/// A function of the program that is called with errors.
pub struct ErrhandlerObject {
    function: usize,
    scope: Scope,
    /// Objects that have it, and the program's own handle: it goes with the last.
    uses: std::sync::atomic::AtomicUsize,
}

/// On which objects errors are raised that a handler is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    Comm,
    Win,
    File,
    Session,
}

static HANDLERS: Table<ErrhandlerObject> = Table::new(3);

/// Hands an error to a handler. The handler of a fatal one does not come back.
#[cold]
pub fn call_handler(handler: Errhandler, place: Place, code: c_int, detail: &str) {
    match handler {
        Errhandler::RETURN => {}
        Errhandler::FATAL | Errhandler::ABORT => {
            let name = text(code).map_or("an error of the program", |(name, _)| name);
            eprintln!("olympi: {}{detail} ({name}); this error is fatal", who());
            global::abort(code.clamp(1, 255));
        }
        Errhandler(handle) => {
            let Some(object) = HANDLERS.get(handle) else { return };
            // SAFETY: the program has given this function for errors of communicators.
            let on_comm = |comm| unsafe { (dialect().comm_error)(object.function, comm, code) };
            // SAFETY: or for those of sessions.
            let on_session = |session| unsafe { (dialect().session_error)(object.function, session, code) };
            // SAFETY: or for those of files.
            let on_file = |file| unsafe { (dialect().file_error)(object.function, file, code) };
            // SAFETY: or for those of windows.
            let on_win = |win| unsafe { (dialect().win_error)(object.function, win, code) };
            match (object.scope, place) {
                (Scope::Comm, Place::Comm(comm)) => on_comm(comm),
                (Scope::Comm, Place::Anywhere) => on_comm(Comm::SELF),
                // There is no object yet.
                (Scope::Comm, Place::Given(_)) => on_comm(Comm::NULL),
                (Scope::Session, Place::Given(_)) => on_session(Session::NULL),
                (Scope::Session, Place::Session(session)) => on_session(session),
                (Scope::File, Place::File(file)) => on_file(file),
                (Scope::File, Place::Given(_)) => on_file(File::NULL),
                (Scope::Win, Place::Win(win)) => on_win(win),
                // There is no object any more.
                (Scope::Win, Place::Given(_)) => on_win(Win::NULL),
                _ => {}
            }
        }
    }
}

/// This process, for messages.
fn who() -> String {
    Comm::WORLD.get().map_or_else(|_| String::new(), |world| format!("rank {}: ", world.comm.rank()))
}

fn create(function: Callback, scope: Scope, errhandler: *mut Errhandler) -> Outcome {
    if function.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "the function of an error handler is NULL"));
    }
    let object = ErrhandlerObject { function: function as usize, scope, uses: 1.into() };
    let handle = HANDLERS.insert(object).ok_or_else(too_many)?;
    // SAFETY: MPI asks for a place for the result.
    unsafe { put(errhandler, Errhandler(handle)) }
}

/// Notes that another object has a handler.
///
/// # Errors
/// `MPI_ERR_ERRHANDLER`: it is none, or not for such objects.
fn take(handler: Errhandler, scope: Scope) -> Outcome<Errhandler> {
    use std::sync::atomic::Ordering;
    if matches!(handler, Errhandler::FATAL | Errhandler::ABORT | Errhandler::RETURN) {
        return Ok(handler);
    }
    let object = HANDLERS.get(handler.0).ok_or_else(|| {
        Fault::new(MPI_ERR_ERRHANDLER, format!("{:#x} is no error handler, or one that was freed", handler.0))
    })?;
    if object.scope != scope {
        let detail = format!("an error handler for a {:?} is set on a {scope:?}", object.scope);
        return Err(Fault::new(MPI_ERR_ERRHANDLER, detail));
    }
    object.uses.fetch_add(1, Ordering::Relaxed);
    Ok(handler)
}

/// The same for a communicator, or a session that is made with one.
///
/// # Errors
/// As above.
pub fn take_for_comm(handler: Errhandler) -> Outcome<Errhandler> {
    take(handler, Scope::Comm)
}

/// The same for a session.
///
/// # Errors
/// As above.
pub fn take_for_session(handler: Errhandler) -> Outcome<Errhandler> {
    take(handler, Scope::Session)
}

/// The same for a file.
///
/// # Errors
/// As above.
pub fn take_for_file(handler: Errhandler) -> Outcome<Errhandler> {
    take(handler, Scope::File)
}

/// The same for a window.
///
/// # Errors
/// As above.
pub fn take_for_win(handler: Errhandler) -> Outcome<Errhandler> {
    take(handler, Scope::Win)
}

/// What inherits a handler has it too.
pub fn inherit(handler: Errhandler) -> Errhandler {
    use std::sync::atomic::Ordering;
    if let Some(object) = HANDLERS.get(handler.0) {
        object.uses.fetch_add(1, Ordering::Relaxed);
    }
    handler
}

/// An object that had a handler has it no longer.
pub fn give_back(handler: Errhandler) {
    use std::sync::atomic::Ordering;
    if let Some(object) = HANDLERS.get(handler.0)
        && object.uses.fetch_sub(1, Ordering::AcqRel) == 1
    {
        HANDLERS.remove(handler.0);
    }
}

/// `MPI_Comm_create_errhandler`
///
/// # Safety
/// The function is one of such, and the result has a place.
pub unsafe fn comm_create_errhandler(function: Callback, errhandler: *mut Errhandler) -> c_int {
    anywhere("MPI_Comm_create_errhandler", || create(function, Scope::Comm, errhandler))
}

/// `MPI_Win_create_errhandler`
///
/// # Safety
/// As above.
pub unsafe fn win_create_errhandler(function: Callback, errhandler: *mut Errhandler) -> c_int {
    anywhere("MPI_Win_create_errhandler", || create(function, Scope::Win, errhandler))
}

/// `MPI_File_create_errhandler`
///
/// # Safety
/// As above.
pub unsafe fn file_create_errhandler(function: Callback, errhandler: *mut Errhandler) -> c_int {
    anywhere("MPI_File_create_errhandler", || create(function, Scope::File, errhandler))
}

/// `MPI_Session_create_errhandler`
///
/// # Safety
/// As above.
pub unsafe fn session_create_errhandler(function: Callback, errhandler: *mut Errhandler) -> c_int {
    anywhere("MPI_Session_create_errhandler", || create(function, Scope::Session, errhandler))
}

/// `MPI_Errhandler_free`
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn errhandler_free(errhandler: *mut Errhandler) -> c_int {
    anywhere("MPI_Errhandler_free", || {
        // SAFETY: the caller's promise.
        let handle = unsafe { errhandler.as_mut() }
            .ok_or_else(|| Fault::new(MPI_ERR_ARG, "the place of the error handler is NULL"))?;
        let predefined = matches!(*handle, Errhandler::FATAL | Errhandler::ABORT | Errhandler::RETURN);
        if !predefined && HANDLERS.get(handle.0).is_none() {
            return Err(Fault::new(MPI_ERR_ERRHANDLER, "this is no error handler, or one that was freed"));
        }
        give_back(*handle);
        *handle = Errhandler::NULL;
        Ok(())
    })
}

/// `MPI_Comm_get_errhandler`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_get_errhandler(comm: Comm, errhandler: *mut Errhandler) -> c_int {
    // SAFETY: the caller's promise.
    comm.call("MPI_Comm_get_errhandler", |object| unsafe { put(errhandler, inherit(object.handler())) })
}

/// `MPI_Comm_set_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn comm_set_errhandler(comm: Comm, errhandler: Errhandler) -> c_int {
    comm.call("MPI_Comm_set_errhandler", |object| {
        give_back(object.set_handler(take_for_comm(errhandler)?));
        Ok(())
    })
}

/// `MPI_Comm_call_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn comm_call_errhandler(comm: Comm, errorcode: c_int) -> c_int {
    comm.call("MPI_Comm_call_errhandler", |object| {
        call_handler(object.handler(), Place::Comm(comm), errorcode, "an error that the program has raised");
        Ok(())
    })
}

/// `MPI_Session_get_errhandler`
///
/// # Safety
/// The result has a place.
pub unsafe fn session_get_errhandler(session: Session, errhandler: *mut Errhandler) -> c_int {
    crate::sessions::call(session, "MPI_Session_get_errhandler", |object| {
        // SAFETY: the caller's promise.
        unsafe { put(errhandler, inherit(object.handler())) }
    })
}

/// `MPI_Session_set_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn session_set_errhandler(session: Session, errhandler: Errhandler) -> c_int {
    crate::sessions::call(session, "MPI_Session_set_errhandler", |object| {
        give_back(object.set_handler(take_for_session(errhandler)?));
        Ok(())
    })
}

/// `MPI_Session_call_errhandler`
///
/// # Safety
/// None that the arguments do not bring with them.
pub unsafe fn session_call_errhandler(session: Session, errorcode: c_int) -> c_int {
    crate::sessions::call(session, "MPI_Session_call_errhandler", |object| {
        let detail = "an error that the program has raised";
        call_handler(object.handler(), Place::Session(session), errorcode, detail);
        Ok(())
    })
}

/// Classes and codes of the program: the class of each, and its text.
struct Added {
    codes: BTreeMap<c_int, Entry>,
}

#[derive(Default)]
struct Entry {
    class: c_int,
    text: String,
}

static ADDED: Mutex<Added> = Mutex::new(Added { codes: BTreeMap::new() });

fn added() -> MutexGuard<'static, Added> {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `MPI_LASTUSEDCODE`
pub fn last_used_code() -> c_int {
    added().codes.keys().next_back().copied().unwrap_or(MPI_ERR_LASTCODE)
}

impl Added {
    /// A new number, whose class is itself or another one.
    fn add(&mut self, class: Option<c_int>) -> c_int {
        let number = self.codes.keys().next_back().copied().unwrap_or(MPI_ERR_LASTCODE) + 1;
        self.codes.insert(number, Entry { class: class.unwrap_or(number), text: String::new() });
        number
    }

    /// Takes out a class (`whole`) or a code.
    fn remove(&mut self, number: c_int, whole: bool) -> Outcome {
        let Some(entry) = self.codes.get(&number) else { return Err(unknown_code(number)) };
        let is_class = entry.class == number;
        if is_class != whole {
            let kind = if is_class { "an error class, not a code" } else { "an error code, not a class" };
            return Err(Fault::new(MPI_ERR_ARG, format!("{number} is {kind}")));
        }
        if whole && self.codes.iter().any(|(code, entry)| *code != number && entry.class == number) {
            return Err(Fault::new(
                MPI_ERR_OTHER,
                format!("class {number} has codes still: remove them first"),
            ));
        }
        if !self.codes[&number].text.is_empty() {
            return Err(Fault::new(MPI_ERR_OTHER, format!("{number} has a string still: remove it first")));
        }
        self.codes.remove(&number);
        Ok(())
    }
}

#[cold]
fn unknown_code(code: c_int) -> Fault {
    Fault::new(MPI_ERR_ARG, format!("{code} is no error code that the program has added"))
}

/// `MPI_Error_class`
///
/// # Safety
/// The result has a place.
pub unsafe fn error_class(errorcode: c_int, errorclass: *mut c_int) -> c_int {
    anywhere("MPI_Error_class", || {
        let class = match added().codes.get(&errorcode) {
            Some(entry) => entry.class,
            None if text(errorcode).is_some() || crate::tools::is_error(errorcode) => errorcode,
            None => return Err(Fault::new(MPI_ERR_ARG, format!("{errorcode} is no error code"))),
        };
        // SAFETY: the caller's promise.
        unsafe { put(errorclass, class) }
    })
}

/// `MPI_Error_string`: what the class means, and what has happened, if this thread's latest error was of it.
///
/// # Safety
/// `string` has room for `MPI_MAX_ERROR_STRING` characters, and the length has a place.
pub unsafe fn error_string(errorcode: c_int, string: *mut c_char, resultlen: *mut c_int) -> c_int {
    anywhere("MPI_Error_string", || {
        let entry = added().codes.get(&errorcode).map(|entry| entry.text.clone());
        let said = match (entry, text(errorcode)) {
            (Some(text), _) => text,
            (None, Some((name, meaning))) => match latest(errorcode) {
                Some(detail) if errorcode != MPI_SUCCESS => format!("{name}: {meaning}: {detail}"),
                _ => format!("{name}: {meaning}"),
            },
            (None, None) => match crate::tools::error_text(errorcode) {
                Some(text) => text.to_owned(),
                None => return Err(Fault::new(MPI_ERR_ARG, format!("{errorcode} is no error code"))),
            },
        };
        // SAFETY: the caller's promise.
        unsafe { copy_out(&said, string, MPI_MAX_ERROR_STRING, resultlen) }
    })
}

/// `MPI_Add_error_class`
///
/// # Safety
/// The result has a place.
pub unsafe fn add_error_class(errorclass: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Add_error_class", || unsafe { put(errorclass, added().add(None)) })
}

/// `MPI_Add_error_code`
///
/// # Safety
/// The result has a place.
pub unsafe fn add_error_code(errorclass: c_int, errorcode: *mut c_int) -> c_int {
    anywhere("MPI_Add_error_code", || {
        let mut added = added();
        let own = added.codes.get(&errorclass).is_some_and(|entry| entry.class == errorclass);
        if !own && text(errorclass).is_none() {
            return Err(Fault::new(MPI_ERR_ARG, format!("{errorclass} is no error class")));
        }
        // SAFETY: the caller's promise.
        unsafe { put(errorcode, added.add(Some(errorclass))) }
    })
}

/// `MPI_Add_error_string`
///
/// # Safety
/// `string` ends with a zero.
pub unsafe fn add_error_string(errorcode: c_int, string: *const c_char) -> c_int {
    anywhere("MPI_Add_error_string", || {
        // SAFETY: the caller's promise.
        let given = unsafe { copy_in(string) }?;
        let mut added = added();
        let entry = added.codes.get_mut(&errorcode).ok_or_else(|| unknown_code(errorcode))?;
        entry.text = given;
        Ok(())
    })
}

/// `MPI_Remove_error_class`
///
/// # Safety
/// None.
pub unsafe fn remove_error_class(errorclass: c_int) -> c_int {
    anywhere("MPI_Remove_error_class", || added().remove(errorclass, true))
}

/// `MPI_Remove_error_code`
///
/// # Safety
/// None.
pub unsafe fn remove_error_code(errorcode: c_int) -> c_int {
    anywhere("MPI_Remove_error_code", || added().remove(errorcode, false))
}

/// `MPI_Remove_error_string`
///
/// # Safety
/// None.
pub unsafe fn remove_error_string(errorcode: c_int) -> c_int {
    anywhere("MPI_Remove_error_string", || {
        let mut added = added();
        let entry = added.codes.get_mut(&errorcode).ok_or_else(|| unknown_code(errorcode))?;
        entry.text.clear();
        Ok(())
    })
}
