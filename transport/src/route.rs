//! Which transport leads to a peer.
//!
//! # The rule
//! The first transport, in the order of `OLYMPI_TRANSPORTS`, that both ends offer and over which the endpoint can be
//! made. Both ends see the same two address books, so they mostly decide alike; they need not:
//! - A route is decided once and never changes, so all messages of one direction take one way, and stay in order.
//! - What answers a message (a rendezvous, the match of a synchronous send) goes back over the transport that brought
//!   it, whichever way our own messages to that peer take: the engine of that transport holds the transfer.
//!
//! So two directions may differ, as where one process may open the other's memory and not the reverse. If an answer
//! cannot go back the way that its message came, the peer is unreachable, with that reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use olympi_transport_api::{Address, Closed, ClosedKind, Peer, Transport};

use crate::address::Addresses;
use crate::lanes::with_lane;
use crate::{Directory, Kind, NotTaken, PairReport, Progress};

/// Which lane messages to a peer take: one byte a peer, for the fast path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    /// Not decided.
    Unknown,
    Over(Kind),
}

/// All that is known of the ways to peers.
pub(crate) struct Routes {
    me: Peer,
    /// What may be used, best first.
    order: Vec<Kind>,
    /// Why some transports are not there at all.
    absent: Vec<NotTaken>,
    directory: Box<dyn Directory>,
    chosen: Vec<Route>,
    /// One bit for each transport over which the endpoint was tried, and over which it was made: transports are asked
    /// once a peer.
    tried: Vec<u8>,
    made: Vec<u8>,
    /// What was looked up, or why it was not found.
    addresses: BTreeMap<Peer, Result<Addresses, String>>,
    /// What did not serve, and why.
    in_vain: BTreeMap<Peer, Vec<NotTaken>>,
    unreachable: BTreeMap<Peer, Arc<Closed>>,
}

impl Routes {
    pub(crate) fn new(
        me: Peer,
        size: u32,
        order: Vec<Kind>,
        absent: Vec<NotTaken>,
        directory: Box<dyn Directory>,
    ) -> Self {
        Self {
            me,
            order,
            absent,
            directory,
            chosen: vec![Route::Unknown; size as usize],
            tried: vec![0; size as usize],
            made: vec![0; size as usize],
            addresses: BTreeMap::new(),
            in_vain: BTreeMap::new(),
            unreachable: BTreeMap::new(),
        }
    }

    /// Which way messages to the peer take, if that is decided.
    #[inline]
    pub(crate) fn of(&self, peer: Peer) -> Route {
        self.chosen.get(peer.index()).copied().unwrap_or(Route::Unknown)
    }

    /// What the peer published about a transport. The directory is asked once a peer.
    fn address(&mut self, peer: Peer, kind: Kind) -> Result<Address, String> {
        let directory = &mut self.directory;
        let look_up = || {
            let bytes = directory.address(peer).map_err(|error| error.to_string())?;
            Addresses::decode(&bytes).map_err(|why| format!("its address is malformed: {why}"))
        };
        let addresses = self.addresses.entry(peer).or_insert_with(look_up).as_ref().map_err(Clone::clone)?;
        addresses.of(kind).cloned().ok_or_else(|| "the peer does not offer it".to_owned())
    }
}

impl Progress {
    /// Decides which way messages to a peer take, and makes the endpoint.
    #[cold]
    pub(crate) fn route(&mut self, peer: Peer) -> Result<Kind, Arc<Closed>> {
        if let Route::Over(kind) = self.routes.of(peer) {
            return Ok(kind);
        }
        if let Some(closed) = self.gone(peer) {
            return Err(closed);
        }
        let size = self.routes.chosen.len();
        if peer.index() >= size {
            return Err(self.lose(peer, format!("there are {size} ranks in this job, counted from 0")));
        }
        let mut reasons = Vec::new();
        for kind in self.routes.order.clone() {
            if kind == Kind::Own && peer != self.routes.me {
                continue;
            }
            match self.endpoint(kind, peer) {
                Ok(()) => {
                    self.routes.chosen[peer.index()] = Route::Over(kind);
                    self.routes.in_vain.insert(peer, reasons);
                    return Ok(kind);
                }
                Err(reason) => reasons.push(NotTaken { transport: kind.name(), reason }),
            }
        }
        let all = reasons.iter().chain(&self.routes.absent);
        let all: Vec<_> = all.map(|not| format!("{}: {}", not.transport, not.reason)).collect();
        self.routes.in_vain.insert(peer, reasons);
        Err(self.lose(peer, format!("no transport leads there ({})", all.join("; "))))
    }

    /// Makes the endpoint over which what a peer has sent can be answered.
    #[cold]
    pub(crate) fn answer_over(&mut self, kind: Kind, peer: Peer) {
        // Our own messages will mostly take the same way, which makes the endpoint.
        if self.route(peer).is_ok()
            && let Err(reason) = self.endpoint(kind, peer)
        {
            let detail = format!(
                "what it sent over {kind} cannot be answered: {reason}; OLYMPI_TRANSPORTS=^{kind}, at all ranks, \
                 avoids it"
            );
            self.lose(peer, detail);
        }
    }

    /// Makes the endpoint to a peer over this transport, if it was not made; else the reason in words.
    fn endpoint(&mut self, kind: Kind, peer: Peer) -> Result<(), String> {
        let at = peer.index();
        if self.routes.tried[at] & kind.bit() != 0 {
            let made = self.routes.made[at] & kind.bit() != 0;
            return if made { Ok(()) } else { Err("it was tried before, in vain".to_owned()) };
        }
        let address = if peer == self.routes.me {
            self.addresses().of(kind).cloned().ok_or_else(|| "this process does not offer it".to_owned())?
        } else {
            self.routes.address(peer, kind)?
        };
        self.routes.tried[at] |= kind.bit();
        self.connect(kind, peer, &address)?;
        self.routes.made[at] |= kind.bit();
        Ok(())
    }

    /// Why a peer is gone, if it is.
    fn gone(&self, peer: Peer) -> Option<Arc<Closed>> {
        self.routes.unreachable.get(&peer).or(self.lanes.gone(peer)).cloned()
    }

    /// From now on the peer is not to be reached. The next poll tells the inbox.
    fn lose(&mut self, peer: Peer, detail: String) -> Arc<Closed> {
        let closed = Closed { transport: "route", peer, kind: ClosedKind::Unreachable, detail };
        self.fallen.lose(closed.clone());
        Arc::clone(self.routes.unreachable.entry(peer).or_insert(Arc::new(closed)))
    }

    /// Which transport is used towards `peer`, and why no other. Makes the endpoint if there was none.
    pub fn describe(&mut self, peer: Peer) -> PairReport {
        let kind = self.route(peer);
        let mut others = self.routes.in_vain.get(&peer).cloned().unwrap_or_default();
        let (transport, line) = match kind {
            Err(closed) => (None, closed.detail.clone()),
            Ok(kind) => {
                let after = self.routes.order.iter().skip_while(|other| **other != kind).skip(1);
                others.extend(after.filter(|other| **other != Kind::Own).map(|other| NotTaken {
                    transport: other.name(),
                    reason: format!("{kind} comes before it and serves"),
                }));
                let line = with_lane!(self.lanes, kind, lane => lane.transport.describe(peer));
                let line = line.unwrap_or_default();
                (Some(kind.name()), line)
            }
        };
        others.extend(self.routes.absent.iter().cloned());
        PairReport { peer, transport, line, others }
    }
}
