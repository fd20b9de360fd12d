//! Process topologies (MPI 5.0, sections 8.1 to 8.5).

use std::ffi::c_int;

use crate::codes::Code;
use crate::constants::{Rank, TopologyKind};
use crate::handles::{Comm, Info};

export! {
    // Cartesian grids.
    MPI_Dims_create PMPI_Dims_create = topology::dims_create(
        nnodes: c_int, ndims: c_int, dims: *mut c_int) -> Code;
    MPI_Cart_create PMPI_Cart_create = topology::cart_create(
        comm_old: Comm, ndims: c_int, dims: *const c_int, periods: *const c_int, reorder: c_int,
        comm_cart: *mut Comm) -> Code;
    MPI_Cartdim_get PMPI_Cartdim_get = topology::cartdim_get(comm: Comm, ndims: *mut c_int) -> Code;
    MPI_Cart_get PMPI_Cart_get = topology::cart_get(
        comm: Comm, maxdims: c_int, dims: *mut c_int, periods: *mut c_int, coords: *mut c_int) -> Code;
    MPI_Cart_rank PMPI_Cart_rank = topology::cart_rank(
        comm: Comm, coords: *const c_int, rank: *mut c_int) -> Code;
    MPI_Cart_coords PMPI_Cart_coords = topology::cart_coords(
        comm: Comm, rank: c_int, maxdims: c_int, coords: *mut c_int) -> Code;
    MPI_Cart_shift PMPI_Cart_shift = topology::cart_shift(
        comm: Comm, direction: c_int, disp: c_int, rank_source: *mut Rank, rank_dest: *mut Rank) -> Code;
    MPI_Cart_sub PMPI_Cart_sub = topology::cart_sub(
        comm: Comm, remain_dims: *const c_int, newcomm: *mut Comm) -> Code;
    MPI_Cart_map PMPI_Cart_map = topology::cart_map(
        comm: Comm, ndims: c_int, dims: *const c_int, periods: *const c_int, newrank: *mut c_int) -> Code;

    // Graphs known to all.
    MPI_Graph_create PMPI_Graph_create = topology::graph_create(
        comm_old: Comm, nnodes: c_int, index: *const c_int, edges: *const c_int, reorder: c_int,
        comm_graph: *mut Comm) -> Code;
    MPI_Graphdims_get PMPI_Graphdims_get = topology::graphdims_get(
        comm: Comm, nnodes: *mut c_int, nedges: *mut c_int) -> Code;
    MPI_Graph_get PMPI_Graph_get = topology::graph_get(
        comm: Comm, maxindex: c_int, maxedges: c_int, index: *mut c_int, edges: *mut c_int) -> Code;
    MPI_Graph_neighbors_count PMPI_Graph_neighbors_count = topology::graph_neighbors_count(
        comm: Comm, rank: c_int, nneighbors: *mut c_int) -> Code;
    MPI_Graph_neighbors PMPI_Graph_neighbors = topology::graph_neighbors(
        comm: Comm, rank: c_int, maxneighbors: c_int, neighbors: *mut c_int) -> Code;
    MPI_Graph_map PMPI_Graph_map = topology::graph_map(
        comm: Comm, nnodes: c_int, index: *const c_int, edges: *const c_int, newrank: *mut c_int) -> Code;

    // Graphs of which each rank knows its part.
    MPI_Dist_graph_create PMPI_Dist_graph_create = topology::dist_graph_create(
        comm_old: Comm, n: c_int, sources: *const c_int, degrees: *const c_int, destinations: *const c_int,
        weights: *const c_int, info: Info, reorder: c_int, comm_dist_graph: *mut Comm) -> Code;
    MPI_Dist_graph_create_adjacent PMPI_Dist_graph_create_adjacent = topology::dist_graph_create_adjacent(
        comm_old: Comm, indegree: c_int, sources: *const c_int, sourceweights: *const c_int, outdegree: c_int,
        destinations: *const c_int, destweights: *const c_int, info: Info, reorder: c_int,
        comm_dist_graph: *mut Comm) -> Code;
    MPI_Dist_graph_neighbors PMPI_Dist_graph_neighbors = topology::dist_graph_neighbors(
        comm: Comm, maxindegree: c_int, sources: *mut c_int, sourceweights: *mut c_int, maxoutdegree: c_int,
        destinations: *mut c_int, destweights: *mut c_int) -> Code;
    MPI_Dist_graph_neighbors_count PMPI_Dist_graph_neighbors_count = topology::dist_graph_neighbors_count(
        comm: Comm, indegree: *mut c_int, outdegree: *mut c_int, weighted: *mut c_int) -> Code;

    // Any.
    MPI_Topo_test PMPI_Topo_test = topology::topo_test(comm: Comm, status: *mut TopologyKind) -> Code;
}
