//! The tool information interface (MPI 5.0, section 15.3): settings as control variables, counters as performance variables.
//!
//! Its calls work before `MPI_Init` and after `MPI_Finalize`, tell errors by their codes alone, and call no error handler.

mod categories;
mod cvars;
mod events;
mod pvars;

use std::ffi::{CStr, c_char, c_int};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::constants::{
    MPI_SUCCESS, MPI_T_ERR_CANNOT_INIT, MPI_T_ERR_CVAR_SET_NEVER, MPI_T_ERR_CVAR_SET_NOT_NOW,
    MPI_T_ERR_INVALID, MPI_T_ERR_INVALID_HANDLE, MPI_T_ERR_INVALID_INDEX, MPI_T_ERR_INVALID_ITEM,
    MPI_T_ERR_INVALID_NAME, MPI_T_ERR_INVALID_SESSION, MPI_T_ERR_MEMORY, MPI_T_ERR_NOT_ACCESSIBLE,
    MPI_T_ERR_NOT_INITIALIZED, MPI_T_ERR_NOT_SUPPORTED, MPI_T_ERR_OUT_OF_HANDLES, MPI_T_ERR_OUT_OF_SESSIONS,
    MPI_T_ERR_PVAR_NO_ATOMIC, MPI_T_ERR_PVAR_NO_STARTSTOP, MPI_T_ERR_PVAR_NO_WRITE, MPI_THREAD_MULTIPLE,
};
use crate::environment::level_of;
use crate::text::copy_part;
use crate::types::TEnum;

pub use categories::*;
pub use cvars::*;
pub use events::*;
pub use pvars::*;

/// The codes of this interface, and what they mean.
const ERRORS: [(c_int, &str); 18] = [
    (MPI_T_ERR_CANNOT_INIT, "MPI_T_ERR_CANNOT_INIT: the tool interface cannot start now"),
    (
        MPI_T_ERR_NOT_ACCESSIBLE,
        "MPI_T_ERR_NOT_ACCESSIBLE: this cannot be asked from here: is it another thread?",
    ),
    (MPI_T_ERR_NOT_INITIALIZED, "MPI_T_ERR_NOT_INITIALIZED: call MPI_T_init_thread first"),
    (MPI_T_ERR_NOT_SUPPORTED, "MPI_T_ERR_NOT_SUPPORTED: not supported"),
    (MPI_T_ERR_MEMORY, "MPI_T_ERR_MEMORY: out of memory"),
    (MPI_T_ERR_INVALID, "MPI_T_ERR_INVALID: an argument or a value makes no sense"),
    (MPI_T_ERR_INVALID_INDEX, "MPI_T_ERR_INVALID_INDEX: there is nothing of that index"),
    (MPI_T_ERR_INVALID_ITEM, "MPI_T_ERR_INVALID_ITEM: the enumeration has no such item"),
    (MPI_T_ERR_INVALID_SESSION, "MPI_T_ERR_INVALID_SESSION: this is no session, or one that was freed"),
    (
        MPI_T_ERR_INVALID_HANDLE,
        "MPI_T_ERR_INVALID_HANDLE: this is no handle of the kind, or one that was freed",
    ),
    (MPI_T_ERR_INVALID_NAME, "MPI_T_ERR_INVALID_NAME: there is nothing of that name"),
    (MPI_T_ERR_OUT_OF_HANDLES, "MPI_T_ERR_OUT_OF_HANDLES: there are too many handles"),
    (MPI_T_ERR_OUT_OF_SESSIONS, "MPI_T_ERR_OUT_OF_SESSIONS: there are too many sessions"),
    (
        MPI_T_ERR_CVAR_SET_NOT_NOW,
        "MPI_T_ERR_CVAR_SET_NOT_NOW: the variable can be set while MPI is initialized",
    ),
    (
        MPI_T_ERR_CVAR_SET_NEVER,
        "MPI_T_ERR_CVAR_SET_NEVER: the variable is set by the environment, before the program starts",
    ),
    (MPI_T_ERR_PVAR_NO_WRITE, "MPI_T_ERR_PVAR_NO_WRITE: the variable can be neither written nor reset"),
    (MPI_T_ERR_PVAR_NO_STARTSTOP, "MPI_T_ERR_PVAR_NO_STARTSTOP: the variable runs always"),
    (MPI_T_ERR_PVAR_NO_ATOMIC, "MPI_T_ERR_PVAR_NO_ATOMIC: the variable cannot be read and reset at once"),
];

/// Whether a code is one of this interface.
pub fn is_error(code: c_int) -> bool {
    error_text(code).is_some()
}

