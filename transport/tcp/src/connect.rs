//! From a socket to a proven connection: those that this rank dials, and those that come through the door.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use olympi_transport_api::{Address, Closed, ClosedKind, ConnectError, Peer};
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, sockopt};

use crate::address::Reach;
use crate::dial::{Advice, Dial};
use crate::handshake::{Handshake, Message, Step};
use crate::link::{Connection, Link};
use crate::listen::{ACCEPTS, Accepted, socket};
use crate::poll::{Event, Tag};
use crate::{NAME, Tcp, sys};

/// How many connections one rank may claim at once without having proven any; more than its addresses need.
const CLAIMS: usize = 8;

/// A connection that is not proven yet.
pub(crate) struct Nascent {
    fd: OwnedFd,
    remote: SocketAddr,
    /// Given up at this moment.
    pub(crate) deadline: Instant,
    stage: Stage,
}

enum Stage {
    /// The kernel is connecting to a peer's address.
    Connecting { peer: u32, candidate: usize },
    /// Dialled, and the hello is sent.
    Dialled { peer: u32, candidate: usize, handshake: Box<Handshake> },
    /// Accepted, and has not said who it is.
    Stranger { handshake: Box<Handshake> },
    /// Accepted, and has said so.
    Claimed { peer: u32, nonce: [u8; 32], handshake: Box<Handshake> },
}

impl Stage {
    fn peer(&self) -> Option<u32> {
        match *self {
            Self::Connecting { peer, .. } | Self::Dialled { peer, .. } | Self::Claimed { peer, .. } => {
                Some(peer)
            }
            Self::Stranger { .. } => None,
        }
    }

    fn attempt(&self) -> Option<(u32, usize)> {
        match *self {
            Self::Connecting { peer, candidate } | Self::Dialled { peer, candidate, .. } => {
                Some((peer, candidate))
            }
            _ => None,
        }
    }

    fn handshake(&mut self) -> Option<&mut Handshake> {
        match self {
            Self::Connecting { .. } => None,
            Self::Dialled { handshake, .. }
            | Self::Stranger { handshake }
            | Self::Claimed { handshake, .. } => Some(handshake),
        }
    }
}

/// Nascent connections by slot, and the order in which strangers came.
#[derive(Default)]
pub(crate) struct Nascents {
    slots: Vec<Option<Nascent>>,
    free: Vec<usize>,
    strangers: usize,
}

impl Nascents {
    fn insert(&mut self, nascent: Nascent) -> usize {
        self.strangers += usize::from(matches!(nascent.stage, Stage::Stranger { .. }));
        if let Some(slot) = self.free.pop() {
            self.slots[slot] = Some(nascent);
            return slot;
        }
        self.slots.push(Some(nascent));
        self.slots.len() - 1
    }

    fn remove(&mut self, slot: usize) -> Option<Nascent> {
        let nascent = self.slots.get_mut(slot)?.take()?;
        self.strangers -= usize::from(matches!(nascent.stage, Stage::Stranger { .. }));
        self.free.push(slot);
        Some(nascent)
    }

