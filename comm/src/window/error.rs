//! Why a call on a window failed.

use thiserror::Error;

use crate::error_class::ErrorClass;
use crate::group::Group;
use crate::op::Gone;
use crate::{CollectiveError, CreateError, ThreadError};

/// Why a call on a window failed (MPI 5.0, section 12.6.2).
#[derive(Debug, Clone, Error)]
pub enum WindowError {
    /// The target is not a rank of the window (`MPI_ERR_RANK`).
    #[error("{call}: there is no rank {rank}: the window has ranks 0 to {}", .size - 1)]
    Rank {
        /// The call.
        call: &'static str,
        /// The rank that was given.
        rank: i32,
        /// How many there are.
        size: i32,
    },
    /// A process of a group is no member of the window (`MPI_ERR_GROUP`).
    #[error("{call}: the group has a process that is no member of the window")]
    Group {
        /// The call.
        call: &'static str,
    },
    /// The call does not fit the epochs that are open (`MPI_ERR_RMA_SYNC`).
    #[error("{call}: {detail}")]
    Epoch {
        /// The call.
        call: &'static str,
        /// What is missing, or in the way.
        detail: String,
    },
    /// What is accessed is not part of the window (`MPI_ERR_RMA_RANGE`).
    #[error("{call}: {detail}")]
    Range {
        /// The call.
        call: &'static str,
        /// What was asked for, and what there is.
        detail: String,
    },
    /// What is read or written finds no room on the other side (`MPI_ERR_TRUNCATE`).
    #[error("{call}: {sent} bytes do not fit into {room}")]
    Truncated {
        /// The call.
        call: &'static str,
        /// How many bytes one side gives.
        sent: usize,
        /// How many the other side takes.
        room: usize,
    },
    /// The sides of an access that combines elements do not have as many, or not of one kind (`MPI_ERR_TYPE`).
    #[error("{call}: {detail}")]
    Layout {
        /// The call.
        call: &'static str,
        /// How they differ.
        detail: String,
    },
    /// The operation is not defined on such elements (`MPI_ERR_OP`).
    #[error("{call}: {detail}")]
    Operation {
        /// The call.
        call: &'static str,
        /// Why not.
        detail: String,
    },
    /// A number that makes no sense (`MPI_ERR_SIZE`, `MPI_ERR_DISP`).
    #[error("{call}: {detail}")]
    Argument {
        /// The call.
        call: &'static str,
        /// What is wrong.
        detail: String,
        /// What class of error that is.
        class: ErrorClass,
    },
    /// The window was made in another way (`MPI_ERR_RMA_FLAVOR`).
    #[error("{call}: {detail}")]
    Flavor {
        /// The call.
        call: &'static str,
        /// Which windows it is for.
        detail: &'static str,
    },
    /// Memory cannot be attached, or was not (`MPI_ERR_RMA_ATTACH`).
    #[error("{call}: {detail}")]
    Attach {
        /// The call.
        call: &'static str,
        /// Why not.
        detail: &'static str,
    },
    /// Memory cannot be shared (`MPI_ERR_RMA_SHARED`), or there is not enough of it (`MPI_ERR_NO_MEM`).
    #[error("{call}: {detail}")]
    Memory {
        /// The call.
        call: &'static str,
        /// Why not.
        detail: String,
        /// What class of error that is.
        class: ErrorClass,
    },
    /// Another rank has failed in the same call.
    #[error("{call}: rank {rank} has failed ({}: {}); its own error says why", .class.name(), .class.text())]
    Elsewhere {
        /// The call.
        call: &'static str,
        /// The first rank that has.
        rank: i32,
        /// Its class of error.
        class: ErrorClass,
    },
    /// A rank is gone (`MPI_ERR_PROC_ABORTED`).
    #[error("{call}: rank {rank} is gone: {detail}")]
    PeerGone {
        /// The call.
        call: &'static str,
        /// Who.
        rank: i32,
        /// What happened to it.
        detail: String,
    },
    /// The ranks could not agree.
    #[error(transparent)]
    Collective(#[from] CollectiveError),
    /// The communicator of the window could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// From the wrong thread.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

impl WindowError {
    #[cold]
    pub(crate) fn gone(call: &'static str, group: &Group, gone: &Gone) -> Self {
        Self::PeerGone { call, rank: group.name(gone.peer), detail: gone.detail.clone() }
    }

    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Rank { .. } => ErrorClass::Rank,
            Self::Group { .. } => ErrorClass::Group,
            Self::Epoch { .. } => ErrorClass::RmaSync,
            Self::Range { .. } => ErrorClass::RmaRange,
            Self::Truncated { .. } => ErrorClass::Truncate,
            Self::Layout { .. } => ErrorClass::Type,
            Self::Operation { .. } => ErrorClass::Op,
            Self::Argument { class, .. } | Self::Memory { class, .. } | Self::Elsewhere { class, .. } => {
                *class
            }
            Self::Flavor { .. } => ErrorClass::RmaFlavor,
            Self::Attach { .. } => ErrorClass::RmaAttach,
            Self::PeerGone { .. } => ErrorClass::ProcAborted,
            Self::Collective(error) => error.class(),
            Self::Create(error) => error.class(),
            Self::Thread(_) => ErrorClass::Other,
        }
    }
}
