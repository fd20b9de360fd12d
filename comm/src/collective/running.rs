//! Running a schedule: rounds of messages, and what is done between them.
//!
//! A running collective is an operation like any other, with a slot in the table of operations, so that requests wait for
//! it as they do for a message. Its own messages are operations too, whose end tells the collective. `poll` records such
//! ends, and [`State::advance`] acts on them afterwards: the next round begins, or the collective ends.
//!
//! # When something fails
//! A rank that cannot go on (a peer is gone, a message has another length than the call says) still makes every send and
//! receive of its schedule, but what it sends is *poison*: an empty message that says that there is no data. Who receives
//! poison cannot go on either. So every rank whose result would depend on what failed gets an error, nobody waits for
//! ever, and no message is left over for the next collective.

use std::sync::Arc;

use olympi_coll::{Nodes, Schedule, Step, Tuning};
use olympi_datatype::signature;
use olympi_matching::Pattern;
use olympi_reduce::Operation;
use olympi_transport::{Mode, SendId, Sent};
use olympi_transport_api::{Envelope, Peer, RecvBuf, SendBuf};

use crate::collective::areas::{Areas, Line};
use crate::context::number_of;
use crate::group::Group;
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome, Phase};

/// The class of what collectives send.
const DATA: u8 = signature::COLLECTIVE;
/// The class of a message that says that there is no data.
const POISON: u8 = signature::POISON;

/// More scratch than this is not kept for the next collective.
const SPARE: usize = 4 << 20;

/// Among whom a collective's messages travel, and how they are told from all others.
#[derive(Clone)]
pub(crate) struct Road {
    pub(crate) context: u32,
    /// The ranks at the other end.
    pub(crate) group: Group,
    /// This process's rank, as the other end knows it.
    pub(crate) me: u32,
}

/// What a collective does, apart from its buffers. A persistent one keeps it from one start to the next.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// The call's name.
    pub(crate) call: &'static str,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) operation: Option<Operation>,
    pub(crate) sequence: Sequence,
}

/// By which order a communicator's collectives are told apart: blocking and persistent ones by one, non-blocking ones by
/// another. All ranks call all of them in one order (MPI 5.0, section 6.14); but programs are seen that begin a request
/// before a barrier here and behind it there, and by two orders they get what they mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sequence {
    Calls,
    Requests,
}

/// What a collective needs to begin by messages.
pub(crate) struct Start {
    pub(crate) prepared: Prepared,
    /// The ranks 0 to n - 1 of the schedule.
    pub(crate) near: Road,
    /// The ranks behind them: those of an intercommunicator's other group.
    pub(crate) far: Option<Road>,
    /// Tells it from the other collectives of its communicator.
    pub(crate) tag: i32,
    pub(crate) send: SendBuf,
    pub(crate) recv: RecvBuf,
    /// What belongs to the operation: the buffers, unless they are borrowed.
    pub(crate) hold: Option<Box<dyn Hold>>,
}

/// How a collective failed.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The call's name.
    pub(crate) call: &'static str,
    /// The rank at the other end, in its own group.
    pub(crate) rank: i32,
    pub(crate) cause: Cause,
}

/// Why.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// It is gone, and this is what happened to it.
    Gone(String),
    /// It has sent another number of bytes than this one's call says.
    Length { sent: usize, expected: usize },
    /// It has no data to send, since it has an error of its own.
    Poisoned,
}

/// A collective that is under way.
struct Running {
    call: &'static str,
    schedule: Arc<Schedule>,
    near: Road,
    far: Option<Road>,
    tag: i32,
    operation: Option<Operation>,
    areas: Areas,
    /// The round whose messages are under way.
    round: usize,
    /// How many of them are.
    missing: u32,
    fault: Option<Box<Fault>>,
    /// The slot of its own operation.
    slot: u32,
}

/// All collectives that are under way.
#[derive(Default)]
pub(crate) struct Collectives {
    running: Vec<Option<Box<Running>>>,
    free: Vec<u32>,
    /// Those whose round is over.
    ready: Vec<u32>,
    /// The contexts at whose boards some wait.
    pub(crate) seated: Vec<u32>,
    spare: Vec<Line>,
    pub(crate) tuning: Tuning,
    /// What was set since the job was joined, as it was said.
    pub(crate) told: Vec<(String, String)>,
    /// All ranks of the job are on this host.
    pub(crate) everyone_here: bool,
    /// Which process of the job lives on which node, if that is known and there are several.
    pub(crate) nodes: Option<Nodes>,
}

