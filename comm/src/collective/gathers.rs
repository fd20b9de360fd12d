//! Gather, scatter, and their forms for all (MPI 5.0, sections 6.5 to 6.8), with blocks of one length.

use olympi_coll::{Blocks, Schedule};
use olympi_datatype::{Buffer, BufferMut, Equivalence};

use crate::collective::calls::{Call, Key};
use crate::collective::error::CollectiveError;
use crate::collective::forms::{Lengths, forms, forms_in_place};
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::persistent::PersistentCollective;
use crate::collective::role::{Role, share};
use crate::communicator::Communicator;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};

impl Communicator {
    /// Gathers equal contributions at the root, which alone gets `Some` (`MPI_Gather`).
    ///
    /// # Errors
    /// As [`gather_into`](Self::gather_into).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// if let Some(ranks) = world.gather(&world.rank(), 0)? {
    ///     assert_eq!(ranks, (0..world.size()).collect::<Vec<_>>());
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn gather<S: Buffer + ?Sized>(
        &self,
        data: &S,
        root: i32,
    ) -> Result<Option<Vec<S::Item>>, CollectiveError> {
        let data = data.items();
        let is_root = self.role("gather", root)?.is_root;
        let mut result = vec![olympi_datatype::zeroed(); if is_root { data.len() * self.count() } else { 0 }];
        self.gather_into(data, &mut result[..], root)?;
        Ok(is_root.then_some(result))
    }

    /// Gathers equal contributions everywhere (`MPI_Allgather`).
    ///
    /// # Errors
    /// As [`all_gather_into`](Self::all_gather_into).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let squares = world.all_gather(&(world.rank() * world.rank()))?;
    /// assert_eq!(squares.len(), world.size() as usize);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn all_gather<S: Buffer + ?Sized>(&self, data: &S) -> Result<Vec<S::Item>, CollectiveError> {
        let data = data.items();
        let mut result = vec![olympi_datatype::zeroed(); data.len() * self.count()];
        self.all_gather_into(data, &mut result[..])?;
        Ok(result)
    }

    /// Gives the i-th of equal blocks to rank i, and gets one of each (`MPI_Alltoall`).
    ///
    /// # Errors
    /// As [`all_to_all_into`](Self::all_to_all_into).
    pub fn all_to_all<S: Buffer + ?Sized>(&self, data: &S) -> Result<Vec<S::Item>, CollectiveError> {
        let data = data.items();
        let mut result = vec![olympi_datatype::zeroed(); data.len()];
        self.all_to_all_into(data, &mut result[..])?;
        Ok(result)
    }

    pub(crate) fn invoke_gather<T: Equivalence>(
        &self,
        lengths: Lengths,
        root: i32,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("gather", in_place)?;
        let Role { root, is_root, is_other } = self.role("gather", root)?;
        let block = match (is_root, is_other) {
            (true, true) if in_place => share("gather", "the buffer", data, self.count())?,
            (true, false) => share("gather", "the root's result", result, self.count())?,
            (false, false) => 0,
            _ => data,
        };
        if is_root {
            Lengths::check("gather", "the root's result", result, block * self.count())?;
        }
        let len = block * size_of::<T>();
        let key = Some(Key::new(Call::Gather, root, len, in_place));
        let plan = move |shape: &Shape<'_>| shape.gather(root, len, in_place);
        Ok(Invocation { call: "gather", key, operation: None, plan })
    }

    pub(crate) fn invoke_scatter<T: Equivalence>(
        &self,
        lengths: Lengths,
        root: i32,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("scatter", in_place)?;
        let Role { root, is_root, is_other } = self.role("scatter", root)?;
        let block = match (is_root, is_other) {
            (true, true) if in_place => share("scatter", "the buffer", data, self.count())?,
            (true, false) => share("scatter", "the root's contribution", data, self.count())?,
            (false, false) => 0,
            _ => result,
        };
        if is_root && !in_place {
            Lengths::check("scatter", "the root's contribution", data, block * self.count())?;
        }
        let len = block * size_of::<T>();
        let key = Some(Key::new(Call::Scatter, root, len, in_place));
        let plan = move |shape: &Shape<'_>| shape.scatter(root, len, in_place);
        Ok(Invocation { call: "scatter", key, operation: None, plan })
    }

    pub(crate) fn invoke_all_gather<T: Equivalence>(
        &self,
        lengths: Lengths,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("all_gather", in_place)?;
        // Of an intercommunicator, the blocks of the other group may have another length.
        let block = match (in_place, self.is_inter()) {
            (true, _) => share("all_gather", "the buffer", data, self.count())?,
            (_, true) => share("all_gather", "the result", result, self.count())?,
            _ => data,
        };
        Lengths::check("all_gather", "the result", result, block * self.count())?;
        let [own, len] = [data, block].map(|elements| elements * size_of::<T>());
        let key = Key::new(Call::AllGather, 0, len, in_place).unless(self.is_inter());
        let own = (!in_place).then_some(own);
        let plan = move |shape: &Shape<'_>| shape.all_gather(own, &Blocks::Even { len });
        Ok(Invocation { call: "all_gather", key, operation: None, plan })
    }

    pub(crate) fn invoke_all_to_all<T: Equivalence>(
        &self,
        lengths: Lengths,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let Lengths { data, result, in_place } = lengths;
        self.apart("all_to_all", in_place)?;
        let from = share("all_to_all", "the contribution", data, self.count())?;
        let into = if self.is_inter() {
            share("all_to_all", "the result", result, self.count())?
        } else {
            Lengths::check("all_to_all", "the result", result, data)?;
            from
        };
        let [from, into] = [from, into].map(|elements| elements * size_of::<T>());
        let key = Key::new(Call::AllToAll, 0, into, in_place).unless(self.is_inter());
        let plan = move |shape: &Shape<'_>| shape.all_to_all(from, into, in_place);
        Ok(Invocation { call: "all_to_all", key, operation: None, plan })
    }
}

