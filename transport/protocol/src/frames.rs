//! What comes from below: frames, the ends of `get`s and `put`s, and the ends of peers. It is noted here and told
//! to the inbox; nothing is posted.

use alloc::string::ToString;
use alloc::sync::Arc;
use core::mem;

use olympi_transport_api::{Closed, ClosedKind, Envelope, Inbound, OpToken, Payload, Peer, RmaError};

use crate::arrivals::Kept;
use crate::error::Nonsense;
use crate::outbox::{Bulk, Control, Queued, Train};
use crate::pieces::Next;
use crate::rndv_recv::{self, Incoming};
use crate::rndv_send::{self, Outgoing, read_token};
use crate::wire::{self, Frame, Landing, Transfer};
use crate::{ArrivalId, Engine, Inbox, RecvError, RecvId, SendError, eager};
use olympi_transport_api::RecvBuf;

impl Engine {
    /// Takes one event. The short way is that of a message in one frame which a receive waits for.
    #[inline]
    pub(crate) fn take<I: Inbox>(&mut self, transport: &'static str, inbound: Inbound<'_>, inbox: &mut I) {
        // An event that is taken apart needs no dropping.
        let Inbound::Frame { from, header, payload } = inbound else {
            return self.take_slowly(transport, inbound, inbox);
        };
        if !self.links.any_gone()
            && let Some(envelope) = wire::as_eager(header, payload.len())
            && self.arrivals.next() < ArrivalId::SLOTS
        {
            match inbox.arrive(from, &envelope, ArrivalId::new(self.lane, self.arrivals.next())) {
                Some((recv, buf)) => {
                    buf.fill(0, payload);
                    inbox.received(recv, Ok(()));
                }
                None => self.keep(from, Kept::whole(payload, None)),
            }
            return;
        }
        self.take_slowly(transport, Inbound::Frame { from, header, payload }, inbox);
    }

    #[inline(never)]
    fn take_slowly<I: Inbox>(&mut self, transport: &'static str, inbound: Inbound<'_>, inbox: &mut I) {
        match inbound {
            Inbound::Frame { from, header, payload } => {
                // A peer that was cut off may go on sending.
                if self.links.gone(from).is_some() {
                    return;
                }
                let understood = wire::decode(header, payload.len()).map_err(Nonsense::from);
                if let Err(nonsense) = understood.and_then(|frame| self.frame(from, frame, payload, inbox)) {
                    let detail = "it sent ".to_string() + &nonsense.to_string() + ", and was cut off";
                    self.end(Closed { transport, peer: from, kind: ClosedKind::Malformed, detail }, inbox);
                }
            }
            Inbound::Done { op, outcome } => self.done(op, &outcome, inbox),
            Inbound::Closed(closed) => self.end(closed, inbox),
        }
    }

    fn frame<I: Inbox>(
        &mut self,
        from: Peer,
        frame: Frame,
        payload: Payload<'_>,
        inbox: &mut I,
    ) -> Result<(), Nonsense> {
        match frame {
            Frame::Eager(envelope) => {
                match self.arrive(from, &envelope, inbox)? {
                    Some((recv, buf)) => {
                        buf.fill(0, payload);
                        inbox.received(recv, Ok(()));
                    }
                    None => self.keep(from, Kept::whole(payload, None)),
                }
                Ok(())
            }
            Frame::First(envelope) => self.first(from, &envelope, payload, inbox),
            Frame::More => {
                let (incoming, arrivals) = (&mut self.incoming, &mut self.arrivals);
                eager::more(self.links.link(from), incoming, arrivals, payload, inbox)
            }
            Frame::Sync { envelope, transfer } => {
                match self.arrive(from, &envelope, inbox)? {
                    Some((recv, buf)) => {
                        buf.fill(0, payload);
                        inbox.received(recv, Ok(()));
                        self.queue(from, Control::Fin(transfer));
                    }
                    None => self.keep(from, Kept::whole(payload, Some(transfer))),
                }
                Ok(())
            }
            Frame::Rts { envelope, transfer, key } => {
                match self.arrive(from, &envelope, inbox)? {
                    Some((recv, buf)) => {
                        let matched = Incoming::matched((from, recv, buf), transfer, envelope.len, key);
                        if let Some(matched) = matched {
                            let row = self.incoming.insert(matched);
                            self.queue(from, Control::Answer(row));
                        } else {
                            inbox.received(recv, Ok(()));
                            self.queue(from, Control::Fin(transfer));
                        }
                    }
                    None => self.keep(from, Kept::Offered { transfer, len: envelope.len, key }),
                }
                Ok(())
            }
            Frame::Cts { transfer, landing, wanted, key } => {
                let bulk = self.own_send(from, transfer)?.wanted(transfer.0, landing, wanted, key)?;
                self.links.push_bulk(from, bulk);
                Ok(())
            }
            Frame::Frag(landing) => {
                if self.own_receive(from, landing)?.frag(payload)? {
                    self.received(landing.0, inbox);
                }
                Ok(())
            }
            Frame::Fin { transfer, refused } => {
                if !matches!(self.own_send(from, transfer)?.state, rndv_send::State::Announced { .. }) {
                    return Err(Nonsense::OutOfPlace("a FIN"));
                }
                let outcome = if refused { Err(SendError::Unreceived { peer: from }) } else { Ok(()) };
                self.sent(transfer.0, outcome, inbox);
                Ok(())
            }
            Frame::Flow { hold } => {
                self.links.hold(from, hold);
                Ok(())
            }
            Frame::PutDone(landing) => {
                // Believed, though nobody has counted what was put: only the message's own sender is asked, whose
                // bytes they would have been anyway; and its leave to put ends here, with the region.
                if !matches!(self.own_receive(from, landing)?.state, rndv_recv::State::Put { .. }) {
                    return Err(Nonsense::OutOfPlace("the end of a put"));
                }
                self.received(landing.0, inbox);
                Ok(())
            }
        }
    }

