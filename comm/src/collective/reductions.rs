//! Reductions and scans (MPI 5.0, sections 6.9 to 6.11).

use olympi_coll::{Blocks, Elements, Schedule};
use olympi_datatype::{Buffer, BufferMut, Equivalence};

use crate::collective::calls::{Call, Key};
use crate::collective::error::CollectiveError;
use crate::collective::forms::{Lengths, forms, forms_in_place};
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::persistent::PersistentCollective;
use crate::collective::role::{Role, share};
use crate::communicator::Communicator;
use crate::reduction::Op;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};

impl<T: Equivalence> Op<T> {
    pub(crate) fn elements(&self) -> Elements {
        Elements { grain: self.operation().grain(), commutative: self.operation().commutative() }
    }

    /// The key of a call with this operation. Operations of users are as good as one another here: a schedule depends on
    /// the size of elements alone, and on whether the operation commutes.
    fn key(&self, call: Call, root: u32, len: usize, in_place: bool) -> Key {
        let Elements { grain, commutative } = self.elements();
        Key { grain, commutative, ..Key::new(call, root, len, in_place) }
    }
}

/// Operations are cheap to clone, and mostly made where they are used: so calls take them by value.
#[allow(clippy::needless_pass_by_value)]
// All calls are told of in one way, whether the communicator matters to what they check or not.
#[allow(clippy::unused_self)]
impl Communicator {
    /// Combines the contributions of all, element by element, for all (`MPI_Allreduce`): of a value a value, of a vector a
    /// vector.
    ///
    /// # Errors
    /// As [`all_reduce_into`](Self::all_reduce_into).
    ///
    /// ```
    /// # use olympi_comm::{Op, Universe};
    /// # let universe = Universe::init()?;
    /// let world = universe.world();
    /// assert_eq!(world.all_reduce(&1, Op::sum())?, world.size());
    /// assert_eq!(world.all_reduce(&vec![2.0, -1.0], Op::max())?, [2.0, -1.0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn all_reduce<B>(&self, data: &B, op: Op<B::Item>) -> Result<B::Owned, CollectiveError>
    where
        B: Buffer + ToOwned + ?Sized,
        B::Owned: BufferMut<Item = B::Item>,
    {
        let mut result = data.to_owned();
        if self.is_inter() {
            self.all_reduce_into(data, &mut result, op)?;
        } else {
            self.all_reduce_in_place(&mut result, op)?;
        }
        Ok(result)
    }

    /// Combines the contributions of all at the root, which alone gets `Some` (`MPI_Reduce`).
    ///
    /// # Errors
    /// As [`reduce_into`](Self::reduce_into).
    pub fn reduce<B>(&self, data: &B, root: i32, op: Op<B::Item>) -> Result<Option<B::Owned>, CollectiveError>
    where
        B: Buffer + ToOwned + ?Sized,
        B::Owned: BufferMut<Item = B::Item>,
    {
        let is_root = self.role("reduce", root)?.is_root;
        let mut result = data.to_owned();
        if self.is_inter() {
            self.reduce_into(data, &mut result, root, op)?;
        } else {
            self.reduce_in_place(&mut result, root, op)?;
        }
        Ok(is_root.then_some(result))
    }

    /// Combines the contributions of the ranks up to this one (`MPI_Scan`).
    ///
    /// # Errors
    /// As [`scan_into`](Self::scan_into).
    pub fn scan<B>(&self, data: &B, op: Op<B::Item>) -> Result<B::Owned, CollectiveError>
    where
        B: Buffer + ToOwned + ?Sized,
        B::Owned: BufferMut<Item = B::Item>,
    {
        let mut result = data.to_owned();
        self.scan_in_place(&mut result, op)?;
        Ok(result)
    }

