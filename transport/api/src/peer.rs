//! Who is at the other end.

use alloc::vec::Vec;
use core::fmt;

/// A process of the job, named by its number in it (its rank in the world). There is one endpoint a peer,
/// so a peer's number is also the name of its endpoint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Peer(pub u32);

impl Peer {
    /// The number as an index into a table of peers.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {}", self.0)
    }
}

/// What a peer needs to reach a transport: opaque bytes that only the same kind of transport reads. They
/// are published through the job's key-value space, so they are short (at most 200 bytes).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Address(pub Vec<u8>);
