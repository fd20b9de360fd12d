//! Progress: owns the transports and their engines, polls them in turn, and waits.

use std::time::Duration;

use olympi_protocol::{Accepted, ArrivalId, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent};
use olympi_shm::Shm;
use olympi_sim::{Loopback, SimTransport};
use olympi_tcp::Tcp;
use olympi_transport_api::{Address, Closed, Envelope, Peer, RecvBuf, SendBuf, Transport, Wake, WakeBy};

use crate::address::Addresses;
use crate::falling::Fallen;
use crate::lane::Lane;
use crate::nap::On;
use crate::opening::Opening;
use crate::rhythm::Rhythm;
use crate::route::{Route, Routes};
use crate::{Config, Kind, LookupError, Nap, Patience, StartError, cpus};

/// Longest sleep while something waits for room in a transport, which no arrival announces.
const BACKLOG_NAP: Duration = Duration::from_micros(100);

/// Who this process is in its job.
#[derive(Clone)]
pub struct Membership {
    /// This process.
    pub me: Peer,
    /// How many processes there are.
    pub size: u32,
    /// What only the job's processes know: connections are proven by it.
    pub secret: [u8; 32],
}

/// Where the addresses of peers are found.
pub trait Directory: Send {
    /// What `peer` published of [`Progress::address`]. Asked at first contact, at most once a peer; it may wait until
    /// the peer has published.
    ///
    /// # Errors
    /// If there is no such address to be had.
    fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError>;
}

/// All communication of this process.
///
/// ```
/// use olympi_transport::{Config, Directory, LookupError, Membership, Peer, Progress};
///
/// struct NoOneElse;
/// impl Directory for NoOneElse {
///     fn address(&mut self, peer: Peer) -> Result<Vec<u8>, LookupError> {
///         Err(LookupError { peer, detail: "this process is alone".to_owned() })
///     }
/// }
///
/// let alone = Membership { me: Peer(0), size: 1, secret: [0; 32] };
/// let mut progress = Progress::start(alone, Config::default(), Box::new(NoOneElse))?;
/// assert_eq!(progress.describe(Peer(0)).transport, Some("self"));
/// # Ok::<(), olympi_transport::StartError>(())
/// ```
pub struct Progress {
    // The engines' lanes are numbered as the kinds are.
    pub(crate) shm: Option<Lane<Shm>>,
    pub(crate) routes: Routes,
    pub(crate) fallen: Fallen,
    /// There is something to poll in `own` or `sim`.
    others_used: bool,
    rhythm: Rhythm,
    pub(crate) tcp: Option<Lane<Tcp>>,
    pub(crate) own: Lane<Loopback>,
    /// Only in tests; then it is the only way to others.
    pub(crate) sim: Option<Box<Lane<SimTransport>>>,
    patience: Patience,
}

