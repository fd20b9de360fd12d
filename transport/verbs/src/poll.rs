//! What completes, who is looked at when, and what the end of a connection means.

use core::mem::MaybeUninit;
use std::time::{Duration, Instant};

use olympi_transport_api::{Closed, ClosedKind, Inbound, OpToken, Peer, RmaError, Wake};
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event};
use rustix::time::{Itimerspec, TimerfdTimerFlags, timerfd_settime};

use crate::ffi::{
    IBV_EVENT_CQ_ERR, IBV_EVENT_DEVICE_FATAL, IBV_EVENT_PORT_ACTIVE, IBV_EVENT_PORT_ERR, IBV_EVENT_SRQ_ERR,
    IBV_WC_SUCCESS, ibv_wc,
};
use crate::library::words;
use crate::link::{Held, Link, Stage};
use crate::status;
use crate::{NAME, Tag, Told, Verbs};

/// How long the port may be down: as long as a cable takes to be put back.
const PORT_DOWN: Duration = Duration::from_secs(10);
/// Completions taken at once.
pub(crate) const BATCH: usize = 16;
/// Polls in vain between two looks at the clock.
const LOOK_EVERY: u32 = 1024;
/// Polls in vain after which requests without a signal are followed by one with.
const FLUSH_AFTER: u32 = 256;
/// Polls in vain between two looks at the datagrams, while no connection comes to be.
const DATAGRAMS_EVERY: u32 = 16;
/// A peer with so small a window is mostly answered: it is granted more by the answer, or when nothing else is to be done.
const ANSWERED: u32 = 16;
/// Between two looks at everyone.
const TICK: Duration = Duration::from_millis(50);

impl Verbs {
    #[inline]
    pub(crate) fn round(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        let mut batch = std::mem::take(&mut self.batch_len);
        if batch == 0 {
            match self.recv_cq.poll(&mut self.batch[..]) {
                Ok(n) => batch = n,
                Err(errno) => self.fail_all(&format!("its completion queue failed: {}", words(errno))),
            }
        }
        for at in 0..batch {
            let wc = self.batch[at];
            told += usize::from(self.receive(&wc, sink));
        }
        if batch == 0 {
            self.quiet = self.quiet.wrapping_add(1);
            self.complete();
            self.quietly();
        } else {
            self.quiet = 0;
            self.turn = self.turn.wrapping_add(1);
            // Beside a stream of frames, what we have sent is looked at more rarely.
            if self.turn.is_multiple_of(4) || self.moving > 0 {
                self.complete();
            }
        }
        self.give_credits(batch == 0);
        while let Some(event) = self.events.pop_front() {
            told += 1;
            match event {
                Told::Done(op, outcome) => sink(Inbound::Done { op, outcome }),
                Told::Closed(closed) => sink(Inbound::Closed(closed)),
            }
        }
        told
    }

    /// Takes the completions of what we have sent.
    #[inline]
    pub(crate) fn complete(&mut self) {
        if self.wrs == 0 {
            return;
        }
        loop {
            // SAFETY: all zeros are a valid value of these integers.
            let mut wcs: [ibv_wc; BATCH] = unsafe { core::mem::zeroed() };
            let n = match self.send_cq.poll(&mut wcs) {
                Ok(n) => n,
                Err(errno) => {
                    self.fail_all(&format!("its completion queue failed: {}", words(errno)));
                    return;
                }
            };
            for wc in &wcs[..n] {
                self.completed(wc);
            }
            if n < BATCH {
                return;
            }
        }
    }

    fn completed(&mut self, wc: &ibv_wc) {
        let peer = Peer((wc.wr_id >> 32) as u32);
        let Some(Link::There(link)) = self.links.get_mut(peer.index()) else { return };
        if wc.status != IBV_WC_SUCCESS {
            self.fail(peer, status::words(wc.status));
            return;
        }
        let done = wc.wr_id as u32;
        let retired = done.wrapping_sub(link.retired);
        if retired > link.under_way() {
            return;
        }
        link.retired = done;
        self.wrs -= retired;
        while let Some((at, _)) = link.held.front()
            && done.wrapping_sub(*at).cast_signed() >= 0
        {
            match link.held.pop_front() {
                Some((_, Held::Bounce(slot))) => self.bounces.give_back(slot),
                Some((_, Held::Op(op, _))) => {
                    self.moving -= 1;
                    self.events.push_back(Told::Done(op, Ok(())));
                }
                Some((_, Held::Probe)) => {
                    link.probing = false;
                    link.heard = self.now;
                }
                None => {}
            }
        }
        if !link.moves.is_empty() {
            self.advance(peer);
        }
    }

