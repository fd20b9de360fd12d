//! How a send and how a receive may fail (that the peer is gone, or will not receive), and how a peer may make no
//! sense.

use alloc::sync::Arc;
use olympi_transport_api::{Closed, Peer};
use thiserror::Error;

use crate::wire::{Landing, Transfer, WireError};

/// Why a message was not sent, or is not known to have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The peer is gone, or could never be reached.
    #[error("the message was not delivered: {0}")]
    PeerGone(Arc<Closed>),
    /// The peer has discarded the message, which waited for a receive, since it receives nothing any more. What was
    /// sent without waiting for a receive ends well even then.
    #[error("{peer} has left the job without receiving the message: is a receive missing there?")]
    Unreceived {
        /// The peer.
        peer: Peer,
    },
}

/// Why a message that had begun to arrive did not arrive whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecvError {
    /// The peer went away in the middle of the message.
    #[error("the message did not arrive whole: {0}")]
    PeerGone(Arc<Closed>),
}

/// What a peer sent that makes no sense. It is cut off for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Nonsense {
    /// Not even a frame.
    #[error("{0}")]
    Wire(#[from] WireError),
    /// An id of a send that there is not, or that is another peer's.
    #[error("an answer to the send {}, which is none of its own", .0.0)]
    Transfer(Transfer),
    /// An id of a receive that there is not, or that is another peer's.
    #[error("data for the receive {}, which is none of its own", .0.0)]
    Landing(Landing),
    /// A sound frame at the wrong time.
    #[error("{0} out of place")]
    OutOfPlace(&'static str),
    /// More bytes than were announced or asked for.
    #[error("{sent} bytes where {due} were due")]
    Length {
        /// How many came, or were asked for.
        sent: u64,
        /// How many there could be at most.
        due: u64,
    },
    /// More unexpected messages than an engine can name.
    #[error("more unexpected messages than can be kept")]
    Flood,
}