    fn first<I: Inbox>(
        &mut self,
        from: Peer,
        envelope: &Envelope,
        payload: Payload<'_>,
        inbox: &mut I,
    ) -> Result<(), Nonsense> {
        if self.links.link(from).train.is_some() {
            return Err(Nonsense::OutOfPlace("a long message inside another one"));
        }
        let train = if let Some((id, buf)) = self.arrive(from, envelope, inbox)? {
            buf.fill(0, payload);
            let state = rndv_recv::State::Train { arrived: payload.len() as u64, total: envelope.len };
            Train::Taken(self.incoming.insert(Incoming { from, id, buf, state, lost: None }))
        } else {
            let kept = Kept::front(payload, envelope.len);
            let row = self.arrivals.next();
            self.keep(from, kept);
            Train::Kept(row)
        };
        self.links.link(from).train = Some(train);
        Ok(())
    }

    /// Asks who waits for a message.
    fn arrive<I: Inbox>(
        &mut self,
        from: Peer,
        envelope: &Envelope,
        inbox: &mut I,
    ) -> Result<Option<(RecvId, RecvBuf)>, Nonsense> {
        let slot = self.arrivals.next();
        if slot >= ArrivalId::SLOTS {
            return Err(Nonsense::Flood);
        }
        Ok(inbox.arrive(from, envelope, ArrivalId::new(self.lane, slot)))
    }

    /// Keeps an unexpected message. If that is too much, its sender is to let the next ones wait.
    #[inline(never)]
    fn keep(&mut self, from: Peer, kept: Kept) {
        self.arrivals.keep(from, kept);
        if self.arrivals.held() > self.thresholds.unexpected_max {
            self.hold_back(from);
        }
    }

    #[cold]
    fn hold_back(&mut self, from: Peer) {
        if !mem::replace(&mut self.links.link(from).told_to_hold, true) {
            self.holding.push(from);
            self.queue(from, Control::Flow { hold: true });
        }
    }

    fn queue(&mut self, to: Peer, control: Control) {
        self.links.push(to, Queued::Control(control));
    }

    fn own_send(&mut self, from: Peer, transfer: Transfer) -> Result<&mut Outgoing, Nonsense> {
        let outgoing = self.outgoing.get_mut(transfer.0).filter(|outgoing| outgoing.to == from);
        outgoing.ok_or(Nonsense::Transfer(transfer))
    }

    fn own_receive(&mut self, from: Peer, landing: Landing) -> Result<&mut Incoming, Nonsense> {
        let incoming = self.incoming.get_mut(landing.0).filter(|incoming| incoming.from == from);
        incoming.ok_or(Nonsense::Landing(landing))
    }

    /// The outgoing rendezvous in this row has ended.
    fn sent<I: Inbox>(&mut self, row: u32, outcome: Result<(), SendError>, inbox: &mut I) {
        // Its region ends with it, before the buffer is the caller's again.
        if let Some(id) = self.outgoing.remove(row).map(|outgoing| outgoing.id) {
            inbox.sent(id, outcome);
        }
    }

    /// The incoming message in this row has ended well.
    fn received<I: Inbox>(&mut self, row: u32, inbox: &mut I) {
        if let Some(id) = self.incoming.remove(row).map(|incoming| incoming.id) {
            inbox.received(id, Ok(()));
        }
    }

