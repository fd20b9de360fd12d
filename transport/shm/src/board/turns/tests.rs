//! The protocol of a board: step by step, and (under loom) in every interleaving.

use super::*;

/// The words of a board in private memory, with few slots.
struct Sheet {
    flags: Vec<[AtomicU64; 3]>,
    awaits: Vec<AtomicU32>,
    sleepers: AtomicU32,
    arrived: [AtomicU64; 3],
}

impl Sheet {
    fn new(members: usize) -> Self {
        let words = || core::array::from_fn(|_| AtomicU64::new(0));
        Self {
            flags: (0..members).map(|_| words()).collect(),
            awaits: (0..members).map(|_| AtomicU32::new(0)).collect(),
            sleepers: AtomicU32::new(0),
            arrived: words(),
        }
    }
}

impl Words for Sheet {
    const SLOTS: u64 = 3;
    const CELLS: u64 = 2;

    fn flag(&self, member: usize, slot: usize) -> &AtomicU64 {
        &self.flags[member][slot]
    }

    fn awaits(&self, member: usize) -> &AtomicU32 {
        &self.awaits[member]
    }

    fn sleepers(&self) -> &AtomicU32 {
        &self.sleepers
    }

    fn arrived(&self, slot: usize) -> &AtomicU64 {
        &self.arrived[slot]
    }
}

/// What each member knows at the beginning.
fn members(n: usize, crowded: bool) -> Vec<Turns> {
    (0..n).map(|me| Turns { crowded, ..Turns::new(me, n) }).collect()
}

#[cfg(not(loom))]
mod steps {
    use super::*;

    /// Publishes, and tells who is woken for it.
    fn publish(turns: &mut Turns, sheet: &Sheet, seq: u64) -> Vec<usize> {
        turns.publish(sheet, seq, HERE);
        roused(turns, sheet, seq)
    }

    fn roused(turns: &Turns, sheet: &Sheet, seq: u64) -> Vec<usize> {
        let mut woken = Vec::new();
        if turns.may_rouse(sheet) {
            turns.rouse(sheet, seq, |member| woken.push(member));
        }
        woken
    }

    #[test]
    fn a_slot_is_free_once_everyone_has_published_the_step_after() {
        let (sheet, mut turns) = (Sheet::new(3), members(3, false));
        let [a, b, c] = &mut turns[..] else { unreachable!() };
        for seq in 1..=2 {
            assert_eq!(a.free(&sheet, seq, false), Ok(()));
            a.publish(&sheet, seq, HERE);
        }
        // Slot 0 was never used, but that of step 4 was, for step 1.
        assert_eq!(a.free(&sheet, 3, false), Err(1));
        b.publish(&sheet, 1, HERE);
        assert_eq!(a.free(&sheet, 3, false), Err(2));
        c.publish(&sheet, 1, HERE);
        assert_eq!((a.free(&sheet, 3, false), a.free(&sheet, 3, true)), (Ok(()), Err(1)));
        b.publish(&sheet, 2, HERE);
        assert_eq!(a.free(&sheet, 3, true), Err(2));
        a.bury(2);
        assert_eq!(a.free(&sheet, 3, true), Ok(()));
    }

    #[test]
    fn who_is_overtaken_is_told_so() {
        let (sheet, mut turns) = (Sheet::new(2), members(2, false));
        let [a, b] = &mut turns[..] else { unreachable!() };
        a.bury(1);
        a.publish(&sheet, 1, HERE);
        assert_eq!((b.look(&sheet, 0, 1), b.look(&sheet, 0, 4)), (Some(HERE), None));
        a.publish(&sheet, 4, HERE);
        assert_eq!((b.look(&sheet, 0, 1), b.look(&sheet, 0, 4)), (Some(FAILED), Some(HERE)));
    }

    #[test]
    fn a_publisher_wakes_who_waits_for_it_and_nobody_else() {
        for crowded in [false, true] {
            let (sheet, mut turns) = (Sheet::new(3), members(3, crowded));
            turns[0].lie_down(&sheet, Awaited::Member(2));
            assert_eq!(publish(&mut turns[1], &sheet, 1), []);
            assert_eq!(publish(&mut turns[2], &sheet, 1), [0]);
            turns[0].get_up(&sheet);
            assert_eq!(publish(&mut turns[2], &sheet, 2), []);
        }
    }

    /// A publisher that comes late for one step must leave what is said for its next.
    #[test]
    fn a_late_publisher_takes_nothing_away() {
        let (sheet, mut turns) = (Sheet::new(2), members(2, false));
        turns[1].publish(&sheet, 1, HERE);
        assert_eq!(turns[0].look(&sheet, 1, 1), Some(HERE));
        turns[0].lie_down(&sheet, Awaited::Member(1));
        assert_eq!(roused(&turns[1], &sheet, 1), [0]);
        assert_eq!(publish(&mut turns[1], &sheet, 2), [0]);
    }

