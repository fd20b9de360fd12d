//! Reduce-scatter: contributions of all, combined, a block for each (`MPI_Reduce_scatter`, MPI 5.0, 6.10).

use crate::algorithm::algorithms;

algorithms! {
    /// How a reduction in blocks is done.
    pub enum ReduceScatterAlgorithm {
        /// Halves of halves are reduced; for operations that commute.
        RecursiveHalving = "recursive_halving",
        /// Whole vectors are exchanged at distances that double.
        RecursiveDoubling = "recursive_doubling",
        /// Everybody sends each its block.
        Pairwise = "pairwise",
    }
}
