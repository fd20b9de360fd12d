//! The transport over libfabric: any fabric that one of its providers drives.
//!
//! The library is loaded at run time ([`Config::library`]), so one binary runs with and without it. A provider is chosen
//! by merit or by name ([`Config::provider`]); [`StartError`] says why none was taken.
//!
//! Matching is done one floor up, for all transports alike. Of a provider only messages (`FI_MSG`) are needed; where it
//! has remote memory access (`FI_RMA`), that becomes `get` and `put`. Endpoints that need no connection (`FI_EP_RDM`) are
//! preferred; a provider that offers only connected ones (`FI_EP_MSG`) is taken as well, with a connection for each pair
//! of ranks that speak. Every message carries a proof of its sender ([`wire`](self)), and numbers and credits of our
//! own: whatever a provider promises of flow control and order, a receiver's memory is bounded
//! ([`Config::window`]), and a lost message is noticed.
//!
//! **`verbs;ofi_rxm` on small devices.** `ofi_rxm` makes its completion queue `FI_UNIVERSE_SIZE` (256, unless set) times as
//! long as a connection's two queues together: 196,608 entries over the verbs provider of 1.17. A Soft-RoCE device has at
//! most 32,767, so `fi_enable` fails with `EINVAL`. Here the variable is set to the size of the job, and it opens. The
//! verbs provider's own connected endpoints are preferred all the same: their latency is lower.
//!
//! **Providers that were tried.** libfabric 1.17 (Debian): `tcp`, `tcp;ofi_rxm`, `net`, `sockets`, `shm`, and on
//! Soft-RoCE `verbs`, `verbs;ofi_rxm`. libfabric 2.5.1 (from the package `mpich` 5.0.2 of PyPI): `tcp`, `tcp;ofi_rxm`,
//! `sockets`, and `shm` between processes. `sockets`, which libfabric itself has given up, may lose the last message of a rank
//! that leaves: its peers hear of that when its process ends.
//!
//! | file | decides |
//! |---|---|
//! | `library`, `provider` | which libfabric, and which of its providers |
//! | `ffi`, `info`, `domain`, `queue`, `endpoint` | the C interface, and who owns its objects |
//! | `road`, `connection` | how endpoints are opened, connected or not |
//! | `wire`, `address` | what ranks tell each other |
//! | `send`, `region`, `buffers` | how bytes go out |
//! | `poll`, `hear`, `sleep` | what comes in, and what wakes |
//! | `link`, `close` | what the end of a peer means |
#![warn(clippy::pedantic)]
#![allow(clippy::wildcard_imports)] // the types of C, by their own names
#![allow(clippy::cast_possible_truncation, clippy::module_name_repetitions, clippy::must_use_candidate)]

mod address;
mod buffers;
mod close;
mod config;
mod connection;
mod domain;
mod endpoint;
mod error;
#[doc(hidden)]
pub mod ffi;
mod hear;
mod info;
mod library;
mod link;
mod poll;
mod provider;
mod queue;
mod region;
mod road;
mod send;
mod sleep;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use olympi_registration::{Cache, Memory};
use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RegisterError,
    RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

pub use config::Config;
pub use error::{ConfigError, StartError};

use address::Reach;
use buffers::{Receives, Requests, SendPool};
use domain::{Domain, Registration};
use link::{Link, Phase};
use poll::Event;
use queue::Completions;
use road::Road;
use sleep::Sleeper;
use wire::Keys;

/// The transport's name.
pub(crate) const NAME: &str = "ofi";

/// The libfabric transport of one rank. See the [crate] and [`Transport`].
pub struct Ofi {
    config: Config,
    keys: Keys,
    caps: Caps,
    reach: Reach,
    /// `reach` as it is published.
    address: Address,
    /// What was offered besides, and why it was not taken.
    passed_over: Vec<String>,
    /// Messages arrive in the order of sending.
    ordered: bool,
    /// Messages up to this length are sent without a buffer.
    inject: usize,
    /// How many operations may be under way.
    depth: u32,
    /// By rank.
    links: Vec<Link>,
    // What the provider accesses follows what it accesses it by: endpoints are closed first.
    road: Road,
    receives: Option<Receives>,
    requests: Requests,
    pool: SendPool,
    registrations: Option<Cache<Registration>>,
    completions: Completions,
    domain: Arc<Domain>,
    /// The last key that was asked for.
    last_key: u64,
    sleeper: Sleeper,
    /// Everything that wakes is watched; otherwise a sleeper looks every millisecond.
    wakes: bool,
    events: VecDeque<Event>,
    /// Peers to whom a credit is due.
    owing: Vec<u32>,
    /// Receives that could not be posted again, and accesses that could not go on.
    stuck: Vec<u32>,
    /// Peers whose end was noticed, once what they sent before has been read.
    ending: Vec<close::Ending>,
    /// Peers that are gone, with operations still under way.
    closing: Vec<u32>,
    /// Peers that were given up and have yet to be told, and how long that is tried.
    parting: Vec<(u32, Instant)>,
    /// Peers that are or were connected.
    active: Vec<u32>,
    /// Sends and accesses under way to peers that are not gone.
    sending: u32,
    accesses: u32,
    /// Messages of strangers that were dropped.
    strangers: u64,
    /// Polls until the next look at the clock.
    countdown: u32,
    next_probe: Instant,
}