/// What a code of this interface means.
pub fn error_text(code: c_int) -> Option<&'static str> {
    ERRORS.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// The code of what went wrong.
type Told<T = ()> = Result<T, c_int>;

/// What the interface has handed out.
struct State {
    /// How often it was started, less how often it was ended.
    uses: usize,
    /// The next handle's number: none is used twice.
    next: usize,
    cvars: cvars::Handles,
    pvars: pvars::Sessions,
}

static STATE: Mutex<State> =
    Mutex::new(State { uses: 0, next: 0, cvars: cvars::Handles::new(), pvars: pvars::Sessions::new() });

fn state() -> MutexGuard<'static, State> {
    // Each change leaves it consistent.
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// A number for a handle: neither null nor one of the interface's constants.
    fn number(&mut self) -> Told<usize> {
        self.next += 1;
        // It fits in an `int`, as handles do elsewhere.
        if self.next < 1 << 29 { Ok(1 << 30 | self.next) } else { Err(MPI_T_ERR_OUT_OF_HANDLES) }
    }
}

/// Runs a call between the start and the end of the interface.
fn call(body: impl FnOnce(&mut State) -> Told) -> c_int {
    let mut state = state();
    if state.uses == 0 {
        return MPI_T_ERR_NOT_INITIALIZED;
    }
    body(&mut state).err().unwrap_or(MPI_SUCCESS)
}

/// Writes a result that the program may want or not.
///
/// # Safety
/// `place` is null, or may be written.
unsafe fn offer<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: the caller's promise.
        unsafe { place.write(value) };
    }
}

/// Writes a result that the program must want.
///
/// # Safety
/// As for [`offer`].
unsafe fn answer<T>(place: *mut T, value: T) -> Told {
    if place.is_null() {
        return Err(MPI_T_ERR_INVALID);
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
    Ok(())
}

/// Writes as much of a string as there is room for, and how much room it needs (MPI 5.0, section 15.3.3).
///
/// # Safety
/// `len` is null or may be read and written; `into` is null or has as much room as that says.
unsafe fn offer_text(text: &str, into: *mut c_char, len: *mut c_int) {
    // SAFETY: the caller's promise.
    let Some(len) = (unsafe { len.as_mut() }) else { return };
    let room = usize::try_from(*len).unwrap_or(0);
    *len = text.len() as c_int + 1;
    if into.is_null() || room == 0 {
        return;
    }
    // SAFETY: the caller's promise. There is a place for it, so that it is copied.
    let _len = unsafe { copy_part(text, into, room) };
}

/// A name that the program asks for.
///
/// # Safety
/// It is null, or ends with a zero.
unsafe fn name<'a>(name: *const c_char) -> Told<&'a str> {
    if name.is_null() {
        return Err(MPI_T_ERR_INVALID);
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| MPI_T_ERR_INVALID_NAME)
}

/// The index of one of so many.
fn index(index: c_int, len: usize) -> Told<usize> {
    usize::try_from(index).ok().filter(|index| *index < len).ok_or(MPI_T_ERR_INVALID_INDEX)
}

/// `MPI_T_init_thread`: any thread may call at any time.
///
/// # Safety
/// The result has a place.
pub unsafe fn init_thread(required: c_int, provided: *mut c_int) -> c_int {
    if level_of(required).is_err() {
        return MPI_T_ERR_INVALID;
    }
    // SAFETY: the caller's promise.
    if let Err(code) = unsafe { answer(provided, MPI_THREAD_MULTIPLE) } {
        return code;
    }
    state().uses += 1;
    MPI_SUCCESS
}

/// `MPI_T_finalize`: the last of them frees what was handed out.
///
/// # Safety
/// None.
pub unsafe fn finalize() -> c_int {
    call(|state| {
        state.uses -= 1;
        if state.uses == 0 {
            state.cvars = cvars::Handles::new();
            state.pvars = pvars::Sessions::new();
        }
        Ok(())
    })
}

/// `MPI_T_enum_get_info`: no variable has an enumeration.
///
/// # Safety
/// None.
pub unsafe fn enum_get_info(
    _enumtype: TEnum,
    _num: *mut c_int,
    _name: *mut c_char,
    _name_len: *mut c_int,
) -> c_int {
    call(|_| Err(MPI_T_ERR_INVALID_HANDLE))
}

/// `MPI_T_enum_get_item`: no variable has an enumeration.
///
/// # Safety
/// None.
pub unsafe fn enum_get_item(
    _enumtype: TEnum,
    _index: c_int,
    _value: *mut c_int,
    _name: *mut c_char,
    _name_len: *mut c_int,
) -> c_int {
    call(|_| Err(MPI_T_ERR_INVALID_HANDLE))
}
