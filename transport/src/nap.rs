//! Sleeping until something arrives.

use std::time::Duration;

/// A sleep that has been prepared: whatever arrives after [`Progress::arm`](crate::Progress::arm) ends it. It borrows
/// nothing, so that another thread may use the `Progress` meanwhile.
#[derive(Debug)]
#[must_use = "after `arm` the transports expect a sleep, or a `disarm`"]
pub struct Nap {
    pub(crate) on: On,
    /// Longest sleep, because something waits that no arrival announces.
    pub(crate) limit: Duration,
}

/// What ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum On {
    /// Nothing can arrive.
    Nothing,
    /// The word at this address changes.
    Word { address: usize, expected: u32 },
    /// One of them is readable; -1 stands for none.
    Descriptors([i32; 4]),
}

impl Nap {
    /// Sleeps until something arrives, a signal comes, or `limit` has passed. Call
    /// [`Progress::disarm`](crate::Progress::disarm) afterwards.
    pub fn sleep(self, limit: Duration) {
        let limit = limit.min(self.limit);
        match self.on {
            On::Nothing => std::thread::sleep(limit),
            On::Word { address, expected } => wait_word(address, expected, limit),
            On::Descriptors(fds) => wait_descriptors(fds, limit),
        }
    }
}

fn timespec(limit: Duration) -> libc::timespec {
    // A day is as good as for ever: the caller sleeps again.
    let limit = limit.min(Duration::from_hours(24));
    let seconds = i64::try_from(limit.as_secs()).unwrap_or(i64::MAX);
    libc::timespec { tv_sec: seconds, tv_nsec: i64::from(limit.subsec_nanos()) }
}

/// Sleeps while the word holds `expected`. Why it woke does not matter: the caller polls.
#[allow(unsafe_code)]
fn wait_word(address: usize, expected: u32, limit: Duration) {
    let limit = timespec(limit);
    // SAFETY: FUTEX_WAIT writes nothing. The kernel checks the address itself, and answers with an error if the
    // word's memory is gone since the sleep was prepared; the time limit outlives the call.
    unsafe {
        libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAIT, expected, &raw const limit, 0_usize, 0_u32);
    }
}

/// Sleeps until one of them is readable. Why it woke does not matter: the caller polls.
#[allow(unsafe_code)]
fn wait_descriptors(fds: [i32; 4], limit: Duration) {
    let limit = timespec(limit);
    // Negative descriptors are passed over.
    let mut polled = fds.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    // SAFETY: the array has as many entries as are told, and it and the time limit outlive the call.
    unsafe {
        libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, &raw const limit, core::ptr::null());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn a_changed_word_does_not_let_sleep() {
        let word = AtomicU32::new(1);
        let on = On::Word { address: word.as_ptr() as usize, expected: 2 };
        // Would take a minute else, and a mistake would be seen as that.
        Nap { on, limit: LONG }.sleep(LONG);
        assert_eq!(word.load(Ordering::Relaxed), 1);
        Nap { on: On::Word { address: 64, expected: 0 }, limit: LONG }.sleep(LONG);
    }

    #[test]
    fn a_readable_descriptor_does_not_let_sleep() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&write, b"x").unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&read);
        for fds in [[fd, -1, -1, -1], [-1, -1, -1, fd]] {
            Nap { on: On::Descriptors(fds), limit: LONG }.sleep(LONG);
        }
    }

    #[test]
    fn every_sleep_has_an_end() {
        let word = AtomicU32::new(1);
        let (read, _write) = rustix::pipe::pipe().unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&read);
        let word = On::Word { address: word.as_ptr() as usize, expected: 1 };
        for on in [On::Nothing, word, On::Descriptors([fd, -1, -1, -1])] {
            Nap { on, limit: LONG }.sleep(Duration::from_millis(1));
            Nap { on, limit: Duration::from_millis(1) }.sleep(LONG);
        }
    }
}
