//! Looking at rings, and going to sleep.

use std::time::Instant;

use olympi_transport_api::{ClosedKind, Inbound, RmaError, Wake, WakeBy};

use crate::cma::Remote;
use crate::config::GetMode;
use crate::doorbell::{AWAKE, ON_PIPE, ON_WORD};
use crate::receive::Malformed;
use crate::sync::Ordering;
use crate::{LOOK_EVERY, POLLS_PER_LOOK, Shm};

/// As many rings are looked at in each poll, however idle they are.
const HOT_ALWAYS: usize = 8;
/// Polls between two sweeps for idle rings, a power of two.
const POLLS_PER_SWEEP: u32 = 1 << 10;

impl Shm {
    /// [`Transport::poll`](olympi_transport_api::Transport::poll).
    #[inline]
    pub(crate) fn poll_rings(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        for i in 0..self.hot.len() {
            let Some(Some(ring)) = self.ins.get_mut(usize::from(self.hot[i])) else { continue };
            match ring.drain(sink) {
                Ok(n) => told += n,
                Err(malformed) => self.cut(i, malformed),
            }
        }
        self.countdown -= 1;
        if self.chores
            || self.countdown.is_multiple_of(POLLS_PER_SWEEP)
            || self.segment.header().doorbell.rung()
        {
            told += self.do_chores(sink);
        }
        told
    }

    /// All that is rare.
    #[cold]
    fn do_chores(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        self.answer_doorbell();
        if self.countdown.is_multiple_of(POLLS_PER_SWEEP) {
            self.calibrate();
            self.sweep();
        }
        if self.countdown == 0 {
            self.countdown = POLLS_PER_LOOK;
            self.look_for_the_dead();
        }
        told += self.advance_get(sink);
        told += self.tell_ends(sink);
        self.chores = !self.gets.is_empty() || !self.ending.is_empty();
        told
    }

    /// Learns from the pace of what came lately.
    fn calibrate(&mut self) {
        for &index in &self.hot {
            let Some(Some(ring)) = self.ins.get_mut(usize::from(index)) else { continue };
            if let Some(pace) = ring.train.take_pace() {
                self.calibration.frames_took(pace);
            }
        }
        if self.caps.get_from.is_some() && self.calibration.wants_probe() {
            let own = self.segment.whereabouts();
            let header = self.segment.header();
            let witness = &raw const header.nonce as u64;
            let this = Remote { pid: own.pid, witness, nonce: own.nonce };
            if let Some((spent, len)) = this.time_a_read() {
                self.calibration.get_took(spent, len);
            }
        }
        self.apply_calibration();
    }

    fn apply_calibration(&mut self) {
        if self.config.get == GetMode::Auto
            && let Some(from) = &mut self.caps.get_from
        {
            *from = self.calibration.from();
        }
    }

    /// Turns to the rings that the doorbell names.
    pub(crate) fn answer_doorbell(&mut self) {
        if self.segment.header().doorbell.rung() {
            let mut rung = Vec::new();
            self.segment.header().doorbell.answer(|index| rung.push(index));
            for index in rung {
                self.look_at(index);
            }
        }
    }

    /// Goes on with the oldest `get`.
    fn advance_get(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let Some(get) = self.gets.front_mut() else { return 0 };
        let Some(outcome) = get.advance() else { return 0 };
        let (op, spent, len) = (get.op, get.spent, get.len());
        self.gets.pop_front();
        if outcome.is_ok() {
            self.calibration.get_took(spent, len);
            self.apply_calibration();
        }
        sink(Inbound::Done { op, outcome });
        1
    }

    /// Tells of the end of each peer that is to be closed, once all that it has sent is told.
    fn tell_ends(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        let mut i = 0;
        while i < self.ending.len() {
            let peer = self.ending[i].peer;
            let area = self.links[peer.index()].as_ref().and_then(|link| link.area).map(usize::from);
            let cut_off = self.ending[i].kind == ClosedKind::Malformed;
            let unread = area.and_then(|area| self.ins.get(area)?.as_ref()).is_some_and(|ring| ring.ready());
            if unread && !cut_off {
                i += 1;
                continue;
            }
            let closed = self.ending.swap_remove(i);
            self.gets.retain(|get| {
                if get.peer == peer {
                    sink(Inbound::Done { op: get.op, outcome: Err(RmaError::PeerGone { peer }) });
                    told += 1;
                }
                get.peer != peer
            });
            if let Some(area) = area {
                self.ins[area] = None;
                self.hot.retain(|&index| usize::from(index) != area);
            }
            if let Some(link) = &mut self.links[peer.index()] {
                link.close();
            }
            sink(Inbound::Closed(closed));
            told += 1;
        }
        told
    }

