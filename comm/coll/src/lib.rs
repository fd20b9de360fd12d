//! Collectives as pure schedules (MPI 5.0, chapter 6).
//!
//! An algorithm is a function that adds steps to a [`Plan`]: which bytes this rank sends to whom, receives from whom,
//! copies and combines, in which round. It does nothing itself. The [`Schedule`] that comes of it is run by comm, the same
//! one for the blocking, the non-blocking and the persistent form of a call; and by this crate's tests for all ranks
//! at once, without a network.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::cast_possible_truncation)]

extern crate alloc;

mod blocks;
mod schedule;
mod team;

pub use blocks::Blocks;
pub use schedule::{Area, Order, Plan, Round, Schedule, Span, Step};
pub use team::Team;
