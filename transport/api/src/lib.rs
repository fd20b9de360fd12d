//! The words every transport speaks, and the contract it keeps.
//!
//! A [`Transport`] carries *frames* (a short header and a payload, copied) and, where its fabric can,
//! moves memory by itself (`put` and `get` on registered [`MemoryRegion`]s). It knows nothing of MPI: the
//! eager and rendezvous protocols live one floor up, in `olympi-protocol`, and matching lives in comm.
//!
//! The contract is written on [`Transport`]; `olympi-conformance` is that contract, running.
#![no_std]
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::missing_errors_doc)]

extern crate alloc;
// To ask the processor what it has.
#[cfg(target_arch = "x86_64")]
extern crate std;

mod buffer;
mod copy;
mod envelope;
mod error;
mod inbound;
mod peer;
mod region;
mod transport;

pub use buffer::{Payload, RecvBuf, SendBuf};
pub use copy::CopyBy;
pub use envelope::Envelope;
pub use error::{Closed, ClosedKind, ConnectError, RegisterError, RmaError};
pub use inbound::Inbound;
pub use peer::{Address, Peer};
pub use region::{Extent, MemoryRegion, RegionGuard, RemoteKey};
pub use transport::{Caps, OpToken, Post, Transport, Wake, WakeBy};
