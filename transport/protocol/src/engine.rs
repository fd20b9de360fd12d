//! The engine: commands from above, and what waits is moved on. What comes from below is in `frames.rs`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use olympi_transport_api::{Closed, Envelope, Inbound, Peer, Post, RecvBuf, SendBuf, Transport};

use crate::arrivals::{Arrival, Arrivals, Kept};
use crate::choose::{self, Begin};
use crate::outbox::{Bulk, Control, Links, Queued, Train};
use crate::rndv_recv::{Answered, Incoming, State};
use crate::rndv_send::{Outgoing, Pushed};
use crate::slab::Slab;
use crate::wire::Transfer;
use crate::{
    Accepted, ArrivalId, Inbox, Lane, Mode, RecvError, RecvId, SendError, SendId, Sent, Thresholds, eager,
    wire,
};

/// The eager and rendezvous protocols of one transport, as a value.
///
/// The transport is handed in at every call and must always be the same one. `send`, `accept` and `discard` are
/// commands from above; `poll` moves everything on and tells the [`Inbox`]. The engine copies no message that it
/// sends: what cannot go at once stays where it was lent, behind its peer's other messages.
///
/// It posts to peers only whose endpoint its owner has made and has told of by [`Engine::connected`]. What is for
/// others waits, and [`Engine::stranger`] names them: peers that were heard before they were spoken to.
///
/// ```
/// use olympi_protocol::{
///     ArrivalId, Engine, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent, Thresholds,
/// };
/// use olympi_sim::Loopback;
/// use olympi_transport_api::{Closed, Envelope, Peer, RecvBuf, SendBuf, Transport};
///
/// /// One receive, which takes whatever comes.
/// struct Mailbox(Option<RecvBuf>);
/// impl Inbox for Mailbox {
///     fn arrive(&mut self, _: Peer, _: &Envelope, _: ArrivalId) -> Option<(RecvId, RecvBuf)> {
///         self.0.take().map(|buf| (RecvId(0), buf))
///     }
///     fn received(&mut self, _: RecvId, outcome: Result<(), RecvError>) {
///         assert_eq!(outcome, Ok(()));
///     }
///     fn sent(&mut self, _: SendId, _: Result<(), SendError>) {}
///     fn closed(&mut self, _: &Closed) {}
/// }
///
/// let (me, mut transport) = (Peer(0), Loopback::new(Peer(0)));
/// let address = transport.address();
/// transport.connect(me, &address).unwrap();
/// let mut engine = Engine::new(Thresholds::default());
/// engine.connected(me);
///
/// let envelope = Envelope { context: 0, source: 0, tag: 7, signature: 0, len: 5 };
/// let hello = SendBuf::from_static(b"hello");
/// let sent = engine.send(&mut transport, me, &envelope, Mode::Standard, hello, SendId(0));
/// assert_eq!(sent, Ok(Sent::Done));
///
/// let mut got = [0; 5];
/// // SAFETY: `got` outlives the receive, and is not touched before its end.
/// let mut mailbox = Mailbox(Some(unsafe { RecvBuf::lend(got.as_mut_ptr(), got.len()) }));
/// while mailbox.0.is_some() {
///     engine.poll(&mut transport, &mut mailbox);
/// }
/// assert_eq!(&got, b"hello");
/// assert!(engine.idle());
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(crate) thresholds: Thresholds,
    pub(crate) lane: Lane,
    pub(crate) links: Links,
    pub(crate) arrivals: Arrivals,
    /// Peers that were told to let their messages wait.
    pub(crate) holding: Vec<Peer>,
    pub(crate) incoming: Slab<Incoming>,
    pub(crate) outgoing: Slab<Outgoing>,
    /// Longest message that goes in one frame; nothing is known of the transport until the first send.
    single_max: usize,
    /// So many messages may still be sent before one is left to the next poll.
    unheard: u32,
}

/// Whoever sends and never polls does not hear that its messages are to wait: so one message of so many goes by a poll.
const UNHEARD: u32 = 1024;
/// A message of several frames counts for so many.
const TRAIN: u32 = 64;

impl Engine {
    /// An engine that is the only one of its inbox.
    pub fn new(thresholds: Thresholds) -> Self {
        Self::on_lane(thresholds, Lane::default())
    }

    /// One of several engines that share an inbox: each on a lane of its own.
    pub fn on_lane(thresholds: Thresholds, lane: Lane) -> Self {
        Self {
            thresholds,
            lane,
            links: Links::default(),
            arrivals: Arrivals::default(),
            holding: Vec::new(),
            incoming: Slab::new(),
            outgoing: Slab::new(),
            single_max: 0,
            unheard: UNHEARD,
        }
    }

