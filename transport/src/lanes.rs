//! All lanes of a process. A new transport is a field and a line in `with_lane`.

use olympi_ofi::Ofi;
use olympi_shm::Shm;
use olympi_sim::{Loopback, SimTransport};
use olympi_tcp::Tcp;
use olympi_transport_api::{Closed, Peer, Transport, Wake, WakeBy};
use olympi_verbs::Verbs;

use olympi_protocol::Inbox;

use crate::Kind;
use crate::falling::Fallen;
use crate::lane::Lane;
use crate::nap::On;

/// The lanes there are. Their numbers are those of their kinds.
pub(crate) struct Lanes {
    pub(crate) shm: Option<Lane<Shm>>,
    pub(crate) verbs: Option<Box<Lane<Verbs>>>,
    pub(crate) ofi: Option<Box<Lane<Ofi>>>,
    pub(crate) tcp: Option<Lane<Tcp>>,
    pub(crate) own: Lane<Loopback>,
    /// Only in tests; then it is the only way to others.
    pub(crate) sim: Option<Box<Lane<SimTransport>>>,
}

/// `Some` of an expression over the lane of a kind, whatever its transport's type; `None`: it is not there.
macro_rules! with_lane {
    ($lanes:expr, $kind:expr, $lane:ident => $result:expr) => {
        match $kind {
            $crate::Kind::Own => {
                let $lane = &mut $lanes.own;
                Some($result)
            }
            $crate::Kind::Shm => $lanes.shm.as_mut().map(|$lane| $result),
            $crate::Kind::Verbs => $lanes.verbs.as_mut().map(|$lane| $result),
            $crate::Kind::Ofi => $lanes.ofi.as_mut().map(|$lane| $result),
            $crate::Kind::Tcp => $lanes.tcp.as_mut().map(|$lane| $result),
            $crate::Kind::Sim => $lanes.sim.as_mut().map(|$lane| $result),
        }
    };
}
pub(crate) use with_lane;

impl Lanes {
    /// Every kind that a lane may have.
    pub(crate) const KINDS: [Kind; 6] = [Kind::Own, Kind::Shm, Kind::Verbs, Kind::Ofi, Kind::Tcp, Kind::Sim];

