//! The way out: one endpoint to all peers, or a connection to each.

use std::sync::Arc;
use std::time::Instant;

use olympi_registration::{Cache, Limits, Memory};
use olympi_transport_api::{Address, Caps};

use crate::address::{Host, Reach, start_time};
use crate::buffers::{Receives, Requests, SendPool, What};
use crate::config::Config;
use crate::connection::Connections;
use crate::domain::{Addresses, Domain};
use crate::endpoint::Endpoint;
use crate::error::StartError;
use crate::ffi::*;
use crate::info::{Info, Refusal};
use crate::library::Library;
use crate::link::Link;
use crate::queue::{Completions, Wait};
use crate::sleep::Sleeper;
use crate::wire::{Keys, PREFIX};
use crate::{NAME, Ofi};

/// How many offers are tried to be opened.
pub(crate) const TRIES: usize = 32;
/// The longest message that goes out without a buffer, whatever the provider takes: it is put together on the stack.
pub(crate) const INJECT: usize = 256;
/// Buffers for many messages each.
const WIDE: usize = 4;
/// Most buffers for one message each.
const NARROW: usize = 1024;
/// No transport has shorter ones than this.
const LEAST_FRAME: usize = 1024;
/// The provider of shared memory.
pub(crate) const SHM: &str = "shm";
/// Operations under way, unless the provider takes fewer.
const DEPTH: usize = 1024;

/// How messages get to peers.
pub(crate) enum Road {
    /// One endpoint reaches everyone (`FI_EP_RDM`).
    Open {
        // Closed before the table of addresses.
        endpoint: Arc<Endpoint>,
        addresses: Addresses,
    },
    /// A connection for each ordered pair (`FI_EP_MSG`).
    Connected(Box<Connections>),
    /// None any more.
    Closed,
}

impl Road {
    /// Where everything for a peer is posted, once it can be reached.
    #[inline]
    pub(crate) fn route(&self, link: &Link) -> Option<(&Endpoint, fi_addr_t)> {
        match self {
            Self::Open { endpoint, .. } => link.name.map(|name| (&**endpoint, name)),
            Self::Connected(connections) => connections.way(link).map(|endpoint| (endpoint, FI_ADDR_UNSPEC)),
            Self::Closed => None,
        }
    }

    /// The endpoint that regions may have to be bound to.
    pub(crate) fn home(&self) -> Option<&Arc<Endpoint>> {
        match self {
            Self::Open { endpoint, .. } => Some(endpoint),
            Self::Connected(_) | Self::Closed => None,
        }
    }

    /// Whether a connection is being made.
    pub(crate) fn connecting(&self) -> bool {
        match self {
            Self::Connected(connections) => connections.connecting(),
            Self::Open { .. } | Self::Closed => false,
        }
    }
}

/// A provider that is opened, and listens.
pub(crate) struct Opened {
    road: Road,
    receives: Option<Receives>,
    requests: Requests,
    completions: Completions,
    domain: Arc<Domain>,
    name: Vec<u8>,
    last_key: u64,
}

