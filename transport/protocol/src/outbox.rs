//! What waits to be sent, one outbox a peer: a slow peer stalls itself alone.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use olympi_transport_api::{Closed, Envelope, Peer, SendBuf};

use crate::SendId;
use crate::wire::{Landing, Transfer};

/// What waits in an outbox, in the order in which it goes out. A message's bytes stay where they were lent.
#[derive(Debug)]
pub(crate) enum Queued {
    /// A message of one frame.
    Single { envelope: Envelope, buf: SendBuf, id: SendId },
    /// A message of several frames, of which `sent` bytes have gone; `None`: not even the first frame.
    Train { envelope: Envelope, buf: SendBuf, id: SendId, sent: Option<usize> },
    /// A frame without bytes of the user's.
    Control(Control),
}

/// A frame of the engine's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Control {
    /// The Rts or Sync of the outgoing rendezvous in this row.
    Announce(u32),
    /// The answer to the Rts of the incoming rendezvous in this row.
    Answer(u32),
    Fin(Transfer),
    /// To the sender of a message that nobody will receive.
    Refuse(Transfer),
    PutDone(Landing),
    /// Says whether the peer's messages are to wait for their receives.
    Flow {
        hold: bool,
    },
}

/// A rendezvous whose bytes can be moved on. These have no order, and take turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bulk {
    /// The incoming rendezvous in this row has pieces to get.
    Get(u32),
    /// The outgoing rendezvous in this row has pieces to put.
    Put(u32),
    /// The outgoing rendezvous in this row has frames to send.
    Frames(u32),
}

/// Where the rest of a train goes. A peer has one train under way at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Train {
    /// To the receive in this row of the incoming messages.
    Taken(u32),
    /// To the unexpected message in this row.
    Kept(u32),
    /// Nowhere: the message was discarded; so many bytes are still to come.
    Dropped { left: u64 },
}

/// All that is known of one peer.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) outbox: VecDeque<Queued>,
    pub(crate) bulk: VecDeque<Bulk>,
    pub(crate) train: Option<Train>,
    /// Why the peer is gone.
    pub(crate) gone: Option<Arc<Closed>>,
    /// Transfers that a peer which is gone has left under way in the transport.
    pub(crate) dying: usize,
    /// The peer wants every message to wait for its receive.
    held: bool,
    /// The peer was told that its messages are to wait.
    pub(crate) told_to_hold: bool,
    listed: bool,
}

/// Whether a message may go to the transport directly: one byte a peer, for the fast path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    /// No endpoint yet.
    New,
    /// Nothing waits before it.
    Clear,
    /// Behind what is in the outbox, or every message is to wait for its receive.
    Queue,
    /// The peer is gone.
    Shut,
}

/// All peers.
#[derive(Debug, Default)]
pub(crate) struct Links {
    doors: Vec<Door>,
    peers: Vec<Option<Box<Link>>>,
    /// Those with something waiting, and an endpoint.
    active: Vec<Peer>,
    /// Those with something waiting, and no endpoint yet.
    strangers: Vec<Peer>,
    gone: usize,
}

impl Links {
    /// Whether a message to `peer` may go to the transport directly.
    #[inline]
    pub(crate) fn clear(&self, peer: Peer) -> bool {
        matches!(self.doors.get(peer.index()), Some(Door::Clear))
    }

    /// Whether any peer is gone.
    #[inline]
    pub(crate) fn any_gone(&self) -> bool {
        self.gone > 0
    }

    /// Why the peer is gone, if it is.
    pub(crate) fn gone(&self, peer: Peer) -> Option<&Arc<Closed>> {
        self.peers.get(peer.index())?.as_ref()?.gone.as_ref()
    }

    /// The link of a peer, made if there was none.
    pub(crate) fn link(&mut self, peer: Peer) -> &mut Link {
        let at = peer.index();
        if at >= self.peers.len() {
            self.peers.resize_with(at + 1, || None);
            self.doors.resize(at + 1, Door::New);
        }
        self.peers[at].get_or_insert_default()
    }

    /// The endpoint to the peer has been made.
    pub(crate) fn connected(&mut self, peer: Peer) {
        let link = self.link(peer);
        if link.gone.is_some() {
            return;
        }
        let (empty, idle) = (link.outbox.is_empty(), link.bulk.is_empty());
        self.doors[peer.index()] = if empty && !link.held { Door::Clear } else { Door::Queue };
        if !(empty && idle) {
            self.active.push(peer);
        }
    }

