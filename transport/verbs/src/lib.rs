//! The transport over InfiniBand and `RoCE`: reliable connected queue pairs, through libibverbs.
//!
//! The library is opened at run time, so one binary runs with and without it. A process uses one port of one device.
//! It publishes how it is reached by datagrams; a queue pair to a peer is made at the first use. Frames are sends into
//! receive buffers that all connections share, never more than there are buffers for ([`link`](self) tells how); `get`
//! and `put` are RDMA reads and writes, from and to registered memory of the users'.
//!
//! | file | decides |
//! |---|---|
//! | `library`, `ffi`, `owner` | what is called, and who destroys what |
//! | `device` | which port, which GID, which partition |
//! | `address`, `datagram`, `connect` | how a connection comes to be |
//! | `link`, `wire`, `slab` | credits, the frame's prefix, the transport's own registered memory |
//! | `send`, `rma`, `poll` | how bytes move, and what the end of a connection means |
//!
//! A peer's death is told by its farewell, by its process descriptor if it is on this host, or by the device, which gets
//! no acknowledgement for what is sent, an empty write now and then where nothing else is.

#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::missing_errors_doc)]
// Numbers of ranks, slots and bytes are converted where their ranges are known: at most u32::MAX ranks, frames below 1 MiB.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

mod address;
mod config;
mod connect;
mod datagram;
mod device;
mod error;
mod ffi;
mod library;
mod link;
mod owner;
mod poll;
mod receive;
mod rma;
mod send;
mod slab;
mod status;
mod wire;

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use olympi_registration::{Cache, Limits, Memory};
use olympi_transport_api::{
    Address, Caps, Closed, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf,
    RegisterError, RemoteKey, RmaError, SendBuf, Transport, Wake, WakeBy,
};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

pub use config::Config;
pub use error::{ConfigError, StartError};

use address::{Process, Reach};
use datagram::Datagrams;
use device::Port;
use ffi::ibv_wc;
use library::Library;
use link::{Link, Stage, Words, make_qp};
use owner::{CompChannel, Cq, Mr, QpNeeds, Srq};
use slab::{Bounces, Receives};
use wire::{BEFORE_PAYLOAD, PREFIX};

/// The transport's name.
pub(crate) const NAME: &str = "verbs";

/// What the next poll tells.
enum Told {
    Done(OpToken, Result<(), RmaError>),
    Closed(Closed),
}

/// What a descriptor of the epoll instance is.
enum Tag {
    Completions,
    Timer,
    Device,
    /// The process of a peer.
    Process(Peer),
}

impl Tag {
    const COMPLETIONS: u64 = u64::MAX;
    const TIMER: u64 = u64::MAX - 1;
    const DEVICE: u64 = u64::MAX - 2;

    fn of(data: u64) -> Self {
        match data {
            Self::COMPLETIONS => Self::Completions,
            Self::TIMER => Self::Timer,
            Self::DEVICE => Self::Device,
            peer => Self::Process(Peer(peer as u32)),
        }
    }
}

/// The verbs transport of one rank. See the [crate] and [`Transport`].
pub struct Verbs {
    // Connections go first: they stand on all the rest, and peers write to the words.
    /// By rank.
    links: Vec<Link>,
    words: Words,
    datagrams: Datagrams,
    // Then the queue, then its memory.
    srq: Arc<Srq>,
    receives: Receives,
    bounces: Bounces,
    send_cq: Arc<Cq>,
    recv_cq: Arc<Cq>,
    cache: Cache<Mr>,
    channel: Arc<CompChannel>,
    port: Port,
    config: Config,
    me: Peer,
    size: u32,
    secret: [u8; 32],
    reach: Reach,
    caps: Caps,
    /// The longest frame that goes inline, prefix included.
    inline: usize,
    /// Ranks by the number of our queue pair to them.
    by_qpn: HashMap<u32, u32>,
    /// Ranks whose connection is not yet up, and ranks that are to be told of credits.
    connecting: Vec<u32>,
    owing: Vec<u32>,
    /// Peers that have left, to be closed when what they sent is taken.
    leaving: Vec<(Peer, String)>,
    events: VecDeque<Told>,
    /// Completions taken, of which `batch_len` are not yet looked at.
    batch: Box<[ibv_wc; poll::BATCH]>,
    batch_len: usize,
    /// Work requests under way in all, and as many as the completion queue has room for.
    wrs: u32,
    wr_limit: u32,
    /// Operations under way in all.
    moving: usize,
    quiet: u32,
    turn: u32,
    now: Instant,
    next_tick: Instant,
    /// Frames have come since the last tick.
    traffic: bool,
    /// There is, or was, a connection.
    any: bool,
    epoll: OwnedFd,
    timer: OwnedFd,
    timer_set: bool,
    /// Why the device is not to be used any more.
    failed: Option<String>,
    /// Since when the port is down.
    port_down: Option<Instant>,
}

