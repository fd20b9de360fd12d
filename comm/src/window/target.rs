//! The target's side: what a rank does for those that access its part of a window.
//!
//! Requests are messages that nobody has posted a receive for. They wait in the window's own context until
//! [`State::serve_windows`] takes them, in the poll that brought them, one after the other: so those of one origin are done in
//! their order, and those that combine are atomic. Nothing of it needs a call on the window by its owner: any call that moves
//! messages on will do.

use std::collections::HashMap;

use olympi_datatype::signature::UNCHECKED;
use olympi_matching::Pattern;
use olympi_transport_api::{Peer, RecvBuf};

use crate::context::{Traffic, context};
use crate::group::Group;
use crate::inbox::State;
use crate::op::OpRef;
use crate::recv::Growing;
use crate::window::locks::{Claimant, Locks};
use crate::window::memory::Exposed;
use crate::window::wire::{self, Request};

/// An answer that says that all went well.
pub(crate) const WELL: u8 = 0;
/// That an access was not to a part of the window.
pub(crate) const OUT_OF_RANGE: u8 = 1;

/// One window, as its owner sees it.
#[derive(Debug)]
pub(crate) struct TargetSide {
    /// The number of the window's communicator.
    pub(crate) number: u32,
    group: Group,
    me: u32,
    pub(crate) exposed: Exposed,
    /// A message that has begun to come, and its rank.
    receiving: Option<(OpRef, u32)>,
    /// Data that come directly to their place, and whose they are.
    incoming: Vec<(u32, OpRef)>,
    /// Ranks that wait for an answer until their data have come, and whether they give the lock back then.
    flushing: Vec<Flushing>,
    locks: Locks,
    /// How often each rank has posted, less how often this one has begun to access it.
    posts: HashMap<u32, u32>,
    /// How often each rank has completed, less how often this one has waited for that.
    completes: HashMap<u32, u32>,
    /// Ranks that have accessed what is not part of the window, and do not know it yet.
    strays: Vec<u32>,
    /// How many dead peers it has heard of.
    mourned: usize,
}

#[derive(Clone, Copy, Debug)]
struct Flushing {
    rank: u32,
    answer: i32,
    unlock: bool,
}

/// What ranks tell one another of their epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Post,
    Complete,
}

impl TargetSide {
    pub(crate) fn new(number: u32, group: Group, me: u32, exposed: Exposed) -> Self {
        Self {
            number,
            group,
            me,
            exposed,
            receiving: None,
            incoming: Vec::new(),
            flushing: Vec::new(),
            locks: Locks::default(),
            posts: HashMap::new(),
            completes: HashMap::new(),
            strays: Vec::new(),
            mourned: 0,
        }
    }

    fn signals(&mut self, signal: Signal) -> &mut HashMap<u32, u32> {
        match signal {
            Signal::Post => &mut self.posts,
            Signal::Complete => &mut self.completes,
        }
    }

    /// Whether a signal of each of these ranks is there; the first that is missing.
    pub(crate) fn missing(&mut self, signal: Signal, ranks: &[u32]) -> Option<u32> {
        let there = self.signals(signal);
        ranks.iter().copied().find(|rank| there.get(rank).is_none_or(|count| *count == 0))
    }

