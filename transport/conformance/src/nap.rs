//! Sleeping as a caller of [`Transport::arm`] does, and the watchdog over calls that never return.

use std::sync::atomic::AtomicU32;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use olympi_transport_api::{Transport, Wake, WakeBy};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::thread::futex;

/// How a nap ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nap {
    /// There was something already, or it was woken.
    Woken,
    /// Nothing happened for all that time.
    Overslept,
    /// The transport says that nothing can ever arrive.
    Never,
}

/// Arms, sleeps as told for at most `limit`, and disarms.
pub(crate) fn nap(transport: &mut impl Transport, by: WakeBy, limit: Duration) -> Nap {
    let wake = transport.arm(by);
    let nap = match wake {
        Wake::Pending => Nap::Woken,
        Wake::Never => Nap::Never,
        Wake::Word { address, expected } => {
            assert_eq!(by, WakeBy::Any, "asked to be woken by a descriptor, and was given a word");
            on_word(address, expected, limit)
        }
        Wake::Descriptor(descriptor) => on_descriptor(descriptor, limit),
    };
    transport.disarm();
    nap
}

fn on_word(address: usize, expected: u32, limit: Duration) -> Nap {
    // SAFETY: `arm` promised that the word lives as long as its transport, which the caller of `nap` holds. It
    // is only ever accessed atomically.
    let word = unsafe { AtomicU32::from_ptr(std::ptr::with_exposed_provenance_mut(address)) };
    let limit = timespec(limit);
    match futex::wait(word, futex::Flags::empty(), expected, Some(&limit)) {
        Err(rustix::io::Errno::TIMEDOUT) => Nap::Overslept,
        // Woken, or the word had changed already, or a signal came: all are reasons to look.
        _ => Nap::Woken,
    }
}

fn on_descriptor(descriptor: i32, limit: Duration) -> Nap {
    // SAFETY: `arm` promised that the descriptor stays open as long as its transport, which the caller holds.
    let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
    let limit = timespec(limit);
    let mut fds = [PollFd::new(&descriptor, PollFlags::IN)];
    match rustix::event::poll(&mut fds, Some(&limit)) {
        Ok(0) => Nap::Overslept,
        Ok(_) | Err(rustix::io::Errno::INTR) => Nap::Woken,
        Err(error) => panic!("poll(2) on the descriptor of a transport: {error}"),
    }
}

fn timespec(limit: Duration) -> Timespec {
    Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: i64::from(limit.subsec_nanos()) }
}

/// Aborts the process unless it is dropped in time: a call that never returns cannot be left otherwise.
pub(crate) struct Watchdog {
    alive: Option<mpsc::Sender<()>>,
}

impl Watchdog {
    pub(crate) fn start(limit: Duration) -> Self {
        let (alive, watch) = mpsc::channel::<()>();
        let check = std::thread::current().name().unwrap_or("a check").to_owned();
        std::thread::spawn(move || {
            if watch.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!(
                    "{check}: not through after {} s; a call did not return: aborting",
                    limit.as_secs()
                );
                std::process::abort();
            }
        });
        Self { alive: Some(alive) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.alive = None;
    }
}
