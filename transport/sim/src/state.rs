//! All that a simulated network is at one moment, and how it moves on. No rank sees it but through its transport.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use olympi_transport_api::{
    Closed, ClosedKind, Extent, OpToken, Peer, Post, RecvBuf, RemoteKey, RmaError, SendBuf,
};

use crate::memory::Memory;
use crate::waker::Waker;
use crate::{NetworkConfig, Rng, Trace};

pub(crate) struct State {
    pub(crate) config: NetworkConfig,
    pub(crate) now: u64,
    pub(crate) trace: Trace,
    rng: Rng,
    ranks: Vec<Rank>,
    /// The link from `a` to `b` is number `a * ranks + b`.
    links: Vec<Link>,
    /// Operations whose bytes have not been moved, by the tick at which they will be.
    ops: BTreeMap<(u64, u64), Op>,
    regions: HashMap<u64, Region>,
    count: u64,
    handed_out: bool,
}

struct Rank {
    fate: Fate,
    /// Operations that have ended: from which tick on it is told, and what.
    dones: Vec<(u64, Peer, OpToken, Result<(), RmaError>)>,
    /// How many of its operations are in `ops`.
    outstanding: usize,
    waker: Arc<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Alive,
    /// It dropped its transport.
    Left,
    Killed,
}

/// What goes from one rank (the sender) to another (the receiver).
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
struct Link {
    /// From which tick on the sender's endpoint stands, if it has one.
    stands: Option<u64>,
    frames: VecDeque<Flight>,
    /// When the last of its frames arrives: none that is sent later may be earlier.
    last: u64,
    /// The receiver has been told of a frame.
    heard: bool,
    /// The last post of the sender was answered `Busy`.
    starved: bool,
    /// Whatever is sent is lost.
    severed: bool,
    /// From which tick on the receiver is told that the sender is gone, once it has had all frames.
    ending: Option<(u64, ClosedKind, &'static str)>,
    /// It has been told.
    ended: bool,
}

struct Flight {
    due: u64,
    header: usize,
    bytes: Vec<u8>,
}

struct Op {
    by: usize,
    to: usize,
    token: OpToken,
    key: RemoteKey,
    work: Work,
}

#[derive(Clone, Copy)]
pub(crate) enum Work {
    Put(SendBuf),
    Get(RecvBuf),
}

struct Region {
    owner: usize,
    base: u64,
    memory: Memory,
}

/// Something to tell a rank, taken out of the state so that it can be told without holding its lock.
pub(crate) enum News {
    Frame { from: Peer, header: usize, bytes: Vec<u8> },
    Done { op: OpToken, outcome: Result<(), RmaError> },
    Closed(Closed),
}

impl State {
    pub(crate) fn new(seed: u64, ranks: usize, config: NetworkConfig) -> Self {
        let rank = || Rank { fate: Fate::Alive, dones: Vec::new(), outstanding: 0, waker: Arc::default() };
        Self {
            config,
            now: 0,
            trace: Trace::default(),
            rng: Rng::new(seed),
            ranks: (0..ranks).map(|_| rank()).collect(),
            links: (0..ranks * ranks).map(|_| Link::default()).collect(),
            ops: BTreeMap::new(),
            regions: HashMap::new(),
            count: 0,
            handed_out: false,
        }
    }

    // From above: what a rank does.

    pub(crate) fn connect(&mut self, from: usize, to: usize) {
        let stands = self.now + self.rng.within(&self.config.connect_delay.clone());
        let link = self.link(from, to);
        assert!(link.stands.is_none(), "rank {from} connects to rank {to} a second time");
        link.stands = Some(stands);
        if self.ranks[to].fate != Fate::Alive {
            self.end(from, to, ClosedKind::Unreachable, "it had gone before anyone connected to it");
        }
        self.note(|| format!("{from} connects to {to}"));
    }

