//! libibverbs, opened at run time: one binary runs with and without it.

use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::{Arc, OnceLock};

use crate::ffi::{
    IBV_FORK_UNNEEDED, QueryPort, VERBS_ABI_IS_EXTENDED, VERBS_CONTEXT_QUERY_PORT_BEFORE,
    VERBS_CONTEXT_SZ_BEFORE, ibv_ah, ibv_ah_attr, ibv_async_event, ibv_comp_channel, ibv_context, ibv_cq,
    ibv_device, ibv_device_attr, ibv_gid, ibv_gid_entry, ibv_mr, ibv_pd, ibv_port_attr, ibv_qp, ibv_qp_attr,
    ibv_qp_init_attr, ibv_srq, ibv_srq_init_attr,
};

/// The name under which every distribution has it.
const NAME: &CStr = c"libibverbs.so.1";

macro_rules! functions {
    ($($(#[$doc:meta])* $field:ident: $symbol:literal, fn($($arg:ty),*) $(-> $ret:ty)?;)*) => {
        /// Every function that is called, by its name without `ibv_`.
        pub(crate) struct Library {
            $($(#[$doc])* pub(crate) $field: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*
            query_gid_ex: Option<QueryGidEx>,
            is_fork_initialized: Option<unsafe extern "C" fn() -> c_uint>,
        }

        impl Library {
            fn load(handle: Handle) -> Result<Self, String> {
                Ok(Self {
                    $($field: {
                        let address = handle.symbol($symbol)
                            .ok_or_else(|| format!("libibverbs.so.1 lacks {}: it is too old", $symbol.to_string_lossy()))?;
                        // SAFETY: the symbol of this name has this signature in every libibverbs.so.1, whose ABI is
                        // versioned: dlsym gives the default version, which is the one of the header.
                        unsafe { core::mem::transmute::<*mut c_void, unsafe extern "C" fn($($arg),*) $(-> $ret)?>(address) }
                    },)*
                    query_gid_ex: handle.symbol(c"_ibv_query_gid_ex").map(|address| {
                        // SAFETY: as above.
                        unsafe { core::mem::transmute::<*mut c_void, QueryGidEx>(address) }
                    }),
                    is_fork_initialized: handle.symbol(c"ibv_is_fork_initialized").map(|address| {
                        // SAFETY: as above.
                        unsafe { core::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> c_uint>(address) }
                    }),
                })
            }
        }
    };
}

type QueryGidEx = unsafe extern "C" fn(*mut ibv_context, u32, u32, *mut ibv_gid_entry, u32, usize) -> c_int;

functions! {
    get_device_list: c"ibv_get_device_list", fn(*mut c_int) -> *mut *mut ibv_device;
    free_device_list: c"ibv_free_device_list", fn(*mut *mut ibv_device);
    get_device_name: c"ibv_get_device_name", fn(*mut ibv_device) -> *const c_char;
    open_device: c"ibv_open_device", fn(*mut ibv_device) -> *mut ibv_context;
    close_device: c"ibv_close_device", fn(*mut ibv_context) -> c_int;
    query_device: c"ibv_query_device", fn(*mut ibv_context, *mut ibv_device_attr) -> c_int;
    query_gid: c"ibv_query_gid", fn(*mut ibv_context, u8, c_int, *mut ibv_gid) -> c_int;
    query_pkey: c"ibv_query_pkey", fn(*mut ibv_context, u8, c_int, *mut u16) -> c_int;
    alloc_pd: c"ibv_alloc_pd", fn(*mut ibv_context) -> *mut ibv_pd;
    dealloc_pd: c"ibv_dealloc_pd", fn(*mut ibv_pd) -> c_int;
    reg_mr: c"ibv_reg_mr", fn(*mut ibv_pd, *mut c_void, usize, c_int) -> *mut ibv_mr;
    dereg_mr: c"ibv_dereg_mr", fn(*mut ibv_mr) -> c_int;
    create_comp_channel: c"ibv_create_comp_channel", fn(*mut ibv_context) -> *mut ibv_comp_channel;
    destroy_comp_channel: c"ibv_destroy_comp_channel", fn(*mut ibv_comp_channel) -> c_int;
    create_cq: c"ibv_create_cq",
        fn(*mut ibv_context, c_int, *mut c_void, *mut ibv_comp_channel, c_int) -> *mut ibv_cq;
    destroy_cq: c"ibv_destroy_cq", fn(*mut ibv_cq) -> c_int;
    get_cq_event: c"ibv_get_cq_event", fn(*mut ibv_comp_channel, *mut *mut ibv_cq, *mut *mut c_void) -> c_int;
    ack_cq_events: c"ibv_ack_cq_events", fn(*mut ibv_cq, c_uint);
    create_srq: c"ibv_create_srq", fn(*mut ibv_pd, *mut ibv_srq_init_attr) -> *mut ibv_srq;
    destroy_srq: c"ibv_destroy_srq", fn(*mut ibv_srq) -> c_int;
    create_qp: c"ibv_create_qp", fn(*mut ibv_pd, *mut ibv_qp_init_attr) -> *mut ibv_qp;
    modify_qp: c"ibv_modify_qp", fn(*mut ibv_qp, *mut ibv_qp_attr, c_int) -> c_int;
    destroy_qp: c"ibv_destroy_qp", fn(*mut ibv_qp) -> c_int;
    create_ah: c"ibv_create_ah", fn(*mut ibv_pd, *mut ibv_ah_attr) -> *mut ibv_ah;
    destroy_ah: c"ibv_destroy_ah", fn(*mut ibv_ah) -> c_int;
    get_async_event: c"ibv_get_async_event", fn(*mut ibv_context, *mut ibv_async_event) -> c_int;
    ack_async_event: c"ibv_ack_async_event", fn(*mut ibv_async_event);
    fork_init: c"ibv_fork_init", fn() -> c_int;
}

/// The loader's handle. It is never closed: providers that the library has loaded do not survive that.
struct Handle(*mut c_void);

impl Handle {
    fn symbol(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: an open handle and a C string.
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!address.is_null()).then_some(address)
    }
}

impl Library {
    /// The library, opened once in a process.
    ///
    /// # Errors
    /// It is not there, or too old; in words, with the package to install.
    pub(crate) fn open() -> Result<Arc<Self>, String> {
        static LIBRARY: OnceLock<Result<Arc<Library>, String>> = OnceLock::new();
        LIBRARY.get_or_init(Self::open_first).clone()
    }

    fn open_first() -> Result<Arc<Self>, String> {
        // SAFETY: a C string; the library's constructors are those of a system library.
        let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(
                "libibverbs.so.1 not found (Debian and Ubuntu: apt install libibverbs1 ibverbs-providers; \
                 Red Hat and SUSE: libibverbs)"
                    .to_owned(),
            );
        }
        let library = Self::load(Handle(handle))?;
        library.survive_fork();
        Ok(Arc::new(library))
    }

    /// Since Linux 5.12 a fork copies pinned pages, and nothing is to be done. Before, the library must mark them, and
    /// be told before anything is registered.
    fn survive_fork(&self) {
        // SAFETY: both may be called at any time before the first registration, and this is before the first device.
        unsafe {
            if self.is_fork_initialized.is_none_or(|ask| ask() != IBV_FORK_UNNEEDED) {
                let refused = (self.fork_init)();
                if refused != 0 {
                    tracing::warn!(
                        errno = refused,
                        "verbs: ibv_fork_init failed: a program that forks may lose data"
                    );
                }
            }
        }
    }

    /// The port's attributes, whole, or the error number: `ENOSYS` where the library is of before 2014.
    pub(crate) fn query_port(context: *mut ibv_context, port: u8) -> Result<ibv_port_attr, i32> {
        // SAFETY: all zeros are a valid value of these integers.
        let mut attributes: ibv_port_attr = unsafe { core::mem::zeroed() };
        // SAFETY: an open context. If it says that a verbs_context lies around it, its size and its functions lie at
        // these distances before it, those furthest away only if the size says so.
        let code = unsafe {
            if (*context).abi_compat as usize != VERBS_ABI_IS_EXTENDED {
                return Err(libc::ENOSYS);
            }
            let size = *context.byte_sub(VERBS_CONTEXT_SZ_BEFORE).cast::<usize>();
            if size < VERBS_CONTEXT_QUERY_PORT_BEFORE + size_of::<ibv_context>() {
                return Err(libc::ENOSYS);
            }
            let query = *context.byte_sub(VERBS_CONTEXT_QUERY_PORT_BEFORE).cast::<Option<QueryPort>>();
            let Some(query) = query else { return Err(libc::ENOSYS) };
            query(context, port, &raw mut attributes, size_of::<ibv_port_attr>())
        };
        if code == 0 { Ok(attributes) } else { Err(code) }
    }

    /// The entry of a port's GID table with its type; `None`: it is empty.
    pub(crate) fn gid(&self, context: *mut ibv_context, port: u8, index: u32) -> Option<ibv_gid_entry> {
        // SAFETY: all zeros are a valid value of these integers.
        let mut entry: ibv_gid_entry = unsafe { core::mem::zeroed() };
        // SAFETY: an open context, and the size of what is written to.
        let code = unsafe {
            match self.query_gid_ex {
                Some(query) => {
                    query(context, u32::from(port), index, &raw mut entry, 0, size_of::<ibv_gid_entry>())
                }
                None => (self.query_gid)(context, port, index as c_int, &raw mut entry.gid),
            }
        };
        // SAFETY: every bit pattern is 16 bytes.
        (code == 0 && unsafe { entry.gid.raw } != [0; 16]).then_some(entry)
    }

    /// Whether the types of GIDs can be asked.
    pub(crate) fn knows_gid_types(&self) -> bool {
        self.query_gid_ex.is_some()
    }
}

/// The system's words for an error number, and the number's limit and remedy where one is known.
pub(crate) fn words(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match errno {
        libc::ENOMEM => format!("{text}; {}", memlock()),
        libc::EACCES | libc::EPERM => {
            format!("{text}; the device files in /dev/infiniband must be readable and writable to this user")
        }
        _ => text,
    }
}

/// The limit on locked memory, and how to raise it.
pub(crate) fn memlock() -> String {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Memlock);
    match limit.current {
        None => {
            "the limit on locked memory (ulimit -l) is unlimited: the device or the host is out of memory"
                .to_owned()
        }
        Some(bytes) => format!(
            "the limit on locked memory (RLIMIT_MEMLOCK) is {} KiB: raise it with `ulimit -l unlimited`, or with \
             `* - memlock unlimited` in /etc/security/limits.conf (under Slurm: LimitMEMLOCK=infinity for slurmd)",
            bytes / 1024
        ),
    }
}

/// What errno was left by a call that answers with a null pointer.
pub(crate) fn last_error() -> String {
    words(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
}
