//! What a rank sleeps on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use olympi_transport_api::{Wake, WakeBy};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::thread::futex;

/// A futex word, and an event descriptor if one was ever asked for. It is woken under the lock of the network's
/// state, and armed under it too, so that nothing can arrive in between.
#[derive(Debug, Default)]
pub(crate) struct Waker {
    word: AtomicU32,
    event: OnceLock<OwnedFd>,
    armed: AtomicU32,
}

impl Waker {
    pub(crate) fn arm(&self, by: WakeBy) -> Wake {
        self.armed.store(1, Ordering::Relaxed);
        match by {
            WakeBy::Any => Wake::Word {
                address: (&raw const self.word).expose_provenance(),
                expected: self.word.load(Ordering::Acquire),
            },
            WakeBy::Descriptor => {
                let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
                let event =
                    self.event.get_or_init(|| eventfd(0, flags).expect("a descriptor for a sleeping rank"));
                Wake::Descriptor(event.as_raw_fd())
            }
        }
    }

    pub(crate) fn disarm(&self) {
        self.armed.store(0, Ordering::Relaxed);
        if let Some(event) = self.event.get() {
            // Nothing to read means that nothing woke it.
            let _ = rustix::io::read(event, &mut [0; 8]);
        }
    }

    /// Wakes whoever sleeps.
    pub(crate) fn wake(&self) {
        if self.armed.load(Ordering::Relaxed) == 0 {
            return;
        }
        self.word.fetch_add(1, Ordering::Release);
        let _ = futex::wake(&self.word, futex::Flags::empty(), u32::MAX >> 1);
        if let Some(event) = self.event.get() {
            // It cannot be full: a sleeper takes what is in it before it sleeps again.
            let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
        }
    }
}
