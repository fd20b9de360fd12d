//! A [`World`]: some ranks of one transport, driven together, with all that they were told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use olympi_transport_api::{
    Closed, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RemoteKey, RmaError, SendBuf, Transport,
};

use crate::nap::Watchdog;

/// How long anything may take before a check gives up: far beyond what a loaded machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The ranks that a check works on: rank `i` is the `i`th transport, and no two are connected yet.
pub struct World<T> {
    seats: Vec<Seat<T>>,
    kill: Option<Kill<T>>,
    guards_memory: bool,
    _watchdog: Watchdog,
}

type Kill<T> = Arc<dyn Fn(usize, T) + Send + Sync>;

/// Everything a poll told, as owned values.
#[derive(Debug)]
pub(crate) enum Event {
    Frame { from: Peer, header: Vec<u8>, payload: Vec<u8> },
    Done { op: OpToken, outcome: Result<(), RmaError> },
    Closed(Closed),
}

struct Seat<T> {
    transport: Option<T>,
    inbox: Vec<Event>,
    /// To whom each accepted operation that has not ended went.
    ops: HashMap<OpToken, Peer>,
    closed: HashSet<Peer>,
}

impl<T: Transport> World<T> {
    /// A world of these transports. They are not connected: the checks do that themselves, early or lazily.
    /// A world of one rank is joined with itself.
    pub fn new(transports: Vec<T>) -> Self {
        assert!(!transports.is_empty(), "a world has at least one rank");
        let seat = |transport| Seat {
            transport: Some(transport),
            inbox: Vec::new(),
            ops: HashMap::new(),
            closed: HashSet::new(),
        };
        Self {
            seats: transports.into_iter().map(seat).collect(),
            kill: None,
            guards_memory: false,
            _watchdog: Watchdog::start(PATIENCE * 10),
        }
    }

    /// Says how a rank dies, so that the checks of [`closing`](crate::closing) can run: `kill` is given its number and its
    /// transport, and the other ranks must hear [`Inbound::Closed`] of it. Where a dropped endpoint looks like
    /// a death to its peers, `|_, transport| drop(transport)` does it.
    #[must_use]
    pub fn mortal(mut self, kill: impl Fn(usize, T) + Send + Sync + 'static) -> Self {
        self.kill = Some(Arc::new(kill));
        self
    }

    /// Says that this fabric refuses every access outside of live regions, and every write to read-only ones;
    /// the checks of [`region`](crate::region) then insist on it. Otherwise the access may do as it likes, or the rank
    /// that tried it may be closed as malformed.
    #[must_use]
    pub fn guards_memory(mut self) -> Self {
        self.guards_memory = true;
        self
    }

    /// A world of `ranks` ranks, all connected with each other; `None` if `make` has none so large.
    pub(crate) fn connected(make: &impl Fn(usize) -> World<T>, ranks: usize, check: &str) -> Option<Self> {
        let mut world = Self::unconnected(make, ranks, check)?;
        for from in 0..ranks {
            for to in 0..ranks {
                if from != to || ranks == 1 {
                    world.connect(from, to);
                }
            }
        }
        Some(world)
    }

    pub(crate) fn unconnected(make: &impl Fn(usize) -> World<T>, ranks: usize, check: &str) -> Option<Self> {
        let world = make(ranks);
        if world.seats.len() < ranks {
            eprintln!("{check}: needs {ranks} ranks, and this world has {}: left out", world.seats.len());
            return None;
        }
        Some(world)
    }

    /// Two connected ranks, or one with itself: the sender, the receiver and their world.
    pub(crate) fn pair(make: &impl Fn(usize) -> World<T>) -> (Self, usize, usize) {
        let mut world = make(2);
        if world.seats.len() == 1 {
            world.connect(0, 0);
            return (world, 0, 0);
        }
        world.connect(0, 1);
        world.connect(1, 0);
        (world, 0, 1)
    }

