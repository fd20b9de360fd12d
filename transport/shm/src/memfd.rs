//! Files of memory that processes of one host share: made, opened by what another process says of its own, mapped.

use std::ffi::c_void;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr;

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags};

use crate::StartError;
use crate::address::{Host, Whereabouts, start_time};
use crate::sync::AtomicU32;

/// A mapping, unmapped on drop.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) base: *mut u8,
    pub(crate) len: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by us as a whole, and its owner is gone.
        let _ = unsafe { rustix::mm::munmap(self.base.cast(), self.len) };
    }
}

impl Mapping {
    /// Maps `len` bytes of the file from `offset` on, anywhere.
    pub(crate) fn of(fd: BorrowedFd<'_>, offset: usize, len: usize) -> Result<Self, Errno> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no other memory.
        let base = unsafe {
            rustix::mm::mmap(
                ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                fd,
                offset as u64,
            )?
        };
        Ok(Self { base: base.cast(), len })
    }

    /// Address space without memory.
    pub(crate) fn reserve(len: usize) -> Result<Self, Errno> {
        // SAFETY: as above.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                ptr::null_mut(),
                len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?
        };
        Ok(Self { base: base.cast(), len })
    }

    /// Maps a part of the file over a part of this reservation.
    pub(crate) fn place(
        &self,
        at: usize,
        fd: BorrowedFd<'_>,
        offset: usize,
        len: usize,
    ) -> Result<(), Errno> {
        assert!(at + len <= self.len, "a part lies inside its reservation");
        // SAFETY: the range lies inside a reservation of ours that nothing refers to yet.
        unsafe {
            rustix::mm::mmap(
                self.base.add(at).cast(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED | MapFlags::FIXED,
                fd,
                offset as u64,
            )?;
        }
        Ok(())
    }
}

/// Makes sure that the pages are there, so that a lack of memory is an error here and not a SIGBUS later.
pub(crate) fn populate(base: *mut u8, len: usize) -> Result<(), Errno> {
    // SAFETY: populating changes no content; the range is mapped, which the callers see to.
    unsafe { rustix::mm::madvise(base.cast::<c_void>(), len, Advice::LinuxPopulateWrite) }
}

/// Makes a memfd of a size that nobody can change any more.
pub(crate) fn create(name: &str, file: usize) -> Result<OwnedFd, StartError> {
    let fail = |step| move |error| StartError::segment(step, file, error);
    let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
        .map_err(fail("create a memfd"))?;
    rustix::fs::ftruncate(&fd, file as u64).map_err(fail("size the segment"))?;
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
        .map_err(fail("seal the segment"))?;
    Ok(fd)
}

/// Opens a memfd of a process on this host by what it says of itself.
pub(crate) fn open(host: &Host, to: &Whereabouts, name: &str) -> Result<OwnedFd, String> {
    if to.host != *host {
        return Err(if to.host.boot_differs(host) {
            "it is on another host".to_owned()
        } else {
            "it is in another PID namespace (start both containers with a shared one)".to_owned()
        });
    }
    if start_time(to.pid) != Some(to.started) {
        return Err(format!("its process {} has ended", to.pid));
    }
    let path = format!("/proc/{}/fd/{}", to.pid, to.fd);
    let explain = |what: &str, error: Errno| match error {
        Errno::ACCESS | Errno::PERM => format!(
            "cannot {what} {path}: {error}; the process belongs to another user or is not dumpable \
             (set-user-id program, or PR_SET_DUMPABLE cleared)"
        ),
        Errno::MFILE | Errno::NFILE => {
            format!("cannot {what} {path}: {error}; raise the limit on open files (ulimit -n)")
        }
        _ => format!("cannot {what} {path}: {error}"),
    };
    // Opening whatever a stranger has behind that number could have effects; a memfd of ours has none.
    let target = rustix::fs::readlink(&*path, Vec::new()).map_err(|e| explain("read the link", e))?;
    if !target.to_bytes().starts_with(format!("/memfd:{name}").as_bytes()) {
        return Err(format!("{path} is not a segment any more: the address is stale"));
    }
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    rustix::fs::open(&*path, flags, Mode::empty()).map_err(|e| explain("open", e))
}

/// Wakes whoever sleeps on the word, in whichever process.
pub(crate) fn wake_word(word: &AtomicU32) {
    // SAFETY: the word lives in a mapping of ours; waking reads nothing from it.
    unsafe { libc::syscall(libc::SYS_futex, ptr::from_ref(word), libc::FUTEX_WAKE, i32::MAX) };
}
