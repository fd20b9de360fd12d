//! Several ranks in one test.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::time::{Duration, Instant};

use olympi_tcp::{Config, Family, Tcp};
use olympi_transport_api::{ClosedKind, Inbound, OpToken, Peer, Post, RmaError, Transport};

pub const V4: Family = Family::V4;
pub const V6: Family = Family::V6;
pub const SECRET: [u8; 32] = [42; 32];

/// An event, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Frame(Peer, Vec<u8>, Vec<u8>),
    Done(OpToken, Result<(), RmaError>),
    Closed(Peer, ClosedKind, String),
}

impl Heard {
    pub fn closed(&self) -> bool {
        matches!(self, Self::Closed(..))
    }
}

impl From<Inbound<'_>> for Heard {
    fn from(event: Inbound<'_>) -> Self {
        match event {
            Inbound::Frame { from, header, payload } => Self::Frame(from, header.to_vec(), payload.to_vec()),
            Inbound::Done { op, outcome } => Self::Done(op, outcome),
            Inbound::Closed(c) => Self::Closed(c.peer, c.kind, c.to_string()),
        }
    }
}

/// All ranks of a job, polled in turn.
pub struct World {
    pub ranks: Vec<Tcp>,
    pub heard: Vec<Vec<Heard>>,
}

impl World {
    pub fn new(size: u32, config: &Config) -> Self {
        let ranks = (0..size).map(|me| Tcp::new(config.clone(), Peer(me), size, SECRET).unwrap()).collect();
        Self { ranks, heard: vec![Vec::new(); size as usize] }
    }

    pub fn connect(&mut self, from: usize, to: usize) {
        let address = self.ranks[to].address();
        self.ranks[from].connect(Peer(to as u32), &address).unwrap();
    }

    /// Polls everyone once.
    pub fn turn(&mut self) {
        for (rank, heard) in self.ranks.iter_mut().zip(&mut self.heard) {
            rank.poll(&mut |event| heard.push(event.into()));
        }
    }

    /// Polls until `done`; a minute is a hang.
    pub fn until(&mut self, mut done: impl FnMut(&[Vec<Heard>]) -> bool) {
        guard(|| {
            self.turn();
            done(&self.heard)
        });
    }

    /// Posts until it is accepted.
    pub fn post(&mut self, rank: usize, mut post: impl FnMut(&mut Tcp) -> Post) {
        guard(|| match post(&mut self.ranks[rank]) {
            Post::Accepted => true,
            Post::Busy => {
                self.turn();
                false
            }
            Post::Closed => panic!("rank {rank}: closed; it heard {:?}", self.heard[rank].last()),
        });
    }

    pub fn send(&mut self, from: usize, to: usize, header: &[u8], payload: &[u8]) {
        self.post(from, |tcp| tcp.send(Peer(to as u32), header, payload));
    }
}

/// Repeats `step` until it says true; a minute is a hang.
pub fn guard(mut step: impl FnMut() -> bool) {
    let start = Instant::now();
    while !step() {
        assert!(start.elapsed() < Duration::from_secs(60), "hangs");
    }
}
