//! Barrier: nobody leaves before all have come (`MPI_Barrier`, MPI 5.0, 6.3).

mod dissemination;
mod tree;

pub use dissemination::dissemination;
pub use tree::{down, tree, up};

use crate::algorithm::algorithms;
use crate::nodes::{Nodes, Place};
use crate::{Plan, Team, Tuning};

algorithms! {
    /// How a barrier is done.
    pub enum BarrierAlgorithm {
        /// Everybody tells those 1, 2, 4, ... ahead.
        Dissemination = "dissemination",
        /// A tree gathers, and releases.
        Tree = "tree",
        /// Inside the nodes, among their leaders, inside the nodes.
        Leaders = "leaders",
    }
}

/// Adds a barrier, by the algorithm that fits.
pub fn barrier(plan: &mut Plan, team: &Team, nodes: Option<&Nodes>, tuning: &Tuning) {
    let place = nodes.and_then(|nodes| nodes.place(team));
    let chosen = tuning.barrier.unwrap_or(match &place {
        Some(_) => BarrierAlgorithm::Leaders,
        None => BarrierAlgorithm::Dissemination,
    });
    match (chosen, place) {
        (BarrierAlgorithm::Tree, _) => tree(plan, team),
        (BarrierAlgorithm::Leaders, Some(place)) => leaders(plan, &place),
        _ => dissemination(plan, team),
    }
}

/// Adds a barrier inside the nodes, among their leaders, and inside the nodes again.
pub fn leaders(plan: &mut Plan, place: &Place) {
    up(plan, &place.node);
    if let Some(leaders) = &place.leaders {
        dissemination(plan, leaders);
    }
    down(plan, &place.node);
}
