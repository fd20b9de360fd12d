//! Copying payloads into a window, by whichever kind of store is the cheaper one.
//!
//! Between two cores that share a cache, ordinary stores win: the lines stay in the caches, and the reader
//! finds them there. Between cores that do not, each line that is stored to must first be fetched back from
//! the reader's cache; stores that go past the caches to memory are then several times faster. Which of the
//! two it is depends on where the processes run, which may change under way. So the sender times how its
//! payloads follow each other, waiting for the receiver included, and now and then tries the other kind: the
//! more rarely, the more often the result was the same.

use olympi_transport_api::CopyBy;

/// Shorter payloads do not count.
const COUNTED: usize = 2 << 10;
/// Payloads that are timed together.
const GROUP: u32 = 32;
/// Groups of a try that are not looked at, as the window is still full of the other kind's lines.
const SETTLING: u32 = 8;
/// Groups at the end of a phase that are looked at; the best of them counts, as it was disturbed the least.
const JUDGED: u32 = 4;
/// The other way must be cheaper by this factor: where the two are alike, the usual one is taken.
const CLEARLY: f32 = 0.94;
/// Groups between two tries, at first and at most.
const USES: (u32, u32) = (32, 512);

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
        let by = match learner.other() {
            true => CopyBy::PastCaches,
            false if class == 2 => CopyBy::Strings,
            false => CopyBy::Streams,
        };
        // SAFETY: the caller's promise.
        unsafe { by.copy(from.as_ptr(), to, len) };
        if cfg!(target_arch = "x86_64") && len >= COUNTED {
            learner.note(len);
        }
    }
}

/// What is known of one class: which of two ways to copy is the cheaper one, the usual one or the other.
#[derive(Debug)]
pub(crate) struct Learner {
    /// The other way is taken.
    other: bool,
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
            other: false,
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

    /// Whether to copy by the other way.
    #[inline]
    pub(crate) fn other(&self) -> bool {
        self.other
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
        match self.incumbent.take() {
            None => {
                self.incumbent = Some(best);
                self.other = !self.other;
                self.groups = self.settling + JUDGED;
            }
            Some(incumbent) => {
                let (usual, other) = if self.other { (incumbent, best) } else { (best, incumbent) };
                let wins = other < usual * CLEARLY;
                self.uses = if wins == self.other { USES.0 } else { (self.uses * 2).min(USES.1) };
                self.other = wins;
                self.groups = self.uses;
            }
        }
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

    /// How many of `groups` groups were copied past the caches, at these costs.
    fn streamed(learner: &mut Learner, groups: u32, cached: f32, streaming: f32) -> u32 {
        let mut streamed = 0;
        for _ in 0..groups {
            let other = learner.other();
            streamed += u32::from(other);
            learner.learn(if other { streaming } else { cached });
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
