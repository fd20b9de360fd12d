//! The TCP transport: one proven connection a pair.
//!
//! Each rank listens on one port and tells its addresses to the others. A connection to a peer is made at the
//! first use, by whichever rank is first; both ends prove that they hold the job's secret before a byte of a
//! message flows ([`handshake`](self), HMAC-SHA256), so whatever else connects to the port changes nothing.
//! Frames and puts then share the connection in the order in which they were accepted.
//!
//! | file | decides |
//! |---|---|
//! | `address` | which addresses are told, and in which order a peer's are tried |
//! | `listen`, `dial`, `connect`, `handshake` | how a connection comes to be |
//! | `stream` | the wire |
//! | `send`, `receive`, `region` | how bytes move |
//! | `poll`, `link` | who is looked at when, and what the end of a connection means |
//! | `close` | that accepted bytes arrive although the process ends |
//!
//! ```
//! use olympi_tcp::{Config, Tcp};
//! use olympi_transport_api::{Inbound, Peer, Post, Transport};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = [7; 32]; // from the launcher, the same for all ranks
//! let mut zero = Tcp::new(Config::default(), Peer(0), 2, secret)?;
//! let mut one = Tcp::new(Config::default(), Peer(1), 2, secret)?;
//! zero.connect(Peer(1), &one.address())?;
//! while zero.send(Peer(1), b"header", b"payload") != Post::Accepted {
//!     zero.poll(&mut |_| {});
//!     one.poll(&mut |_| {});
//! }
//! let mut heard = None;
//! while heard.is_none() {
//!     one.poll(&mut |event| {
//!         if let Inbound::Frame { from, payload, .. } = event {
//!             heard = Some((from, payload.to_vec()));
//!         }
//!     });
//! }
//! assert_eq!(heard, Some((Peer(0), b"payload".to_vec())));
//! # Ok(())
//! # }
//! ```

mod address;
mod close;
mod config;
mod connect;
mod dial;
mod error;
mod handshake;
mod link;
mod listen;
mod poll;
mod receive;
mod region;
mod send;
mod stream;
mod sys;

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RegisterError,
    RemoteKey, SendBuf, Transport, Wake, WakeBy,
};
use rustix::event::epoll::{self, CreateFlags, EventFlags};
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

pub use config::{Config, Family};
pub use error::{ConfigError, OpenError};

use address::Reach;
use connect::Nascents;
use handshake::Keys;
use link::Link;
use listen::Listener;
use poll::{Event, Tag};
use receive::Pool;
use region::Regions;
use sys::Interface;

/// What fuzzers and other tools may feed with any bytes.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::address::Reach;
    pub use crate::handshake::fuzz_handshake as handshake;
    pub use crate::stream::{MAX_HEADER, PREFIX, PUT_HEADER, Record, next};
}

/// The transport's name.
pub(crate) const NAME: &str = "tcp";

/// The TCP transport of one rank. See the [crate] and [`Transport`].
pub struct Tcp {
    config: Config,
    keys: Keys,
    caps: Caps,
    reach: Reach,
    /// Those of this host, as they were when it was opened.
    interfaces: Vec<Interface>,
    listener: Listener,
    epoll: OwnedFd,
    timer: OwnedFd,
    /// By rank.
    links: Vec<Link>,
    /// The peers that are read from directly, the last heard first.
    active: Vec<u32>,
    /// The peers whose outbox holds something.
    sending: Vec<u32>,
    /// The peers whose addresses are being tried.
    dialling: Vec<u32>,
    nascents: Nascents,
    events: VecDeque<Event>,
    pool: Pool,
    regions: Regions,
    /// Polls since everyone was looked at.
    ticks: u32,
    /// How often everyone was.
    looks: u32,
    /// There is, or was, a connection.
    any_up: bool,
    next_sweep: Instant,
    /// Bytes have come since everyone was looked at.
    traffic: bool,
    /// While there is traffic, the unproven wait until then.
    door_at: Instant,
    /// The timer is set.
    armed: bool,
}

