//! Remote memory access: regions that peers reach, and what is fetched from and written to theirs.

use std::sync::Arc;

use olympi_transport_api::{
    Extent, MemoryRegion, OpToken, Peer, Post, RegionGuard, RegisterError, RemoteKey, RmaError,
};

use crate::buffers::What;
use crate::domain::Registration;
use crate::endpoint::{Piece, Remote};
use crate::ffi::*;
use crate::info::Refusal;
use crate::poll::Event;
use crate::{NAME, Ofi};

/// How many accesses may be under way.
const ACCESSES: u32 = 256;
/// How often another key is asked for when one is taken.
const KEYS: usize = 16;

/// Which way the bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Get,
    Put,
}

/// A `get` or a `put` under way. One that is longer than the provider's longest message goes piece by piece.
pub(crate) struct Access {
    pub(crate) peer: u32,
    pub(crate) op: OpToken,
    direction: Direction,
    /// What is left of it: here, there, and how much.
    here: *mut u8,
    there: Remote,
    left: usize,
    /// How much the provider has now.
    posted: usize,
    registration: Option<Arc<Registration>>,
}

// SAFETY: it names memory that was lent to the operation, whichever thread drives it.
unsafe impl Send for Access {}

/// Keeps a region registered.
struct Guard {
    _registration: Arc<Registration>,
}

impl RegionGuard for Guard {}

impl Ofi {
    /// See [`Transport::register`](olympi_transport_api::Transport::register).
    pub(crate) fn lend(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        if self.caps.get_from.is_none() {
            return Err(RegisterError::Unsupported { transport: NAME });
        }
        if bytes.is_empty() {
            // There is nothing to reach.
            let key = RemoteKey { address: bytes.address() as u64, key: 1 };
            return Ok(MemoryRegion::new(key, None));
        }
        match self.registration(bytes.address(), bytes.len(), bytes.writable()) {
            Ok(registration) => {
                let address = registration.remote_address(bytes.address());
                let key = RemoteKey { address, key: registration.key() };
                Ok(MemoryRegion::new(key, Some(Box::new(Guard { _registration: registration }))))
            }
            Err(refusal) => Err(RegisterError::Refused {
                transport: NAME,
                len: bytes.len(),
                detail: self.why_not_registered(refusal),
            }),
        }
    }

    fn why_not_registered(&self, refusal: Refusal) -> String {
        let remedy = if refusal.is(libc::ENOMEM) {
            "; raise the limit on locked memory (ulimit -l), or lower OLYMPI_OFI_CACHE"
        } else {
            ""
        };
        let words = self.domain.library.words(refusal.0);
        format!("provider {} on {}: {words}{remedy}", self.domain.provider, self.domain.name)
    }

    /// Registers memory for peers, and for this process where the provider asks for that.
    fn registration(
        &mut self,
        address: usize,
        len: usize,
        writable: bool,
    ) -> Result<Arc<Registration>, Refusal> {
        let mut access = FI_WRITE | FI_REMOTE_READ | FI_SEND;
        if writable {
            access |= FI_READ | FI_REMOTE_WRITE | FI_RECV;
        }
        let (domain, home, last_key) = (&self.domain, self.road.home(), &mut self.last_key);
        let mut make = |start: usize, len: usize| {
            let mut answer = Err(Refusal(0));
            for _ in 0..KEYS {
                *last_key += 1;
                answer = Registration::new(domain, home, start, len, access, *last_key);
                match &answer {
                    Err(refusal) if refusal.is(FI_ENOKEY) => {}
                    _ => break,
                }
            }
            answer
        };
        let Some(cache) = &mut self.registrations else { return make(address, len).map(Arc::new) };
        match cache.get(address, len, writable, &mut make) {
            Err(refusal) if refusal.is(libc::ENOMEM) => {
                // What is kept without need may be what is in the way.
                cache.clear();
                cache.get(address, len, writable, make)
            }
            answer => answer,
        }
    }

