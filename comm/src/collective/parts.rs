//! Collectives whose blocks differ in length (MPI's `v` calls): counts and displacements, and the calls that take them.

use std::sync::Arc;

use olympi_coll::{Area, Blocks, Placed, Schedule, Span};
use olympi_datatype::{Buffer, BufferMut, Equivalence};

use crate::collective::error::CollectiveError;
use crate::collective::forms::{Lengths, forms, forms_in_place};
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::persistent::PersistentCollective;
use crate::collective::role::Role;
use crate::communicator::Communicator;
use crate::reduction::Op;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};

/// How a buffer is divided among ranks: for each how many elements, and where they begin. Cheap to clone.
///
/// ```
/// use olympi_comm::Parts;
///
/// let parts = Parts::new(&[2, 0, 3]); // one after the other
/// assert_eq!((parts.count(2), parts.offset(2), parts.end()), (3, 2, 5));
/// let apart = Parts::at(&[2, 0, 3], &[5, 0, 1]);
/// assert_eq!((apart.offset(0), apart.end()), (5, 7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Offset and count of each.
    parts: Arc<[(usize, usize)]>,
}

impl Parts {
    /// Parts of so many elements, one after the other.
    pub fn new(counts: &[usize]) -> Self {
        let mut next: usize = 0;
        let parts = counts.iter().map(|&count| {
            let offset = next;
            next = next.saturating_add(count);
            (offset, count)
        });
        Self { parts: parts.collect() }
    }

    /// Parts of so many elements that begin at these elements of the buffer. What is received may not overlap.
    ///
    /// # Panics
    /// If there are not as many displacements as counts.
    pub fn at(counts: &[usize], displacements: &[usize]) -> Self {
        assert_eq!(counts.len(), displacements.len(), "each part has a count and a displacement");
        Self { parts: displacements.iter().copied().zip(counts.iter().copied()).collect() }
    }

    /// Parts of which offset and count are known.
    pub(crate) fn listed(parts: Vec<(usize, usize)>) -> Self {
        Self { parts: parts.into() }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many elements a part has.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn count(&self, part: usize) -> usize {
        self.parts[part].1
    }

    /// Where a part begins, in elements.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn offset(&self, part: usize) -> usize {
        self.parts[part].0
    }

    /// How many elements a buffer must have at least.
    pub fn end(&self) -> usize {
        self.parts.iter().map(|(offset, count)| offset.saturating_add(*count)).max().unwrap_or(0)
    }

    /// The blocks in bytes, for `ranks` parts in a buffer of `room` elements of `T`.
    pub(crate) fn blocks<T>(
        &self,
        call: &'static str,
        buffer: &'static str,
        ranks: usize,
        room: usize,
    ) -> Result<Blocks, CollectiveError> {
        if self.len() != ranks {
            let detail = format!("{buffer} has {} parts instead of {ranks}, one for each rank", self.len());
            return Err(CollectiveError::Counts { call, detail });
        }
        if self.end() > room {
            return Err(CollectiveError::Buffer { call, buffer, needed: self.end(), len: room });
        }
        let size = size_of::<T>();
        Ok(Blocks::Listed(self.parts.iter().map(|(offset, count)| (offset * size, count * size)).collect()))
    }

    /// The same of a buffer that is received into, whose parts may not overlap.
    pub(crate) fn landing<T>(
        &self,
        call: &'static str,
        buffer: &'static str,
        ranks: usize,
        room: usize,
    ) -> Result<Blocks, CollectiveError> {
        let blocks = self.blocks::<T>(call, buffer, ranks, room)?;
        let mut order: Vec<_> = self.parts.iter().copied().filter(|(_, count)| *count > 0).collect();
        order.sort_unstable();
        if let Some(pair) = order.windows(2).find(|pair| pair[0].0 + pair[0].1 > pair[1].0) {
            let detail =
                format!("{buffer} has parts that overlap, at elements {} and {}", pair[0].0, pair[1].0);
            return Err(CollectiveError::Counts { call, detail });
        }
        Ok(blocks)
    }
}