impl Progress {
    /// Starts the transports that may be needed. Peers are looked up in `directory` when they are first spoken to.
    ///
    /// # Errors
    /// [`StartError`], which names what did not start or which setting leaves nothing.
    pub fn start(
        membership: Membership,
        config: Config,
        directory: Box<dyn Directory>,
    ) -> Result<Self, StartError> {
        let Membership { me, size, secret } = membership;
        let allowed = &config.transports;
        let mut opening = Opening { me, config: &config, absent: Vec::new(), failed: Vec::new() };
        let (mut shm, mut tcp) = (None, None);
        let crowded =
            config.oversubscribed.unwrap_or_else(|| config.local_size.is_some_and(cpus::too_few_for));
        if size > 1 {
            if !allowed.allows(Kind::Shm) && !allowed.allows(Kind::Tcp) {
                return Err(StartError::Nothing { setting: allowed.text(), me });
            }
            shm = opening.open(Kind::Shm, || {
                let config = olympi_shm::Config { sleepy: crowded, ..config.shm.clone() };
                Shm::new(config, me, size).map_err(|error| error.to_string())
            })?;
            if shm.is_some() && config.local_size == Some(size) && !allowed.names(Kind::Tcp) {
                if allowed.allows(Kind::Tcp) {
                    opening.absent(Kind::Tcp, "all ranks are on this host, where shared memory works");
                } else {
                    opening.absent(Kind::Tcp, &format!("excluded by {}", allowed.text()));
                }
            } else {
                tcp = opening.open(Kind::Tcp, || {
                    Tcp::new(config.tcp.clone(), me, size, secret).map_err(|error| error.to_string())
                })?;
            }
            if shm.is_none() && tcp.is_none() {
                return Err(StartError::Transports { me, detail: opening.failed.join("; ") });
            }
        } else {
            opening.absent(Kind::Shm, "the job has one rank");
            opening.absent(Kind::Tcp, "the job has one rank");
        }
        let absent = opening.absent;
        let there = |kind: &Kind| match kind {
            Kind::Own => true,
            Kind::Shm => shm.is_some(),
            Kind::Tcp => tcp.is_some(),
            Kind::Sim => false,
        };
        let order: Vec<Kind> = allowed.order().iter().copied().filter(there).collect();
        let lanes = Kind::ALL.iter().filter(|kind| there(kind)).fold(0, |bits, kind| bits | kind.bit());
        let thresholds = config.thresholds;
        Ok(Self {
            shm: shm.map(|shm| Lane::new(Kind::Shm, shm, thresholds)),
            routes: Routes::new(me, size, order, absent, directory),
            fallen: Fallen { lanes, ..Fallen::default() },
            others_used: false,
            rhythm: Rhythm::new(config.tcp_poll_every),
            tcp: tcp.map(|tcp| Lane::new(Kind::Tcp, tcp, thresholds)),
            own: Lane::new(Kind::Own, Loopback::new(me), thresholds),
            sim: None,
            patience: Patience { spin: if crowded { Duration::ZERO } else { config.spin } },
        })
    }

    /// For tests: all communication goes over a rank's transport in a simulated network, and to itself.
    ///
    /// # Panics
    /// If `transport` is not that of the rank `me`.
    pub fn over(
        membership: Membership,
        config: Config,
        directory: Box<dyn Directory>,
        transport: SimTransport,
    ) -> Self {
        let Membership { me, size, .. } = membership;
        assert_eq!(transport.rank(), me.index(), "each rank has a transport of its own");
        let (own, sim) = (Loopback::new(me), Box::new(Lane::new(Kind::Sim, transport, config.thresholds)));
        Self {
            shm: None,
            routes: Routes::new(me, size, vec![Kind::Own, Kind::Sim], Vec::new(), directory),
            fallen: Fallen { lanes: Kind::Own.bit() | Kind::Sim.bit(), ..Fallen::default() },
            others_used: true,
            rhythm: Rhythm::new(config.tcp_poll_every),
            tcp: None,
            own: Lane::new(Kind::Own, own, config.thresholds),
            sim: Some(sim),
            patience: Patience {
                spin: if config.oversubscribed == Some(true) { Duration::ZERO } else { config.spin },
            },
        }
    }

    /// What peers need to reach this process; to be published. At most some 450 bytes.
    pub fn address(&self) -> Vec<u8> {
        self.addresses().encode()
    }

    /// Sends the message `buf` with this envelope, whose `len` is that of `buf`. The first message to a peer makes the
    /// endpoint, and looks the peer up.
    ///
    /// # Errors
    /// [`SendError::PeerGone`] at once, if the peer is known to be gone or turns out not to be reachable. Then the
    /// buffer is free, and [`Inbox::sent`] is not called.
    #[inline]
    pub fn send(
        &mut self,
        to: Peer,
        envelope: &Envelope,
        mode: Mode,
        buf: SendBuf,
        id: SendId,
    ) -> Result<Sent, SendError> {
        if self.routes.of(to) == Route::Over(Kind::Shm)
            && let Some(lane) = &mut self.shm
        {
            return lane.send(to, envelope, mode, buf, id);
        }
        self.send_otherwise(to, envelope, mode, buf, id)
    }

