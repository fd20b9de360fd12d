//! The naive model: two lists, searched from the front.
//!
//! It is MPI's rule written down, with no thought of speed. The test beside it drives it and [`crate::MatchQueue`]
//! with the same random operations and demands the same answers; a test of a higher floor may do likewise.

use alloc::vec::Vec;

use crate::{Arrived, Key, Pattern};

/// What [`crate::MatchQueue`] must be indistinguishable from.
#[derive(Clone, Debug)]
pub struct ReferenceQueue<R, M> {
    posted: Vec<(u64, Pattern, R)>,
    unexpected: Vec<(Key, M)>,
    next_token: u64,
}

/// What became of a receive given to [`ReferenceQueue::post`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferencePosted<R, M> {
    /// As [`crate::Posted::Matched`].
    Matched {
        /// The message's own source and tag.
        key: Key,
        /// What the message carried.
        message: M,
        /// The receive, handed back.
        recv: R,
    },
    /// As [`crate::Posted::Queued`]; the number names the receive for [`ReferenceQueue::cancel`].
    Queued(u64),
}

impl<R, M> ReferenceQueue<R, M> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { posted: Vec::new(), unexpected: Vec::new(), next_token: 0 }
    }

    /// As [`crate::MatchQueue::post`].
    pub fn post(&mut self, pattern: Pattern, recv: R) -> ReferencePosted<R, M> {
        if let Some((key, message)) = self.take(pattern) {
            return ReferencePosted::Matched { key, message, recv };
        }
        let token = self.next_token;
        self.next_token += 1;
        self.posted.push((token, pattern, recv));
        ReferencePosted::Queued(token)
    }

    /// As [`crate::MatchQueue::arrive`].
    pub fn arrive(&mut self, key: Key, make: impl FnOnce() -> M) -> Arrived<R> {
        match self.posted.iter().position(|(_, pattern, _)| pattern.matches(key)) {
            Some(at) => Arrived::Matched(self.posted.remove(at).2),
            None => {
                self.unexpected.push((key, make()));
                Arrived::Queued
            }
        }
    }

    /// As [`crate::MatchQueue::cancel`].
    pub fn cancel(&mut self, token: u64) -> Option<R> {
        let at = self.posted.iter().position(|&(other, ..)| other == token)?;
        Some(self.posted.remove(at).2)
    }

    /// As [`crate::MatchQueue::probe`].
    pub fn probe(&self, pattern: Pattern) -> Option<(Key, &M)> {
        let (key, message) = self.unexpected.iter().find(|(key, _)| pattern.matches(*key))?;
        Some((*key, message))
    }

    /// As [`crate::MatchQueue::take`].
    pub fn take(&mut self, pattern: Pattern) -> Option<(Key, M)> {
        let at = self.unexpected.iter().position(|(key, _)| pattern.matches(*key))?;
        Some(self.unexpected.remove(at))
    }

    /// As [`crate::MatchQueue::posted_len`].
    pub fn posted_len(&self) -> usize {
        self.posted.len()
    }

    /// As [`crate::MatchQueue::unexpected_len`].
    pub fn unexpected_len(&self) -> usize {
        self.unexpected.len()
    }

    /// As [`crate::MatchQueue::drain_posted`].
    pub fn drain_posted(&mut self, mut pred: impl FnMut(&Pattern, &R) -> bool) -> Vec<(Pattern, R)> {
        let (drained, kept) =
            core::mem::take(&mut self.posted).into_iter().partition(|(_, pattern, recv)| pred(pattern, recv));
        self.posted = kept;
        let drained: Vec<(u64, Pattern, R)> = drained;
        drained.into_iter().map(|(_, pattern, recv)| (pattern, recv)).collect()
    }

    /// As [`crate::MatchQueue::drain_unexpected`].
    pub fn drain_unexpected(&mut self, mut pred: impl FnMut(&Key, &M) -> bool) -> Vec<(Key, M)> {
        let (drained, kept) =
            core::mem::take(&mut self.unexpected).into_iter().partition(|(key, message)| pred(key, message));
        self.unexpected = kept;
        drained
    }
}

impl<R, M> Default for ReferenceQueue<R, M> {
    fn default() -> Self {
        Self::new()
    }
}