/// A message of a collective: which one, and who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    collective: u32,
    peer: Peer,
    /// The length that a receive must have.
    expected: Option<usize>,
}

impl Part {
    /// What has gone wrong with it, if anything has.
    fn cause(&self, outcome: &Outcome) -> Option<Cause> {
        match (&outcome.failure, outcome.mismatch, self.expected) {
            (Some(gone), _, _) => Some(Cause::Gone(gone.detail.clone())),
            (None, Some((POISON, _)), _) => Some(Cause::Poisoned),
            (None, _, Some(expected)) if outcome.sent != expected => {
                Some(Cause::Length { sent: outcome.sent, expected })
            }
            _ => None,
        }
    }
}

impl Collectives {
    /// Whether a round is over, or something waits at a board, so that there is something to do.
    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty() || !self.seated.is_empty()
    }

    /// Whether any of a communicator's are under way.
    pub(crate) fn uses(&self, number: u32) -> bool {
        let on = |road: &Road| number_of(road.context) == number;
        self.seated.iter().any(|&context| number_of(context) == number)
            || self
                .running
                .iter()
                .flatten()
                .any(|running| on(&running.near) || running.far.as_ref().is_some_and(on))
    }

    /// The areas of a collective that begins.
    #[inline]
    pub(crate) fn areas(&mut self, send: SendBuf, recv: RecvBuf, scratch: usize) -> Areas {
        let spare = if scratch == 0 { Vec::new() } else { std::mem::take(&mut self.spare) };
        Areas::new(send, recv, scratch, spare)
    }

    /// Keeps what may be of use to the next collective.
    #[inline]
    pub(crate) fn keep(&mut self, areas: Areas) {
        let spare = areas.into_spare();
        if spare.len() > self.spare.len() && size_of_val(&spare[..]) <= SPARE {
            self.spare = spare;
        }
    }

    /// A message of a collective is over.
    pub(crate) fn part_over(&mut self, part: Part, outcome: &Outcome) {
        let Some(running) = &mut self.running[part.collective as usize] else { return };
        if let Some(cause) = part.cause(outcome) {
            running.fail(part.peer, cause);
        }
        running.missing -= 1;
        if running.missing == 0 {
            self.ready.push(part.collective);
        }
    }
}

impl Running {
    /// The road to a rank of the schedule, and who that is.
    fn way(&self, rank: u32) -> (&Road, u32) {
        match &self.far {
            Some(far) if rank >= self.near.group.len() => (far, rank - self.near.group.len()),
            _ => (&self.near, rank),
        }
    }
}

impl State {
    /// Begins a collective; how it ends, its operation tells.
    pub(crate) fn begin_collective(&mut self, start: Start) -> OpRef {
        let Start { prepared: Prepared { call, schedule, operation, .. }, near, far, tag, send, recv, hold } =
            start;
        let context = near.context;
        let op = self.mail.ops.begin(context, signature::UNCHECKED, RecvBuf::empty(), hold);
        let collectives = &mut self.mail.collectives;
        let areas = collectives.areas(send, recv, schedule.scratch());
        let (round, missing, fault, slot) = (0, 0, None, op.slot);
        let running =
            Running { call, schedule, near, far, tag, operation, areas, round, missing, fault, slot };
        let id = collectives.free.pop().unwrap_or(collectives.running.len() as u32);
        if id as usize == collectives.running.len() {
            collectives.running.push(None);
        }
        collectives.running[id as usize] = Some(Box::new(running));
        self.run(id, false);
        self.advance();
        op
    }

    /// Moves on the collectives whose round is over, and those at boards; returns how much there was.
    #[cold]
    pub(crate) fn advance(&mut self) -> usize {
        let mut count = if self.mail.collectives.seated.is_empty() { 0 } else { self.advance_boards() };
        while let Some(id) = self.mail.collectives.ready.pop() {
            self.run(id, true);
            count += 1;
        }
        count
    }