#[allow(clippy::needless_pass_by_value)]
impl Communicator {
    pub(crate) fn invoke_gather_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        parts: &Parts,
        root: i32,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "gather_parts";
        let Lengths { data, result, in_place } = lengths;
        self.apart(CALL, in_place)?;
        let Role { root, is_root, is_other } = self.role(CALL, root)?;
        let mut own =
            if in_place { Span::recv(data * size_of::<T>()) } else { Span::send(data * size_of::<T>()) };
        let mut blocks = None;
        if is_root {
            let landing = parts.landing::<T>(CALL, "the root's result", self.count(), result)?;
            if in_place {
                own = landing.span(Area::Recv, root);
            } else if is_other {
                Lengths::check(CALL, "the root's contribution", data, parts.count(root as usize))?;
            }
            blocks = Some(landing);
        }
        let plan = move |shape: &Shape<'_>| shape.gather_blocks(root, own, blocks.as_ref());
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_scatter_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        parts: &Parts,
        root: i32,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "scatter_parts";
        let Lengths { data, result, in_place } = lengths;
        self.apart(CALL, in_place)?;
        let Role { root, is_root, is_other } = self.role(CALL, root)?;
        let mut own = Span::recv(result * size_of::<T>());
        let area = if in_place { Area::Recv } else { Area::Send };
        let mut blocks = None;
        if is_root {
            let source = parts.blocks::<T>(CALL, "the root's contribution", self.count(), data)?;
            if in_place {
                own = source.span(Area::Recv, root);
            } else if is_other {
                Lengths::check(CALL, "the root's result", result, parts.count(root as usize))?;
            }
            blocks = Some(source);
        }
        let plan = move |shape: &Shape<'_>| {
            let source = blocks.as_ref().map(|blocks| Placed::new(area, 0, blocks));
            shape.scatter_blocks(root, source, own)
        };
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_all_gather_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        parts: &Parts,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "all_gather_parts";
        let Lengths { data, result, in_place } = lengths;
        self.apart(CALL, in_place)?;
        let blocks = parts.landing::<T>(CALL, "the result", self.count(), result)?;
        if !in_place && !self.is_inter() {
            Lengths::check(CALL, "the contribution", data, parts.count(self.rank() as usize))?;
        }
        let own = (!in_place).then_some(data * size_of::<T>());
        let plan = move |shape: &Shape<'_>| shape.all_gather(own, &blocks);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_all_to_all_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        from: &Parts,
        to: &Parts,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "all_to_all_parts";
        let (me, ranks) = (self.rank() as usize, self.count());
        let source = from.blocks::<T>(CALL, "the contribution", ranks, lengths.data)?;
        let target = to.landing::<T>(CALL, "the result", ranks, lengths.result)?;
        if !self.is_inter() {
            Lengths::check(CALL, "this rank's own part of the result", to.count(me), from.count(me))?;
        }
        let plan = move |shape: &Shape<'_>| shape.all_to_all_blocks(&source, &target, false);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_all_to_all_parts_in_place<T: Equivalence>(
        &self,
        lengths: Lengths,
        parts: &Parts,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "all_to_all_parts";
        self.apart(CALL, true)?;
        let blocks = parts.landing::<T>(CALL, "the buffer", self.count(), lengths.result)?;
        let plan = move |shape: &Shape<'_>| shape.all_to_all_blocks(&blocks, &blocks, true);
        Ok(Invocation { call: CALL, key: None, operation: None, plan })
    }

    pub(crate) fn invoke_reduce_scatter_parts<T: Equivalence>(
        &self,
        lengths: Lengths,
        counts: &[usize],
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        const CALL: &str = "reduce_scatter";
        let parts = Parts::new(counts);
        let Lengths { data, result, in_place } = lengths;
        self.apart(CALL, in_place)?;
        // Of an intercommunicator too, the blocks are those of this rank's own group.
        let blocks = parts.blocks::<T>(CALL, "the contribution", self.size() as usize, data)?;
        if !in_place {
            Lengths::check(CALL, "the contribution", data, parts.end())?;
            Lengths::check(CALL, "the result", result, parts.count(self.rank() as usize))?;
        }
        let elements = op.elements();
        let plan = move |shape: &Shape<'_>| shape.reduce_scatter(&blocks, elements, in_place);
        Ok(Invocation { call: CALL, key: None, operation: Some(op.operation().clone()), plan })
    }
}