    pub(crate) fn send(&mut self, from: usize, to: usize, header: &[u8], payload: &[u8]) -> Post {
        let total = header.len() + payload.len();
        assert!(header.len() <= 64, "rank {from} sends a header of {} bytes", header.len());
        assert!(total <= self.config.caps.max_frame, "rank {from} sends a frame of {total} bytes");
        let full = self.link(from, to).frames.len() >= self.config.queue;
        let post = self.admit(from, to, full);
        if post != Post::Accepted {
            return post;
        }
        let delay = self.rng.within(&self.config.delay.clone());
        let lost = self.rng.chance(self.config.loss_per_million, 1_000_000);
        let due = self.now + delay;
        let link = self.link(from, to);
        let lost = lost || link.severed;
        if !lost {
            link.last = link.last.max(due);
            let (due, header_len) = (link.last, header.len());
            link.frames.push_back(Flight { due, header: header_len, bytes: [header, payload].concat() });
            self.ranks[to].waker.wake();
        } else if !link.severed {
            self.cut(from, to, "a frame was lost on the way");
        }
        let fate = if lost { "and it is lost" } else { "" };
        self.note(|| format!("{from} sends {to} {} + {} bytes {fate}", header.len(), payload.len()));
        post
    }

    pub(crate) fn operate(
        &mut self,
        by: usize,
        to: usize,
        work: Work,
        key: RemoteKey,
        token: OpToken,
    ) -> Post {
        let caps = &self.config.caps;
        match work {
            Work::Put(_) => assert!(caps.put_from.is_some(), "rank {by} puts where there is no put"),
            Work::Get(_) => assert!(caps.get_from.is_some(), "rank {by} gets where there is no get"),
        }
        let waiting = self.ranks[by].outstanding + self.ranks[by].dones.len();
        let post = self.admit(by, to, waiting >= self.config.rma_queue);
        if post != Post::Accepted {
            return post;
        }
        self.note(|| format!("{by} posts {token:?} ({}) to {to}", work.name()));
        if let Work::Get(into) = work {
            // Until it is done, nothing may be expected of these bytes.
            into.write(0, &vec![0xDB; into.len()]);
        }
        let due = self.now + self.rng.within(&self.config.rma_delay.clone());
        if self.link(by, to).severed {
            self.ranks[by].dones.push((due, peer(to), token, Err(RmaError::PeerGone { peer: peer(to) })));
        } else {
            self.count += 1;
            self.ranks[by].outstanding += 1;
            self.ops.insert((due, self.count), Op { by, to, token, key, work });
        }
        post
    }

    /// The answer to a post: accepted unless the endpoint is gone or does not stand yet, there is no room, or chance
    /// says no.
    fn admit(&mut self, from: usize, to: usize, full: bool) -> Post {
        if self.link(to, from).ended || self.ranks[from].fate != Fate::Alive {
            return Post::Closed;
        }
        let whim = self.rng.chance(self.config.busy_per_mille, 1000);
        let now = self.now;
        let link = self.link(from, to);
        let Some(stands) = link.stands else {
            panic!("rank {from} posts to rank {to} and never connected to it")
        };
        link.starved = whim || full || now < stands;
        if link.starved { Post::Busy } else { Post::Accepted }
    }

    pub(crate) fn register(&mut self, owner: usize, extent: Extent) -> RemoteKey {
        let key = self.rng.bits() | 1;
        let base = extent.address() as u64;
        self.regions.insert(key, Region { owner, base, memory: Memory::new(extent) });
        RemoteKey { address: base, key }
    }

    pub(crate) fn deregister(&mut self, key: u64) {
        self.regions.remove(&key);
    }

    /// The rank drops its transport: what it has sent still arrives, then those who know it are told.
    pub(crate) fn leave(&mut self, rank: usize) {
        if self.ranks[rank].fate != Fate::Alive {
            return;
        }
        self.note(|| format!("{rank} leaves"));
        self.ranks[rank].fate = Fate::Left;
        // Its memory is no longer lent, whatever it had asked for.
        self.ops.retain(|_, op| op.by != rank);
        self.ranks[rank].outstanding = 0;
        for other in (0..self.ranks.len()).filter(|&other| other != rank) {
            self.link(other, rank).frames.clear();
            let link = self.link(rank, other);
            let known = link.heard || !link.frames.is_empty();
            if known || self.link(other, rank).stands.is_some() {
                self.end(other, rank, ClosedKind::Died, "it has dropped its transport");
            }
            self.link(other, rank).severed = true;
        }
    }

