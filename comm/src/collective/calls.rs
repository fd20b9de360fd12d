//! What a communicator remembers of its collectives: how many there were, and how the last ones went.

use std::cell::OnceCell;
use std::sync::Arc;

use olympi_coll::{Nodes, Schedule};

use crate::TAG_UB;
use crate::collective::seat::Seat;
use crate::group::Group;

/// How many schedules a communicator keeps. A solver's loop has a handful of calls.
const KEPT: usize = 8;

/// Which collective.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Barrier,
    Broadcast,
    Gather,
    Scatter,
    AllGather,
    AllToAll,
    Reduce,
    AllReduce,
    ReduceScatter,
    Scan,
    ExclusiveScan,
}

/// What a schedule follows from, beside the communicator. Calls whose blocks differ in length have none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) call: Call,
    /// The root, or 0.
    pub(crate) root: u32,
    /// Bytes of the contribution, or of a block.
    pub(crate) len: usize,
    /// Bytes of an element that is reduced, or 0.
    pub(crate) grain: usize,
    /// The operation commutes.
    pub(crate) commutative: bool,
    /// The contribution lies where the result goes.
    pub(crate) in_place: bool,
}

impl Key {
    pub(crate) fn new(call: Call, root: u32, len: usize, in_place: bool) -> Self {
        Self { call, root, len, grain: 0, commutative: true, in_place }
    }

    /// None, where it does not say all: the schedule is made anew each time.
    pub(crate) fn unless(self, more: bool) -> Option<Self> {
        (!more).then_some(self)
    }
}

/// The memory of a communicator.
#[derive(Default)]
pub(crate) struct Calls {
    count: u32,
    known: Vec<(Key, Arc<Schedule>)>,
    /// The next one to be forgotten.
    oldest: usize,
    /// The nodes of its ranks, once somebody has asked.
    nodes: OnceCell<Option<Nodes>>,
    /// Its place at a board.
    pub(crate) seat: Seat,
}

impl Calls {
    /// A tag for one more collective. All members count alike, since all call the same collectives in the same order
    /// (MPI 5.0, section 6.14).
    pub(crate) fn next_tag(&mut self) -> i32 {
        let tag = self.count & TAG_UB as u32;
        self.count = self.count.wrapping_add(1);
        tag as i32
    }

    /// The nodes of its ranks, where the processes of the job live on these.
    pub(crate) fn nodes(&self, job: Option<&Nodes>, group: &Group) -> Option<&Nodes> {
        let find = || {
            let numbers: Vec<u32> = (0..group.len())
                .map(|rank| job.map(|job| job.number(group.peer(rank).0)))
                .collect::<Option<_>>()?;
            Nodes::of(&numbers)
        };
        self.nodes.get_or_init(find).as_ref()
    }

    /// Forgets all schedules.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.oldest = 0;
    }

    /// The schedule of a call, if it is known.
    pub(crate) fn known(&self, key: Key) -> Option<Arc<Schedule>> {
        self.known.iter().find(|(known, _)| *known == key).map(|(_, schedule)| Arc::clone(schedule))
    }

    /// Remembers the schedule of a call.
    pub(crate) fn remember(&mut self, key: Key, schedule: Schedule) -> Arc<Schedule> {
        let schedule = Arc::new(schedule);
        let entry = (key, Arc::clone(&schedule));
        if self.known.len() < KEPT {
            self.known.push(entry);
        } else {
            self.known[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % KEPT;
        }
        schedule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_made_once_while_it_is_remembered() {
        let mut calls = Calls::default();
        let mut made = 0;
        let mut ask = |len| {
            let key = Key::new(Call::Broadcast, 0, len, false);
            let new = calls.known(key).is_none();
            if new {
                calls.remember(key, Schedule::default());
            }
            made += usize::from(new);
            new
        };
        assert!(ask(1) && !ask(1));
        assert!((2..=KEPT).all(&mut ask) && !ask(1));
        assert!(ask(100) && ask(1) && !ask(KEPT));
        assert_eq!(made, KEPT + 2);
    }

    #[test]
    fn tags_are_never_negative() {
        let mut calls = Calls { count: u32::MAX, ..Calls::default() };
        assert_eq!((calls.next_tag(), calls.next_tag()), (i32::MAX, 0));
    }
}
