//! The end of a peer, and of this transport.

use std::sync::Arc;
use std::time::{Duration, Instant};

use olympi_transport_api::{Closed, ClosedKind, Peer, Post, RmaError};

use crate::buffers::What;
use crate::ffi::{FI_ENOKEY, FI_ETRUNC};
use crate::link::Phase;
use crate::poll::Event;
use crate::road::{Road, SHM};
use crate::sleep::Unwatched;
use crate::wire::Kind;
use crate::{NAME, Ofi};

/// How long closing waits between two looks.
const PAUSE: Duration = Duration::from_micros(100);
/// How long a peer to which nothing was ever sent is tried to be told goodbye.
const BRIEFLY: Duration = Duration::from_millis(20);
/// A process of this host that has broken off is seen to have ended within this time, if it has.
const GRACE: Duration = Duration::from_millis(100);
/// Probes to a silent peer become rarer after so many.
const EAGER_PROBES: u32 = 8;

/// A peer whose end was noticed outside of its messages.
pub(crate) struct Ending {
    rank: u32,
    kind: ClosedKind,
    detail: String,
    /// So long its process may take to be seen to have ended.
    until: Instant,
}

impl Ofi {
    /// A peer is gone: posts to it are refused from now on. It is told once what was under way to it has ended.
    #[cold]
    pub(crate) fn lose(&mut self, rank: u32, kind: ClosedKind, detail: &str) {
        let link = &mut self.links[rank as usize];
        if !link.open() {
            return;
        }
        let detail = format!("provider {} on {}: {detail}", self.domain.provider, self.domain.name);
        let closed = Closed { transport: NAME, peer: Peer(rank), kind, detail };
        tracing::debug!(%closed, "ofi: a peer is gone");
        let until = Instant::now() + self.config.linger;
        if !link.left {
            // It may live; then it should know.
            link.farewell = Some(until);
            self.parting.push((rank, until));
        }
        let link = &mut self.links[rank as usize];
        link.phase = Phase::Closing(Box::new((closed, until)));
        link.watched = None;
        link.early.clear();
        self.sending -= link.sending;
        self.active.retain(|&r| r != rank);
        self.closing.push(rank);
        if let Road::Connected(_) = self.road {
            self.hang_up(rank);
        }
        if self.links[rank as usize].accesses == 0 {
            self.conclude(rank);
        }
    }

    /// Nothing is under way any more to a peer that is gone.
    pub(crate) fn conclude(&mut self, rank: u32) {
        let link = &mut self.links[rank as usize];
        if let Phase::Closing(end) = std::mem::replace(&mut link.phase, Phase::Gone) {
            self.events.push_back(Event::Closed(end.0));
        }
        self.closing.retain(|&r| r != rank);
    }

    /// Tells peers that were given up, and may live, that they are. What cannot be said in time is left unsaid.
    #[cold]
    pub(crate) fn say_farewell(&mut self) {
        let now = Instant::now();
        for (rank, until) in std::mem::take(&mut self.parting) {
            if now < until && self.part(rank) == Post::Busy {
                self.parting.push((rank, until));
            }
        }
    }

    /// An operation to a peer has failed: what that says of the peer.
    #[cold]
    pub(crate) fn notice(&mut self, rank: u32, error: i32, detail: &str) {
        // A refused access may be the fault of its key alone. Everything else that failed was lost.
        let harmless =
            [libc::EACCES, libc::EPERM, libc::EFAULT, libc::EINVAL, libc::EKEYREJECTED, FI_ENOKEY, FI_ETRUNC];
        if harmless.contains(&error) {
            return;
        }
        let gone = [
            libc::ECONNRESET,
            libc::ECONNREFUSED,
            libc::ECONNABORTED,
            libc::ENOTCONN,
            libc::ESHUTDOWN,
            libc::EPIPE,
            libc::EHOSTDOWN,
            // What was under way on a connection that broke.
            libc::ECANCELED,
        ];
        let kind = if gone.contains(&error) { ClosedKind::Died } else { ClosedKind::Fabric };
        self.expect_end(rank, kind, format!("an operation to it failed: {detail}"));
    }

    /// Ends a peer once what it sent before has been read.
    #[cold]
    pub(crate) fn expect_end(&mut self, rank: u32, kind: ClosedKind, detail: String) {
        let known = self.ending.iter().any(|ending| ending.rank == rank);
        if !known && self.links[rank as usize].open() {
            let until = Instant::now() + GRACE;
            self.ending.push(Ending { rank, kind, detail, until });
        }
    }

    /// All that has come has been read.
    #[cold]
    pub(crate) fn end_all(&mut self) {
        // That its process has ended says more than what failed because of it.
        for rank in self.sleeper.ended() {
            self.ending.retain(|ending| ending.rank != rank);
            self.process_ended(rank);
        }
        let now = Instant::now();
        for ending in std::mem::take(&mut self.ending) {
            if self.links[ending.rank as usize].watched.is_some() && now < ending.until {
                // A connection breaks a moment before its process is gone.
                self.ending.push(ending);
                continue;
            }
            let Ending { rank, kind, detail, .. } = ending;
            self.lose(rank, kind, &detail);
        }
    }

