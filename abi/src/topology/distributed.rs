//! Graphs of which each rank knows its own edges (MPI 5.0, section 8.5.4).

use std::ffi::c_int;
use std::sync::Arc;

use olympi_comm::{Edges, Topology};

use crate::arguments::{fill, list, room};
use crate::communicators::making;
use crate::constants::{MPI_ERR_ARG, MPI_ERR_TOPOLOGY, MPI_UNWEIGHTED, MPI_WEIGHTS_EMPTY};
use crate::fault::{Fault, Outcome};
use crate::object::{CommObject, flag, put};
use crate::topology::without;
use crate::types::{Comm, Info};

/// The edges of this rank.
fn edges(object: &CommObject) -> Outcome<Arc<Edges>> {
    match object.comm.topology() {
        Some(Topology::Distributed(edges)) => Ok(edges),
        _ => Err(without("distributed graph topology")),
    }
}

/// Weights that the program gives; `None`: there are none (`MPI_UNWEIGHTED`).
unsafe fn weights<'a>(len: c_int, weights: *const c_int) -> Outcome<Option<&'a [c_int]>> {
    if weights as usize == MPI_UNWEIGHTED {
        return Ok(None);
    }
    if weights as usize == MPI_WEIGHTS_EMPTY && len != 0 {
        return Err(Fault::new(MPI_ERR_ARG, format!("MPI_WEIGHTS_EMPTY are not the weights of {len} edges")));
    }
    // SAFETY: the caller's promise: there are so many.
    let weights = unsafe { list(len, weights) }?;
    match weights.iter().find(|weight| **weight < 0) {
        Some(weight) => Err(Fault::new(MPI_ERR_ARG, format!("a weight is not negative, as {weight} is"))),
        None => Ok(Some(weights)),
    }
}

/// `MPI_Dist_graph_create`: edges are told by any ranks.
///
/// # Safety
/// There are so many sources and degrees, and as many destinations and weights as the degrees say; the result has a place.
pub unsafe fn dist_graph_create(
    comm_old: Comm,
    n: c_int,
    sources: *const c_int,
    degrees: *const c_int,
    destinations: *const c_int,
    given: *const c_int,
    info: Info,
    _reorder: c_int,
    comm_dist_graph: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm_old, "MPI_Dist_graph_create", comm_dist_graph, |object| {
            let comm = object.intra()?;
            let hints = info.hints()?;
            let (sources, degrees) = (list(n, sources)?, list(n, degrees)?);
            let from = origins(sources, degrees)?;
            let len = from.len() as c_int;
            let to = list(len, destinations)?;
            let graph = match weights(len, given)? {
                None => {
                    let edges: Vec<_> = from.into_iter().zip(to.iter().copied()).collect();
                    comm.dist_graph_unweighted(&edges)?
                }
                Some(weights) => {
                    let ends = from.into_iter().zip(to).zip(weights);
                    let edges: Vec<_> = ends.map(|((from, to), weight)| (from, *to, *weight)).collect();
                    comm.dist_graph(&edges)?
                }
            };
            graph.set_info(&hints);
            Ok(Some(graph.into_communicator()))
        })
    }
}

/// For each edge where it begins.
fn origins(sources: &[c_int], degrees: &[c_int]) -> Outcome<Vec<c_int>> {
    let mut all = Vec::new();
    for (source, degree) in sources.iter().zip(degrees) {
        let negative = || Fault::new(MPI_ERR_ARG, format!("a degree is not negative, as {degree} is"));
        let degree = usize::try_from(*degree).map_err(|_| negative())?;
        if all.len() + degree > c_int::MAX as usize {
            return Err(Fault::new(MPI_ERR_ARG, "there are more edges than an int counts"));
        }
        all.resize(all.len() + degree, *source);
    }
    Ok(all)
}

