//! Copying payloads into a window, by whichever kind of store is the cheaper one.
//!
//! Between two cores that share a cache, ordinary stores win: the lines stay in the caches, and the reader
//! finds them there. Between cores that do not, each line that is stored to must first be fetched back from
//! the reader's cache; stores that go past the caches to memory are then several times faster. Which of the
//! two it is depends on where the processes run, which may change under way. So the sender times how its
//! payloads follow each other, waiting for the receiver included, and now and then tries the other kind: the
//! more rarely, the more often the result was the same.

use olympi_transport_api::{copy_long, copy_past_caches, copy_streams};

/// Shorter payloads do not count.
const COUNTED: usize = 2 << 10;
/// Payloads that are timed together.
const GROUP: u32 = 32;
/// Groups of a try that are not looked at, as the window is still full of the other kind's lines.
const SETTLING: u32 = 8;
/// Groups at the end of a phase that are looked at; the best of them counts, as it was disturbed the least.
const JUDGED: u32 = 4;
/// Groups between two tries, at first and at most.
const USES: (u32, u32) = (32, 512);

/// A kind of store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Ordinary stores, through the caches.
    Cached = 0,
    /// Stores to memory, past the caches.
    Streaming = 1,
}

/// Copies, and learns. The answer depends on the length, and on whether the payload is one of a stream or alone;
/// so each such class is learnt by itself.
#[derive(Debug)]
pub(crate) struct Copier {
    alone: [Learner; 3],
    stream: [Learner; 3],
}

/// A payload is one of a stream if so many others wait for the receiver.
const STREAM: usize = 8;
/// Where a class of lengths ends and the next begins.
const CLASSES: [usize; 2] = [6 << 10, 12 << 10];

impl Copier {
    pub(crate) fn new() -> Self {
        let classes = || core::array::from_fn(|_| Learner::new(SETTLING));
        Self { alone: classes(), stream: classes() }
    }

    /// The window has grown: what was learnt in a smaller one, whose lines were all still in caches, says nothing
    /// about this one.
    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    /// Copies the payload to `to`, while so many others wait for the receiver.
    ///
    /// # Safety
    /// `to` must be writable for as many bytes as `from` has, without overlap.
    #[inline]
    pub(crate) unsafe fn copy(&mut self, from: &[u8], to: *mut u8, waiting: usize) {
        let len = from.len();
        let class = usize::from(len >= CLASSES[0]) + usize::from(len >= CLASSES[1]);
        let classes = if waiting >= STREAM { &mut self.stream } else { &mut self.alone };
        let learner = &mut classes[class];
        // SAFETY: the caller's promise.
        unsafe { copy_by(learner.kind, from, to) };
        if cfg!(target_arch = "x86_64") && len >= COUNTED {
            learner.note(len);
        }
    }
}

/// What is known of one class.
#[derive(Debug)]
pub(crate) struct Learner {
    kind: Kind,
    /// Payloads until this group is full.
    left: u32,
    /// Their bytes so far.
    bytes: usize,
    /// When this group began.
    start: u64,
    /// Groups until this phase ends.
    groups: u32,
    /// What a byte took in the best group looked at, in ticks.
    best: f32,
    /// What it took in the phase before this try; nothing outside a try.
    incumbent: Option<f32>,
    /// Groups between two tries.
    uses: u32,
    /// Groups of a try that are not looked at.
    settling: u32,
}

impl Learner {
    /// `settling`: so many groups of a try are not looked at.
    pub(crate) fn new(settling: u32) -> Self {
        Self {
            kind: Kind::Cached,
            left: GROUP,
            bytes: 0,
            start: ticks(),
            groups: settling + JUDGED,
            best: f32::INFINITY,
            incumbent: None,
            uses: USES.0,
            settling,
        }
    }

    /// The kind to copy by.
    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// A payload was copied.
    #[inline]
    fn note(&mut self, len: usize) {
        self.bytes += len;
        self.left -= 1;
        if self.left == 0 {
            let now = ticks();
            #[allow(clippy::cast_precision_loss)] // an estimate
            self.learn(now.wrapping_sub(self.start) as f32 / self.bytes as f32);
            self.start = now;
            self.bytes = 0;
            self.left = GROUP;
        }
    }

    /// A group is full, and took so many ticks a byte.
    #[cold]
    pub(crate) fn learn(&mut self, cost: f32) {
        if self.groups <= JUDGED {
            self.best = self.best.min(cost);
        }
        self.groups -= 1;
        if self.groups > 0 {
            return;
        }
        let best = core::mem::replace(&mut self.best, f32::INFINITY);
        let other = if self.kind == Kind::Cached { Kind::Streaming } else { Kind::Cached };
        match self.incumbent.take() {
            None => {
                self.incumbent = Some(best);
                self.kind = other;
                self.groups = self.settling + JUDGED;
            }
            Some(incumbent) => {
                if incumbent <= best {
                    self.kind = other;
                    self.uses = (self.uses * 2).min(USES.1);
                } else {
                    self.uses = USES.0;
                }
                self.groups = self.uses;
            }
        }
    }
}

/// Copies by the given kind of store.
///
/// # Safety
/// As for [`Copier::copy`].
#[inline]
unsafe fn copy_by(kind: Kind, from: &[u8], to: *mut u8) {
    match kind {
        // SAFETY: the caller's promise.
        Kind::Streaming => unsafe { copy_past_caches(from.as_ptr(), to, from.len()) },
        // SAFETY: the caller's promise.
        Kind::Cached if from.len() >= CLASSES[1] => unsafe { copy_long(from.as_ptr(), to, from.len()) },
        // SAFETY: the caller's promise.
        Kind::Cached => unsafe { copy_streams(from.as_ptr(), to, from.len()) },
    }
}

/// A clock that costs nothing, in ticks of its own.
#[inline]
pub(crate) fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reading the time-stamp counter has no effect; Linux lets processes do it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_copy_exactly() {
        let source: Vec<u8> = (0..19_000_u32).map(|i| u8::try_from(i % 253).unwrap()).collect();
        for kind in [Kind::Cached, Kind::Streaming] {
            for len in [0, 1, 63, 64, 65, 4096, 18_999] {
                let mut memory = vec![0xEE_u8; 20_064];
                let at = memory.as_ptr().align_offset(64);
                let target = &mut memory[at..at + 20_000];
                // SAFETY: the target is aligned and long enough.
                unsafe { copy_by(kind, &source[..len], target.as_mut_ptr()) };
                assert!(target[..len] == source[..len], "{kind:?} {len}");
                assert!(target[len..].iter().all(|&byte| byte == 0xEE), "{kind:?} {len}");
            }
        }
    }

    /// How many of `groups` groups were copied past the caches, at these costs.
    fn streamed(learner: &mut Learner, groups: u32, cached: f32, streaming: f32) -> u32 {
        let mut streamed = 0;
        for _ in 0..groups {
            let kind = learner.kind;
            streamed += u32::from(kind == Kind::Streaming);
            learner.learn(if kind == Kind::Streaming { streaming } else { cached });
        }
        streamed
    }

    #[test]
    fn the_cheaper_kind_is_settled_for_and_the_other_tried_again() {
        let mut learner = Learner::new(SETTLING);
        assert!(streamed(&mut learner, 3000, 4.0, 1.0) > 2700);
        // The machine changes: it is noticed, and then settled for.
        streamed(&mut learner, 3000, 1.0, 4.0);
        assert!(streamed(&mut learner, 3000, 1.0, 4.0) < 300);
    }
}
