//! What a communicator remembers of its collectives: how many there were, and how the last ones went.

use std::cell::OnceCell;
use std::sync::Arc;

use olympi_coll::{Nodes, Schedule};

use crate::TAG_UB;
use crate::collective::running::Sequence;
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
    /// Blocking calls have boards.
    pub(crate) sequence: Sequence,
}

impl Key {
    pub(crate) fn new(call: Call, root: u32, len: usize, in_place: bool) -> Self {
        Self { call, root, len, grain: 0, commutative: true, in_place, sequence: Sequence::Calls }
    }

    /// None, where it does not say all: the schedule is made anew each time.
    pub(crate) fn unless(self, more: bool) -> Option<Self> {
        (!more).then_some(self)
    }
}

/// The memory of a communicator.
#[derive(Default)]
pub(crate) struct Calls {
    /// How many there were in each sequence.
    counts: [u32; 2],
    /// `None`: a call has it, to be given back.
    known: Vec<(Key, Option<Arc<Schedule>>)>,
    /// The next one to be forgotten.
    oldest: usize,
    /// The nodes of its ranks, once somebody has asked.
    nodes: OnceCell<Option<Nodes>>,
    /// Its place at a board.
    pub(crate) seat: Seat,
}

impl Calls {
    /// A tag for one more collective of a sequence. All members count alike, since all call the same collectives in the same
    /// order (MPI 5.0, section 6.14).
    pub(crate) fn next_tag(&mut self, sequence: Sequence) -> i32 {
        let count = &mut self.counts[sequence as usize];
        let tag = (*count << 1 | sequence as u32) & TAG_UB as u32;
        *count = count.wrapping_add(1);
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
        self.known.iter().find(|(known, _)| *known == key)?.1.clone()
    }

    /// Takes out the schedule of a call, if it is known and for a board, and says where it [belongs](Self::give_back): to
    /// count its references would take a tenth of the time that a small collective does.
    #[inline]
    pub(crate) fn lend(&mut self, key: Key) -> Option<(usize, Arc<Schedule>)> {
        let at = self.known.iter().position(|(known, _)| *known == key)?;
        let schedule = self.known[at].1.take_if(|schedule| schedule.is_for_board())?;
        Some((at, schedule))
    }

    /// Puts a schedule back, unless everything was forgotten meanwhile.
    #[inline]
    pub(crate) fn give_back(&mut self, at: usize, schedule: Arc<Schedule>) {
        if let Some((_, place @ None)) = self.known.get_mut(at) {
            *place = Some(schedule);
        }
    }

    /// Remembers the schedule of a call.
    pub(crate) fn remember(&mut self, key: Key, schedule: Schedule) -> Arc<Schedule> {
        let schedule = Arc::new(schedule);
        let entry = (key, Some(Arc::clone(&schedule)));
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
    fn what_is_lent_for_a_board_comes_back() {
        let mut calls = Calls::default();
        let key = Key::new(Call::Barrier, 0, 0, false);
        let mut plan = olympi_coll::Plan::new();
        plan.send(1, olympi_coll::Span::send(0));
        plan.end_round();
        calls.remember(key, plan.finish());
        assert!(calls.lend(key).is_none(), "one by messages is shared instead");
        assert!(calls.known(key).is_some());
        let mut plan = olympi_coll::Plan::for_board();
        plan.wait_for(1);
        plan.end_round();
        let other = Key::new(Call::Barrier, 1, 0, false);
        calls.remember(other, plan.finish());
        let (at, schedule) = calls.lend(other).expect("it is for a board");
        assert!(calls.lend(other).is_none() && calls.known(other).is_none());
        calls.give_back(at, schedule);
        assert!(calls.known(other).is_some());
        let (at, schedule) = calls.lend(other).expect("it is there again");
        calls.forget();
        calls.give_back(at, schedule);
        assert!(calls.known(other).is_none());
    }

    #[test]
    fn tags_are_never_negative() {
        let mut calls = Calls { counts: [u32::MAX; 2], ..Calls::default() };
        let mut tags = |sequence| [calls.next_tag(sequence), calls.next_tag(sequence)];
        assert_eq!([tags(Sequence::Calls), tags(Sequence::Requests)], [[i32::MAX - 1, 0], [i32::MAX, 1]]);
    }
}
