//! How a connection comes to be: each side makes a queue pair and tells the other of it in datagrams.
//!
//! Whoever wants to send asks (`Request`); the other joins the queue pair that it is told of and answers with its own
//! (`Reply`); the first joins, and says so (`Ready`). What is lost is sent again. If both ask at once, both join and both
//! reply: there is one queue pair a side, whoever asks, so nothing is to be decided. A frame of the peer says the same as
//! its `Ready`.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use olympi_transport_api::{Address, Closed, ClosedKind, ConnectError, Peer};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};

use crate::address::{Datagram, Kind, Process, Reach};
use crate::link::{Connection, Link, Making, Stage};
use crate::owner::{Ah, QpNeeds};
use crate::{NAME, Told, Verbs};

/// The first repetition of what is not answered, and the longest time to a later one.
const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// The process has ended.
struct Ended;

impl Verbs {
    pub(crate) fn begin(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let unreachable = |detail| ConnectError::Unreachable { transport: NAME, peer, detail };
        let reach = Reach::decode(&address.0).map_err(|detail| ConnectError::BadAddress {
            transport: NAME,
            peer,
            detail,
        })?;
        if peer.0 >= self.size {
            return Err(unreachable(format!("there are {} ranks in this job, counted from 0", self.size)));
        }
        if !matches!(self.links[peer.index()], Link::None) {
            return Ok(());
        }
        if let Some(reason) = &self.failed {
            return Err(unreachable(reason.clone()));
        }
        self.make(peer, reach).map_err(unreachable)?;
        self.ask_again(peer, Instant::now());
        Ok(())
    }

    /// Makes our side of a connection.
    fn make(&mut self, peer: Peer, reach: Reach) -> Result<(), String> {
        let port = &self.port;
        let of = |what: String| format!("{} port {}: {what}", port.device, port.number);
        if reach.ethernet != port.ethernet {
            let kind = |ethernet| if ethernet { "Ethernet" } else { "InfiniBand" };
            return Err(of(format!(
                "it is {}, and the peer's {}",
                kind(port.ethernet),
                kind(reach.ethernet)
            )));
        }
        let way = Ah::new(&port.pd, &port.way_to(reach.lid, &reach.gid, &self.config))
            .map_err(|why| of(format!("no way to the GID {}: {why}", std::net::Ipv6Addr::from(reach.gid))))?;
        self.receives.grant(self.config.window).map_err(of)?;
        let needs = QpNeeds {
            pd: Arc::clone(&port.pd),
            send_cq: Arc::clone(&self.send_cq),
            recv_cq: Arc::clone(&self.recv_cq),
            srq: Some(Arc::clone(&self.srq)),
        };
        let making =
            Making { port, config: &self.config, needs, inline: self.inline as u32, words: &self.words };
        let made = Connection::new(making, peer.0, reach, Arc::new(way), Instant::now());
        let mut link = match made {
            Ok(link) => link,
            Err(why) => {
                self.receives.withdraw(self.config.window);
                return Err(of(why));
            }
        };
        match self.watch(peer, &reach.process) {
            Ok(watch) => link.watch = watch,
            Err(Ended) => self.leaving.push((peer, "its process has ended".to_owned())),
        }
        self.by_qpn.insert(link.qp.number(), peer.0);
        self.links[peer.index()] = Link::There(Box::new(link));
        self.connecting.push(peer.0);
        self.any = true;
        Ok(())
    }

    /// Watches a peer's process, if it is on this host.
    fn watch(&self, peer: Peer, process: &Process) -> Result<Option<OwnedFd>, Ended> {
        let here = &self.reach.process;
        if (process.boot, process.namespace) != (here.boot, here.namespace) || process.pid == here.pid {
            return Ok(None);
        }
        let number = i32::try_from(process.pid).ok().and_then(Pid::from_raw).ok_or(Ended)?;
        let pidfd = match rustix::process::pidfd_open(number, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(Errno::SRCH) => return Err(Ended),
            Err(error) => {
                tracing::debug!(%error, %peer, "verbs: its process cannot be watched; the fabric will tell");
                return Ok(None);
            }
        };
        // The descriptor names one process for good; its start time tells whether it is the one that was meant.
        if Process::started(process.pid) != Some(process.started) {
            return Err(Ended);
        }
        let data = EventData::new_u64(u64::from(peer.0));
        Ok(epoll::add(&self.epoll, &pidfd, data, EventFlags::IN).is_ok().then_some(pidfd))
    }

    fn datagram(&self, peer: Peer, kind: Kind) -> Option<(Arc<Ah>, u32, Datagram)> {
        let Some(Link::There(link)) = self.links.get(peer.index()) else { return None };
        let datagram = Datagram {
            kind,
            from: self.me.0,
            to: peer.0,
            to_nonce: link.reach.nonce,
            reach: self.reach,
            qpn: link.qp.number(),
            psn: link.psn,
            mtu: self.port.mtu,
            rd_atomic: self.port.rd_atomic,
            frame: self.config.frame as u32,
            credits: self.config.window,
            word: self.words.address(peer.0),
            word_key: link.word_rkey(),
        };
        Some((Arc::clone(&link.way), link.reach.qpn, datagram))
    }

