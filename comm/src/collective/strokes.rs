//! Running a schedule on a board: what one rank shows and reads there, step by step.
//!
//! Strokes never wait: [`Strokes::advance`] goes as far as it can and says for whom it waits. Who waits is told below
//! (blocking calls keep them on the stack, non-blocking ones in the board's queue).

use std::sync::Arc;

use olympi_coll::{Order, Schedule, Span, Step};
use olympi_reduce::Operation;
use olympi_transport::{Awaited, Board, Posted, Progress};
use olympi_transport_api::Payload;

use crate::collective::areas::{Areas, side};
use crate::collective::running::{Cause, Fault, Prepared};
use crate::group::Group;
use crate::op::Gone;

/// Bytes that are copied off the board at a time to be combined: what a peer can write is never an operand, and a copy
/// that stays in the nearest cache costs little.
const PIECE: usize = 8 << 10;
/// Up to so many bytes are copied at once, to a smaller place.
const SHORT: usize = 128;

/// A schedule for a board that is being run.
pub(crate) struct Strokes {
    schedule: Arc<Schedule>,
    hand: Hand,
}

/// Where it stands.
struct Hand {
    call: &'static str,
    operation: Option<Operation>,
    areas: Areas,
    /// The board's step of the first round.
    base: u64,
    round: usize,
    /// This round's bytes are shown.
    shown: bool,
    /// How many of this round's messages are done.
    done: usize,
    fault: Option<Box<Fault>>,
}

/// Whom a rank knows to be gone, and who the members of the board are.
#[derive(Clone, Copy)]
pub(crate) struct Living<'a> {
    pub(crate) dead: &'a [Gone],
    pub(crate) group: &'a Group,
}

impl Living<'_> {
    fn gone(&self, member: usize) -> Option<&Gone> {
        if self.dead.is_empty() {
            return None;
        }
        let peer = self.group.peer(member as u32);
        self.dead.iter().find(|gone| gone.peer == peer)
    }
}

impl Strokes {
    #[inline]
    pub(crate) fn new(prepared: Prepared, areas: Areas, base: u64) -> Self {
        let Prepared { call, schedule, operation, .. } = prepared;
        let hand = Hand { call, operation, areas, base, round: 0, shown: false, done: 0, fault: None };
        Self { schedule, hand }
    }

    /// What came of it, its memory and its schedule.
    #[inline]
    pub(crate) fn into_outcome(self) -> (Option<Box<Fault>>, Areas, Arc<Schedule>) {
        (self.hand.fault, self.hand.areas, self.schedule)
    }

    /// Goes as far as it can. `Err`: for whom it waits.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        board: &mut Board,
        progress: &Progress,
        living: Living<'_>,
    ) -> Result<(), Awaited> {
        let Self { schedule, hand } = self;
        while hand.round < schedule.rounds() {
            let round = schedule.round(hand.round);
            let seq = hand.base + hand.round as u64;
            if !hand.shown {
                hand.show(round.messages, board, progress, living, seq)?;
            }
            hand.read(round.messages, board, living, seq)?;
            hand.round += 1;
            hand.shown = false;
            hand.done = 0;
        }
        Ok(())
    }
}

impl Hand {
    /// Shows what others may need of this round.
    #[inline]
    fn show(
        &mut self,
        messages: &[Step],
        board: &mut Board,
        progress: &Progress,
        living: Living<'_>,
        seq: u64,
    ) -> Result<(), Awaited> {
        let posts = || {
            messages.iter().map_while(|step| match *step {
                Step::Post { from, at } => Some((from, at)),
                _ => None,
            })
        };
        let total = posts().map(|(from, at)| at + from.len).max().unwrap_or(0);
        // Even to show nothing writes over what another may still read.
        while let Err(member) = board.free(seq, total) {
            let Some(gone) = living.gone(member) else { return Err(Awaited::Member(member)) };
            self.fail(member as u32, Cause::Gone(gone.detail.clone()));
            board.bury(member);
        }
        if self.fault.is_none() {
            for (from, at) in posts() {
                board.write(seq, total, at, self.areas.source(from).as_slice());
            }
        }
        board.publish(seq, total, self.fault.is_some());
        if let Some(shm) = progress.shared_memory() {
            shm.wake_board(board, seq);
        }
        self.shown = true;
        self.done = posts().count();
        Ok(())
    }

    /// Reads what others show in this round.
    #[inline]
    fn read(
        &mut self,
        messages: &[Step],
        board: &mut Board,
        living: Living<'_>,
        seq: u64,
    ) -> Result<(), Awaited> {
        while let Some(step) = messages.get(self.done) {
            let (Step::Fetch { from, .. } | Step::Combine { from, .. } | Step::Await { from }) = *step else {
                if self.fault.is_none() {
                    self.areas.compute(*step, self.operation.as_ref());
                }
                self.done += 1;
                continue;
            };
            match board.look(from as usize, seq) {
                Some(posted) => self.take(board, seq, *step, posted),
                None => match living.gone(from as usize) {
                    Some(gone) => {
                        self.fail(from, Cause::Gone(gone.detail.clone()));
                        board.bury(from as usize);
                    }
                    // Who needs all may as well sleep until all are there.
                    None if messages.len() - self.done + 1 >= living.group.len() as usize => {
                        return Err(Awaited::All(from as usize));
                    }
                    None => return Err(Awaited::Member(from as usize)),
                },
            }
            self.done += 1;
        }
        Ok(())
    }

    /// Takes what a member has shown.
    #[inline]
    fn take(&mut self, board: &Board, seq: u64, step: Step, posted: Posted) {
        let (Step::Fetch { from, .. } | Step::Combine { from, .. } | Step::Await { from }) = step else {
            return;
        };
        if posted.failed {
            return self.fail(from, Cause::Poisoned);
        }
        if self.fault.is_some() {
            return;
        }
        let (Step::Fetch { at, into, whole, .. } | Step::Combine { at, into, whole, .. }) = step else {
            return;
        };
        if posted.len < at + into.len || (whole && posted.len != into.len) {
            let sent = posted.len.saturating_sub(at);
            return self.fail(from, Cause::Length { sent, expected: into.len });
        }
        let payload = board.payload(from as usize, seq, posted, at, into.len);
        match step {
            Step::Combine { order, .. } => self.combine(payload, into, order),
            _ => {
                self.areas.landing(into).fill(0, payload);
            }
        }
    }

    #[inline]
    fn combine(&mut self, payload: Payload<'_>, into: Span, order: Order) {
        let Some(operation) = &self.operation else { return };
        let grain = operation.grain().max(1);
        let memory = self.areas.memory(into);
        if grain > PIECE {
            return operation.apply(&payload.to_vec(), memory, side(order));
        }
        // Of a few elements, zeroing a large piece would take longer than all the rest.
        if into.len <= SHORT {
            let mut piece = [0; SHORT];
            payload.copy_to(&mut piece[..into.len]);
            return operation.apply(&piece[..into.len], memory, side(order));
        }
        let mut piece = [0; PIECE];
        let step = PIECE - PIECE % grain;
        for at in (0..into.len).step_by(step) {
            let n = step.min(into.len - at);
            payload.part(at, n).copy_to(&mut piece[..n]);
            operation.apply(&piece[..n], &mut memory[at..at + n], side(order));
        }
    }

    /// The first fault is the cause.
    #[cold]
    fn fail(&mut self, member: u32, cause: Cause) {
        let (call, rank) = (self.call, member as i32);
        self.fault.get_or_insert_with(|| Box::new(Fault { call, rank, cause }));
    }
}
