//! Taking over a descriptor that the launcher left open for us and named in the environment.
//!
//! The one place of this crate with `unsafe`: a number from the environment becomes an owned descriptor, and the
//! system is asked what the other end has not read yet, for which there is no safe call.
#![allow(unsafe_code)]

use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

/// Why a descriptor cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakeError {
    /// No descriptor with this number is open.
    NotOpen,
    /// This process opened it itself, or has taken it before.
    NotInherited,
}

/// Takes the descriptor `number`, which must have come through `exec` from the launcher.
///
/// An inherited descriptor lacks the close-on-exec flag, for otherwise `exec` would have closed it; whatever
/// Rust code of this process opened has the flag. Taking sets it, so that a second call is refused, and so
/// that children of this process do not keep the launcher waiting.
pub(crate) fn take(number: RawFd) -> Result<OwnedFd, TakeError> {
    if number < 0 {
        return Err(TakeError::NotOpen);
    }
    // SAFETY: the borrow lasts for the two calls below, which only look at the descriptor's flags; on a number
    // that is not open they fail with EBADF and touch nothing.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(borrowed).map_err(|_| TakeError::NotOpen)?;
    if flags.contains(FdFlags::CLOEXEC) {
        return Err(TakeError::NotInherited);
    }
    fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC).map_err(|_| TakeError::NotOpen)?;
    // SAFETY: the descriptor is open (just asked) and no other owner in this process exists: it was inherited
    // over exec, the environment gives it to us by name, and the flag set above keeps a second call away.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whether the other end of this stream has read all that was written; true where the system does not tell.
pub(crate) fn all_is_read(stream: BorrowedFd<'_>) -> bool {
    /// `SIOCOUTQ` of linux/sockios.h; on the architectures that number requests otherwise it is no request.
    const OUTQ: rustix::ioctl::Opcode = 0x5411;
    // SAFETY: this request writes one C int, for which the getter has room.
    let left = unsafe { rustix::ioctl::ioctl(stream, rustix::ioctl::Getter::<OUTQ, std::ffi::c_int>::new()) };
    left.map_or(true, |left| left == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::os::fd::{AsFd as _, IntoRawFd as _};
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_descriptor_is_taken_once() {
        let (mut here, there) = UnixStream::pair().unwrap();
        // As it would be after exec.
        fcntl_setfd(&there, FdFlags::empty()).unwrap();
        let number = there.into_raw_fd();
        let mut taken = UnixStream::from(take(number).unwrap());
        assert_eq!(take(number).unwrap_err(), TakeError::NotInherited);
        here.write_all(b"x").unwrap();
        let mut byte = [0];
        taken.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
    }

    #[test]
    fn what_the_other_end_has_not_read_is_known() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        assert!(all_is_read(here.as_fd()));
        here.write_all(b"x").unwrap();
        assert!(!all_is_read(here.as_fd()));
        there.read_exact(&mut [0]).unwrap();
        assert!(all_is_read(here.as_fd()));
        assert!(all_is_read(std::fs::File::open("/dev/null").unwrap().as_fd()));
    }

    #[test]
    fn what_is_not_open_or_our_own_is_refused() {
        assert_eq!(take(-1).unwrap_err(), TakeError::NotOpen);
        assert_eq!(take(1 << 20).unwrap_err(), TakeError::NotOpen);
        let (own, _) = UnixStream::pair().unwrap();
        let number = own.into_raw_fd();
        assert_eq!(take(number).unwrap_err(), TakeError::NotInherited);
    }
}
