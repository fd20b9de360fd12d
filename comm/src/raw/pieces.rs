//! Memory that is divided among ranks: a view in even blocks, or pieces of any datatypes and lengths anywhere.

use olympi_datatype::{
    Datatype, IntoMemory, InvalidValue, Memory, MemoryMut, View, ViewError, validate_or_zero,
};

use crate::collective::{CollectiveError, share};
use crate::raw::{Numbers, RawBlocks};

/// A memory in pieces, one for each rank: so many elements of a datatype each, anywhere. What MPI's `v` and `w` calls take
/// as counts, displacements and datatypes.
///
/// Pieces that are received into do not overlap.
///
/// ```
/// use olympi_comm::{Datatype, Pieces};
///
/// // To rank 0 the first column of a matrix of three rows and four columns, to rank 1 the rest of its last row.
/// let mut matrix = [0_u8; 12];
/// let (cell, column) = (Datatype::of::<u8>(), Datatype::of::<u8>().vector(3, 1, 4)?);
/// let pieces = Pieces::new(&mut matrix, [(column.clone(), 0, 1), (cell, 9, 3)])?;
/// assert_eq!(pieces.len(), 2);
/// assert!(Pieces::new(&matrix, [(column, 4, 1)]).is_err()); // reaches out of it
/// # Ok::<(), olympi_comm::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pieces<M> {
    memory: M,
    counts: Vec<i64>,
    origins: Vec<i64>,
    datatypes: Vec<Datatype>,
}

impl<M: Memory> Pieces<M> {
    /// Divides a memory: for each rank a datatype, where displacement 0 of the first element lies, in bytes from the start
    /// of the memory, and how many elements there are.
    ///
    /// # Errors
    /// [`ViewError`]: a piece lies outside of the memory.
    pub fn new<B: IntoMemory<Memory = M>>(
        memory: B,
        pieces: impl IntoIterator<Item = (Datatype, usize, usize)>,
    ) -> Result<Self, ViewError> {
        let memory = memory.into_memory();
        let (mut counts, mut origins, mut datatypes) = (Vec::new(), Vec::new(), Vec::new());
        for (datatype, origin, count) in pieces {
            // That it lies in the memory is what a view checks.
            datatype.view_at(memory.items(), origin, count)?;
            counts.push(count as i64);
            origins.push(origin as i64);
            datatypes.push(datatype);
        }
        Ok(Self { memory, counts, origins, datatypes })
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The memory itself.
    pub fn into_memory(self) -> M {
        self.memory
    }

    fn typed(
        &self,
        call: &'static str,
        ranks: usize,
        start: *mut u8,
    ) -> Result<RawBlocks<'_>, CollectiveError> {
        if self.len() != ranks {
            let detail = format!("there are {} pieces instead of {ranks}, one for each rank", self.len());
            return Err(CollectiveError::Counts { call, detail });
        }
        let (counts, displacements) = (Numbers::I64(&self.counts), Numbers::I64(&self.origins));
        Ok(RawBlocks::Typed { start, counts, displacements, datatypes: &self.datatypes })
    }
}

pub(crate) mod sealed {
    use super::{CollectiveError, InvalidValue, RawBlocks};

    pub trait Sealed {
        #[doc(hidden)]
        const ELSEWHERE: RawBlocks<'static>;
        #[doc(hidden)]
        fn blocks(&self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError>;
    }

    pub trait SealedMut {
        #[doc(hidden)]
        fn blocks_mut(&mut self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError>;
        #[doc(hidden)]
        fn mend(&mut self) -> Result<(), InvalidValue>;
    }
}

/// Memory that is divided among ranks: a [`View`], whose elements are as many for each rank, or [`Pieces`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no memory that is divided among ranks",
    note = "a View is, and Pieces"
)]
pub trait Divided: sealed::Sealed {}

/// The same of memory that can be written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no memory that is divided among ranks and can be written",
    note = "a View or Pieces of `&mut buffer` or of a `Vec` are"
)]
pub trait DividedMut: Divided + sealed::SealedMut {}

impl<M: Memory> Divided for View<M> {}
impl<M: MemoryMut> DividedMut for View<M> {}
impl<M: Memory> Divided for Pieces<M> {}
impl<M: MemoryMut> DividedMut for Pieces<M> {}

impl<M: Memory> sealed::Sealed for View<M> {
    const ELSEWHERE: RawBlocks<'static> = RawBlocks::EvenElsewhere;

    fn blocks(&self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError> {
        let count = share(call, "the view", self.count(), ranks)?;
        Ok(RawBlocks::Even { start: self.base().cast_mut(), count, datatype: self.datatype() })
    }
}

impl<M: MemoryMut> sealed::SealedMut for View<M> {
    fn blocks_mut(&mut self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError> {
        let count = share(call, "the view", self.count(), ranks)?;
        Ok(RawBlocks::Even { start: self.base_mut(), count, datatype: self.datatype() })
    }

    fn mend(&mut self) -> Result<(), InvalidValue> {
        Self::mend(self)
    }
}

impl<M: Memory> sealed::Sealed for Pieces<M> {
    const ELSEWHERE: RawBlocks<'static> = RawBlocks::ListedElsewhere;

    fn blocks(&self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError> {
        self.typed(call, ranks, self.memory.items().as_ptr().cast_mut().cast())
    }
}

impl<M: MemoryMut> sealed::SealedMut for Pieces<M> {
    fn blocks_mut(&mut self, call: &'static str, ranks: usize) -> Result<RawBlocks<'_>, CollectiveError> {
        let start = self.memory.items_mut().as_mut_ptr().cast();
        self.typed(call, ranks, start)
    }

    fn mend(&mut self) -> Result<(), InvalidValue> {
        validate_or_zero(self.memory.items_mut())
    }
}
