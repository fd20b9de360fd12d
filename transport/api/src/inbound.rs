//! What a poll brings.

use crate::{Closed, OpToken, Payload, Peer, RmaError};

/// One event out of [`Transport::poll`](crate::Transport::poll).
#[derive(Debug)]
pub enum Inbound<'a> {
    /// A frame arrived, whole, exactly as it was sent.
    Frame {
        /// Who sent it.
        from: Peer,
        /// Its header: a private copy, safe to parse.
        header: &'a [u8],
        /// Its payload: readable until the sink returns, and no longer.
        payload: Payload<'a>,
    },
    /// An accepted `put` or `get` ended; said exactly once for each.
    Done {
        /// The token that was given with the operation.
        op: OpToken,
        /// Whether the bytes were moved.
        outcome: Result<(), RmaError>,
    },
    /// The endpoint to a peer is gone; said at most once a peer, and nothing of it follows.
    Closed(Closed),
}
