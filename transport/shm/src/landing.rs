//! Whether the parts of a long message are better copied into the receiver's caches, or past them.
//!
//! It is as with the sender's stores (see `copier`), and cannot be told from one end alone: between two cores of one
//! cache, what is received stays there, which is by half faster; between others each line comes through memory anyway,
//! and to fetch the target's lines as well, only to overwrite them, costs a third. So the pace of the frames is
//! measured with both, where a message is long enough for it to matter; and once more where it is so long that it will
//! not stay in the cache, which then is the better way between any two cores.

use crate::calibrate::{Group, LULL};
use crate::copier::{Kind, Learner, ticks};

/// So many of the longest frames in a row are a long message.
const LONG: u32 = 16;
/// And so many are a message that leaves the cache before it is used: 4 MiB in frames of 16 KiB.
const HUGE: u32 = 256;
/// Groups of a try that are not looked at: few, as the lines of the target matter at once.
const SETTLING: u32 = 2;

#[derive(Debug)]
pub(crate) struct Landing {
    /// What is known of long messages, and of the later parts of huge ones.
    learners: [Learner; 2],
    /// The longest frames that came in a row.
    row: u32,
    /// When the last of them was dealt with.
    since: u64,
    group: Group,
}

impl Landing {
    pub(crate) fn new() -> Self {
        let learners = [Learner::new(SETTLING), Learner::new(SETTLING)];
        Self { learners, row: 0, since: 0, group: Group::new() }
    }

    /// Whether the next payload is to go past the caches.
    #[inline]
    pub(crate) fn is_memory(&self) -> bool {
        self.row > LONG && self.learners[self.class()].kind() == Kind::Streaming
    }

    fn class(&self) -> usize {
        usize::from(self.row > HUGE)
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
        if took > LULL {
            self.row = 0;
        }
        self.row = self.row.saturating_add(1);
        if self.row > LONG
            && let Some(cost) = self.group.add(len, took)
        {
            let class = self.class();
            self.learners[class].learn(cost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of so many of the longest frames, a lull between them. Returns how many frames went past the caches.
    fn past(landing: &mut Landing, messages: u32, frames: u32, cached: u64, streaming: u64) -> u32 {
        let (mut now, mut past) = (landing.since, 0);
        for _ in 0..messages {
            now += 10 * LULL;
            for _ in 0..frames {
                let memory = landing.is_memory();
                past += u32::from(memory);
                now += if memory { streaming } else { cached };
                landing.time(16 << 10, now);
            }
        }
        past
    }

    #[test]
    fn the_quicker_way_is_taken_for_long_messages_alone() {
        let mut landing = Landing::new();
        let near = past(&mut landing, 2000, 64, 1000, 1500);
        assert!(near < 2000 * 64 / 8, "{near}");
        let far = past(&mut landing, 2000, 64, 3000, 2000);
        assert!(far > 2000 * 30, "most of the 48 that follow the first 16: {far}");
        past(&mut landing, 1, 1, 3000, 2000);
        assert_eq!(past(&mut landing, 1000, LONG, 3000, 2000), 0, "short ones are left in the caches");
    }
}