    #[inline(never)]
    fn send_otherwise(
        &mut self,
        to: Peer,
        envelope: &Envelope,
        mode: Mode,
        buf: SendBuf,
        id: SendId,
    ) -> Result<Sent, SendError> {
        let kind = match self.routes.of(to) {
            Route::Over(kind) => kind,
            Route::Unknown => self.route(to).map_err(SendError::PeerGone)?,
        };
        match (kind, &mut self.shm, &mut self.tcp, &mut self.sim) {
            (Kind::Shm, Some(lane), ..) => lane.send(to, envelope, mode, buf, id),
            (Kind::Tcp, _, Some(lane), _) => {
                self.rhythm.soon();
                lane.send(to, envelope, mode, buf, id)
            }
            (Kind::Sim, .., Some(lane)) => lane.send(to, envelope, mode, buf, id),
            // A route never leads over what is not there.
            _ => self.own.send(to, envelope, mode, buf, id),
        }
    }

    /// Takes an unexpected message into `buf`. If that is shorter than the message, what does not fit is dropped.
    ///
    /// # Errors
    /// [`RecvError::PeerGone`], if the peer went away before the message was whole. The message is consumed.
    ///
    /// # Panics
    /// If `arrival` is not a message that [`Inbox::arrive`] left here.
    #[inline]
    pub fn accept(&mut self, arrival: ArrivalId, recv: RecvId, buf: RecvBuf) -> Result<Accepted, RecvError> {
        if arrival.lane().number() == Kind::Shm as u8
            && let Some(lane) = &mut self.shm
        {
            return lane.engine.accept(&mut lane.transport, arrival, recv, buf);
        }
        if arrival.lane().number() == Kind::Tcp as u8
            && let Some(lane) = &mut self.tcp
        {
            self.rhythm.soon();
            return lane.engine.accept(&mut lane.transport, arrival, recv, buf);
        }
        self.accept_otherwise(arrival, recv, buf)
    }

    #[inline(never)]
    fn accept_otherwise(
        &mut self,
        arrival: ArrivalId,
        recv: RecvId,
        buf: RecvBuf,
    ) -> Result<Accepted, RecvError> {
        if arrival.lane().number() == Kind::Sim as u8
            && let Some(lane) = &mut self.sim
        {
            return lane.engine.accept(&mut lane.transport, arrival, recv, buf);
        }
        self.own.engine.accept(&mut self.own.transport, arrival, recv, buf)
    }

    /// Drops an unexpected message that nobody will receive. A sender that waits for the receive is told:
    /// [`SendError::Unreceived`].
    ///
    /// # Panics
    /// As [`Progress::accept`].
    pub fn discard(&mut self, arrival: ArrivalId) {
        match (arrival.lane().number(), &mut self.shm, &mut self.tcp, &mut self.sim) {
            (lane, Some(shm), ..) if lane == Kind::Shm as u8 => {
                shm.engine.discard(&mut shm.transport, arrival);
            }
            (lane, _, Some(tcp), _) if lane == Kind::Tcp as u8 => {
                tcp.engine.discard(&mut tcp.transport, arrival);
            }
            (lane, .., Some(sim)) if lane == Kind::Sim as u8 => {
                sim.engine.discard(&mut sim.transport, arrival);
            }
            _ => self.own.engine.discard(&mut self.own.transport, arrival),
        }
    }