impl Ofi {
    /// Opens the transport of rank `me` in a job of `size` ranks that share `secret`, with the best provider that the
    /// settings allow. `memory` is the process's, which registrations of user buffers are kept by.
    ///
    /// # Errors
    /// No library, or no provider that serves; see [`StartError`].
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
        let library = library::Library::load(&config.library, size)?;
        let (offers, mut passed_over) = provider::offers(&library, &config)?;
        let keys = Keys { me: me.0, size, secret };
        let mut opened = None;
        for offer in offers.into_iter().take(road::TRIES) {
            let name = format!("{} on {}", offer.provider, offer.domain);
            if opened.is_some() {
                passed_over.push(format!("{name}: another is better"));
                continue;
            }
            match road::Opened::open(&library, offer.info, &config, size) {
                Ok(open) => opened = Some(open),
                Err(error) => passed_over.push(format!("{name}: {error}")),
            }
        }
        let Some(opened) = opened else {
            let wanted = provider::wanted(&config);
            let (library, reasons) = (library.describe(), passed_over.join("; "));
            return Err(StartError::NoProvider { library, wanted, reasons });
        };
        Self::over(opened, config, keys, memory, passed_over)
    }

    /// The settings it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The name of the provider that was taken, e.g. `tcp;ofi_rxm`.
    pub fn provider(&self) -> &str {
        &self.domain.provider
    }

    /// The version of libfabric that was loaded, major and minor.
    pub fn library_version(&self) -> (u32, u32) {
        self.domain.library.version()
    }

    /// What else was offered, each with the reason why it was not taken.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// How many messages were dropped since no rank of this job can have sent them.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }
}

impl Transport for Ofi {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        self.address.clone()
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        self.begin(peer, address)
    }

    #[inline]
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        debug_assert!(header.len() <= wire::MAX_HEADER);
        debug_assert!(header.len() + payload.len() <= self.caps.max_frame);
        self.frame(to, header, payload)
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        self.lend(bytes)
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        // The provider only reads there.
        self.access(to, region::Direction::Put, from.as_ptr().cast_mut(), from.len(), key, op)
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        self.access(from, region::Direction::Get, into.as_ptr(), into.len(), key, op)
    }

    #[inline]
    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        self.round(sink)
    }

    fn arm(&mut self, _by: WakeBy) -> Wake {
        self.prepare()
    }

    fn disarm(&mut self) {
        self.sleeper.alarm(None);
        self.countdown = 0;
    }

    fn drained(&self) -> bool {
        self.sending == 0
    }

    fn describe(&self, peer: Peer) -> String {
        let Some(link) = self.links.get(peer.index()) else {
            return format!("ofi: {peer} is not of this job");
        };
        let state = match &link.phase {
            Phase::Closing(..) | Phase::Gone => format!("{peer} is gone"),
            Phase::Open if !link.asked => "not connected yet".to_owned(),
            Phase::Open if self.road.route(link).is_none() => "connecting".to_owned(),
            Phase::Open => "connected".to_owned(),
        };
        let domain = &self.domain;
        let kind = if self.reach.connected { "FI_EP_MSG" } else { "FI_EP_RDM" };
        let rate = match domain.info.link() {
            Some((speed, mtu)) => format!(", {} Gbit/s, MTU {mtu}", speed / 1_000_000_000),
            None => String::new(),
        };
        let access = match self.caps.get_from {
            Some(from) => format!("get and put from {from} B"),
            None => format!("no get or put ({})", self.why_no_access()),
        };
        let wake = if self.wakes { "" } else { ", wakes by a timer of 1 ms: the provider has no descriptor" };
        format!(
            "ofi: {} on {} ({kind}{rate}, {}): {state}; frames to {} B, eager to {} B, {access}{wake}",
            domain.provider,
            domain.name,
            domain.library.describe(),
            self.caps.max_frame,
            self.caps.eager_max,
        )
    }
}
