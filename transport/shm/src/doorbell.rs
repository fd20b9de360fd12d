//! The doorbell: how a producer tells a receiver that looks elsewhere, or sleeps.
//!
//! A receiver looks at its *hot* rings directly. Any other ring is *armed*: its `armed` word is set, and the
//! producer, which looks at that word after each record (a line that it has in its cache), then takes the
//! slow way: clears it, sets the ring's bit here, and wakes the receiver if that sleeps.
//!
//! The one delicate moment is the receiver's: it sets `armed` and then looks at the ring a last time, while
//! the producer stores a head and then looks at `armed`. Each must see the other's store, or a message is
//! slept through; so both need a full barrier between. The producer is the one that is in a hurry, so the
//! receiver pays for both with `membarrier`, which runs a barrier on every processor where a registered
//! process runs. Where the kernel has no `membarrier`, producers make a fence of their own.

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};

/// Words of 64 bits in the bitmap, hence at most 1024 rings.
pub(crate) const BITMAP: usize = 16;

/// Nobody sleeps.
pub(crate) const AWAKE: u32 = 0;
/// The receiver sleeps on the `sleep` word.
pub(crate) const ON_WORD: u32 = 1;
/// The receiver sleeps on its pipe.
pub(crate) const ON_PIPE: u32 = 2;

/// The part of a segment's header that producers write to.
#[repr(C)]
pub(crate) struct Doorbell {
    /// [`AWAKE`], [`ON_WORD`] or [`ON_PIPE`]; also the futex word.
    pub(crate) sleep: CachePadded<AtomicU32>,
    /// A bit for each word of the bitmap that has bits.
    summary: CachePadded<AtomicU64>,
    /// A bit for each ring that wants to be looked at.
    bitmap: CachePadded<[AtomicU64; BITMAP]>,
}

impl Doorbell {
    /// A silent doorbell; a segment's is mapped, zero, instead.
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self {
            sleep: CachePadded::new(AtomicU32::new(AWAKE)),
            summary: CachePadded::new(AtomicU64::new(0)),
            bitmap: CachePadded::new(core::array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// Asks for a look at ring `index`. If the receiver sleeps, the answer says on what, and it is the
    /// caller who has to wake it: nobody else is told so for this sleep.
    pub(crate) fn ring(&self, index: usize) -> Option<u32> {
        let word = index / 64 % BITMAP;
        self.bitmap[word].fetch_or(1 << (index % 64), Ordering::AcqRel);
        self.summary.fetch_or(1 << word, Ordering::AcqRel);
        self.rouse()
    }

    /// Ends the owner's sleep, if it sleeps, for something that is no record in a ring: the answer says on what, as that
    /// of `ring` does.
    pub(crate) fn rouse(&self) -> Option<u32> {
        // Between this and the receiver's last look lies the same race as at `armed`; here both sides go through
        // read-modify-writes and a fence, since neither is in a hurry.
        fence(Ordering::SeqCst);
        let sleep = self.sleep.load(Ordering::Acquire);
        let mine = sleep != AWAKE
            && self.sleep.compare_exchange(sleep, AWAKE, Ordering::AcqRel, Ordering::Acquire).is_ok();
        mine.then_some(sleep)
    }

    /// Whether any ring wants to be looked at.
    #[inline]
    pub(crate) fn rung(&self) -> bool {
        self.summary.load(Ordering::Relaxed) != 0
    }

    /// Tells `look` of each ring that wants to be looked at, once.
    pub(crate) fn answer(&self, mut look: impl FnMut(usize)) {
        let mut summary = self.summary.swap(0, Ordering::AcqRel) & ((1 << BITMAP) - 1);
        while summary != 0 {
            let word = summary.trailing_zeros() as usize;
            summary &= summary - 1;
            let mut bits = self.bitmap[word].swap(0, Ordering::AcqRel);
            while bits != 0 {
                look(word * 64 + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        }
    }
}

/// What a producer does after each record; whether the slow way is to be taken.
#[inline]
pub(crate) fn armed(word: &AtomicU32, fenced: bool) -> bool {
    if fenced {
        fence(Ordering::SeqCst);
    } else {
        compiler_fence();
    }
    word.load(Ordering::Relaxed) != 0
}

/// The slow way's first step: takes the arming away, so that one record rings and not all. Whether it was
/// this call that took it.
#[inline]
pub(crate) fn take_arming(word: &AtomicU32) -> bool {
    word.swap(0, Ordering::AcqRel) != 0
}

/// The receiver's barrier, and whether producers can go without theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    expedited: bool,
}

impl Barrier {
    /// Registers this process with `membarrier`, if the kernel has it: both to be interrupted as a producer,
    /// and to interrupt as a receiver.
    pub(crate) fn register() -> Self {
        #[cfg(not(loom))]
        {
            let done = membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
            Self { expedited: done && membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED) }
        }
        #[cfg(loom)]
        Self { expedited: false }
    }

    /// A barrier of this processor alone: producers make their own.
    pub(crate) fn local() -> Self {
        Self { expedited: false }
    }

    /// Whether the receiver's barrier covers producers that are registered too.
    pub(crate) fn covers_producers(self) -> bool {
        self.expedited
    }

    /// A full barrier here, and on every processor that runs a registered process.
    pub(crate) fn pass(self) {
        fence(Ordering::SeqCst);
        #[cfg(not(loom))]
        if self.expedited {
            // It was accepted at start, and its arguments are constant: it cannot fail now.
            membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED);
        }
    }
}

#[cfg(not(loom))]
fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: membarrier takes plain integers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(test)]
mod tests;
