//! Neighbour collectives: blocks between neighbours in a topology (MPI 5.0, 8.6).

use crate::algorithm::algorithms;

algorithms! {
    /// How a exchange with neighbours is done.
    pub enum NeighbourAlgorithm {
        /// All messages at once.
        Scattered = "scattered",
        /// One neighbour after the other.
        InTurn = "in_turn",
    }
}
