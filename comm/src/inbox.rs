//! The mailbox: where messages meet receives.
//!
//! [`Mailbox`] answers the protocol's one question up ([`Inbox::arrive`]) from the matching queues, and keeps the
//! table of operations. There is one matcher, here, for all transports.

use std::task::Waker;

use olympi_datatype::signature::UNCHECKED;
use olympi_matching::{Arrived, Key, Pattern, Posted};
use olympi_transport::{Accepted, ArrivalId, Inbox, Progress, RecvId, SendId};
use olympi_transport_api::{Closed, Envelope, Peer, RecvBuf};

use crate::collective::Collectives;
use crate::context::{Contexts, Way};
use crate::create::Ballot;
use crate::group::Group;
use crate::op::{Gone, Hold, OpRef, Ops, Phase};
use crate::partitioned::Agreements;
use crate::scope::Pending;
use crate::window::TargetSide;

/// A message that nobody has asked for yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unexpected {
    pub(crate) arrival: ArrivalId,
    pub(crate) peer: Peer,
    /// The length, and in the lowest byte the class of the elements.
    made_of: u64,
}

impl Unexpected {
    #[inline]
    fn new(arrival: ArrivalId, peer: Peer, len: u64, signature: u8) -> Self {
        // A length beyond 2^56 is a lie, and remains too long for any memory.
        let len = len.min(u64::MAX >> 8);
        Self { arrival, peer, made_of: len << 8 | u64::from(signature) }
    }

    pub(crate) fn len(&self) -> u64 {
        self.made_of >> 8
    }

    fn signature(&self) -> u8 {
        self.made_of as u8
    }
}

/// Everything that is above the protocols and below the communicators.
pub(crate) struct Mailbox {
    pub(crate) contexts: Contexts,
    pub(crate) ops: Ops,
    /// Collectives that are under way.
    pub(crate) collectives: Collectives,
    /// Peers that are gone. Few, and mostly none.
    pub(crate) dead: Vec<Gone>,
    pub(crate) agreements: Agreements,
    /// This process's sides of windows.
    pub(crate) windows: Vec<TargetSide>,
    /// An empty list with room, for the next scope's operations.
    pub(crate) spare: Vec<Pending>,
    /// Tasks whose request has ended; woken after leaving the door.
    pub(crate) woken: Vec<Waker>,
    /// Agreements on new communicators that are under way.
    pub(crate) ballots: Vec<Ballot>,
    /// Communicators that are freed when the collectives are over which run on without their requests.
    dying: Vec<u32>,
    /// Messages that nobody may receive, to be discarded after the poll that brought them.
    unwanted: Vec<ArrivalId>,
}

/// What lies behind the door.
pub(crate) struct State {
    pub(crate) progress: Progress,
    pub(crate) mail: Mailbox,
}

impl Mailbox {
    /// The mailbox of a process, with the communicators that there are from the beginning.
    pub(crate) fn new(world: &Group, alone: &Group) -> Self {
        Self {
            contexts: Contexts::new(world, alone),
            ops: Ops::default(),
            collectives: Collectives::default(),
            dead: Vec::new(),
            agreements: Agreements::default(),
            windows: Vec::new(),
            spare: Vec::new(),
            woken: Vec::new(),
            ballots: Vec::new(),
            dying: Vec::new(),
            unwanted: Vec::new(),
        }
    }

    #[inline]
    fn has_chores(&self) -> bool {
        !(self.unwanted.is_empty() && self.ballots.is_empty() && self.dying.is_empty())
    }

    /// Begins a receive of a matched message: where its bytes go.
    #[inline]
    fn matched(&mut self, slot: u32, key: Key, len: u64, signature: u8) -> RecvBuf {
        let op = self.ops.at(slot);
        if op.signature != signature {
            op.compare(signature);
        }
        let sent = usize::try_from(len).unwrap_or(usize::MAX);
        if op.unusual
            && let Some(hold) = &mut op.extra.hold
        {
            op.landing = hold.room(sent);
        }
        op.phase = Phase::Moving;
        op.sent = sent;
        // A rank fits: it is below the size of a communicator, which is an i32 to users.
        op.source = key.source as i32;
        op.tag = key.tag;
        op.landing
    }

