//! Scan: each gets the combination of all up to itself (`MPI_Scan`, MPI 5.0, 6.11.1).

use crate::algorithm::algorithms;

algorithms! {
    /// How a scan is done.
    pub enum ScanAlgorithm {
        /// From one to the next.
        Linear = "linear",
        /// From each to the one 1, 2, 4, ... ahead.
        RecursiveDoubling = "recursive_doubling",
    }
}