    /// Sends a datagram over a connection that is there.
    pub(crate) fn tell(&mut self, peer: Peer, kind: Kind) {
        if let Some((way, qpn, datagram)) = self.datagram(peer, kind) {
            self.datagrams.send(&way, qpn, &datagram, &self.secret);
        }
    }

    /// Sends what was not answered again, at growing intervals.
    fn ask_again(&mut self, peer: Peer, now: Instant) {
        let Some(Link::There(link)) = self.links.get_mut(peer.index()) else { return };
        if now < link.next_try {
            return;
        }
        let kind = match link.stage {
            Stage::Asking => Kind::Request,
            Stage::Answering => Kind::Reply,
            Stage::Up => return,
        };
        if now.duration_since(link.asked) > self.config.answer_timeout {
            let detail = format!(
                "it has not answered for {} s (OLYMPI_VERBS_ANSWER_TIMEOUT_MS); our GID {}, its GID {}",
                self.config.answer_timeout.as_secs(),
                std::net::Ipv6Addr::from(self.port.gid),
                std::net::Ipv6Addr::from(link.reach.gid),
            );
            self.close(peer, ClosedKind::Unreachable, detail);
            return;
        }
        let wait = FIRST * (1 << link.tries.min(6));
        link.tries += 1;
        link.next_try = now + wait.min(LONGEST);
        self.tell(peer, kind);
    }

    /// Looks after all connections that come to be.
    pub(crate) fn ask_all_again(&mut self, now: Instant) {
        for peer in std::mem::take(&mut self.connecting) {
            self.ask_again(Peer(peer), now);
            if matches!(&self.links[peer as usize], Link::There(link) if link.stage != Stage::Up) {
                self.connecting.push(peer);
            }
        }
    }

    /// Takes the datagrams that have come. Returns whether there were any.
    pub(crate) fn hear_datagrams(&mut self) -> bool {
        let mut any = false;
        while let Some(datagram) = self.datagrams.next(&self.secret) {
            any = true;
            self.hear(&datagram);
        }
        any
    }

    fn hear(&mut self, datagram: &Datagram) {
        let peer = Peer(datagram.from);
        if datagram.to != self.me.0
            || datagram.to_nonce != self.reach.nonce
            || peer.0 >= self.size
            || peer == self.me
        {
            return;
        }
        if datagram.kind == Kind::Request {
            match self.links[peer.index()] {
                Link::None => {
                    if let Err(why) = self.make(peer, datagram.reach) {
                        self.links[peer.index()] = Link::Gone;
                        let detail = format!("it cannot be answered: {why}");
                        let kind = ClosedKind::Unreachable;
                        self.events.push_back(Told::Closed(Closed { transport: NAME, peer, kind, detail }));
                        self.refuse(datagram);
                        return;
                    }
                }
                // It asks again, since it has not heard.
                Link::Gone => return self.refuse(datagram),
                Link::There(_) => {}
            }
        }
        let Some(Link::There(link)) = self.links.get_mut(peer.index()) else { return };
        // Of an earlier process behind the same rank.
        if link.reach.nonce != datagram.reach.nonce {
            return;
        }
        if datagram.kind == Kind::Bye {
            self.leaving.push((peer, "it has left, or ended".to_owned()));
            return;
        }
        if datagram.kind == Kind::Refuse {
            let detail = "it cannot make a connection to us, and says itself why".to_owned();
            self.close(peer, ClosedKind::Unreachable, detail);
            return;
        }
        if link.stage == Stage::Asking
            && matches!(datagram.kind, Kind::Request | Kind::Reply)
            && let Err(why) = link.join(&self.port, &self.config, datagram)
        {
            let detail = format!("{} port {}: {why}", self.port.device, self.port.number);
            self.close(peer, ClosedKind::Unreachable, detail);
            return;
        }
        match datagram.kind {
            Kind::Request => {
                link.next_try = Instant::now() + FIRST;
                self.tell(peer, Kind::Reply);
            }
            Kind::Reply => {
                link.stage = Stage::Up;
                self.tell(peer, Kind::Ready);
            }
            Kind::Ready if link.stage == Stage::Answering => link.stage = Stage::Up,
            Kind::Ready | Kind::Bye | Kind::Refuse => {}
        }
    }

    /// Tells who asks that there is no answer, as far as it can be reached at all.
    fn refuse(&mut self, asked: &Datagram) {
        let way = self.port.way_to(asked.reach.lid, &asked.reach.gid, &self.config);
        let Ok(way) = Ah::new(&self.port.pd, &way) else { return };
        let refusal = Datagram {
            kind: Kind::Refuse,
            from: asked.to,
            to: asked.from,
            to_nonce: asked.reach.nonce,
            reach: self.reach,
            ..*asked
        };
        self.datagrams.send(&Arc::new(way), asked.reach.qpn, &refusal, &self.secret);
    }

    /// Tells every peer that we leave, and waits a moment until that is on its way.
    pub(crate) fn say_bye(&mut self) {
        if self.failed.is_some() {
            return;
        }
        let until = Instant::now() + Duration::from_millis(100);
        for peer in 0..self.size {
            if matches!(self.links[peer as usize], Link::There(_)) {
                self.tell(Peer(peer), Kind::Bye);
                while !self.datagrams.drained() && Instant::now() < until {
                    self.datagrams.next(&self.secret);
                }
            }
        }
    }
}
