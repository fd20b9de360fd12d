//! Scatter: a block of the root's goes to each (`MPI_Scatter`, `MPI_Scatterv`, MPI 5.0, 6.6).

mod binomial;
mod linear;

pub use binomial::{binomial, binomial_within};
pub use linear::linear;

use crate::algorithm::algorithms;
use crate::{Placed, Plan, Span, Team, Tuning};

algorithms! {
    /// How a scatter is done.
    pub enum ScatterAlgorithm {
        /// The root sends to everybody.
        Linear = "linear",
        /// A binomial tree.
        Binomial = "binomial",
    }
}

/// Adds a scatter of the root's `source` to where each has its `own`, by the algorithm that fits. In place at the root,
/// `own` is its block of the source; it is as long as that in any case.
///
/// If `even`, all blocks have one length (`MPI_Scatter`), and those of the source lie as [`crate::Blocks::Even`] says; if
/// not (`MPI_Scatterv`), only the root knows the lengths of others. A root that sends another length than a member expects
/// is an error of that member, also if one of them is 0.
///
/// ```
/// use olympi_coll::{Plan, Span, Team, Tuning, scatter};
///
/// // Rank 2 of 5 waits for eight bytes of rank 0.
/// let mut plan = Plan::new();
/// scatter::scatter(&mut plan, &Team::all(2, 5), 0, None, Span::recv(8), true, &Tuning::default());
/// assert_eq!(plan.finish().round(0).messages.len(), 1);
/// ```
///
/// # Panics
/// If the root has no source.
pub fn scatter(
    plan: &mut Plan,
    team: &Team,
    root: u32,
    source: Option<Placed<'_>>,
    own: Span,
    even: bool,
    tuning: &Tuning,
) {
    assert!(source.is_some() || team.me() != root, "the root of a scatter has blocks");
    match choose(own.len, even, team.size(), tuning) {
        ScatterAlgorithm::Linear => linear(plan, team, root, source, own),
        ScatterAlgorithm::Binomial => binomial(plan, team, root, source, own),
    }
}

/// The algorithm that serves a scatter of blocks of `len` bytes, or of any length unless they are `even`.
pub fn choose(len: usize, even: bool, members: u32, tuning: &Tuning) -> ScatterAlgorithm {
    // A tree must know how long the blocks of others are.
    match tuning.scatter {
        _ if !even => ScatterAlgorithm::Linear,
        Some(asked) => asked,
        // Of three members the root reaches both with the two messages that a tree has as well.
        None if len <= tuning.gather_tree_max && members > 3 => ScatterAlgorithm::Binomial,
        None => ScatterAlgorithm::Linear,
    }
}
