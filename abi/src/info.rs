//! Info objects: keys and values (MPI 5.0, chapter 10).

use std::ffi::{c_char, c_int};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::arguments::{list, place, wanted};
use crate::constants::{
    MPI_ERR_ARG, MPI_ERR_INFO, MPI_ERR_INFO_KEY, MPI_ERR_INFO_VALUE, MPI_MAX_INFO_KEY, MPI_MAX_INFO_VAL,
};
use crate::fault::{Fault, Outcome, anywhere};
use crate::global;
use crate::handle::Table;
use crate::object::{flag, put, too_many};
use crate::text::{copy_in, copy_part};
use crate::types::Info;

/// Info objects.
pub static INFOS: Table<Mutex<olympi_comm::Info>> = Table::new(5);

/// `MPI_INFO_ENV`: the same for ever.
static ENV: OnceLock<olympi_comm::Info> = OnceLock::new();

/// A handle for a new one.
///
/// # Errors
/// `MPI_ERR_NO_MEM`: there are too many.
pub fn make(info: olympi_comm::Info) -> Outcome<Info> {
    INFOS.insert(Mutex::new(info)).map(Info).ok_or_else(too_many)
}

impl Info {
    /// What it says, to a call that takes hints: `MPI_INFO_NULL` says nothing.
    ///
    /// # Errors
    /// `MPI_ERR_INFO`: there is no such object.
    pub fn hints(self) -> Outcome<olympi_comm::Info> {
        match self {
            Self::NULL => Ok(olympi_comm::Info::new()),
            info => info.read(Clone::clone),
        }
    }