    pub(crate) fn connect(&mut self, from: usize, to: usize) {
        let address = self.transport(to).address();
        assert!(address.0.len() <= 200, "an address has at most 200 bytes, not {}", address.0.len());
        if let Err(error) = self.transport(from).connect(peer(to), &address) {
            panic!("rank {from} cannot connect to rank {to}: {error}");
        }
    }

    pub(crate) fn ranks(&self) -> usize {
        self.seats.len()
    }

    pub(crate) fn transport(&mut self, rank: usize) -> &mut T {
        self.seats[rank].transport.as_mut().expect("this rank is alive")
    }

    pub(crate) fn alive(&self, rank: usize) -> bool {
        self.seats[rank].transport.is_some()
    }

    /// Whether `rank` has been told that `other` is gone.
    pub(crate) fn parted(&self, rank: usize, other: usize) -> bool {
        self.seats[rank].closed.contains(&peer(other))
    }

    pub(crate) fn insists_on_guards(&self) -> bool {
        self.guards_memory
    }

    /// What kills a rank, or `None` (and a word on standard error) where nothing does.
    pub(crate) fn killer(&self, check: &str) -> Option<Kill<T>> {
        if self.kill.is_none() {
            eprintln!("{check}: no rank of this world can die alone: left out");
        }
        self.kill.clone()
    }

    pub(crate) fn kill(&mut self, rank: usize) {
        let kill = self.kill.clone().expect("asked for by `killer` before");
        let transport = self.seats[rank].transport.take().expect("a rank dies once");
        kill(rank, transport);
        self.seats[rank].ops.clear();
    }

    /// The transports themselves, to be taken into threads.
    pub(crate) fn into_transports(mut self) -> Vec<T> {
        self.seats.drain(..).filter_map(|seat| seat.transport).collect()
    }

    /// Polls one rank once, and checks what it is told against all that the contract forbids.
    pub(crate) fn poll(&mut self, rank: usize) -> usize {
        let Seat { transport, inbox, ops, closed } = &mut self.seats[rank];
        let Some(transport) = transport else { return 0 };
        let before = inbox.len();
        let told = transport.poll(&mut |inbound| {
            let event = match inbound {
                Inbound::Frame { from, header, payload } => {
                    assert!(!closed.contains(&from), "rank {rank} got a frame of {from} after its Closed");
                    Event::Frame { from, header: header.to_vec(), payload: payload.to_vec() }
                }
                Inbound::Done { op, outcome } => {
                    let Some(to) = ops.remove(&op) else {
                        panic!("rank {rank} was told Done of {op:?}, which is not outstanding: {outcome:?}");
                    };
                    assert!(
                        !closed.contains(&to),
                        "rank {rank} was told Done of {op:?} after Closed of {to}"
                    );
                    Event::Done { op, outcome }
                }
                Inbound::Closed(end) => {
                    assert!(closed.insert(end.peer), "rank {rank} was told twice that {} is gone", end.peer);
                    let left = ops.values().filter(|&&to| to == end.peer).count();
                    assert_eq!(left, 0, "rank {rank} was told Closed of {} before all Done of it", end.peer);
                    Event::Closed(end)
                }
            };
            inbox.push(event);
        });
        assert_eq!(told, inbox.len() - before, "rank {rank}: poll's count is not what it told");
        told
    }

    pub(crate) fn poll_all(&mut self) -> usize {
        (0..self.ranks()).map(|rank| self.poll(rank)).sum()
    }

    /// Takes what a rank was told since the last time.
    pub(crate) fn take(&mut self, rank: usize) -> Vec<Event> {
        std::mem::take(&mut self.seats[rank].inbox)
    }

    /// Polls all ranks until `reached`, and panics with `what` if that takes for ever.
    pub(crate) fn until(&mut self, what: &str, mut reached: impl FnMut(&mut Self) -> bool) {
        let mut guard = Guard::new();
        while !reached(self) {
            let told = self.poll_all();
            guard.idle(told == 0, || {
                let held: Vec<_> = self.seats.iter().map(|seat| (seat.inbox.len(), seat.ops.len())).collect();
                format!("{what}; (events not looked at, operations outstanding) of each rank: {held:?}")
            });
        }
    }

