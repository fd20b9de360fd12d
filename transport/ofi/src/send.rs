//! What goes out: frames, and the short messages between them.

use std::sync::Arc;

use olympi_transport_api::{Address, ClosedKind, ConnectError, Peer, Post};

use crate::address::Reach;
use crate::buffers::What;
use crate::road::{INJECT, Road};
use crate::wire::{Kind, PREFIX, Prefix};
use crate::{NAME, Ofi};

/// A message goes without a buffer only while so few are under way to its peer: the network takes those at once.
const PROMPT: u32 = 48;

impl Ofi {
    /// See [`Transport::connect`](olympi_transport_api::Transport::connect).
    pub(crate) fn begin(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let unreachable = |detail| ConnectError::Unreachable { transport: NAME, peer, detail };
        if peer.0 == self.keys.me || peer.0 >= self.keys.size {
            return Err(unreachable("this transport leads to the other ranks of the job".to_owned()));
        }
        let bad = |detail| ConnectError::BadAddress { transport: NAME, peer, detail };
        let reach = Reach::decode(&address.0).map_err(bad)?;
        if let Some(difference) = self.reach.differs(&reach) {
            return Err(unreachable(difference));
        }
        if !self.links[peer.index()].open() {
            // What ended it has been told, or is about to be.
            return Ok(());
        }
        self.learn(peer.0, reach).map_err(unreachable)?;
        self.links[peer.index()].asked = true;
        self.dial(peer.0).map_err(unreachable)
    }

    /// Takes note of where a peer is.
    pub(crate) fn learn(&mut self, rank: u32, reach: Reach) -> Result<(), String> {
        let link = &mut self.links[rank as usize];
        if link.reach.is_some() {
            return Ok(());
        }
        if let Road::Open { addresses, .. } = &self.road {
            let name = addresses.insert(&reach.name).map_err(|refusal| {
                format!(
                    "provider {} takes no such address: {}",
                    self.domain.provider,
                    self.domain.library.words(refusal.0)
                )
            })?;
            link.name = Some(name);
        }
        self.active.push(rank);
        let here = reach.host == self.reach.host && reach.pid != self.reach.pid;
        let (pid, started) = (reach.pid, reach.started);
        link.reach = Some(Box::new(reach));
        if here {
            self.watch(rank, pid, started);
        }
        Ok(())
    }

    /// See [`Transport::send`](olympi_transport_api::Transport::send).
    #[inline]
    pub(crate) fn frame(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        let Some(link) = self.links.get(to.index()) else { return Post::Closed };
        if !link.open() {
            return Post::Closed;
        }
        if !link.asked {
            return Post::Busy;
        }
        if !link.greeted {
            match self.greet(to.0) {
                Post::Accepted => {}
                answer => return answer,
            }
        }
        self.message(to.0, Kind::Frame, header, payload)
    }

    /// Tells a peer where this rank is: the first message to it.
    #[cold]
    fn greet(&mut self, to: u32) -> Post {
        let address = self.address.0.clone();
        let answer = self.message(to, Kind::Hello, &[], &address);
        if answer == Post::Accepted {
            self.links[to as usize].greeted = true;
        }
        answer
    }

    /// Posts a numbered message.
    #[inline]
    fn message(&mut self, to: u32, kind: Kind, header: &[u8], payload: &[u8]) -> Post {
        let link = &self.links[to as usize];
        let under_way = link.under_way();
        if under_way >= self.config.window || self.sending >= self.depth {
            return Post::Busy;
        }
        let len = PREFIX + header.len() + payload.len();
        let prompt = len <= self.inject && link.heard && link.sending == 0 && under_way < PROMPT;
        let answer = if prompt {
            self.inject(to, kind, header, payload)
        } else {
            self.buffered(to, kind, header, payload)
        };
        if answer == Post::Accepted {
            let link = &mut self.links[to as usize];
            link.sent = link.sent.wrapping_add(1);
            link.told = link.expected;
        }
        answer
    }