    /// A `get` or a `put` of ours has ended.
    fn done<I: Inbox>(&mut self, op: OpToken, outcome: &Result<(), RmaError>, inbox: &mut I) {
        let (put, row) = read_token(op);
        if put {
            self.put_done(row, outcome.is_ok(), inbox);
        } else {
            self.get_done(row, outcome.is_ok(), inbox);
        }
    }

    /// A failed `get` costs speed, not the message: it comes in frames then. If the peer is gone, its end is told
    /// too, and ends the message.
    fn get_done<I: Inbox>(&mut self, row: u32, moved: bool, inbox: &mut I) {
        let Some(incoming) = self.incoming.get_mut(row) else { return };
        let from = incoming.from;
        let rndv_recv::State::Get { transfer, pieces, .. } = &mut incoming.state else { return };
        let (next, transfer) = (pieces.done(moved), *transfer);
        if incoming.lost.is_some() {
            if !incoming.under_way()
                && let Some(Incoming { id, lost: Some(closed), .. }) = self.incoming.remove(row)
            {
                inbox.received(id, Err(RecvError::PeerGone(closed)));
                self.one_died(from, inbox);
            }
            return;
        }
        match next {
            Next::Wait => {}
            Next::Post if pieces.queued => {}
            Next::Post => {
                pieces.queued = true;
                self.links.push_bulk(from, Bulk::Get(row));
            }
            Next::Ended => {
                self.received(row, inbox);
                self.queue(from, Control::Fin(transfer));
            }
            Next::Refused => {
                incoming.fall_back();
                self.queue(from, Control::Answer(row));
            }
        }
    }

    fn put_done<I: Inbox>(&mut self, row: u32, moved: bool, inbox: &mut I) {
        let Some(outgoing) = self.outgoing.get_mut(row) else { return };
        let to = outgoing.to;
        let rndv_send::State::Put { landing, pieces, .. } = &mut outgoing.state else { return };
        let (next, landing) = (pieces.done(moved), *landing);
        if outgoing.lost.is_some() {
            if !outgoing.under_way()
                && let Some(Outgoing { id, lost: Some(closed), .. }) = self.outgoing.remove(row)
            {
                inbox.sent(id, Err(SendError::PeerGone(closed)));
                self.one_died(to, inbox);
            }
            return;
        }
        match next {
            Next::Wait => {}
            Next::Post if pieces.queued => {}
            Next::Post => {
                pieces.queued = true;
                self.links.push_bulk(to, Bulk::Put(row));
            }
            Next::Ended => {
                self.sent(row, Ok(()), inbox);
                self.queue(to, Control::PutDone(landing));
            }
            Next::Refused => {
                if let Some(bulk) = outgoing.fall_back(row) {
                    self.links.push_bulk(to, bulk);
                }
            }
        }
    }

    /// A peer is gone: everything that depends on it ends, each once. What the transport still has of it ends
    /// with its `Done`, since the buffer is in use until then; the peer is told as closed after that.
    pub(crate) fn end<I: Inbox>(&mut self, closed: Closed, inbox: &mut I) {
        let (peer, closed) = (closed.peer, Arc::new(closed));
        let Some(waited) = self.links.shut(peer, &closed) else { return };
        for queued in waited {
            if let Queued::Single { id, .. } | Queued::Train { id, .. } = queued {
                inbox.sent(id, Err(SendError::PeerGone(Arc::clone(&closed))));
            }
        }
        let mut dying = 0;
        let mut ends = |of: Peer, under_way: bool, lost: &mut Option<Arc<Closed>>| {
            if of == peer && under_way {
                *lost = Some(Arc::clone(&closed));
                dying += 1;
            }
            of == peer && !under_way
        };
        for outgoing in self.outgoing.take_where(|o| ends(o.to, o.under_way(), &mut o.lost)) {
            inbox.sent(outgoing.id, Err(SendError::PeerGone(Arc::clone(&closed))));
        }
        for incoming in self.incoming.take_where(|i| ends(i.from, i.under_way(), &mut i.lost)) {
            inbox.received(incoming.id, Err(RecvError::PeerGone(Arc::clone(&closed))));
        }
        self.arrivals.fail(peer, &closed);
        self.holding.retain(|held| *held != peer);
        self.relieve();
        self.links.link(peer).dying = dying;
        if dying == 0 {
            inbox.closed(&closed);
        }
    }

    /// One of the transfers that a peer left under way has ended.
    fn one_died<I: Inbox>(&mut self, peer: Peer, inbox: &mut I) {
        let link = self.links.link(peer);
        link.dying -= 1;
        if link.dying == 0
            && let Some(closed) = &link.gone
        {
            inbox.closed(closed);
        }
    }
}