    /// Combines the contributions of the ranks below this one (`MPI_Exscan`); rank 0 gets `None`.
    ///
    /// # Errors
    /// As [`exclusive_scan_into`](Self::exclusive_scan_into).
    pub fn exclusive_scan<B>(&self, data: &B, op: Op<B::Item>) -> Result<Option<B::Owned>, CollectiveError>
    where
        B: Buffer + ToOwned + ?Sized,
        B::Owned: BufferMut<Item = B::Item>,
    {
        let mut result = data.to_owned();
        self.exclusive_scan_in_place(&mut result, op)?;
        Ok((self.rank() > 0).then_some(result))
    }

    pub(crate) fn invoke_reduce<T: Equivalence>(
        &self,
        lengths: Lengths,
        root: i32,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("reduce", in_place)?;
        let Role { root, is_root, is_other } = self.role("reduce", root)?;
        if is_root && is_other {
            Lengths::check("reduce", "the root's result", result, data)?;
        }
        let vector = match (is_other, is_root) {
            (true, _) => data,
            (false, true) => result,
            (false, false) => 0,
        };
        let (len, elements) = (vector * size_of::<T>(), op.elements());
        let key = Some(op.key(Call::Reduce, root, len, in_place));
        let plan = move |shape: &Shape<'_>| shape.reduce(root, len, elements, in_place);
        Ok(Invocation { call: "reduce", key, operation: Some(op.operation().clone()), plan })
    }

    pub(crate) fn invoke_all_reduce<T: Equivalence>(
        &self,
        lengths: Lengths,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("all_reduce", in_place)?;
        Lengths::check("all_reduce", "the result", result, data)?;
        let (len, elements) = (data * size_of::<T>(), op.elements());
        let key = Some(op.key(Call::AllReduce, 0, len, in_place));
        let plan = move |shape: &Shape<'_>| shape.all_reduce(len, elements, in_place);
        Ok(Invocation { call: "all_reduce", key, operation: Some(op.operation().clone()), plan })
    }

    pub(crate) fn invoke_reduce_scatter<T: Equivalence>(
        &self,
        lengths: Lengths,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("reduce_scatter_block", in_place)?;
        // Of an intercommunicator too, the blocks are those of this rank's own group.
        let block = share("reduce_scatter_block", "the contribution", data, self.size() as usize)?;
        if !in_place {
            Lengths::check("reduce_scatter_block", "the result", result, block)?;
        }
        let (len, elements) = (block * size_of::<T>(), op.elements());
        let key = Some(op.key(Call::ReduceScatter, 0, len, in_place));
        let plan = move |shape: &Shape<'_>| shape.reduce_scatter(&Blocks::Even { len }, elements, in_place);
        Ok(Invocation { call: "reduce_scatter_block", key, operation: Some(op.operation().clone()), plan })
    }

    pub(crate) fn invoke_scan<T: Equivalence>(
        &self,
        lengths: Lengths,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        self.invoke_scan_of("scan", Call::Scan, lengths, op)
    }

    pub(crate) fn invoke_exclusive_scan<T: Equivalence>(
        &self,
        lengths: Lengths,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        self.invoke_scan_of("exclusive_scan", Call::ExclusiveScan, lengths, op)
    }

    fn invoke_scan_of<T: Equivalence>(
        &self,
        call: &'static str,
        kind: Call,
        lengths: Lengths,
        op: Op<T>,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        self.inside_one_group(call)?;
        let Lengths { data, result, in_place } = lengths;
        Lengths::check(call, "the result", result, data)?;
        let (len, elements) = (data * size_of::<T>(), op.elements());
        let key = Some(op.key(kind, 0, len, in_place));
        let exclusive = kind == Call::ExclusiveScan;
        let plan = move |shape: &Shape<'_>| shape.scan(len, elements, in_place, exclusive);
        Ok(Invocation { call, key, operation: Some(op.operation().clone()), plan })
    }
}

