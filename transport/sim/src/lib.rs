//! Transports without any fabric, and tools for testing with them.
//!
//! - [`Loopback`] carries the frames of a process to itself. It is the smallest honest backend, the one to start
//!   from when writing another, and it serves the `self` route in production.
//! - [`Network`] joins many ranks in one process, on a virtual clock, with delays, back-pressure, deaths and cut
//!   links that all come from one seed: a whole job in a unit test.
//! - [`Faulty`] and [`Traced`] wrap any transport: one adds faults, the other writes down what happens.
//! - [`with_seeds`] runs a test under many seeds, and says which one failed.
#![deny(unsafe_code)]
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::missing_panics_doc)]
#![allow(clippy::cast_possible_truncation)]

mod config;
mod endpoint;
mod fault;
mod loopback;
mod memory;
mod network;
mod rng;
mod state;
mod trace;
mod waker;

pub use config::NetworkConfig;
pub use endpoint::SimTransport;
pub use fault::{Faults, Faulty};
pub use loopback::Loopback;
pub use network::Network;
pub use rng::{Rng, with_seeds};
pub use trace::{Trace, Traced};