    /// A peer that something waits for and that has no endpoint yet; said once.
    pub(crate) fn stranger(&mut self) -> Option<Peer> {
        while let Some(peer) = self.strangers.pop() {
            if self.gone(peer).is_none() {
                return Some(peer);
            }
        }
        None
    }

    /// Whether the peer has an endpoint, and nothing waits before a message to it.
    pub(crate) fn open(&mut self, peer: Peer) -> bool {
        self.link(peer);
        self.clear(peer)
    }

    /// Whether messages to the peer are to wait for their receives.
    pub(crate) fn held(&mut self, peer: Peer) -> bool {
        self.link(peer).held
    }

    /// The peer wants that, or no longer.
    pub(crate) fn hold(&mut self, peer: Peer, hold: bool) {
        let link = self.link(peer);
        link.held = hold;
        let empty = link.outbox.is_empty();
        let door = &mut self.doors[peer.index()];
        match *door {
            Door::Clear if hold => *door = Door::Queue,
            Door::Queue if !hold && empty => *door = Door::Clear,
            _ => {}
        }
    }

    /// Puts something at the end of the peer's outbox; nothing, if the peer is gone.
    pub(crate) fn push(&mut self, peer: Peer, queued: Queued) {
        let link = self.link(peer);
        if link.gone.is_none() {
            link.outbox.push_back(queued);
            self.list(peer);
            let door = &mut self.doors[peer.index()];
            if *door == Door::Clear {
                *door = Door::Queue;
            }
        }
    }

    /// As [`Links::push`], for a rendezvous that can be moved on.
    pub(crate) fn push_bulk(&mut self, peer: Peer, bulk: Bulk) {
        let link = self.link(peer);
        if link.gone.is_none() {
            link.bulk.push_back(bulk);
            self.list(peer);
        }
    }

    /// Takes the front of the peer's outbox.
    pub(crate) fn pop(&mut self, peer: Peer) -> Option<Queued> {
        self.link(peer).outbox.pop_front()
    }

    /// Puts back what [`Links::pop`] had taken.
    pub(crate) fn unpop(&mut self, peer: Peer, queued: Queued) {
        self.link(peer).outbox.push_front(queued);
    }

    /// Whether anything waits to be sent to anyone.
    #[inline]
    pub(crate) fn waiting(&self) -> bool {
        !self.active.is_empty()
    }

    /// Whether anything waits for an endpoint.
    #[inline]
    pub(crate) fn strangers(&self) -> bool {
        !self.strangers.is_empty()
    }

    /// The peer at this place of the list of those with something waiting.
    pub(crate) fn active(&self, at: usize) -> Option<Peer> {
        self.active.get(at).copied()
    }

    /// After what waited was moved on: opens the peer's door and takes it off the list, as far as nothing waits
    /// any more. Answers whether another peer has come to its place.
    pub(crate) fn settle(&mut self, at: usize) -> bool {
        let peer = self.active[at];
        let link = self.link(peer);
        let (empty, idle) = (link.outbox.is_empty(), link.bulk.is_empty());
        let held = link.held;
        if empty && !held && self.doors[peer.index()] == Door::Queue {
            self.doors[peer.index()] = Door::Clear;
        }
        if empty && idle {
            self.link(peer).listed = false;
            self.active.swap_remove(at);
        }
        empty && idle
    }

    /// Marks the peer as gone. Answers with all that waited for it, or `None` if it was gone already.
    pub(crate) fn shut(&mut self, peer: Peer, closed: &Arc<Closed>) -> Option<VecDeque<Queued>> {
        let link = self.link(peer);
        if link.gone.is_some() {
            return None;
        }
        link.gone = Some(Arc::clone(closed));
        link.train = None;
        link.bulk.clear();
        let waited = core::mem::take(&mut link.outbox);
        self.doors[peer.index()] = Door::Shut;
        self.gone += 1;
        Some(waited)
    }

    fn list(&mut self, peer: Peer) {
        let link = self.link(peer);
        if !link.listed {
            link.listed = true;
            let new = self.doors[peer.index()] == Door::New;
            if new { self.strangers.push(peer) } else { self.active.push(peer) }
        }
    }
}