forms! {
    /// The contributions of all, combined element by element, to the root (`MPI_Reduce`, MPI 5.0, section 6.9.1): there
    /// `into` is as long as `data`; elsewhere it is not looked at, and may be empty (`&mut []`).
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong root or length at once; ranks that disagree; a rank that is gone.
    reduce_into, ireduce, reduce_init<T: Equivalence>(root: i32, op: Op<T>) = invoke_reduce, "a reduction (`MPI_Ireduce`, `MPI_Reduce_init`)";

    /// The contributions of all, combined element by element, to all (`MPI_Allreduce`, MPI 5.0, section 6.9.6): `into` is as
    /// long as `data`. All get the same bits.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    all_reduce_into, iall_reduce, all_reduce_init<T: Equivalence>(op: Op<T>) = invoke_all_reduce, "a reduction for all (`MPI_Iallreduce`, `MPI_Allreduce_init`)";

    /// The contributions of all, combined, the i-th of equal blocks to rank i (`MPI_Reduce_scatter_block`, MPI 5.0, section
    /// 6.10.1): `data` has a block for each rank, `into` room for one.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    reduce_scatter_block_into, ireduce_scatter_block, reduce_scatter_block_init<T: Equivalence>(op: Op<T>) = invoke_reduce_scatter, "a reduction in blocks (`MPI_Ireduce_scatter_block`, `MPI_Reduce_scatter_block_init`)";

    /// The contributions of the ranks up to this one, combined (`MPI_Scan`, MPI 5.0, section 6.11.1).
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    scan_into, iscan, scan_init<T: Equivalence>(op: Op<T>) = invoke_scan, "a scan (`MPI_Iscan`, `MPI_Scan_init`)";

    /// The contributions of the ranks below this one, combined (`MPI_Exscan`, MPI 5.0, section 6.11.2); that of rank 0 is
    /// left as it is.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    exclusive_scan_into, iexclusive_scan, exclusive_scan_init<T: Equivalence>(op: Op<T>) = invoke_exclusive_scan, "an exclusive scan (`MPI_Iexscan`, `MPI_Exscan_init`)";
}

forms_in_place! {
    /// As [`reduce_into`](Self::reduce_into), in place (`MPI_IN_PLACE`): the root's buffer is its contribution and gets the
    /// result; the buffers of others are their contributions.
    ///
    /// # Errors
    /// As [`reduce_into`](Self::reduce_into).
    reduce_in_place, ireduce_in_place, reduce_in_place_init<T: Equivalence>(root: i32, op: Op<T>) = invoke_reduce, "a reduction in place";

    /// As [`all_reduce_into`](Self::all_reduce_into), in place (`MPI_IN_PLACE`).
    ///
    /// # Errors
    /// As [`all_reduce_into`](Self::all_reduce_into).
    all_reduce_in_place, iall_reduce_in_place, all_reduce_in_place_init<T: Equivalence>(op: Op<T>) = invoke_all_reduce, "a reduction for all in place";

    /// As [`reduce_scatter_block_into`](Self::reduce_scatter_block_into), in place (`MPI_IN_PLACE`): the result is written to
    /// the first block.
    ///
    /// # Errors
    /// As [`reduce_scatter_block_into`](Self::reduce_scatter_block_into).
    reduce_scatter_block_in_place, ireduce_scatter_block_in_place, reduce_scatter_block_in_place_init<T: Equivalence>(op: Op<T>) = invoke_reduce_scatter, "a reduction in blocks in place";

    /// As [`scan_into`](Self::scan_into), in place (`MPI_IN_PLACE`).
    ///
    /// # Errors
    /// As [`scan_into`](Self::scan_into).
    scan_in_place, iscan_in_place, scan_in_place_init<T: Equivalence>(op: Op<T>) = invoke_scan, "a scan in place";

    /// As [`exclusive_scan_into`](Self::exclusive_scan_into), in place (`MPI_IN_PLACE`).
    ///
    /// # Errors
    /// As [`exclusive_scan_into`](Self::exclusive_scan_into).
    exclusive_scan_in_place, iexclusive_scan_in_place, exclusive_scan_in_place_init<T: Equivalence>(op: Op<T>) = invoke_exclusive_scan, "an exclusive scan in place";
}
