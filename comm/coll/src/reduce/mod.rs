//! Reduce: contributions of all, combined at the root (`MPI_Reduce`, MPI 5.0, 6.9.1).

use crate::algorithm::algorithms;

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
