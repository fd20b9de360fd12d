//! How the parts of a message are best copied from the window to where they are received.
//!
//! It is as with the sender's stores (see `copier`), and cannot be told from one end alone. Between two cores of one
//! cache, two streams are the quickest way for what the receiver's own caches hold, and what is received stays there.
//! Between others, the processor's string move is quicker; and where a message is long, to go past the caches
//! spares the lines of the target, which are fetched only to be overwritten. What is so long that it leaves the shared
//! cache before it is used is better copied past it between any two cores. So the pace of the frames is measured with two
//! ways in each of three classes, by how many frames came before.

use olympi_transport_api::CopyBy;

use crate::calibrate::{Group, LULL};
use crate::copier::{Learner, ticks};

/// So many of the longest frames in a row are a long message: 256 KiB in frames of 16 KiB.
const LONG: u32 = 16;
/// And so many are a message that leaves the cache before it is used: 4 MiB.
const HUGE: u32 = 256;
/// Groups of a try that are not looked at: few, as the lines of the target matter at once.
const SETTLING: u32 = 2;

#[derive(Debug)]
pub(crate) struct Landing {
    classes: [Class; 3],
    /// The longest frames that came in a row.
    row: u32,
    /// When the last of them was dealt with.
    since: u64,
}

/// What is known of the beginnings of messages, of their later parts, and of what is behind those.
#[derive(Debug)]
struct Class {
    learner: Learner,
    group: Group,
}

impl Landing {
    pub(crate) fn new() -> Self {
        let class = || Class { learner: Learner::new(SETTLING), group: Group::new() };
        Self { classes: [class(), class(), class()], row: 0, since: 0 }
    }

    fn class(&self) -> usize {
        usize::from(self.row > LONG) + usize::from(self.row > HUGE)
    }

    /// How to copy the next payload; whether its frame is as long as can be.
    #[inline]
    pub(crate) fn way(&self, full: bool) -> CopyBy {
        if !full {
            return CopyBy::Streams;
        }
        let class = self.class();
        match (class, self.classes[class].learner.other()) {
            (0, false) => CopyBy::Streams,
            (0, true) | (_, false) => CopyBy::Strings,
            (_, true) => CopyBy::PastCaches,
        }
    }

    /// A payload has come, and was dealt with; whether its frame was as long as can be.
    #[inline]
    pub(crate) fn note(&mut self, len: usize, full: bool) {
        if full {
            self.time(len, ticks());
        } else {
            self.row = 0;
        }
    }

    fn time(&mut self, len: usize, now: u64) {
        let took = now.wrapping_sub(self.since);
        self.since = now;
        let at = self.class();
        let class = &mut self.classes[at];
        if took > LULL {
            self.row = 0;
        } else if self.row > 0
            && let Some(cost) = class.group.add(len, took)
        {
            class.learner.learn(cost);
        }
        self.row = self.row.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of so many of the longest frames, a lull between them, each way with its time. Returns how many frames
    /// went by each.
    fn ways(landing: &mut Landing, messages: u32, frames: u32, times: [u64; 3]) -> [u32; 3] {
        let (mut now, mut went) = (landing.since, [0; 3]);
        for _ in 0..messages {
            now += 10 * LULL;
            for _ in 0..frames {
                let way = landing.way(true) as usize;
                went[way] += 1;
                now += times[way];
                landing.time(16 << 10, now);
            }
        }
        went
    }

    #[test]
    fn each_part_of_a_message_goes_the_way_that_is_quickest_for_it() {
        let mut landing = Landing::new();
        // One cache: the first 17 frames of each by streams, the others by strings.
        let near = ways(&mut landing, 2000, 64, [900, 1000, 1500]);
        assert!(near[0] > 2000 * 15 && near[1] > 2000 * 42 && near[2] < 2000 * 5, "{near:?}");
        // The machine changes: that is noticed at the next try.
        ways(&mut landing, 2000, 64, [3500, 3000, 2000]);
        let far = ways(&mut landing, 2000, 64, [3500, 3000, 2000]);
        assert!(far[0] < 2000 * 2 && far[1] > 2000 * 12 && far[2] > 2000 * 40, "{far:?}");
        ways(&mut landing, 1, 1, [3500, 3000, 2000]);
        let short = ways(&mut landing, 1000, LONG, [3500, 3000, 2000]);
        assert_eq!(short[2], 0, "short ones are left in the caches");
        assert_eq!(landing.way(false), CopyBy::Streams);
    }

    #[test]
    fn what_is_huge_is_learnt_apart() {
        let mut landing = Landing::new();
        let (mut now, mut past) = (0, [0; 2]);
        for _ in 0..400 {
            now += 10 * LULL;
            for frame in 0..2 * HUGE {
                let way = landing.way(true);
                let huge = frame > HUGE;
                past[usize::from(huge)] += u32::from(way == CopyBy::PastCaches);
                now += if huge == (way == CopyBy::PastCaches) { 1000 } else { 1500 };
                landing.time(16 << 10, now);
            }
        }
        assert!(past[0] < 400 * HUGE / 8 && past[1] > 400 * HUGE / 8 * 6, "{past:?}");
    }
}