impl Opened {
    /// Opens what was offered.
    pub(crate) fn open(
        library: &Arc<Library>,
        info: Info,
        config: &Config,
        size: u32,
    ) -> Result<Self, StartError> {
        let domain = Domain::open(library, info)?;
        let attributes = &domain.info;
        let message = longest(&domain, config) + PREFIX;
        if attributes.ep().max_msg_size < message {
            let detail = format!("its longest message has {} bytes", attributes.ep().max_msg_size);
            let (provider, name) = (domain.provider.clone(), domain.name.clone());
            return Err(StartError::Refused { provider, domain: name, step: "carry a frame", detail });
        }
        let queue = (attributes.tx().size + attributes.rx().size).clamp(2 * DEPTH, 16 * DEPTH);
        let completions =
            Completions::open(&domain, queue).map_err(|r| domain.refused("open a completion queue", r))?;
        let mut requests = Requests::default();
        let mut last_key = 1;
        let (road, receives, name) = if attributes.ep().type_ == FI_EP_RDM {
            let addresses = Addresses::open(&domain, size as usize)
                .map_err(|r| domain.refused("open a table of addresses", r))?;
            let endpoint =
                Endpoint::open(&domain, attributes).map_err(|r| domain.refused("open an endpoint", r))?;
            let endpoint = Arc::new(endpoint);
            // SAFETY: the queue and the table are closed after the endpoint, here and in `Ofi`.
            unsafe {
                endpoint
                    .complete_to(&completions)
                    .and_then(|()| endpoint.bind(addresses.fid(), 0))
                    .map_err(|r| domain.refused("bind the endpoint", r))?;
            }
            endpoint.enable().map_err(|r| domain.refused("enable the endpoint", r))?;
            // Only now: the shm provider of 1.17 reads a null pointer if it is set before.
            let many = attributes.get().caps & FI_MULTI_RECV != 0 && endpoint.set_least_room(message).is_ok();
            let (piece, count) = if many {
                ((config.receive_memory / WIDE).max(4 * message), WIDE)
            } else {
                (message, narrow(config, message, attributes.rx().size))
            };
            let mut receives = Receives::new(&domain, Some(&endpoint), piece, count, many, last_key)
                .map_err(|r| domain.refused("register receive buffers", r))?;
            post_all(&endpoint, &mut receives, &mut requests, None, count)
                .map_err(|r| domain.refused("post receive buffers", r))?;
            let name = endpoint.name().map_err(|r| domain.refused("learn the endpoint's address", r))?;
            (Road::Open { endpoint, addresses }, Some(receives), name)
        } else {
            let connections = Connections::open(&domain, &completions)?;
            let receives = match connections.shared() {
                Some(shared) => {
                    let count = narrow(config, message, attributes.rx().size);
                    let mut receives = Receives::new(&domain, None, message, count, false, last_key)
                        .map_err(|r| domain.refused("register receive buffers", r))?;
                    post_all(shared, &mut receives, &mut requests, None, count)
                        .map_err(|r| domain.refused("post receive buffers", r))?;
                    Some(receives)
                }
                None => None,
            };
            let name = connections.name().map_err(|r| domain.refused("learn the endpoint's address", r))?;
            (Road::Connected(Box::new(connections)), receives, name)
        };
        last_key += 1;
        Ok(Self { road, receives, requests, completions, domain, name, last_key })
    }
}

/// The longest frame over a provider. That of shared memory copies short messages to where the receiver finds them, and
/// lets it fetch longer ones from the sender: those would be lost if the sender left.
fn longest(domain: &Domain, config: &Config) -> usize {
    match domain.provider.as_str() {
        SHM => config.max_frame.min(domain.info.tx().inject_size.saturating_sub(PREFIX)).max(LEAST_FRAME),
        _ => config.max_frame,
    }
}

/// Whether `get` and `put` are used. The provider of shared memory never ends one that is refused (1.17).
fn accesses(domain: &Domain) -> bool {
    domain.info.get().caps & FI_RMA != 0 && domain.provider != SHM
}

/// How many buffers of one message each are posted.
pub(crate) fn narrow(config: &Config, message: usize, depth: usize) -> usize {
    (config.receive_memory / message).clamp(8, NARROW).min(depth.max(8))
}

/// Posts every buffer for the first time.
pub(crate) fn post_all(
    endpoint: &Endpoint,
    receives: &mut Receives,
    requests: &mut Requests,
    home: Option<u32>,
    count: usize,
) -> Result<(), Refusal> {
    for buffer in 0..count {
        let request = requests.begin(What::Receive { home, buffer: buffer as u32 });
        let piece = receives.piece(buffer);
        // SAFETY: the piece is used for this alone, and lives until after the endpoint; so does the request's slot.
        let posted = unsafe { endpoint.receive(piece, receives.many, requests.context(request)) };
        match posted {
            Ok(()) => receives.requests.push(request),
            Err(refusal) => {
                requests.end(request);
                // Fewer than were wished for serve as well.
                return if buffer >= 4 && refusal.again() { Ok(()) } else { Err(refusal) };
            }
        }
    }
    Ok(())
}