impl Verbs {
    /// Opens the transport of rank `me` in a job of `size` ranks that share `secret`.
    ///
    /// # Errors
    /// No library, no device that serves, or a device that refuses what is needed; see [`StartError`].
    pub fn new(
        config: Config,
        me: Peer,
        size: u32,
        secret: [u8; 32],
        memory: &Arc<Memory>,
    ) -> Result<Self, StartError> {
        if me.0 >= size {
            return Err(StartError::NotARank { me, size });
        }
        let library = Library::open().map_err(|detail| StartError::Library { detail })?;
        let port = Port::choose(&library, &config)?;
        let (device, number) = (port.device.clone(), port.number);
        let refused = |detail| StartError::Device { device: device.clone(), port: number, detail };
        let context = Arc::clone(port.pd.context());
        let channel = CompChannel::new(&context).map_err(refused)?;
        let receives = config.receives.min(port.max_srq_wr).min(port.max_cqe);
        // Enough for many active peers; a connection has at most `send_depth` of it.
        let wr_limit = port.max_cqe.min((size.saturating_mul(config.send_depth)).clamp(1024, 32 << 10));
        let config = Config { send_depth: config.send_depth.min(port.max_qp_wr), receives, ..config };
        let recv_cq = Cq::new(&channel, receives).map_err(refused)?;
        let send_cq = Cq::new(&channel, wr_limit).map_err(refused)?;
        let srq = Srq::new(&port.pd, receives).map_err(refused)?;
        let needs = || QpNeeds {
            pd: Arc::clone(&port.pd),
            send_cq: Arc::clone(&send_cq),
            recv_cq: Arc::clone(&recv_cq),
            srq: Some(Arc::clone(&srq)),
        };
        let inline = probe_inline(&config, needs).map_err(refused)?;
        let datagrams = Datagrams::new(&port, &channel, address::qkey(&secret)).map_err(refused)?;
        let reach = Reach {
            ethernet: port.ethernet,
            lid: port.lid,
            gid: port.gid,
            qpn: datagrams.number(),
            nonce: nonce(),
            process: Process::here(),
        };
        let cache = Cache::new(memory, limits(&config));
        let rma = |from| cache.enabled().then_some(from);
        let slot = config.frame + BEFORE_PAYLOAD;
        let caps = Caps {
            name: NAME,
            max_frame: slot - PREFIX,
            inline: inline.saturating_sub(PREFIX),
            eager_max: config.eager_max,
            get_from: rma(config.get_from),
            put_from: rma(config.put_from),
        };
        let descriptor =
            |what| move |e: rustix::io::Errno| StartError::Descriptor { what, detail: e.to_string() };
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(descriptor("an epoll instance"))?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).map_err(descriptor("a timer"))?;
        // SAFETY: both descriptors belong to objects that live as long as the transport.
        let (completions, events) =
            unsafe { (BorrowedFd::borrow_raw(channel.fd()), BorrowedFd::borrow_raw(context.async_fd())) };
        for (fd, tag) in [(completions, Tag::COMPLETIONS), (timer.as_fd(), Tag::TIMER), (events, Tag::DEVICE)]
        {
            rustix::io::ioctl_fionbio(fd, true).map_err(descriptor("a descriptor non-blocking"))?;
            epoll::add(&epoll, fd, EventData::new_u64(tag), EventFlags::IN)
                .map_err(descriptor("an epoll entry"))?;
        }
        let now = Instant::now();
        Ok(Self {
            links: (0..size).map(|_| Link::None).collect(),
            words: Words::new(size),
            datagrams,
            receives: Receives::new(&port.pd, &srq, slot, receives),
            bounces: Bounces::new(&port.pd, slot, 1024),
            srq,
            send_cq,
            recv_cq,
            cache,
            channel,
            port,
            me,
            size,
            secret,
            reach,
            caps,
            inline,
            by_qpn: HashMap::new(),
            connecting: Vec::new(),
            owing: Vec::new(),
            leaving: Vec::new(),
            events: VecDeque::new(),
            // SAFETY: all zeros are a valid value of these integers.
            batch: Box::new(unsafe { core::mem::zeroed() }),
            batch_len: 0,
            wrs: 0,
            wr_limit,
            moving: 0,
            quiet: 0,
            turn: 0,
            now,
            next_tick: now,
            traffic: false,
            any: false,
            epoll,
            timer,
            timer_set: false,
            failed: None,
            port_down: None,
            config,
        })
    }

    /// The settings it was opened with, cut to what the device has.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of registered memory for frames and of users' memory that is kept registered, both pinned.
    pub fn pinned(&self) -> usize {
        self.receives.pinned() + self.bounces.pinned() + self.cache.pinned()
    }
}