    /// Reads it.
    fn read<R>(self, body: impl FnOnce(&olympi_comm::Info) -> R) -> Outcome<R> {
        if self == Self::ENV {
            return env().map(body);
        }
        let object = INFOS.get(self.0).ok_or_else(|| self.unknown())?;
        // Nothing that is done with it can panic halfway.
        Ok(body(&object.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Changes it.
    fn change<R>(self, body: impl FnOnce(&mut olympi_comm::Info) -> R) -> Outcome<R> {
        let object = INFOS.get(self.0).ok_or_else(|| self.unknown())?;
        Ok(body(&mut object.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Tells the program something by it, if it is one that can be changed.
    ///
    /// # Errors
    /// `MPI_ERR_INFO`: there is no such object.
    pub fn tell(self, key: &str, value: &str) -> Outcome {
        match self {
            Self::NULL | Self::ENV => Ok(()),
            info => Ok(info.change(|info| info.set(key, value))??),
        }
    }

    #[cold]
    fn unknown(self) -> Fault {
        let detail = match self {
            Self::NULL => "the info object is MPI_INFO_NULL".to_owned(),
            Self::ENV => {
                "MPI_INFO_ENV cannot be changed or freed; MPI_Info_dup gives one that can".to_owned()
            }
            Self(handle) => format!("{handle:#x} is no info object, or one that was freed"),
        };
        Fault::new(MPI_ERR_INFO, detail)
    }
}

fn env() -> Outcome<&'static olympi_comm::Info> {
    if let Some(env) = ENV.get() {
        return Ok(env);
    }
    let env = global::with_job(|job| Ok(job.info_env()))?;
    Ok(ENV.get_or_init(|| env))
}

/// A key that the program gives.
unsafe fn key_of(key: *const c_char) -> Outcome<String> {
    let wrong = |detail: String| Err(Fault::new(MPI_ERR_INFO_KEY, detail));
    if key.is_null() {
        return wrong("the key is NULL".to_owned());
    }
    // SAFETY: the caller's promise: it ends with a zero.
    let key = unsafe { copy_in(key) }?;
    if key.is_empty() || key.len() >= MPI_MAX_INFO_KEY as usize {
        return wrong(format!("a key has 1 to {} characters, not {}", MPI_MAX_INFO_KEY - 1, key.len()));
    }
    Ok(key)
}

/// `MPI_Info_create`
///
/// # Safety
/// The result has a place.
pub unsafe fn info_create(info: *mut Info) -> c_int {
    anywhere("MPI_Info_create", || {
        wanted(info)?;
        // SAFETY: the caller's promise.
        unsafe { put(info, make(olympi_comm::Info::new())?) }
    })
}

/// `MPI_Info_create_env`: of the arguments that are given; without any, of those that this process was started with.
///
/// # Safety
/// The arguments are so many strings, and the result has a place.
pub unsafe fn info_create_env(argc: c_int, argv: *mut *mut c_char, info: *mut Info) -> c_int {
    anywhere("MPI_Info_create_env", || {
        wanted(info)?;
        let given = if argv.is_null() { 0 } else { argc };
        // SAFETY: the caller's promise.
        let given = unsafe { list(given, argv) }?;
        // SAFETY: the same; the list ends early where an address is NULL, as that of `main` does.
        let given = given.iter().take_while(|one| !one.is_null()).map(|one| unsafe { copy_in(*one) });
        let arguments = given.collect::<Outcome<Vec<String>>>()?;
        let mut made = if arguments.is_empty() {
            let own = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
            olympi_comm::Info::of_environment(own)
        } else {
            olympi_comm::Info::of_environment(arguments)
        };
        // What the job knows, if there is one.
        if let Ok(env) = env() {
            for key in ["maxprocs", "thread_level"] {
                if let Some(value) = env.get(key) {
                    made.set(key, value)?;
                }
            }
        }
        // SAFETY: as above.
        unsafe { put(info, make(made)?) }
    })
}

/// `MPI_Info_dup`
///
/// # Safety
/// The result has a place.
pub unsafe fn info_dup(info: Info, newinfo: *mut Info) -> c_int {
    anywhere("MPI_Info_dup", || {
        wanted(newinfo)?;
        let copy = info.read(Clone::clone)?;
        // SAFETY: the caller's promise.
        unsafe { put(newinfo, make(copy)?) }
    })
}

/// `MPI_Info_free`
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn info_free(info: *mut Info) -> c_int {
    anywhere("MPI_Info_free", || {
        // SAFETY: the caller's promise.
        let handle = unsafe { place(info) }?;
        INFOS.remove(handle.0).ok_or_else(|| handle.unknown())?;
        *handle = Info::NULL;
        Ok(())
    })
}

/// `MPI_Info_set`
///
/// # Safety
/// Key and value end with a zero.
pub unsafe fn info_set(info: Info, key: *const c_char, value: *const c_char) -> c_int {
    anywhere("MPI_Info_set", || {
        // Whether it may be changed comes first.
        info.change(|_| ())?;
        // SAFETY: the caller's promise.
        let key = unsafe { key_of(key) }?;
        if value.is_null() {
            return Err(Fault::new(MPI_ERR_INFO_VALUE, format!("the value of \"{key}\" is NULL")));
        }
        // SAFETY: as above.
        let value = unsafe { copy_in(value) }?;
        if value.len() >= MPI_MAX_INFO_VAL as usize {
            let (len, most) = (value.len(), MPI_MAX_INFO_VAL - 1);
            let detail =
                format!("the value of \"{key}\" has {len} characters, but a value has at most {most}");
            return Err(Fault::new(MPI_ERR_INFO_VALUE, detail));
        }
        Ok(info.change(|info| info.set(&key, &value))??)
    })
}

/// `MPI_Info_delete`
///
/// # Safety
/// The key ends with a zero.
pub unsafe fn info_delete(info: Info, key: *const c_char) -> c_int {
    anywhere("MPI_Info_delete", || {
        info.change(|_| ())?;
        // SAFETY: the caller's promise.
        let key = unsafe { key_of(key) }?;
        Ok(info.change(|info| info.delete(&key))??)
    })
}

/// The value of a key that the program names.
unsafe fn value_of(info: Info, key: *const c_char) -> Outcome<Option<String>> {
    info.read(|_| ())?;
    // SAFETY: the caller's promise.
    let key = unsafe { key_of(key) }?;
    info.read(|info| info.get(&key).map(str::to_owned))
}

/// `MPI_Info_get`: as many characters as `valuelen` says, and a zero.
///
/// # Safety
/// The key ends with a zero, the value has room for one character more than `valuelen`, and the flag has a place.
pub unsafe fn info_get(
    info: Info,
    key: *const c_char,
    valuelen: c_int,
    value: *mut c_char,
    found: *mut c_int,
) -> c_int {
    anywhere("MPI_Info_get", || {
        // SAFETY: the caller's promise.
        unsafe {
            let known = value_of(info, key)?;
            wanted(found)?;
            let Ok(len) = usize::try_from(valuelen) else {
                let detail = format!("the length of a value is not negative, as {valuelen} is");
                return Err(Fault::new(MPI_ERR_ARG, detail));
            };
            if let Some(known) = &known {
                copy_part(known, value, len + 1)?;
            }
            put(found, flag(known.is_some()))
        }
    })
}

/// `MPI_Info_get_string`: `buflen` is the room that there is, and becomes the room that is needed, zero included.
///
/// # Safety
/// The key ends with a zero, the value has that much room, and the results have places.
pub unsafe fn info_get_string(
    info: Info,
    key: *const c_char,
    buflen: *mut c_int,
    value: *mut c_char,
    found: *mut c_int,
) -> c_int {
    anywhere("MPI_Info_get_string", || {
        // SAFETY: the caller's promise.
        unsafe {
            let known = value_of(info, key)?;
            wanted(found)?;
            let len = place(buflen)?;
            let Ok(room) = usize::try_from(*len) else {
                let detail = format!("the length of a buffer is not negative, as {len} is");
                return Err(Fault::new(MPI_ERR_ARG, detail));
            };
            if let Some(known) = &known {
                if room > 0 {
                    copy_part(known, value, room)?;
                }
                *len = known.len() as c_int + 1;
            }
            put(found, flag(known.is_some()))
        }
    })
}

/// `MPI_Info_get_valuelen`: without the zero at the end.
///
/// # Safety
/// The key ends with a zero, and the results have places.
pub unsafe fn info_get_valuelen(
    info: Info,
    key: *const c_char,
    valuelen: *mut c_int,
    found: *mut c_int,
) -> c_int {
    anywhere("MPI_Info_get_valuelen", || {
        // SAFETY: the caller's promise.
        unsafe {
            let known = value_of(info, key)?;
            wanted(found)?;
            if let Some(known) = &known {
                put(valuelen, known.len() as c_int)?;
            }
            put(found, flag(known.is_some()))
        }
    })
}

/// `MPI_Info_get_nkeys`
///
/// # Safety
/// The result has a place.
pub unsafe fn info_get_nkeys(info: Info, nkeys: *mut c_int) -> c_int {
    anywhere("MPI_Info_get_nkeys", || {
        let len = info.read(olympi_comm::Info::len)?;
        // SAFETY: the caller's promise.
        unsafe { put(nkeys, len as c_int) }
    })
}

/// `MPI_Info_get_nthkey`
///
/// # Safety
/// The key has room for `MPI_MAX_INFO_KEY` characters.
pub unsafe fn info_get_nthkey(info: Info, n: c_int, key: *mut c_char) -> c_int {
    anywhere("MPI_Info_get_nthkey", || {
        let (known, len) = info.read(|info| {
            let at = usize::try_from(n).ok();
            (at.and_then(|at| info.key(at)).map(str::to_owned), info.len())
        })?;
        let none = || Fault::new(MPI_ERR_ARG, format!("there is no key {n}: the info object has {len}"));
        // SAFETY: the caller's promise.
        unsafe { copy_part(&known.ok_or_else(none)?, key, MPI_MAX_INFO_KEY as usize) }?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_of_nothing_are_none() {
        assert!(Info::NULL.hints().unwrap().is_empty());
        assert_eq!(Info(0x7).hints().unwrap_err().code, MPI_ERR_INFO);
        assert_eq!(Info::NULL.read(|_| ()).unwrap_err().code, MPI_ERR_INFO);
        let made = make(olympi_comm::Info::new()).unwrap();
        made.change(|info| info.set("k", "v")).unwrap().unwrap();
        assert_eq!(made.hints().unwrap().get("k"), Some("v"));
        assert_eq!(Info::ENV.change(|_| ()).unwrap_err().code, MPI_ERR_INFO);
    }
}