    // From below: time, and what it brings.

    pub(crate) fn advance(&mut self, ticks: u64) {
        self.now += ticks;
        while let Some(entry) = self.ops.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let op = entry.remove();
            let outcome = self.perform(&op);
            self.finish(&op, outcome);
        }
    }

    fn perform(&self, op: &Op) -> Result<(), RmaError> {
        let refuse = |detail: &str| {
            let remedy = "keep the region registered until the operation is done, and stay within it";
            Err(RmaError::Refused { peer: peer(op.to), detail: format!("{detail}; {remedy}") })
        };
        let region = match self.regions.get(&op.key.key) {
            Some(region) if region.owner == op.to => region,
            _ => return refuse("no region is registered by this key"),
        };
        let offset = op.key.address.wrapping_sub(region.base);
        let moved = match op.work {
            Work::Put(from) => region.memory.write(offset, from),
            Work::Get(into) => region.memory.read(offset, into),
        };
        moved.or_else(refuse)
    }

    fn finish(&mut self, op: &Op, outcome: Result<(), RmaError>) {
        let due = self.now + self.rng.within(&self.config.done_delay.clone());
        let rank = &mut self.ranks[op.by];
        rank.outstanding -= 1;
        rank.dones.push((due, peer(op.to), op.token, outcome));
        rank.waker.wake();
    }

    /// Takes out what `rank` is to be told now.
    pub(crate) fn news(&mut self, rank: usize, news: &mut Vec<News>) {
        let batch = self.config.poll_batch;
        let now = self.now;
        let dones = &mut self.ranks[rank].dones;
        let mut index = 0;
        while index < dones.len() && news.len() < batch {
            if dones[index].0 <= now {
                let (_, _, op, outcome) = dones.remove(index);
                news.push(News::Done { op, outcome });
            } else {
                index += 1;
            }
        }
        let others = 0..self.ranks.len();
        let mut due: Vec<_> = others.clone().filter(|&from| self.frame_due(from, rank)).collect();
        while news.len() < batch && !due.is_empty() {
            let pick = self.rng.below(due.len());
            let from = due[pick];
            let link = self.link(from, rank);
            let flight = link.frames.pop_front().expect("a frame is due");
            link.heard = true;
            if link.starved {
                self.ranks[from].waker.wake();
            }
            news.push(News::Frame { from: peer(from), header: flight.header, bytes: flight.bytes });
            if !self.frame_due(from, rank) {
                due.swap_remove(pick);
            }
        }
        for from in others {
            if news.len() < batch && self.end_due(from, rank) {
                let transport = self.config.caps.name;
                let link = self.link(from, rank);
                link.ended = true;
                let (_, kind, detail) = link.ending.take().expect("an end is due");
                news.push(News::Closed(Closed {
                    transport,
                    peer: peer(from),
                    kind,
                    detail: detail.to_owned(),
                }));
            }
        }
        for event in news {
            self.note(|| format!("{rank} is told {event}"));
        }
    }

    fn frame_due(&self, from: usize, rank: usize) -> bool {
        let link = &self.links[from * self.ranks.len() + rank];
        link.frames.front().is_some_and(|flight| flight.due <= self.now)
    }

    fn end_due(&self, from: usize, rank: usize) -> bool {
        let link = &self.links[from * self.ranks.len() + rank];
        link.ending.is_some_and(|(due, ..)| due <= self.now)
            && link.frames.is_empty()
            && self.ranks[rank].dones.iter().all(|done| done.1 != peer(from))
    }

    /// Whether something will come to `rank` with time alone, so that it had better poll than sleep.
    pub(crate) fn pending(&self, rank: usize) -> bool {
        let own = &self.ranks[rank];
        let all = self.ranks.len();
        own.outstanding > 0
            || !own.dones.is_empty()
            || (0..all).any(|other| {
                let (to, from) = (&self.links[rank * all + other], &self.links[other * all + rank]);
                let room = to.starved && to.frames.len() < self.config.queue && !from.ended;
                let standing = to.stands.is_none_or(|stands| stands <= self.now);
                !from.frames.is_empty() || from.ending.is_some() || room || !standing
            })
    }

