//! Barrier: nobody leaves before all have come (`MPI_Barrier`, MPI 5.0, 6.3).

use crate::algorithm::algorithms;

algorithms! {
    /// How a barrier is done.
    pub enum BarrierAlgorithm {
        /// Everybody tells those 1, 2, 4, ... ahead.
        Dissemination = "dissemination",
        /// A tree gathers, and releases.
        Tree = "tree",
        /// Inside the nodes, among their leaders, inside the nodes.
        Leaders = "leaders",
    }
}