    /// See [`Transport::put`](olympi_transport_api::Transport::put) and `get`.
    pub(crate) fn access(
        &mut self,
        peer: Peer,
        direction: Direction,
        here: *mut u8,
        len: usize,
        key: RemoteKey,
        op: OpToken,
    ) -> Post {
        let Some(link) = self.links.get(peer.index()) else { return Post::Closed };
        if !link.open() || self.caps.get_from.is_none() {
            return Post::Closed;
        }
        if !link.asked || self.road.route(link).is_none() || self.accesses >= ACCESSES.min(self.depth / 2) {
            return Post::Busy;
        }
        if len == 0 {
            self.events.push_back(Event::Done(op, Ok(())));
            return Post::Accepted;
        }
        let registration = if self.domain.mr_mode(FI_MR_LOCAL) {
            match self.registration(here.expose_provenance(), len, direction == Direction::Get) {
                Ok(registration) => Some(registration),
                Err(refusal) if refusal.again() => return Post::Busy,
                Err(refusal) => {
                    let detail = format!("cannot register {len} bytes: {}", self.why_not_registered(refusal));
                    self.events.push_back(Event::Done(op, Err(RmaError::Refused { peer, detail })));
                    return Post::Accepted;
                }
            }
        } else {
            None
        };
        let there = Remote { address: key.address, key: key.key };
        let access = Access { peer: peer.0, op, direction, here, there, left: len, posted: 0, registration };
        let request = self.requests.begin(What::Access(Box::new(access)));
        match self.post(request) {
            Ok(()) => {
                self.links[peer.index()].accesses += 1;
                self.accesses += 1;
            }
            Err(refusal) => {
                self.requests.end(request);
                if refusal.again() {
                    return Post::Busy;
                }
                let detail = self.domain.library.words(refusal.0);
                self.events.push_back(Event::Done(op, Err(RmaError::Refused { peer, detail })));
            }
        }
        Post::Accepted
    }

    /// Posts the next piece of an access.
    fn post(&mut self, request: u32) -> Result<(), Refusal> {
        let context = self.requests.context(request);
        let most = self.domain.info.ep().max_msg_size;
        let What::Access(access) = self.requests.get(request) else { return Ok(()) };
        let len = access.left.min(most);
        access.posted = len;
        let description = access.registration.as_ref().map_or(std::ptr::null_mut(), |r| r.description());
        let piece = Piece { address: access.here, len, description };
        let (there, direction) = (access.there, access.direction);
        let link = &self.links[access.peer as usize];
        let Some((endpoint, name)) = self.road.route(link) else {
            return Err(Refusal(-i64::from(libc::ENOTCONN)));
        };
        // SAFETY: the memory is lent to this operation until its `Done`, which is told only after its completion or after
        // its endpoint was closed; it is registered as the provider asks. The slot of the request stays as long.
        unsafe {
            match direction {
                Direction::Get => endpoint.read(piece, name, there, context),
                Direction::Put => endpoint.write(piece, name, there, context),
            }
        }
    }

    /// A piece of an access is through.
    pub(crate) fn advance(&mut self, request: u32) {
        let What::Access(access) = self.requests.get(request) else { return };
        let posted = access.posted;
        access.left -= posted;
        access.here = access.here.wrapping_add(posted);
        access.there.address = access.there.address.wrapping_add(posted as u64);
        access.posted = 0;
        if access.left > 0 {
            self.go_on(request);
        } else {
            self.finish(request, Ok(()));
        }
    }

    /// Posts the rest of an access; later, if there is no room now.
    pub(crate) fn go_on(&mut self, request: u32) {
        let What::Access(access) = self.requests.get(request) else { return };
        let peer = access.peer;
        if !self.links[peer as usize].open() {
            self.finish(request, Err(RmaError::PeerGone { peer: Peer(peer) }));
            return;
        }
        match self.post(request) {
            Ok(()) => {}
            Err(refusal) if refusal.again() => self.stuck.push(request),
            Err(refusal) => {
                let detail = self.domain.library.words(refusal.0);
                self.finish(request, Err(RmaError::Refused { peer: Peer(peer), detail }));
            }
        }
    }

    /// The provider could not do it.
    pub(crate) fn refuse(&mut self, request: u32, error: i32, detail: &str) {
        let What::Access(access) = self.requests.get(request) else { return };
        let peer = access.peer;
        let outcome = if self.links[peer as usize].open() {
            let (provider, domain) = (&self.domain.provider, &self.domain.name);
            let detail = format!("provider {provider} on {domain}: {detail}");
            RmaError::Refused { peer: Peer(peer), detail }
        } else {
            RmaError::PeerGone { peer: Peer(peer) }
        };
        self.finish(request, Err(outcome));
        self.notice(peer, error, detail);
    }

    /// An access has ended.
    pub(crate) fn finish(&mut self, request: u32, outcome: Result<(), RmaError>) {
        let What::Access(access) = self.requests.end(request) else { return };
        let link = &mut self.links[access.peer as usize];
        link.accesses -= 1;
        self.accesses -= 1;
        let last = link.accesses == 0 && !link.open();
        let outcome = match outcome {
            Err(RmaError::Refused { .. }) if !link.open() => {
                Err(RmaError::PeerGone { peer: Peer(access.peer) })
            }
            outcome => outcome,
        };
        self.events.push_back(Event::Done(access.op, outcome));
        if last {
            self.conclude(access.peer);
        }
    }
}
