//! Scatter: a block of the root's goes to each (`MPI_Scatter`, MPI 5.0, 6.6).

mod binomial;

pub use binomial::{binomial, binomial_within};

use crate::algorithm::algorithms;

algorithms! {
    /// How a scatter is done.
    pub enum ScatterAlgorithm {
        /// The root sends to everybody.
        Linear = "linear",
        /// A binomial tree.
        Binomial = "binomial",
    }
}
