//! The loop: who is looked at when.
//!
//! The few peers that were heard last are read from directly, in that order, so a ping-pong costs no call beside
//! the reads themselves. Everyone else, strangers at the door included, is looked at through one epoll, every so
//! many polls while someone is active, and at each poll otherwise.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use olympi_transport_api::{Closed, Inbound, OpToken, Peer, RmaError, Wake};
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::{Itimerspec, TimerfdTimerFlags, timerfd_settime};

use crate::Tcp;
use crate::link::Link;
use crate::receive::End;

/// After so many looks that brought nothing, a peer is no longer active, unless it is the only one.
const PATIENCE: u32 = 256;
/// Reading so many bytes counts as one more poll towards the next look at everyone.
const BYTES_A_TICK: usize = 64 << 10;
/// How many descriptors are taken from the epoll at once.
const READY: usize = 32;
/// While there is traffic, the unproven get one part in so many and one of the time, however many they are.
const DOOR_SHARE: u32 = 15;
/// How many events of our own are told at once.
const EVENTS: usize = 256;
/// How often connections are asked whether the peer's host still answers.
const SWEEP: Duration = Duration::from_secs(2);

/// Something to tell that did not come from a connection just now.
pub(crate) enum Event {
    Done(OpToken, Result<(), RmaError>),
    Closed(Closed),
}

/// What a descriptor in the epoll is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Door,
    Timer,
    Peer(u32),
    Nascent(usize),
}

impl Tag {
    fn pack(self) -> EventData {
        EventData::new_u64(match self {
            Self::Door => 0,
            Self::Timer => 1,
            Self::Peer(rank) => 2 | u64::from(rank) << 2,
            Self::Nascent(slot) => 3 | (slot as u64) << 2,
        })
    }

    fn unpack(data: EventData) -> Self {
        let value = data.u64();
        match value & 3 {
            0 => Self::Door,
            1 => Self::Timer,
            2 => Self::Peer((value >> 2) as u32),
            _ => Self::Nascent((value >> 2) as usize),
        }
    }
}

impl Tcp {
    /// One round; see [`Transport::poll`](olympi_transport_api::Transport::poll).
    #[inline]
    pub(crate) fn round(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        let mut i = 0;
        while let Some(&rank) = self.active.get(i) {
            let heard = self.hear(rank, sink);
            told += heard;
            // Unless it left the list, the next one is at the next place.
            if self.active.get(i) == Some(&rank) {
                i += 1;
            }
        }
        if !self.sending.is_empty() {
            self.push();
        }
        self.ticks += 1;
        if self.ticks >= self.config.epoll_every || self.active.is_empty() || !self.dialling.is_empty() {
            self.ticks = 0;
            told += self.look_round(sink);
        }
        if !self.events.is_empty() {
            told += self.tell(sink);
        }
        told
    }

    /// Reads from one peer.
    #[inline]
    fn hear(&mut self, rank: u32, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let Link::Up(connection) = &mut self.links[rank as usize] else {
            self.active.retain(|&r| r != rank);
            return 0;
        };
        // Split, so that the connection's descriptor can be lent while its inlet is changed.
        let connection = &mut **connection;
        let (fd, inlet) = connection.split();
        let max_frame = self.caps.max_frame;
        let seen = inlet.look(fd, &mut self.pool, &self.regions, max_frame, Peer(rank), sink);
        if let Some(end) = seen.end {
            self.lose(rank, &end);
        } else if seen.bytes == 0 && seen.told == 0 {
            connection.idle += 1;
            if connection.idle > PATIENCE && self.active.len() > 1 {
                connection.active = false;
                self.active.retain(|&r| r != rank);
            }
        } else {
            connection.idle = 0;
            self.traffic = true;
            self.ticks += (seen.bytes / BYTES_A_TICK) as u32;
        }
        seen.told
    }

    /// Makes a peer one of those that are read from directly.
    pub(crate) fn activate(&mut self, rank: u32) {
        let Link::Up(connection) = &mut self.links[rank as usize] else { return };
        connection.idle = 0;
        if connection.active {
            return;
        }
        connection.active = true;
        self.active.insert(0, rank);
        if self.active.len() <= self.config.spin_peers {
            return;
        }
        // One with records left to tell stays: no descriptor would remind of them.
        let links = &mut self.links;
        let leaves = self.active.iter().rposition(|&r| match &mut links[r as usize] {
            Link::Up(other) if r != rank && !other.inlet.pending() => {
                other.active = false;
                true
            }
            _ => false,
        });
        if let Some(at) = leaves {
            self.active.remove(at);
        }
    }

