//! Peers that go: whichever transport notices first, all engines end what they have with the peer, and the inbox is
//! told once, after the last of them.

use olympi_protocol::{ArrivalId, Inbox, RecvError, RecvId, SendError, SendId};
use olympi_transport_api::{Closed, Envelope, Peer, RecvBuf};

use crate::Kind;

/// A peer that is going.
#[derive(Debug)]
pub(crate) struct Falling {
    pub(crate) closed: Closed,
    /// The lanes that have not ended everything with it yet, one bit each.
    pub(crate) lanes: u8,
    /// Whether the other lanes have been told to.
    pub(crate) spread: bool,
}

/// All peers that are going.
#[derive(Debug, Default)]
pub(crate) struct Fallen {
    pub(crate) peers: Vec<Falling>,
    /// Whether something has changed among them.
    pub(crate) news: bool,
    /// The lanes there are.
    pub(crate) lanes: u8,
}

impl Fallen {
    /// A peer is gone as far as we are concerned, whatever the lanes know of it.
    pub(crate) fn lose(&mut self, closed: Closed) {
        if self.peers.iter().all(|falling| falling.closed.peer != closed.peer) {
            self.peers.push(Falling { closed, lanes: self.lanes, spread: false });
            self.news = true;
        }
    }

    /// This lane has ended everything with a peer.
    fn ended(&mut self, lane: Kind, closed: &Closed) {
        self.news = true;
        match self.peers.iter_mut().find(|falling| falling.closed.peer == closed.peer) {
            Some(falling) => falling.lanes &= !lane.bit(),
            None => self.peers.push(Falling {
                closed: closed.clone(),
                lanes: self.lanes & !lane.bit(),
                spread: false,
            }),
        }
    }
}

/// The caller's inbox as one lane sees it.
pub(crate) struct Through<'a, I> {
    pub(crate) inbox: &'a mut I,
    pub(crate) fallen: &'a mut Fallen,
    pub(crate) lane: Kind,
}

impl<I: Inbox> Inbox for Through<'_, I> {
    #[inline]
    fn arrive(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        self.inbox.arrive(from, envelope, arrival)
    }

    #[inline]
    fn received(&mut self, recv: RecvId, outcome: Result<(), RecvError>) {
        self.inbox.received(recv, outcome);
    }

    #[inline]
    fn sent(&mut self, send: SendId, outcome: Result<(), SendError>) {
        self.inbox.sent(send, outcome);
    }

    #[cold]
    fn closed(&mut self, closed: &Closed) {
        self.fallen.ended(self.lane, closed);
    }
}
