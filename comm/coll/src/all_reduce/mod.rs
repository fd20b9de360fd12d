//! All-reduce: contributions of all, combined, for all (`MPI_Allreduce`, MPI 5.0, 6.9.6).

use crate::algorithm::algorithms;

algorithms! {
    /// How a reduction for all is done.
    pub enum AllReduceAlgorithm {
        /// Whole vectors are exchanged at distances that double.
        RecursiveDoubling = "recursive_doubling",
        /// Rabenseifner's: halves of halves are reduced, then gathered.
        ReduceScatterAllGather = "reduce_scatter_all_gather",
        /// Blocks go round in a ring, twice; for operations that commute.
        Ring = "ring",
        /// A reduction to one, and a broadcast.
        ReduceBroadcast = "reduce_broadcast",
        /// Inside the nodes, among their leaders, inside the nodes.
        Leaders = "leaders",
    }
}
