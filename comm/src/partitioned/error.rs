//! Why a partitioned operation cannot do what was asked.

use thiserror::Error;

use super::PARTITIONS_MAX;
use crate::ErrorClass;

/// A partitioned operation was set up wrongly, used out of turn, or does not agree with its other side.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PartitionedError {
    /// The buffer cannot be divided like this.
    #[error(
        "{len} elements cannot be divided into {partitions} equal partitions: there must be 1 to {PARTITIONS_MAX}, and \
         the number of elements a multiple of theirs"
    )]
    Division {
        /// How many elements there are.
        len: usize,
        /// How many partitions were asked for.
        partitions: usize,
    },
    /// Partitioned receives name their source and their tag (MPI 5.0, section 4.2).
    #[error("a partitioned receive has no wildcards: name a source rank and a tag")]
    Wildcard,
    /// It is active: started, and neither waited for nor tested to completion.
    #[error("the partitioned request is active: wait for it first")]
    Active,
    /// A partition can only be marked ready between a start and the wait for it.
    #[error("the partitioned send is not started: call start before ready")]
    Inactive,
    /// There is no such partition.
    #[error("there is no partition {partition}: this side has {partitions}, the first is 0")]
    Partition {
        /// The number that was given.
        partition: usize,
        /// How many this side has.
        partitions: usize,
    },
    /// The partition was marked ready before, so that its message may be on its way.
    #[error(
        "partition {partition} is ready already: it can be neither changed nor marked again before the send has been \
         waited for and started anew"
    )]
    Ready {
        /// Its number.
        partition: usize,
    },
    /// Someone else fills the partition.
    #[error(
        "partition {partition} is claimed by someone who fills it: drop that claim, or mark it ready by it"
    )]
    Claimed {
        /// Its number.
        partition: usize,
    },
    /// The send was waited for before every partition was ready. It is active still.
    #[error(
        "{missing} of {partitions} partitions are not ready, the first of them {partition}: the send would never end; \
         mark them ready, then wait"
    )]
    NotReady {
        /// The first that is not.
        partition: usize,
        /// How many are not.
        missing: usize,
        /// How many there are.
        partitions: usize,
    },
    /// The two sides were set up with buffers of different sizes (`MPI_ERR_TRUNCATE`, where the send's is larger). What
    /// fits is in the buffer.
    #[error(
        "the partitioned send of rank {source_rank} with tag {tag} has {sent} bytes, but the receive {room}: both sides \
         must have the same total, however they divide it"
    )]
    Size {
        /// The sender's rank.
        source_rank: i32,
        /// The tag.
        tag: i32,
        /// The send's size in bytes.
        sent: u64,
        /// The receive's size in bytes.
        room: usize,
    },
    /// The sender dropped its request before it had marked every partition ready.
    #[error(
        "rank {source_rank} has dropped its partitioned send with tag {tag} before its partition {partition} was ready"
    )]
    Abandoned {
        /// The sender's rank.
        source_rank: i32,
        /// The tag.
        tag: i32,
        /// The first such partition, by the sender's count.
        partition: usize,
    },
    /// What the sender says of its partitions makes no sense.
    #[error(
        "rank {source_rank} has announced a partitioned send with tag {tag} in a form that this version does not know: \
         all ranks must run the same version"
    )]
    Announcement {
        /// The sender's rank.
        source_rank: i32,
        /// The tag.
        tag: i32,
    },
}

impl PartitionedError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Division { .. } => ErrorClass::Count,
            Self::Wildcard | Self::Partition { .. } => ErrorClass::Arg,
            Self::Active
            | Self::Inactive
            | Self::Ready { .. }
            | Self::Claimed { .. }
            | Self::NotReady { .. } => ErrorClass::Request,
            Self::Size { .. } => ErrorClass::Truncate,
            Self::Abandoned { .. } | Self::Announcement { .. } => ErrorClass::Other,
        }
    }
}
