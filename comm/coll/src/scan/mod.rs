//! Scan: each gets the combination of all up to itself (`MPI_Scan`, MPI 5.0, 6.11.1).

mod linear;
mod recursive_doubling;

pub use linear::linear;
pub use recursive_doubling::recursive_doubling;

use crate::algorithm::algorithms;
use crate::{Plan, Span, Team, Tuning};

algorithms! {
    /// How a scan is done.
    pub enum ScanAlgorithm {
        /// From one to the next.
        Linear = "linear",
        /// From each to the one 1, 2, 4, ... ahead.
        RecursiveDoubling = "recursive_doubling",
    }
}

/// Adds a scan, by the algorithm that fits. The `result` may be `own`.
pub fn scan(plan: &mut Plan, team: &Team, own: Span, result: Span, tuning: &Tuning) {
    match tuning.scan.unwrap_or(ScanAlgorithm::RecursiveDoubling) {
        ScanAlgorithm::Linear => linear(plan, team, own, result),
        ScanAlgorithm::RecursiveDoubling => recursive_doubling(plan, team, own, result),
    }
}
