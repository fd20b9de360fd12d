//! Communicators: who may speak with whom.

use std::fmt;
use std::sync::Arc;

use olympi_matching::Pattern;
use olympi_transport::Envelope;
use olympi_transport_api::Peer;

use crate::context::{Traffic, context};
use crate::error::{RecvError, SendError};
use crate::group::Group;
use crate::op::Gone;
use crate::status::{ANY_SOURCE, ANY_TAG, PROC_NULL};
use crate::wait::Shared;

/// A communicator: an ordered set of processes that exchange messages which no other communicator's operations
/// can receive (MPI 5.0, section 7.1). A process is named in it by its *rank*, 0 to `size() - 1`.
///
/// The calls fall into families, each documented where it stands:
/// - sending: [`send`](Self::send), [`bsend`](Self::bsend), [`ssend`](Self::ssend), [`rsend`](Self::rsend);
/// - receiving: [`recv`](Self::recv), [`recv_into`](Self::recv_into), [`recv_vec`](Self::recv_vec);
/// - non-blocking with owned buffers: [`isend`](Self::isend), [`irecv`](Self::irecv),
///   [`irecv_vec`](Self::irecv_vec); with borrowed ones: [`scope`](Self::scope);
/// - persistent: [`send_init`](Self::send_init), [`recv_init`](Self::recv_init);
/// - objects: [`send_object`](Self::send_object), [`recv_object`](Self::recv_object), and their kin;
/// - asking first: [`probe`](Self::probe), [`iprobe`](Self::iprobe), [`mprobe`](Self::mprobe).
pub struct Communicator {
    pub(crate) shared: Arc<Shared>,
    id: u32,
    group: Group,
    rank: u32,
    size: u32,
}

impl Communicator {
    pub(crate) fn new(shared: &Arc<Shared>, id: u32, group: Group, rank: u32) -> Self {
        let size = group.size();
        Self { shared: Arc::clone(shared), id, group, rank, size }
    }

    /// This process's rank (`MPI_Comm_rank`).
    #[inline]
    pub fn rank(&self) -> i32 {
        self.rank as i32
    }

    /// How many ranks there are (`MPI_Comm_size`).
    #[inline]
    pub fn size(&self) -> i32 {
        self.size as i32
    }

    /// Another handle of the same communicator, for a request that outlives a borrow.
    pub(crate) fn handle(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            id: self.id,
            group: self.group.clone(),
            rank: self.rank,
            size: self.size,
        }
    }

    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    #[inline]
    pub(crate) fn context(&self, traffic: Traffic) -> u32 {
        context(self.id, traffic)
    }

    /// The envelope of a message of ours.
    #[inline]
    pub(crate) fn envelope(&self, traffic: Traffic, tag: i32, len: usize) -> Envelope {
        let signature = traffic.signature();
        Envelope { context: self.context(traffic), source: self.rank, tag, signature, len: len as u64 }
    }

    /// Whom a message goes to; `None` for `PROC_NULL`.
    #[inline]
    pub(crate) fn destination(&self, dest: i32, tag: i32) -> Result<Option<Peer>, SendError> {
        if tag < 0 {
            return Err(SendError::Tag { tag });
        }
        // A negative rank becomes a large number, so one comparison checks both ends.
        if (dest as u32) < self.size {
            return Ok(Some(self.group.peer(dest as u32)));
        }
        if dest == PROC_NULL { Ok(None) } else { Err(SendError::Rank { rank: dest, size: self.size() }) }
    }

    /// What a receive matches; `None` for `PROC_NULL`.
    #[inline]
    pub(crate) fn pattern(&self, source: i32, tag: i32) -> Result<Option<Pattern>, RecvError> {
        let tag = match tag {
            0.. => Some(tag),
            ANY_TAG => None,
            _ => return Err(RecvError::Tag { tag }),
        };
        if (source as u32) < self.size {
            return Ok(Some(Pattern { source: Some(source as u32), tag }));
        }
        match source {
            ANY_SOURCE => Ok(Some(Pattern { source: None, tag })),
            PROC_NULL => Ok(None),
            _ => Err(RecvError::Rank { rank: source, size: self.size() }),
        }
    }
}

impl Group {
    fn name(&self, peer: Peer) -> i32 {
        self.rank_of(peer).unwrap_or(peer.0) as i32
    }

    #[cold]
    pub(crate) fn send_error(&self, gone: Gone) -> SendError {
        SendError::PeerGone { rank: self.name(gone.peer), detail: gone.detail }
    }

    #[cold]
    pub(crate) fn recv_error(&self, gone: Gone) -> RecvError {
        RecvError::PeerGone { rank: self.name(gone.peer), detail: gone.detail }
    }
}

impl fmt::Debug for Communicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Communicator {} (rank {} of {})", self.id, self.rank, self.size)
    }
}
