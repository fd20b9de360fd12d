//! Peers: how they are reached, how their claims are checked, how they end.

use olympi_transport_api::{
    Address, Closed, ClosedKind, ConnectError, OpToken, Peer, Post, RecvBuf, RemoteKey,
};

use crate::address::Whereabouts;
use crate::calibrate::NEVER;
use crate::cma::{Get, Remote};
use crate::config::{Config, GetMode};
use crate::receive::In;
use crate::segment::{CLAIMED, Claim, Header, PeerSegment};
use crate::send::Out;
use crate::sync::Ordering;
use crate::watch::{Unwatched, Watched};
use crate::{GETS, NAME, Shm};

/// What is known of a peer, whoever of the two made contact first.
#[derive(Debug)]
pub(crate) struct Link {
    remote: Remote,
    /// Why its memory cannot be read, if it cannot.
    no_get: Option<String>,
    /// The number of its area here, once it has claimed one.
    pub(crate) area: Option<u16>,
    /// Nothing more is heard from it or said to it.
    pub(crate) over: bool,
    watched: Option<Watched>,
}

impl Link {
    /// Ends the watch; from now on nothing of this peer matters.
    pub(crate) fn close(&mut self) {
        self.over = true;
        self.area = None;
        self.watched = None;
    }
}

impl Shm {
    /// Finds out whether `get` works at all, and lets peers read this process's memory.
    pub(crate) fn prepare_get(&mut self) {
        let own = self.segment.whereabouts();
        let from = match self.config.get {
            GetMode::Never => {
                self.no_get = Some("OLYMPI_SHM_GET=never".to_owned());
                return;
            }
            GetMode::From(from) => from,
            GetMode::Auto => self.calibration.from(),
        };
        // Where Yama restricts tracing to ancestors, a process may lift that for itself.
        let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
        if scope.is_ok_and(|scope| scope.trim() == "1") {
            let _ = rustix::process::set_ptracer(rustix::process::PTracer::Any);
        }
        let header = self.segment.header();
        let witness = &raw const header.nonce as u64;
        match (Remote { pid: own.pid, witness, nonce: own.nonce }).probe() {
            Ok(()) => self.caps.get_from = Some(from),
            Err(why) => self.refuse_get(why),
        }
    }

    /// Does without `get` from now on.
    fn refuse_get(&mut self, why: String) {
        tracing::info!(rank = self.me.0, %why, "shm: long messages go by frames, without process_vm_readv");
        self.caps.get_from = None;
        self.no_get.get_or_insert(why);
    }

    /// [`Transport::connect`](olympi_transport_api::Transport::connect).
    pub(crate) fn connect_to(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let unreachable = |detail| ConnectError::Unreachable { transport: NAME, peer, detail };
        let to = Whereabouts::decode(address).map_err(|detail| ConnectError::BadAddress {
            transport: NAME,
            peer,
            detail,
        })?;
        match self.outs.get(peer.index()) {
            None => return Err(unreachable(format!("it does not lie in this job of {}", self.outs.len()))),
            Some(Some(_)) => return Err(unreachable("it is connected already".to_owned())),
            Some(None) => {}
        }
        if let Some(link) = &self.links[peer.index()] {
            if link.over {
                return Err(unreachable("it is gone already".to_owned()));
            }
            if (link.remote.pid, link.remote.nonce) != (to.pid, to.nonce) {
                return Err(unreachable("another process has sent here under its number".to_owned()));
            }
        }
        let (segment, area) = PeerSegment::claim(&self.segment, to).map_err(unreachable)?;
        if self.links[peer.index()].is_none() {
            let home = segment.header().home;
            self.meet(peer, to.pid, to.started, to.nonce, home).map_err(|unwatched| {
                unreachable(match unwatched {
                    Unwatched::Ended => format!("its process {} has ended", to.pid),
                    Unwatched::Refused(why) => why,
                })
            })?;
        }
        let out = Out::open(&self.segment, self.me.0, segment, area, &self.config);
        self.outs[peer.index()] = Some(Box::new(out));
        Ok(())
    }

