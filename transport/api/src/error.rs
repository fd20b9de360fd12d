//! One error a question.

use alloc::string::String;
use thiserror::Error;

use crate::Peer;

/// Why no endpoint to a peer could be made.
#[derive(Debug, Clone, Error)]
pub enum ConnectError {
    /// The bytes of the peer's address make no sense to this transport.
    #[error("{transport}: the address of {peer} is malformed: {detail}")]
    BadAddress {
        /// The transport that read it.
        transport: &'static str,
        /// Whose address it is.
        peer: Peer,
        /// What is wrong with it.
        detail: String,
    },
    /// The address is sound, but the peer cannot be reached by it.
    #[error("{transport}: cannot reach {peer}: {detail}")]
    Unreachable {
        /// The transport that tried.
        transport: &'static str,
        /// Who was to be reached.
        peer: Peer,
        /// Every way that was tried, and how it failed, with the remedy if one is known.
        detail: String,
    },
}

/// Why memory could not be registered.
#[derive(Debug, Clone, Error)]
pub enum RegisterError {
    /// This transport has neither `put` nor `get`.
    #[error("{transport}: has no remote memory access, so there is nothing to register for")]
    Unsupported {
        /// The transport that was asked.
        transport: &'static str,
    },
    /// The system refused, e.g. for a limit on locked memory.
    #[error("{transport}: cannot register {len} bytes: {detail}")]
    Refused {
        /// The transport that tried.
        transport: &'static str,
        /// How many bytes were to be registered.
        len: usize,
        /// The system's reason and the remedy.
        detail: String,
    },
}

/// Why a `put` or a `get` that had been accepted did not move its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RmaError {
    /// The peer went away first.
    #[error("{peer} went away during a remote memory access")]
    PeerGone {
        /// The peer.
        peer: Peer,
    },
    /// The fabric or the system refused the access; the endpoint is still usable.
    #[error("remote memory access to {peer} failed: {detail}")]
    Refused {
        /// The peer.
        peer: Peer,
        /// The reason in words, with the remedy if one is known.
        detail: String,
    },
}

/// What ended an endpoint, in kinds that a program may tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedKind {
    /// The peer's process ended, or its host did.
    Died,
    /// The connection could not be made.
    Unreachable,
    /// The peer sent something that makes no sense; it was cut off.
    Malformed,
    /// The fabric failed under a peer that may still live.
    Fabric,
}

/// Why an endpoint is gone. After it nothing more is heard from the peer and nothing can be sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{transport}: {peer} is gone: {detail}")]
pub struct Closed {
    /// The transport that noticed.
    pub transport: &'static str,
    /// The peer that is gone.
    pub peer: Peer,
    /// What kind of end it was.
    pub kind: ClosedKind,
    /// The reason in words, with the remedy if one is known.
    pub detail: String,
}
