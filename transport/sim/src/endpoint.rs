//! The transport of one rank in a simulated network.

use std::fmt;
use std::sync::{Arc, Mutex};

use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Payload, Peer, Post, RecvBuf,
    RegionGuard, RegisterError, RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

use crate::network::lock;
use crate::state::{News, State, Work};
use crate::waker::Waker;

/// One rank's transport in a [`Network`](crate::Network). Dropping it is an orderly departure: what was sent still
/// arrives, and then the peers are told that this rank is gone.
pub struct SimTransport {
    rank: usize,
    caps: Caps,
    ticks: u64,
    state: Arc<Mutex<State>>,
    waker: Arc<Waker>,
    news: Vec<News>,
}

impl SimTransport {
    pub(crate) fn new(rank: usize, state: Arc<Mutex<State>>) -> Self {
        let (caps, ticks, waker) = {
            let state = lock(&state);
            (state.config.caps.clone(), state.config.ticks_per_poll, state.waker(rank))
        };
        Self { rank, caps, ticks, state, waker, news: Vec::new() }
    }

    /// The rank that this is the transport of.
    pub fn rank(&self) -> usize {
        self.rank
    }
}

impl fmt::Debug for SimTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTransport").field("rank", &self.rank).finish_non_exhaustive()
    }
}

impl Drop for SimTransport {
    fn drop(&mut self) {
        lock(&self.state).leave(self.rank);
    }
}

impl Transport for SimTransport {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        Address(format!("sim:{}", self.rank).into_bytes())
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let mut state = lock(&self.state);
        if peer.index() >= state.ranks() || address.0 != format!("sim:{peer}", peer = peer.0).as_bytes() {
            let detail =
                format!("{:?} is not an address of it in this network", String::from_utf8_lossy(&address.0));
            return Err(ConnectError::BadAddress { transport: self.caps.name, peer, detail });
        }
        state.connect(self.rank, peer.index());
        Ok(())
    }

    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        lock(&self.state).send(self.rank, to.index(), header, payload)
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        if self.caps.get_from.is_none() && self.caps.put_from.is_none() {
            return Err(RegisterError::Unsupported { transport: self.caps.name });
        }
        let key = lock(&self.state).register(self.rank, bytes);
        let registration = Registration { key: key.key, state: Arc::clone(&self.state) };
        Ok(MemoryRegion::new(key, Some(Box::new(registration))))
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        lock(&self.state).operate(self.rank, to.index(), Work::Put(from), key, op)
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        lock(&self.state).operate(self.rank, from.index(), Work::Get(into), key, op)
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut news = std::mem::take(&mut self.news);
        {
            let mut state = lock(&self.state);
            state.advance(self.ticks);
            state.news(self.rank, &mut news);
        }
        // The lock is free again: the sink may drop regions.
        let told = news.len();
        for event in news.drain(..) {
            match event {
                News::Frame { from, header, bytes } => {
                    let (header, payload) = bytes.split_at(header);
                    sink(Inbound::Frame { from, header, payload: Payload::from_slice(payload) });
                }
                News::Done { op, outcome } => sink(Inbound::Done { op, outcome }),
                News::Closed(closed) => sink(Inbound::Closed(closed)),
            }
        }
        self.news = news;
        told
    }

    fn arm(&mut self, by: WakeBy) -> Wake {
        let state = lock(&self.state);
        if state.pending(self.rank) {
            return Wake::Pending;
        }
        if !state.alive(self.rank) {
            return Wake::Never;
        }
        self.waker.arm(by)
    }

    fn disarm(&mut self) {
        // Under the lock, as all wakes are, so that none falls in between.
        let _state = lock(&self.state);
        self.waker.disarm();
    }

    fn drained(&self) -> bool {
        lock(&self.state).drained(self.rank)
    }

    fn describe(&self, peer: Peer) -> String {
        let state = lock(&self.state);
        format!(
            "sim: rank {} to {peer} in a simulated network of {} ranks: {:?}",
            self.rank,
            state.ranks(),
            self.caps
        )
    }
}

/// Ends a registration, which waits until no access is being made.
struct Registration {
    key: u64,
    state: Arc<Mutex<State>>,
}

impl RegionGuard for Registration {}

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&self.state).deregister(self.key);
    }
}