    fn get(&mut self, slot: usize) -> Option<&mut Nascent> {
        self.slots.get_mut(slot)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Nascent)> {
        self.slots.iter().enumerate().filter_map(|(i, n)| Some((i, n.as_ref()?)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// The slots of what `wanted` says yes to.
    fn slots(&self, wanted: impl Fn(&Nascent) -> bool) -> Vec<usize> {
        self.iter().filter(|(_, n)| wanted(n)).map(|(slot, _)| slot).collect()
    }
}

/// Why a nascent connection came to nothing.
struct Failure {
    reason: String,
    /// It says nothing about the address.
    soft: bool,
}

impl Tcp {
    /// Begins to dial, unless the peer was faster.
    pub(crate) fn begin(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let bad = |detail: &str| ConnectError::BadAddress { transport: NAME, peer, detail: detail.into() };
        if peer.0 >= self.keys.size || peer.0 == self.keys.me {
            return Err(bad("there is no such peer in this job"));
        }
        let reach = Reach::decode(&address.0).map_err(bad)?;
        if !matches!(self.links[peer.index()], Link::None) {
            return Ok(());
        }
        let candidates = reach.candidates(self.reach.host, &self.reach.addresses, self.config.family);
        if candidates.is_empty() {
            return Err(ConnectError::Unreachable {
                transport: NAME,
                peer,
                detail: "none of its addresses is of a family in use here and leads beyond its own host; \
                         see OLYMPI_TCP_FAMILY and OLYMPI_TCP_INTERFACES"
                    .into(),
            });
        }
        self.links[peer.index()] = Link::Dialling(Box::new(Dial::new(candidates, Instant::now())));
        self.dialling.push(peer.0);
        self.pursue(peer.0, Instant::now());
        Ok(())
    }

    /// Moves all dialling on, drops what took too long, and reopens a door that was shut.
    pub(crate) fn keep_time(&mut self, now: Instant) {
        for peer in self.dialling.clone() {
            self.pursue(peer, now);
        }
        for slot in self.nascents.slots(|n| n.deadline <= now) {
            self.fail(slot, Failure { reason: "no answer in time".into(), soft: true });
        }
        if self.listener.shut_until.is_some_and(|until| until <= now) {
            self.listener.shut_until = None;
            self.watch(self.listener.fd(), Tag::Door, EventFlags::IN);
        }
        if now >= self.next_sweep {
            self.sweep(now);
        }
    }

    /// The next moment at which [`keep_time`](Self::keep_time) has something to do.
    pub(crate) fn next_deadline(&mut self, now: Instant) -> Option<Instant> {
        let mut next = self.listener.shut_until;
        let mut sooner = |at: Instant| next = Some(next.map_or(at, |n| n.min(at)));
        self.nascents.iter().for_each(|(_, n)| sooner(n.deadline));
        if self.any_up {
            sooner(self.next_sweep);
        }
        if !self.dialling.is_empty() {
            // What is due now has been done by the polls before; a round's end is told within this.
            sooner(now + crate::dial::TICK);
        }
        next
    }

    /// Lets in what waits at the door, a few at a time.
    pub(crate) fn answer_door(&mut self) {
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Accepted::None => return,
                Accepted::Full => {
                    if !self.evict_stranger() {
                        let _ = rustix::event::epoll::delete(&self.epoll, self.listener.fd());
                        self.listener.shut(Instant::now());
                    }
                    return;
                }
                Accepted::One(fd, remote) => self.admit(fd, remote),
            }
        }
    }

    /// Something has happened to a nascent connection.
    pub(crate) fn advance(&mut self, slot: usize) {
        let Some(nascent) = self.nascents.get(slot) else { return };
        if let Stage::Connecting { peer, candidate } = nascent.stage {
            match sockopt::socket_error(&nascent.fd) {
                Ok(Ok(())) => {}
                Ok(Err(e)) | Err(e) => return self.fail(slot, refused(e)),
            }
            if net::getpeername(&nascent.fd).is_err() {
                return;
            }
            let Ok((handshake, hello)) = Handshake::dial(&self.keys, peer) else {
                return self.fail(slot, no_random());
            };
            nascent.stage = Stage::Dialled { peer, candidate, handshake: Box::new(handshake) };
            nascent.deadline = Instant::now() + self.config.answer_timeout;
            if !self.say(slot, &hello) {
                return;
            }
            let Some(nascent) = self.nascents.slots[slot].as_ref() else { return };
            self.rewatch(nascent.fd.as_fd(), Tag::Nascent(slot), EventFlags::IN);
        }
        self.listen_to(slot);
    }

    /// Reads what the other end has to say. Bounded: each message is read once, and nothing behind the last.
    fn listen_to(&mut self, slot: usize) {
        loop {
            let Some(nascent) = self.nascents.get(slot) else { return };
            let Some(handshake) = nascent.stage.handshake() else { return };
            let step = match sys::recv(nascent.fd.as_fd(), handshake.room()) {
                Ok(0) => return self.fail(slot, closed()),
                Ok(n) => handshake.filled(&self.keys, n),
                Err(Errno::AGAIN) => return,
                Err(e) => return self.fail(slot, Failure { reason: e.to_string(), soft: true }),
            };
            match step {
                None | Some(Ok(Step::Wait)) => {}
                Some(Err(e)) => return self.fail(slot, Failure { reason: e.to_string(), soft: false }),
                Some(Ok(Step::Reply(message))) => {
                    if !self.say(slot, &message) {
                        return;
                    }
                }
                Some(Ok(Step::Claimed { peer, nonce, reply })) => {
                    if !self.claim(slot, peer, nonce) || !self.say(slot, &reply) {
                        return;
                    }
                }
                Some(Ok(Step::Ready { peer, message })) => {
                    let wanted = matches!(self.links[peer as usize], Link::None | Link::Dialling(_));
                    if !wanted {
                        self.nascents.remove(slot);
                    } else if message.is_none_or(|m| self.say(slot, &m)) {
                        self.establish(slot, peer);
                    }
                    return;
                }
            }
        }
    }

    /// Sends a message of the handshake. A connection too young to take one is given up.
    fn say(&mut self, slot: usize, message: &Message) -> bool {
        let Some(nascent) = self.nascents.get(slot) else { return false };
        let bytes = message.bytes();
        match sys::send(nascent.fd.as_fd(), bytes) {
            Ok(n) if n == bytes.len() => true,
            Ok(_) => {
                self.fail(slot, Failure { reason: "it takes no bytes".into(), soft: true });
                false
            }
            Err(e) => {
                self.fail(slot, refused(e));
                false
            }
        }
    }

    /// A stranger has said that it is `peer`. Whether it may go on to prove it.
    fn claim(&mut self, slot: usize, peer: u32, nonce: [u8; 32]) -> bool {
        let same = |n: &Nascent| matches!(&n.stage, Stage::Claimed { nonce: held, .. } if *held == nonce);
        let replay = !self.nascents.slots(same).is_empty();
        let late = matches!(self.links[peer as usize], Link::Up(_) | Link::Gone);
        let Some(nascent) = self.nascents.remove(slot) else { return false };
        let Stage::Stranger { handshake } = nascent.stage else { return false };
        if replay || late {
            return false;
        }
        let claims =
            self.nascents.slots(|n| matches!(n.stage, Stage::Claimed { peer: other, .. } if other == peer));
        if claims.len() >= CLAIMS {
            let oldest = claims.into_iter().min_by_key(|&s| self.nascents.get(s).map(|n| n.deadline));
            oldest.and_then(|s| self.nascents.remove(s));
        }
        let stage = Stage::Claimed { peer, nonce, handshake };
        let deadline = Instant::now() + self.config.answer_timeout;
        // The slot just freed is the one given out again, so the descriptor's tag still fits.
        let again = self.nascents.insert_at(slot, Nascent { stage, deadline, ..nascent });
        debug_assert!(again);
        again
    }

    /// Both ends are proven and agree on this connection.
    fn establish(&mut self, slot: usize, peer: u32) {
        let Some(nascent) = self.nascents.remove(slot) else { return };
        for loser in self.nascents.slots(|n| n.stage.peer() == Some(peer)) {
            self.nascents.remove(loser);
        }
        let failures = match &self.links[peer as usize] {
            Link::Dialling(dial) => dial.failures(),
            _ => String::new(),
        };
        self.dialling.retain(|&p| p != peer);
        let dialled = nascent.stage.attempt().is_some();
        let connection =
            Connection::new(nascent.fd, nascent.remote, dialled, &failures, &self.interfaces, &self.config);
        tracing::debug!(peer, connection = connection.story(), "tcp: connected");
        self.rewatch(connection.fd(), Tag::Peer(peer), EventFlags::IN);
        self.links[peer as usize] = Link::Up(Box::new(connection));
        self.any_up = true;
        self.activate(peer);
    }

    /// A nascent connection has come to nothing.
    fn fail(&mut self, slot: usize, failure: Failure) {
        let Some(nascent) = self.nascents.remove(slot) else { return };
        let remote = nascent.remote;
        tracing::debug!(%remote, reason = failure.reason, "tcp: a connection was not proven");
        let Some((peer, candidate)) = nascent.stage.attempt() else { return };
        drop(nascent);
        let now = Instant::now();
        if let Link::Dialling(dial) = &mut self.links[peer as usize] {
            dial.failed(candidate, failure.reason, failure.soft, now);
        }
    }

    /// Tries a peer's next address, if it is time.
    fn pursue(&mut self, peer: u32, now: Instant) {
        // Every attempt may fail at once; each advice then moves on, and a new round waits.
        loop {
            let Link::Dialling(dial) = &mut self.links[peer as usize] else { return };
            match dial.advise(now, &self.config) {
                Advice::Wait(_) => return,
                Advice::GiveUp => return self.give_up(peer),
                Advice::Try(candidate, address) => self.attempt(peer, candidate, address, now),
            }
        }
    }

    fn attempt(&mut self, peer: u32, candidate: usize, remote: SocketAddr, now: Instant) {
        let family = if remote.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let made = socket(family).and_then(|fd| {
            self.tune(&fd);
            if self.is_here(&remote) {
                sys::control(fd.as_fd(), &self.config.local_congestion);
            }
            match net::connect(&fd, &remote) {
                Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(fd),
                Err(e) => Err(e),
            }
        });
        match made {
            Ok(fd) => {
                let stage = Stage::Connecting { peer, candidate };
                let deadline = now + self.config.connect_timeout;
                let slot = self.nascents.insert(Nascent { fd, remote, deadline, stage });
                let Some(nascent) = self.nascents.slots[slot].as_ref() else { return };
                self.watch(nascent.fd.as_fd(), Tag::Nascent(slot), EventFlags::OUT);
            }
            Err(e) => {
                let Failure { reason, soft } = refused(e);
                if let Link::Dialling(dial) = &mut self.links[peer as usize] {
                    dial.failed(candidate, reason, soft, now);
                }
            }
        }
    }

    fn give_up(&mut self, peer: u32) {
        let link = std::mem::replace(&mut self.links[peer as usize], Link::Gone);
        self.dialling.retain(|&p| p != peer);
        let Link::Dialling(dial) = link else { return };
        let detail = format!(
            "cannot connect to it: {}. Check that it still runs, that no firewall stands between the hosts, and \
             that OLYMPI_TCP_INTERFACES names interfaces that both share",
            dial.failures()
        );
        for slot in self.nascents.slots(|n| n.stage.peer() == Some(peer)) {
            self.nascents.remove(slot);
        }
        let closed = Closed { transport: NAME, peer: Peer(peer), kind: ClosedKind::Unreachable, detail };
        self.events.push_back(Event::Closed(closed));
    }

    /// Takes a stranger in; the oldest has to go if there are too many.
    fn admit(&mut self, fd: OwnedFd, remote: SocketAddr) {
        if self.nascents.strangers >= self.config.strangers {
            self.evict_stranger();
        }
        self.tune(&fd);
        // The listener has given it the local one.
        if !self.is_here(&remote) {
            sys::control(fd.as_fd(), self.listener.congestion());
        }
        let stage = Stage::Stranger { handshake: Box::new(Handshake::accept()) };
        let deadline = Instant::now() + self.config.proof_timeout;
        let slot = self.nascents.insert(Nascent { fd, remote, deadline, stage });
        let Some(nascent) = self.nascents.slots[slot].as_ref() else { return };
        self.watch(nascent.fd.as_fd(), Tag::Nascent(slot), EventFlags::IN);
        // Its hello has mostly come with it.
        self.listen_to(slot);
    }

    /// Closes the stranger that came first. Whether there was one.
    fn evict_stranger(&mut self) -> bool {
        let strangers = self.nascents.iter().filter(|(_, n)| matches!(n.stage, Stage::Stranger { .. }));
        let oldest = strangers.min_by_key(|(_, n)| n.deadline).map(|(slot, _)| slot);
        oldest.and_then(|slot| self.nascents.remove(slot)).is_some()
    }

    /// Whether an address is one of this host's.
    fn is_here(&self, remote: &SocketAddr) -> bool {
        let ip = remote.ip().to_canonical();
        ip.is_loopback() || self.interfaces.iter().any(|interface| interface.address == ip)
    }

    /// What every connection wants; where the kernel refuses, it is slower but works.
    fn tune(&self, fd: &OwnedFd) {
        let _ = sockopt::set_tcp_nodelay(fd, true);
        if self.config.socket_buffer > 0 {
            let _ = sockopt::set_socket_send_buffer_size(fd, self.config.socket_buffer);
            let _ = sockopt::set_socket_recv_buffer_size(fd, self.config.socket_buffer);
        }
    }
}

impl Nascents {
    /// Puts a nascent back into a slot that has just been freed.
    fn insert_at(&mut self, slot: usize, nascent: Nascent) -> bool {
        let Some(index) = self.free.iter().rposition(|&s| s == slot) else { return false };
        self.free.swap_remove(index);
        self.strangers += usize::from(matches!(nascent.stage, Stage::Stranger { .. }));
        self.slots[slot] = Some(nascent);
        true
    }
}

/// An error of connecting. Those of this process, and of a busy network, say nothing about the address.
fn refused(e: Errno) -> Failure {
    let soft = matches!(
        e,
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::CONNRESET | Errno::PIPE
    );
    Failure { reason: e.to_string(), soft }
}

fn closed() -> Failure {
    // The peer may just have chosen another connection, or have had no room.
    Failure { reason: "the other end closed the connection before it was proven".into(), soft: true }
}

fn no_random() -> Failure {
    Failure { reason: "the system gave no random bytes for the proof".into(), soft: true }
}