    /// After a poll that brought no frame.
    #[inline]
    fn quietly(&mut self) {
        if !self.leaving.is_empty() {
            // What these peers sent before they left has been taken by now.
            for (peer, why) in std::mem::take(&mut self.leaving) {
                self.close(peer, ClosedKind::Died, why);
            }
        }
        if self.quiet.is_multiple_of(DATAGRAMS_EVERY) || !self.connecting.is_empty() {
            self.hear_datagrams();
        }
        if self.quiet == FLUSH_AFTER {
            self.flush_tails();
        }
        if self.quiet.is_multiple_of(LOOK_EVERY)
            || (!self.connecting.is_empty() && self.quiet.is_multiple_of(64))
        {
            self.look();
        }
    }

    /// Looks at the clock, and at everyone if it is time.
    #[cold]
    fn look(&mut self) {
        self.now = Instant::now();
        if self.now < self.next_tick {
            return;
        }
        self.next_tick = self.now + if self.connecting.is_empty() { TICK } else { TICK / 5 };
        self.tick();
    }

    /// What happens some twenty times a second: processes that have ended, the device's events, datagrams that were not
    /// answered, silent connections.
    pub(crate) fn tick(&mut self) {
        self.take_descriptors();
        if self.port_down.is_some_and(|since| self.now.saturating_duration_since(since) > PORT_DOWN) {
            self.fail_all("the port is DOWN, and does not come back");
        }
        self.ask_all_again(self.now);
        self.cache.sweep();
        let keepalive = self.config.keepalive;
        for at in 0..self.links.len() {
            let Link::There(link) = &mut self.links[at] else { continue };
            if self.traffic {
                link.heard = self.now;
            }
            if link.stage != Stage::Asking && !link.probing && self.now.duration_since(link.heard) > keepalive
            {
                self.probe(Peer(at as u32));
            }
        }
        self.traffic = false;
        if let Err(why) = self.receives.flush(1) {
            self.fail_all(&why);
        }
    }

    fn probe(&mut self, peer: Peer) {
        if self.wrs >= self.wr_limit {
            return;
        }
        let Some(Link::There(link)) = self.links.get_mut(peer.index()) else { return };
        if link.under_way() >= self.config.send_depth {
            return;
        }
        match link.post_probe(peer.0) {
            Ok(taken) => self.wrs += u32::from(taken),
            Err(errno) => self.fail(peer, &format!("a request was refused: {}", words(errno))),
        }
    }

    /// Lets requests that were posted without a signal be known as done.
    fn flush_tails(&mut self) {
        if self.wrs == 0 {
            return;
        }
        for at in 0..self.links.len() {
            if matches!(&self.links[at], Link::There(link) if link.has_tail()) {
                self.probe(Peer(at as u32));
            }
        }
    }

    /// Grants peers what they may send more, where no frame to them does.
    #[inline]
    fn give_credits(&mut self, quiet: bool) {
        let least = if quiet { 1 } else { BATCH };
        if let Err(why) = self.receives.flush(least) {
            self.fail_all(&why);
        }
        if self.owing.is_empty() {
            return;
        }
        for peer in std::mem::take(&mut self.owing) {
            let Some(Link::There(link)) = self.links.get_mut(peer as usize) else { continue };
            // A frame of ours may have told it meanwhile.
            link.owed = link.owes();
            if !link.owed {
                continue;
            }
            // An answer to what has just come may be on its way, and will tell.
            if !quiet && link.window < ANSWERED {
                self.owing.push(peer);
                continue;
            }
            if link.under_way() >= self.config.send_depth || self.wrs >= self.wr_limit {
                self.owing.push(peer);
                continue;
            }
            match link.post_credits(peer) {
                Ok(true) => {
                    link.owed = false;
                    self.wrs += 1;
                }
                Ok(false) => self.owing.push(peer),
                Err(errno) => self.fail(Peer(peer), &format!("a request was refused: {}", words(errno))),
            }
        }
    }

    /// What the descriptors have to say, without waiting.
    fn take_descriptors(&mut self) {
        let mut events = [const { MaybeUninit::<Event>::uninit() }; 16];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        // An interrupted call is made up for by the next.
        let Ok((events, _)) = epoll::wait(&self.epoll, &mut events, Some(&now)) else { return };
        let seen: Vec<u64> = events.iter().map(|event| event.data.u64()).collect();
        for data in seen {
            match Tag::of(data) {
                Tag::Completions => while self.channel.take_event() {},
                Tag::Timer => {
                    let mut count = [0_u8; 8];
                    let _ = rustix::io::read(&self.timer, &mut count);
                }
                Tag::Device => self.device_events(),
                Tag::Process(peer) => {
                    if let Some(Link::There(link)) = self.links.get_mut(peer.index())
                        && link.watch.take().is_some()
                    {
                        self.leaving.push((peer, "its process ended".to_owned()));
                    }
                }
            }
        }
    }

