//! Reduce: contributions of all, combined at the root (`MPI_Reduce`, MPI 5.0, 6.9.1).

mod binomial;
mod linear;
mod reduce_scatter_gather;

pub use binomial::binomial;
pub use linear::linear;
pub use reduce_scatter_gather::reduce_scatter_gather;

use crate::algorithm::algorithms;
use crate::nodes::{Nodes, Place};
use crate::{Elements, Plan, Span, Team, Tuning};

algorithms! {
    /// How a reduction is done.
    pub enum ReduceAlgorithm {
        /// Everybody sends to the root.
        Linear = "linear",
        /// A binomial tree.
        Binomial = "binomial",
        /// Each reduces a block, and the root gathers the blocks.
        ReduceScatterGather = "reduce_scatter_gather",
        /// Inside the nodes, then among their leaders.
        Leaders = "leaders",
    }
}

/// Adds a reduction of all `own` to the root's `result`, by the algorithm that fits. At the root the two may be one.
#[allow(clippy::too_many_arguments)]
pub fn reduce(
    plan: &mut Plan,
    team: &Team,
    root: u32,
    own: Span,
    result: Span,
    elements: Elements,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    use ReduceAlgorithm as Algorithm;
    let Elements { grain, commutative } = elements;
    let members = team.size();
    let place =
        nodes.and_then(|nodes| nodes.place_with(team, root)).filter(|place| commutative || place.in_order);
    let chosen = tuning.reduce.unwrap_or_else(|| choose(members, own.len, elements, place.is_some(), tuning));
    match (chosen, place) {
        (Algorithm::Leaders, Some(place)) => {
            leaders(plan, &place, root == team.me(), own, result, commutative);
        }
        (Algorithm::Linear, _) => linear(plan, team, root, own, result),
        (Algorithm::ReduceScatterGather, _) if commutative => {
            reduce_scatter_gather(plan, team, root, own, result, grain);
        }
        _ => binomial(plan, team, root, own, result, commutative),
    }
}

/// The algorithm that serves a reduction of `len` bytes. `nodes`: there are several nodes, some with several members.
pub fn choose(members: u32, len: usize, elements: Elements, nodes: bool, tuning: &Tuning) -> ReduceAlgorithm {
    if nodes && len <= tuning.leaders_max {
        ReduceAlgorithm::Leaders
    } else if members <= 2 {
        ReduceAlgorithm::Linear
    } else if len <= tuning.reduce_short_max
        || !elements.commutative
        || len / elements.grain.max(1) < members as usize
    {
        ReduceAlgorithm::Binomial
    } else {
        ReduceAlgorithm::ReduceScatterGather
    }
}

/// Adds reductions inside the nodes, whose leaders then reduce to the root, which leads its node.
pub fn leaders(plan: &mut Plan, place: &Place, is_root: bool, own: Span, result: Span, commutative: bool) {
    let Some(leaders) = &place.leaders else {
        return binomial(plan, &place.node, place.node_leader, own, own, commutative);
    };
    let sum = if is_root { result } else { plan.scratch(own.len) };
    binomial(plan, &place.node, place.node_leader, own, sum, commutative);
    binomial(plan, leaders, place.first_leader, sum, sum, commutative);
}
