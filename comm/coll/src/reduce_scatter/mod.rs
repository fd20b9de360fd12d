//! Reduce-scatter: contributions of all, combined, a block for each (`MPI_Reduce_scatter`, MPI 5.0, 6.10).

mod pairwise;
mod recursive_doubling;
mod recursive_halving;

pub use pairwise::pairwise;
pub use recursive_doubling::recursive_doubling;
pub use recursive_halving::recursive_halving;

use crate::algorithm::algorithms;
use crate::{Elements, Placed, Plan, Span, Team, Tuning};

algorithms! {
    /// How a reduction in blocks is done.
    pub enum ReduceScatterAlgorithm {
        /// Halves of halves are reduced; for operations that commute.
        RecursiveHalving = "recursive_halving",
        /// Whole vectors are exchanged at distances that double.
        RecursiveDoubling = "recursive_doubling",
        /// Everybody sends each its block.
        Pairwise = "pairwise",
    }
}

/// Adds a reduction of which each gets its block, by the algorithm that fits. `own` are the blocks that this member
/// contributes; `result` may lie at their beginning.
pub fn reduce_scatter(
    plan: &mut Plan,
    team: &Team,
    own: Placed<'_>,
    result: Span,
    elements: Elements,
    tuning: &Tuning,
) {
    use ReduceScatterAlgorithm as Algorithm;
    let total = own.blocks.total(team.size());
    let chosen = tuning.reduce_scatter.unwrap_or(if total <= tuning.reduce_scatter_halving_max {
        Algorithm::RecursiveHalving
    } else {
        Algorithm::Pairwise
    });
    match chosen {
        Algorithm::Pairwise if elements.commutative => pairwise(plan, team, own, result),
        Algorithm::RecursiveHalving if elements.commutative => recursive_halving(plan, team, own, result),
        _ => recursive_doubling(plan, team, own, result),
    }
}
