//! Broadcast: the root's bytes go to all (`MPI_Bcast`, MPI 5.0, 6.4).

mod binomial;
mod chain;
mod flat;
mod leaders;
mod scatter;
mod scatter_doubling;
mod scatter_ring;

pub use binomial::binomial;
pub use chain::chain;
pub use flat::flat;
pub use leaders::leaders;
pub use scatter_doubling::scatter_doubling;
pub use scatter_ring::scatter_ring;

use crate::algorithm::algorithms;
use crate::{Nodes, Plan, Span, Team, Tuning};

algorithms! {
    /// How a broadcast is done.
    pub enum BroadcastAlgorithm {
        /// The root sends to everybody.
        Flat = "flat",
        /// A binomial tree.
        Binomial = "binomial",
        /// The root scatters, then blocks go round in a ring.
        ScatterRing = "scatter_ring",
        /// The root scatters, then blocks are exchanged at distances that double; for powers of two.
        ScatterDoubling = "scatter_doubling",
        /// From one to the next, piece after piece.
        Chain = "chain",
        /// Among the leaders of the nodes, then inside the nodes.
        Leaders = "leaders",
    }
}

/// A chain has no more pieces than this, so that the schedule of a very long broadcast stays short.
const MOST_PIECES: usize = 1024;

/// Adds a broadcast of the root's `data` to where all have `data`, by the algorithm that fits.
pub fn broadcast(
    plan: &mut Plan,
    team: &Team,
    root: u32,
    data: Span,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    use BroadcastAlgorithm as Algorithm;
    let members = team.size();
    let place = nodes.and_then(|nodes| nodes.place_with(team, root));
    match (tuning.broadcast.unwrap_or_else(|| choose(members, data.len, place.is_some(), tuning)), place) {
        (Algorithm::Leaders, Some(place)) => leaders(plan, &place, data, tuning),
        (Algorithm::Flat, _) => flat(plan, team, root, data),
        (Algorithm::Chain, _) => {
            let piece = tuning.broadcast_piece.max(data.len.div_ceil(MOST_PIECES));
            chain(plan, team, root, data, piece);
        }
        (Algorithm::ScatterDoubling, _) if members.is_power_of_two() => {
            scatter_doubling(plan, team, root, data);
        }
        (Algorithm::ScatterRing | Algorithm::ScatterDoubling, _) => scatter_ring(plan, team, root, data),
        (Algorithm::Binomial | Algorithm::Leaders, _) => binomial(plan, team, root, data),
    }
}

/// The algorithm that serves a broadcast of `len` bytes. `nodes`: there are several nodes, some with several members.
pub fn choose(members: u32, len: usize, nodes: bool, tuning: &Tuning) -> BroadcastAlgorithm {
    use BroadcastAlgorithm as Algorithm;
    if nodes && len <= tuning.leaders_max {
        return Algorithm::Leaders;
    }
    if members <= 2 {
        return Algorithm::Flat;
    }
    if len <= tuning.broadcast_short_max {
        return if members <= tuning.broadcast_flat_ranks { Algorithm::Flat } else { Algorithm::Binomial };
    }
    let pieces = len / tuning.broadcast_piece.max(1);
    if len >= tuning.broadcast_chain_min && pieces >= members as usize {
        Algorithm::Chain
    } else if members < tuning.broadcast_scatter_ranks {
        Algorithm::Binomial
    } else if members.is_power_of_two() && len <= tuning.broadcast_doubling_max {
        Algorithm::ScatterDoubling
    } else {
        Algorithm::ScatterRing
    }
}
