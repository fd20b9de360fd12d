//! userfaultfd, as far as it tells of mappings that go. The only file with its ioctls.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const API: u64 = 0xAA;
const USER_MODE_ONLY: libc::c_int = 1;

const FEATURE_EVENT_REMAP: u64 = 1 << 2;
const FEATURE_EVENT_REMOVE: u64 = 1 << 3;
const FEATURE_EVENT_UNMAP: u64 = 1 << 6;
const FEATURE_PAGEFAULT_FLAG_WP: u64 = 1;

const REGISTER_MODE_WP: u64 = 1 << 1;

const IOCTL_API: libc::Ioctl = 0xC018_AA3F_u32 as libc::Ioctl;
const IOCTL_REGISTER: libc::Ioctl = 0xC020_AA00_u32 as libc::Ioctl;

const EVENT_REMAP: u8 = 0x14;
const EVENT_REMOVE: u8 = 0x15;
const EVENT_UNMAP: u8 = 0x16;

#[repr(C)]
struct UffdioApi {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
struct UffdioRegister {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

/// An event: 32 bytes, of which the first tells the kind, and the last 24 its arguments.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Message {
    event: u8,
    _reserved: [u8; 7],
    arguments: [u64; 3],
}

/// A descriptor that tells of the mappings registered with it.
pub(crate) struct Uffd(OwnedFd);

/// A range whose mapping goes, or moves away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Uffd {
    /// Opens a descriptor that tells of `munmap`, `mremap` and `madvise`.
    pub(crate) fn open() -> Result<Self, String> {
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK;
        // Without privilege only with the flag; kernels before 5.11 do not know it.
        // SAFETY: makes a descriptor, nothing else.
        let mut fd = unsafe { libc::syscall(libc::SYS_userfaultfd, flags | USER_MODE_ONLY) };
        if fd < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) {
            // SAFETY: as above.
            fd = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) };
        }
        if fd < 0 {
            let error = std::io::Error::last_os_error();
            return Err(format!(
                "userfaultfd is not to be had: {error} (a container's seccomp rules, or Linux before 5.7)"
            ));
        }
        let fd = i32::try_from(fd).map_err(|_| "userfaultfd gave no descriptor".to_owned())?;
        // SAFETY: a descriptor that was just made, and that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let features =
            FEATURE_EVENT_REMAP | FEATURE_EVENT_REMOVE | FEATURE_EVENT_UNMAP | FEATURE_PAGEFAULT_FLAG_WP;
        let mut api = UffdioApi { api: API, features, ioctls: 0 };
        // SAFETY: the structure is the one of this ioctl, and lives during the call.
        if unsafe { libc::ioctl(fd.as_raw_fd(), IOCTL_API, &raw mut api) } != 0 {
            let error = std::io::Error::last_os_error();
            return Err(format!(
                "userfaultfd does not tell of mappings that go: {error} (Linux 5.7 or newer does)"
            ));
        }
        Ok(Self(fd))
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.0
    }

    /// Tells from here on when the pages in this range go; false: it cannot be told for them. The range is asked to
    /// report write faults of protected pages, of which there are none, so nothing is ever slowed down by it.
    pub(crate) fn watch(&self, start: usize, len: usize) -> bool {
        let mut register =
            UffdioRegister { start: start as u64, len: len as u64, mode: REGISTER_MODE_WP, ioctls: 0 };
        // SAFETY: the structure is the one of this ioctl, and lives during the call; the kernel checks the range.
        unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_REGISTER, &raw mut register) == 0 }
    }

    /// Reads one event, without waiting. `None`: there is none.
    pub(crate) fn read(&self) -> Option<Gone> {
        let mut message = Message::default();
        // SAFETY: room for one message.
        let n = unsafe { libc::read(self.0.as_raw_fd(), (&raw mut message).cast(), size_of::<Message>()) };
        if n != size_of::<Message>().cast_signed() {
            return None;
        }
        let [a, b, c] = message.arguments.map(|argument| usize::try_from(argument).unwrap_or(usize::MAX));
        Some(match message.event {
            EVENT_UNMAP | EVENT_REMOVE => Gone { start: a, end: b },
            // From, to, length.
            EVENT_REMAP => Gone { start: a, end: a.saturating_add(c) },
            // Not asked for; whatever it is, it is safe to forget everything.
            _ => Gone { start: 0, end: usize::MAX },
        })
    }
}

const _: () = assert!(size_of::<Message>() == 32);
