//! Control variables: the settings of the library (MPI 5.0, section 15.3.6).
//!
//! A setting that is a number by default is one always; all others are strings. Those of the collectives can be changed
//! while the program runs, at all ranks in the same way; the others are read when a process joins its job.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use olympi_comm::{Setting, SettingGroup};

use super::{Told, answer, call, index, name, offer, offer_text};
use crate::constants::{
    MPI_CHAR, MPI_T_BIND_NO_OBJECT, MPI_T_ERR_CVAR_SET_NEVER, MPI_T_ERR_CVAR_SET_NOT_NOW, MPI_T_ERR_INVALID,
    MPI_T_ERR_INVALID_HANDLE, MPI_T_ERR_INVALID_NAME, MPI_T_ERR_NOT_ACCESSIBLE, MPI_T_SCOPE_ALL_EQ,
    MPI_T_SCOPE_CONSTANT, MPI_T_VERBOSITY_TUNER_BASIC, MPI_T_VERBOSITY_TUNER_DETAIL,
    MPI_T_VERBOSITY_USER_BASIC, MPI_UNSIGNED_LONG_LONG,
};
use crate::fault::Fault;
use crate::global;
use crate::types::{CvarHandle, Datatype, TEnum};

/// The least room for a string, its end included.
const ROOM: usize = 256;

/// A setting, as a variable.
pub(super) struct Cvar {
    pub(super) setting: Setting,
    /// What it is by default, if it is a number.
    number: Option<u64>,
}

impl Cvar {
    fn is_tunable(&self) -> bool {
        self.setting.group == SettingGroup::Collectives
    }

    fn verbosity(&self) -> c_int {
        match self.setting.group {
            SettingGroup::Job | SettingGroup::Messages => MPI_T_VERBOSITY_USER_BASIC,
            SettingGroup::Collectives => MPI_T_VERBOSITY_TUNER_BASIC,
            _ => MPI_T_VERBOSITY_TUNER_DETAIL,
        }
    }

    fn datatype(&self) -> Datatype {
        Datatype(if self.number.is_some() { MPI_UNSIGNED_LONG_LONG } else { MPI_CHAR })
    }

    /// What it is now, in words; before a job is joined, what it would be.
    fn text(&self) -> Told<String> {
        let told = match global::with_job(|job| Ok(job.setting(self.setting.variable))) {
            Ok(told) => told.map_err(|_| MPI_T_ERR_NOT_ACCESSIBLE)?,
            Err(_) => self.setting.in_environment(),
        };
        Ok(told.unwrap_or_else(|| match self.setting.group {
            // The default says who sets it.
            SettingGroup::Job if self.number.is_none() => String::new(),
            _ => self.setting.default.clone(),
        }))
    }

    fn set(&self, value: &str) -> Told {
        if !self.is_tunable() {
            return Err(MPI_T_ERR_CVAR_SET_NEVER);
        }
        let set = global::with_job(|job| Ok(job.set_tuning(self.setting.variable, value)));
        match set {
            Ok(Ok(())) => Ok(()),
            Ok(Err(olympi_comm::Error::Thread(_))) => Err(MPI_T_ERR_NOT_ACCESSIBLE),
            Ok(Err(_)) => Err(MPI_T_ERR_INVALID),
            Err(Fault { .. }) => Err(MPI_T_ERR_CVAR_SET_NOT_NOW),
        }
    }
}

/// All of them; an index is theirs for ever.
pub(super) fn all() -> &'static [Cvar] {
    static ALL: OnceLock<Vec<Cvar>> = OnceLock::new();
    ALL.get_or_init(|| {
        let cvar = |setting: Setting| Cvar { number: setting.default.parse().ok(), setting };
        olympi_comm::settings().into_iter().map(cvar).collect()
    })
}

/// Handles: which variable, and for how many elements there is room.
pub(super) struct Handles(BTreeMap<usize, (usize, usize)>);

impl Handles {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn get(&self, handle: CvarHandle) -> Told<(&'static Cvar, usize)> {
        let (index, count) = self.0.get(&handle.0).ok_or(MPI_T_ERR_INVALID_HANDLE)?;
        Ok((&all()[*index], *count))
    }
}

/// `MPI_T_cvar_get_num`
///
/// # Safety
/// The result has a place.
pub unsafe fn cvar_get_num(num: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(num, all().len() as c_int) })
}