    /// Runs a collective until it has to wait. `between`: its round's messages are over, and its local steps are next.
    fn run(&mut self, id: u32, mut between: bool) {
        // Taken out while it runs, since its messages need the rest of the state.
        let Some(mut running) = self.mail.collectives.running[id as usize].take() else { return };
        let schedule = Arc::clone(&running.schedule);
        while running.round < schedule.rounds() {
            let round = schedule.round(running.round);
            if !between {
                // Receives first: what has come already then goes where it belongs.
                let receives = |step: &&Step| matches!(step, Step::Recv { .. });
                for step in round.messages.iter().filter(receives) {
                    self.begin_step(id, &mut running, *step);
                }
                for step in round.messages.iter().filter(|step| !receives(step)) {
                    self.begin_step(id, &mut running, *step);
                }
                if running.missing > 0 {
                    self.mail.collectives.running[id as usize] = Some(running);
                    return;
                }
            }
            if running.fault.is_none() {
                for step in round.local {
                    running.areas.compute(*step, running.operation.as_ref());
                }
            }
            running.round += 1;
            between = false;
        }
        self.mail.collectives.free.push(id);
        let Running { areas, fault, slot, .. } = *running;
        self.end_collective(slot, fault, areas);
    }

    /// A collective is over, whichever way it went.
    pub(crate) fn end_collective(&mut self, slot: u32, fault: Option<Box<Fault>>, areas: Areas) {
        self.mail.collectives.keep(areas);
        if let Some(fault) = fault {
            let op = self.mail.ops.at(slot);
            op.unusual = true;
            op.extra.fault = Some(fault);
        }
        self.mail.end(slot, None);
    }

    /// Begins a message; one that is over at once is not counted.
    fn begin_step(&mut self, id: u32, running: &mut Running, step: Step) {
        match step {
            Step::Send { to, from } => {
                let poisoned = running.fault.is_some();
                let buf = if poisoned { SendBuf::empty() } else { running.areas.source(from) };
                let (road, rank) = running.way(to);
                let peer = road.group.peer(rank);
                let signature = if poisoned { POISON } else { DATA };
                let (context, source, tag) = (road.context, road.me, running.tag);
                let envelope = Envelope { context, source, tag, signature, len: buf.len() as u64 };
                let State { progress, mail } = self;
                match progress.send(peer, &envelope, Mode::Standard, buf, SendId(mail.ops.next())) {
                    Ok(Sent::Done) => {}
                    Ok(Sent::Pending) => {
                        let op = mail.ops.begin(context, signature::UNCHECKED, RecvBuf::empty(), None);
                        self.attach(op, running, Part { collective: id, peer, expected: None });
                    }
                    Err(error) => running.fail(peer, Cause::Gone(error.to_string())),
                }
            }
            Step::Recv { from, into } => {
                let landing = running.areas.landing(into);
                let (road, rank) = running.way(from);
                let (context, peer) = (road.context, road.group.peer(rank));
                let pattern = Pattern { source: Some(rank), tag: Some(running.tag) };
                let op = self.post(context, DATA, pattern, landing, None);
                self.attach(op, running, Part { collective: id, peer, expected: Some(into.len) });
            }
            _ => unreachable!("no message, but among the messages"),
        }
    }

    /// Lets the end of an operation be told to its collective, which is out of its place at the moment.
    fn attach(&mut self, op: OpRef, running: &mut Running, part: Part) {
        let begun = self.mail.ops.at(op.slot);
        if begun.phase != Phase::Done {
            begun.unusual = true;
            begun.extra.part = Some(part);
            running.missing += 1;
            return;
        }
        let Some(outcome) = self.mail.ops.take(op) else { return };
        if let Some(cause) = part.cause(&outcome) {
            running.fail(part.peer, cause);
        }
    }
}

impl Running {
    /// The first fault is the cause.
    #[cold]
    fn fail(&mut self, peer: Peer, cause: Cause) {
        let Self { call, near, far, .. } = self;
        let rank = far.as_ref().and_then(|far| far.group.rank_of(peer).map(|rank| rank as i32));
        let rank = rank.unwrap_or_else(|| near.group.name(peer));
        self.fault.get_or_insert_with(|| Box::new(Fault { call, rank, cause }));
    }
}
