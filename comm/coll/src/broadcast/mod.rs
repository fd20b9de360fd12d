//! Broadcast: the root's bytes go to all (`MPI_Bcast`, MPI 5.0, 6.4).

use crate::algorithm::algorithms;

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