/// `MPI_Dist_graph_create_adjacent`: edges are told by both ends.
///
/// # Safety
/// There are so many sources and destinations, and as many weights; the result has a place.
pub unsafe fn dist_graph_create_adjacent(
    comm_old: Comm,
    indegree: c_int,
    sources: *const c_int,
    sourceweights: *const c_int,
    outdegree: c_int,
    destinations: *const c_int,
    destweights: *const c_int,
    info: Info,
    _reorder: c_int,
    comm_dist_graph: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm_old, "MPI_Dist_graph_create_adjacent", comm_dist_graph, |object| {
            let comm = object.intra()?;
            let hints = info.hints()?;
            let (from, to) = (list(indegree, sources)?, list(outdegree, destinations)?);
            let (into, out) = (weights(indegree, sourceweights)?, weights(outdegree, destweights)?);
            if into.is_some() != out.is_some() {
                let detail = "MPI_UNWEIGHTED is given for the edges of one direction only";
                return Err(Fault::new(MPI_ERR_TOPOLOGY, detail));
            }
            let graph = comm.dist_graph_adjacent(from, into, to, out)?;
            graph.set_info(&hints);
            Ok(Some(graph.into_communicator()))
        })
    }
}

/// `MPI_Dist_graph_neighbors_count`
///
/// # Safety
/// The results have places.
pub unsafe fn dist_graph_neighbors_count(
    comm: Comm,
    indegree: *mut c_int,
    outdegree: *mut c_int,
    weighted: *mut c_int,
) -> c_int {
    comm.call("MPI_Dist_graph_neighbors_count", |object| {
        let edges = edges(object)?;
        // SAFETY: the caller's promise.
        unsafe {
            put(indegree, edges.sources().len() as c_int)?;
            put(outdegree, edges.destinations().len() as c_int)?;
            put(weighted, flag(edges.source_weights().is_some()))
        }
    })
}

/// `MPI_Dist_graph_neighbors`: as many as there is room for.
///
/// # Safety
/// There is room for so many ranks and weights.
pub unsafe fn dist_graph_neighbors(
    comm: Comm,
    maxindegree: c_int,
    sources: *mut c_int,
    sourceweights: *mut c_int,
    maxoutdegree: c_int,
    destinations: *mut c_int,
    destweights: *mut c_int,
) -> c_int {
    comm.call("MPI_Dist_graph_neighbors", |object| {
        let edges = edges(object)?;
        // SAFETY: the caller's promise.
        unsafe {
            give(edges.sources(), edges.source_weights(), maxindegree, sources, sourceweights)?;
            give(edges.destinations(), edges.destination_weights(), maxoutdegree, destinations, destweights)
        }
    })
}

/// Gives the edges of one direction to the program. Where there are no weights, nothing is written for them.
unsafe fn give(
    ranks: &[c_int],
    weights: Option<&[c_int]>,
    max: c_int,
    ranks_to: *mut c_int,
    weights_to: *mut c_int,
) -> Outcome {
    let most = max.min(ranks.len() as c_int);
    // SAFETY: the caller's promise.
    fill(unsafe { room(most, ranks_to) }?, ranks.iter().copied());
    let wanted = ![MPI_UNWEIGHTED, MPI_WEIGHTS_EMPTY].contains(&(weights_to as usize));
    if let Some(weights) = weights.filter(|_| wanted) {
        // SAFETY: as above.
        fill(unsafe { room(most, weights_to) }?, weights.iter().copied());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    #[test]
    fn weights_are_there_or_not() {
        let (none, empty) = (MPI_UNWEIGHTED as *const c_int, MPI_WEIGHTS_EMPTY as *const c_int);
        let two = [3, 0];
        // SAFETY: there are as many as is said.
        unsafe {
            assert_eq!(weights(2, none).unwrap(), None);
            assert_eq!(weights(0, empty).unwrap(), Some(&[][..]));
            assert_eq!(weights(0, null()).unwrap(), Some(&[][..]));
            assert_eq!(weights(2, two.as_ptr()).unwrap(), Some(&two[..]));
            for wrong in [weights(2, empty), weights(2, null()), weights(1, [-1].as_ptr())] {
                assert_eq!(wrong.unwrap_err().code, MPI_ERR_ARG);
            }
        }
        assert_eq!(origins(&[4, 2, 7], &[2, 0, 1]).unwrap(), [4, 4, 7]);
        assert_eq!(origins(&[4], &[-1]).unwrap_err().code, MPI_ERR_ARG);
    }
}
