//! How long to poll before sleeping.

use std::time::{Duration, Instant};

/// How often a rank that shares its CPU gives way before it sleeps. To be woken on a CPU that has gone idle costs more
/// than to get one's turn among a few that yield: a token goes round sixteen ranks on two CPUs twice as fast as with
/// none (`olympi-bench token`). Between 5 and 200 it makes no difference, so it is few: who yields takes time from who
/// computes.
const YIELDS: u32 = 10;

/// How long a waiting rank polls before it sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For how long to poll in vain. Zero: give way to others a few times, then sleep, since another rank needs the CPU.
    pub spin: Duration,
}

impl Patience {
    /// Begins a wait. Make a new one whenever a poll has brought something.
    #[inline]
    pub fn begin(&self) -> Spin {
        Spin { limit: self.spin, polls: 0, since: None }
    }
}

/// A wait that is being spent in polling.
#[derive(Clone, Copy, Debug)]
pub struct Spin {
    limit: Duration,
    polls: u32,
    since: Option<Instant>,
}

impl Spin {
    /// After a poll in vain: whether to poll on. The clock is read at every 64th question only.
    #[inline]
    pub fn more(&mut self) -> bool {
        self.polls = self.polls.wrapping_add(1);
        // No pause between polls: it would be part of every latency.
        if !self.polls.is_multiple_of(64) && !self.limit.is_zero() {
            return true;
        }
        self.more_slowly()
    }

    #[cold]
    fn more_slowly(&mut self) -> bool {
        if self.limit.is_zero() {
            if self.polls <= YIELDS {
                std::thread::yield_now();
            }
            return self.polls <= YIELDS;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() < self.limit
    }
}
