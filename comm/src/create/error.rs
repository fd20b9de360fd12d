//! Why no communicator came to be.

use thiserror::Error;

use crate::error::{AttributeError, ThreadError};
use crate::status::TAG_UB;

/// Why a communicator was not made. All members of it get an error then, except as follows.
///
/// # Where a rank dies
/// Every call that makes a communicator comes back at all ranks that live, whoever dies, and whenever. One that has died before
/// it took part is an error at all others: [`PeerGone`](Self::PeerGone). One that dies later may have told that it agrees, and not
/// have handed on to some that all do: these get `PeerGone`, and the others have a communicator, in which the dead
/// rank is a member. The ranks cannot tell which of both holds at others without another agreement, in which someone may
/// die too. What a program can rely on:
///
/// - Whoever gets an error has nothing left of the new communicator, and goes on with those that it had.
/// - Whoever has it can exchange messages in it with all others who have it. What goes to the dead rank or comes from it is an
///   error there. What goes to a rank that has got an error is discarded, and nothing comes from it, so that a collective
///   or a receive may wait for it for ever.
/// - So those who go on after a death begin with [`create_group`](crate::Communicator::create_group) of the ranks that
///   live, and drop what they have made with the dead one.
#[derive(Debug, Clone, Error)]
pub enum CreateError {
    /// The group has processes that the communicator has not.
    #[error(
        "the group has {missing} processes that the communicator has not: make it of ranks of Communicator::group"
    )]
    NotSubset {
        /// How many.
        missing: usize,
    },
    /// This process is no member of the group whose communicator it would make.
    #[error("this process is no member of the group: only members of a group make its communicator")]
    NotMember,
    /// The tag is out of range.
    #[error("cannot make a communicator with tag {tag}: tags go from 0 to {TAG_UB}")]
    Tag {
        /// The tag that was asked for.
        tag: i32,
    },
    /// The colour is negative.
    #[error("a colour of a split is not negative, as {color} is; None stands for MPI_UNDEFINED")]
    Color {
        /// The colour that was asked for.
        color: i32,
    },
    /// No rank of the group can lead it: of an intercommunicator's groups, each has a leader.
    #[error("{leader} is no rank of the group that it would lead: it has ranks 0 to {}", .size - 1)]
    Leader {
        /// The rank that was named.
        leader: i32,
        /// How many ranks the group has.
        size: i32,
    },
    /// A leader has not said where the other group's leader is.
    #[error(
        "the leader names a communicator in which the other group's leader is, and that one's rank there"
    )]
    NoBridge,
    /// The two groups of an intercommunicator have processes in common.
    #[error(
        "the two groups have {common} process(es) in common: the groups of an intercommunicator are apart"
    )]
    Overlap {
        /// How many, as far as this process knows.
        common: usize,
    },
    /// The call is not defined for an intercommunicator.
    #[error("{call} is not defined for an intercommunicator: merge it first")]
    Intercommunicator {
        /// The call.
        call: &'static str,
    },
    /// The call is defined for an intercommunicator only.
    #[error("{call} is defined for an intercommunicator only")]
    Intracommunicator {
        /// The call.
        call: &'static str,
    },
    /// A copy callback of an attribute has failed.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// Another rank cannot take part.
    #[error(
        "rank {rank} has called it off: its arguments are wrong, or a callback of its failed; see its own error"
    )]
    CalledOff {
        /// Its rank.
        rank: i32,
    },
    /// The ranks have called different things, or with arguments that may not differ.
    #[error(
        "rank {rank} is making another communicator than this rank: all ranks must call the same things in the same \
         order, with equal groups and tags"
    )]
    Confused {
        /// Its rank.
        rank: i32,
    },
    /// The leaders of several groups wait for one another in a circle, and none of them is named by whom it names as it would
    /// have to be: another leader, tag or communicator.
    #[error(
        "the leaders of the groups wait for one another in a circle: two leaders must name each other, in the same \
         communicator and with the same tag"
    )]
    Leaders,
    /// A member is gone.
    #[error("cannot make a communicator with rank {rank}: {detail}")]
    PeerGone {
        /// The rank that is gone.
        rank: i32,
        /// What happened to it, as far as this process knows.
        detail: String,
    },
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}