    /// First contact with a peer's process.
    fn meet(&mut self, peer: Peer, pid: u32, started: u64, nonce: u64, home: u64) -> Result<(), Unwatched> {
        let watched = self.watch.add(peer, pid, started)?;
        let offset = core::mem::offset_of!(Header, nonce) as u64;
        let remote = Remote { pid, witness: home.wrapping_add(offset), nonce };
        let mut no_get = None;
        if self.caps.get_from.is_some()
            && let Err(why) = remote.probe()
        {
            self.refuse_get(format!("{peer}: {why}"));
            no_get = Some(why);
        }
        let link = Link { remote, no_get, area: None, over: false, watched: Some(watched) };
        self.links[peer.index()] = Some(Box::new(link));
        Ok(())
    }

    /// The doorbell rang for an area: a new claim, a ring that has become active, or one whose peer has left.
    #[cold]
    pub(crate) fn look_at(&mut self, index: usize) {
        if index >= self.segment.claimed() {
            return;
        }
        if self.ins.len() <= index {
            self.ins.resize_with(index + 1, || None);
        }
        if self.ins[index].is_none() {
            self.open_ring(index);
        }
        if let Some(ring) = &mut self.ins[index] {
            let left = ring.area.control().claim.state.load(Ordering::Acquire) != CLAIMED;
            let peer = ring.peer;
            self.heat(index);
            if left {
                self.end(peer, ClosedKind::Died, "its process has left the job".to_owned());
            }
        }
    }

    /// Looks at a ring in each poll from now on.
    pub(crate) fn heat(&mut self, index: usize) {
        if let Some(ring) = &mut self.ins[index]
            && !core::mem::replace(&mut ring.hot, true)
        {
            #[allow(clippy::cast_possible_truncation)] // at most 1024 areas
            self.hot.push(index as u16);
        }
    }

    /// Opens the reading end of a claimed area, if the claim makes sense. A claim that does not is ignored:
    /// whoever made it is not a peer, and the peer whose number it used must not suffer.
    fn open_ring(&mut self, index: usize) {
        let rank = self.me.0;
        let ignore = |why: &str| tracing::warn!(rank, index, why, "shm: ignoring a claim");
        let area = match self.segment.area(index) {
            Ok(area) => area,
            Err(error) => return ignore(&format!("cannot map it: {error}")),
        };
        let claim: *const Claim = &raw const area.control().claim;
        // SAFETY: the claim is mapped. It may change under our eyes if its writer is hostile, so each field is
        // read once, and only after `state` says that it is complete.
        let (state, number, pid, started, nonce, home) = unsafe {
            let state = (*claim).state.load(Ordering::Acquire);
            (
                state,
                (&raw const (*claim).peer).read_volatile(),
                (&raw const (*claim).pid).read_volatile(),
                (&raw const (*claim).started).read_volatile(),
                (&raw const (*claim).nonce).read_volatile(),
                (&raw const (*claim).home).read_volatile(),
            )
        };
        if state == 0 {
            return ignore("it is not complete");
        }
        let peer = Peer(number);
        match self.links.get(peer.index()) {
            None => return ignore("its number lies outside the job"),
            Some(Some(link)) if link.over => return ignore("its peer is gone"),
            Some(Some(link)) if link.area.is_some() => return ignore("its peer has a ring already"),
            Some(Some(link)) if (link.remote.pid, link.remote.nonce) != (pid, nonce) => {
                return ignore("it comes from another process than its number's");
            }
            Some(Some(_)) => {}
            Some(None) => match self.meet(peer, pid, started, nonce, home) {
                Ok(()) => {}
                Err(Unwatched::Ended) => {
                    let remote = Remote { pid, witness: home, nonce };
                    let link = Link { remote, no_get: None, area: None, over: false, watched: None };
                    self.links[peer.index()] = Some(Box::new(link));
                    self.end(peer, ClosedKind::Died, format!("its process {pid} has ended"));
                }
                Err(Unwatched::Refused(why)) => return ignore(&why),
            },
        }
        if let Some(link) = &mut self.links[peer.index()] {
            #[allow(clippy::cast_possible_truncation)] // at most 1024 areas
            let number = index as u16;
            link.area = Some(number);
            self.ins[index] = Some(Box::new(In::new(area, peer, &self.config)));
            self.hot.push(number);
        }
    }

