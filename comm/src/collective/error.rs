//! Why a collective failed.

use olympi_datatype::InvalidValue;
use olympi_object::{DecodeError, EncodeError};
use thiserror::Error;

use crate::ThreadError;
use crate::collective::running::{Cause, Fault};

/// Why a collective failed at this rank. Wrong arguments are found before anything is sent, and are errors at this rank
/// alone: the others wait for it to call again. After any other error the contents of the result are undefined; the
/// communicator remains usable among those that live.
#[derive(Debug, Clone, Error)]
pub enum CollectiveError {
    /// The root is not a rank of the communicator.
    #[error("rank {rank} cannot be the root of {call}: the communicator has ranks 0 to {}", .size - 1)]
    Root {
        /// The call.
        call: &'static str,
        /// The root that was asked for.
        rank: i32,
        /// How many ranks there are.
        size: i32,
    },
    /// A buffer has another length than the call needs (`MPI_ERR_COUNT`).
    #[error("{call} needs {needed} element(s) in {buffer}, which has {len}")]
    Buffer {
        /// The call.
        call: &'static str,
        /// Which buffer.
        buffer: &'static str,
        /// How many elements are needed.
        needed: usize,
        /// How many there are.
        len: usize,
    },
    /// Counts or displacements make no sense.
    #[error("{call}: {detail}")]
    Counts {
        /// The call.
        call: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A rank called with another length than this one (`MPI_ERR_TRUNCATE`).
    #[error(
        "{call}: rank {rank} has sent {sent} bytes where this rank expects {expected}: all ranks must name the same \
         count and type (and root and operation)"
    )]
    Length {
        /// The call.
        call: &'static str,
        /// The other rank.
        rank: i32,
        /// What it sent.
        sent: usize,
        /// What was expected.
        expected: usize,
    },
    /// A rank is gone.
    #[error("{call}: rank {rank} is gone: {detail}")]
    PeerGone {
        /// The call.
        call: &'static str,
        /// The rank that is gone.
        rank: i32,
        /// What happened to it, by which transport, and the remedy if one is known.
        detail: String,
    },
    /// Another rank has failed in the same call, and has no data to send.
    #[error("{call}: rank {rank} failed, and has no data to send; its own error says why")]
    Failed {
        /// The call.
        call: &'static str,
        /// The rank that said so; the cause may lie behind it.
        rank: i32,
    },
    /// Bytes that arrived are no values of the type that was asked for.
    #[error("{call} has brought what is no value: {source}")]
    Value {
        /// The call.
        call: &'static str,
        /// Which element, of which type.
        source: InvalidValue,
    },
    /// The object could not be encoded.
    #[error("{call}: cannot send the object: {source}")]
    Encode {
        /// The call.
        call: &'static str,
        /// The codec's reason.
        source: EncodeError,
    },
    /// An object could not be decoded, or is of another type than was asked for.
    #[error("{call}: cannot receive the object of rank {rank}: {source}")]
    Decode {
        /// The call.
        call: &'static str,
        /// Whose object it is.
        rank: i32,
        /// The codec's reason.
        source: DecodeError,
    },
    /// The call is not defined for this kind of communicator.
    #[error("{call} is not defined for {kind}")]
    Communicator {
        /// The call.
        call: &'static str,
        /// What kind of communicator it is.
        kind: &'static str,
    },
    /// Memory that the call cannot work with, or in place where that is not defined (`MPI_ERR_BUFFER`).
    #[error("{call}: {detail}")]
    Memory {
        /// The call.
        call: &'static str,
        /// What is wrong.
        detail: &'static str,
    },
    /// The operation is not defined on these elements (`MPI_ERR_OP`).
    #[error("{call}: {detail}")]
    Operation {
        /// The call, or the operation.
        call: &'static str,
        /// Why not.
        detail: String,
    },
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

impl CollectiveError {
    /// What a fault is to the user.
    #[cold]
    pub(crate) fn of(fault: Fault) -> Self {
        let Fault { call, rank, cause } = fault;
        match cause {
            Cause::Gone(detail) => Self::PeerGone { call, rank, detail },
            Cause::Length { sent, expected } => Self::Length { call, rank, sent, expected },
            Cause::Poisoned => Self::Failed { call, rank },
        }
    }
}
