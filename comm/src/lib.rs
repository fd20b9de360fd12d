//! Communicators, groups, requests, and messages (MPI 5.0, chapters 3, 4 and 7): what users of Olympi call.
//!
//! A message is a raw buffer (a slice or a vector of an [`Equivalence`] type, moved without a copy that the
//! protocol does not need) or an object (anything that serde serializes). [`Communicator`] lists the calls.
//!
//! Users depend on the facade crate `olympi`, which re-exports this one.
//!
//! # How the floor is built
//! Everything a rank owns lies behind one door (`door.rs`), whose lock the thread level decides. Behind it,
//! the mailbox (`inbox.rs`) matches messages and receives, and keeps the table of operations (`op.rs`). Requests
//! name operations; the families of calls begin them (`send.rs`, `recv.rs`, `request.rs`, `scope.rs`,
//! `persistent.rs`, `partitioned/`, `object.rs`, `view.rs`, `probe.rs`), `collective/` runs those of all ranks,
//! and `wait.rs` waits for them. `file/` is what they write together. `group/` says who is in a communicator,
//! `context/` which messages may meet, `create/` how communicators come to be, and `communicator.rs` how they end. A
//! process's membership is a `job.rs`, of which `universe.rs` and `session.rs` are made.
#![warn(clippy::pedantic)]
#![allow(
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    // Measured, on the few functions that a small message passes: a struct that goes through memory between two of
    // them costs more than all of them.
    clippy::inline_always,
    clippy::unnecessary_box_returns
)]

mod alloc;
mod attribute;
mod bootstrap;
mod bsend;
mod class_vote;
mod collective;
mod communicator;
mod completion;
mod context;
mod create;
mod door;
mod error;
mod error_class;
mod error_handler;
mod file;
mod future;
mod group;
mod inbox;
mod info;
mod job;
mod leaving;
mod object;
mod op;
mod partitioned;
mod persistent;
mod probe;
pub mod raw;
mod recv;
mod reduction;
mod report;
mod request;
mod scope;
mod send;
mod session;
mod status;
mod tools;
mod topology;
mod universe;
mod view;
mod wait;
mod window;

pub use alloc::Registered;
pub use attribute::{Keyval, clone_copy, null_copy, null_delete};
pub use bsend::{BSEND_OVERHEAD, BufferFlush};
pub use collective::{CollectiveError, Parts, PersistentCollective};
pub use communicator::{Communicator, MAX_OBJECT_NAME};
pub use completion::{Completion, test_all, test_any, test_some, wait_all, wait_any, wait_some};
pub use create::{HW_RESOURCE_TYPE, PSET_NAME, SplitType};
pub use door::ThreadLevel;
pub use error::{
    AttributeError, BufferError, CallbackError, CreateError, Error, GroupError, InfoError, InitError,
    PersistentError, RecvError, SendError, ThreadError, TopologyError,
};
pub use error_class::ErrorClass;
pub use error_handler::{ErrorHandler, UserHandler};
pub use file::{File, FileError, FileMode, FilePosition, FileView, Representation};
pub use group::{Comparison, Group, RankRange};
pub use info::{Info, MAX_INFO_KEY, MAX_INFO_VAL};
pub use job::{Builder, Job};
pub use olympi_coll::{Tuning, TuningError, TuningSetting};
pub use olympi_datatype::{
    Axis, Basic, Buffer, BufferMut, Datatype, DatatypeError, Distribution, Equivalence, IntoMemory,
    InvalidValue, Memory, MemoryMut, Order, PackError, Recipe, Signature, View, ViewError, signature,
};
pub use olympi_object::{DecodeError, EncodeError};
pub use olympi_pmi::BootstrapError;
pub use olympi_transport::{
    AllocError, Config, ConfigError, Directory, LookupError, Membership, SimTransport, StartError,
};
pub use olympi_transport_api::Peer;
pub use partitioned::{Claim, PartitionedError, PartitionedRecv, PartitionedSend};
pub use persistent::{Persistent, Startable, start_all};
pub use probe::{Message, ObjectMessage};
pub use raw::{Divided, DividedMut, Pieces};
pub use reduction::{Bits, Locatable, Located, Number, Op, Ordered, Reducible};
pub use request::Request;
pub use scope::{Scope, ScopedRequest};
pub use session::{MAX_PSET_NAME, Session, SessionError};
pub use status::{ANY_SOURCE, ANY_TAG, PROC_NULL, ROOT, Status, TAG_UB};
pub use tools::{Counters, Setting, SettingGroup, settings};
pub use topology::{Cartesian, DistributedGraph, Edges, Graph, GraphShape, Grid, Topology, dims_create};
pub use universe::Universe;
pub use window::{Asserts, Flavor, LockKind, Window, WindowError};
