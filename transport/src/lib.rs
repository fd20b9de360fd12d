//! Progress: the protocol meets the backends.
//!
//! A [`Progress`] owns the transports of a process, each with the protocol engine that speaks over it, and finds
//! for each peer the best way that both ends have. What is above it sees peers and messages, nothing else.
//!
//! | file | what it decides |
//! |---|---|
//! | `progress.rs` | what is polled, and who is told |
//! | `opening.rs` | which transports start |
//! | `lanes.rs` | which transports there are in a process, and how each is reached |
//! | `rhythm.rs` | how often a transport is polled beside quicker ones |
//! | `route.rs` | which transport leads to a peer |
//! | `kind.rs` | which transports there are, and `OLYMPI_TRANSPORTS` |
//! | `nap.rs`, `patience.rs`, `cpus.rs` | how to wait |
//! | `config.rs` | every setting |
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::needless_pass_by_value)]
#![deny(unsafe_code)]

mod address;
mod config;
mod cpus;
mod error;
mod falling;
mod kind;
mod lane;
mod lanes;
mod nap;
mod opening;
mod patience;
mod progress;
mod report;
mod rhythm;
mod route;

pub use config::{Config, Setting, settings};
pub use error::{ConfigError, LookupError, StartError};
pub use kind::{Kind, Transports};
pub use nap::Nap;
pub use olympi_protocol::{
    Accepted, ArrivalId, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent, Thresholds,
};
pub use olympi_registration::{AllocError, Allocation, Memory, Mode as Registration};
pub use olympi_shm::{Awaited, Board, CommonMemory, Posted, host_key};
pub use olympi_sim::SimTransport;
pub use olympi_transport_api::{Closed, ClosedKind, Envelope, Payload, Peer, RecvBuf, SendBuf};
pub use patience::{Patience, Spin};
pub use progress::{Directory, Membership, Progress};
pub use report::{NotTaken, PairReport};
