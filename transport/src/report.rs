//! Which transport a pair uses, and why no other.

use std::fmt;

use olympi_transport_api::Peer;

/// Which transport this process uses towards a peer, and why no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairReport {
    /// The peer.
    pub peer: Peer,
    /// The transport's name; `None` if the peer cannot be reached.
    pub transport: Option<&'static str>,
    /// The transport's own line about the pair, or why the peer cannot be reached.
    pub line: String,
    /// The transports that were not taken, best first.
    pub others: Vec<NotTaken>,
}

/// A transport that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// Its name.
    pub transport: &'static str,
    /// Why.
    pub reason: String,
}

impl fmt::Display for PairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.peer, self.line)?;
        for other in &self.others {
            write!(f, "; not {}: {}", other.transport, other.reason)?;
        }
        Ok(())
    }
}
