//! All-to-all: a block of each for each (`MPI_Alltoall`, MPI 5.0, 6.8).

use crate::algorithm::algorithms;

algorithms! {
    /// How a exchange of all with all is done.
    pub enum AllToAllAlgorithm {
        /// Bruck's: blocks go in steps of 1, 2, 4, ...
        Bruck = "bruck",
        /// All messages at once.
        Scattered = "scattered",
        /// One partner after the other.
        Pairwise = "pairwise",
    }
}
