//! Many ranks over a simulated network, whose seed decides delays, refusals and losses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use olympi_comm::{ANY_SOURCE, ANY_TAG, Communicator, Config, Membership, Peer, ThreadLevel, Universe};
use olympi_sim::{Network, NetworkConfig, Rng};

use super::{Book, Reader};

/// Nothing may hang for ever; on a loaded machine everything takes long.
const GUARD: Duration = Duration::from_secs(90);

/// One rank of a simulated job.
pub struct Rank<'a> {
    pub universe: &'a Universe,
    pub network: &'a Network,
    pub world: &'a Communicator,
    pub me: i32,
    pub size: i32,
    meeting: &'a Meeting,
    met: AtomicU32,
}

/// Where ranks wait for one another without a message.
#[derive(Default)]
struct Meeting {
    arrived: AtomicU32,
    failed: AtomicBool,
}

impl Rank<'_> {
    /// Waits until all ranks are here, moving messages on.
    pub fn meet(&self) {
        self.meeting.arrived.fetch_add(1, Ordering::AcqRel);
        let all = (self.met.fetch_add(1, Ordering::Relaxed) + 1) * self.size as u32;
        while self.meeting.arrived.load(Ordering::Acquire) < all {
            assert!(!self.meeting.failed.load(Ordering::Acquire), "another rank failed");
            // Whoever is dead by now, this moves on what lives.
            let _ = self.world.iprobe(ANY_SOURCE, ANY_TAG);
            std::thread::sleep(Duration::from_micros(20));
        }
    }
}

/// Runs `body` on each of `ranks` ranks, and gives what they return, by rank. A rank that panics fails the test; so
/// does one that is not done in time, the end of its membership included.
pub fn simulate<R: Send + 'static>(
    seed: u64,
    ranks: u32,
    network: NetworkConfig,
    body: impl Fn(&Rank<'_>) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let network = Network::new(seed, ranks as usize, network);
    let (book, body, meeting) = (Arc::new(Book::default()), Arc::new(body), Arc::new(Meeting::default()));
    let (done, results) = std::sync::mpsc::channel();
    // Both ways of waiting: spin first, or sleep at once.
    let crowded = Rng::new(seed ^ 0x5EED).chance(1, 2);
    for (rank, transport) in (0..ranks).zip(network.transports()) {
        let (book, body, meeting) = (Arc::clone(&book), Arc::clone(&body), Arc::clone(&meeting));
        let (network, done) = (network.clone(), done.clone());
        let config = Config { oversubscribed: Some(crowded), ..Config::default() };
        let run = move || {
            let membership = Membership { me: Peer(rank), size: ranks, secret: [7; 32] };
            let level = ThreadLevel::Funneled;
            let (reader, publish) =
                (Box::new(Reader(Arc::clone(&book))), |address| book.enter(Peer(rank), address));
            let universe = Universe::simulated(level, config, membership, reader, transport, publish);
            let this = Rank {
                universe: &universe,
                network: &network,
                world: universe.world(),
                me: rank as i32,
                size: ranks as i32,
                meeting: &meeting,
                met: AtomicU32::new(0),
            };
            let result = body(&this);
            this.meet(); // Nobody leaves while another may still need it.
            result
        };
        std::thread::Builder::new()
            .name(format!("rank {rank}"))
            .spawn(move || {
                let _ = done.send((rank, catch_unwind(AssertUnwindSafe(run)).ok()));
            })
            .expect("a thread can be started");
    }
    let mut by_rank: Vec<Option<R>> = (0..ranks).map(|_| None).collect();
    let until = Instant::now() + GUARD;
    for _ in 0..ranks {
        let next = results.recv_timeout(until.saturating_duration_since(Instant::now()));
        if let Ok((rank, Some(result))) = next {
            by_rank[rank as usize] = Some(result);
            continue;
        }
        meeting.failed.store(true, Ordering::Release);
        let missing: Vec<_> = (0..ranks).filter(|&rank| by_rank[rank as usize].is_none()).collect();
        let what = match next {
            Ok((rank, _)) => format!("rank {rank} panicked"),
            Err(_) => format!("the ranks {missing:?} hang"),
        };
        let trace = network.trace().to_string();
        let last: Vec<_> = trace.lines().rev().take(60).collect();
        panic!("{what}; what happened last, backwards:\n{}", last.join("\n"));
    }
    by_rank.into_iter().flatten().collect()
}
