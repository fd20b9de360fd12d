//! Several ranks in one test: a thread each, in one process, over a real transport.

#![allow(dead_code, unreachable_pub)] // Each test file uses a part of this.

pub mod plan;
pub mod raw;
pub mod sides;
pub mod simulated;

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use olympi_comm::{Config, Directory, Job, LookupError, Membership, Peer, ThreadLevel, Universe};

/// The transports that every test of point-to-point runs over: shared memory and TCP, or those of
/// `OLYMPI_TEST_TRANSPORTS` (`verbs,ofi`), which `ci/rdma` sets where there are devices for them.
pub fn transports() -> Vec<&'static str> {
    match std::env::var("OLYMPI_TEST_TRANSPORTS") {
        Ok(list) => list.leak().split(',').collect(),
        Err(_) => vec!["shm", "tcp"],
    }
}

/// Runs `body` on each of `ranks` ranks over `transport`, and gives what they return, by rank. A rank that panics
/// fails the test; so does one that is not done in a minute.
pub fn run<R: Send + 'static>(
    transport: &str,
    ranks: u32,
    body: impl Fn(&Universe) -> R + Send + Sync + 'static,
) -> Vec<R> {
    run_at(ThreadLevel::Funneled, transport, ranks, body)
}

/// The same with settings of the test's own.
pub fn run_with<R: Send + 'static>(
    config: Config,
    ranks: u32,
    body: impl Fn(&Universe) -> R + Send + Sync + 'static,
) -> Vec<R> {
    run_configured(ThreadLevel::Funneled, config, ranks, body)
}

/// The same at a thread level.
pub fn run_at<R: Send + 'static>(
    level: ThreadLevel,
    transport: &str,
    ranks: u32,
    body: impl Fn(&Universe) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let transports = transport.parse().expect("a list of transports");
    run_configured(level, Config { transports, ..Config::default() }, ranks, body)
}

fn run_configured<R: Send + 'static>(
    level: ThreadLevel,
    config: Config,
    ranks: u32,
    body: impl Fn(&Universe) -> R + Send + Sync + 'static,
) -> Vec<R> {
    launch(level, config, ranks, move |job| {
        let universe = job.universe().expect("a job's first universe");
        (body(&universe), universe)
    })
}

/// Runs `body` on each of `ranks` processes of a job over `transport`, which have no universe but the one that they make.
pub fn run_jobs<R: Send + 'static>(
    transport: &str,
    ranks: u32,
    body: impl Fn(&Job) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let config = Config { transports: transport.parse().expect("a transport"), ..Config::default() };
    launch(ThreadLevel::Funneled, config, ranks, move |job| (body(job), ()))
}

/// The same for processes that leave when they like: each has its job to drop.
pub fn run_leaving<R: Send + 'static>(
    transport: &str,
    ranks: u32,
    body: impl Fn(Job) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let config = Config { transports: transport.parse().expect("a transport"), ..Config::default() };
    run_leaving_with(config, ranks, body)
}

/// The same with settings of the test's own.
pub fn run_leaving_with<R: Send + 'static>(
    config: Config,
    ranks: u32,
    body: impl Fn(Job) -> R + Send + Sync + 'static,
) -> Vec<R> {
    start(ThreadLevel::Funneled, config, ranks, move |job, _| (body(job), ()))
}

/// Runs `body`, and keeps what it gives beside its result until everyone is done.
fn launch<R: Send + 'static, K>(
    level: ThreadLevel,
    config: Config,
    ranks: u32,
    body: impl Fn(&Job) -> (R, K) + Send + Sync + 'static,
) -> Vec<R> {
    start(level, config, ranks, move |job, book| {
        let (result, kept) = body(&job);
        // Nobody leaves while another may still need it.
        book.leave(ranks, || job.poll().expect("nobody died"));
        drop(kept);
        (result, job)
    })
}

/// Runs `body` with the job of each rank, and keeps what it gives beside its result until that is told.
fn start<R: Send + 'static, K>(
    level: ThreadLevel,
    config: Config,
    ranks: u32,
    body: impl Fn(Job, &Book) -> (R, K) + Send + Sync + 'static,
) -> Vec<R> {
    let book = Arc::new(Book::default());
    let body = Arc::new(body);
    let (done, results) = std::sync::mpsc::channel();
    for rank in 0..ranks {
        let (book, body, done) = (Arc::clone(&book), Arc::clone(&body), done.clone());
        let config = config.clone();
        std::thread::Builder::new()
            .name(format!("rank {rank}"))
            .spawn(move || {
                let membership = Membership { me: Peer(rank), size: ranks, secret: [7; 32] };
                let address_book = Box::new(Reader(Arc::clone(&book)));
                let publish = |address| book.enter(Peer(rank), address);
                let job = Job::inside(level, config, membership, address_book, publish)
                    .unwrap_or_else(|error| panic!("rank {rank} does not start: {error}"));
                let (result, _kept) = body(job, &book);
                let _ = done.send((rank, result));
            })
            .expect("a thread can be started");
    }
    drop(done);
    // Under emulation everything takes ten times as long and more.
    let emulated = std::env::var_os("OLYMPI_TEST_TRANSPORTS").is_some();
    let patience = Duration::from_secs(if emulated { 300 } else { 60 });
    let mut by_rank: Vec<Option<R>> = (0..ranks).map(|_| None).collect();
    for _ in 0..ranks {
        let (rank, result) = results
            .recv_timeout(patience)
            .unwrap_or_else(|_| panic!("with {config:?}: a rank panicked, or hangs"));
        by_rank[rank as usize] = Some(result);
    }
    by_rank.into_iter().flatten().collect()
}

/// Where the ranks of a test find one another.
#[derive(Default)]
pub(crate) struct Book {
    entries: Mutex<(HashMap<Peer, Vec<u8>>, u32)>,
    changed: Condvar,
}

impl Book {
    pub(crate) fn enter(&self, peer: Peer, address: Vec<u8>) {
        self.entries.lock().unwrap().0.insert(peer, address);
        self.changed.notify_all();
    }

    /// Waits until all ranks are here, moving messages on.
    fn leave(&self, ranks: u32, poll: impl Fn()) {
        self.entries.lock().unwrap().1 += 1;
        while self.entries.lock().unwrap().1 < ranks {
            poll();
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

pub(crate) struct Reader(pub(crate) Arc<Book>);

impl Directory for Reader {
    fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError> {
        let entries = self.0.entries.lock().unwrap();
        let patience = Duration::from_secs(30);
        let (entries, _) = self
            .0
            .changed
            .wait_timeout_while(entries, patience, |(book, _)| !book.contains_key(&peer))
            .unwrap();
        entries.0.get(&peer).cloned().ok_or_else(|| LookupError { peer, detail: "not in the book".into() })
    }
}
