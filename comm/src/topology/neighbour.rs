//! Neighbour collectives (MPI 5.0, section 8.6): with those who are neighbours in the communicator's topology.
//!
//! On a grid the neighbours are, for each dimension, that at the lower coordinate and that at the higher one; the block of
//! one that is missing beyond an edge is left alone. In a graph they are those that were named, in that order.

use olympi_coll::{Blocks, Neighbours, Placed, Plan, Schedule, Span, neighbour};
use olympi_datatype::{Buffer, BufferMut, Equivalence};

use crate::collective::{CollectiveError, Invocation, Lengths, Parts, PersistentCollective, Shape, forms};
use crate::communicator::Communicator;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};
use crate::topology::Topology;

/// A rank's neighbours, as the schedules see them.
pub(crate) enum Around {
    Grid(Vec<[Option<u32>; 2]>),
    Graph { sources: Vec<Option<u32>>, targets: Vec<Option<u32>> },
}

impl Around {
    pub(crate) fn sources(&self) -> usize {
        match self {
            Self::Grid(sides) => 2 * sides.len(),
            Self::Graph { sources, .. } => sources.len(),
        }
    }

    pub(crate) fn targets(&self) -> usize {
        match self {
            Self::Grid(sides) => 2 * sides.len(),
            Self::Graph { targets, .. } => targets.len(),
        }
    }

    /// Whether there is somebody at a place among those that it receives from: beyond the edge of a grid there is nobody.
    pub(crate) fn has_source(&self, at: usize) -> bool {
        match self {
            Self::Grid(sides) => sides.get(at / 2).is_some_and(|sides| sides[at % 2].is_some()),
            Self::Graph { sources, .. } => sources.get(at).is_some_and(Option::is_some),
        }
    }

    /// The same of those that it sends to.
    pub(crate) fn has_target(&self, at: usize) -> bool {
        match self {
            Self::Grid(_) => self.has_source(at),
            Self::Graph { targets, .. } => targets.get(at).is_some_and(Option::is_some),
        }
    }

    fn neighbours(&self) -> Neighbours<'_> {
        match self {
            Self::Grid(sides) => Neighbours::Grid(sides),
            Self::Graph { sources, targets } => Neighbours::Graph { sources, targets },
        }
    }

    fn all_gather(&self, shape: &Shape<'_>, own: usize, blocks: &Blocks) -> Schedule {
        let (mut plan, result) = (Plan::new(), Placed::recv(blocks));
        let neighbours = self.neighbours();
        neighbour::all_gather(&mut plan, &shape.team, &neighbours, Span::send(own), result, shape.tuning);
        plan.finish()
    }

    fn all_to_all(&self, shape: &Shape<'_>, source: &Blocks, result: &Blocks) -> Schedule {
        let mut plan = Plan::new();
        let (source, result) = (Placed::send(source), Placed::recv(result));
        neighbour::all_to_all(&mut plan, &shape.team, &self.neighbours(), source, result, shape.tuning);
        plan.finish()
    }
}

impl Communicator {
    pub(crate) fn around(&self, call: &'static str) -> Result<Around, CollectiveError> {
        let me = self.rank() as usize;
        let members = |ranks: &[i32]| ranks.iter().map(|rank| u32::try_from(*rank).ok()).collect::<Vec<_>>();
        match self.topology() {
            Some(Topology::Grid(grid)) => Ok(Around::Grid(grid.neighbours(me))),
            Some(Topology::Graph(shape)) => {
                let neighbours = shape.neighbours(me);
                // Who sends to one that does not receive would leave it waiting (MPI 5.0, section 8.6).
                let count = |of: &[i32], rank: usize| of.iter().filter(|edge| **edge == rank as i32).count();
                let back = |other: &i32| count(shape.neighbours(*other as usize), me);
                if neighbours.iter().any(|other| back(other) != count(neighbours, *other as usize)) {
                    return Err(CollectiveError::Communicator {
                        call,
                        kind: "a graph that is not symmetric",
                    });
                }
                let mine = members(neighbours);
                Ok(Around::Graph { sources: mine.clone(), targets: mine })
            }
            // Of other edges only both ends together know whether they agree.
            Some(Topology::Distributed(edges)) if !edges.is_closed_at(self.rank()) => {
                let kind =
                    "a graph with a rank that is its own source more or less often than its own destination";
                Err(CollectiveError::Communicator { call, kind })
            }
            Some(Topology::Distributed(edges)) => Ok(Around::Graph {
                sources: members(edges.sources()),
                targets: members(edges.destinations()),
            }),
            None => Err(CollectiveError::Communicator { call, kind: "a communicator without a topology" }),
        }
    }

