//! Unexpected messages: those that came before anybody waited for them (MPI 5.0, section 3.5).

use alloc::sync::Arc;
use alloc::vec::Vec;

use olympi_transport_api::{Closed, Payload, Peer, RemoteKey};

use crate::eager::within;
use crate::error::Nonsense;
use crate::slab::Slab;
use crate::wire::Transfer;

/// An unexpected message.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) from: Peer,
    pub(crate) kept: Kept,
}

/// As much of an unexpected message as has arrived. With its peer it fills one cache line.
#[derive(Debug)]
pub(crate) enum Kept {
    /// All of it, being short: no allocation.
    Short { len: u8, bytes: [u8; SHORT], answer: Option<Transfer> },
    /// All of it.
    Whole { bytes: Vec<u8>, answer: Option<Transfer> },
    /// The front of a train.
    Front { bytes: Vec<u8>, total: u64 },
    /// Nothing of it: it waits at its sender.
    Offered { transfer: Transfer, len: u64, key: Option<RemoteKey> },
    /// Its peer went away before it was whole.
    Failed(Arc<Closed>),
}

/// Longest message kept without an allocation, in bytes.
pub(crate) const SHORT: usize = 40;

/// Growth of a train's buffer is at most this much ahead of the bytes that are there, whatever length its
/// sender claims.
const AHEAD: usize = 1 << 16;

/// What a message takes beside its bytes: its row here, and its place in the matching queue.
const ROW: usize = 128;

impl Kept {
    /// How much memory it takes, as far as its sender did not wait.
    fn cost(&self) -> usize {
        match self {
            Self::Short { .. } => ROW,
            Self::Whole { bytes, .. } | Self::Front { bytes, .. } => ROW + bytes.len(),
            Self::Offered { .. } | Self::Failed(_) => 0,
        }
    }

    /// A whole message. `answer`: its sender waits for its match.
    pub(crate) fn whole(payload: Payload<'_>, answer: Option<Transfer>) -> Self {
        if payload.len() <= SHORT {
            let mut bytes = [0; SHORT];
            let len = payload.copy_to(&mut bytes);
            #[allow(clippy::cast_possible_truncation)] // at most SHORT
            let len = len as u8;
            Self::Short { len, bytes, answer }
        } else {
            Self::Whole { bytes: payload.to_vec(), answer }
        }
    }

    /// The front of a train of `total` bytes.
    pub(crate) fn front(payload: Payload<'_>, total: u64) -> Self {
        let mut bytes = Vec::new();
        append(&mut bytes, payload, total);
        Self::Front { bytes, total }
    }
}

/// Appends to the front of a train of `total` bytes.
fn append(bytes: &mut Vec<u8>, payload: Payload<'_>, total: u64) {
    let (old, new) = (bytes.len(), bytes.len() + payload.len());
    if new > bytes.capacity() {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let ahead = total.saturating_sub(new).min(new.max(AHEAD));
        bytes.reserve_exact(payload.len() + ahead);
    }
    bytes.resize(new, 0);
    payload.copy_to(&mut bytes[old..]);
}

/// All unexpected messages of an engine.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    rows: Slab<Arrival>,
    held: usize,
}

impl Arrivals {
    /// The number of the next one.
    #[inline]
    pub(crate) fn next(&self) -> u32 {
        self.rows.next()
    }

    /// Bytes that they take.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    pub(crate) fn keep(&mut self, from: Peer, kept: Kept) {
        self.held += kept.cost();
        self.rows.insert(Arrival { from, kept });
    }

    pub(crate) fn take(&mut self, row: u32) -> Option<Arrival> {
        let arrival = self.rows.remove(row)?;
        self.held -= arrival.kept.cost();
        Some(arrival)
    }

    /// More bytes of the train in this row: whether they were the last. `None`: there is no train in that row.
    pub(crate) fn more(&mut self, row: u32, payload: Payload<'_>) -> Option<Result<bool, Nonsense>> {
        let arrival = self.rows.get_mut(row)?;
        let Kept::Front { bytes, total } = &mut arrival.kept else { return None };
        let arrived = match within(bytes.len() as u64, payload.len() as u64, *total) {
            Ok(arrived) => arrived,
            Err(nonsense) => return Some(Err(nonsense)),
        };
        self.held += payload.len();
        append(bytes, payload, *total);
        let over = arrived == *total;
        if over {
            arrival.kept = Kept::Whole { bytes: core::mem::take(bytes), answer: None };
        }
        Some(Ok(over))
    }

    /// After the end of `peer`: messages that are whole stay, all others have failed.
    pub(crate) fn fail(&mut self, peer: Peer, closed: &Arc<Closed>) {
        let held = &mut self.held;
        self.rows.for_each(|arrival| {
            if arrival.from == peer && matches!(arrival.kept, Kept::Front { .. } | Kept::Offered { .. }) {
                *held -= arrival.kept.cost();
                arrival.kept = Kept::Failed(Arc::clone(closed));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unexpected_message_fills_a_cache_line() {
        assert!(size_of::<Arrival>() <= 64, "{} bytes", size_of::<Arrival>());
    }

    #[test]
    fn a_claimed_length_is_believed_only_so_far() {
        let mut bytes = Vec::new();
        append(&mut bytes, Payload::from_slice(&[1; 100]), u64::MAX);
        assert!(bytes.len() == 100 && bytes.capacity() <= 100 + AHEAD);
        append(&mut bytes, Payload::from_slice(&[2; 100]), 200);
        assert!(bytes[..100].iter().all(|&b| b == 1) && bytes[100..].iter().all(|&b| b == 2));
    }
}
