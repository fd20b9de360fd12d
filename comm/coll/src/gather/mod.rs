//! Gather: a block of each goes to the root (`MPI_Gather`, MPI 5.0, 6.5).

use crate::algorithm::algorithms;

algorithms! {
    /// How a gather is done.
    pub enum GatherAlgorithm {
        /// Everybody sends to the root.
        Linear = "linear",
        /// A binomial tree.
        Binomial = "binomial",
    }
}
