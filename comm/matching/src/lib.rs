//! MPI's matching of receives and messages in constant time (MPI 5.0, section 3.5).
//!
//! A [`MatchQueue`] holds one communicator context. It knows two mirror verbs: a receive is
//! [posted](MatchQueue::post), a message [arrives](MatchQueue::arrive). Each looks for its counterpart and, if there
//! is none yet, waits in its own queue: the *posted* receives and the *unexpected* messages.
//!
//! Both MPI rules of order hold:
//!
//! - messages of one source that match the same receive are taken in the order in which they arrived
//!   (non-overtaking; the caller presents the messages of one source in the order in which they were sent);
//! - an arriving message goes to the receive that was posted first among all that match it, wildcards included.
//!
//! **Cost.** Every operation but the two `drain_` methods is O(1), amortised, at any depth and for any mix of
//! wildcards. Up to eight waiting entries are compared one after the other, which is quicker than any hash; more are
//! hashed ([`posted`] and [`unexpected`] say how). In a steady state nothing is allocated; memory that a deep
//! queue needed is kept for the next one.
//!
//! The matcher never looks at what it carries: `R`, a posted receive, and `M`, an unexpected message, are the
//! caller's, most often two integers that name a request and an arrival.
//!
//! ```
//! use olympi_matching::{Arrived, Key, MatchQueue, Pattern, Posted};
//!
//! let mut queue: MatchQueue<&str, &str> = MatchQueue::new();
//! // A receive of anything from rank 3 waits for its message.
//! assert!(matches!(queue.post(Pattern { source: Some(3), tag: None }, "receive"), Posted::Queued(_)));
//! // Another rank's message does not match it, and waits for its receive.
//! assert_eq!(queue.arrive(Key { source: 1, tag: 7 }, || "from 1"), Arrived::Queued);
//! assert_eq!(queue.arrive(Key { source: 3, tag: 7 }, || "from 3"), Arrived::Matched("receive"));
//! assert_eq!(
//!     queue.post(Pattern { source: None, tag: Some(7) }, "any source"),
//!     Posted::Matched { key: Key { source: 1, tag: 7 }, message: "from 1", recv: "any source" },
//! );
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod index;
mod pattern;
pub mod posted;
pub mod reference;
pub mod unexpected;

use alloc::vec::Vec;

pub use pattern::{Key, Pattern};
pub use posted::PostToken;

use posted::PostedQueue;
use unexpected::UnexpectedQueue;

/// The posted receives and the unexpected messages of one communicator context.
///
/// `R` is what a posted receive carries, `M` what an unexpected message carries.
#[derive(Debug)]
pub struct MatchQueue<R, M> {
    posted: PostedQueue<R>,
    unexpected: UnexpectedQueue<M>,
}

/// What became of a receive given to [`MatchQueue::post`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted<R, M> {
    /// The earliest unexpected message that the pattern matches was taken.
    Matched {
        /// The message's own source and tag.
        key: Key,
        /// What the message carried.
        message: M,
        /// The receive, handed back.
        recv: R,
    },
    /// No message matches yet; the receive waits, and the token can cancel it.
    Queued(PostToken),
}

/// What became of a message given to [`MatchQueue::arrive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived<R> {
    /// The earliest posted receive that matches; it no longer waits.
    Matched(R),
    /// No receive matches yet; the message waits as unexpected.
    Queued,
}

impl<R, M> MatchQueue<R, M> {
    /// An empty queue. Allocates nothing.
    pub const fn new() -> Self {
        Self { posted: PostedQueue::new(), unexpected: UnexpectedQueue::new() }
    }

    /// Posts a receive: it takes the earliest unexpected message that `pattern` matches, or waits.
    #[inline(always)]
    pub fn post(&mut self, pattern: Pattern, recv: R) -> Posted<R, M> {
        if let Some((key, message)) = self.unexpected.take(pattern) {
            return Posted::Matched { key, message, recv };
        }
        Posted::Queued(self.posted.push(pattern, recv))
    }

    /// A message arrives: the earliest posted receive that matches it takes it, or it waits as unexpected.
    ///
    /// `make` is called only in the second case, so that a message is copied aside only when it must be.
    #[inline(always)]
    pub fn arrive(&mut self, key: Key, make: impl FnOnce() -> M) -> Arrived<R> {
        if let Some(recv) = self.posted.take(key) {
            return Arrived::Matched(recv);
        }
        self.unexpected.push(key, make());
        Arrived::Queued
    }

    /// Withdraws a receive that still waits; `None` when it was matched, cancelled or drained before.
    #[inline]
    pub fn cancel(&mut self, token: PostToken) -> Option<R> {
        self.posted.cancel(token)
    }

    /// The earliest unexpected message that `pattern` matches; it stays where it is (`MPI_Iprobe`).
    ///
    /// Exclusive, because the first look by a wildcard may build the index that keeps the next ones O(1).
    #[inline]
    pub fn probe(&mut self, pattern: Pattern) -> Option<(Key, &M)> {
        self.unexpected.probe(pattern)
    }

    /// Takes the earliest unexpected message that `pattern` matches (`MPI_Improbe`).
    #[inline]
    pub fn take(&mut self, pattern: Pattern) -> Option<(Key, M)> {
        self.unexpected.take(pattern)
    }

    /// How many receives wait.
    #[inline]
    pub fn posted_len(&self) -> usize {
        self.posted.len()
    }

    /// How many unexpected messages wait.
    #[inline]
    pub fn unexpected_len(&self) -> usize {
        self.unexpected.len()
    }

    /// Removes every waiting receive for which `pred` holds, in posting order; for instance all that named a peer
    /// that died. O(n log n) in the number of waiting receives.
    pub fn drain_posted(&mut self, pred: impl FnMut(&Pattern, &R) -> bool) -> Vec<(Pattern, R)> {
        self.posted.drain(pred)
    }

    /// Removes every unexpected message for which `pred` holds, in order of arrival; for instance all that a peer
    /// announced and, having died, can no longer deliver. O(n) in the number of waiting messages.
    pub fn drain_unexpected(&mut self, pred: impl FnMut(&Key, &M) -> bool) -> Vec<(Key, M)> {
        self.unexpected.drain(pred)
    }
}

impl<R, M> Default for MatchQueue<R, M> {
    fn default() -> Self {
        Self::new()
    }
}