    /// Polls all ranks for a while in which nothing of interest should come.
    pub(crate) fn settle(&mut self) {
        for _ in 0..200 {
            self.poll_all();
        }
        std::thread::sleep(Duration::from_millis(2));
        for _ in 0..200 {
            self.poll_all();
        }
    }

    /// Sends one frame, polling all ranks while it is answered `Busy`.
    pub(crate) fn send(&mut self, from: usize, to: usize, header: &[u8], payload: &[u8]) {
        self.post(from, "a frame to be accepted", |transport| transport.send(peer(to), header, payload));
    }

    pub(crate) fn get(&mut self, by: usize, from: usize, into: RecvBuf, key: RemoteKey, op: u64) {
        self.post(by, "a get to be accepted", |transport| transport.get(peer(from), into, key, OpToken(op)));
        self.outstanding(by, from, op);
    }

    pub(crate) fn put(&mut self, by: usize, to: usize, from: SendBuf, key: RemoteKey, op: u64) {
        self.post(by, "a put to be accepted", |transport| transport.put(peer(to), from, key, OpToken(op)));
        self.outstanding(by, to, op);
    }

    fn outstanding(&mut self, by: usize, to: usize, op: u64) {
        let twice = self.seats[by].ops.insert(OpToken(op), peer(to));
        assert!(twice.is_none(), "the check used a token twice");
    }

    fn post(&mut self, rank: usize, what: &str, mut post: impl FnMut(&mut T) -> Post) {
        let mut guard = Guard::new();
        loop {
            match post(self.transport(rank)) {
                Post::Accepted => return,
                Post::Closed => {
                    panic!("rank {rank} waited for {what}, and its peer is gone: {:?}", self.take(rank))
                }
                Post::Busy => {
                    let told = self.poll_all();
                    guard.idle(told == 0, || what.to_owned());
                }
            }
        }
    }

    /// Waits until every operation of `rank` has ended; returns how each did.
    pub(crate) fn all_done(&mut self, rank: usize) -> HashMap<u64, Result<(), RmaError>> {
        let mut outcomes = HashMap::new();
        self.until("every operation to end", |world| {
            world.seats[rank].inbox.retain(|event| match event {
                Event::Done { op, outcome } => {
                    outcomes.insert(op.0, outcome.clone());
                    false
                }
                _ => true,
            });
            world.seats[rank].ops.is_empty()
        });
        outcomes
    }

    /// Makes what `by` has put to `to` visible there: sends a frame, and waits until it is told.
    pub(crate) fn fence(&mut self, by: usize, to: usize) {
        self.send(by, to, b"fence", &[]);
        self.until("the frame behind a put", |world| match world.take(to).as_slice() {
            [] => false,
            [Event::Frame { header, .. }] if header == b"fence" => true,
            events => panic!("only one frame was sent, not {events:?}"),
        });
    }

    /// Registers with a rank that is known to have remote memory access.
    pub(crate) fn register(&mut self, rank: usize, extent: olympi_transport_api::Extent) -> MemoryRegion {
        match self.transport(rank).register(extent) {
            Ok(region) => region,
            Err(error) => panic!("rank {rank} cannot register {} bytes: {error}", extent.len()),
        }
    }
}

/// Gives up after [`PATIENCE`], and lets other threads run while there is nothing to do.
pub(crate) struct Guard {
    since: Instant,
    idle: u32,
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), idle: 0 }
    }

    pub(crate) fn idle(&mut self, idle: bool, what: impl FnOnce() -> String) {
        self.idle = if idle { self.idle + 1 } else { 0 };
        if self.idle > 100 {
            std::thread::yield_now();
        }
        assert!(self.since.elapsed() < PATIENCE, "waited {} s for {}", PATIENCE.as_secs(), what());
    }
}

pub(crate) fn peer(rank: usize) -> Peer {
    Peer(rank as u32)
}