impl Ofi {
    /// The transport over an opened provider.
    pub(crate) fn over(
        opened: Opened,
        config: Config,
        keys: Keys,
        memory: &Arc<Memory>,
        passed_over: Vec<String>,
    ) -> Result<Self, StartError> {
        let Opened { road, receives, requests, completions, domain, name, last_key } = opened;
        let info = &domain.info;
        let pid = std::process::id();
        let connected = matches!(road, Road::Connected(_));
        let reach = Reach {
            host: Host::here()?,
            pid,
            started: start_time(pid).unwrap_or(0),
            connected,
            protocol: info.ep().protocol,
            format: info.get().addr_format,
            max_frame: longest(&domain, &config) as u32,
            window: config.window,
            provider: domain.provider.clone(),
            name,
        };
        let address = Address(reach.encode().map_err(|detail| StartError::Refused {
            provider: domain.provider.clone(),
            domain: domain.name.clone(),
            step: "publish the endpoint's address",
            detail,
        })?);
        let mut sleeper = Sleeper::new()?;
        sleeper.alarm(None);
        let mut queues = match completions.wait {
            Wait::Descriptor(descriptor) => vec![Some(descriptor)],
            Wait::List => Vec::new(),
            Wait::Nothing => vec![None],
        };
        if let Road::Connected(connections) = &road {
            queues.push(connections.descriptor());
        }
        // SAFETY: the queues live as long as this transport, in which the sleeper is too.
        let wakes = queues.into_iter().all(|fd| fd.is_some_and(|fd| unsafe { sleeper.add_queue(fd) }));
        let pins = domain.mr_mode(FI_MR_LOCAL) || domain.mr_mode(FI_MR_ALLOCATED);
        let limits = Limits { bytes: config.cache, entries: 4096 };
        let registrations = pins.then(|| Cache::new(memory, limits));
        let able = accesses(&domain) && registrations.as_ref().is_none_or(Cache::enabled);
        let from = able.then_some(config.rma_from);
        let caps = Caps {
            name: NAME,
            max_frame: longest(&domain, &config),
            inline: 0,
            eager_max: config.eager_max,
            get_from: from,
            put_from: from,
        };
        let order = info.tx().msg_order & info.rx().msg_order;
        Ok(Self {
            ordered: !connected && order & FI_ORDER_SAS != 0,
            inject: info.tx().inject_size.min(INJECT),
            depth: info.tx().size.clamp(16, DEPTH) as u32,
            caps,
            reach,
            address,
            passed_over,
            links: (0..keys.size).map(|rank| Link { lower: rank < keys.me, ..Link::default() }).collect(),
            road,
            receives,
            requests,
            pool: SendPool::new(longest(&domain, &config) + PREFIX, config.send_buffers),
            registrations,
            completions,
            last_key,
            sleeper,
            wakes,
            events: std::collections::VecDeque::new(),
            owing: Vec::new(),
            stuck: Vec::new(),
            ending: Vec::new(),
            closing: Vec::new(),
            parting: Vec::new(),
            active: Vec::new(),
            sending: 0,
            accesses: 0,
            strangers: 0,
            countdown: 0,
            next_probe: Instant::now() + config.keepalive,
            domain,
            config,
            keys,
        })
    }

    /// Why there is no remote memory access, in words.
    pub(crate) fn why_no_access(&self) -> String {
        if !accesses(&self.domain) {
            return "the provider has none that is fit for use".to_owned();
        }
        "user memory cannot be kept registered: its unmapping would not be noticed".to_owned()
    }
}
