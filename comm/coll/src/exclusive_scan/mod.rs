//! Exclusive scan: each gets the combination of all before it (`MPI_Exscan`, MPI 5.0, 6.11.2).

mod linear;
mod recursive_doubling;

pub use linear::linear;
pub use recursive_doubling::recursive_doubling;

use crate::algorithm::algorithms;
use crate::{Plan, Span, Team, Tuning};

algorithms! {
    /// How an exclusive scan is done.
    pub enum ExclusiveScanAlgorithm {
        /// From one to the next.
        Linear = "linear",
        /// From each to the one 1, 2, 3, 6, 12, ... ahead.
        RecursiveDoubling = "recursive_doubling",
    }
}

/// Adds an exclusive scan, by the algorithm that fits. The `result` may be `own`; that of member 0 is not written.
pub fn exclusive_scan(plan: &mut Plan, team: &Team, own: Span, result: Span, tuning: &Tuning) {
    match tuning.exclusive_scan.unwrap_or(ExclusiveScanAlgorithm::RecursiveDoubling) {
        ExclusiveScanAlgorithm::Linear => linear(plan, team, own, result),
        ExclusiveScanAlgorithm::RecursiveDoubling => recursive_doubling(plan, team, own, result),
    }
}