    /// Sends the message `buf` with this envelope, whose `len` is that of `buf`.
    ///
    /// # Errors
    /// [`SendError::PeerGone`] at once, if the peer is known to be gone. Then the buffer is free, and
    /// [`Inbox::sent`] is not called.
    #[inline]
    pub fn send<T: Transport>(
        &mut self,
        t: &mut T,
        to: Peer,
        envelope: &Envelope,
        mode: Mode,
        buf: SendBuf,
        id: SendId,
    ) -> Result<Sent, SendError> {
        debug_assert_eq!(envelope.len, buf.len() as u64);
        self.unheard -= 1;
        if mode == Mode::Standard
            && buf.len() <= self.single_max
            && self.unheard > 0
            && self.links.clear(to)
            && eager::single(t, to, envelope, buf) == Post::Accepted
        {
            return Ok(Sent::Done);
        }
        self.send_slowly(t, to, envelope, mode, buf, id)
    }

    /// All that is not one frame through an open door.
    #[inline(never)]
    fn send_slowly<T: Transport>(
        &mut self,
        t: &mut T,
        to: Peer,
        envelope: &Envelope,
        mode: Mode,
        buf: SendBuf,
        id: SendId,
    ) -> Result<Sent, SendError> {
        let count = if buf.len() > self.single_max { TRAIN } else { 0 };
        let by_poll = self.unheard <= count;
        self.unheard = if by_poll { UNHEARD } else { self.unheard - count };
        self.single_max = choose::single_max(t.caps(), &self.thresholds);
        let link = self.links.link(to);
        if let Some(closed) = &link.gone {
            return Err(SendError::PeerGone(Arc::clone(closed)));
        }
        let held = self.links.held(to);
        let first = self.links.open(to) && !by_poll;
        let envelope = *envelope;
        let begin = choose::begin(buf.len(), mode, t.caps(), &self.thresholds);
        let queued = match if held { Begin::Rendezvous } else { begin } {
            Begin::Single => {
                if first && eager::single(t, to, &envelope, buf) == Post::Accepted {
                    return Ok(Sent::Done);
                }
                Queued::Single { envelope, buf, id }
            }
            Begin::Train => {
                let mut sent = None;
                if first && eager::train(t, to, &envelope, buf, &mut sent) {
                    return Ok(Sent::Done);
                }
                Queued::Train { envelope, buf, id, sent }
            }
            begin @ (Begin::Sync | Begin::Rendezvous) => {
                let whole = begin == Begin::Sync;
                let outgoing = Outgoing::new(t, (to, &envelope), (buf, id), whole, &self.thresholds);
                let row = self.outgoing.insert(outgoing);
                self.control(t, to, Control::Announce(row));
                return Ok(Sent::Pending);
            }
        };
        self.links.push(to, queued);
        Ok(Sent::Pending)
    }

    /// Takes an unexpected message into `buf`. If that is shorter than the message, what does not fit is
    /// dropped.
    ///
    /// # Errors
    /// [`RecvError::PeerGone`], if the peer went away before the message was whole. The message is consumed.
    ///
    /// # Panics
    /// If `arrival` is not a message that [`Inbox::arrive`] left with this engine.
    pub fn accept<T: Transport>(
        &mut self,
        t: &mut T,
        arrival: ArrivalId,
        recv: RecvId,
        buf: RecvBuf,
    ) -> Result<Accepted, RecvError> {
        let Arrival { from, kept } = self.take_arrival(arrival);
        match kept {
            Kept::Short { len, bytes, answer } => {
                buf.write(0, &bytes[..usize::from(len)]);
                self.answer_sender(t, from, answer);
                Ok(Accepted::Done)
            }
            Kept::Whole { bytes, answer } => {
                buf.write(0, &bytes);
                self.answer_sender(t, from, answer);
                Ok(Accepted::Done)
            }
            Kept::Front { bytes, total } => {
                buf.write(0, &bytes);
                let state = State::Train { arrived: bytes.len() as u64, total };
                let row = self.incoming.insert(Incoming { from, id: recv, buf, state, lost: None });
                self.links.link(from).train = Some(Train::Taken(row));
                Ok(Accepted::Pending)
            }
            Kept::Offered { transfer, len, key } => {
                let Some(matched) = Incoming::matched((from, recv, buf), transfer, len, key) else {
                    self.answer_sender(t, from, Some(transfer));
                    return Ok(Accepted::Done);
                };
                let row = self.incoming.insert(matched);
                self.control(t, from, Control::Answer(row));
                Ok(Accepted::Pending)
            }
            Kept::Failed(closed) => Err(RecvError::PeerGone(closed)),
        }
    }

