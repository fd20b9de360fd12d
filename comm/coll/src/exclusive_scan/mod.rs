//! Exclusive scan: each gets the combination of all before it (`MPI_Exscan`, MPI 5.0, 6.11.2).

use crate::algorithm::algorithms;

algorithms! {
    /// How a exclusive scan is done.
    pub enum ExclusiveScanAlgorithm {
        /// From one to the next.
        Linear = "linear",
        /// From each to the one 1, 2, 3, 6, 12, ... ahead.
        RecursiveDoubling = "recursive_doubling",
    }
}
