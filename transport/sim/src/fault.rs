//! A transport with faults added to it.

use std::collections::{HashMap, HashSet, VecDeque};

use olympi_transport_api::{
    Address, Caps, Closed, ClosedKind, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Payload, Peer,
    Post, RecvBuf, RegisterError, RemoteKey, RmaError, SendBuf, Transport, Wake, WakeBy,
};

use crate::Rng;

/// Which faults a [`Faulty`] transport has by itself; others are asked for by its methods.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Where chance begins.
    pub seed: u64,
    /// How many posts of a thousand are answered `Busy` for no reason.
    pub busy_per_mille: u32,
    /// How many polls of a thousand keep back some of what they should tell, for a later one.
    pub hold_per_mille: u32,
    /// How many arriving headers of a million have one bit flipped.
    pub corrupt_per_million: u32,
}

/// Adds faults to a transport, within its contract: what comes late still comes in order, and a peer that is closed on
/// request is told so once, after the operations that were under way to it. Only a corrupted header breaks a promise,
/// as a hostile or broken peer would.
///
/// ```
/// use olympi_sim::{Faults, Faulty, Loopback};
/// use olympi_transport_api::{Inbound, Peer, Post, Transport};
///
/// let mut transport = Faulty::new(Loopback::new(Peer(0)), Faults::default());
/// let address = transport.address();
/// transport.connect(Peer(0), &address).unwrap();
/// transport.close(Peer(0));
/// let told = transport.poll(&mut |event| assert!(matches!(event, Inbound::Closed(_))));
/// assert_eq!(told, 1);
/// assert_eq!(transport.send(Peer(0), b"", b""), Post::Closed);
/// ```
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
    rng: Rng,
    held: VecDeque<Held>,
    ops: HashMap<OpToken, Peer>,
    corrupt: Vec<Peer>,
    /// Peers that are to be told as closed, and those of which all was told.
    closing: Vec<Peer>,
    closed: HashSet<Peer>,
    /// A post was refused for no reason, so the caller must not sleep until there is room.
    refused: bool,
}

enum Held {
    Frame { from: Peer, header: Vec<u8>, payload: Vec<u8> },
    Done { op: OpToken, outcome: Result<(), RmaError> },
    Closed(Closed),
}

impl<T: Transport> Faulty<T> {
    /// Adds `faults` to `inner`.
    pub fn new(inner: T, faults: Faults) -> Self {
        Self {
            inner,
            rng: Rng::new(faults.seed),
            faults,
            held: VecDeque::new(),
            ops: HashMap::new(),
            corrupt: Vec::new(),
            closing: Vec::new(),
            closed: HashSet::new(),
            refused: false,
        }
    }

    /// Breaks the endpoint to `peer`: what has arrived from it and was not told is lost, posts to it are refused from
    /// now on, and `Closed` is told once the operations under way have ended.
    pub fn close(&mut self, peer: Peer) {
        if self.gone(peer) {
            return;
        }
        self.closing.push(peer);
        self.held.retain(|event| !matches!(event, Held::Frame { from, .. } if *from == peer));
    }

    /// Flips one bit in the header of the next frame that arrives from `peer` and has a header.
    pub fn corrupt_next(&mut self, peer: Peer) {
        self.corrupt.push(peer);
    }

    /// The transport inside.
    pub fn inner(&mut self) -> &mut T {
        &mut self.inner
    }

    fn gone(&self, peer: Peer) -> bool {
        self.closed.contains(&peer) || self.closing.contains(&peer)
    }

    fn post(&mut self, peer: Peer, op: Option<OpToken>, post: impl FnOnce(&mut T) -> Post) -> Post {
        if self.gone(peer) {
            return Post::Closed;
        }
        self.refused = self.rng.chance(self.faults.busy_per_mille, 1000);
        if self.refused {
            return Post::Busy;
        }
        let answer = post(&mut self.inner);
        if let (Post::Accepted, Some(op)) = (answer, op) {
            self.ops.insert(op, peer);
        }
        answer
    }

    /// Takes all that the transport inside has to tell.
    fn collect(&mut self) {
        let Self { inner, faults, rng, held, corrupt, closing, closed, .. } = self;
        inner.poll(&mut |event| match event {
            Inbound::Frame { from, .. } if closed.contains(&from) || closing.contains(&from) => {}
            Inbound::Frame { from, header, payload } => {
                let mut header = header.to_vec();
                let asked = corrupt.iter().position(|&peer| peer == from && !header.is_empty());
                if let Some(asked) = asked {
                    corrupt.swap_remove(asked);
                }
                if asked.is_some() || rng.chance(faults.corrupt_per_million, 1_000_000) {
                    let bit = rng.below(header.len() * 8);
                    if let Some(byte) = header.get_mut(bit / 8) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
                held.push_back(Held::Frame { from, header, payload: payload.to_vec() });
            }
            Inbound::Done { op, outcome } => held.push_back(Held::Done { op, outcome }),
            // A peer that is closed on request is told so by this wrapper.
            Inbound::Closed(end) if closed.contains(&end.peer) || closing.contains(&end.peer) => {}
            Inbound::Closed(end) => held.push_back(Held::Closed(end)),
        });
    }
}

impl<T: Transport> Transport for Faulty<T> {
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
        self.post(to, None, |inner| inner.send(to, header, payload))
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        self.inner.register(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        self.post(to, Some(op), |inner| inner.put(to, from, key, op))
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        self.post(from, Some(op), |inner| inner.get(from, into, key, op))
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        self.collect();
        let mut tell = self.held.len();
        if self.rng.chance(self.faults.hold_per_mille, 1000) {
            tell = self.rng.below(tell + 1);
        }
        let mut told = tell;
        for event in self.held.drain(..tell) {
            match event {
                Held::Frame { from, header, payload } => {
                    sink(Inbound::Frame { from, header: &header, payload: Payload::from_slice(&payload) });
                }
                Held::Done { op, outcome } => {
                    self.ops.remove(&op);
                    sink(Inbound::Done { op, outcome });
                }
                Held::Closed(end) => {
                    self.closed.insert(end.peer);
                    sink(Inbound::Closed(end));
                }
            }
        }
        let Self { closing, closed, ops, inner, .. } = self;
        closing.retain(|&peer| {
            let busy = ops.values().any(|&to| to == peer);
            if !busy && closed.insert(peer) {
                let detail = "the fault injector closed it on request".to_owned();
                let transport = inner.caps().name;
                sink(Inbound::Closed(Closed { transport, peer, kind: ClosedKind::Fabric, detail }));
                told += 1;
            }
            busy
        });
        told
    }

    fn arm(&mut self, by: WakeBy) -> Wake {
        if self.refused || !self.held.is_empty() || !self.closing.is_empty() {
            return Wake::Pending;
        }
        self.inner.arm(by)
    }

    fn disarm(&mut self) {
        self.inner.disarm();
    }

    fn drained(&self) -> bool {
        self.inner.drained()
    }

    fn describe(&self, peer: Peer) -> String {
        format!("{} (with {:?})", self.inner.describe(peer), self.faults)
    }
}
