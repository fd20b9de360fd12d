//! Collectives as pure schedules (MPI 5.0, chapter 6).
//!
//! An algorithm is a function that adds steps to a [`Plan`]: which bytes this rank sends to whom, receives from whom,
//! copies and combines, in which round. It does nothing itself. The [`Schedule`] that comes of it is run by comm, the same
//! one for the blocking, the non-blocking and the persistent form of a call; and by this crate's tests for all ranks
//! at once, without a network.
//!
//! Each collective is a module with one function of its name, which chooses an algorithm by bytes, ranks, nodes and
//! [`Tuning`], and with its algorithms, each a public function of its own: they compose.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::cast_possible_truncation,
    // An algorithm panics where another part of this crate is wrong, not on what callers give.
    clippy::missing_panics_doc
)]

extern crate alloc;

mod algorithm;
pub mod all_gather;
pub mod all_reduce;
pub mod all_to_all;
pub mod barrier;
mod batches;
mod blocks;
pub mod board;
pub mod broadcast;
pub mod exclusive_scan;
mod fold;
pub mod gather;
mod halving;
pub mod inter;
pub mod neighbour;
mod nodes;
mod partial;
pub mod reduce;
pub mod reduce_scatter;
mod runs;
pub mod scan;
pub mod scatter;
mod schedule;
mod settings;
mod team;
mod tree;
mod tuning;

pub use algorithm::UnknownAlgorithm;
pub use all_gather::AllGatherAlgorithm;
pub use all_reduce::AllReduceAlgorithm;
pub use all_to_all::AllToAllAlgorithm;
pub use barrier::BarrierAlgorithm;
pub use blocks::{Blocks, Placed};
pub use broadcast::BroadcastAlgorithm;
pub use exclusive_scan::ExclusiveScanAlgorithm;
pub use gather::GatherAlgorithm;
pub use neighbour::{NeighbourAlgorithm, Neighbours};
pub use nodes::{Nodes, Place};
pub use reduce::ReduceAlgorithm;
pub use reduce_scatter::ReduceScatterAlgorithm;
pub use scan::ScanAlgorithm;
pub use scatter::ScatterAlgorithm;
pub use schedule::{Area, Order, Plan, Round, Schedule, Span, Step};
pub use settings::{TuningError, TuningSetting};
pub use team::Team;
pub use tuning::Tuning;

/// What a schedule has to know of the elements that are reduced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elements {
    /// Bytes of one: a vector is divided between elements.
    pub grain: usize,
    /// Operands may be swapped.
    pub commutative: bool,
}
