//! Performance variables: what is under way at this process (MPI 5.0, section 15.3.7).
//!
//! All of them are levels that are counted when they are read, so that they run always, and cannot be written.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{c_char, c_int, c_void};

use olympi_comm::Counters;

use super::{Told, answer, call, index, name, offer, offer_text};
use crate::constants::{
    MPI_T_BIND_NO_OBJECT, MPI_T_ERR_INVALID, MPI_T_ERR_INVALID_HANDLE, MPI_T_ERR_INVALID_NAME,
    MPI_T_ERR_INVALID_SESSION, MPI_T_ERR_NOT_ACCESSIBLE, MPI_T_ERR_PVAR_NO_ATOMIC,
    MPI_T_ERR_PVAR_NO_STARTSTOP, MPI_T_ERR_PVAR_NO_WRITE, MPI_T_PVAR_ALL_HANDLES, MPI_T_PVAR_CLASS_LEVEL,
    MPI_T_VERBOSITY_USER_DETAIL, MPI_UNSIGNED_LONG_LONG,
};
use crate::global;
use crate::types::{Datatype, PvarHandle, PvarSession, TEnum};

pub(super) struct Pvar {
    name: &'static str,
    meaning: &'static str,
    value: fn(&Counters) -> usize,
}

pub(super) const ALL: [Pvar; 6] = [
    Pvar {
        name: "olympi_communicators",
        meaning: "communicators, those from the beginning included",
        value: |counters| counters.communicators,
    },
    Pvar {
        name: "olympi_operations",
        meaning: "operations whose outcome has not been asked for, the library's own included",
        value: |counters| counters.operations,
    },
    Pvar {
        name: "olympi_operations_moving",
        meaning: "operations that have bytes on their way",
        value: |counters| counters.moving,
    },
    Pvar {
        name: "olympi_posted_receives",
        meaning: "receives that wait for a message",
        value: |counters| counters.posted_receives,
    },
    Pvar {
        name: "olympi_unexpected_messages",
        meaning: "messages that wait for a receive",
        value: |counters| counters.unexpected_messages,
    },
    Pvar {
        name: "olympi_unexpected_bytes",
        meaning: "bytes that are kept of messages which wait for a receive, with some beside each",
        value: |counters| counters.unexpected_bytes,
    },
];

/// Sessions, and the handles of each.
pub(super) struct Sessions {
    sessions: BTreeMap<usize, BTreeSet<usize>>,
    /// Which variable a handle is for.
    handles: BTreeMap<usize, usize>,
}

impl Sessions {
    pub(super) const fn new() -> Self {
        Self { sessions: BTreeMap::new(), handles: BTreeMap::new() }
    }

    fn session(&mut self, session: PvarSession) -> Told<&mut BTreeSet<usize>> {
        self.sessions.get_mut(&session.0).ok_or(MPI_T_ERR_INVALID_SESSION)
    }

    /// The variable of a session's handle.
    fn one(&mut self, session: PvarSession, handle: PvarHandle) -> Told<&'static Pvar> {
        if !self.session(session)?.contains(&handle.0) {
            return Err(MPI_T_ERR_INVALID_HANDLE);
        }
        self.handles.get(&handle.0).map(|at| &ALL[*at]).ok_or(MPI_T_ERR_INVALID_HANDLE)
    }

    /// Looks at a handle for a call that no variable allows: an error, unless it is for all variables that do.
    fn refuse(&mut self, session: PvarSession, handle: PvarHandle, code: c_int) -> Told {
        self.session(session)?;
        if handle.0 == MPI_T_PVAR_ALL_HANDLES {
            return Ok(());
        }
        self.one(session, handle)?;
        Err(code)
    }
}

/// `MPI_T_pvar_get_num`
///
/// # Safety
/// The result has a place.
pub unsafe fn pvar_get_num(num: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(num, ALL.len() as c_int) })
}

/// `MPI_T_pvar_get_info`
///
/// # Safety
/// What is not null has a place, or as much room as is said.
pub unsafe fn pvar_get_info(
    pvar_index: c_int,
    name: *mut c_char,
    name_len: *mut c_int,
    verbosity: *mut c_int,
    var_class: *mut c_int,
    datatype: *mut Datatype,
    enumtype: *mut TEnum,
    desc: *mut c_char,
    desc_len: *mut c_int,
    bind: *mut c_int,
    readonly: *mut c_int,
    continuous: *mut c_int,
    atomic: *mut c_int,
) -> c_int {
    call(|_| {
        let pvar = &ALL[index(pvar_index, ALL.len())?];
        // SAFETY: the caller's promise.
        unsafe {
            offer_text(pvar.name, name, name_len);
            offer(verbosity, MPI_T_VERBOSITY_USER_DETAIL);
            offer(var_class, MPI_T_PVAR_CLASS_LEVEL);
            offer(datatype, Datatype(MPI_UNSIGNED_LONG_LONG));
            offer(enumtype, TEnum::NULL);
            offer_text(pvar.meaning, desc, desc_len);
            offer(bind, MPI_T_BIND_NO_OBJECT);
            offer(readonly, 1);
            offer(continuous, 1);
            offer(atomic, 0);
        }
        Ok(())
    })
}