    /// Takes one of each.
    pub(crate) fn take(&mut self, signal: Signal, ranks: &[u32]) {
        for rank in ranks {
            if let Some(count) = self.signals(signal).get_mut(rank) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// Whether memory of the window is lent to messages that are on their way.
    pub(crate) fn is_lent(&self) -> bool {
        !self.incoming.is_empty()
    }

    fn context(&self, traffic: Traffic) -> u32 {
        context(self.number, traffic)
    }

    /// Does what there is to do; how much there was.
    fn serve(&mut self, state: &mut State) -> usize {
        let mut done = self.mourn(state);
        while let Some((rank, message)) = self.next_message(state) {
            done += 1;
            let mut rest = &message[..];
            while !rest.is_empty() {
                let Some(request) = wire::next(&mut rest).and_then(Request::decode) else {
                    tracing::warn!(rank, "ignored: a request to a window that makes no sense");
                    self.strays.push(rank);
                    break;
                };
                self.answer(state, rank, request);
            }
        }
        done + self.settle(state)
    }

    /// The next message of requests that has come whole, and whose it is. Those of ranks that died half-way are none.
    fn next_message(&mut self, state: &mut State) -> Option<(u32, Vec<u8>)> {
        loop {
            let (op, rank) = match self.receiving {
                Some(receiving) => receiving,
                None => self.begin_message(state)?,
            };
            self.receiving = Some((op, rank));
            let outcome = state.mail.ops.take(op)?;
            self.receiving = None;
            if let Ok((bytes, _)) = Growing::<u8>::finish(outcome, &self.group) {
                return Some((rank, bytes));
            }
        }
    }

    fn begin_message(&self, state: &mut State) -> Option<(OpRef, u32)> {
        let requests = self.context(Traffic::Objects);
        let any = Pattern { source: None, tag: None };
        let (key, message) = state.mail.contexts.queue(requests)?.take(any)?;
        let hold = Box::new(Growing::<u8>::default());
        let op = state.mail.ops.begin(requests, UNCHECKED, RecvBuf::empty(), Some(hold));
        state.claim(op, key, message);
        Some((op, key.source))
    }

    fn answer(&mut self, state: &mut State, rank: u32, request: Request<'_>) {
        let well = match request {
            Request::Put { layout, data } => self.exposed.write(&layout, data),
            Request::Await { offset, len, tag } => {
                let place = self.exposed.lend(offset, len);
                let pattern = Pattern { source: Some(rank), tag: Some(tag) };
                let landing = place.unwrap_or_else(RecvBuf::empty);
                let direct = self.context(Traffic::PARTITIONS);
                self.incoming.push((rank, state.post(direct, UNCHECKED, pattern, landing, None)));
                place.is_some()
            }
            Request::Get { layout, answer } => {
                self.tell(state, rank, answer, self.exposed.read(&layout));
                true // A get that has got nothing knows.
            }
            Request::Combine { operation, layout, data, answer: None } => {
                self.exposed.combine(&layout, data, &operation, |_| ())
            }
            Request::Combine { operation, layout, data, answer: Some(answer) } => {
                let mut old = Vec::new();
                if !self.exposed.combine(&layout, data, &operation, |piece| old.extend(piece)) {
                    old.clear();
                }
                self.tell(state, rank, answer, old);
                true
            }
            Request::CompareAndSwap { offset, compare, swap, answer } => {
                let mut old = vec![0; compare.len()];
                if !self.exposed.compare_and_swap(offset, compare, swap, &mut old) {
                    old.clear();
                }
                self.tell(state, rank, answer, old);
                true
            }
            Request::Flush { answer } => {
                self.flushing.push(Flushing { rank, answer, unlock: false });
                true
            }
            Request::Unlock { answer } => {
                self.flushing.push(Flushing { rank, answer, unlock: true });
                true
            }
            Request::Lock { exclusive, answer } => {
                // What a dead rank has asked for may be read after the news of its death.
                let peer = self.group.peer(rank);
                if state.mail.dead.iter().all(|gone| gone.peer != peer) {
                    self.locks.ask(Claimant { rank, exclusive, answer });
                }
                true
            }
            Request::Post => {
                *self.posts.entry(rank).or_default() += 1;
                true
            }
            Request::Complete => {
                *self.completes.entry(rank).or_default() += 1;
                true
            }
        };
        if !well {
            self.strays.push(rank);
        }
    }

    /// Answers whose data have come, and grants locks.
    fn settle(&mut self, state: &mut State) -> usize {
        let before = self.incoming.len();
        self.incoming.retain(|(_, op)| state.mail.ops.take(*op).is_none());
        let mut done = before - self.incoming.len();
        for flushing in std::mem::take(&mut self.flushing) {
            let Flushing { rank, answer, unlock } = flushing;
            if self.incoming.iter().any(|(of, _)| *of == rank) {
                self.flushing.push(flushing);
                continue;
            }
            done += 1;
            let strays = self.strays.len();
            self.strays.retain(|stray| *stray != rank);
            let verdict = if self.strays.len() == strays { WELL } else { OUT_OF_RANGE };
            if unlock {
                self.locks.release(rank, false);
            }
            self.tell(state, rank, answer, vec![verdict]);
        }
        while let Some(Claimant { rank, answer, .. }) = self.locks.grant() {
            done += 1;
            self.tell(state, rank, answer, vec![WELL]);
        }
        done
    }

    fn tell(&self, state: &mut State, rank: u32, answer: i32, bytes: Vec<u8>) {
        let (answers, to) = (self.context(Traffic::ANY_BUFFERS), self.group.peer(rank));
        // One that cannot be reached is gone, and waits no more.
        let _ = state.send_bytes(answers, Peer(self.me), to, answer, bytes);
    }

    /// The dead hold no locks.
    fn mourn(&mut self, state: &State) -> usize {
        let dead = &state.mail.dead;
        let news = dead.len() - self.mourned;
        for gone in &dead[self.mourned..] {
            if let Some(rank) = self.group.rank_of(gone.peer) {
                self.locks.release(rank, true);
                self.flushing.retain(|flushing| flushing.rank != rank);
            }
        }
        self.mourned = dead.len();
        news
    }
}

impl State {
    /// Does what others ask of this process's windows; how much there was.
    #[cold]
    #[inline(never)]
    pub(crate) fn serve_windows(&mut self) -> usize {
        // Taken out while they act, since their messages need the rest of the state.
        let mut windows = std::mem::take(&mut self.mail.windows);
        let done = windows.iter_mut().map(|window| window.serve(self)).sum();
        self.mail.windows = windows;
        done
    }

    /// This process's side of the window with this number.
    pub(crate) fn window(&mut self, number: u32) -> Option<&mut TargetSide> {
        self.mail.windows.iter_mut().find(|window| window.number == number)
    }
}
