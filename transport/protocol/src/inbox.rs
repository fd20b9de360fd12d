//! The one question up, and the names by which both floors speak of the same thing.

use olympi_transport_api::{Closed, Envelope, Peer, RecvBuf};

use crate::{RecvError, SendError};

/// Names a send of the caller's until [`Inbox::sent`]. Chosen by the caller, opaque to the engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SendId(pub u32);

/// Names a receive of the caller's until [`Inbox::received`]. Chosen by the caller, opaque to the engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecvId(pub u32);

/// Names an unexpected message inside an engine, until it is accepted or discarded. The topmost three bits are
/// the engine's [`Lane`], so that ids of several engines can be kept in one table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ArrivalId(pub u32);

impl ArrivalId {
    /// How many messages one engine can keep at a time: 2^29.
    pub const SLOTS: u32 = 1 << Self::LANE_SHIFT;
    const LANE_SHIFT: u32 = 29;

    #[inline]
    pub(crate) fn new(lane: Lane, slot: u32) -> Self {
        Self(u32::from(lane.0) << Self::LANE_SHIFT | slot)
    }

    /// Which engine has this message.
    #[inline]
    pub fn lane(self) -> Lane {
        Lane((self.0 >> Self::LANE_SHIFT) as u8)
    }

    /// The slot inside that engine.
    #[inline]
    pub(crate) fn slot(self) -> u32 {
        self.0 & (Self::SLOTS - 1)
    }
}

/// The number of an engine among the engines that share an [`Inbox`]: 0 to 7.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Lane(u8);

impl Lane {
    /// The lane of that number.
    ///
    /// # Panics
    /// If the number exceeds 7.
    pub const fn new(number: u8) -> Self {
        assert!(number < 8, "there are eight lanes");
        Self(number)
    }

    /// Its number.
    #[inline]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// When a send may end (MPI 5.0, section 3.4). Ready is standard here; buffering is comm's matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// When the buffer is free again.
    Standard,
    /// When the buffer is free again and a receive has taken the message.
    Synchronous,
}

/// What became of a send at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Sent {
    /// It has ended: the buffer is free, and [`Inbox::sent`] will not be called.
    Done,
    /// The buffer stays lent until [`Inbox::sent`], which will be called exactly once.
    Pending,
}

/// What became of an accepted message at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Accepted {
    /// It is in the buffer, and [`Inbox::received`] will not be called.
    Done,
    /// The buffer stays lent until [`Inbox::received`], which will be called exactly once.
    Pending,
}

/// Who is told. Its methods record what they are told and do nothing else.
pub trait Inbox {
    /// A message begins: match it (MPI 5.0, section 3.5). Messages of one peer are told in the order in which
    /// they were sent.
    ///
    /// `Some`: a posted receive takes it. Its buffer may be shorter than `envelope.len`: what does not fit is
    /// dropped and the message is consumed whole; whoever knows both lengths reports the truncation. Then
    /// [`Inbox::received`] is called exactly once, maybe before this poll returns, and `arrival` means nothing.
    ///
    /// `None`: nobody waits for it. The engine keeps the message as `arrival` until it is accepted or
    /// discarded, which may be done as soon as `poll` has returned.
    ///
    /// The envelope is as the peer claims; `from` is proven by the transport. A caller that knows which peer
    /// `envelope.source` must be checks that here.
    fn arrive(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)>;

    /// A receive has ended: its buffer is the caller's again. Bytes that its sender says to have put, and has not, are
    /// as they were, so whoever reads the buffer afterwards must have initialized it before.
    fn received(&mut self, recv: RecvId, outcome: Result<(), RecvError>);

    /// A send has ended: its buffer is the caller's again.
    fn sent(&mut self, send: SendId, outcome: Result<(), SendError>);

    /// A peer is gone. Told once a peer, after the errors of its operations. Messages of it that had arrived
    /// whole can still be accepted.
    fn closed(&mut self, closed: &Closed);
}
