//! One error enum per operation. Each says what happened, with whom, and what can be done.

use std::fmt;
use std::sync::Arc;

use olympi_datatype::{DatatypeError, InvalidValue, PackError, ViewError};
use olympi_object::{DecodeError, EncodeError};
use thiserror::Error;

use crate::TAG_UB;
pub use crate::create::CreateError;

/// A call from a thread that the thread level does not allow (MPI 5.0, section 11.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ThreadError {
    /// Another thread than the one that called `init`.
    #[error(
        "only the thread that called init may call Olympi at this thread level; \
         start it with Universe::builder().threads(ThreadLevel::Multiple)"
    )]
    WrongThread,
    /// A call from within a call, e.g. from a destructor that runs inside one.
    #[error("Olympi was called from inside one of its own calls")]
    Reentered,
    /// A panic went through one of Olympi's calls earlier.
    #[error(
        "a panic went through one of Olympi's calls, so no message can be moved safely any more: end the program"
    )]
    Broken,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Error)]
pub enum SendError {
    /// The destination is not a rank of the communicator.
    #[error("cannot send to rank {rank}: the communicator has ranks 0 to {}", .size - 1)]
    Rank {
        /// The destination that was asked for.
        rank: i32,
        /// How many ranks there are.
        size: i32,
    },
    /// The tag is out of range.
    #[error("cannot send with tag {tag}: tags go from 0 to {TAG_UB}")]
    Tag {
        /// The tag that was asked for.
        tag: i32,
    },
    /// The destination cannot be reached, or is gone.
    #[error("cannot send to rank {rank}: {detail}")]
    PeerGone {
        /// The destination's rank in the communicator.
        rank: i32,
        /// What happened to it, by which transport, and the remedy if one is known.
        detail: String,
    },
    /// A buffered send found no room in the attached buffer (`MPI_ERR_BUFFER`).
    #[error(
        "a buffered send of {needed} bytes to rank {rank} found {free} of {attached} bytes free: attach a larger \
         buffer with Universe::attach_buffer (each message takes {} bytes beside its own)",
        crate::BSEND_OVERHEAD
    )]
    Buffer {
        /// The destination's rank.
        rank: i32,
        /// What the message needs, its overhead included.
        needed: usize,
        /// The largest piece that is free.
        free: usize,
        /// The size of the attached buffer; 0 when none is attached.
        attached: usize,
    },
    /// The object could not be encoded.
    #[error("cannot send the object to rank {rank}: {source}")]
    Encode {
        /// The destination's rank.
        rank: i32,
        /// The codec's reason.
        source: EncodeError,
    },
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Why a message was not received, or not as it should have been. The message, if there was one, is
/// consumed, and later ones are intact.
#[derive(Debug, Clone, Error)]
pub enum RecvError {
    /// The source is neither a rank of the communicator nor `ANY_SOURCE`.
    #[error("cannot receive from rank {rank}: the communicator has ranks 0 to {} (or ANY_SOURCE)", .size - 1)]
    Rank {
        /// The source that was asked for.
        rank: i32,
        /// How many ranks there are.
        size: i32,
    },
    /// The tag is neither in range nor `ANY_TAG`.
    #[error("cannot receive tag {tag}: tags go from 0 to {TAG_UB} (or ANY_TAG)")]
    Tag {
        /// The tag that was asked for.
        tag: i32,
    },
    /// The message is longer than the buffer (`MPI_ERR_TRUNCATE`). What fits is in the buffer.
    #[error(
        "the message of rank {source_rank} with tag {tag} has {sent} bytes, but the buffer only {room}: the rest is \
         lost; receive with recv_vec, or probe first, where the length is not known"
    )]
    Truncated {
        /// The sender's rank.
        source_rank: i32,
        /// The message's tag.
        tag: i32,
        /// The message's length in bytes.
        sent: usize,
        /// The buffer's length in bytes.
        room: usize,
    },
    /// The message is made of other elements than were asked for (MPI 5.0, section 3.3.1). Only one that is received as
    /// bytes, or was sent as such (`u8`), may be of any type.
    #[error(
        "the message of rank {source_rank} with tag {tag} is made of {sent}, but {expected} was asked for: sender and \
         receiver must name the same type, or one of them bytes (u8)"
    )]
    Type {
        /// The sender's rank.
        source_rank: i32,
        /// The message's tag.
        tag: i32,
        /// What the sender named.
        sent: &'static str,
        /// What the receiver named.
        expected: &'static str,
    },
    /// The message is no whole number of the elements that were asked for.
    #[error(
        "the message of rank {source_rank} with tag {tag} has {sent} bytes, which is no whole number of {type_name} \
         ({size} bytes each): sender and receiver must name the same type"
    )]
    Partial {
        /// The sender's rank.
        source_rank: i32,
        /// The message's tag.
        tag: i32,
        /// The message's length in bytes.
        sent: usize,
        /// The element's type.
        type_name: &'static str,
        /// The element's size in bytes.
        size: usize,
    },
    /// The bytes that arrived are no values of the type that was asked for (e.g. 2 for a `bool`).
    #[error("the message of rank {source_rank} with tag {tag} does not hold what was asked for: {source}")]
    Value {
        /// The sender's rank.
        source_rank: i32,
        /// The message's tag.
        tag: i32,
        /// Which element, of which type.
        source: InvalidValue,
    },
    /// The object could not be decoded, or is of another type than was asked for.
    #[error("the object of rank {source_rank} with tag {tag} cannot be received: {source}")]
    Decode {
        /// The sender's rank.
        source_rank: i32,
        /// The message's tag.
        tag: i32,
        /// The codec's reason.
        source: DecodeError,
    },
    /// The receive of the object was cancelled before one matched it.
    #[error("the receive was cancelled")]
    Cancelled,
    /// An object was asked of `PROC_NULL`, which has none to give.
    #[error("PROC_NULL sends no objects: receive from a rank, or skip the call")]
    NoObject,
    /// The source is gone, or (for `ANY_SOURCE`) a member of the communicator is, so the receive might wait
    /// for ever.
    #[error("cannot receive from rank {rank}: {detail}")]
    PeerGone {
        /// The rank that is gone.
        rank: i32,
        /// What happened to it, by which transport, and the remedy if one is known.
        detail: String,
    },
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Why a group cannot be made of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GroupError {
    /// It is no rank of the group.
    #[error("{rank} is no rank of the group: it has ranks 0 to {}", .size - 1)]
    Rank {
        /// The rank that was asked for.
        rank: i32,
        /// How many there are.
        size: i32,
    },
    /// A rank was named before.
    #[error("rank {rank} is named twice: a group has each process once")]
    Twice {
        /// The rank.
        rank: i32,
    },
    /// The range does not lead from its first rank to its last.
    #[error("no steps of {stride} lead from rank {first} to rank {last}")]
    Range {
        /// Its first rank.
        first: i32,
        /// Its last rank.
        last: i32,
        /// Its stride.
        stride: i32,
    },
}