    fn device_events(&mut self) {
        while let Some(event) = self.port.pd.context().async_event() {
            match event {
                IBV_EVENT_DEVICE_FATAL | IBV_EVENT_CQ_ERR | IBV_EVENT_SRQ_ERR => {
                    self.fail_all(status::event(event));
                }
                IBV_EVENT_PORT_ERR => {
                    // The fabric's own timeouts may tell earlier; who has nothing under way has none.
                    self.port_down.get_or_insert_with(Instant::now);
                    tracing::warn!(device = %self.port.device, port = self.port.number, "verbs: the port went down");
                }
                IBV_EVENT_PORT_ACTIVE => self.port_down = None,
                other => tracing::debug!(event = status::event(other), "verbs"),
            }
        }
    }

    pub(crate) fn done(&mut self, op: OpToken, outcome: Result<(), RmaError>) {
        self.events.push_back(Told::Done(op, outcome));
    }

    /// The peer sent what makes no sense.
    #[cold]
    pub(crate) fn malformed(&mut self, peer: Peer, why: &str) {
        self.close(peer, ClosedKind::Malformed, why.to_owned());
    }

    /// The fabric failed under a peer.
    #[cold]
    pub(crate) fn fail(&mut self, peer: Peer, why: &str) {
        let detail = format!("{} port {}: {why}", self.port.device, self.port.number);
        self.close(peer, ClosedKind::Fabric, detail);
    }

    /// The device failed, and with it everything.
    #[cold]
    pub(crate) fn fail_all(&mut self, why: &str) {
        if self.failed.is_some() {
            return;
        }
        self.failed = Some(format!("{} port {}: {why}", self.port.device, self.port.number));
        for at in 0..self.links.len() {
            self.fail(Peer(at as u32), why);
        }
    }

    /// Ends a connection: every operation in exactly one `Done`, then `Closed`.
    #[cold]
    pub(crate) fn close(&mut self, peer: Peer, kind: ClosedKind, detail: String) {
        let Some(place) = self.links.get_mut(peer.index()) else { return };
        let Link::There(mut link) = std::mem::replace(place, Link::Gone) else { return };
        link.stop();
        self.by_qpn.remove(&link.qp.number());
        self.receives.withdraw(link.window);
        self.wrs -= link.under_way();
        let held = std::mem::take(&mut link.held);
        let moves = std::mem::take(&mut link.moves);
        // Destroyed before anything is told: the device writes to no lent memory from here on.
        drop(link);
        let mut gone = |op, mr| {
            drop(mr);
            self.moving -= 1;
            self.events.push_back(Told::Done(op, Err(RmaError::PeerGone { peer })));
        };
        for (_, held) in held {
            match held {
                Held::Bounce(slot) => self.bounces.give_back(slot),
                Held::Op(op, mr) => gone(op, mr),
                Held::Probe => {}
            }
        }
        for waiting in moves {
            gone(waiting.op, waiting.mr);
        }
        self.events.push_back(Told::Closed(Closed { transport: NAME, peer, kind, detail }));
    }

    /// Prepares for sleep.
    pub(crate) fn prepare(&mut self) -> Wake {
        if self.failed.is_some() && self.events.is_empty() {
            return Wake::Never;
        }
        self.flush_tails();
        if !(self.recv_cq.notify() && self.send_cq.notify() && self.datagrams.notify()) {
            return Wake::Pending;
        }
        self.batch_len = self.recv_cq.poll(&mut self.batch[..]).unwrap_or(0);
        self.complete();
        let heard = self.hear_datagrams();
        if heard || self.batch_len > 0 || !self.events.is_empty() || !self.leaving.is_empty() {
            return Wake::Pending;
        }
        self.set_timer(if self.connecting.is_empty() { TICK } else { TICK / 5 });
        Wake::Descriptor(std::os::fd::AsRawFd::as_raw_fd(&self.epoll))
    }

    /// After a sleep.
    pub(crate) fn wake(&mut self) {
        self.now = Instant::now();
        self.take_descriptors();
        if self.now >= self.next_tick {
            self.next_tick = self.now + TICK;
            self.tick();
        }
        if self.timer_set {
            self.set_timer(Duration::ZERO);
        }
    }

    /// Lets the timer wake us again and again; zero: no more.
    fn set_timer(&mut self, period: Duration) {
        // With nobody connected and nobody wanted there is nothing to look after.
        let period = if self.any { period } else { Duration::ZERO };
        let period = Timespec { tv_sec: 0, tv_nsec: i64::from(period.subsec_nanos()) };
        let value = Itimerspec { it_interval: period, it_value: period };
        if let Err(error) = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &value) {
            tracing::debug!(%error, "verbs: the timer is not set");
        }
        self.timer_set = period.tv_nsec > 0;
    }
}
