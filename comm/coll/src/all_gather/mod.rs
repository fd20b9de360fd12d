//! All-gather: a block of each goes to all (`MPI_Allgather`, MPI 5.0, 6.7).

mod bruck;
mod recursive_doubling;
mod ring;

pub use bruck::bruck;
pub use recursive_doubling::recursive_doubling;
pub use ring::ring;

use crate::algorithm::algorithms;

algorithms! {
    /// How a gather for all is done.
    pub enum AllGatherAlgorithm {
        /// Blocks are exchanged at distances that double; for powers of two.
        RecursiveDoubling = "recursive_doubling",
        /// Bruck's: from those 1, 2, 4, ... ahead.
        Bruck = "bruck",
        /// Blocks go round in a ring.
        Ring = "ring",
    }
}
