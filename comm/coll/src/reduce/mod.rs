//! Reduce: contributions of all, combined at the root (`MPI_Reduce`, MPI 5.0, 6.9.1).

mod binomial;
mod leaders;
mod linear;
mod reduce_scatter_gather;

pub use binomial::binomial;
pub(crate) use binomial::up;
pub use leaders::leaders;
pub use linear::linear;
pub use reduce_scatter_gather::reduce_scatter_gather;

use crate::algorithm::algorithms;
use crate::{Elements, Nodes, Plan, Span, Team, Tuning};

algorithms! {
    /// How a reduction to a root is done. All keep the order of operands.
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

/// Adds a reduction of all `own` to the root's `result`, by the algorithm that fits. At the root the two may be one; the
/// `result` of others is not used.
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
    let members = team.size();
    let place = nodes
        .and_then(|nodes| nodes.place_with(team, root))
        .filter(|place| elements.commutative || place.in_order);
    let chosen = match tuning.reduce {
        Some(asked) if asked != Algorithm::Leaders || place.is_some() => asked,
        _ => choose(members, own.len, elements, place.is_some(), tuning),
    };
    match (chosen, place) {
        (Algorithm::Leaders, Some(place)) => {
            let result = (root == team.me()).then_some(result);
            leaders(plan, &place, own, result, elements, tuning);
        }
        (Algorithm::Linear, _) => linear(plan, team, root, own, result),
        (Algorithm::ReduceScatterGather, _) => {
            reduce_scatter_gather(plan, team, root, own, result, elements.grain);
        }
        (Algorithm::Binomial | Algorithm::Leaders, _) => binomial(plan, team, root, own, result),
    }
}

/// The algorithm that serves a reduction of `len` bytes. `nodes`: there are several nodes, some with several members.
pub fn choose(members: u32, len: usize, elements: Elements, nodes: bool, tuning: &Tuning) -> ReduceAlgorithm {
    let few = len / elements.grain.max(1) < members as usize;
    if nodes && len <= tuning.leaders_max {
        ReduceAlgorithm::Leaders
    } else if members <= 2 || len <= tuning.reduce_short_max || few {
        ReduceAlgorithm::Binomial
    } else {
        ReduceAlgorithm::ReduceScatterGather
    }
}