    /// A peer has written something that makes no sense.
    #[cold]
    fn cut(&mut self, i: usize, malformed: Malformed) {
        let Some(Some(ring)) = self.ins.get(usize::from(self.hot[i])) else { return };
        let peer = ring.peer;
        self.end(peer, ClosedKind::Malformed, malformed.0);
        // A peer that was ending anyway cannot be waited for: what is left in its ring cannot be read.
        if let Some(closed) = self.ending.iter_mut().find(|closed| closed.peer == peer) {
            closed.kind = ClosedKind::Malformed;
        }
    }

    /// Where many rings are hot, stops looking at those that were idle since the last sweep; their peers ring
    /// the doorbell when they become active.
    #[cold]
    fn sweep(&mut self) {
        if self.hot.len() <= HOT_ALWAYS {
            return;
        }
        let ins = &mut self.ins;
        let mut idle = Vec::new();
        self.hot.retain(|&index| {
            let Some(Some(ring)) = ins.get_mut(usize::from(index)) else { return false };
            let active = ring.records != ring.swept;
            ring.swept = ring.records;
            if !active {
                ring.hot = false;
                ring.area.control().armed.store(1, Ordering::Release);
                idle.push(usize::from(index));
            }
            active
        });
        if idle.is_empty() {
            return;
        }
        // A record that came before the producer could see the arming rings no doorbell: look once more.
        self.barrier.pass();
        for index in idle {
            if self.ins[index].as_ref().is_some_and(|ring| ring.ready()) {
                self.heat(index);
            }
        }
    }

    /// [`Transport::arm`](olympi_transport_api::Transport::arm).
    pub(crate) fn prepare_sleep(&mut self, by: WakeBy) -> Wake {
        self.look_now_and_then();
        if self.chores {
            return Wake::Pending;
        }
        let (how, wake) = match by {
            WakeBy::Any => {
                let address = &raw const *self.segment.header().doorbell.sleep as usize;
                (ON_WORD, Wake::Word { address, expected: ON_WORD })
            }
            WakeBy::Descriptor => match self.watch.descriptor() {
                Ok((descriptor, write_end)) => {
                    self.watch.drain_pipe();
                    #[allow(clippy::cast_sign_loss)] // an open descriptor's number is not negative
                    self.segment.header().pipe.store(write_end as u32 + 1, Ordering::Release);
                    (ON_PIPE, Wake::Descriptor(descriptor))
                }
                // No pipe, no sleep: spinning on is slow, but right.
                Err(_) => return Wake::Pending,
            },
        };
        self.segment.header().doorbell.sleep.store(how, Ordering::SeqCst);
        for ring in self.hot_rings() {
            ring.area.control().armed.store(1, Ordering::Release);
        }
        // See `doorbell` for why both sides need this barrier.
        self.barrier.pass();
        if self.segment.header().doorbell.rung() || self.hot_rings().any(crate::receive::In::ready) {
            self.end_sleep();
            return Wake::Pending;
        }
        wake
    }

    /// Looks after the peers, unless that was done just now: it is a system call, which a short wait must not pay.
    pub(crate) fn look_now_and_then(&mut self) {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            self.look_for_the_dead();
        }
    }

    /// [`Transport::disarm`](olympi_transport_api::Transport::disarm).
    pub(crate) fn end_sleep(&mut self) {
        self.segment.header().doorbell.sleep.store(AWAKE, Ordering::Release);
        for ring in self.hot_rings() {
            ring.area.control().armed.store(0, Ordering::Release);
        }
    }

    fn hot_rings(&self) -> impl Iterator<Item = &crate::receive::In> {
        self.hot.iter().filter_map(|&index| self.ins.get(usize::from(index))?.as_deref())
    }
}
