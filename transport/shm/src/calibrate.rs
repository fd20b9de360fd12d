//! From which length on `get` is the faster way, measured while the program runs.
//!
//! Which one wins depends on where the two processes run and changes with them: between cores that share a
//! cache, frames through a window move a message two to three times as fast as `process_vm_readv`; elsewhere
//! it may be the other way round. So the receiver watches at which pace long payloads follow each other in its
//! rings, and what its own reads take. If frames are faster, nothing is read, however long: a message that no cache
//! holds goes by frames at twice the pace, as both processes copy at once (`olympi-bench latency --sizes 8M,16M`, beside
//! `OLYMPI_SHM_GET=8388608`). Else `get` begins at [`LEAST`], where its
//! fixed cost no longer counts, and frames are measured again now and then, the more rarely the more often the answer
//! was the same.

use crate::copier::ticks;

/// Where `get` begins if frames are faster: nowhere.
pub(crate) const NEVER: usize = usize::MAX;
/// Where `get` begins if it is faster.
const LEAST: usize = 128 << 10;
/// Frames that take so many times what a `get` takes are still the better way: what they take falls as both sides find out
/// how to copy them, while what a `get` takes stays.
const SIMILAR: f32 = 1.1;
/// Frames that take more than this are not.
const SLOWER: f32 = 1.25;
/// Payloads in a [`Group`].
const GROUP: u32 = 32;
/// Payloads that are not timed between two groups that are, as looking at the clock takes its time too.
const REST: u32 = 256;
/// Ticks that no frame takes, but the time between two messages does: some microseconds.
pub(crate) const LULL: u64 = 20_000;
/// So many paces of frames are heard of before a conclusion is drawn.
const LOOKS: u32 = 4;
/// `get`s between two looks at the pace of frames, at first and at most.
const GETS: (u32, u32) = (64, 4096);

/// Payloads that are timed together.
#[derive(Debug)]
pub(crate) struct Group {
    /// Until it is full.
    left: u32,
    bytes: usize,
    spent: u64,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self { left: GROUP, bytes: 0, spent: 0 }
    }

    /// A payload took so many ticks. The last one of a group tells what a byte took, and the next group begins.
    pub(crate) fn add(&mut self, len: usize, took: u64) -> Option<f32> {
        self.bytes += len;
        self.spent += took;
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        let full = core::mem::replace(self, Self::new());
        #[allow(clippy::cast_precision_loss)] // an estimate
        Some(full.spent as f32 / full.bytes as f32)
    }
}

/// The pace of long payloads in one ring. A frame as long as can be is one of a train, since only a longer
/// message is cut so; the time to the end of the frame behind it says what the way takes, and nothing of what the
/// two processes do between messages.
#[derive(Debug)]
pub(crate) struct Train {
    /// Payloads to be passed over.
    rest: u32,
    group: Group,
    /// When the last frame ended, if that was as long as can be.
    since: Option<u64>,
    /// What a byte takes, in ticks; zero as long as that is not known.
    pace: f32,
}

impl Train {
    pub(crate) fn new() -> Self {
        Self { rest: 0, group: Group::new(), since: None, pace: 0.0 }
    }

    /// A payload has come, and was dealt with; whether its frame was as long as can be.
    #[inline]
    pub(crate) fn note(&mut self, len: usize, full: bool) {
        if self.rest > 0 {
            self.rest -= 1;
        } else if full || self.since.is_some() {
            self.time(len, full, ticks());
        }
    }

    fn time(&mut self, len: usize, full: bool, now: u64) {
        // What took longer is the time between two messages, the first of which ended with a frame as long as can be.
        let took = self.since.map(|since| now.wrapping_sub(since)).filter(|took| *took < LULL);
        self.since = full.then_some(now);
        if let Some(pace) = took.and_then(|took| self.group.add(len, took)) {
            // An interruption makes a group slow and says nothing about the way, so a faster group counts at
            // once, and a slower one little.
            let pace = if self.pace <= 0.0 || pace < self.pace { pace } else { pace.min(self.pace * 1.1) };
            *self = Self { pace, rest: REST, ..Self::new() };
        }
    }

    /// What a byte took lately, in ticks, if that is known; asked for once.
    pub(crate) fn take_pace(&mut self) -> Option<f32> {
        let pace = core::mem::replace(&mut self.pace, 0.0);
        (pace > 0.0).then_some(pace)
    }
}

/// What is known of the two ways.
#[derive(Debug)]
pub(crate) struct Calibration {
    /// What a byte takes by frames, in ticks; as long as that is not known, for ever.
    frames: f32,
    /// What a byte takes by `get`, in ticks.
    get: Option<f32>,
    /// Where `get` begins.
    from: usize,
    /// `get`s until frames are measured again.
    left: u32,
    /// `get`s between two such looks.
    uses: u32,
    /// Paces of frames to be heard of until the first, or the next, conclusion.
    looks: u32,
}

