//! Neighbour collectives: blocks between neighbours in a topology (`MPI_Neighbor_allgather(v)`,
//! `MPI_Neighbor_alltoall(v, w)`, MPI 5.0, 8.6).
//!
//! Cost a member: one message a neighbour, one round; of the algorithm by dimension a round a dimension.

mod edges;

use edges::Edges;

use crate::algorithm::algorithms;
use crate::{Placed, Plan, Span, Team, Tuning};

algorithms! {
    /// How an exchange with neighbours is done.
    pub enum NeighbourAlgorithm {
        /// All messages at once.
        Scattered = "scattered",
        /// On a grid, one dimension after the other; on any other graph all messages at once.
        ByDimension = "by_dimension",
    }
}

/// The neighbours of a member, as members. Lists may name one several times, and this member itself; `None` is the missing
/// neighbour (`MPI_PROC_NULL`) beyond the edge of a grid, whose block is left alone.
#[derive(Clone, Copy, Debug)]
pub enum Neighbours<'a> {
    /// On a Cartesian grid: for each dimension the neighbour at the lower coordinate, then that at the higher one.
    ///
    /// What is sent to the lower neighbour arrives there as coming from its higher one, and the other way round. In a
    /// periodic dimension of two members, or of one, both neighbours are the same.
    Grid(&'a [[Option<u32>; 2]]),
    /// On a graph: those that this member receives from, and those it sends to.
    ///
    /// The i-th time that a member is among the targets belongs to the i-th time that this one is among its sources.
    Graph {
        /// Who sends to this member.
        sources: &'a [Option<u32>],
        /// Who receives of this member.
        targets: &'a [Option<u32>],
    },
}

/// Adds a gather from neighbours: `own` goes to each target, and each source's contribution to the block that the
/// `result` has at the source's place in the list.
///
/// ```
/// use olympi_coll::{Blocks, Neighbours, Placed, Plan, Span, Team, Tuning, neighbour};
///
/// // Rank 0 at the end of a line of four.
/// let (mut plan, blocks) = (Plan::new(), Blocks::Even { len: 8 });
/// let (team, line) = (Team::all(0, 4), Neighbours::Grid(&[[None, Some(1)]]));
/// let result = Placed::recv(&blocks);
/// neighbour::all_gather(&mut plan, &team, &line, Span::send(8), result, &Tuning::default());
/// assert_eq!(plan.finish().round(0).messages.len(), 2);
/// ```
pub fn all_gather(
    plan: &mut Plan,
    team: &Team,
    neighbours: &Neighbours<'_>,
    own: Span,
    result: Placed<'_>,
    tuning: &Tuning,
) {
    exchange(plan, team, neighbours, |_| own, result, tuning);
}

/// Adds an exchange with neighbours: a block of the `source` goes to each target, and one comes of each source, at their
/// places in the lists.
pub fn all_to_all(
    plan: &mut Plan,
    team: &Team,
    neighbours: &Neighbours<'_>,
    source: Placed<'_>,
    result: Placed<'_>,
    tuning: &Tuning,
) {
    exchange(plan, team, neighbours, |at| source.span(at), result, tuning);
}

/// Sends to each target what `from` has for its place in the list, and receives.
///
/// Messages of one member to another are told apart by their order alone. So every member sends in the order of its
/// list; and it receives in the order of its list too, but on a grid from the higher neighbour before the lower one.
/// Empty blocks are messages too, since who expects something must learn that there is nothing.
fn exchange(
    plan: &mut Plan,
    team: &Team,
    neighbours: &Neighbours<'_>,
    from: impl Fn(u32) -> Span,
    result: Placed<'_>,
    tuning: &Tuning,
) {
    match *neighbours {
        Neighbours::Graph { sources, targets } => {
            let sources = (0..).zip(sources).filter_map(|(at, source)| Some((at, (*source)?)));
            let targets = (0..).zip(targets).filter_map(|(at, target)| Some((at, (*target)?)));
            Edges { sources, targets }.add(plan, team, &from, result);
        }
        Neighbours::Grid(dimensions) => {
            let in_turn = choose(neighbours, tuning) == NeighbourAlgorithm::ByDimension;
            let most = if in_turn { 1 } else { dimensions.len().max(1) };
            for (first, dimensions) in (0..).step_by(most).zip(dimensions.chunks(most)) {
                let places = || (first..).zip(dimensions);
                let pair = |dimension: u32, of: [(u32, Option<u32>); 2]| {
                    of.into_iter().filter_map(move |(side, member)| Some((2 * dimension + side, member?)))
                };
                let sources = places().flat_map(|(at, &[lower, higher])| pair(at, [(1, higher), (0, lower)]));
                let targets = places().flat_map(|(at, &[lower, higher])| pair(at, [(0, lower), (1, higher)]));
                Edges { sources, targets }.add(plan, team, &from, result);
            }
        }
    }
}

/// The algorithm that serves these neighbours.
pub fn choose(neighbours: &Neighbours<'_>, tuning: &Tuning) -> NeighbourAlgorithm {
    match (neighbours, tuning.neighbour) {
        // On a graph there are no dimensions in whose order all could go.
        (Neighbours::Grid(_), Some(asked)) => asked,
        _ => NeighbourAlgorithm::Scattered,
    }
}
