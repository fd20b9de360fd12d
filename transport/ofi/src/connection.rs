//! Connected endpoints (`FI_EP_MSG`): mostly one connection for a pair of ranks, made by whichever is asked first.
//!
//! Where both have begun at the same time there are two, and no tie is to be broken: messages are numbered, so they may
//! take either way, and both ends prefer the connection that the lower rank has made. Whoever wants to connect shows by the private data of the request that it is a rank of this job.

use std::sync::Arc;
use std::time::Instant;

use olympi_transport_api::{ClosedKind, Peer};

use crate::Ofi;
use crate::buffers::Receives;
use crate::domain::Domain;
use crate::endpoint::{Endpoint, Passive};
use crate::error::StartError;
use crate::ffi::{FI_SHARED_CONTEXT, fid};
use crate::info::{Info, Refusal};
use crate::link::Link;
use crate::queue::{Completions, ConnectionEvent, Events};
use crate::road::{Road, narrow, post_all};
use crate::wire::{KNOCK, PREFIX};

/// How many events of connections are handled in one look.
const EVENTS: usize = 32;
/// Receive buffers of one connection, where endpoints cannot share them.
const OWN_RECEIVES: usize = 16;

/// All connections of this rank.
pub(crate) struct Connections {
    // Endpoints are closed before what they are bound to.
    list: Vec<Option<Connection>>,
    passive: Passive,
    shared: Option<Endpoint>,
    events: Events,
}

/// One of them.
struct Connection {
    endpoint: Endpoint,
    /// Its own receive buffers, where endpoints do not share them.
    receives: Option<Receives>,
    peer: u32,
    up: bool,
    /// When it is given up if it does not stand.
    until: Instant,
}

impl Connections {
    /// Listens.
    pub(crate) fn open(domain: &Arc<Domain>, completions: &Completions) -> Result<Self, StartError> {
        let events =
            Events::open(domain).map_err(|r| domain.refused("open a queue for events of connections", r))?;
        let shared = if domain.info.ep().rx_ctx_cnt == FI_SHARED_CONTEXT {
            let shared = Endpoint::shared_receives(domain)
                .map_err(|r| domain.refused("open a pool of shared receive buffers", r))?;
            // Some bind its completions through the endpoints alone.
            // SAFETY: the queue is closed after it, here and in `Ofi`.
            let _ = unsafe { shared.complete_to(completions) };
            let _ = shared.enable();
            Some(shared)
        } else {
            None
        };
        let passive = Passive::open(domain).map_err(|r| domain.refused("open a passive endpoint", r))?;
        let room = passive.private_room();
        if room < KNOCK {
            let detail = format!("private data of {KNOCK} bytes are needed, and {room} may be");
            let (provider, name) = (domain.provider.clone(), domain.name.clone());
            return Err(StartError::Refused { provider, domain: name, step: "connect", detail });
        }
        // SAFETY: the queue is closed after it.
        unsafe { passive.listen(&events) }.map_err(|r| domain.refused("listen", r))?;
        Ok(Self { list: Vec::new(), passive, shared, events })
    }

    pub(crate) fn shared(&self) -> Option<&Endpoint> {
        self.shared.as_ref()
    }

    pub(crate) fn name(&self) -> Result<Vec<u8>, Refusal> {
        self.passive.name()
    }

    /// What wakes a sleeper when something happens to a connection.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        self.events.descriptor
    }

    pub(crate) fn events(&self) -> *mut fid {
        self.events.fid()
    }

    fn get(&self, number: u32) -> Option<&Connection> {
        self.list.get(number as usize)?.as_ref()
    }

    pub(crate) fn endpoint(&self, number: u32) -> Option<&Endpoint> {
        self.get(number).map(|connection| &connection.endpoint)
    }

    pub(crate) fn receives(&self, number: u32) -> Option<&Receives> {
        self.get(number)?.receives.as_ref()
    }

    /// The connection to post to for a peer.
    #[inline]
    pub(crate) fn way(&self, link: &Link) -> Option<&Endpoint> {
        let (first, second) = if link.lower { (link.theirs, link.ours) } else { (link.ours, link.theirs) };
        self.up(first).or_else(|| self.up(second))
    }

    /// The endpoint of a connection that stands.
    #[inline]
    fn up(&self, number: Option<u32>) -> Option<&Endpoint> {
        let connection = self.get(number?)?;
        connection.up.then_some(&connection.endpoint)
    }

    /// Whether a connection is being made.
    pub(crate) fn connecting(&self) -> bool {
        self.list.iter().flatten().any(|connection| !connection.up)
    }

    fn of_endpoint(&mut self, endpoint: *mut fid) -> Option<&mut Connection> {
        self.list.iter_mut().flatten().find(|connection| connection.endpoint.fid() == endpoint)
    }
}

impl Ofi {
    /// Begins to make our connection to a peer.
    pub(crate) fn dial(&mut self, rank: u32) -> Result<(), String> {
        if !matches!(self.road, Road::Connected(_)) || self.links[rank as usize].theirs.is_some() {
            return Ok(());
        }
        let Some(name) = self.links[rank as usize].reach.as_ref().map(|reach| reach.name.clone()) else {
            return Err("its address is not known".to_owned());
        };
        let words = |this: &Self, what: &str, refusal: Refusal| {
            let domain = &this.domain;
            format!(
                "provider {} on {}: cannot {what}: {}",
                domain.provider,
                domain.name,
                domain.library.words(refusal.0)
            )
        };
        let info = self.domain.info.towards(&name).ok_or("memory has run out")?;
        let number = self.new_connection(&info, rank).map_err(|r| words(self, "open an endpoint", r))?;
        let knock = self.keys.knock(rank);
        let Road::Connected(connections) = &self.road else { return Ok(()) };
        let Some(endpoint) = connections.endpoint(number) else { return Ok(()) };
        if let Err(refusal) = endpoint.connect(&name, &knock) {
            let detail = words(self, "connect", refusal);
            self.drop_connection(number);
            return Err(detail);
        }
        self.links[rank as usize].ours = Some(number);
        Ok(())
    }

