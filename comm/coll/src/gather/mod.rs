//! Gather: a block of each goes to the root (`MPI_Gather`, `MPI_Gatherv`, MPI 5.0, 6.5).

mod binomial;
mod linear;

pub use binomial::binomial;
pub use linear::linear;

use crate::algorithm::algorithms;
use crate::{Placed, Plan, Span, Team, Tuning};

algorithms! {
    /// How a gather is done.
    pub enum GatherAlgorithm {
        /// Everybody sends to the root.
        Linear = "linear",
        /// A binomial tree.
        Binomial = "binomial",
    }
}

/// Adds a gather of everyone's `own` to the root's `result`, by the algorithm that fits. In place at the root, `own` is its
/// block of the result; it is as long as that in any case.
///
/// If `even`, all blocks have one length (`MPI_Gather`), and those of the result lie as [`crate::Blocks::Even`] says; if
/// not (`MPI_Gatherv`), only the root knows the lengths of others. A member that sends another length than the root expects
/// is an error of the root, also if one of them is 0.
///
/// ```
/// use olympi_coll::{Blocks, Placed, Plan, Span, Team, Tuning, gather};
///
/// // The root of three gets blocks of different lengths.
/// let (mut plan, blocks) = (Plan::new(), Blocks::Listed([(0, 8), (8, 2), (16, 4)].into()));
/// let (team, result) = (Team::all(0, 3), Some(Placed::recv(&blocks)));
/// gather::gather(&mut plan, &team, 0, Span::send(8), result, false, &Tuning::default());
/// let schedule = plan.finish();
/// assert_eq!((schedule.rounds(), schedule.scratch()), (1, 0));
/// ```
///
/// # Panics
/// If the root has no place for the result.
pub fn gather(
    plan: &mut Plan,
    team: &Team,
    root: u32,
    own: Span,
    result: Option<Placed<'_>>,
    even: bool,
    tuning: &Tuning,
) {
    assert!(result.is_some() || team.me() != root, "the root of a gather has a place for the blocks");
    match choose(own.len, even, team.size(), tuning) {
        GatherAlgorithm::Linear => linear(plan, team, root, own, result),
        GatherAlgorithm::Binomial => binomial(plan, team, root, own, result),
    }
}

/// The algorithm that serves a gather of blocks of `len` bytes, or of any length unless they are `even`.
pub fn choose(len: usize, even: bool, members: u32, tuning: &Tuning) -> GatherAlgorithm {
    // A tree must know how long the blocks of others are.
    match tuning.gather {
        _ if !even => GatherAlgorithm::Linear,
        Some(asked) => asked,
        // Of three members two send to the root, as they do in a tree.
        None if len <= tuning.gather_tree_max && members > 3 => GatherAlgorithm::Binomial,
        None => GatherAlgorithm::Linear,
    }
}
