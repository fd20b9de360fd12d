//! All-reduce: contributions of all, combined, for all (`MPI_Allreduce`, MPI 5.0, 6.9.6).

mod recursive_doubling;
mod reduce_scatter_all_gather;
mod ring;

pub use recursive_doubling::recursive_doubling;
pub use reduce_scatter_all_gather::reduce_scatter_all_gather;
pub use ring::ring;

use crate::algorithm::algorithms;
use crate::nodes::{Nodes, Place};
use crate::{Elements, Plan, Span, Team, Tuning, broadcast, reduce};

algorithms! {
    /// How a reduction for all is done.
    pub enum AllReduceAlgorithm {
        /// Whole vectors are exchanged at distances that double.
        RecursiveDoubling = "recursive_doubling",
        /// Rabenseifner's: halves of halves are reduced, then gathered.
        ReduceScatterAllGather = "reduce_scatter_all_gather",
        /// Blocks go round in a ring, twice; for operations that commute.
        Ring = "ring",
        /// A reduction to one, and a broadcast.
        ReduceBroadcast = "reduce_broadcast",
        /// Inside the nodes, among their leaders, inside the nodes.
        Leaders = "leaders",
    }
}

/// Adds a reduction of all `own` to everyone's `result`, by the algorithm that fits. The two may be one.
pub fn all_reduce(
    plan: &mut Plan,
    team: &Team,
    own: Span,
    result: Span,
    elements: Elements,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    use AllReduceAlgorithm as Algorithm;
    let Elements { grain, commutative } = elements;
    let place = nodes.and_then(|nodes| nodes.place(team)).filter(|place| commutative || place.in_order);
    let chosen =
        tuning.all_reduce.unwrap_or_else(|| choose(team.size(), own.len, elements, place.is_some(), tuning));
    match (chosen, place) {
        (Algorithm::Leaders, Some(place)) => leaders(plan, &place, own, result, commutative),
        (Algorithm::Ring, _) if commutative => ring(plan, team, own, result, grain),
        (Algorithm::ReduceScatterAllGather, _) if commutative => {
            reduce_scatter_all_gather(plan, team, own, result, grain);
        }
        (Algorithm::ReduceBroadcast, _) => reduce_broadcast(plan, team, own, result, commutative),
        _ => recursive_doubling(plan, team, own, result),
    }
}

/// The algorithm that serves a reduction for all of `len` bytes. `nodes`: there are several nodes, some with several members.
pub fn choose(
    members: u32,
    len: usize,
    elements: Elements,
    nodes: bool,
    tuning: &Tuning,
) -> AllReduceAlgorithm {
    use AllReduceAlgorithm as Algorithm;
    let few = len / elements.grain.max(1) < members as usize;
    if nodes && len <= tuning.leaders_max {
        Algorithm::Leaders
    } else if len <= tuning.all_reduce_short_max || !elements.commutative || few {
        Algorithm::RecursiveDoubling
    } else if !members.is_power_of_two() && len / members as usize >= tuning.all_reduce_ring_block {
        Algorithm::Ring
    } else {
        Algorithm::ReduceScatterAllGather
    }
}

/// Adds a reduction to member 0 up a tree, and a broadcast down it: 2 (n - 1) messages of all bytes, 2 ⌈log2 n⌉ of them one
/// after the other.
pub fn reduce_broadcast(plan: &mut Plan, team: &Team, own: Span, result: Span, commutative: bool) {
    reduce::binomial(plan, team, 0, own, result, commutative);
    broadcast::binomial(plan, team, 0, result);
}

/// Adds reductions inside the nodes, a reduction for all leaders, and broadcasts inside the nodes.
pub fn leaders(plan: &mut Plan, place: &Place, own: Span, result: Span, commutative: bool) {
    reduce::binomial(plan, &place.node, place.node_leader, own, result, commutative);
    if let Some(leaders) = &place.leaders {
        recursive_doubling(plan, leaders, result, result);
    }
    broadcast::binomial(plan, &place.node, place.node_leader, result);
}
