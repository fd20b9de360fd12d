//! Collectives on what datatypes lay out (MPI 5.0, chapters 5 and 6): views, and pieces of memory.
//!
//! A view knows that its elements lie in memory that it borrows; so the calls on raw memory are safe on views. What is
//! received is made values of the memory's type before anyone can look at it.

use olympi_datatype::{InvalidValue, Memory, MemoryMut, View};

use crate::collective::CollectiveError;
use crate::communicator::Communicator;
use crate::op::OpRef;
use crate::raw::collective::Repeated;
use crate::raw::request::Again;
use crate::raw::{Divided, DividedMut, Raw, RawBlocks, RawCollective};
use crate::scope::{Scope, ScopedRequest};

/// The elements of a view.
fn raw<M: Memory>(view: &View<M>) -> Raw<'_> {
    Raw::new(view.base().cast_mut(), view.count(), view.datatype())
}

fn raw_mut<M: MemoryMut>(view: &mut View<M>) -> Raw<'_> {
    let start = view.base_mut();
    Raw::new(start, view.count(), view.datatype())
}

/// What matters at the root alone must be there.
fn at_root<T>(call: &'static str, is_root: bool, given: Option<T>) -> Result<Option<T>, CollectiveError> {
    match given {
        None if is_root => Err(CollectiveError::Memory {
            call,
            detail: "this rank is the root, but has no blocks for the others",
        }),
        given => Ok(given.filter(|_| is_root)),
    }
}

/// What came of a call, once its memory holds values again.
fn ended<T, E: From<CollectiveError>>(
    call: &'static str,
    outcome: Result<T, E>,
    valid: Result<(), InvalidValue>,
) -> Result<T, E> {
    let done = outcome?;
    valid.map_err(|source| CollectiveError::Value { call, source })?;
    Ok(done)
}

/// The calls, from views to their descriptions.
fn gather<'a, S: Memory, R: DividedMut>(
    comm: &Communicator,
    data: &'a View<S>,
    into: Option<&'a mut R>,
    root: i32,
) -> Result<RawCollective<'a>, CollectiveError> {
    const CALL: &str = "gather";
    let into = match at_root(CALL, comm.role(CALL, root)?.is_root, into)? {
        Some(into) => into.blocks_mut(CALL, comm.count())?,
        None => R::ELSEWHERE,
    };
    Ok(RawCollective::Gather { from: Some(raw(data)), into, root })
}

fn scatter<'a, S: Divided, R: MemoryMut>(
    comm: &Communicator,
    data: Option<&'a S>,
    into: &'a mut View<R>,
    root: i32,
) -> Result<RawCollective<'a>, CollectiveError> {
    const CALL: &str = "scatter";
    let from = match at_root(CALL, comm.role(CALL, root)?.is_root, data)? {
        Some(data) => data.blocks(CALL, comm.count())?,
        None => S::ELSEWHERE,
    };
    Ok(RawCollective::Scatter { from, into: Some(raw_mut(into)), root })
}

fn all_gather<'a, S: Memory, R: DividedMut>(
    comm: &Communicator,
    data: &'a View<S>,
    into: &'a mut R,
) -> Result<RawCollective<'a>, CollectiveError> {
    let into = into.blocks_mut("all_gather", comm.count())?;
    Ok(RawCollective::AllGather { from: Some(raw(data)), into })
}

fn all_to_all<'a, S: Divided, R: DividedMut>(
    comm: &Communicator,
    data: &'a S,
    into: &'a mut R,
) -> Result<RawCollective<'a>, CollectiveError> {
    const CALL: &str = "all_to_all";
    let (from, into) = (data.blocks(CALL, comm.count())?, into.blocks_mut(CALL, comm.count())?);
    Ok(RawCollective::AllToAll { from: Some(from), into })
}

fn neighbour_all_gather<'a, S: Memory, R: DividedMut>(
    comm: &Communicator,
    data: &'a View<S>,
    into: &'a mut R,
) -> Result<RawCollective<'a>, CollectiveError> {
    let (sources, _) = comm.neighbour_counts()?;
    let into = even_if_any("neighbour_all_gather", sources, into)?;
    Ok(RawCollective::NeighbourAllGather { from: raw(data), into })
}

