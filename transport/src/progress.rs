//! Progress: owns the transports and their engines, polls them in turn, and waits.

use std::sync::Arc;
use std::time::Duration;

use olympi_protocol::{Accepted, ArrivalId, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent};
use olympi_registration::Memory;
use olympi_shm::Shm;
use olympi_sim::{Loopback, SimTransport};
use olympi_transport_api::{Address, Envelope, Peer, RecvBuf, SendBuf, Transport};

use crate::address::Addresses;
use crate::falling::Fallen;
use crate::lane::Lane;
use crate::lanes::{Lanes, with_lane};
use crate::opening::Opening;
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
    pub(crate) lanes: Lanes,
    pub(crate) routes: Routes,
    pub(crate) fallen: Fallen,
    /// There is something to poll besides shared memory and this process itself.
    far: bool,
    /// This process sends to itself.
    own_used: bool,
    patience: Patience,
    memory: Arc<Memory>,
    notices: Vec<String>,
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
        let crowded =
            config.oversubscribed.unwrap_or_else(|| config.local_size.is_some_and(cpus::too_few_for));
        let memory = Memory::with(config.registration);
        let mut opening =
            Opening { me, size, secret, crowded, config: &config, absent: Vec::new(), failed: Vec::new() };
        let lanes = opening.lanes(&memory)?;
        let notices = opening.notices(&lanes);
        let absent = opening.absent;
        let order = config.transports.order().iter().copied().filter(|kind| lanes.has(*kind)).collect();
        Ok(Self {
            routes: Routes::new(me, size, order, absent, directory),
            fallen: Fallen { lanes: lanes.bits(), ..Fallen::default() },
            far: lanes.far(),
            own_used: false,
            patience: Patience { spin: if crowded { Duration::ZERO } else { config.spin } },
            memory,
            notices,
            lanes,
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
        let lanes = Lanes {
            shm: None,
            verbs: None,
            ofi: None,
            tcp: None,
            own: Lane::new(Kind::Own, Loopback::new(me), config.thresholds),
            sim: Some(Box::new(Lane::new(Kind::Sim, transport, config.thresholds))),
        };
        Self {
            routes: Routes::new(me, size, vec![Kind::Own, Kind::Sim], Vec::new(), directory),
            fallen: Fallen { lanes: lanes.bits(), ..Fallen::default() },
            far: true,
            own_used: true,
            patience: Patience {
                spin: if config.oversubscribed == Some(true) { Duration::ZERO } else { config.spin },
            },
            memory: Memory::with(config.registration),
            notices: Vec::new(),
            lanes,
        }
    }

    /// Shared memory, in which the ranks of this host do collectives together; `None`: it is not in use.
    pub fn shared_memory(&self) -> Option<&Shm> {
        self.lanes.shm.as_ref().map(|lane| &lane.transport)
    }

    /// Memory that stays registered with the devices of this process, and the watch over what users register.
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// What a person should know without having asked: hardware that is there and not used, and why.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// What peers need to reach this process; to be published. At most some 600 bytes.
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
            && let Some(lane) = &mut self.lanes.shm
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
        // A route never leads over what is not there.
        let sent = with_lane!(self.lanes, kind, lane => {
            lane.rhythm.soon();
            lane.send(to, envelope, mode, buf, id)
        });
        sent.unwrap_or_else(|| unreachable!("the route to {to} leads over {kind}, which is not there"))
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
            && let Some(lane) = &mut self.lanes.shm
        {
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
        let accepted = Kind::numbered(arrival.lane().number()).and_then(|kind| {
            with_lane!(self.lanes, kind, lane => {
                lane.rhythm.soon();
                lane.engine.accept(&mut lane.transport, arrival, recv, buf)
            })
        });
        accepted.unwrap_or_else(|| unreachable!("{arrival:?} came over no lane of this process"))
    }

    /// Drops an unexpected message that nobody will receive. A sender that waits for the receive is told:
    /// [`SendError::Unreceived`].
    ///
    /// # Panics
    /// As [`Progress::accept`].
    pub fn discard(&mut self, arrival: ArrivalId) {
        if let Some(kind) = Kind::numbered(arrival.lane().number()) {
            with_lane!(self.lanes, kind, lane => lane.engine.discard(&mut lane.transport, arrival));
        }
    }

    /// Moves everything on, and tells `inbox` what has happened. Returns how much did; 0: nothing.
    ///
    /// Shared memory is polled each time. The others are, too, where nothing is quicker or where they have something to
    /// say; else they wait their turn, for to ask the kernel takes longer than a message through shared memory.
    #[inline]
    pub fn poll<I: Inbox>(&mut self, inbox: &mut I) -> usize {
        let mut events = 0;
        let mut estranged = false;
        if let Some(lane) = &mut self.lanes.shm {
            events += lane.poll(inbox, &mut self.fallen);
            estranged |= lane.engine.estranged();
        }
        if self.far {
            let (told, strangers) = self.lanes.poll_far(events, inbox, &mut self.fallen);
            events += told;
            estranged |= strangers;
        }
        if self.own_used {
            events += self.lanes.own.poll(inbox, &mut self.fallen);
        }
        if estranged || self.fallen.news {
            events += self.chores(inbox);
        }
        events
    }

    /// Endpoints to be made, and peers that are gone.
    #[cold]
    fn chores<I: Inbox>(&mut self, inbox: &mut I) -> usize {
        while let Some((kind, peer)) = self.lanes.stranger() {
            self.answer_over(kind, peer);
        }
        let mut told = 0;
        while std::mem::take(&mut self.fallen.news) {
            for at in 0..self.fallen.peers.len() {
                let falling = &mut self.fallen.peers[at];
                if !std::mem::replace(&mut falling.spread, true) {
                    let (closed, lanes) = (falling.closed.clone(), falling.lanes);
                    self.lanes.end(&closed, lanes, inbox, &mut self.fallen);
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

    /// Prepares for sleep, after polls that brought nothing. `None`: do not sleep, poll; then there is nothing to
    /// disarm.
    pub fn arm(&mut self) -> Option<Nap> {
        let (estranged, backlogged) = self.lanes.restless();
        let own = &self.lanes.own;
        if estranged || self.fallen.news || !own.transport.drained() || own.engine.backlogged() {
            return None;
        }
        let Some(on) = self.lanes.arm() else {
            // What is there is to be found by the next poll.
            self.disarm();
            return None;
        };
        Some(Nap { on, limit: if backlogged { BACKLOG_NAP } else { Duration::MAX } })
    }

    /// After a nap, or one that was thought better of.
    pub fn disarm(&mut self) {
        self.lanes.disarm();
    }

    /// Whether all that was sent has left this process and no transfer is open, so that it may exit without loss.
    pub fn drained(&self) -> bool {
        self.lanes.drained() && !self.fallen.news
    }

    /// How many bytes are kept of messages that nobody has asked for, with some beside each; what waits at its sender does not count.
    pub fn unexpected_bytes(&self) -> usize {
        self.lanes.unexpected_bytes()
    }

    /// How long to poll before sleeping.
    #[inline]
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    pub(crate) fn addresses(&self) -> Addresses {
        let lanes = &self.lanes;
        let mut addresses = Addresses::default();
        addresses.add(Kind::Own, lanes.own.transport.address());
        let others = [
            (Kind::Shm, lanes.shm.as_ref().map(|lane| lane.transport.address())),
            (Kind::Verbs, lanes.verbs.as_ref().map(|lane| lane.transport.address())),
            (Kind::Ofi, lanes.ofi.as_ref().map(|lane| lane.transport.address())),
            (Kind::Tcp, lanes.tcp.as_ref().map(|lane| lane.transport.address())),
            (Kind::Sim, lanes.sim.as_ref().map(|lane| lane.transport.address())),
        ];
        for (kind, address) in others {
            if let Some(address) = address {
                addresses.add(kind, address);
            }
        }
        addresses
    }

    /// Makes the endpoint to a peer over a transport; else the reason in words.
    pub(crate) fn connect(&mut self, kind: Kind, peer: Peer, address: &Address) -> Result<(), String> {
        self.own_used |= kind == Kind::Own;
        let made = with_lane!(self.lanes, kind, lane => {
            lane.rhythm.soon();
            lane.connect(peer, address)
        });
        made.unwrap_or_else(|| Err("it is not there".to_owned()))
    }
}

/// Threads may take turns with it.
const _: () = {
    const fn may_be_sent<T: Send>() {}
    may_be_sent::<Progress>();
};