    /// Whether there is this lane.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Own => true,
            Kind::Shm => self.shm.is_some(),
            Kind::Verbs => self.verbs.is_some(),
            Kind::Ofi => self.ofi.is_some(),
            Kind::Tcp => self.tcp.is_some(),
            Kind::Sim => self.sim.is_some(),
        }
    }

    /// Those there are, one bit each.
    pub(crate) fn bits(&self) -> u8 {
        Self::KINDS.iter().filter(|kind| self.has(**kind)).fold(0, |bits, kind| bits | kind.bit())
    }

    /// Whether something is to be polled besides shared memory and this process itself.
    pub(crate) fn far(&self) -> bool {
        self.verbs.is_some() || self.ofi.is_some() || self.tcp.is_some() || self.sim.is_some()
    }

    /// A peer of whom something has come, and to whom there is no endpoint yet in the lane that brought it.
    pub(crate) fn stranger(&mut self) -> Option<(Kind, Peer)> {
        Self::KINDS.into_iter().find_map(|kind| {
            let peer = with_lane!(self, kind, lane => lane.engine.stranger())??;
            Some((kind, peer))
        })
    }

    /// Why a peer is gone, if one of the lanes knows.
    pub(crate) fn gone(&self, peer: Peer) -> Option<&std::sync::Arc<Closed>> {
        let engines = [
            Some(&self.own.engine),
            self.shm.as_ref().map(|lane| &lane.engine),
            self.verbs.as_ref().map(|lane| &lane.engine),
            self.ofi.as_ref().map(|lane| &lane.engine),
            self.tcp.as_ref().map(|lane| &lane.engine),
            self.sim.as_ref().map(|lane| &lane.engine),
        ];
        engines.into_iter().flatten().find_map(|engine| engine.gone(peer))
    }

    /// Polls all that reaches other hosts, the quickest first and most often. Returns how much they told, and whether one
    /// of them has heard of a stranger.
    #[inline(never)]
    pub(crate) fn poll_far<I: Inbox>(
        &mut self,
        before: usize,
        inbox: &mut I,
        fallen: &mut Fallen,
    ) -> (usize, bool) {
        let (mut told, mut estranged) = (0, false);
        let mut quickest = self.shm.is_none();
        if let Some(lane) = &mut self.verbs {
            told += lane.poll_in_turn(quickest, before + told, inbox, fallen);
            estranged |= lane.engine.estranged();
            quickest = false;
        }
        if let Some(lane) = &mut self.ofi {
            told += lane.poll_in_turn(quickest, before + told, inbox, fallen);
            estranged |= lane.engine.estranged();
            quickest = false;
        }
        if let Some(lane) = &mut self.tcp {
            told += lane.poll_in_turn(quickest, before + told, inbox, fallen);
            estranged |= lane.engine.estranged();
        }
        if let Some(lane) = &mut self.sim {
            told += lane.poll(inbox, fallen);
            estranged |= lane.engine.estranged();
        }
        (told, estranged)
    }

    /// Ends everything with a peer in these lanes.
    pub(crate) fn end<I: Inbox>(&mut self, closed: &Closed, bits: u8, inbox: &mut I, fallen: &mut Fallen) {
        for kind in Self::KINDS.into_iter().filter(|kind| bits & kind.bit() != 0) {
            with_lane!(self, kind, lane => lane.close(closed.clone(), inbox, fallen));
        }
    }

    /// Whether a lane has heard of a stranger, and whether in one something waits for room.
    pub(crate) fn restless(&mut self) -> (bool, bool) {
        let (mut estranged, mut backlogged) = (false, false);
        for kind in Self::KINDS.into_iter().filter(|kind| *kind != Kind::Own) {
            with_lane!(self, kind, lane => {
                estranged |= lane.engine.estranged();
                backlogged |= lane.engine.backlogged();
            });
        }
        (estranged, backlogged)
    }

    /// Prepares all of them for sleep; `None`: one has something, or cannot be waited for beside the others.
    pub(crate) fn arm(&mut self) -> Option<On> {
        let outward = |kind: &Kind| *kind != Kind::Own;
        let several = Self::KINDS.iter().filter(|kind| outward(kind) && self.has(**kind)).count() > 1;
        let by = if several { WakeBy::Descriptor } else { WakeBy::Any };
        let (mut on, mut fds, mut count) = (On::Nothing, [-1; 4], 0);
        for kind in Self::KINDS.into_iter().filter(outward) {
            match with_lane!(self, kind, lane => lane.arm(by)) {
                None | Some(Wake::Never) => {}
                Some(Wake::Word { address, expected }) if by == WakeBy::Any => {
                    on = On::Word { address, expected };
                }
                Some(Wake::Descriptor(fd)) if count < fds.len() => {
                    fds[count] = fd;
                    count += 1;
                    on = On::Descriptors(fds);
                }
                Some(Wake::Pending | Wake::Word { .. } | Wake::Descriptor(_)) => return None,
            }
        }
        Some(on)
    }

    /// After a sleep, or one that was thought better of.
    pub(crate) fn disarm(&mut self) {
        for kind in Self::KINDS.into_iter().filter(|kind| *kind != Kind::Own) {
            with_lane!(self, kind, lane => {
                lane.transport.disarm();
                lane.rhythm.soon();
            });
        }
    }

    /// Whether all that was sent has left this process and no transfer is open.
    pub(crate) fn drained(&self) -> bool {
        self.own.drained()
            && self.shm.as_ref().is_none_or(Lane::drained)
            && self.verbs.as_ref().is_none_or(|lane| lane.drained())
            && self.ofi.as_ref().is_none_or(|lane| lane.drained())
            && self.tcp.as_ref().is_none_or(Lane::drained)
            && self.sim.as_ref().is_none_or(|lane| lane.drained())
    }

    /// How many bytes are kept of messages that nobody has asked for.
    pub(crate) fn unexpected_bytes(&self) -> usize {
        let others = [
            self.shm.as_ref().map(|lane| lane.engine.unexpected_bytes()),
            self.verbs.as_ref().map(|lane| lane.engine.unexpected_bytes()),
            self.ofi.as_ref().map(|lane| lane.engine.unexpected_bytes()),
            self.tcp.as_ref().map(|lane| lane.engine.unexpected_bytes()),
            self.sim.as_ref().map(|lane| lane.engine.unexpected_bytes()),
        ];
        self.own.engine.unexpected_bytes() + others.into_iter().flatten().sum::<usize>()
    }
}