forms! {
    /// The contributions of all, of one length, to the root (`MPI_Gather`, MPI 5.0, section 6.5): there `into` has room for
    /// all of them, in the order of ranks; elsewhere it is not looked at, and may be empty (`&mut []`).
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong root or length at once; ranks that disagree; a rank that is gone.
    gather_into, igather, gather_init<T: Equivalence>(root: i32) = invoke_gather, "a gather (`MPI_Igather`, `MPI_Gather_init`)";

    /// The i-th of the root's equal blocks to rank i (`MPI_Scatter`, MPI 5.0, section 6.6): `data` matters at the root
    /// alone, and may be empty elsewhere (`&[]`).
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong root or length at once; ranks that disagree; a rank that is gone.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let numbers: Vec<i32> = if world.rank() == 0 { (0..world.size() * 2).collect() } else { Vec::new() };
    /// let mut mine = [0_i32; 2];
    /// world.scatter_into(&numbers, &mut mine[..], 0)?;
    /// assert_eq!(mine, [2 * world.rank(), 2 * world.rank() + 1]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    scatter_into, iscatter, scatter_init<T: Equivalence>(root: i32) = invoke_scatter, "a scatter (`MPI_Iscatter`, `MPI_Scatter_init`)";

    /// The contributions of all, of one length, to all (`MPI_Allgather`, MPI 5.0, section 6.7): `into` has room for all of
    /// them, in the order of ranks.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    all_gather_into, iall_gather, all_gather_init<T: Equivalence>() = invoke_all_gather, "a gather for all (`MPI_Iallgather`, `MPI_Allgather_init`)";

    /// The i-th of each rank's equal blocks to rank i (`MPI_Alltoall`, MPI 5.0, section 6.8). Both buffers have one length, a
    /// multiple of the number of ranks.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong length at once; ranks that disagree; a rank that is gone.
    all_to_all_into, iall_to_all, all_to_all_init<T: Equivalence>() = invoke_all_to_all, "an exchange of all with all (`MPI_Ialltoall`, `MPI_Alltoall_init`)";
}

forms_in_place! {
    /// As [`gather_into`](Self::gather_into), in place (`MPI_IN_PLACE`): the root's buffer has room for all contributions,
    /// its own where it belongs; the buffers of others are their contributions.
    ///
    /// # Errors
    /// As [`gather_into`](Self::gather_into).
    gather_in_place, igather_in_place, gather_in_place_init<T: Equivalence>(root: i32) = invoke_gather, "a gather in place";

    /// As [`scatter_into`](Self::scatter_into), in place (`MPI_IN_PLACE`): the root's buffer has all blocks and keeps them;
    /// the buffers of others get theirs.
    ///
    /// # Errors
    /// As [`scatter_into`](Self::scatter_into).
    scatter_in_place, iscatter_in_place, scatter_in_place_init<T: Equivalence>(root: i32) = invoke_scatter, "a scatter in place";

    /// As [`all_gather_into`](Self::all_gather_into), in place (`MPI_IN_PLACE`): each rank's contribution lies where it
    /// belongs.
    ///
    /// # Errors
    /// As [`all_gather_into`](Self::all_gather_into).
    all_gather_in_place, iall_gather_in_place, all_gather_in_place_init<T: Equivalence>() = invoke_all_gather, "a gather for all in place";

    /// As [`all_to_all_into`](Self::all_to_all_into), in place (`MPI_IN_PLACE`): each block is replaced by the one that comes.
    ///
    /// # Errors
    /// As [`all_to_all_into`](Self::all_to_all_into).
    all_to_all_in_place, iall_to_all_in_place, all_to_all_in_place_init<T: Equivalence>() = invoke_all_to_all, "an exchange of all with all in place";
}
