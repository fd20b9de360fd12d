//! Reduce-scatter: contributions of all, combined, a block for each (`MPI_Reduce_scatter`, MPI 5.0, 6.10).

mod pairwise;
mod recursive_doubling;
mod recursive_halving;

pub use pairwise::pairwise;
pub use recursive_doubling::recursive_doubling;
pub use recursive_halving::recursive_halving;

use crate::algorithm::algorithms;
use crate::{Blocks, Elements, Placed, Plan, Span, Team, Tuning};

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
    let Elements { commutative, .. } = elements;
    let total = own.blocks.total(team.size());
    let chosen = match tuning.reduce_scatter {
        Some(asked) if asked != Algorithm::RecursiveHalving || commutative => asked,
        _ if commutative && total <= tuning.reduce_scatter_halving_max => Algorithm::RecursiveHalving,
        _ if !commutative && team.size() > 2 && total <= tuning.reduce_scatter_doubling_max => {
            Algorithm::RecursiveDoubling
        }
        _ => Algorithm::Pairwise,
    };
    match chosen {
        Algorithm::RecursiveHalving => recursive_halving(plan, team, own, result),
        Algorithm::RecursiveDoubling => recursive_doubling(plan, team, own, result),
        Algorithm::Pairwise => pairwise(plan, team, own, result, commutative),
    }
}

/// The blocks one after the other: where they lie if they do so already, else copied. The offsets count from the span.
fn together(plan: &mut Plan, team: &Team, own: Placed<'_>) -> (Span, Blocks) {
    let members = team.size();
    let dense = own.blocks.dense(0, members);
    let span = own.joined(0..members).unwrap_or_else(|| {
        let span = plan.scratch(dense.total(members));
        own.copy_to(plan, 0..members, Placed::new(span.area, span.offset, &dense), 0);
        plan.next_round();
        span
    });
    (span, dense)
}
