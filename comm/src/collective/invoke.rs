//! From a call to a collective that runs: its schedule, its place at the board or its road, and the wait for it.

use std::sync::Arc;

use olympi_coll::inter::Sides;
use olympi_coll::{Nodes, Schedule, Team, Tuning};
use olympi_reduce::Operation;
use olympi_transport_api::{RecvBuf, SendBuf};

use crate::collective::calls::Key;
use crate::collective::running::{Fault, Prepared, Road, Sequence, Start};
use crate::collective::seat::{Queued, Standing};
use crate::collective::strokes::{Living, Strokes};
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::door::Inside;
use crate::error::ThreadError;
use crate::inbox::State;
use crate::op::{Hold, OpRef};
use crate::wait::Shared;

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
    /// The two groups of an intercommunicator, whose ranks behind those of the team are the other one's.
    pub(crate) sides: Option<Sides>,
    /// Bytes that each rank can show at a time on the board, if there is one.
    pub(crate) board: Option<usize>,
    /// Which rank lives on which node, if that is known and there are several.
    pub(crate) nodes: Option<&'a Nodes>,
    pub(crate) tuning: &'a Tuning,
}

impl Communicator {
    /// Runs a collective, and waits for it. `Some`: how it failed.
    #[inline]
    pub(crate) fn run<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        send: SendBuf,
        recv: RecvBuf,
    ) -> Result<Option<Box<Fault>>, ThreadError> {
        let context = self.context(Traffic::Collective);
        let mut inside = self.enter_seat(context)?;
        if inside.mail.contexts.calls(context).seat.is_due() && self.size() > 1 && !self.is_inter() {
            drop(inside);
            self.ask_for_board()?;
            inside = self.enter_seat(context)?;
        }
        let calls = inside.mail.contexts.calls(context);
        if let Some(key) = invocation.key
            && calls.seat.queue.is_empty()
            && let Some((at, schedule)) = calls.lend(key)
        {
            let Invocation { call, operation, .. } = invocation;
            let prepared = Prepared { call, schedule, operation, sequence: Sequence::Calls };
            return self.run_on_board(inside, context, prepared, Some(at), send, recv);
        }
        let prepared = self.prepare_inside(&mut inside, context, invocation, Sequence::Calls);
        if prepared.schedule.is_for_board() && inside.mail.contexts.calls(context).seat.queue.is_empty() {
            return self.run_on_board(inside, context, prepared, None, send, recv);
        }
        let op = self.begin_inside(&mut inside, context, prepared, send, recv, None);
        let settled = self.shared.settle(inside, op)?;
        Ok(settled.err().and_then(|outcome| outcome.fault))
    }

    /// Takes the board out, runs on it, and puts it back; the schedule as well, if it was lent.
    #[inline]
    fn run_on_board(
        &self,
        mut inside: Inside<'_, State>,
        context: u32,
        prepared: Prepared,
        lent: Option<usize>,
        send: SendBuf,
        recv: RecvBuf,
    ) -> Result<Option<Box<Fault>>, ThreadError> {
        let mut strokes = Self::strokes(&mut inside, context, prepared, send, recv);
        let seat = &mut inside.mail.contexts.calls(context).seat;
        let Standing::Present(mut board) = std::mem::replace(&mut seat.standing, Standing::Out) else {
            unreachable!("a schedule for a board is made where there is one")
        };
        let group = self.group();
        let mut inside = self.shared.draw(inside, &mut board, |state, board| {
            strokes.advance(board, &state.progress, Living { dead: &state.mail.dead, group })
        })?;
        let mail = &mut inside.mail;
        let calls = mail.contexts.calls(context);
        calls.seat.standing = Standing::Present(board);
        let (fault, areas, schedule) = strokes.into_outcome();
        if let Some(at) = lent {
            calls.give_back(at, schedule);
        }
        mail.collectives.keep(areas);
        Shared::leave(inside);
        Ok(fault)
    }

    /// Makes ready what a non-blocking collective does, or a persistent one at each start.
    pub(crate) fn prepare<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        sequence: Sequence,
    ) -> Result<Prepared, ThreadError> {
        let context = self.context(Traffic::Collective);
        let mut inside = self.enter_seat(context)?;
        Ok(self.prepare_inside(&mut inside, context, invocation, sequence))
    }

    /// Begins a collective whose operation keeps `hold`, or whose buffers are borrowed for as long as it runs.
    pub(crate) fn begin(
        &self,
        prepared: Prepared,
        send: SendBuf,
        recv: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<OpRef, ThreadError> {
        let context = self.context(Traffic::Collective);
        let mut inside = self.enter_seat(context)?;
        let op = self.begin_inside(&mut inside, context, prepared, send, recv, hold);
        Shared::leave(inside);
        Ok(op)
    }

    /// Goes in, where no other thread has this communicator's board out.
    #[inline]
    fn enter_seat(&self, context: u32) -> Result<Inside<'_, State>, ThreadError> {
        let mut inside = self.shared.door.enter()?;
        while matches!(inside.mail.contexts.calls(context).seat.standing, Standing::Out) {
            drop(inside);
            std::thread::yield_now();
            inside = self.shared.door.enter()?;
        }
        Ok(inside)
    }

    #[inline]
    fn prepare_inside<P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        inside: &mut Inside<'_, State>,
        context: u32,
        invocation: Invocation<P>,
        sequence: Sequence,
    ) -> Prepared {
        let Invocation { call, key, operation, plan } = invocation;
        let key = key.map(|key| Key { sequence, ..key });
        let mail = &mut inside.mail;
        let calls = mail.contexts.calls(context);
        if let Some(schedule) = key.and_then(|key| calls.known(key)) {
            return Prepared { call, schedule, operation, sequence };
        }
        let (me, size) = (self.rank() as u32, self.size() as u32);
        let schedule = plan(&Shape {
            team: Team::all(me, size),
            sides: self.remote_group().map(|remote| Sides::new(me, size, remote.len())),
            // A board's steps are one sequence, that of the blocking calls.
            board: if sequence == Sequence::Calls { calls.seat.cell() } else { None },
            nodes: calls.nodes(mail.collectives.nodes.as_ref(), self.group()),
            tuning: &mail.collectives.tuning,
        });
        let schedule = match key {
            Some(key) => calls.remember(key, schedule),
            None => Arc::new(schedule),
        };
        Prepared { call, schedule, operation, sequence }
    }

    fn begin_inside(
        &self,
        inside: &mut Inside<'_, State>,
        context: u32,
        prepared: Prepared,
        send: SendBuf,
        recv: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        if prepared.schedule.is_for_board() {
            let strokes = Self::strokes(inside, context, prepared, send, recv);
            self.enqueue(inside, context, strokes, hold)
        } else {
            self.begin_by_messages(inside, prepared, send, recv, hold)
        }
    }

    /// Begins a collective by messages.
    pub(crate) fn begin_by_messages(
        &self,
        inside: &mut Inside<'_, State>,
        prepared: Prepared,
        send: SendBuf,
        recv: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        let context = self.context(Traffic::Collective);
        let tag = inside.mail.contexts.calls(context).next_tag(prepared.sequence);
        let (group, me) = (self.group().clone(), self.rank() as u32);
        let mut near = Road { context, group, me };
        let mut far = None;
        if let Some(remote) = self.remote_group() {
            near.context = self.context(Traffic::Inside);
            far = Some(Road { context, group: remote.clone(), me });
        }
        inside.begin_collective(Start { prepared, near, far, tag, send, recv, hold })
    }

    /// Takes as many of the board's steps as the schedule has rounds.
    #[inline]
    fn strokes(
        inside: &mut Inside<'_, State>,
        context: u32,
        prepared: Prepared,
        send: SendBuf,
        recv: RecvBuf,
    ) -> Strokes {
        let mail = &mut inside.mail;
        let seat = &mut mail.contexts.calls(context).seat;
        let base = seat.next;
        seat.next += prepared.schedule.rounds() as u64;
        let areas = mail.collectives.areas(send, recv, prepared.schedule.scratch());
        Strokes::new(prepared, areas, base)
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
        let seat = &mut mail.contexts.calls(context).seat;
        if seat.queue.is_empty() {
            mail.collectives.seated.push(context);
        }
        seat.queue.push_back(Queued { strokes, slot: op.slot, group: self.group().clone() });
        inside.advance_boards();
        op
    }
}
