//! One peer, from nothing to gone.

use std::collections::BTreeMap;
use std::time::Instant;

use olympi_transport_api::Closed;

use crate::address::Reach;
use crate::ffi::fi_addr_t;
use crate::sleep::Watched;

/// What there is between this rank and one other.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
#[derive(Default)]
pub(crate) struct Link {
    pub(crate) phase: Phase,
    /// Its rank is lower than ours.
    pub(crate) lower: bool,
    /// `connect` was called.
    pub(crate) asked: bool,
    /// The first message to it, which tells it our address, has been posted.
    pub(crate) greeted: bool,
    /// It has sent something.
    pub(crate) heard: bool,
    /// It has sent something since the last look at the clock.
    pub(crate) heard_lately: bool,
    /// Its process has ended, or it has said goodbye: there is nobody to be told anything.
    pub(crate) left: bool,
    /// It was given up though it may live; until then it is to be told.
    pub(crate) farewell: Option<Instant>,
    /// It is on the list of those to whom a credit is due.
    pub(crate) owing: bool,
    /// Its name in the table of addresses, where endpoints are not connected.
    pub(crate) name: Option<fi_addr_t>,
    /// The connection that we made to it, and the one that it made to us, where endpoints are connected.
    pub(crate) ours: Option<u32>,
    pub(crate) theirs: Option<u32>,
    /// Numbered messages posted to it, and how many of them it has taken.
    pub(crate) sent: u32,
    pub(crate) acked: u32,
    /// Numbered messages taken from it, and how many of them it has been told.
    pub(crate) expected: u32,
    pub(crate) told: u32,
    /// Sends out of bounce buffers, and `get`s and `put`s, that have not completed.
    pub(crate) sending: u32,
    pub(crate) accesses: u32,
    /// What messages to it and from it begin with.
    pub(crate) proof_to: Option<u64>,
    pub(crate) proof_from: Option<u64>,
    /// Probes since it was last heard.
    pub(crate) probes: u32,
    /// Numbered messages that came before their turn.
    pub(crate) early: BTreeMap<u32, Box<[u8]>>,
    /// It has said goodbye, before this number.
    pub(crate) leaves_at: Option<u32>,
    pub(crate) reach: Option<Box<Reach>>,
    pub(crate) watched: Option<Watched>,
}

/// How far it is.
#[derive(Default)]
pub(crate) enum Phase {
    /// Nothing is wrong.
    #[default]
    Open,
    /// It is gone, and what was under way to it has yet to end.
    Closing(Box<(Closed, Instant)>),
    /// It is gone, and that was told, or will be with the next events.
    Gone,
}

impl Link {
    pub(crate) fn open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Messages that it has not taken yet.
    #[inline]
    pub(crate) fn under_way(&self) -> u32 {
        self.sent.wrapping_sub(self.acked)
    }
}