/// Why an info object does not take a pair, or give one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InfoError {
    /// The key is empty, or too long.
    #[error("a key of an info object has 1 to {} bytes, not {len}", crate::MAX_INFO_KEY)]
    Key {
        /// Its length in bytes.
        len: usize,
    },
    /// The value is too long.
    #[error("the value of \"{key}\" has {len} bytes, but a value has at most {}", crate::MAX_INFO_VAL)]
    Value {
        /// The key.
        key: String,
        /// The value's length in bytes.
        len: usize,
    },
    /// There is no such key.
    #[error("the info object has no key \"{key}\"")]
    NoKey {
        /// The key.
        key: String,
    },
}

/// What a user's callback may fail with.
pub type CallbackError = Box<dyn std::error::Error + Send + Sync>;

/// A callback of an attribute has failed.
#[derive(Debug, Clone, Error)]
pub enum AttributeError {
    /// A copy callback, so the communicator is not duplicated.
    #[error("the copy callback of an attribute failed: {0}")]
    Copy(Arc<dyn std::error::Error + Send + Sync>),
    /// A delete callback.
    #[error("the delete callback of an attribute failed: {0}")]
    Delete(Arc<dyn std::error::Error + Send + Sync>),
}

/// Why the attached buffer could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BufferError {
    /// One is attached already.
    #[error("a buffer of {attached} bytes is attached already: detach it first")]
    AlreadyAttached {
        /// Its size in bytes.
        attached: usize,
    },
    /// None is attached.
    #[error("no buffer is attached")]
    NotAttached,
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Why the job could not be joined. Its `Debug` is its message: that is what a `main` that returns it shows.
#[derive(Error)]
pub enum InitError {
    /// The launcher's side failed.
    #[error("cannot join the job: {0}")]
    Bootstrap(#[from] olympi_pmi::BootstrapError),
    /// A setting is wrong.
    #[error("{0}")]
    Config(#[from] olympi_transport::ConfigError),
    /// A setting of the collectives is wrong.
    #[error("{0}")]
    Tuning(#[from] olympi_coll::TuningError),
    /// A transport could not be started.
    #[error("{0}")]
    Start(#[from] olympi_transport::StartError),
    /// The system gave no random bytes for the job's secret.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// A key that every rank must have put is not there, or is no address.
    #[error("the launcher's key-value space does not hold {key}: {detail}")]
    Missing {
        /// The key.
        key: String,
        /// What was found instead.
        detail: String,
    },
    /// The process has a universe of this job already, or had one.
    #[error(
        "this process has its universe already, or had it: it is made once, beside as many sessions as are wanted"
    )]
    Twice,
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Anything that an Olympi call can fail with, for programs that do not tell them apart. Its `Debug` is its message:
/// that is what a `main` that returns it shows.
#[derive(Error)]
pub enum Error {
    /// From joining the job.
    #[error(transparent)]
    Init(#[from] InitError),
    /// From a send.
    #[error(transparent)]
    Send(#[from] SendError),
    /// From a receive or a probe.
    #[error(transparent)]
    Recv(#[from] RecvError),
    /// From a topology.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A setting of the collectives is wrong.
    #[error("{0}")]
    Tuning(#[from] olympi_coll::TuningError),
    /// From a collective.
    #[error(transparent)]
    Collective(#[from] crate::CollectiveError),
    /// A datatype was not made.
    #[error(transparent)]
    Datatype(#[from] DatatypeError),
    /// A datatype does not fit its memory.
    #[error(transparent)]
    View(#[from] ViewError),
    /// From packing or unpacking.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// From the buffer of buffered sends.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// A persistent request was used out of turn.
    #[error(transparent)]
    Persistent(#[from] PersistentError),
    /// A communicator was not made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// A group was not made.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// From a session.
    #[error(transparent)]
    Session(#[from] crate::SessionError),
    /// From a file.
    #[error(transparent)]
    File(#[from] crate::FileError),
    /// From a window.
    #[error(transparent)]
    Window(#[from] crate::WindowError),
    /// From an info object.
    #[error(transparent)]
    Info(#[from] InfoError),
    /// From a callback of an attribute.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// A partitioned operation was set up wrongly or used out of turn, or its two sides do not agree.
    #[error(transparent)]
    Partitioned(#[from] crate::PartitionedError),
    /// The request has given its outcome already.
    #[error("the request has given its outcome already")]
    Spent,
    /// From the wrong thread.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Why a topology could not be made, or has no answer.
#[derive(Debug, Clone, Error)]
pub enum TopologyError {
    /// Dimensions that make no sense (`MPI_ERR_DIMS`).
    #[error("wrong dimensions: {detail}")]
    Dims {
        /// What is wrong.
        detail: String,
    },
    /// A graph that makes no sense.
    #[error("wrong graph: {detail}")]
    Graph {
        /// What is wrong.
        detail: String,
    },
    /// There is no such rank.
    #[error("there is no rank {rank}: the communicator has ranks 0 to {}", .size - 1)]
    Rank {
        /// The rank that was asked for.
        rank: i32,
        /// How many there are.
        size: i32,
    },
    /// There is no such place.
    #[error("the coordinates {coords:?} lie outside of a grid of {dims:?} that does not go round there")]
    Coordinates {
        /// Those that were asked for.
        coords: Vec<i64>,
        /// The grid.
        dims: Vec<usize>,
    },
    /// The communicator could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The group could not be made.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// Edges could not be exchanged.
    #[error(transparent)]
    Exchange(#[from] crate::CollectiveError),
    /// The calling thread may not.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// Why a persistent request cannot do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PersistentError {
    /// It is active: started, and neither waited for nor tested to completion.
    #[error("the persistent request is active: wait for it first")]
    Active,
}

impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
