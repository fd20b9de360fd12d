//! The shared-memory transport: per-pair rings, windows and `process_vm_readv`.
//!
//! Each process owns one segment, a `memfd` that its peers open through `/proc` and write into (`segment`).
//! A peer that wants to send claims an *area* there: a ring of 32-byte slots that carries short frames whole
//! and in one cache line if they fit (`ring`, `record`), and a window for the payloads of longer ones (`send`,
//! `window`, `copier`, `receive`). A receiver looks only at rings that were lately in use; a doorbell tells of
//! the others, and wakes it when it sleeps (`doorbell`). Long messages are read straight out of their sender's
//! memory where the system allows it, from a length on that is measured while the program runs (`cma`,
//! `calibrate`). Peers that die are noticed through their `pidfd` (`watch`).
//!
//! Ranks that all share a host do collectives without messages, on a [`Board`]: memory in which each shows what the others
//! need, step by step, and reads what they show; who waits there sleeps and is woken as for messages (`board`).

#![cfg(target_os = "linux")]
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate)]
// Addresses of mapped memory are bytes until a place in it is named; each place says why it is aligned.
#![allow(clippy::cast_ptr_alignment, clippy::many_single_char_names)]
#![cfg_attr(loom, allow(dead_code, unused_imports))]

mod address;
mod board;
mod calibrate;
mod cma;
mod common;
mod config;
mod copier;
mod doorbell;
mod error;
mod landing;
mod link;
mod memfd;
mod poll;
mod receive;
mod record;
mod ring;
mod segment;
mod send;
mod sync;
mod watch;
mod window;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use olympi_transport_api::{
    Address, Caps, Closed, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf,
    RegisterError, RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

pub use address::host_key;
pub use board::{Awaited, Board, Posted};
pub use common::CommonMemory;
pub use config::{Config, ConfigError, GetMode, settings};
pub use error::StartError;

use address::Whereabouts;
use doorbell::Barrier;
use link::Link;
use receive::In;
use segment::{Geometry, PeerSegment, Segment};
use send::Out;
use watch::Watch;

/// The transport's name.
const NAME: &str = "shm";
/// `get`s that may wait at a time.
const GETS: usize = 4096;
/// A rank that sleeps often looks after its peers no more often than this: a sleep that no message ends takes longer,
/// so that a dead peer is noticed after the next one.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Polls between two looks whether a peer has died: some 50 microseconds of spinning.
const POLLS_PER_LOOK: u32 = 16 << 10;

/// Shared memory between the processes of one host.
///
/// ```
/// use olympi_shm::{Config, Shm};
/// use olympi_transport_api::{Inbound, Peer, Post, Transport};
///
/// let mut a = Shm::new(Config::default(), Peer(0), 2)?;
/// let mut b = Shm::new(Config::default(), Peer(1), 2)?;
/// a.connect(Peer(1), &b.address())?;
/// assert_eq!(a.send(Peer(1), b"head", b"payload"), Post::Accepted);
/// let mut text = Vec::new();
/// while text.is_empty() {
///     b.poll(&mut |event| {
///         if let Inbound::Frame { from: Peer(0), header: b"head", payload } = event {
///             text = payload.to_vec();
///         }
///     });
/// }
/// assert_eq!(text, b"payload");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Shm {
    // What each send and each poll looks at comes first.
    outs: Vec<Option<Box<Out>>>,
    /// The rings of peers, by their area's number.
    ins: Vec<Option<Box<In>>>,
    /// The numbers of the hot ones.
    hot: Vec<u16>,
    /// Polls left until the next look for dead peers.
    countdown: u32,
    /// Whether there is more to do than to look at hot rings: an event to tell, a `get` to go on with, a peer
    /// to be closed.
    chores: bool,

