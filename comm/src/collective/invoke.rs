//! From a call to a collective that runs: its schedule, its place at the board or its road, and the wait for it.

use std::sync::Arc;

use olympi_coll::{Schedule, Team, Tuning};
use olympi_reduce::Operation;
use olympi_transport_api::{RecvBuf, SendBuf};

use crate::collective::calls::Key;
use crate::collective::error::CollectiveError;
use crate::collective::running::{Fault, Road, Start};
use crate::collective::seat::{Queued, Standing};
use crate::collective::strokes::{Living, Strokes};
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::door::Inside;
use crate::error::ThreadError;
use crate::inbox::State;
use crate::op::{Hold, OpRef};

/// What a call is, apart from its buffers.
pub(crate) struct Invocation<P> {
    /// Its name, for errors.
    pub(crate) call: &'static str,
    /// What its schedule follows from; `None`: it is made anew each time.
    pub(crate) key: Option<Key>,
    pub(crate) operation: Option<Operation>,
    /// Makes the schedule.
    pub(crate) plan: P,
}

/// What a schedule is made for.
pub(crate) struct Shape<'a> {
    pub(crate) team: Team,
    /// Bytes that each rank can show at a time on the board, if there is one.
    pub(crate) board: Option<usize>,
    pub(crate) tuning: &'a Tuning,
}

impl Communicator {
    /// Runs a collective, and waits for it.
    pub(crate) fn run<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        send: SendBuf,
        recv: RecvBuf,
    ) -> Result<(), CollectiveError> {
        let call = invocation.call;
        let fault = self.run_to_end(invocation, send, recv)?;
        match fault {
            None => Ok(()),
            Some(fault) => Err(CollectiveError::of(call, *fault, self.group(), None)),
        }
    }

    #[inline]
    fn run_to_end<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        send: SendBuf,
        recv: RecvBuf,
    ) -> Result<Option<Box<Fault>>, ThreadError> {
        let context = self.context(Traffic::Collective);
        let mut inside = self.enter_seat(context)?;
        if self.size() > 1 && inside.mail.contexts.get(context).calls.seat.is_due() {
            drop(inside);
            self.ask_for_board()?;
            inside = self.enter_seat(context)?;
        }
        let (schedule, operation) = self.schedule(&mut inside, context, invocation);
        if !schedule.is_for_board() {
            let op = self.begin_by_messages(&mut inside, schedule, operation, send, recv, None);
            let settled = self.shared.settle(inside, op)?;
            return Ok(settled.err().and_then(|outcome| outcome.fault));
        }
        let mail = &mut inside.mail;
        let seat = &mut mail.contexts.get(context).calls.seat;
        let base = seat.next;
        seat.next += schedule.rounds() as u64;
        let areas = mail.collectives.areas(send, recv, schedule.scratch());
        let mut strokes = Strokes::new(schedule, operation, areas, base);
        if !seat.queue.is_empty() {
            // Those before it go first.
            let op = self.enqueue(&mut inside, context, strokes, None);
            let settled = self.shared.settle(inside, op)?;
            return Ok(settled.err().and_then(|outcome| outcome.fault));
        }
        let Standing::Present(mut board) = std::mem::replace(&mut seat.standing, Standing::Out) else {
            unreachable!("a schedule for a board is made where there is one")
        };
        let group = self.group();
        let mut inside = self.shared.draw(inside, &mut board, |state, board| {
            strokes.advance(board, &state.progress, Living { dead: &state.mail.dead, group })
        })?;
        let mail = &mut inside.mail;
        mail.contexts.get(context).calls.seat.standing = Standing::Present(board);
        let (fault, areas) = strokes.into_outcome();
        mail.collectives.keep(areas);
        crate::wait::Shared::leave(inside);
        Ok(fault)
    }

    /// Begins a collective whose operation keeps `hold`, or whose buffers are borrowed for as long as it runs.
    pub(crate) fn start<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        send: SendBuf,
        recv: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<OpRef, ThreadError> {
        let context = self.context(Traffic::Collective);
        let mut inside = self.enter_seat(context)?;
        let (schedule, operation) = self.schedule(&mut inside, context, invocation);
        if !schedule.is_for_board() {
            return Ok(self.begin_by_messages(&mut inside, schedule, operation, send, recv, hold));
        }
        let mail = &mut inside.mail;
        let seat = &mut mail.contexts.get(context).calls.seat;
        let base = seat.next;
        seat.next += schedule.rounds() as u64;
        let areas = mail.collectives.areas(send, recv, schedule.scratch());
        let strokes = Strokes::new(schedule, operation, areas, base);
        Ok(self.enqueue(&mut inside, context, strokes, hold))
    }

    /// Goes in, where no other thread has this communicator's board out.
    fn enter_seat(&self, context: u32) -> Result<Inside<'_, State>, ThreadError> {
        let mut inside = self.shared.door.enter()?;
        while matches!(inside.mail.contexts.get(context).calls.seat.standing, Standing::Out) {
            drop(inside);
            std::thread::yield_now();
            inside = self.shared.door.enter()?;
        }
        Ok(inside)
    }

    fn schedule<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        inside: &mut Inside<'_, State>,
        context: u32,
        invocation: Invocation<P>,
    ) -> (Arc<Schedule>, Option<Operation>) {
        let Invocation { key, operation, plan, .. } = invocation;
        let mail = &mut inside.mail;
        let calls = &mut mail.contexts.get(context).calls;
        let board = calls.seat.cell();
        let tuning = &mail.collectives.tuning;
        let make = || {
            let team = Team::all(self.rank() as u32, self.size() as u32);
            plan(&Shape { team, board, tuning })
        };
        let schedule = match key {
            Some(key) => calls.schedule(key, make),
            None => Arc::new(make()),
        };
        (schedule, operation)
    }

    /// Begins a collective by messages.
    pub(crate) fn begin_by_messages(
        &self,
        inside: &mut Inside<'_, State>,
        schedule: Arc<Schedule>,
        operation: Option<Operation>,
        send: SendBuf,
        recv: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        let context = self.context(Traffic::Collective);
        let tag = inside.mail.contexts.get(context).calls.next_tag();
        let near = Road { context, group: self.group().clone(), me: self.rank() as u32 };
        inside.begin_collective(Start { schedule, near, far: None, tag, operation, send, recv, hold })
    }

    /// Joins the queue of the board.
    fn enqueue(
        &self,
        inside: &mut Inside<'_, State>,
        context: u32,
        strokes: Strokes,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        let mail = &mut inside.mail;
        let op = mail.ops.begin(context, olympi_datatype::signature::UNCHECKED, RecvBuf::empty(), hold);
        let seat = &mut mail.contexts.get(context).calls.seat;
        if seat.queue.is_empty() {
            mail.collectives.seated.push(context);
        }
        seat.queue.push_back(Queued { strokes, slot: op.slot, group: self.group().clone() });
        inside.advance_boards();
        op
    }
}
