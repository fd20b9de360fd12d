//! One error a question.

use olympi_transport_api::Peer;
use thiserror::Error;

/// Why a setting was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{variable}={value}: {reason}")]
pub struct ConfigError {
    /// The variable of the environment.
    pub variable: String,
    /// What it held.
    pub value: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// Why the address of a peer is not to be had.
#[derive(Debug, Clone, Error)]
#[error("the address of {peer} could not be looked up: {detail}")]
pub struct LookupError {
    /// Whose address was wanted.
    pub peer: Peer,
    /// Why it was not had.
    pub detail: String,
}

/// Why no communication could be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The settings leave nothing to reach the other ranks by.
    #[error(
        "{setting} leaves no transport by which {me} could reach the other ranks: name some of shm, verbs, ofi and tcp"
    )]
    Nothing {
        /// The variable and what it holds.
        setting: String,
        /// This process.
        me: Peer,
    },
    /// A transport that was asked for by name did not start.
    #[error("{setting} names {transport}, which did not start at {me}: {detail}")]
    Named {
        /// The variable and what it holds.
        setting: String,
        /// Which transport.
        transport: &'static str,
        /// This process.
        me: Peer,
        /// The reason and the remedy.
        detail: String,
    },
    /// None of the transports that may be used started.
    #[error("no transport started at {me}: {detail}")]
    Transports {
        /// This process.
        me: Peer,
        /// Each transport with its reason and the remedy.
        detail: String,
    },
}