fn neighbour_all_to_all<'a, S: Divided, R: DividedMut>(
    comm: &Communicator,
    data: &'a S,
    into: &'a mut R,
) -> Result<RawCollective<'a>, CollectiveError> {
    const CALL: &str = "neighbour_all_to_all";
    let (sources, targets) = comm.neighbour_counts()?;
    let from = if targets == 0 { S::ELSEWHERE } else { data.blocks(CALL, targets)? };
    Ok(RawCollective::NeighbourAllToAll { from, into: even_if_any(CALL, sources, into)? })
}

/// The blocks of a result, unless there is nobody to divide it among.
fn even_if_any<'a, R: DividedMut>(
    call: &'static str,
    ranks: usize,
    into: &'a mut R,
) -> Result<RawBlocks<'a>, CollectiveError> {
    if ranks == 0 { Ok(R::ELSEWHERE) } else { into.blocks_mut(call, ranks) }
}

/// Collectives on elements of derived datatypes: a [`View`] takes the place of a buffer, and what is divided among ranks is
/// a view in even blocks, or [`Pieces`](crate::Pieces) (at all ranks the same of both). Ranks may lay elements out
/// differently: only as many bytes must come as are expected.
impl Communicator {
    /// The root's elements to all ([`broadcast`](Self::broadcast), `MPI_Bcast`).
    ///
    /// # Errors
    /// As [`broadcast`](Self::broadcast).
    ///
    /// ```
    /// # use olympi_comm::{Datatype, Universe};
    /// # let universe = Universe::init()?;
    /// let world = universe.world();
    /// let mut matrix = vec![world.rank(); 12]; // three rows of four
    /// let column = Datatype::of::<i32>().vector(3, 1, 4)?;
    /// world.broadcast_view(&mut column.view(&mut matrix[1..], 1)?, 0)?;
    /// assert_eq!(matrix[1], 0);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn broadcast_view<M: MemoryMut>(&self, data: &mut View<M>, root: i32) -> Result<(), CollectiveError> {
        let call = RawCollective::Broadcast { data: raw_mut(data), root };
        // SAFETY: a view's elements lie in its memory, which is borrowed exclusively and mended below.
        let outcome = unsafe { self.collective_raw(call) };
        ended("broadcast", outcome, data.mend())
    }

    /// The elements of all to the root ([`gather_into`](Self::gather_into), `MPI_Gather`, `MPI_Gatherv`), which alone gives
    /// a view or pieces for them.
    ///
    /// # Errors
    /// As [`gather_into`](Self::gather_into).
    ///
    /// ```
    /// # use olympi_comm::{Datatype, Universe};
    /// # let universe = Universe::init()?;
    /// let world = universe.world();
    /// let ranks = world.size() as usize;
    /// // Each rank has a column of a matrix at the root.
    /// let cell = Datatype::of::<i32>();
    /// let column = cell.vector(3, 1, ranks as i64)?.resized(0, 4)?;
    /// let mut matrix = vec![0; 3 * ranks];
    /// let mut columns = if world.rank() == 0 { Some(column.view(&mut matrix, ranks)?) } else { None };
    /// world.gather_view(&cell.view(&[world.rank(); 3], 3)?, columns.as_mut(), 0)?;
    /// if world.rank() == 0 {
    ///     assert_eq!(matrix[ranks - 1], world.size() - 1);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn gather_view<S: Memory, R: DividedMut>(
        &self,
        data: &View<S>,
        mut into: Option<&mut R>,
        root: i32,
    ) -> Result<(), CollectiveError> {
        let call = gather(self, data, into.as_deref_mut(), root)?;
        // SAFETY: as for `broadcast_view`; what is sent is borrowed, and initialized as all values are.
        let outcome = unsafe { self.collective_raw(call) };
        ended("gather", outcome, into.map_or(Ok(()), R::mend))
    }

    /// The root's elements, a block to each ([`scatter_into`](Self::scatter_into), `MPI_Scatter`, `MPI_Scatterv`): the root
    /// alone gives a view or pieces of them.
    ///
    /// # Errors
    /// As [`scatter_into`](Self::scatter_into).
    pub fn scatter_view<S: Divided, R: MemoryMut>(
        &self,
        data: Option<&S>,
        into: &mut View<R>,
        root: i32,
    ) -> Result<(), CollectiveError> {
        let call = scatter(self, data, into, root)?;
        // SAFETY: as for `gather_view`.
        let outcome = unsafe { self.collective_raw(call) };
        ended("scatter", outcome, into.mend())
    }

    /// The elements of all to all ([`all_gather_into`](Self::all_gather_into), `MPI_Allgather`, `MPI_Allgatherv`).
    ///
    /// # Errors
    /// As [`all_gather_into`](Self::all_gather_into).
    pub fn all_gather_view<S: Memory, R: DividedMut>(
        &self,
        data: &View<S>,
        into: &mut R,
    ) -> Result<(), CollectiveError> {
        let call = all_gather(self, data, into)?;
        // SAFETY: as for `gather_view`.
        let outcome = unsafe { self.collective_raw(call) };
        ended("all_gather", outcome, into.mend())
    }

    /// A block of each for each ([`all_to_all_into`](Self::all_to_all_into), `MPI_Alltoall`; of [`Pieces`](crate::Pieces)
    /// `MPI_Alltoallv` and `MPI_Alltoallw`).
    ///
    /// # Errors
    /// As [`all_to_all_into`](Self::all_to_all_into).
    ///
    /// A matrix that is distributed by rows is distributed by columns:
    /// ```
    /// # use olympi_comm::{Datatype, Universe};
    /// # let universe = Universe::init()?;
    /// let world = universe.world();
    /// let (me, ranks) = (world.rank() as usize, world.size() as usize);
    /// let row: Vec<u64> = (0..2 * ranks).map(|column| (me * 100 + column) as u64).collect();
    /// let mut columns = vec![0_u64; 2 * ranks]; // two of them, one after the other
    /// let cell = Datatype::of::<u64>();
    /// // From each rank a cell of either column.
    /// let cells = cell.vector(2, 1, ranks as i64)?.resized(0, 8)?;
    /// world.all_to_all_view(&cell.view(&row, 2 * ranks)?, &mut cells.view(&mut columns, ranks)?)?;
    /// assert_eq!(columns[ranks..], (0..ranks).map(|row| (row * 100 + 2 * me + 1) as u64).collect::<Vec<_>>());
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn all_to_all_view<S: Divided, R: DividedMut>(
        &self,
        data: &S,
        into: &mut R,
    ) -> Result<(), CollectiveError> {
        let call = all_to_all(self, data, into)?;
        // SAFETY: as for `gather_view`.
        let outcome = unsafe { self.collective_raw(call) };
        ended("all_to_all", outcome, into.mend())
    }

    /// This rank's elements to its neighbours, and theirs to it
    /// ([`neighbour_all_gather_into`](Self::neighbour_all_gather_into), `MPI_Neighbor_allgather`, `MPI_Neighbor_allgatherv`).
    ///
    /// # Errors
    /// As [`neighbour_all_gather_into`](Self::neighbour_all_gather_into).
    pub fn neighbour_all_gather_view<S: Memory, R: DividedMut>(
        &self,
        data: &View<S>,
        into: &mut R,
    ) -> Result<(), CollectiveError> {
        let call = neighbour_all_gather(self, data, into)?;
        // SAFETY: as for `gather_view`.
        let outcome = unsafe { self.collective_raw(call) };
        ended("neighbour_all_gather", outcome, into.mend())
    }

    /// A block to each neighbour, and one of each ([`neighbour_all_to_all_into`](Self::neighbour_all_to_all_into),
    /// `MPI_Neighbor_alltoall`; of [`Pieces`](crate::Pieces) `MPI_Neighbor_alltoallv` and `MPI_Neighbor_alltoallw`): of
    /// pieces that are the faces of a field, a halo exchange.
    ///
    /// # Errors
    /// As [`neighbour_all_gather_into`](Self::neighbour_all_gather_into).
    pub fn neighbour_all_to_all_view<S: Divided, R: DividedMut>(
        &self,
        data: &S,
        into: &mut R,
    ) -> Result<(), CollectiveError> {
        let call = neighbour_all_to_all(self, data, into)?;
        // SAFETY: as for `gather_view`.
        let outcome = unsafe { self.collective_raw(call) };
        ended("neighbour_all_to_all", outcome, into.mend())
    }
}

