//! The lock of one target: who has it, and who waits for it, in the order in which they have asked.

use std::collections::VecDeque;

/// Who asks, or has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claimant {
    pub(crate) rank: u32,
    pub(crate) exclusive: bool,
    /// The tag of the answer that grants it.
    pub(crate) answer: i32,
}

/// A lock for one, or shared by several.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    holders: Vec<Claimant>,
    queue: VecDeque<Claimant>,
}

impl Locks {
    /// Asks for it.
    pub(crate) fn ask(&mut self, claimant: Claimant) {
        self.queue.push_back(claimant);
    }

    /// A rank gives it back, or is gone; what it has asked for since it is gone it does not need.
    pub(crate) fn release(&mut self, rank: u32, gone: bool) {
        if let Some(at) = self.holders.iter().position(|holder| holder.rank == rank) {
            self.holders.swap_remove(at);
        }
        if gone {
            self.queue.retain(|waiting| waiting.rank != rank);
        }
    }

    /// The next one that gets it. Nobody overtakes, so that no one waits for ever.
    pub(crate) fn grant(&mut self) -> Option<Claimant> {
        let next = *self.queue.front()?;
        let free = match self.holders.first() {
            None => true,
            Some(holder) => !holder.exclusive && !next.exclusive,
        };
        free.then(|| {
            self.queue.pop_front();
            self.holders.push(next);
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(locks: &mut Locks) -> Vec<u32> {
        std::iter::from_fn(|| locks.grant()).map(|claimant| claimant.rank).collect()
    }

    #[test]
    fn one_writes_or_several_read_and_nobody_overtakes() {
        let mut locks = Locks::default();
        for (rank, exclusive) in [(0, false), (1, false), (2, true), (3, false), (4, true)] {
            locks.ask(Claimant { rank, exclusive, answer: 0 });
        }
        assert_eq!(granted(&mut locks), [0, 1]);
        locks.release(0, false);
        assert_eq!(granted(&mut locks), []);
        locks.release(1, false);
        assert_eq!(granted(&mut locks), [2]);
        locks.release(4, true);
        locks.release(2, true);
        assert_eq!(granted(&mut locks), [3]);
        locks.release(3, false);
        assert_eq!(granted(&mut locks), []);
    }
}