    segment: Segment,
    caps: Caps,
    barrier: Barrier,
    watch: Watch,
    links: Vec<Option<Box<Link>>>,
    gets: VecDeque<cma::Get>,
    /// Endpoints that are gone, but not told of yet.
    ending: Vec<Closed>,
    config: Config,
    me: Peer,
    /// Why there is no `get`, if there is none.
    no_get: Option<String>,
    calibration: calibrate::Calibration,
    /// When peers were last looked after.
    looked: Instant,
}

impl Shm {
    /// Starts the transport: makes this process's segment. It has 4 KiB until peers connect.
    ///
    /// # Errors
    /// If a setting makes no sense, or the system refuses the segment.
    pub fn new(config: Config, me: Peer, size: u32) -> Result<Self, StartError> {
        config.check()?;
        if me.0 >= size {
            return Err(StartError::Rank { rank: me.0, size });
        }
        let barrier = if config.sleepy { Barrier::local() } else { Barrier::register() };
        let geometry = Geometry::new(&config, size);
        // Ranks that share a CPU share its caches, and windows that fit into them are better than larger ones.
        let growth = if config.sleepy { config.growth.min(config.window) } else { config.growth };
        let segment = Segment::create(geometry, growth, !barrier.covers_producers())?;
        let watch = Watch::new()?;
        let mut shm = Self {
            outs: (0..size).map(|_| None).collect(),
            ins: Vec::new(),
            hot: Vec::new(),
            countdown: POLLS_PER_LOOK,
            chores: false,
            caps: Caps {
                name: NAME,
                max_frame: config.frame + record::FRAME_SLACK,
                inline: ring::LINE - ring::HEAD,
                eager_max: config.eager_max,
                get_from: None,
                put_from: None,
            },
            segment,
            barrier,
            watch,
            links: (0..size).map(|_| None).collect(),
            gets: VecDeque::new(),
            ending: Vec::new(),
            config,
            me,
            no_get: None,
            calibration: calibrate::Calibration::new(),
            looked: Instant::now(),
        };
        shm.prepare_get();
        Ok(shm)
    }

    /// Whether the process at `address` can be reached through shared memory; else why not, in words.
    ///
    /// # Errors
    /// The reason, with the remedy if one is known.
    pub fn reaches(&self, address: &Address) -> Result<(), String> {
        let to = Whereabouts::decode(address).map_err(|why| format!("its address is malformed: {why}"))?;
        PeerSegment::open(&self.segment, &to).map(drop)
    }
}

impl Transport for Shm {
    #[inline]
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        self.segment.whereabouts().encode()
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        self.connect_to(peer, address)
    }

    #[inline]
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        let Some(Some(out)) = self.outs.get_mut(to.index()) else { return Post::Closed };
        match out.send(header, payload) {
            Ok(true) => Post::Accepted,
            Ok(false) => Post::Busy,
            Err(ring::BadCredit) => self.bad_credit(to),
        }
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        Ok(MemoryRegion::new(cma::key(bytes.address(), bytes.len()), None))
    }

    fn put(&mut self, to: Peer, _from: SendBuf, _key: RemoteKey, _op: OpToken) -> Post {
        debug_assert!(false, "shm: a put to {to}, but caps().put_from is None");
        Post::Closed
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        self.begin_get(from, into, key, op)
    }

    #[inline]
    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        self.poll_rings(sink)
    }

    fn arm(&mut self, by: WakeBy) -> Wake {
        self.prepare_sleep(by)
    }

    fn disarm(&mut self) {
        self.end_sleep();
        self.look_now_and_then();
    }

    /// Always: what was accepted lies in the receiver's segment.
    #[inline]
    fn drained(&self) -> bool {
        true
    }

    fn describe(&self, peer: Peer) -> String {
        self.describe_link(peer)
    }
}

impl Drop for Shm {
    fn drop(&mut self) {
        self.segment.header().left.store(1, sync::Ordering::Release);
        for out in self.outs.iter_mut().flatten() {
            out.leave();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
