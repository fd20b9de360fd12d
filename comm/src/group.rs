//! Which processes a communicator has, in which order.

use std::sync::Arc;

use olympi_transport_api::Peer;

/// An ordered set of processes (MPI 5.0, section 7.2.1). Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// The processes 0 to n-1, in that order: no table, however many there are.
    World(u32),
    /// Any others.
    Some(Arc<[Peer]>),
}

impl Group {
    /// A group of one.
    pub(crate) fn only(peer: Peer) -> Self {
        Self::Some(Arc::new([peer]))
    }

    /// How many processes.
    #[inline]
    pub(crate) fn size(&self) -> u32 {
        match self {
            Self::World(size) => *size,
            // A group has at most as many members as there are processes, whose numbers are 32 bits.
            Self::Some(peers) => peers.len() as u32,
        }
    }

    /// The process of a rank, which must be one of the group's.
    #[inline]
    pub(crate) fn peer(&self, rank: u32) -> Peer {
        match self {
            Self::World(_) => Peer(rank),
            Self::Some(peers) => peers[rank as usize],
        }
    }

    /// The rank of a process, if it is a member.
    pub(crate) fn rank_of(&self, peer: Peer) -> Option<u32> {
        match self {
            Self::World(size) => (peer.0 < *size).then_some(peer.0),
            Self::Some(peers) => peers.iter().position(|&p| p == peer).map(|rank| rank as u32),
        }
    }
}
