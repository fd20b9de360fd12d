//! The protocol of a board: who may write, who may read, who sleeps and who wakes, all by a few words of memory.
//!
//! Members number their steps alike, from 1 on. In step `seq` a member writes into a *slot* or a *cell* of its own, of
//! which it has some and uses one after the other, and then *publishes*: stores `seq` in the slot's flag. Whoever needs
//! it waits for the flag, and reads. A member that has published a step has done with all steps before it, so a slot or
//! a cell is free again once everyone has published the step after the one it was last used for.
//!
//! # Sleeping
//! Who goes to sleep says first for whom it waits (`awaits`), then prepares its sleep as for messages, and looks at the
//! flags a last time; who publishes stores its flag, and then looks whether anybody sleeps. As at the
//! [doorbell](crate::doorbell), the sleeper pays for the barrier between the two where the kernel has `membarrier`.
//!
//! What a sleeper has said stays until it takes it back: a publisher may come late, and find said already what is meant
//! for its next step. It wakes nobody then, or somebody in vain, but must not take away what the next step needs. That
//! one alone wakes a sleeper is the doorbell's part.
//!
//! Where ranks outnumber CPUs, each of n arrivals would wake n sleepers. There arrivals are counted, and who waits for
//! all is woken by the last.

use crate::sync::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};

/// Waits for every member.
const ALL: u32 = u32::MAX;
/// In a flag, whose upper bits are the step: the payload lies in the slot.
pub(crate) const HERE: u64 = 1;
/// In a flag: there is no payload, since its member has failed.
pub(crate) const FAILED: u64 = 2;

/// Where a board lives: in a mapped file, or in a test.
pub(crate) trait Words {
    /// Slots of a member.
    const SLOTS: u64;
    /// Cells of a member, at least two and no more than slots.
    const CELLS: u64;
    /// A slot's step, and the marks in its lowest bits.
    fn flag(&self, member: usize, slot: usize) -> &AtomicU64;
    /// For whom a member sleeps: 0 nobody, a member's number plus one, or all.
    fn awaits(&self, member: usize) -> &AtomicU32;
    /// How many members sleep.
    fn sleepers(&self) -> &AtomicU32;
    /// How often a slot has been published by anyone; counted where the board is crowded.
    fn arrived(&self, slot: usize) -> &AtomicU64;
}

/// For whom a member waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// For one member.
    Member(usize),
    /// For all of them, and this one is not there yet.
    All(usize),
}

/// What one member knows of the others.
#[derive(Debug)]
pub(crate) struct Turns {
    pub(crate) me: usize,
    /// The newest step that each member is known to have published; [`GONE`] if it is dead.
    seen: Vec<u64>,
    any_gone: bool,
    /// Sleepers that wait for all are woken by the last alone.
    pub(crate) crowded: bool,
    /// Publishers make a fence of their own.
    pub(crate) fenced: bool,
    /// What this member has said when it went to sleep.
    said: Option<Awaited>,
}

/// Instead of a step: reads nothing any more, so that all its steps count as done.
const GONE: u64 = u64::MAX;