impl Drop for Verbs {
    fn drop(&mut self) {
        self.say_bye();
    }
}

/// How much of users' memory may stay registered.
fn limits(config: &Config) -> Limits {
    let mut limits = Limits::from_memlock();
    if config.cache > 0 {
        limits.bytes = config.cache;
    }
    limits
}

/// A random number; where there is none, one that no other process of this host has.
fn nonce() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => u64::from(std::process::id()),
    }
}

/// How much inline data a queue pair of this device takes: devices do not tell, they refuse.
fn probe_inline(config: &Config, needs: impl Fn() -> QpNeeds) -> Result<usize, String> {
    let candidates = [512, 400, 256, 220, 128, 64, 28];
    let below = candidates.into_iter().filter(|&n| n < config.inline);
    let mut refusal = 0;
    for inline in std::iter::once(config.inline).chain(below).chain([0]) {
        match make_qp(needs(), config, inline) {
            Ok(_) => return Ok(inline as usize),
            Err(errno) => refusal = errno,
        }
    }
    Err(format!("cannot make a queue pair: {}", library::words(refusal)))
}

impl Transport for Verbs {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        Address(self.reach.encode().to_vec())
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        self.begin(peer, address)
    }

    #[inline]
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        debug_assert!(header.len() <= wire::MAX_HEADER);
        debug_assert!(header.len() + payload.len() <= self.caps.max_frame);
        self.send_frame(to, header, payload)
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        self.register_region(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        self.begin_move(to, from.extent(), key, op, false)
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        self.begin_move(from, into.extent(), key, op, true)
    }

    #[inline]
    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        self.round(sink)
    }

    fn arm(&mut self, _by: WakeBy) -> Wake {
        self.prepare()
    }

    fn disarm(&mut self) {
        self.wake();
    }

    fn drained(&self) -> bool {
        self.wrs == 0 && self.moving == 0 && self.events.is_empty()
    }

    fn describe(&self, peer: Peer) -> String {
        let thresholds = match (self.caps.get_from, self.caps.put_from) {
            (Some(get), Some(put)) => format!(
                "frames to {} B, eager to {} B, get from {get} B, put from {put} B",
                self.caps.max_frame, self.caps.eager_max
            ),
            _ => format!(
                "frames to {} B, eager to {} B, longer ones copied: registrations of users' memory cannot be watched",
                self.caps.max_frame, self.caps.eager_max
            ),
        };
        let port = self.port.describe();
        match self.links.get(peer.index()) {
            Some(Link::There(link)) => {
                let state = if link.stage == Stage::Up { "" } else { ", connecting" };
                let mtu = Port::mtu_bytes(link.mtu);
                format!("verbs: {port}, MTU {mtu}{state} (inline to {} B, {thresholds})", self.caps.inline)
            }
            Some(Link::None) => format!("verbs: {port}, not connected yet ({thresholds})"),
            Some(Link::Gone) => format!("verbs: {peer} is gone"),
            None => format!("verbs: {peer} is not of this job"),
        }
    }
}
