//! All-reduce: contributions of all, combined, for all (`MPI_Allreduce`, MPI 5.0, 6.9.6).

mod exchange;
mod leaders;
mod recursive_doubling;
mod reduce_broadcast;
mod reduce_scatter_all_gather;
mod ring;

pub use exchange::exchange;
pub use leaders::leaders;
pub use recursive_doubling::recursive_doubling;
pub use reduce_broadcast::reduce_broadcast;
pub use reduce_scatter_all_gather::reduce_scatter_all_gather;
pub use ring::ring;

use crate::algorithm::algorithms;
use crate::{Elements, Nodes, Plan, Span, Team, Tuning};

algorithms! {
    /// How a reduction for all is done. All give each member the same bits; all but the ring keep the order of operands.
    pub enum AllReduceAlgorithm {
        /// Everybody sends to everybody.
        Exchange = "exchange",
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
    let chosen = match tuning.all_reduce {
        Some(Algorithm::Leaders) if place.is_none() => None,
        Some(Algorithm::Ring) if !commutative => None,
        asked => asked,
    };
    let chosen = chosen.unwrap_or_else(|| choose(team.size(), own.len, elements, place.is_some(), tuning));
    match (chosen, place) {
        (Algorithm::Leaders, Some(place)) => leaders(plan, &place, own, result, elements, tuning),
        (Algorithm::Exchange, _) => exchange(plan, team, own, result),
        (Algorithm::Ring, _) => ring(plan, team, own, result, grain),
        (Algorithm::ReduceScatterAllGather, _) => reduce_scatter_all_gather(plan, team, own, result, grain),
        (Algorithm::ReduceBroadcast, _) => reduce_broadcast(plan, team, own, result),
        (Algorithm::RecursiveDoubling | Algorithm::Leaders, _) => recursive_doubling(plan, team, own, result),
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
    let (short, few) = (len <= tuning.all_reduce_short_max, len / elements.grain.max(1) < members as usize);
    let block = len / members as usize;
    if nodes && len <= tuning.leaders_max {
        Algorithm::Leaders
    } else if short && (3..=tuning.all_reduce_exchange_ranks).contains(&members) {
        Algorithm::Exchange
    } else if short || few {
        Algorithm::RecursiveDoubling
    } else if elements.commutative && !members.is_power_of_two() && block >= tuning.all_reduce_ring_block {
        Algorithm::Ring
    } else {
        Algorithm::ReduceScatterAllGather
    }
}