impl Calibration {
    pub(crate) fn new() -> Self {
        Self { frames: f32::INFINITY, get: None, from: NEVER, left: GETS.0, uses: GETS.0, looks: LOOKS }
    }

    /// Where `get` begins.
    pub(crate) fn from(&self) -> usize {
        self.from
    }

    /// Whether what a `get` takes is to be found out.
    pub(crate) fn wants_probe(&self) -> bool {
        self.looks == 0 && self.get.is_none()
    }

    /// Frames moved a byte in so many ticks.
    pub(crate) fn frames_took(&mut self, pace: f32) {
        if self.looks > 0 {
            // The best of them: both sides are finding out how to copy frames.
            self.looks -= 1;
            self.frames = self.frames.min(pace);
        } else {
            self.frames = pace;
        }
        self.decide();
    }

    /// A `get` of `len` bytes took so many ticks.
    pub(crate) fn get_took(&mut self, ticks: u64, len: usize) {
        if len < LEAST {
            return;
        }
        #[allow(clippy::cast_precision_loss)] // an estimate
        let pace = ticks as f32 / len as f32;
        self.get = Some(self.get.map_or(pace, |known| known + (pace.min(known * 4.0) - known) * 0.25));
        self.left -= 1;
        if self.left == 0 {
            // Messages go by frames until their pace is known again.
            self.left = self.uses;
            self.frames = f32::INFINITY;
            self.looks = LOOKS;
            self.from = NEVER;
        } else {
            self.decide();
        }
    }

    /// Draws the conclusion. The ways must differ clearly for `get` to be taken.
    fn decide(&mut self) {
        let (Some(get), 0) = (self.get, self.looks) else { return };
        let before = self.from;
        if self.frames < get * SIMILAR {
            self.from = NEVER;
        } else if self.frames > get * SLOWER {
            self.from = LEAST;
        }
        if self.from == LEAST && before == NEVER {
            self.uses = (self.uses * 2).min(GETS.1);
        } else if self.from == NEVER && before == LEAST {
            self.uses = GETS.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_way_is_taken() {
        let mut calibration = Calibration::new();
        assert_eq!(calibration.from(), NEVER);
        let hear =
            |calibration: &mut Calibration, pace| (0..LOOKS).for_each(|_| calibration.frames_took(pace));
        hear(&mut calibration, 0.1);
        assert!(calibration.wants_probe());
        calibration.get_took(200_000, 1 << 20);
        assert_eq!(calibration.from(), NEVER);
        calibration.frames_took(0.5);
        assert_eq!(calibration.from(), LEAST);
        calibration.frames_took(0.22);
        assert_eq!(calibration.from(), LEAST, "a difference that small changes nothing");
        calibration.frames_took(0.2);
        assert_eq!(calibration.from(), NEVER, "nearly as quick is quick enough");
        let mut calibration = Calibration::new();
        hear(&mut calibration, 0.22);
        calibration.get_took(200_000, 1 << 20);
        assert_eq!(calibration.from(), NEVER, "what is not known yet goes by frames");
    }

    #[test]
    fn frames_are_measured_again_now_and_then() {
        let mut calibration = Calibration::new();
        (0..LOOKS).for_each(|_| calibration.frames_took(0.5));
        calibration.get_took(200_000, 1 << 20);
        let mut by_frames = 0;
        for _ in 0..10_000 {
            if calibration.from() == NEVER {
                by_frames += 1;
                calibration.frames_took(0.5);
            } else {
                calibration.get_took(200_000, 1 << 20);
            }
        }
        assert!((2..100).contains(&by_frames), "{by_frames}");
        // Then the machine changes.
        for _ in 0..10_000 {
            if calibration.from() == NEVER {
                calibration.frames_took(0.1);
            } else {
                calibration.get_took(200_000, 1 << 20);
            }
        }
        assert_eq!(calibration.from(), NEVER);
    }

    #[test]
    fn only_trains_are_timed() {
        let mut train = Train::new();
        for _ in 0..10 * GROUP {
            train.note(16_000, false);
        }
        assert_eq!((train.group.left, train.take_pace()), (GROUP, None));
        let mut now = 0;
        for _ in 0..GROUP {
            // Whatever lies between two messages is not part of a train.
            now += LULL;
            train.time(16_384, true, now);
            now += 4_000;
            train.time(8_000, false, now);
        }
        assert_eq!(train.take_pace(), Some(0.5));
        assert_eq!((train.take_pace(), train.rest), (None, REST));
    }
}