impl Tcp {
    /// Opens the transport of rank `me` in a job of `size` ranks that share `secret`. It listens from here on.
    ///
    /// # Errors
    /// No address or descriptor to listen with, or a rank that is not of the job; see [`OpenError`].
    pub fn new(config: Config, me: Peer, size: u32, secret: [u8; 32]) -> Result<Self, OpenError> {
        if me.0 >= size {
            return Err(OpenError::NotARank { me, size });
        }
        let interfaces = sys::interfaces().map_err(|source| OpenError::Interfaces { source })?;
        let addresses = address::choose(&interfaces, &config);
        if addresses.is_empty() {
            return Err(OpenError::NoAddress {
                interfaces: config.interfaces,
                family: config.family,
                present: address::names(&interfaces),
            });
        }
        let listener = Listener::open(config.family, &config.local_congestion)
            .map_err(|source| OpenError::Listen { me, source })?;
        let refused = |what| move |e: rustix::io::Errno| OpenError::Descriptor { what, source: e.into() };
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(refused("an epoll"))?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).map_err(refused("a timer"))?;
        let caps = Caps {
            name: NAME,
            max_frame: config.max_frame,
            inline: 0,
            eager_max: config.eager_max,
            get_from: None,
            put_from: Some(config.put_from),
        };
        let reach = Reach { host: address::host(), port: listener.port, addresses };
        let tcp = Self {
            keys: Keys { me: me.0, size, secret },
            caps,
            reach,
            interfaces,
            listener,
            epoll,
            timer,
            links: (0..size).map(|_| Link::None).collect(),
            active: Vec::new(),
            sending: Vec::new(),
            dialling: Vec::new(),
            nascents: Nascents::default(),
            events: VecDeque::new(),
            pool: Pool::new(config.staging()),
            regions: Regions::default(),
            ticks: 0,
            looks: 0,
            any_up: false,
            next_sweep: Instant::now(),
            traffic: false,
            door_at: Instant::now(),
            armed: false,
            config,
        };
        tcp.watch(tcp.listener.fd(), Tag::Door, EventFlags::IN);
        tcp.watch(tcp.timer.as_fd(), Tag::Timer, EventFlags::IN);
        Ok(tcp)
    }

    /// The settings it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.reach.port
    }

    /// The addresses that it listens at.
    fn hosts(&self) -> String {
        let hosts: Vec<String> = self.reach.addresses.iter().map(|(a, _)| a.to_string()).collect();
        hosts.join(", ")
    }
}

impl Transport for Tcp {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        Address(self.reach.encode())
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        self.begin(peer, address)
    }

    #[inline]
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        debug_assert!(header.len() <= stream::MAX_HEADER);
        debug_assert!(header.len() + payload.len() <= self.caps.max_frame);
        let bound = self.config.queue;
        match self.links.get_mut(to.index()) {
            Some(Link::Up(connection)) => {
                let (fd, outbox) = connection.split_out();
                let idle = outbox.is_empty();
                let answer = outbox.frame(fd, header, payload, bound);
                if idle && !outbox.is_empty() {
                    self.sending.push(to.0);
                }
                answer
            }
            Some(Link::None | Link::Dialling(_)) => Post::Busy,
            Some(Link::Gone) | None => Post::Closed,
        }
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        self.regions.register(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        match self.links.get_mut(to.index()) {
            Some(Link::Up(connection)) => {
                let idle = connection.outbox.is_empty();
                let answer = connection.outbox.put(from, key, op);
                if idle && answer == Post::Accepted && !self.flush(to.0) {
                    self.sending.push(to.0);
                }
                answer
            }
            Some(Link::None | Link::Dialling(_)) => Post::Busy,
            Some(Link::Gone) | None => Post::Closed,
        }
    }

    fn get(&mut self, _from: Peer, _into: RecvBuf, _key: RemoteKey, _op: OpToken) -> Post {
        // `Caps::get_from` says that there is none.
        Post::Closed
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
        self.sending.is_empty()
    }

    fn describe(&self, peer: Peer) -> String {
        let thresholds = format!(
            "frames to {} B, eager to {} B, put from {} B",
            self.caps.max_frame, self.caps.eager_max, self.config.put_from
        );
        match self.links.get(peer.index()) {
            Some(Link::Up(connection)) => format!("tcp: {} ({thresholds})", connection.story()),
            Some(Link::Dialling(dial)) => match dial.failures() {
                none if none.is_empty() => format!("tcp: from {}, connecting ({thresholds})", self.hosts()),
                failures => {
                    format!("tcp: connecting to {peer}; failures so far: {failures} ({thresholds})")
                }
            },
            Some(Link::Gone) => format!("tcp: {peer} is gone"),
            Some(Link::None) => {
                let (port, hosts) = (self.reach.port, self.hosts());
                format!(
                    "tcp: no connection to {peer} yet; listening on port {port} of {hosts} ({thresholds})"
                )
            }
            None => format!("tcp: {peer} is not of this job"),
        }
    }
}