/// Collectives on elements of derived datatypes, in borrowed memory. It has the result when the request has been waited for,
/// or the scope is over.
impl<'scope, 'env> Scope<'scope, 'env> {
    /// Begins a broadcast of a view (`MPI_Ibcast`). See [`Communicator::broadcast_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn ibroadcast_view<M: MemoryMut>(
        &'scope self,
        data: &'env mut View<M>,
        root: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = RawCollective::Broadcast { data: raw_mut(data), root };
        // SAFETY: the view is borrowed for longer than the scope lasts, which does not end before the operation has.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("broadcast", begun, || data.mend()))
    }

    /// Begins a gather (`MPI_Igather`, `MPI_Igatherv`). See [`Communicator::gather_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn igather_view<S: Memory, R: DividedMut>(
        &'scope self,
        data: &'env View<S>,
        mut into: Option<&'env mut R>,
        root: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = gather(self.communicator(), data, into.as_deref_mut(), root)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("gather", begun, || into.map_or(Ok(()), R::mend)))
    }

    /// Begins a scatter (`MPI_Iscatter`, `MPI_Iscatterv`). See [`Communicator::scatter_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn iscatter_view<S: Divided, R: MemoryMut>(
        &'scope self,
        data: Option<&'env S>,
        into: &'env mut View<R>,
        root: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = scatter(self.communicator(), data, into, root)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("scatter", begun, || into.mend()))
    }

    /// Begins a gather for all (`MPI_Iallgather`, `MPI_Iallgatherv`). See [`Communicator::all_gather_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn iall_gather_view<S: Memory, R: DividedMut>(
        &'scope self,
        data: &'env View<S>,
        into: &'env mut R,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = all_gather(self.communicator(), data, into)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("all_gather", begun, || into.mend()))
    }

    /// Begins an exchange of all with all (`MPI_Ialltoall`, `MPI_Ialltoallv`, `MPI_Ialltoallw`). See [`Communicator::all_to_all_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn iall_to_all_view<S: Divided, R: DividedMut>(
        &'scope self,
        data: &'env S,
        into: &'env mut R,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = all_to_all(self.communicator(), data, into)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("all_to_all", begun, || into.mend()))
    }

    /// Begins a gather from neighbours (`MPI_Ineighbor_allgather`, `MPI_Ineighbor_allgatherv`). See [`Communicator::neighbour_all_gather_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn ineighbour_all_gather_view<S: Memory, R: DividedMut>(
        &'scope self,
        data: &'env View<S>,
        into: &'env mut R,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = neighbour_all_gather(self.communicator(), data, into)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("neighbour_all_gather", begun, || into.mend()))
    }

    /// Begins an exchange with neighbours (`MPI_Ineighbor_alltoall`, `MPI_Ineighbor_alltoallv`, `MPI_Ineighbor_alltoallw`). See [`Communicator::neighbour_all_to_all_view`].
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub fn ineighbour_all_to_all_view<S: Divided, R: DividedMut>(
        &'scope self,
        data: &'env S,
        into: &'env mut R,
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let call = neighbour_all_to_all(self.communicator(), data, into)?;
        // SAFETY: as for `ibroadcast_view`.
        let begun = unsafe { self.communicator().begin_collective_raw(call) }?;
        Ok(self.finish_with("neighbour_all_to_all", begun, || into.mend()))
    }

    /// The request of a collective that has begun, whose memory is mended when it has ended.
    fn finish_with(
        &'scope self,
        call: &'static str,
        (op, mut again): (OpRef, Repeated),
        mend: impl FnOnce() -> Result<(), InvalidValue> + 'env,
    ) -> ScopedRequest<'scope, 'env> {
        self.pend_with(op, move |outcome| {
            let outcome = again.finish(outcome);
            ended(call, outcome, mend())
        })
    }
}