    /// Opens an endpoint for a connection with a peer, with all that it needs.
    fn new_connection(&mut self, info: &Info, peer: u32) -> Result<u32, Refusal> {
        let Road::Connected(connections) = &mut self.road else {
            return Err(Refusal(-i64::from(libc::ENOSYS)));
        };
        let endpoint = Endpoint::open(&self.domain, info)?;
        let number = connections.list.iter().position(Option::is_none).unwrap_or(connections.list.len());
        // SAFETY: both queues, and the shared receives, are closed after the endpoints.
        unsafe {
            endpoint.bind(connections.events.fid(), 0)?;
            endpoint.complete_to(&self.completions)?;
            if let Some(shared) = &connections.shared {
                endpoint.bind(shared.fid(), 0)?;
            }
        }
        endpoint.enable()?;
        let receives = if connections.shared.is_some() {
            None
        } else {
            let message = self.caps.max_frame + PREFIX;
            let count = narrow(&self.config, message, self.domain.info.rx().size).min(OWN_RECEIVES);
            self.last_key += 1;
            let mut receives = Receives::new(&self.domain, None, message, count, false, self.last_key)?;
            post_all(&endpoint, &mut receives, &mut self.requests, Some(number as u32), count)?;
            Some(receives)
        };
        let until = Instant::now() + self.config.connect_timeout;
        let connection = Some(Connection { endpoint, receives, peer, up: false, until });
        match connections.list.get_mut(number) {
            Some(place) => *place = connection,
            None => connections.list.push(connection),
        }
        Ok(number as u32)
    }

    /// Handles what has happened to connections.
    pub(crate) fn attend(&mut self) {
        for _ in 0..EVENTS {
            let Road::Connected(connections) = &mut self.road else { return };
            match connections.events.next() {
                None => return,
                Some(ConnectionEvent::Request { info, data }) => self.answer_door(&info, &data),
                Some(ConnectionEvent::Connected { endpoint }) => {
                    if let Some(connection) = connections.of_endpoint(endpoint) {
                        connection.up = true;
                    }
                }
                Some(ConnectionEvent::Shutdown { endpoint }) => {
                    let Some(connection) = connections.of_endpoint(endpoint) else { continue };
                    let peer = connection.peer;
                    self.expect_end(peer, ClosedKind::Died, "it has closed its connection".to_owned());
                }
                Some(ConnectionEvent::Failed { endpoint, detail }) => {
                    let Some(connection) = connections.of_endpoint(endpoint) else { continue };
                    let (peer, up) = (connection.peer, connection.up);
                    let (kind, what) = if up {
                        (ClosedKind::Fabric, "its connection failed")
                    } else {
                        (ClosedKind::Unreachable, "no connection could be made")
                    };
                    self.expect_end(peer, kind, format!("{what}: {detail}"));
                }
            }
        }
    }

    /// Somebody wants to connect.
    fn answer_door(&mut self, request: &Info, data: &[u8]) {
        let rank = self.keys.who_knocks(data);
        let welcome = rank.filter(|&rank| {
            let link = &self.links[rank as usize];
            link.open() && link.theirs.is_none()
        });
        let Some(rank) = welcome else {
            self.strangers += u64::from(rank.is_none());
            tracing::debug!(?rank, "ofi: a connection was refused");
            if let Road::Connected(connections) = &self.road {
                connections.passive.reject(request);
            }
            return;
        };
        let accepted = self.new_connection(request, rank).and_then(|number| {
            self.links[rank as usize].theirs = Some(number);
            let Road::Connected(connections) = &self.road else { return Ok(()) };
            connections.endpoint(number).map_or(Ok(()), Endpoint::accept)
        });
        if let Err(refusal) = accepted {
            let detail =
                format!("its connection could not be accepted: {}", self.domain.library.words(refusal.0));
            self.expect_end(rank, ClosedKind::Fabric, detail);
        }
    }

    /// Gives up connections that take too long.
    pub(crate) fn check_connecting(&mut self, now: Instant) {
        let Road::Connected(connections) = &self.road else { return };
        let late: Vec<u32> =
            connections.list.iter().flatten().filter(|c| !c.up && now >= c.until).map(|c| c.peer).collect();
        for rank in late {
            let seconds = self.config.connect_timeout.as_secs_f32();
            let detail = format!("{} has not answered a connection for {seconds} s", Peer(rank));
            self.expect_end(rank, ClosedKind::Unreachable, detail);
        }
    }

    /// Closes a peer's connections. The provider then accesses nothing any more that was under way on them.
    pub(crate) fn hang_up(&mut self, rank: u32) {
        let link = &mut self.links[rank as usize];
        for number in [link.ours.take(), link.theirs.take()].into_iter().flatten() {
            self.drop_connection(number);
        }
        self.retire(rank);
    }

    fn drop_connection(&mut self, number: u32) {
        let Road::Connected(connections) = &mut self.road else { return };
        let Some(connection) = connections.list.get_mut(number as usize).and_then(Option::take) else {
            return;
        };
        connection.endpoint.shut_down();
        let Connection { endpoint, receives, .. } = connection;
        drop(endpoint);
        for request in receives.iter().flat_map(|r| &r.requests) {
            self.requests.retire(*request);
        }
    }
}