    /// Moves everything on, and tells `inbox` what has happened. Returns how much did; 0: nothing.
    ///
    /// Shared memory is polled each time. TCP is, too, where it is the only one or has something to say; else it waits
    /// its turn, for to ask the kernel takes longer than a message through shared memory.
    #[inline]
    pub fn poll<I: Inbox>(&mut self, inbox: &mut I) -> usize {
        let mut events = 0;
        let mut estranged = false;
        if let Some(lane) = &mut self.shm {
            events += lane.poll(inbox, &mut self.fallen);
            estranged |= lane.engine.estranged();
        }
        if let Some(lane) = &mut self.tcp
            && (self.shm.is_none() || self.rhythm.due(events))
        {
            let brought = lane.poll(inbox, &mut self.fallen);
            self.rhythm.polled(brought, lane.engine.backlogged());
            events += brought;
            estranged |= lane.engine.estranged();
        }
        if self.others_used {
            events += self.poll_others(inbox, &mut estranged);
        }
        if estranged || self.fallen.news {
            events += self.chores(inbox);
        }
        events
    }

    #[inline(never)]
    fn poll_others<I: Inbox>(&mut self, inbox: &mut I, estranged: &mut bool) -> usize {
        let own = self.own.poll(inbox, &mut self.fallen);
        let Some(lane) = &mut self.sim else { return own };
        let events = lane.poll(inbox, &mut self.fallen);
        *estranged |= lane.engine.estranged();
        own + events
    }

    /// Endpoints to be made, and peers that are gone.
    #[cold]
    fn chores<I: Inbox>(&mut self, inbox: &mut I) -> usize {
        while let Some(peer) = self.shm.as_mut().and_then(|lane| lane.engine.stranger()) {
            self.answer_over(Kind::Shm, peer);
        }
        while let Some(peer) = self.tcp.as_mut().and_then(|lane| lane.engine.stranger()) {
            self.answer_over(Kind::Tcp, peer);
        }
        while let Some(peer) = self.sim.as_mut().and_then(|lane| lane.engine.stranger()) {
            self.answer_over(Kind::Sim, peer);
        }
        let mut told = 0;
        while std::mem::take(&mut self.fallen.news) {
            for at in 0..self.fallen.peers.len() {
                let falling = &mut self.fallen.peers[at];
                if !std::mem::replace(&mut falling.spread, true) {
                    let (closed, lanes) = (falling.closed.clone(), falling.lanes);
                    self.end(&closed, lanes, inbox);
                }
            }
            self.fallen.peers.retain(|falling| {
                if falling.lanes == 0 {
                    inbox.closed(&falling.closed);
                    told += 1;
                }
                falling.lanes != 0
            });
        }
        // What the new endpoints were made for goes out with the next poll: it is not yet time to sleep.
        told + 1
    }

    /// Ends everything with a peer in these lanes.
    fn end<I: Inbox>(&mut self, closed: &Closed, lanes: u8, inbox: &mut I) {
        if lanes & Kind::Own.bit() != 0 {
            self.own.close(closed.clone(), inbox, &mut self.fallen);
        }
        if lanes & Kind::Shm.bit() != 0
            && let Some(lane) = &mut self.shm
        {
            lane.close(closed.clone(), inbox, &mut self.fallen);
        }
        if lanes & Kind::Tcp.bit() != 0
            && let Some(lane) = &mut self.tcp
        {
            lane.close(closed.clone(), inbox, &mut self.fallen);
        }
        if lanes & Kind::Sim.bit() != 0
            && let Some(lane) = &mut self.sim
        {
            lane.close(closed.clone(), inbox, &mut self.fallen);
        }
    }