    /// The endpoint to a peer is to be closed: at once towards the peer, and as soon as all that the peer has
    /// sent is told, towards the caller.
    #[cold]
    pub(crate) fn end(&mut self, peer: Peer, kind: ClosedKind, detail: String) {
        let Some(Some(link)) = self.links.get(peer.index()) else { return };
        if link.over || self.ending.iter().any(|closed| closed.peer == peer) {
            return;
        }
        if let Some(area) = link.area {
            self.heat(usize::from(area));
        }
        if let Some(mut out) = self.outs[peer.index()].take() {
            out.leave();
        }
        self.ending.push(Closed { transport: NAME, peer, kind, detail });
        self.chores = true;
    }

    /// A peer has told a position that cannot be.
    #[cold]
    pub(crate) fn bad_credit(&mut self, peer: Peer) -> Post {
        self.end(peer, ClosedKind::Malformed, "it gave back slots that it never had".to_owned());
        Post::Closed
    }

    /// Notices peers whose process has ended or that have left.
    #[cold]
    pub(crate) fn look_for_the_dead(&mut self) {
        let mut dead = Vec::new();
        self.watch.ended(|peer| dead.push(peer));
        for peer in dead {
            // Whatever it wrote last lies in its ring; the doorbell tells of a ring that was never opened.
            self.answer_doorbell();
            let pid = self.links[peer.index()].as_ref().map_or(0, |link| link.remote.pid);
            self.end(peer, ClosedKind::Died, format!("its process {pid} has ended"));
        }
        for index in 0..self.outs.len() {
            let left = |out: &Out| out.segment.header().left.load(Ordering::Acquire) != 0;
            if self.outs[index].as_deref().is_some_and(left) {
                self.answer_doorbell();
                #[allow(clippy::cast_possible_truncation)] // numbers of peers fit
                self.end(Peer(index as u32), ClosedKind::Died, "its process has left the job".to_owned());
            }
        }
    }

    /// [`Transport::get`](olympi_transport_api::Transport::get).
    pub(crate) fn begin_get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        let Some(Some(link)) = self.links.get(from.index()) else { return Post::Closed };
        if link.over || self.ending.iter().any(|closed| closed.peer == from) {
            return Post::Closed;
        }
        if self.gets.len() >= GETS {
            return Post::Busy;
        }
        let mut get = Get::new(from, op, link.remote, into, key);
        if let Some(why) = self.no_get.as_ref().or(link.no_get.as_ref()) {
            get.doom(why.clone());
        }
        self.gets.push_back(get);
        self.chores = true;
        Post::Accepted
    }

    /// [`Transport::describe`](olympi_transport_api::Transport::describe).
    pub(crate) fn describe_link(&self, peer: Peer) -> String {
        let Config { slots, frame, window, .. } = self.config;
        let how = match self.links.get(peer.index()) {
            Some(Some(link)) if link.over => format!("{peer}, process {}, is gone; ", link.remote.pid),
            Some(Some(_)) => String::new(),
            _ => format!("no contact to {peer} yet; "),
        };
        let get = match (self.caps.get_from, &self.no_get) {
            (Some(NEVER), _) => "frames at any length, unless process_vm_readv proves quicker".to_owned(),
            (Some(from), _) => format!("process_vm_readv from {from} bytes on"),
            (None, Some(why)) => format!("no process_vm_readv: {why}"),
            (None, None) => "no process_vm_readv".to_owned(),
        };
        format!(
            "{NAME}: {how}ring of {slots} x 32 bytes, frames of {frame} bytes through a window of \
             {window}, eager up to {} bytes, {get}",
            self.caps.eager_max
        )
    }
}