    pub(crate) fn invoke_neighbour_all_gather<T: Equivalence>(
        &self,
        lengths: Lengths,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "neighbour_all_gather";
        let around = self.around(CALL)?;
        Lengths::check(CALL, "the result", lengths.result, lengths.data * around.sources())?;
        let len = lengths.data * size_of::<T>();
        let plan = move |shape: &Shape<'_>| around.all_gather(shape, len, &Blocks::Even { len });
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_neighbour_all_gather_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        parts: &Parts,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "neighbour_all_gather_parts";
        let around = self.around(CALL)?;
        let blocks = parts.landing::<T>(CALL, "the result", around.sources(), lengths.result)?;
        let len = lengths.data * size_of::<T>();
        let plan = move |shape: &Shape<'_>| around.all_gather(shape, len, &blocks);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_neighbour_all_to_all<T: Equivalence>(
        &self,
        lengths: Lengths,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "neighbour_all_to_all";
        let around = self.around(CALL)?;
        let (sources, targets) = (around.sources(), around.targets());
        let needed = lengths.data.next_multiple_of(targets.max(1));
        Lengths::check(CALL, "the contribution", lengths.data, if targets == 0 { 0 } else { needed })?;
        // A rank that sends to nobody says by its result how long blocks are.
        let block = match (targets, sources) {
            (0, 0) => 0,
            (0, _) => lengths.result / sources,
            _ => lengths.data / targets,
        };
        Lengths::check(CALL, "the result", lengths.result, block * sources)?;
        let len = block * size_of::<T>();
        let blocks = Blocks::Even { len };
        let plan = move |shape: &Shape<'_>| around.all_to_all(shape, &blocks, &blocks);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_neighbour_all_to_all_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        from: &Parts,
        to: &Parts,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "neighbour_all_to_all_parts";
        let around = self.around(CALL)?;
        let source = from.blocks::<T>(CALL, "the contribution", around.targets(), lengths.data)?;
        let result = to.landing::<T>(CALL, "the result", around.sources(), lengths.result)?;
        let plan = move |shape: &Shape<'_>| around.all_to_all(shape, &source, &result);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }
}

impl Around {
    /// A gather of contributions of `own` bytes, as blocks in bytes.
    pub(crate) fn invoke_all_gather(
        self,
        own: usize,
        blocks: Blocks,
    ) -> Invocation<impl FnOnce(&Shape<'_>) -> Schedule> {
        let plan = move |shape: &Shape<'_>| self.all_gather(shape, own, &blocks);
        Invocation { call: "neighbour_all_gather", key: None, operation: None, plan }
    }

    /// An exchange of blocks in bytes.
    pub(crate) fn invoke_all_to_all(
        self,
        source: Blocks,
        result: Blocks,
    ) -> Invocation<impl FnOnce(&Shape<'_>) -> Schedule> {
        let plan = move |shape: &Shape<'_>| self.all_to_all(shape, &source, &result);
        Invocation { call: "neighbour_all_to_all", key: None, operation: None, plan }
    }
}

forms! {
    /// This rank's contribution to its neighbours, and theirs to it (`MPI_Neighbor_allgather`, MPI 5.0, section 8.6.1): `into`
    /// has a block as long as `data` for each that it receives from.
    ///
    /// # Errors
    /// [`CollectiveError`]: no topology or a wrong length at once; ranks that disagree; a rank that is gone.
    neighbour_all_gather_into, ineighbour_all_gather, neighbour_all_gather_init<T: Equivalence>() = invoke_neighbour_all_gather, "a gather from neighbours (`MPI_Ineighbor_allgather`, `MPI_Neighbor_allgather_init`)";

    /// The same with contributions of any lengths (`MPI_Neighbor_allgatherv`): `parts` divides `into` among the neighbours.
    ///
    /// # Errors
    /// As [`neighbour_all_gather_into`](Self::neighbour_all_gather_into).
    neighbour_all_gather_parts_into, ineighbour_all_gather_parts, neighbour_all_gather_parts_init<T: Equivalence>(parts: &Parts) = invoke_neighbour_all_gather_parts, "a gather of any lengths from neighbours (`MPI_Ineighbor_allgatherv`, `MPI_Neighbor_allgatherv_init`)";

    /// A block to each neighbour, and one of each (`MPI_Neighbor_alltoall`, MPI 5.0, section 8.6.2): what a halo exchange is.
    ///
    /// # Errors
    /// As [`neighbour_all_gather_into`](Self::neighbour_all_gather_into).
    neighbour_all_to_all_into, ineighbour_all_to_all, neighbour_all_to_all_init<T: Equivalence>() = invoke_neighbour_all_to_all, "an exchange with neighbours (`MPI_Ineighbor_alltoall`, `MPI_Neighbor_alltoall_init`)";

    /// The same with blocks of any lengths (`MPI_Neighbor_alltoallv`): `from` divides `data` among those that it sends to, `to`
    /// divides `into` among those that it receives from. Of mixed types (`MPI_Neighbor_alltoallw`) the parts are bytes.
    ///
    /// # Errors
    /// As [`neighbour_all_gather_into`](Self::neighbour_all_gather_into).
    neighbour_all_to_all_parts_into, ineighbour_all_to_all_parts, neighbour_all_to_all_parts_init<T: Equivalence>(from: &Parts, to: &Parts) = invoke_neighbour_all_to_all_parts, "an exchange of any lengths with neighbours (`MPI_Ineighbor_alltoallv`, `MPI_Neighbor_alltoallv_init`)";
}