/// `MPI_T_cvar_get_info`
///
/// # Safety
/// What is not null has a place, or as much room as is said.
pub unsafe fn cvar_get_info(
    cvar_index: c_int,
    name: *mut c_char,
    name_len: *mut c_int,
    verbosity: *mut c_int,
    datatype: *mut Datatype,
    enumtype: *mut TEnum,
    desc: *mut c_char,
    desc_len: *mut c_int,
    bind: *mut c_int,
    scope: *mut c_int,
) -> c_int {
    call(|_| {
        let cvar = &all()[index(cvar_index, all().len())?];
        // SAFETY: the caller's promise.
        unsafe {
            offer_text(cvar.setting.variable, name, name_len);
            offer(verbosity, cvar.verbosity());
            offer(datatype, cvar.datatype());
            offer(enumtype, TEnum::NULL);
            offer_text(&cvar.setting.meaning, desc, desc_len);
            offer(bind, MPI_T_BIND_NO_OBJECT);
            offer(scope, if cvar.is_tunable() { MPI_T_SCOPE_ALL_EQ } else { MPI_T_SCOPE_CONSTANT });
        }
        Ok(())
    })
}

/// `MPI_T_cvar_get_index`
///
/// # Safety
/// The name ends with a zero, and the result has a place.
pub unsafe fn cvar_get_index(cvar_name: *const c_char, cvar_index: *mut c_int) -> c_int {
    call(|_| {
        // SAFETY: the caller's promise.
        let name = unsafe { name(cvar_name) }?;
        let at = all().iter().position(|cvar| cvar.setting.variable == name).ok_or(MPI_T_ERR_INVALID_NAME)?;
        // SAFETY: as above.
        unsafe { answer(cvar_index, at as c_int) }
    })
}

/// `MPI_T_cvar_handle_alloc`
///
/// # Safety
/// The results have places.
pub unsafe fn cvar_handle_alloc(
    cvar_index: c_int,
    _object: *mut c_void,
    handle: *mut CvarHandle,
    count: *mut c_int,
) -> c_int {
    call(|state| {
        let at = index(cvar_index, all().len())?;
        let cvar = &all()[at];
        if handle.is_null() || count.is_null() {
            return Err(MPI_T_ERR_INVALID);
        }
        let room = match cvar.number {
            Some(_) => 1,
            None => ROOM.max(cvar.text()?.len() + 1),
        };
        let number = state.number()?;
        state.cvars.0.insert(number, (at, room));
        // SAFETY: the caller's promise.
        unsafe {
            answer(handle, CvarHandle(number))?;
            answer(count, room as c_int)
        }
    })
}

/// `MPI_T_cvar_handle_free`
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn cvar_handle_free(handle: *mut CvarHandle) -> c_int {
    call(|state| {
        // SAFETY: the caller's promise.
        let handle = unsafe { handle.as_mut() }.ok_or(MPI_T_ERR_INVALID)?;
        state.cvars.0.remove(&handle.0).ok_or(MPI_T_ERR_INVALID_HANDLE)?;
        *handle = CvarHandle::NULL;
        Ok(())
    })
}

/// `MPI_T_cvar_read`
///
/// # Safety
/// There is room for as many elements as the allocation of the handle has said.
pub unsafe fn cvar_read(handle: CvarHandle, buffer: *mut c_void) -> c_int {
    call(|state| {
        let (cvar, room) = state.cvars.get(handle)?;
        let text = cvar.text()?;
        match cvar.number {
            // SAFETY: the caller's promise.
            Some(default) => unsafe { answer(buffer.cast(), text.parse().unwrap_or(default)) },
            None if buffer.is_null() => Err(MPI_T_ERR_INVALID),
            None => {
                // SAFETY: as above.
                unsafe { offer_text(&text, buffer.cast(), &mut (room as c_int)) };
                Ok(())
            }
        }
    })
}

/// `MPI_T_cvar_write`: the same at all ranks, between collectives.
///
/// # Safety
/// There is a number, or a string that ends with a zero or has as many characters as the allocation of the handle has said.
pub unsafe fn cvar_write(handle: CvarHandle, buffer: *const c_void) -> c_int {
    call(|state| {
        let (cvar, room) = state.cvars.get(handle)?;
        if buffer.is_null() {
            return Err(MPI_T_ERR_INVALID);
        }
        if cvar.number.is_some() {
            // SAFETY: the caller's promise.
            let number = unsafe { buffer.cast::<u64>().read_unaligned() };
            return cvar.set(&number.to_string());
        }
        // SAFETY: as above; `strnlen` looks at no more than that, and finds the end if there is one before.
        let bytes = unsafe {
            let len = libc::strnlen(buffer.cast(), room);
            std::slice::from_raw_parts(buffer.cast::<u8>(), len)
        };
        cvar.set(std::str::from_utf8(bytes).map_err(|_| MPI_T_ERR_INVALID)?)
    })
}
