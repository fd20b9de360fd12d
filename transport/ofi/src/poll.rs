//! The loop: what has completed, and what has to be looked at now and then.

use std::ptr;
use std::time::{Duration, Instant};

use olympi_transport_api::{Closed, Inbound, OpToken, Post, RmaError, Wake};

use crate::Ofi;
use crate::buffers::What;
use crate::ffi::*;
use crate::info::Refusal;
use crate::road::Road;
use crate::wire::Kind;

/// How many completions are read at once, and how often in one poll.
const BATCH: usize = 32;
const BATCHES: usize = 4;
/// How many events of our own are told at once.
const EVENTS: usize = 256;
/// Polls between two looks at the clock.
const LOOK_EVERY: u32 = 64;
/// How long a sleeper waits while it has something to move on.
const RESTLESS: Duration = Duration::from_millis(2);
/// How long it sleeps where nothing wakes it.
const BLIND: Duration = Duration::from_millis(1);
/// How often the clock is looked at by a sleeper that has peers.
const GLANCE: Duration = Duration::from_millis(500);

/// Something to tell that is no frame.
pub(crate) enum Event {
    Done(OpToken, Result<(), RmaError>),
    Closed(Closed),
}

impl Ofi {
    /// One round; see [`Transport::poll`](olympi_transport_api::Transport::poll).
    #[inline]
    pub(crate) fn round(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let (mut told, mut quiet) = (0, false);
        let nothing =
            fi_cq_data_entry { op_context: ptr::null_mut(), flags: 0, len: 0, buf: ptr::null_mut(), data: 0 };
        let mut entries = [nothing; BATCH];
        for _ in 0..BATCHES {
            match self.completions.read(&mut entries) {
                Ok(n) => {
                    for entry in &entries[..n] {
                        told += self.completed(entry, sink);
                    }
                    if n < BATCH {
                        break;
                    }
                }
                Err(refusal) => {
                    quiet = !self.failed(refusal);
                    if quiet {
                        break;
                    }
                }
            }
        }
        if !self.stuck.is_empty() {
            self.unstick();
        }
        if let Some(cache) = &mut self.registrations {
            cache.sweep();
        }
        if !self.owing.is_empty() {
            self.pay();
        }
        if !self.parting.is_empty() {
            self.say_farewell();
        }
        if quiet && !self.ending.is_empty() {
            // All that these peers sent before their end has been read.
            self.end_all();
        }
        if self.countdown == 0 {
            self.countdown = LOOK_EVERY;
            self.look_round();
        }
        self.countdown -= 1;
        if !self.events.is_empty() {
            told += self.tell(sink);
        }
        told
    }

    /// An operation that ended well.
    #[inline]
    fn completed(&mut self, entry: &fi_cq_data_entry, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        // SAFETY: the contexts of all operations are of this table.
        let Some(request) = (unsafe { self.requests.index(entry.op_context) }) else { return 0 };
        match self.requests.get(request) {
            What::Receive { home, buffer } => {
                let (home, buffer) = (*home, *buffer as usize);
                let Some(receives) = self.receives_of(home) else { return 0 };
                let many = receives.many;
                let mut told = 0;
                if entry.flags & FI_RECV != 0
                    && entry.len > 0
                    && let Some((start, len)) = receives.message(buffer, entry.buf, entry.len)
                {
                    // SAFETY: the provider has received so many bytes there, and writes to them no more before the buffer
                    // is posted again, below. Nobody else has it.
                    let message = unsafe { std::slice::from_raw_parts(start, len) };
                    told = self.hear(message, sink);
                }
                if !many || entry.flags & FI_MULTI_RECV != 0 {
                    self.repost(request);
                }
                told
            }
            What::Send { .. } => {
                self.sent(request);
                0
            }
            What::Access(_) => {
                self.advance(request);
                0
            }
            What::Free => 0,
        }
    }

    /// A frame has left its buffer, or never will.
    #[inline]
    pub(crate) fn sent(&mut self, request: u32) {
        let What::Send { peer, buffer } = self.requests.end(request) else { return };
        self.pool.give_back(buffer);
        let link = &mut self.links[peer as usize];
        link.sending -= 1;
        if link.open() {
            self.sending -= 1;
        }
    }