/// Which of so many a step uses.
#[inline]
#[allow(clippy::cast_possible_truncation)] // below `turn`, which is small
pub(crate) fn place(seq: u64, turn: u64) -> usize {
    (seq % turn) as usize
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // boards are bounded
fn number(member: usize) -> u32 {
    member as u32 + 1
}

impl Turns {
    pub(crate) fn new(me: usize, members: usize) -> Self {
        Self { me, seen: vec![0; members], any_gone: false, crowded: false, fenced: true, said: None }
    }

    /// Whether this member's slot of a step may be overwritten, and its cell as well if it uses that.
    ///
    /// # Errors
    /// For whom to wait.
    #[inline]
    pub(crate) fn free<W: Words>(&mut self, words: &W, seq: u64, cell: bool) -> Result<(), usize> {
        let turn = if cell { W::CELLS } else { W::SLOTS };
        let Some(before) = (seq + 1).checked_sub(turn) else { return Ok(()) };
        for member in 0..self.seen.len() {
            if self.seen[member] < before && member != self.me && self.look(words, member, before).is_none() {
                return Err(member);
            }
        }
        Ok(())
    }

    /// Publishes a step, with these marks.
    #[inline]
    pub(crate) fn publish<W: Words>(&mut self, words: &W, seq: u64, marks: u64) {
        words.flag(self.me, place(seq, W::SLOTS)).store(seq << 2 | marks, Ordering::Release);
        self.seen[self.me] = seq;
    }

    /// The marks of what a member has published in a step; `None`: nothing yet.
    #[inline]
    pub(crate) fn look<W: Words>(&mut self, words: &W, member: usize, seq: u64) -> Option<u64> {
        let flag = words.flag(member, place(seq, W::SLOTS)).load(Ordering::Acquire);
        let newest = flag >> 2;
        if newest < seq {
            return None;
        }
        self.seen[member] = self.seen[member].max(seq);
        // Nobody overwrites what this member still reads, unless they take it for dead: then there is nothing to read.
        Some(if newest == seq { flag & (HERE | FAILED) } else { FAILED })
    }

    /// A member is dead.
    pub(crate) fn bury(&mut self, member: usize) {
        self.seen[member] = GONE;
        self.any_gone = true;
    }

    /// After a step was published: whether anybody may have to be [roused](Self::rouse).
    #[inline]
    pub(crate) fn may_rouse<W: Words>(&self, words: &W) -> bool {
        if self.fenced {
            fence(Ordering::SeqCst);
        } else {
            compiler_fence();
        }
        self.crowded || words.sleepers().load(Ordering::Relaxed) != 0
    }

    /// Tells `wake` of each member that sleeps until this one has published the step that it has published last.
    pub(crate) fn rouse<W: Words>(&self, words: &W, seq: u64, mut wake: impl FnMut(usize)) {
        let last = self.crowded && {
            let arrived = words.arrived(place(seq, W::SLOTS)).fetch_add(1, Ordering::AcqRel) + 1;
            // So many times the slot was used by now, and by each member.
            arrived >= seq.div_ceil(W::SLOTS) * self.seen.len() as u64
        };
        fence(Ordering::SeqCst);
        if words.sleepers().load(Ordering::Relaxed) == 0 {
            return;
        }
        for member in 0..self.seen.len() {
            let awaits = words.awaits(member).load(Ordering::Acquire);
            let ours = awaits == number(self.me) || (awaits == ALL && last);
            if ours && member != self.me && self.seen[member] != GONE {
                wake(member);
            }
        }
    }

    /// Says for whom this member is going to sleep, or corrects that. To be said before the sleep is prepared; after
    /// that, look once more, and do not sleep if it is somebody else by then.
    pub(crate) fn lie_down<W: Words>(&mut self, words: &W, awaited: Awaited) {
        let awaits = match awaited {
            // Only where publishers count arrivals is there a last one, and only if nobody is missing for good.
            Awaited::All(_) if self.crowded && !self.any_gone => ALL,
            Awaited::All(member) | Awaited::Member(member) => number(member),
        };
        if self.said.replace(awaited).is_none() {
            words.sleepers().fetch_add(1, Ordering::AcqRel);
        }
        words.awaits(self.me).store(awaits, Ordering::SeqCst);
    }

    /// For whom this member has said that it sleeps.
    pub(crate) fn said(&self) -> Option<Awaited> {
        self.said
    }

    /// Takes back what `lie_down` said, if it said anything.
    #[inline]
    pub(crate) fn get_up<W: Words>(&mut self, words: &W) {
        if self.said.take().is_some() {
            words.awaits(self.me).store(0, Ordering::Release);
            words.sleepers().fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests;