    /// Offers what waits in the outboxes to the kernel.
    fn push(&mut self) {
        let mut i = 0;
        while let Some(&rank) = self.sending.get(i) {
            if self.flush(rank) {
                self.sending.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// Offers one peer's outbox to the kernel. Whether it is empty now, or of no use any more.
    pub(crate) fn flush(&mut self, rank: u32) -> bool {
        let Link::Up(connection) = &mut self.links[rank as usize] else { return true };
        let (fd, outbox) = connection.split_out();
        let events = &mut self.events;
        outbox.flush(fd, |op| events.push_back(Event::Done(op, Ok(()))));
        outbox.is_empty() || outbox.broken.is_some()
    }

    /// Looks at everyone through the epoll, and at the clock.
    fn look_round(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let busy = std::mem::take(&mut self.traffic) || !self.sending.is_empty();
        let (mut told, mut timer, mut unproven) = (0, false, false);
        let mut ready = [epoll::Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; READY];
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        // Interrupted or failed, the next look does it.
        let n = epoll::wait(&self.epoll, &mut ready, Some(&zero)).unwrap_or(0);
        for event in &ready[..n] {
            match Tag::unpack(event.data) {
                Tag::Timer => {
                    timer = true;
                    self.hush_timer();
                }
                Tag::Door | Tag::Nascent(_) => unproven = true,
                Tag::Peer(rank) => {
                    // The active ones have just been read from.
                    let heard =
                        matches!(&self.links[rank as usize], Link::Up(c) if c.active && !c.inlet.pending());
                    if !heard {
                        self.activate(rank);
                        told += self.hear(rank, sink);
                    }
                }
            }
        }
        if unproven {
            self.attend(&ready[..n], busy);
        }
        if timer || self.looks & 15 == 0 || !self.nascents.is_empty() || !self.dialling.is_empty() {
            self.keep_time(Instant::now());
        }
        self.looks = self.looks.wrapping_add(1);
        told
    }

    /// Sees to the door and to those who have come through it, for a small part of the time if peers are `busy`.
    fn attend(&mut self, ready: &[epoll::Event], busy: bool) {
        let began = Instant::now();
        if busy && began < self.door_at {
            return;
        }
        for event in ready {
            match Tag::unpack(event.data) {
                Tag::Door => self.answer_door(),
                Tag::Nascent(slot) => self.advance(slot),
                Tag::Timer | Tag::Peer(_) => {}
            }
        }
        let end = Instant::now();
        self.door_at = end + end.duration_since(began) * DOOR_SHARE;
    }

    /// A peer is gone: its puts have failed, and it is told.
    fn lose(&mut self, rank: u32, end: &End) {
        let peer = Peer(rank);
        let Link::Up(mut connection) = std::mem::replace(&mut self.links[rank as usize], Link::Gone) else {
            return;
        };
        self.active.retain(|&r| r != rank);
        self.sending.retain(|&r| r != rank);
        for op in connection.outbox.abandon() {
            self.events.push_back(Event::Done(op, Err(RmaError::PeerGone { peer })));
        }
        let closed = connection.explain(peer, end);
        tracing::debug!(%closed, "tcp: a connection ended");
        self.events.push_back(Event::Closed(closed));
    }

    /// Asks every connection whether the peer's host still answers.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.next_sweep = now + SWEEP;
        let limit = self.config.dead_after;
        let silent = |link: &mut Link| match link {
            Link::Up(connection) => connection.silent(now, limit),
            _ => false,
        };
        let dead: Vec<u32> =
            (0_u32..).zip(&mut self.links).filter_map(|(rank, link)| silent(link).then_some(rank)).collect();
        for rank in dead {
            self.lose(rank, &End::Failed(Errno::TIMEDOUT));
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
        let waiting = |rank: &u32| matches!(&self.links[*rank as usize], Link::Up(c) if c.inlet.pending());
        if !self.events.is_empty() || self.active.iter().any(waiting) {
            return Wake::Pending;
        }
        for rank in self.sending.clone() {
            self.watch_room(rank, true);
        }
        let now = Instant::now();
        if let Some(at) = self.next_deadline(now) {
            // Zero would turn the timer off.
            self.set_timer(at.saturating_duration_since(now).max(Duration::from_micros(1)));
            self.armed = true;
        }
        Wake::Descriptor(self.epoll.as_raw_fd())
    }

    /// After a sleep: no more waiting for room to send, and a look at everyone soon.
    pub(crate) fn wake(&mut self) {
        for rank in self.sending.clone() {
            self.watch_room(rank, false);
        }
        if self.armed {
            self.armed = false;
            self.set_timer(Duration::ZERO);
        }
        self.ticks = self.config.epoll_every;
    }

    fn watch_room(&mut self, rank: u32, on: bool) {
        let Link::Up(connection) = &mut self.links[rank as usize] else { return };
        if connection.watched == on {
            return;
        }
        connection.watched = on;
        let flags = if on { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        let Link::Up(connection) = &self.links[rank as usize] else { return };
        self.rewatch(connection.fd(), Tag::Peer(rank), flags);
    }

    fn set_timer(&self, after: Duration) {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec {
            tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(after.subsec_nanos()),
        };
        // It is our own descriptor and the time is valid, so this cannot fail.
        let _ = timerfd_settime(
            &self.timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: zero, it_value },
        );
    }

    fn hush_timer(&self) {
        let mut count = [0_u8; 8];
        let _ = rustix::io::read(self.timer.as_fd(), &mut count);
    }

    pub(crate) fn watch(&self, fd: BorrowedFd<'_>, tag: Tag, flags: EventFlags) {
        if let Err(e) = epoll::add(&self.epoll, fd, tag.pack(), flags) {
            tracing::warn!(%e, "tcp: a connection cannot be watched (see /proc/sys/fs/epoll/max_user_watches)");
        }
    }

    pub(crate) fn rewatch(&self, fd: BorrowedFd<'_>, tag: Tag, flags: EventFlags) {
        if let Err(e) = epoll::modify(&self.epoll, fd, tag.pack(), flags) {
            tracing::warn!(%e, "tcp: a connection cannot be watched");
        }
    }
}
