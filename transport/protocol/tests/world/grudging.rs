//! A transport that refuses some gets, puts and registrations, as a system with a changed mind does.

use std::cell::Cell;

use olympi_sim::{Rng, SimTransport};
use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RegisterError,
    RemoteKey, RmaError, SendBuf, Transport, Wake, WakeBy,
};

pub struct Grudging {
    inner: SimTransport,
    rng: Rng,
    /// How many of a hundred it refuses.
    pub percent: u32,
    /// How many it has refused.
    pub refused: Cell<usize>,
}

impl Grudging {
    pub fn new(inner: SimTransport, seed: u64) -> Self {
        Self { inner, rng: Rng::new(seed), percent: 0, refused: Cell::new(0) }
    }
}

impl Transport for Grudging {
    fn caps(&self) -> &Caps {
        self.inner.caps()
    }

    fn address(&self) -> Address {
        self.inner.address()
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        self.inner.connect(peer, address)
    }

    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        self.inner.send(to, header, payload)
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        if self.rng.chance(self.percent, 100) {
            self.refused.set(self.refused.get() + 1);
            let detail = "not today".to_owned();
            return Err(RegisterError::Refused { transport: "grudging", len: bytes.len(), detail });
        }
        self.inner.register(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        self.inner.put(to, from, key, op)
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        self.inner.get(from, into, key, op)
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let Self { inner, rng, percent, refused } = self;
        inner.poll(&mut |event| {
            if let Inbound::Done { op, outcome: Ok(()) } = event
                && rng.chance(*percent, 100)
            {
                refused.set(refused.get() + 1);
                let error = RmaError::Refused { peer: Peer(0), detail: "not today".to_owned() };
                return sink(Inbound::Done { op, outcome: Err(error) });
            }
            sink(event);
        })
    }

    fn arm(&mut self, by: WakeBy) -> Wake {
        self.inner.arm(by)
    }

    fn disarm(&mut self) {
        self.inner.disarm();
    }

    fn drained(&self) -> bool {
        self.inner.drained()
    }

    fn describe(&self, peer: Peer) -> String {
        self.inner.describe(peer)
    }
}