    /// Prepares for sleep, after polls that brought nothing. `None`: do not sleep, poll; then there is nothing to
    /// disarm.
    pub fn arm(&mut self) -> Option<Nap> {
        let engines = [
            self.shm.as_ref().map(|lane| &lane.engine),
            self.tcp.as_ref().map(|lane| &lane.engine),
            self.sim.as_ref().map(|lane| &lane.engine),
        ];
        let estranged = engines.iter().flatten().any(|engine| engine.estranged());
        if estranged || self.fallen.news || !self.own.transport.drained() || self.own.engine.backlogged() {
            return None;
        }
        let backlogged = engines.iter().flatten().any(|engine| engine.backlogged());
        let by = if self.shm.is_some() && self.tcp.is_some() { WakeBy::Descriptor } else { WakeBy::Any };
        let wakes = [
            match (&mut self.tcp, &mut self.sim) {
                (Some(lane), _) => lane.arm(by),
                (None, Some(lane)) => lane.arm(by),
                (None, None) => Wake::Never,
            },
            self.shm.as_mut().map_or(Wake::Never, |lane| lane.arm(by)),
        ];
        let on = match wakes {
            [Wake::Never, Wake::Never] => Some(On::Nothing),
            [Wake::Never, Wake::Word { address, expected }]
            | [Wake::Word { address, expected }, Wake::Never] => Some(On::Word { address, expected }),
            [Wake::Descriptor(fd), Wake::Never] | [Wake::Never, Wake::Descriptor(fd)] => {
                Some(On::Descriptors([fd, -1]))
            }
            [Wake::Descriptor(a), Wake::Descriptor(b)] => Some(On::Descriptors([a, b])),
            // Something is there. Or a transport was asked for a descriptor and has none, so that it cannot be waited
            // for beside another.
            [Wake::Pending | Wake::Word { .. }, _] | [_, Wake::Pending | Wake::Word { .. }] => None,
        };
        let Some(on) = on else {
            // What is there is to be found by the next poll.
            self.disarm();
            return None;
        };
        Some(Nap { on, limit: if backlogged { BACKLOG_NAP } else { Duration::MAX } })
    }

    /// After a nap, or one that was thought better of.
    pub fn disarm(&mut self) {
        if let Some(lane) = &mut self.shm {
            lane.transport.disarm();
        }
        if let Some(lane) = &mut self.tcp {
            lane.transport.disarm();
            self.rhythm.soon();
        }
        if let Some(lane) = &mut self.sim {
            lane.transport.disarm();
        }
    }

    /// Whether all that was sent has left this process and no transfer is open, so that it may exit without loss.
    pub fn drained(&self) -> bool {
        self.own.drained()
            && self.shm.as_ref().is_none_or(Lane::drained)
            && self.tcp.as_ref().is_none_or(Lane::drained)
            && self.sim.as_ref().is_none_or(|lane| lane.drained())
            && !self.fallen.news
    }

    /// How long to poll before sleeping.
    #[inline]
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    pub(crate) fn addresses(&self) -> Addresses {
        let mut addresses = Addresses::default();
        addresses.add(Kind::Own, self.own.transport.address());
        if let Some(lane) = &self.shm {
            addresses.add(Kind::Shm, lane.transport.address());
        }
        if let Some(lane) = &self.tcp {
            addresses.add(Kind::Tcp, lane.transport.address());
        }
        if let Some(lane) = &self.sim {
            addresses.add(Kind::Sim, lane.transport.address());
        }
        addresses
    }

    /// Makes the endpoint to a peer over a transport; else the reason in words.
    pub(crate) fn connect(&mut self, kind: Kind, peer: Peer, address: &Address) -> Result<(), String> {
        let absent = || Err("it is not there".to_owned());
        match kind {
            Kind::Own => {
                self.others_used = true;
                self.own.connect(peer, address)
            }
            Kind::Shm => self.shm.as_mut().map_or_else(absent, |lane| lane.connect(peer, address)),
            Kind::Tcp => self.tcp.as_mut().map_or_else(absent, |lane| lane.connect(peer, address)),
            Kind::Sim => self.sim.as_mut().map_or_else(absent, |lane| lane.connect(peer, address)),
        }
    }
}

/// Threads may take turns with it.
const _: () = {
    const fn may_be_sent<T: Send>() {}
    may_be_sent::<Progress>();
};