    /// Sends a short message of any kind.
    pub(crate) fn signal(&mut self, to: u32, kind: Kind) -> Post {
        let answer = if self.inject >= PREFIX {
            self.inject(to, kind, &[], &[])
        } else {
            self.buffered(to, kind, &[], &[])
        };
        if answer == Post::Accepted {
            let link = &mut self.links[to as usize];
            link.told = link.expected;
        }
        answer
    }

    /// Says goodbye to a peer.
    pub(crate) fn part(&mut self, to: u32) -> Post {
        self.buffered(to, Kind::Bye, &[], &[])
    }

    /// What comes before a message to a peer.
    #[inline]
    fn prefix(&mut self, to: u32, kind: Kind, header: usize, payload: usize) -> [u8; PREFIX] {
        let link = &mut self.links[to as usize];
        let keys = &self.keys;
        let proof = *link.proof_to.get_or_insert_with(|| keys.proof(keys.me, to));
        let prefix =
            Prefix { from: keys.me, kind, sequence: link.sent, taken: link.expected, header, payload };
        let mut bytes = [0; PREFIX];
        prefix.write(proof, &mut bytes);
        bytes
    }

    #[inline]
    fn inject(&mut self, to: u32, kind: Kind, header: &[u8], payload: &[u8]) -> Post {
        let prefix = self.prefix(to, kind, header.len(), payload.len());
        let head = PREFIX + header.len();
        let len = head + payload.len();
        let mut bytes = [0_u8; INJECT];
        bytes[..PREFIX].copy_from_slice(&prefix);
        bytes[PREFIX..head].copy_from_slice(header);
        bytes[head..len].copy_from_slice(payload);
        let link = &self.links[to as usize];
        let way = self.road.route(link);
        let Some((endpoint, name)) = way else { return Post::Busy };
        match endpoint.inject(&bytes[..len], name) {
            Ok(()) => Post::Accepted,
            Err(refusal) if refusal.again() => Post::Busy,
            Err(refusal) => self.refused(to, refusal.0),
        }
    }

    fn buffered(&mut self, to: u32, kind: Kind, header: &[u8], payload: &[u8]) -> Post {
        let link = &self.links[to as usize];
        let way = self.road.route(link);
        if way.is_none() {
            return Post::Busy;
        }
        let home = self.road.home().map(Arc::clone);
        let Some((buffer, mut piece)) = self.pool.take(&self.domain, home.as_ref(), &mut self.last_key)
        else {
            return Post::Busy;
        };
        let prefix = self.prefix(to, kind, header.len(), payload.len());
        piece.len = PREFIX + header.len() + payload.len();
        // SAFETY: the piece is a free buffer with room for the longest message, and nobody else's.
        unsafe {
            let mut at = piece.address;
            for part in [&prefix[..], header, payload] {
                at.copy_from_nonoverlapping(part.as_ptr(), part.len());
                at = at.add(part.len());
            }
        }
        let request = self.requests.begin(What::Send { peer: to, buffer });
        let context = self.requests.context(request);
        let link = &self.links[to as usize];
        let way = self.road.route(link);
        let posted = way.map(|(endpoint, name)| {
            // SAFETY: the buffer is given back, and the request ended, only at its completion, or when the endpoint is closed.
            unsafe { endpoint.send(piece, name, context) }
        });
        if let Some(Ok(())) = posted {
            let link = &mut self.links[to as usize];
            link.sending += 1;
            if link.open() {
                self.sending += 1;
            }
            return Post::Accepted;
        }
        self.requests.end(request);
        self.pool.give_back(buffer);
        match posted {
            Some(Err(refusal)) if !refusal.again() => self.refused(to, refusal.0),
            _ => Post::Busy,
        }
    }

    /// The provider will never take a message to this peer.
    #[cold]
    fn refused(&mut self, to: u32, refusal: i64) -> Post {
        let detail = format!("a message was refused: {}", self.domain.library.words(refusal));
        self.lose(to, ClosedKind::Fabric, &detail);
        Post::Closed
    }
}
