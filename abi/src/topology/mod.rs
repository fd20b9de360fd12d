//! Process topologies (MPI 5.0, sections 8.1 to 8.5).

mod cartesian;
mod distributed;
mod graph;

use std::ffi::c_int;

use olympi_comm::Topology;

use crate::constants::{MPI_CART, MPI_DIST_GRAPH, MPI_ERR_TOPOLOGY, MPI_GRAPH, MPI_UNDEFINED};
use crate::fault::Fault;
use crate::object::put;
use crate::types::Comm;

pub use cartesian::*;
pub use distributed::*;
pub use graph::*;

/// The error of a call on a communicator that has another topology, or none.
#[cold]
fn without(kind: &str) -> Fault {
    Fault::new(MPI_ERR_TOPOLOGY, format!("the communicator has no {kind}"))
}

/// `MPI_Topo_test`
///
/// # Safety
/// The result has a place.
pub unsafe fn topo_test(comm: Comm, status: *mut c_int) -> c_int {
    comm.call("MPI_Topo_test", |object| {
        let kind = match object.comm.topology() {
            Some(Topology::Grid(_)) => MPI_CART,
            Some(Topology::Graph(_)) => MPI_GRAPH,
            Some(Topology::Distributed(_)) => MPI_DIST_GRAPH,
            None => MPI_UNDEFINED,
        };
        // SAFETY: the caller's promise.
        unsafe { put(status, kind) }
    })
}