    /// Begins to watch a process of this host.
    pub(crate) fn watch(&mut self, rank: u32, pid: u32, started: u64) {
        match self.sleeper.watch(rank, pid, started) {
            Ok(watched) => self.links[rank as usize].watched = Some(watched),
            Err(Unwatched::Ended) => self.process_ended(rank),
            // Its end shows in what fails.
            Err(Unwatched::Refused(error)) => tracing::debug!(%error, rank, "ofi: a process is not watched"),
        }
    }

    pub(crate) fn process_ended(&mut self, rank: u32) {
        let Some(link) = self.links.get_mut(rank as usize) else { return };
        link.watched = None;
        link.left = true;
        let pid = link.reach.as_ref().map_or(0, |reach| reach.pid);
        self.expect_end(rank, ClosedKind::Died, format!("its process {pid} has ended"));
    }

    /// Sends something to peers that are not watched and say nothing, so that their providers notice.
    pub(crate) fn probe(&mut self, now: Instant) {
        let (mut i, mut due) = (0, Vec::new());
        while let Some(&rank) = self.active.get(i) {
            i += 1;
            let link = &mut self.links[rank as usize];
            let heard = std::mem::take(&mut link.heard_lately);
            let here = link.watched.is_some()
                || link.reach.as_ref().is_some_and(|r| r.pid == self.reach.pid && r.host == self.reach.host);
            if heard {
                link.probes = 0;
            } else if !here && (link.greeted || link.heard) {
                link.probes = link.probes.saturating_add(1);
                // A peer that computes takes nothing, so that what is sent to it stays: not too much of it.
                if link.probes <= EAGER_PROBES || link.probes.is_power_of_two() {
                    due.push(rank);
                }
            }
        }
        for rank in due {
            let _ = self.signal(rank, Kind::Probe);
        }
        self.check_connecting(now);
    }

    /// Operations that do not end although their peer is gone would hold up the news of that for ever. Their memory may be
    /// given back only when the provider can access it no more: the endpoint is closed, and with it everything else.
    #[cold]
    pub(crate) fn give_up(&mut self, now: Instant) {
        let late = |rank: &&u32| match &self.links[**rank as usize].phase {
            Phase::Closing(end) => now >= end.1,
            Phase::Open | Phase::Gone => false,
        };
        let Some(&stubborn) = self.closing.iter().find(late) else { return };
        let Road::Open { endpoint, .. } = &mut self.road else { return };
        if Arc::strong_count(endpoint) > 1 {
            // Regions are bound to it, so it cannot be closed.
            return;
        }
        let detail = format!(
            "operations to {}, which is gone, did not end, so the endpoint had to be closed",
            Peer(stubborn)
        );
        for rank in self.active.clone() {
            self.lose(rank, ClosedKind::Fabric, &detail);
        }
        self.road = Road::Closed;
        for rank in self.closing.clone() {
            self.retire(rank);
            self.conclude(rank);
        }
    }

    /// Ends every operation to a peer whose endpoint has been closed.
    pub(crate) fn retire(&mut self, rank: u32) {
        for request in self.requests.of(rank) {
            match self.requests.retire(request) {
                What::Send { buffer, .. } => self.pool.give_back(buffer),
                What::Access(access) => {
                    self.accesses -= 1;
                    self.events
                        .push_back(Event::Done(access.op, Err(RmaError::PeerGone { peer: Peer(rank) })));
                }
                What::Receive { .. } | What::Free => {}
            }
        }
        let link = &mut self.links[rank as usize];
        if link.open() {
            self.sending -= link.sending;
        }
        link.sending = 0;
        link.accesses = 0;
    }
}

impl Drop for Ofi {
    fn drop(&mut self) {
        let begin = Instant::now();
        // Who has said goodbye already need not be told.
        self.round(&mut |_| {});
        let mut left = self.active.clone();
        // What was accepted goes out, then the goodbyes.
        loop {
            let spent = begin.elapsed();
            left.retain(|&rank| {
                let link = &self.links[rank as usize];
                // Over shared memory nobody is mapped only to be left; the end of a process is seen there without a word.
                let known = link.greeted || link.heard || (link.asked && self.domain.provider != SHM);
                let patience = if link.greeted || link.heard { self.config.linger } else { BRIEFLY };
                link.open() && known && spent < patience && self.part(rank) == Post::Busy
            });
            // Nobody waits for a connection to be made only to say goodbye.
            let leaving =
                self.links.iter().filter(|l| l.open() && (l.greeted || l.heard)).any(|l| l.sending > 0);
            if (left.is_empty() && !leaving) || spent >= self.config.linger {
                break;
            }
            self.round(&mut |_| {});
            std::thread::sleep(PAUSE);
        }
        if let Road::Open { endpoint, .. } = &self.road
            && Arc::strong_count(endpoint) > 1
        {
            // Regions keep the endpoint, so that the provider may still write to what was posted to it.
            std::mem::forget(self.receives.take());
            std::mem::forget(std::mem::take(&mut self.requests));
        }
    }
}