    /// An operation is over.
    #[inline]
    pub(crate) fn end(&mut self, slot: u32, failure: Option<Gone>) {
        let op = self.ops.at(slot);
        op.phase = Phase::Done;
        if op.unusual || failure.is_some() {
            self.end_unusual(slot, failure);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_unusual(&mut self, slot: u32, failure: Option<Gone>) {
        let op = self.ops.at(slot);
        op.unusual = true;
        op.extra.failure = failure.map(Box::new);
        self.woken.extend(op.extra.waker.take());
        if let Some(part) = op.extra.part.take() {
            let name = self.ops.name(slot);
            if let Some(outcome) = self.ops.take(name) {
                self.collectives.part_over(part, &outcome);
            }
        } else if op.extra.detached {
            self.ops.release(slot);
        }
    }

    /// A message in another's name, or for a communicator that is not known here: freed, or not made yet.
    #[cold]
    #[inline(never)]
    fn arrive_astray(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId, forged: bool) {
        if forged {
            tracing::warn!(%from, ?envelope, "ignored: a message in the name of a rank that its sender is not");
        }
        if forged || self.contexts.is_late(envelope.context) {
            self.unwanted.push(arrival);
        } else {
            let key = Key { source: envelope.source, tag: envelope.tag };
            let message = Unexpected::new(arrival, from, envelope.len, envelope.signature);
            self.contexts.keep(envelope.context, from, key, message);
        }
    }

    /// The first dead peer that a receive of this pattern would wait for in vain.
    pub(crate) fn dead_source(&mut self, context: u32, source: Option<u32>) -> Option<Gone> {
        let (senders, _) = self.contexts.find(context)?;
        let awaited = |gone: &&Gone| {
            let rank = senders.rank_of(gone.peer);
            rank.is_some() && (source.is_none() || source == rank)
        };
        self.dead.iter().find(awaited).cloned()
    }
}

impl State {
    /// Posts a receive.
    #[inline(always)]
    pub(crate) fn post(
        &mut self,
        context: u32,
        signature: u8,
        pattern: Pattern,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        let slot = self.mail.ops.next();
        let Some(queue) = self.mail.contexts.queue(context) else {
            return self.post_nowhere(context, pattern);
        };
        match queue.post(pattern, slot) {
            Posted::Queued(token) => {
                let op = self.mail.ops.begin_posted(context, signature, landing, hold, token);
                if !self.mail.dead.is_empty() {
                    self.refuse_dead(context, pattern, op);
                }
                op
            }
            Posted::Matched { key, message, .. } => {
                let op = self.mail.ops.begin(context, signature, landing, hold);
                self.claim(op, key, message);
                op
            }
        }
    }

    /// Gives an unexpected message to a receive.
    #[inline(never)]
    pub(crate) fn claim(&mut self, op: OpRef, key: Key, message: Unexpected) {
        let buffer = self.mail.matched(op.slot, key, message.len(), message.signature());
        match self.progress.accept(message.arrival, RecvId(op.slot), buffer) {
            Ok(Accepted::Done) => self.mail.end(op.slot, None),
            Ok(Accepted::Pending) => {}
            Err(error) => {
                self.mail.end(op.slot, Some(Gone { peer: message.peer, detail: error.to_string() }));
            }
        }
    }

    /// A receive in a communicator that is gone. Handles keep theirs, so that this is for operations without one.
    #[cold]
    #[inline(never)]
    fn post_nowhere(&mut self, context: u32, pattern: Pattern) -> OpRef {
        let op = self.mail.ops.begin(context, UNCHECKED, RecvBuf::empty(), None);
        self.mail.ops.at(op.slot).withdraw();
        let peer = Peer(pattern.source.unwrap_or_default());
        self.mail.end(op.slot, Some(Gone { peer, detail: "the communicator has been freed".to_owned() }));
        op
    }

    #[cold]
    #[inline(never)]
    fn refuse_dead(&mut self, context: u32, pattern: Pattern, op: OpRef) {
        let Some(gone) = self.mail.dead_source(context, pattern.source) else { return };
        if let Some(token) = self.mail.ops.at(op.slot).token
            && self.mail.contexts.queue(context).is_some_and(|queue| queue.cancel(token).is_some())
        {
            self.mail.ops.at(op.slot).withdraw();
            self.mail.end(op.slot, Some(gone));
        }
    }

    /// Withdraws a receive that no message has matched; whether it was.
    pub(crate) fn cancel(&mut self, name: OpRef) -> bool {
        let Some(op) = self.mail.ops.find(name) else { return false };
        if op.phase != Phase::Posted {
            return false;
        }
        let (context, Some(token)) = (op.context, op.token) else { return false };
        if self.mail.contexts.queue(context).is_none_or(|queue| queue.cancel(token).is_none()) {
            return false;
        }
        let op = self.mail.ops.at(name.slot);
        op.cancelled = true;
        op.withdraw();
        self.mail.end(name.slot, None);
        true
    }

    /// Lets an operation run on without its request: it frees itself at its end. A receive that nothing has
    /// matched is withdrawn, since nobody could see what it receives. The waker of a task that waited for it is foreign
    /// code, to be dropped after the door is left.
    #[must_use]
    pub(crate) fn detach(&mut self, name: OpRef) -> Option<Waker> {
        self.cancel(name);
        self.let_go(name)
    }

    /// The same, but a receive waits on for its message: its memory is watched by other means.
    #[must_use]
    pub(crate) fn let_go(&mut self, name: OpRef) -> Option<Waker> {
        let waker = self.mail.ops.find(name)?.extra.waker.take();
        let Some(op) = self.mail.ops.find(name) else { return waker };
        if op.phase == Phase::Done {
            let hold = self.mail.ops.take(name).and_then(|outcome| outcome.hold);
            self.forget_ballot(hold);
        } else {
            op.unusual = true;
            op.extra.detached = true;
        }
        waker
    }

    /// Moves everything on, once; returns how many events there were.
    #[inline]
    pub(crate) fn poll(&mut self) -> usize {
        let mut events = self.progress.poll(&mut self.mail);
        if self.mail.agreements.are_awaited() {
            self.agree();
        }
        if self.mail.collectives.is_ready() {
            events += self.advance();
        }
        if events > 0 && self.mail.has_chores() {
            self.chores();
        }
        if events > 0 && !self.mail.windows.is_empty() {
            events += self.serve_windows();
        }
        events
    }

    /// What events ask for and could not do themselves.
    #[cold]
    #[inline(never)]
    fn chores(&mut self) {
        let unwanted = std::mem::take(&mut self.mail.unwanted);
        self.discard(unwanted);
        self.advance_ballots();
        for number in std::mem::take(&mut self.mail.dying) {
            self.retire(number);
        }
    }

    /// Drops messages that nobody will receive; their senders, if they wait, are told.
    pub(crate) fn discard(&mut self, messages: Vec<ArrivalId>) {
        for arrival in messages {
            self.progress.discard(arrival);
        }
    }

    /// A communicator has come to be: who sends in it, and who does inside an intercommunicator's own group.
    pub(crate) fn enroll(&mut self, number: u32, senders: &Group, inside: &Group) {
        let forged = self.mail.contexts.enroll(number, senders, inside);
        self.discard(forged);
    }

    /// A communicator has come to its end here, or will have when its collectives are over.
    pub(crate) fn retire(&mut self, number: u32) {
        if self.mail.collectives.uses(number) {
            return self.mail.dying.push(number);
        }
        let (messages, receives) = self.mail.contexts.retire(number);
        self.discard(messages);
        for slot in receives {
            let op = self.mail.ops.at(slot);
            op.cancelled = true;
            op.withdraw();
            self.mail.end(slot, None);
        }
    }

    /// Drops what has come and nobody has asked for, since this process leaves.
    pub(crate) fn discard_unexpected(&mut self) {
        self.refuse_proposals();
        let messages = self.mail.contexts.drain_unexpected();
        self.discard(messages);
    }
}

/// What there is to say of a send that failed.
#[cold]
fn not_sent(error: olympi_transport::SendError) -> Gone {
    match error {
        olympi_transport::SendError::PeerGone(closed) => Gone::of(&closed),
        olympi_transport::SendError::Unreceived { peer } => {
            let detail = "it has left the job without receiving the message: is a receive missing there?";
            Gone { peer, detail: detail.to_owned() }
        }
    }
}

impl Inbox for Mailbox {
    #[inline]
    fn arrive(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        let key = Key { source: envelope.source, tag: envelope.tag };
        let (len, signature) = (envelope.len, envelope.signature);
        let queue = match self.contexts.way(from, envelope) {
            Way::To(queue) => queue,
            astray => {
                let forged = matches!(astray, Way::Forged);
                self.arrive_astray(from, envelope, arrival, forged);
                return None;
            }
        };
        match queue.arrive(key, || Unexpected::new(arrival, from, len, signature)) {
            Arrived::Matched(slot) => Some((RecvId(slot), self.matched(slot, key, len, signature))),
            Arrived::Queued => None,
        }
    }

    #[inline]
    fn received(&mut self, recv: RecvId, outcome: Result<(), olympi_transport::RecvError>) {
        self.end(
            recv.0,
            outcome.err().map(|olympi_transport::RecvError::PeerGone(closed)| Gone::of(&closed)),
        );
    }

    #[inline]
    fn sent(&mut self, send: SendId, outcome: Result<(), olympi_transport::SendError>) {
        self.end(send.0, outcome.err().map(not_sent));
    }

    #[cold]
    fn closed(&mut self, closed: &Closed) {
        let dead = Gone::of(closed);
        let orphans = self.contexts.drain_posted(closed.peer);
        for slot in orphans {
            self.ops.at(slot).withdraw();
            self.end(slot, Some(dead.clone()));
        }
        self.dead.push(dead);
    }
}