forms! {
    /// Contributions of any lengths to the root (`MPI_Gatherv`, MPI 5.0, section 6.5): there `parts` says how many elements
    /// each rank sends, and where they go in `into`; elsewhere both are not looked at.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    ///
    /// ```
    /// # use olympi_comm::{Parts, Universe};
    /// # let universe = Universe::init()?;
    /// let world = universe.world();
    /// let mine = vec![world.rank(); world.rank() as usize + 1]; // rank r sends r + 1 numbers
    /// let counts: Vec<usize> = (1..=world.size() as usize).collect();
    /// let parts = Parts::new(&counts);
    /// let mut all = vec![-1; parts.end()];
    /// world.gather_parts_into(&mine, &mut all, &parts, 0)?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    gather_parts_into, igather_parts, gather_parts_init<T: Equivalence>(parts: &Parts, root: i32) = invoke_gather_parts, "a gather of contributions of any lengths (`MPI_Igatherv`, `MPI_Gatherv_init`)";

    /// The root's parts of any lengths, one to each rank (`MPI_Scatterv`, MPI 5.0, section 6.6): `data` and `parts` matter at
    /// the root alone. `into` is as long as this rank's part.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    scatter_parts_into, iscatter_parts, scatter_parts_init<T: Equivalence>(parts: &Parts, root: i32) = invoke_scatter_parts, "a scatter of parts of any lengths (`MPI_Iscatterv`, `MPI_Scatterv_init`)";

    /// Contributions of any lengths to all (`MPI_Allgatherv`, MPI 5.0, section 6.7): all ranks know how many elements each
    /// sends.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    all_gather_parts_into, iall_gather_parts, all_gather_parts_init<T: Equivalence>(parts: &Parts) = invoke_all_gather_parts, "a gather for all of contributions of any lengths (`MPI_Iallgatherv`, `MPI_Allgatherv_init`)";

    /// The i-th of each rank's parts to rank i (`MPI_Alltoallv`, MPI 5.0, section 6.8): `from` divides `data`, `to` divides
    /// `into`. Of mixed types (`MPI_Alltoallw`) the parts are bytes.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    all_to_all_parts_into, iall_to_all_parts, all_to_all_parts_init<T: Equivalence>(from: &Parts, to: &Parts) = invoke_all_to_all_parts, "an exchange of parts of any lengths (`MPI_Ialltoallv`, `MPI_Alltoallv_init`)";

    /// The contributions of all, combined, a block of `counts[i]` elements to rank i (`MPI_Reduce_scatter`, MPI 5.0, section
    /// 6.10.2). All ranks give the same counts; of an intercommunicator, all of a group.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    reduce_scatter_into, ireduce_scatter, reduce_scatter_init<T: Equivalence>(counts: &[usize], op: Op<T>) = invoke_reduce_scatter_parts, "a reduction in blocks of any lengths (`MPI_Ireduce_scatter`, `MPI_Reduce_scatter_init`)";
}

forms_in_place! {
    /// As [`gather_parts_into`](Self::gather_parts_into), in place (`MPI_IN_PLACE`): the root's own part lies where it belongs;
    /// the buffers of others are their contributions.
    ///
    /// # Errors
    /// As [`gather_parts_into`](Self::gather_parts_into).
    gather_parts_in_place, igather_parts_in_place, gather_parts_in_place_init<T: Equivalence>(parts: &Parts, root: i32) = invoke_gather_parts, "a gather of any lengths in place";

    /// As [`scatter_parts_into`](Self::scatter_parts_into), in place (`MPI_IN_PLACE`): the root keeps its own part where it is.
    ///
    /// # Errors
    /// As [`scatter_parts_into`](Self::scatter_parts_into).
    scatter_parts_in_place, iscatter_parts_in_place, scatter_parts_in_place_init<T: Equivalence>(parts: &Parts, root: i32) = invoke_scatter_parts, "a scatter of any lengths in place";

    /// As [`all_gather_parts_into`](Self::all_gather_parts_into), in place (`MPI_IN_PLACE`).
    ///
    /// # Errors
    /// As [`all_gather_parts_into`](Self::all_gather_parts_into).
    all_gather_parts_in_place, iall_gather_parts_in_place, all_gather_parts_in_place_init<T: Equivalence>(parts: &Parts) = invoke_all_gather_parts, "a gather for all of any lengths in place";

    /// As [`all_to_all_parts_into`](Self::all_to_all_parts_into), in place (`MPI_IN_PLACE`): two ranks send each other as many
    /// elements as they get.
    ///
    /// # Errors
    /// As [`all_to_all_parts_into`](Self::all_to_all_parts_into).
    all_to_all_parts_in_place, iall_to_all_parts_in_place, all_to_all_parts_in_place_init<T: Equivalence>(parts: &Parts) = invoke_all_to_all_parts_in_place, "an exchange of any lengths in place";

    /// As [`reduce_scatter_into`](Self::reduce_scatter_into), in place (`MPI_IN_PLACE`): the result is written to the buffer's
    /// beginning.
    ///
    /// # Errors
    /// As [`reduce_scatter_into`](Self::reduce_scatter_into).
    reduce_scatter_in_place, ireduce_scatter_in_place, reduce_scatter_in_place_init<T: Equivalence>(counts: &[usize], op: Op<T>) = invoke_reduce_scatter_parts, "a reduction in blocks of any lengths in place";
}