    /// Drops an unexpected message that nobody will receive. A sender that waits for the receive is told:
    /// [`SendError::Unreceived`].
    ///
    /// # Panics
    /// As [`Engine::accept`].
    pub fn discard<T: Transport>(&mut self, t: &mut T, arrival: ArrivalId) {
        let Arrival { from, kept } = self.take_arrival(arrival);
        match kept {
            Kept::Front { bytes, total } => {
                let left = total - bytes.len() as u64;
                self.links.link(from).train = Some(Train::Dropped { left });
            }
            Kept::Short { answer: Some(transfer), .. }
            | Kept::Whole { answer: Some(transfer), .. }
            | Kept::Offered { transfer, .. } => self.control(t, from, Control::Refuse(transfer)),
            Kept::Short { .. } | Kept::Whole { .. } | Kept::Failed(_) => {}
        }
    }

    /// Takes what the transport brings, then moves on what waits to be sent. Returns how much happened; 0:
    /// nothing did.
    #[inline]
    pub fn poll<T: Transport, I: Inbox>(&mut self, t: &mut T, inbox: &mut I) -> usize {
        let transport = t.caps().name;
        let events = t.poll(&mut |inbound: Inbound<'_>| self.take(transport, inbound, inbox));
        if self.links.waiting() { events + self.flush(t, inbox) } else { events }
    }

    /// The endpoint to `peer` has been made: from now on the engine posts to it.
    pub fn connected(&mut self, peer: Peer) {
        self.links.connected(peer);
    }

    /// Whether [`Engine::stranger`] has someone to name.
    #[inline]
    pub fn estranged(&self) -> bool {
        self.links.strangers()
    }

    /// A peer that something waits for and whose endpoint has not been made. Each is said once; the owner is to
    /// make the endpoint and to say so, or to [`Engine::close`] the peer.
    #[inline]
    pub fn stranger(&mut self) -> Option<Peer> {
        self.links.stranger()
    }

    /// Ends everything with a peer, as if the transport had said that it is gone.
    pub fn close<I: Inbox>(&mut self, closed: Closed, inbox: &mut I) {
        self.end(closed, inbox);
    }

    /// Whether nothing waits to be sent, and every message that was begun has ended on this side. Unexpected
    /// messages that nobody has accepted do not count.
    pub fn idle(&self) -> bool {
        !self.links.waiting()
            && !self.links.strangers()
            && self.outgoing.is_empty()
            && self.incoming.is_empty()
    }

    /// Whether something waits for room in the transport, which no arrival announces.
    #[inline]
    pub fn backlogged(&self) -> bool {
        self.links.waiting() || self.links.strangers()
    }

    /// How many bytes are kept of messages that nobody has asked for, those apart that wait at their senders.
    pub fn unexpected_bytes(&self) -> usize {
        self.arrivals.held()
    }

    /// Why a peer is gone, if it is.
    pub fn gone(&self, peer: Peer) -> Option<&Arc<Closed>> {
        self.links.gone(peer)
    }

    fn take_arrival(&mut self, arrival: ArrivalId) -> Arrival {
        assert_eq!(arrival.lane(), self.lane, "an arrival of another engine");
        let arrival = self.arrivals.take(arrival.slot()).expect("an arrival that this engine has");
        if !self.holding.is_empty() {
            self.relieve();
        }
        arrival
    }

    /// Lets the messages of peers go again, once half of what may be kept of them is free.
    #[cold]
    pub(crate) fn relieve(&mut self) {
        if self.arrivals.held() <= self.thresholds.unexpected_max / 2 {
            while let Some(peer) = self.holding.pop() {
                self.links.link(peer).told_to_hold = false;
                self.links.push(peer, Queued::Control(Control::Flow { hold: false }));
            }
        }
    }

    /// Ends a rendezvous at its sender, if there is one to end.
    fn answer_sender<T: Transport>(&mut self, t: &mut T, to: Peer, transfer: Option<Transfer>) {
        if let Some(transfer) = transfer {
            self.control(t, to, Control::Fin(transfer));
        }
    }

    /// Sends a frame of our own: at once if nothing waits before it, else in its turn.
    fn control<T: Transport>(&mut self, t: &mut T, to: Peer, control: Control) {
        let posted = self.links.open(to) && self.post_control(t, to, control);
        if !posted {
            self.links.push(to, Queued::Control(control));
        }
    }

    /// Posts a frame of our own; false, if there is no room.
    fn post_control<T: Transport>(&mut self, t: &mut T, to: Peer, control: Control) -> bool {
        match control {
            Control::Announce(row) => {
                let outgoing = self.outgoing.get_mut(row);
                outgoing.is_none_or(|outgoing| outgoing.announce(t, row) == Post::Accepted)
            }
            Control::Answer(row) => {
                let Some(incoming) = self.incoming.get_mut(row) else { return true };
                let answered = incoming.answer(t, row, &self.thresholds);
                if answered == Answered::Get && incoming.get(t, row, &self.thresholds) == Pushed::Busy {
                    self.links.push_bulk(to, Bulk::Get(row));
                }
                answered != Answered::Busy
            }
            Control::Fin(transfer) => t.send(to, &wire::fin(transfer, false), &[]) == Post::Accepted,
            Control::Refuse(transfer) => t.send(to, &wire::fin(transfer, true), &[]) == Post::Accepted,
            Control::Flow { hold } => t.send(to, &wire::flow(hold), &[]) == Post::Accepted,
            Control::PutDone(landing) => t.send(to, &wire::put_done(landing), &[]) == Post::Accepted,
        }
    }

    /// Moves on what waits, peer by peer, as far as there is room. Only peers with something waiting are
    /// visited.
    #[inline(never)]
    fn flush<T: Transport, I: Inbox>(&mut self, t: &mut T, inbox: &mut I) -> usize {
        let (mut moved, mut at) = (0, 0);
        while let Some(peer) = self.links.active(at) {
            moved += self.flush_messages(t, peer, inbox) + self.flush_bulk(t, peer, inbox);
            if !self.links.settle(at) {
                at += 1;
            }
        }
        moved
    }

    fn flush_messages<T: Transport, I: Inbox>(&mut self, t: &mut T, peer: Peer, inbox: &mut I) -> usize {
        let mut moved = 0;
        while let Some(mut queued) = self.links.pop(peer) {
            if self.links.held(peer)
                && let Queued::Single { envelope, buf, id } | Queued::Train { envelope, buf, id, sent: None } =
                    queued
            {
                let outgoing = Outgoing::new(t, (peer, &envelope), (buf, id), false, &self.thresholds);
                queued = Queued::Control(Control::Announce(self.outgoing.insert(outgoing)));
            }
            let (gone, ended) = match &mut queued {
                Queued::Single { envelope, buf, id } => {
                    (eager::single(t, peer, envelope, *buf) == Post::Accepted, Some(*id))
                }
                Queued::Train { envelope, buf, id, sent } => {
                    (eager::train(t, peer, envelope, *buf, sent), Some(*id))
                }
                Queued::Control(control) => (self.post_control(t, peer, *control), None),
            };
            if !gone {
                self.links.unpop(peer, queued);
                break;
            }
            moved += 1;
            if let Some(id) = ended {
                inbox.sent(id, Ok(()));
            }
        }
        moved
    }

    fn flush_bulk<T: Transport, I: Inbox>(&mut self, t: &mut T, peer: Peer, inbox: &mut I) -> usize {
        let mut moved = 0;
        // Each once: whatever has more to do goes to the end of the queue.
        for _ in 0..self.links.link(peer).bulk.len() {
            let link = self.links.link(peer);
            let full = !link.outbox.is_empty();
            let Some(bulk) = link.bulk.pop_front() else { break };
            let pushed = match bulk {
                // A peer that asks for what this transport cannot do gets what it can.
                Bulk::Put(row) if t.caps().put_from.is_none() => {
                    self.outgoing.get_mut(row).and_then(|o| o.fall_back(row)).map(Pushed::Instead)
                }
                Bulk::Get(row) => self.incoming.get_mut(row).map(|i| i.get(t, row, &self.thresholds)),
                Bulk::Put(row) => self.outgoing.get_mut(row).map(|o| o.put(t, row, &self.thresholds)),
                // Messages come first when there is no room for all.
                Bulk::Frames(_) if full => Some(Pushed::Busy),
                Bulk::Frames(row) => self.outgoing.get_mut(row).map(|o| o.frames(t, &self.thresholds)),
            };
            match (pushed, bulk) {
                (Some(Pushed::Busy | Pushed::More), _) => self.links.link(peer).bulk.push_back(bulk),
                (Some(Pushed::Instead(bulk)), _) => self.links.link(peer).bulk.push_back(bulk),
                (Some(Pushed::Ended), Bulk::Frames(row)) => {
                    moved += 1;
                    if let Some(outgoing) = self.outgoing.remove(row) {
                        inbox.sent(outgoing.id, Ok(()));
                    }
                }
                _ => moved += 1,
            }
        }
        moved
    }
}
