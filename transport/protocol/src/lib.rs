//! The eager and rendezvous protocols as a value: no clock, no socket, no thread.
//!
//! One [`Engine`] serves one [`Transport`](olympi_transport_api::Transport), which is handed to it at every
//! call. Its methods come in three families:
//! - commands from above: [`Engine::send`], [`Engine::accept`], [`Engine::discard`];
//! - [`Engine::poll`], which takes what the transport brings and then moves on whatever waits to be sent;
//! - questions: [`Engine::idle`], [`Engine::backlogged`], [`Engine::gone`].
//!
//! Results are told through an [`Inbox`], from inside `poll` and only from there. An inbox records; it has no
//! way to call the engine back, so nothing is ever posted from inside an event.
//!
//! Whatever comes from a peer is checked once, in `wire.rs` and where an id is looked up. A peer that sends
//! nonsense is cut off as [`ClosedKind::Malformed`](olympi_transport_api::ClosedKind::Malformed); others do not
//! notice.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::missing_errors_doc)]

extern crate alloc;

mod arrivals;
mod choose;
mod eager;
mod engine;
mod error;
mod frames;
mod inbox;
mod outbox;
mod pieces;
mod rndv_recv;
mod rndv_send;
mod slab;
mod thresholds;
mod wire;

pub use engine::Engine;
pub use error::{RecvError, SendError};
pub use inbox::{Accepted, ArrivalId, Inbox, Lane, Mode, RecvId, SendId, Sent};
pub use thresholds::Thresholds;