    #[test]
    fn who_waits_for_all_is_woken_by_the_one_it_saw_missing() {
        let (sheet, mut turns) = (Sheet::new(3), members(3, false));
        // It has not looked at member 1, which is there; member 2 is the one that it found missing.
        assert_eq!(publish(&mut turns[1], &sheet, 1), []);
        turns[0].lie_down(&sheet, Awaited::All(2));
        assert_eq!(publish(&mut turns[2], &sheet, 1), [0]);
    }

    #[test]
    fn in_a_crowd_the_last_alone_wakes_and_in_every_step() {
        let (sheet, mut turns) = (Sheet::new(3), members(3, true));
        for seq in 1..100 {
            let first = usize::try_from(seq).unwrap() % 3;
            let (second, third) = ((first + 1) % 3, (first + 2) % 3);
            assert_eq!(publish(&mut turns[first], &sheet, seq), []);
            turns[first].lie_down(&sheet, Awaited::All(second));
            assert_eq!(publish(&mut turns[second], &sheet, seq), []);
            turns[second].lie_down(&sheet, Awaited::All(third));
            let mut both = [first, second];
            both.sort_unstable();
            assert_eq!(publish(&mut turns[third], &sheet, seq), both);
            turns[first].get_up(&sheet);
            turns[second].get_up(&sheet);
        }
    }

    #[test]
    fn nobody_waits_for_the_last_where_one_is_dead() {
        let (sheet, mut turns) = (Sheet::new(3), members(3, true));
        assert_eq!(publish(&mut turns[0], &sheet, 1), []);
        turns[0].bury(1);
        turns[0].lie_down(&sheet, Awaited::All(2));
        assert_eq!(publish(&mut turns[2], &sheet, 1), [0]);
        // And the dead are not woken.
        turns[1].lie_down(&sheet, Awaited::Member(0));
        assert_eq!(publish(&mut turns[0], &sheet, 2), []);
    }

    #[test]
    fn sleepers_are_counted_once_however_often_they_say_it() {
        let (sheet, mut turns) = (Sheet::new(2), members(2, false));
        turns[0].get_up(&sheet);
        for _ in 0..2 {
            turns[0].lie_down(&sheet, Awaited::Member(1));
            turns[0].lie_down(&sheet, Awaited::All(1));
            assert_eq!((turns[0].said(), sheet.sleepers.load(Ordering::Relaxed)), (Some(Awaited::All(1)), 1));
            turns[0].get_up(&sheet);
            turns[0].get_up(&sheet);
            assert_eq!((turns[0].said(), sheet.sleepers.load(Ordering::Relaxed)), (None, 0));
        }
    }
}

#[cfg(loom)]
mod loom {
    use super::*;
    use crate::doorbell::{AWAKE, Doorbell, ON_WORD};
    use ::loom::cell::UnsafeCell;
    use ::loom::sync::Arc;
    use ::loom::thread;

    /// A board with payloads that loom watches: to write what another may still read is an error.
    struct Paper {
        sheet: Sheet,
        slots: Vec<[UnsafeCell<u64>; 3]>,
        cells: Vec<[UnsafeCell<u64>; 2]>,
    }

    impl Paper {
        fn new(members: usize) -> Self {
            let slots = || core::array::from_fn(|_| UnsafeCell::new(0));
            let cells = || core::array::from_fn(|_| UnsafeCell::new(0));
            Self {
                sheet: Sheet::new(members),
                slots: (0..members).map(|_| slots()).collect(),
                cells: (0..members).map(|_| cells()).collect(),
            }
        }

        fn at(&self, member: usize, seq: u64, cell: bool) -> &UnsafeCell<u64> {
            if cell {
                &self.cells[member][place(seq, Sheet::CELLS)]
            } else {
                &self.slots[member][place(seq, Sheet::SLOTS)]
            }
        }
    }

    // SAFETY: loom checks each access to its cells.
    unsafe impl Sync for Paper {}

    fn show(turns: &mut Turns, paper: &Paper, seq: u64, cell: bool) {
        while turns.free(&paper.sheet, seq, cell).is_err() {
            thread::yield_now();
        }
        // SAFETY: loom checks it.
        paper.at(turns.me, seq, cell).with_mut(|at| unsafe { *at = seq });
        turns.publish(&paper.sheet, seq, u64::from(!cell) * HERE);
    }

    fn read(turns: &mut Turns, paper: &Paper, from: usize, seq: u64) {
        let marks = loop {
            if let Some(marks) = turns.look(&paper.sheet, from, seq) {
                break marks;
            }
            thread::yield_now();
        };
        // SAFETY: loom checks it.
        let value = paper.at(from, seq, marks & HERE == 0).with(|at| unsafe { *at });
        assert_eq!(value, seq, "what was shown in this step");
    }

    /// Members go through steps, each reading of those for whom `reads(me, from)` holds; steps for which `cell(seq)`
    /// holds use cells.
    fn run(n: usize, steps: u64, reads: fn(usize, usize) -> bool, cell: fn(u64) -> bool) {
        bounded(move || {
            let paper = Arc::new(Paper::new(n));
            let go = move |mut turns: Turns, paper: Arc<Paper>| {
                let me = turns.me;
                for seq in 1..=steps {
                    show(&mut turns, &paper, seq, cell(seq));
                    for from in (0..n).filter(|from| *from != me && reads(me, *from)) {
                        read(&mut turns, &paper, from, seq);
                    }
                }
            };
            let mut turns = members(n, false);
            let first = turns.remove(0);
            let others: Vec<_> = turns
                .into_iter()
                .map(|turns| {
                    let paper = Arc::clone(&paper);
                    thread::spawn(move || go(turns, paper))
                })
                .collect();
            go(first, paper);
            others.into_iter().for_each(|other| other.join().unwrap());
        });
    }