    /// Reads why operations have failed. Whether there was any.
    #[cold]
    fn failed(&mut self, refusal: Refusal) -> bool {
        if !refusal.is(FI_EAVAIL) {
            return false;
        }
        let mut any = false;
        while let Some(failure) = self.completions.read_failure() {
            any = true;
            // SAFETY: as in `completed`.
            let Some(request) = (unsafe { self.requests.index(failure.context) }) else { continue };
            tracing::debug!(detail = failure.detail, flags = failure.flags, "ofi: an operation failed");
            match self.requests.get(request) {
                What::Receive { home, .. } => {
                    // A message that is too long is no rank's. The buffer is good, unless its connection is what ended.
                    let home = *home;
                    if failure.error == FI_ETRUNC {
                        self.strangers += 1;
                    }
                    let many = self.receives_of(home).is_some_and(|r| r.many);
                    let released =
                        !many || failure.flags & FI_MULTI_RECV != 0 || failure.error == libc::ECANCELED;
                    if released && failure.error != libc::ECANCELED {
                        self.repost(request);
                    }
                }
                What::Send { peer, .. } => {
                    let peer = *peer;
                    self.sent(request);
                    let link = &self.links[peer as usize];
                    match link.farewell {
                        // The goodbye went the way of what it was about.
                        Some(until) if !link.open() => self.parting.push((peer, until)),
                        _ => self.notice(peer, failure.error, &failure.detail),
                    }
                }
                What::Access(_) => self.refuse(request, failure.error, &failure.detail),
                What::Free => {}
            }
        }
        any
    }

    /// Gives a receive buffer back to the provider.
    #[inline]
    fn repost(&mut self, request: u32) {
        if !self.try_repost(request) {
            self.stuck.push(request);
        }
    }

    fn try_repost(&mut self, request: u32) -> bool {
        let What::Receive { home, buffer } = self.requests.get(request) else { return true };
        let (home, buffer) = (*home, *buffer as usize);
        let context = self.requests.context(request);
        let Some(receives) = self.receives_of(home) else { return true };
        let (piece, many) = (receives.piece(buffer), receives.many);
        let endpoint = match (&self.road, home) {
            (Road::Open { endpoint, .. }, _) => endpoint,
            (Road::Connected(connections), None) => match connections.shared() {
                Some(shared) => shared,
                None => return true,
            },
            (Road::Connected(connections), Some(connection)) => match connections.endpoint(connection) {
                Some(endpoint) => endpoint,
                None => return true,
            },
            (Road::Closed, _) => return true,
        };
        // SAFETY: the provider has released the buffer, what was in it has been told, and it lives until after the
        // endpoint.
        match unsafe { endpoint.receive(piece, many, context) } {
            Ok(()) => true,
            // One that is refused for good belongs to an endpoint whose end is being told.
            Err(refusal) => !refusal.again(),
        }
    }

    /// Tries again what could not be posted.
    #[cold]
    fn unstick(&mut self) {
        for request in std::mem::take(&mut self.stuck) {
            match self.requests.get(request) {
                What::Receive { .. } => self.repost(request),
                What::Access(_) => self.go_on(request),
                What::Send { .. } | What::Free => {}
            }
        }
    }

    /// Tells peers how much has been taken of what they sent.
    fn pay(&mut self) {
        let mut i = 0;
        while let Some(&rank) = self.owing.get(i) {
            let link = &self.links[rank as usize];
            let due = link.open() && self.due(link.expected, link.told);
            if due && self.signal(rank, Kind::Credit) == Post::Busy {
                i += 1;
                continue;
            }
            self.links[rank as usize].owing = false;
            if self.owing.get(i) == Some(&rank) {
                self.owing.swap_remove(i);
            }
        }
    }

    /// What is looked at now and then: other processes, connections, the clock.
    fn look_round(&mut self) {
        if matches!(self.road, Road::Connected(_)) {
            self.attend();
        }
        for rank in self.sleeper.ended() {
            self.process_ended(rank);
        }
        if self.closing.is_empty() && self.active.is_empty() {
            return;
        }
        let now = Instant::now();
        if !self.closing.is_empty() {
            self.give_up(now);
        }
        if now >= self.next_probe {
            self.next_probe = now + self.config.keepalive;
            self.probe(now);
        }
    }

    fn tell(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let n = self.events.len().min(EVENTS);
        for event in self.events.drain(..n) {
            sink(match event {
                Event::Done(op, outcome) => Inbound::Done { op, outcome },
                Event::Closed(closed) => Inbound::Closed(closed),
            });
        }
        n
    }

    /// See [`Transport::arm`](olympi_transport_api::Transport::arm).
    pub(crate) fn prepare(&mut self) -> Wake {
        if !self.events.is_empty() || !self.ending.is_empty() || !self.stuck.is_empty() {
            return Wake::Pending;
        }
        let restless = self.sending > 0
            || self.accesses > 0
            || !self.owing.is_empty()
            || !self.closing.is_empty()
            || !self.parting.is_empty()
            || self.road.connecting();
        let after = if !self.wakes {
            Some(BLIND)
        } else if restless {
            Some(RESTLESS)
        } else {
            (!self.active.is_empty()).then(|| self.config.keepalive.min(GLANCE))
        };
        if self.wakes {
            let mut queues = [self.completions.fid(), ptr::null_mut()];
            let mut count = 1;
            if let Road::Connected(connections) = &self.road {
                queues[1] = connections.events();
                count = 2;
            }
            if !self.domain.may_sleep(&mut queues[..count]) {
                return Wake::Pending;
            }
            self.sleeper.follow(&self.completions);
        }
        self.sleeper.alarm(after);
        Wake::Descriptor(self.sleeper.descriptor())
    }
}
