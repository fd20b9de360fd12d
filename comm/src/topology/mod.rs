//! Process topologies (MPI 5.0, chapter 8): grids and graphs of ranks, and who is whose neighbour.
//!
//! A topology is something that a communicator carries, as it does its name: duplicates have it too. A [`Cartesian`]
//! communicator and its kin are communicators that are known to have one.

mod cartesian;
mod dims;
mod graph;
mod neighbour;
mod reorder;

use std::sync::Arc;

pub use cartesian::{Cartesian, Grid};
pub use dims::dims_create;
pub use graph::{DistributedGraph, Edges, Graph, GraphShape};

use crate::communicator::Communicator;
use crate::error::TopologyError;

/// What a communicator may carry (`MPI_Topo_test`).
#[derive(Clone, Debug, PartialEq)]
pub enum Topology {
    /// A grid (`MPI_CART`).
    Grid(Arc<Grid>),
    /// A graph that every rank knows whole (`MPI_GRAPH`).
    Graph(Arc<GraphShape>),
    /// A graph of which each rank knows its own edges (`MPI_DIST_GRAPH`).
    Distributed(Arc<Edges>),
}

impl Communicator {
    /// The topology that this communicator carries (`MPI_Topo_test`).
    pub fn topology(&self) -> Option<Topology> {
        self.core.about().topology.clone()
    }

    /// The new communicator carries a topology.
    pub(crate) fn carrying(self, topology: Topology) -> Self {
        self.core.about().topology = Some(topology);
        self
    }

    /// An error, where ranks are of two groups.
    pub(crate) fn one_group(&self) -> Result<(), TopologyError> {
        if self.is_inter() {
            let detail = "an intercommunicator has no topology; merge its groups first".to_owned();
            return Err(TopologyError::Graph { detail });
        }
        Ok(())
    }

    /// A rank, if it is one.
    pub(crate) fn member(&self, rank: i32) -> Result<usize, TopologyError> {
        match usize::try_from(rank) {
            Ok(member) if rank < self.size() => Ok(member),
            _ => Err(TopologyError::Rank { rank, size: self.size() }),
        }
    }
}
