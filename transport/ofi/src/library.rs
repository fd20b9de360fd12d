//! libfabric, loaded at run time.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::StartError;
use crate::ffi::{fi_fabric_attr, fi_info, fid_fabric, version};

/// The newest interface that is understood here; an older library is asked for its own.
const NEWEST: u32 = version(1, 17);
/// The oldest that has all that is used.
const OLDEST: u32 = version(1, 9);
/// Where the library is looked for unless the user says.
const NAMES: [&str; 1] = ["libfabric.so.1"];

type GetInfo =
    unsafe extern "C" fn(u32, *const c_char, *const c_char, u64, *const fi_info, *mut *mut fi_info) -> c_int;

/// The loaded library. It is never unloaded: its providers leave threads and handlers behind.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) getinfo: GetInfo,
    pub(crate) freeinfo: unsafe extern "C" fn(*mut fi_info),
    pub(crate) dupinfo: unsafe extern "C" fn(*const fi_info) -> *mut fi_info,
    pub(crate) fabric: unsafe extern "C" fn(*mut fi_fabric_attr, *mut *mut fid_fabric, *mut c_void) -> c_int,
    strerror: unsafe extern "C" fn(c_int) -> *const c_char,
    /// The interface that it is asked for.
    pub(crate) api: u32,
    /// Its own version.
    version: u32,
    /// The file, as it was asked for.
    name: String,
}

impl Library {
    /// Loads `path`, or the system's library if that is empty. `size` is how many ranks the job has.
    pub(crate) fn load(path: &str, size: u32) -> Result<Arc<Self>, StartError> {
        prepare_environment(size);
        let names: Vec<&str> = if path.is_empty() { NAMES.to_vec() } else { vec![path] };
        let mut failures = Vec::new();
        for name in names {
            match open(name) {
                Ok(handle) => return Self::bind(handle, name).map(Arc::new),
                Err(failure) => failures.push(failure),
            }
        }
        let remedy = if path.is_empty() {
            "install libfabric (Debian: libfabric1), or say where it is with OLYMPI_OFI_LIBRARY"
        } else if Path::new(path).exists() {
            "the file of OLYMPI_OFI_LIBRARY is there, but cannot be loaded: `ldd` tells what it misses"
        } else {
            "correct OLYMPI_OFI_LIBRARY"
        };
        Err(StartError::Library { detail: failures.join("; "), remedy })
    }

    fn bind(handle: *mut c_void, name: &str) -> Result<Self, StartError> {
        let find = |symbol: &'static CStr, version: &'static CStr| {
            // SAFETY: the handle is of a library that is never unloaded; both names are C strings.
            let mut found = unsafe { libc::dlvsym(handle, symbol.as_ptr(), version.as_ptr()) };
            if found.is_null() {
                // A library that was built without symbol versions has one of each.
                // SAFETY: as above.
                found = unsafe { libc::dlsym(handle, symbol.as_ptr()) };
            }
            if found.is_null() {
                let (symbol, version) = (symbol.to_string_lossy(), version.to_string_lossy());
                return Err(StartError::Library {
                    detail: format!("{name} has no {symbol}@{version}"),
                    remedy: "use libfabric 1.9 or newer",
                });
            }
            Ok(found)
        };
        // The structures of `fi_info` changed between versions; those here belong to FABRIC_1.3.
        let own = c"FABRIC_1.3";
        // SAFETY: under these names and versions the library exports functions of these types, which fi_errno.h and
        // fabric.h declare.
        let (getinfo, freeinfo, dupinfo, fabric, strerror, fi_version) = unsafe {
            (
                std::mem::transmute::<*mut c_void, GetInfo>(find(c"fi_getinfo", own)?),
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut fi_info)>(find(
                    c"fi_freeinfo",
                    own,
                )?),
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*const fi_info) -> *mut fi_info>(
                    find(c"fi_dupinfo", own)?,
                ),
                std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut fi_fabric_attr, *mut *mut fid_fabric, *mut c_void) -> c_int,
                >(find(c"fi_fabric", c"FABRIC_1.1")?),
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> *const c_char>(find(
                    c"fi_strerror",
                    c"FABRIC_1.0",
                )?),
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> u32>(find(
                    c"fi_version",
                    c"FABRIC_1.0",
                )?),
            )
        };
        // SAFETY: it takes nothing and reads a constant.
        let has = unsafe { fi_version() };
        let library = Self {
            getinfo,
            freeinfo,
            dupinfo,
            fabric,
            strerror,
            api: has.min(NEWEST),
            version: has,
            name: name.to_owned(),
        };
        if has < OLDEST {
            return Err(StartError::Library {
                detail: library.describe(),
                remedy: "use libfabric 1.9 or newer",
            });
        }
        Ok(library)
    }

    /// Its version, major and minor.
    pub(crate) fn version(&self) -> (u32, u32) {
        (self.version >> 16, self.version & 0xFFFF)
    }

    /// Which library it is, for people.
    pub(crate) fn describe(&self) -> String {
        let (major, minor) = self.version();
        format!("{} {major}.{minor}", self.name)
    }

    /// An error number (positive or negative) in words.
    pub(crate) fn words(&self, error: impl Into<i64>) -> String {
        let error = i32::try_from(error.into().unsigned_abs()).unwrap_or(i32::MAX);
        // SAFETY: it answers with a C string for any number, of the thread's own or constant.
        let text = unsafe { (self.strerror)(error) };
        if text.is_null() {
            return format!("error {error}");
        }
        // SAFETY: as above; it is copied before anything else is asked.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}

fn open(name: &str) -> Result<*mut c_void, String> {
    let Ok(path) = CString::new(name) else { return Err(format!("{name:?} is no file name")) };
    // SAFETY: the path is a C string. Loading runs the library's constructors, which are those of libfabric or of what
    // the user named.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        // SAFETY: after a failure it answers with a C string of this thread, or with null.
        let text = unsafe { libc::dlerror() };
        if text.is_null() {
            return Err(format!("{name} cannot be loaded"));
        }
        // SAFETY: as above.
        return Err(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned());
    }
    Ok(handle)
}

/// Sets what keeps libfabric's memory small, unless the user has set it. The library reads it when it is loaded.
fn prepare_environment(size: u32) {
    static DONE: Mutex<bool> = Mutex::new(false);
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::replace(&mut *done, true) {
        return;
    }
    let wanted = [
        // One pool of receive buffers for all peers of ofi_rxm, instead of 2 MiB for each of them.
        ("FI_OFI_RXM_USE_SRX", "1".to_owned()),
        // Sizes completion queues and tables of addresses.
        ("FI_UNIVERSE_SIZE", size.max(2).to_string()),
        // Registrations are cached by olympi-registration, which watches the mappings itself.
        ("FI_MR_CACHE_MONITOR", "disabled".to_owned()),
    ];
    for (variable, value) in wanted {
        if std::env::var_os(variable).is_none() {
            // SAFETY: changing the environment races with C code that reads it by `getenv` in another thread; Rust's own
            // readers take the same lock as this call. It happens once a process, under a lock, before libfabric is
            // loaded, while the transports are being opened: at that time the job has spoken to nobody yet, and none
            // of the threads that this library starts reads the environment.
            unsafe { std::env::set_var(variable, value) };
        }
    }
}