    #[test]
    fn loom_two_members_exchange_by_slots_used_again() {
        run(2, 5, |_, _| true, |_| false);
    }

    #[test]
    fn loom_two_members_exchange_by_cells_and_slots() {
        run(2, 5, |_, _| true, |seq| seq != 2);
    }

    #[test]
    fn loom_one_runs_ahead_of_another_that_reads() {
        run(2, 6, |me, _| me == 1, |seq| seq > 3);
    }

    /// A cell is used again, once both of those that read it have gone on.
    #[test]
    fn loom_who_writes_waits_for_both_of_its_readers() {
        bounded(|| {
            let paper = Arc::new(Paper::new(3));
            let mut turns = members(3, false);
            for turns in &mut turns {
                show(turns, &paper, 1, true);
            }
            let mut writer = turns.remove(0);
            let readers: Vec<_> = turns
                .into_iter()
                .map(|mut turns| {
                    let paper = Arc::clone(&paper);
                    thread::spawn(move || {
                        read(&mut turns, &paper, 0, 1);
                        show(&mut turns, &paper, 2, true);
                    })
                })
                .collect();
            show(&mut writer, &paper, 2, true);
            show(&mut writer, &paper, 3, true);
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
    }

    /// Members with a doorbell each.
    struct Room {
        sheet: Sheet,
        bells: Vec<Doorbell>,
    }

    impl Room {
        fn new(members: usize) -> Arc<Self> {
            let bells = (0..members).map(|_| Doorbell::new()).collect();
            Arc::new(Self { sheet: Sheet::new(members), bells })
        }

        /// As in `wake_board`.
        fn publish(&self, turns: &mut Turns, seq: u64) {
            turns.publish(&self.sheet, seq, HERE);
            if turns.may_rouse(&self.sheet) {
                turns.rouse(&self.sheet, seq, |member| {
                    self.bells[member].rouse();
                });
            }
        }

        /// As in `draw` and `prepare_sleep`: whether member 0 falls asleep until `there`.
        fn sleep(&self, turns: &mut Turns, awaited: Awaited, there: impl FnOnce(&mut Turns) -> bool) -> bool {
            turns.lie_down(&self.sheet, awaited);
            self.bells[0].sleep.store(ON_WORD, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            !there(turns)
        }

        /// To be asked once all have published.
        fn is_woken(&self) -> bool {
            self.bells[0].sleep.load(Ordering::SeqCst) == AWAKE
        }
    }

    fn bounded(model: impl Fn() + Sync + Send + 'static) {
        let mut builder = ::loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(model);
    }

    /// The publisher may still be looking for sleepers of its first step, while the other waits for its second.
    #[test]
    fn loom_no_step_of_one_is_slept_through() {
        bounded(|| {
            let room = Room::new(2);
            let mut turns = members(2, false);
            let (mut other, mut me) = (turns.pop().unwrap(), turns.pop().unwrap());
            let theirs = Arc::clone(&room);
            let publisher = thread::spawn(move || {
                theirs.publish(&mut other, 1);
                theirs.publish(&mut other, 2);
            });
            while me.look(&room.sheet, 1, 1).is_none() {
                thread::yield_now();
            }
            let asleep = room.sleep(&mut me, Awaited::Member(1), |me| me.look(&room.sheet, 1, 2).is_some());
            publisher.join().unwrap();
            assert!(!asleep || room.is_woken(), "the step is slept through");
        });
    }

    /// Two arrive while a third falls asleep until both are there.
    fn two_arrive(crowded: bool) {
        bounded(move || {
            let room = Room::new(3);
            let mut turns = members(3, crowded);
            let mut me = turns.remove(0);
            room.publish(&mut me, 1);
            let publishers: Vec<_> = turns
                .into_iter()
                .map(|mut turns| {
                    let theirs = Arc::clone(&room);
                    thread::spawn(move || theirs.publish(&mut turns, 1))
                })
                .collect();
            let missing = |me: &mut Turns| (1..3).find(|other| me.look(&room.sheet, *other, 1).is_none());
            if let Some(first) = missing(&mut me) {
                // If it is another who is missing by then, `draw` does not sleep.
                let asleep = room.sleep(&mut me, Awaited::All(first), |me| missing(me) != Some(first));
                publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
                assert!(!asleep || room.is_woken(), "the last arrival is slept through");
            } else {
                publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
            }
        });
    }

    #[test]
    fn loom_no_arrival_is_slept_through() {
        two_arrive(false);
    }

    #[test]
    fn loom_the_last_of_a_crowd_wakes() {
        two_arrive(true);
    }
}
