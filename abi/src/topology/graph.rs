//! Graphs that every rank knows whole (MPI 5.0, section 8.5.3).

use std::ffi::c_int;

use olympi_comm::Graph;

use crate::arguments::{fill, list, room};
use crate::communicators::making;
use crate::constants::{MPI_ERR_ARG, MPI_ERR_TOPOLOGY, MPI_UNDEFINED};
use crate::fault::{Fault, Outcome};
use crate::object::{CommObject, put};
use crate::topology::without;
use crate::types::Comm;

/// The graph of a communicator.
fn graph(object: &CommObject) -> Outcome<Graph> {
    Graph::of(&object.comm).ok_or_else(|| without("graph topology"))
}

/// The shape of a graph that the program gives: where the edges of each node end, and all edges.
unsafe fn shape<'a>(
    nnodes: c_int,
    index: *const c_int,
    edges: *const c_int,
) -> Outcome<(Vec<usize>, &'a [c_int])> {
    // SAFETY: the caller's promise: there are so many.
    let index = unsafe { list(nnodes, index) }?;
    let end = |&end: &c_int| {
        let negative = || Fault::new(MPI_ERR_TOPOLOGY, format!("an index is not negative, as {end} is"));
        usize::try_from(end).map_err(|_| negative())
    };
    let ends = index.iter().map(end).collect::<Outcome<Vec<_>>>()?;
    // What does not grow makes no sense, and shall not say how many edges there are.
    if !ends.is_sorted() {
        return Err(Fault::new(MPI_ERR_TOPOLOGY, format!("the index {index:?} does not grow")));
    }
    // SAFETY: the caller's promise: as many as the index says.
    Ok((ends, unsafe { list(index.last().copied().unwrap_or(0), edges) }?))
}

/// There is room for all.
fn fits(max: c_int, len: usize, what: &str) -> Outcome<c_int> {
    if i64::from(max) < len as i64 {
        return Err(Fault::new(
            MPI_ERR_ARG,
            format!("there is room for {max} {what}, but the graph has {len}"),
        ));
    }
    Ok(len as c_int)
}

/// `MPI_Graph_create`
///
/// # Safety
/// There are so many nodes, and as many edges as the index says; the result has a place.
pub unsafe fn graph_create(
    comm_old: Comm,
    nnodes: c_int,
    index: *const c_int,
    edges: *const c_int,
    _reorder: c_int,
    comm_graph: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm_old, "MPI_Graph_create", comm_graph, |object| {
            let comm = object.intra()?;
            let (index, edges) = shape(nnodes, index, edges)?;
            Ok(comm.graph(&index, edges)?.map(Graph::into_communicator))
        })
    }
}

/// `MPI_Graphdims_get`
///
/// # Safety
/// The results have places.
pub unsafe fn graphdims_get(comm: Comm, nnodes: *mut c_int, nedges: *mut c_int) -> c_int {
    comm.call("MPI_Graphdims_get", |object| {
        let graph = graph(object)?;
        let shape = graph.shape();
        // SAFETY: the caller's promise.
        unsafe {
            put(nnodes, shape.index().len() as c_int)?;
            put(nedges, shape.edges().len() as c_int)
        }
    })
}

/// `MPI_Graph_get`
///
/// # Safety
/// There is room for so many.
pub unsafe fn graph_get(
    comm: Comm,
    maxindex: c_int,
    maxedges: c_int,
    index: *mut c_int,
    edges: *mut c_int,
) -> c_int {
    comm.call("MPI_Graph_get", |object| {
        let graph = graph(object)?;
        let shape = graph.shape();
        let nodes = fits(maxindex, shape.index().len(), "nodes")?;
        let ends = fits(maxedges, shape.edges().len(), "edges")?;
        // SAFETY: the caller's promise.
        let (index, edges) = unsafe { (room(nodes, index)?, room(ends, edges)?) };
        fill(index, shape.index().iter().map(|end| *end as c_int));
        fill(edges, shape.edges().iter().copied());
        Ok(())
    })
}

/// `MPI_Graph_neighbors_count`
///
/// # Safety
/// The result has a place.
pub unsafe fn graph_neighbors_count(comm: Comm, rank: c_int, nneighbors: *mut c_int) -> c_int {
    comm.call("MPI_Graph_neighbors_count", |object| {
        let count = graph(object)?.neighbours(rank)?.len();
        // SAFETY: the caller's promise.
        unsafe { put(nneighbors, count as c_int) }
    })
}

/// `MPI_Graph_neighbors`: as many as there is room for.
///
/// # Safety
/// There is room for so many.
pub unsafe fn graph_neighbors(comm: Comm, rank: c_int, maxneighbors: c_int, neighbors: *mut c_int) -> c_int {
    comm.call("MPI_Graph_neighbors", |object| {
        let graph = graph(object)?;
        let known = graph.neighbours(rank)?;
        let most = maxneighbors.min(known.len() as c_int);
        // SAFETY: the caller's promise.
        fill(unsafe { room(most, neighbors) }?, known.iter().copied());
        Ok(())
    })
}

/// `MPI_Graph_map`
///
/// # Safety
/// There are so many nodes, and as many edges as the index says; the result has a place.
pub unsafe fn graph_map(
    comm: Comm,
    nnodes: c_int,
    index: *const c_int,
    edges: *const c_int,
    newrank: *mut c_int,
) -> c_int {
    comm.call("MPI_Graph_map", |object| {
        let comm = object.intra()?;
        // SAFETY: the caller's promise.
        let (index, edges) = unsafe { shape(nnodes, index, edges) }?;
        // SAFETY: as above.
        unsafe { put(newrank, comm.graph_map(&index, edges)?.unwrap_or(MPI_UNDEFINED)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    #[test]
    fn an_index_says_how_many_edges_there_are() {
        let (index, edges) = ([2, 3], [0, 1, 0]);
        // SAFETY: there are as many as is said, before anything is read.
        unsafe {
            assert_eq!(shape(2, index.as_ptr(), edges.as_ptr()).unwrap(), (vec![2, 3], &edges[..]));
            assert_eq!(shape(0, null(), null()).unwrap(), (vec![], &[][..]));
            assert_eq!(shape(2, [-1, 0].as_ptr(), null()).unwrap_err().code, MPI_ERR_TOPOLOGY);
            assert_eq!(shape(2, [3, 2].as_ptr(), null()).unwrap_err().code, MPI_ERR_TOPOLOGY);
            assert_eq!(shape(-1, null(), null()).unwrap_err().code, MPI_ERR_ARG);
        }
        assert_eq!(fits(3, 3, "edges").unwrap(), 3);
        assert_eq!(fits(-1, 0, "edges").unwrap_err().code, MPI_ERR_ARG);
    }
}