/// `MPI_T_pvar_get_index`
///
/// # Safety
/// The name ends with a zero, and the result has a place.
pub unsafe fn pvar_get_index(pvar_name: *const c_char, var_class: c_int, pvar_index: *mut c_int) -> c_int {
    call(|_| {
        // SAFETY: the caller's promise.
        let name = unsafe { name(pvar_name) }?;
        let known = |pvar: &Pvar| pvar.name == name && var_class == MPI_T_PVAR_CLASS_LEVEL;
        let at = ALL.iter().position(known).ok_or(MPI_T_ERR_INVALID_NAME)?;
        // SAFETY: as above.
        unsafe { answer(pvar_index, at as c_int) }
    })
}

/// `MPI_T_pvar_session_create`
///
/// # Safety
/// The result has a place.
pub unsafe fn pvar_session_create(session: *mut PvarSession) -> c_int {
    call(|state| {
        if session.is_null() {
            return Err(MPI_T_ERR_INVALID);
        }
        let number = state.number()?;
        state.pvars.sessions.insert(number, BTreeSet::new());
        // SAFETY: the caller's promise.
        unsafe { answer(session, PvarSession(number)) }
    })
}

/// `MPI_T_pvar_session_free`: with its handles.
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn pvar_session_free(session: *mut PvarSession) -> c_int {
    call(|state| {
        // SAFETY: the caller's promise.
        let session = unsafe { session.as_mut() }.ok_or(MPI_T_ERR_INVALID)?;
        let handles = state.pvars.sessions.remove(&session.0).ok_or(MPI_T_ERR_INVALID_SESSION)?;
        state.pvars.handles.retain(|handle, _| !handles.contains(handle));
        *session = PvarSession::NULL;
        Ok(())
    })
}

/// `MPI_T_pvar_handle_alloc`
///
/// # Safety
/// The results have places.
pub unsafe fn pvar_handle_alloc(
    session: PvarSession,
    pvar_index: c_int,
    _object: *mut c_void,
    handle: *mut PvarHandle,
    count: *mut c_int,
) -> c_int {
    call(|state| {
        state.pvars.session(session)?;
        let at = index(pvar_index, ALL.len())?;
        if handle.is_null() || count.is_null() {
            return Err(MPI_T_ERR_INVALID);
        }
        let number = state.number()?;
        state.pvars.session(session)?.insert(number);
        state.pvars.handles.insert(number, at);
        // SAFETY: the caller's promise.
        unsafe {
            answer(handle, PvarHandle(number))?;
            answer(count, 1)
        }
    })
}

/// `MPI_T_pvar_handle_free`
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn pvar_handle_free(session: PvarSession, handle: *mut PvarHandle) -> c_int {
    call(|state| {
        // SAFETY: the caller's promise.
        let handle = unsafe { handle.as_mut() }.ok_or(MPI_T_ERR_INVALID)?;
        if !state.pvars.session(session)?.remove(&handle.0) {
            return Err(MPI_T_ERR_INVALID_HANDLE);
        }
        state.pvars.handles.remove(&handle.0);
        *handle = PvarHandle::NULL;
        Ok(())
    })
}

/// `MPI_T_pvar_start`
///
/// # Safety
/// None.
pub unsafe fn pvar_start(session: PvarSession, handle: PvarHandle) -> c_int {
    call(|state| state.pvars.refuse(session, handle, MPI_T_ERR_PVAR_NO_STARTSTOP))
}

/// `MPI_T_pvar_stop`
///
/// # Safety
/// None.
pub unsafe fn pvar_stop(session: PvarSession, handle: PvarHandle) -> c_int {
    call(|state| state.pvars.refuse(session, handle, MPI_T_ERR_PVAR_NO_STARTSTOP))
}

/// `MPI_T_pvar_read`: outside of a job nothing is under way.
///
/// # Safety
/// There is room for the value.
pub unsafe fn pvar_read(session: PvarSession, handle: PvarHandle, buffer: *mut c_void) -> c_int {
    call(|state| {
        let pvar = state.pvars.one(session, handle)?;
        let counters = match global::with_job(|job| Ok(job.counters())) {
            Ok(counters) => counters.map_err(|_| MPI_T_ERR_NOT_ACCESSIBLE)?,
            Err(_) => Counters::default(),
        };
        // SAFETY: the caller's promise.
        unsafe { answer(buffer.cast(), (pvar.value)(&counters) as u64) }
    })
}

/// `MPI_T_pvar_readreset`
///
/// # Safety
/// None.
pub unsafe fn pvar_readreset(session: PvarSession, handle: PvarHandle, _buffer: *mut c_void) -> c_int {
    call(|state| {
        state.pvars.one(session, handle)?;
        Err(MPI_T_ERR_PVAR_NO_ATOMIC)
    })
}

/// `MPI_T_pvar_reset`
///
/// # Safety
/// None.
pub unsafe fn pvar_reset(session: PvarSession, handle: PvarHandle) -> c_int {
    call(|state| state.pvars.refuse(session, handle, MPI_T_ERR_PVAR_NO_WRITE))
}

/// `MPI_T_pvar_write`
///
/// # Safety
/// None.
pub unsafe fn pvar_write(session: PvarSession, handle: PvarHandle, _buffer: *const c_void) -> c_int {
    call(|state| {
        state.pvars.one(session, handle)?;
        Err(MPI_T_ERR_PVAR_NO_WRITE)
    })
}