    /// Whether nothing that `rank` has sent is in the air.
    pub(crate) fn drained(&self, rank: usize) -> bool {
        let all = self.ranks.len();
        let landed = |link: &Link| link.frames.back().is_none_or(|flight| flight.due <= self.now);
        self.links[rank * all..(rank + 1) * all].iter().all(landed)
    }

    // From aside: what the test does to the network.

    /// The rank is gone at once. Some of what it had sent last is lost, everyone else is told, and it is itself told
    /// that all others are gone, so that its code ends too.
    pub(crate) fn kill(&mut self, rank: usize) {
        if self.ranks[rank].fate != Fate::Alive {
            return;
        }
        self.note(|| format!("{rank} is killed"));
        self.ranks[rank].fate = Fate::Killed;
        for other in (0..self.ranks.len()).filter(|&other| other != rank) {
            self.lose_some(rank, other);
            self.link(other, rank).frames.clear();
            self.end(other, rank, ClosedKind::Died, "it was killed");
            self.end(rank, other, ClosedKind::Fabric, "this rank itself was killed");
        }
    }

    /// The link between two ranks breaks, in both directions.
    pub(crate) fn cut(&mut self, a: usize, b: usize, why: &'static str) {
        self.note(|| format!("the link between {a} and {b} is cut: {why}"));
        for (from, to) in [(a, b), (b, a)] {
            self.lose_some(from, to);
            self.end(to, from, ClosedKind::Fabric, why);
        }
    }

    /// Of the frames under way only the first few arrive, by chance.
    fn lose_some(&mut self, from: usize, to: usize) {
        let under_way = self.link(from, to).frames.len();
        let arriving = self.rng.below(under_way + 1);
        self.link(from, to).frames.truncate(arriving);
    }

    /// `gone` is gone as far as `observer` is concerned, who will be told. Its operations fail first.
    fn end(&mut self, observer: usize, gone: usize, kind: ClosedKind, detail: &'static str) {
        let notice = self.now + self.rng.within(&self.config.notice_delay.clone());
        self.link(observer, gone).severed = true;
        let link = self.link(gone, observer);
        link.severed = true;
        if link.ended || link.ending.is_some() {
            return;
        }
        link.ending = Some((notice, kind, detail));
        let lost = |op: &Op| op.by == observer && op.to == gone;
        let failed: Vec<_> = self.ops.iter().filter(|(_, op)| lost(op)).map(|(&at, _)| at).collect();
        for at in failed {
            let op = self.ops.remove(&at).expect("found just now");
            self.finish(&op, Err(RmaError::PeerGone { peer: peer(gone) }));
        }
        self.ranks[observer].waker.wake();
    }

    pub(crate) fn waker(&self, rank: usize) -> Arc<Waker> {
        Arc::clone(&self.ranks[rank].waker)
    }

    pub(crate) fn alive(&self, rank: usize) -> bool {
        self.ranks[rank].fate == Fate::Alive
    }

    pub(crate) fn ranks(&self) -> usize {
        self.ranks.len()
    }

    /// Whether the transports are handed out for the first time.
    pub(crate) fn hand_out(&mut self) -> bool {
        !std::mem::replace(&mut self.handed_out, true)
    }

    fn link(&mut self, from: usize, to: usize) -> &mut Link {
        let all = self.ranks.len();
        &mut self.links[from * all + to]
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        self.trace.note(self.now, what);
    }
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Work::Put(_) => "put",
            Work::Get(_) => "get",
        }
    }
}

impl std::fmt::Display for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            News::Frame { from, header, bytes } => {
                write!(f, "a frame of {from}: {header} + {} bytes", bytes.len() - header)
            }
            News::Done { op, outcome } => write!(f, "Done of {op:?}: {outcome:?}"),
            News::Closed(closed) => write!(f, "Closed: {closed}"),
        }
    }
}

fn peer(rank: usize) -> Peer {
    Peer(rank as u32)
}
