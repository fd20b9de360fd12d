//! The conformance suite catches transports that break the contract: each breach here is one, and fails its check.

use std::panic::{AssertUnwindSafe, catch_unwind};

use olympi_conformance::{World, backpressure, closing, order, rma, sleep};
use olympi_sim::{Network, NetworkConfig, SimTransport};
use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Payload, Peer, Post, RecvBuf,
    RegisterError, RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Breach {
    None,
    /// Every 7th frame is told twice.
    Twice,
    /// The last byte of long payloads is left out.
    Short,
    /// Two frames that come together change places.
    Overtaking,
    /// Long headers are cut to 40 bytes.
    CutHeader,
    /// A refused frame is sent all the same, with the next that is accepted.
    BusySends,
    /// A get says that it is done before it is.
    EarlyDone,
    /// Each operation is told as done twice.
    DoubleDone,
    /// A death is told twice.
    DoubleClosed,
    /// Posts to a dead peer are accepted.
    AcceptsForTheDead,
    /// `poll` counts one too many.
    Miscounts,
    /// Frames of one's own making.
    Ghosts,
}

struct Broken {
    inner: SimTransport,
    breach: Breach,
    count: usize,
    refused: Option<(Peer, Vec<u8>, Vec<u8>)>,
    done: Vec<OpToken>,
}

impl Transport for Broken {
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
        if self.breach == Breach::BusySends
            && let Some((to, header, payload)) = self.refused.take()
            && self.inner.send(to, &header, &payload) != Post::Accepted
        {
            self.refused = Some((to, header, payload));
        }
        let post = self.inner.send(to, header, payload);
        if post == Post::Busy {
            self.refused = Some((to, header.to_vec(), payload.to_vec()));
        }
        if self.breach == Breach::AcceptsForTheDead { Post::Accepted } else { post }
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        self.inner.register(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        self.inner.put(to, from, key, op)
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        let post = self.inner.get(from, into, key, op);
        if self.breach == Breach::EarlyDone && post == Post::Accepted {
            self.done.push(op);
        }
        post
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        let mut kept: Option<(Peer, Vec<u8>, Vec<u8>)> = None;
        for op in self.done.drain(..) {
            told += 1;
            sink(Inbound::Done { op, outcome: Ok(()) });
        }
        let (breach, count) = (self.breach, &mut self.count);
        self.inner.poll(&mut |event| {
            *count += 1;
            told += 1;
            match event {
                Inbound::Frame { from, header, payload } => {
                    let cut = if breach == Breach::CutHeader { header.len().min(40) } else { header.len() };
                    let short = usize::from(breach == Breach::Short && payload.len() > 100);
                    let frame = |payload| Inbound::Frame { from, header: &header[..cut], payload };
                    let payload = payload.part(0, payload.len() - short);
                    if breach == Breach::Overtaking && kept.is_none() {
                        told -= 1;
                        kept = Some((from, header.to_vec(), payload.to_vec()));
                        return;
                    }
                    sink(frame(payload));
                    if breach == Breach::Twice && *count % 7 == 0 {
                        told += 1;
                        sink(frame(payload));
                    }
                }
                Inbound::Done { op, outcome } => {
                    if breach == Breach::EarlyDone {
                        told -= 1;
                        return;
                    }
                    if breach == Breach::DoubleDone {
                        told += 1;
                        sink(Inbound::Done { op, outcome: outcome.clone() });
                    }
                    sink(Inbound::Done { op, outcome });
                }
                Inbound::Closed(end) => {
                    if breach == Breach::DoubleClosed {
                        told += 1;
                        sink(Inbound::Closed(end.clone()));
                    }
                    sink(Inbound::Closed(end));
                }
            }
        });
        if let Some((from, header, payload)) = kept {
            told += 1;
            sink(Inbound::Frame { from, header: &header, payload: Payload::from_slice(&payload) });
        }
        if breach == Breach::Ghosts && *count >= 5 {
            told += 1;
            *count = 0;
            sink(Inbound::Frame { from: Peer(1), header: &[1], payload: Payload::from_slice(&[]) });
        }
        told + usize::from(breach == Breach::Miscounts)
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

fn world(breach: Breach) -> impl Fn(usize) -> World<Broken> {
    move |ranks| {
        let network = Network::new(11, ranks, NetworkConfig::default());
        let broken = |inner| Broken { inner, breach, count: 0, refused: None, done: Vec::new() };
        let world = World::new(network.transports().into_iter().map(broken).collect());
        world.mortal(move |rank, transport| {
            network.kill(rank);
            drop(transport);
        })
    }
}

fn bites(breach: Breach, check: impl Fn(Breach)) {
    check(Breach::None);
    let outcome = catch_unwind(AssertUnwindSafe(|| check(breach)));
    assert!(outcome.is_err(), "the suite let {breach:?} pass");
}

#[test]
fn frames_that_are_not_what_was_sent() {
    bites(Breach::Twice, |breach| order::order_is_kept_under_load(&world(breach)));
    bites(Breach::Short, |breach| order::every_size_arrives_whole(&world(breach)));
    bites(Breach::Overtaking, |breach| order::order_is_kept_under_load(&world(breach)));
    bites(Breach::CutHeader, |breach| order::headers_of_every_length(&world(breach)));
    bites(Breach::Ghosts, |breach| order::both_directions_at_once(&world(breach)));
}

#[test]
fn a_refusal_that_changes_something() {
    bites(Breach::BusySends, |breach| backpressure::busy_changes_nothing(&world(breach)));
}

#[test]
fn operations_that_do_not_end_once() {
    bites(Breach::DoubleDone, |breach| rma::put_brings_the_bytes(&world(breach)));
    bites(Breach::EarlyDone, |breach| rma::get_brings_the_bytes(&world(breach)));
}

#[test]
fn deaths_that_are_not_told_once() {
    bites(Breach::DoubleClosed, |breach| closing::a_death_is_told_once_and_then_silence(&world(breach)));
    bites(Breach::AcceptsForTheDead, |breach| closing::two_deaths_at_once(&world(breach)));
}

#[test]
fn polls_that_miscount() {
    bites(Breach::Miscounts, |breach| sleep::an_idle_poll_tells_nothing(&world(breach)));
}
