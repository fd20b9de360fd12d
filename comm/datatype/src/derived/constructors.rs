//! The constructors of MPI 5.0, section 5.1.2, but for those of arrays (`array.rs`).
//!
//! Each says where its blocks lie, as repetitions and sequences of the layout that it is given.

use alloc::boxed::Box;
use alloc::format;

use super::basic::Basic;
use super::error::DatatypeError;
use super::layout::{Layout, Overflow};
use super::recipe::Recipe;
use super::{DEPTH_MAX, Datatype};

const DISPLACEMENT: Overflow = "displacement";

impl Datatype {
    /// `count` elements one after the other (`MPI_Type_contiguous`).
    ///
    /// # Errors
    /// [`DatatypeError`], as for all constructors: a size or an extent beyond 63 bits; arguments that make no sense.
    pub fn contiguous(&self, count: usize) -> Result<Self, DatatypeError> {
        Self::build(Recipe::Contiguous { count, of: self.clone() }, self.layout().block(count))
    }

    /// `count` blocks of `blocklength` elements, each `stride` elements behind the one before it (`MPI_Type_vector`).
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let two_columns = Datatype::of::<f32>().vector(100, 2, 50)?;
    /// assert_eq!((two_columns.size(), two_columns.extent()), (100 * 8, 99 * 200 + 8));
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn vector(&self, count: usize, blocklength: usize, stride: i64) -> Result<Self, DatatypeError> {
        let layout =
            self.elements(stride).and_then(|stride| self.layout().block(blocklength)?.repeat(count, stride));
        Self::build(Recipe::Vector { count, blocklength, stride, of: self.clone() }, layout)
    }

    /// The same with the stride in bytes (`MPI_Type_create_hvector`).
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    pub fn hvector(&self, count: usize, blocklength: usize, stride: i64) -> Result<Self, DatatypeError> {
        let layout = self.layout().block(blocklength).and_then(|block| block.repeat(count, stride));
        Self::build(Recipe::Hvector { count, blocklength, stride, of: self.clone() }, layout)
    }

    /// Blocks of so many elements at displacements in elements (`MPI_Type_indexed`): pairs of length and displacement.
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let numbers = [10, 11, 12, 13, 14, 15, 16];
    /// let some = Datatype::of::<i32>().indexed([(2, 4), (1, 0)])?;
    /// assert_eq!(some.view(&numbers[..], 1)?.pack(), [14, 15, 10].map(i32::to_ne_bytes).concat());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn indexed(&self, blocks: impl IntoIterator<Item = (usize, i64)>) -> Result<Self, DatatypeError> {
        let blocks: Box<[_]> = blocks.into_iter().collect();
        let layout = self.blocks(&blocks, |displacement| self.elements(displacement));
        Self::build(Recipe::Indexed { blocks, of: self.clone() }, layout)
    }

    /// The same with displacements in bytes (`MPI_Type_create_hindexed`).
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    pub fn hindexed(&self, blocks: impl IntoIterator<Item = (usize, i64)>) -> Result<Self, DatatypeError> {
        let blocks: Box<[_]> = blocks.into_iter().collect();
        let layout = self.blocks(&blocks, Ok);
        Self::build(Recipe::Hindexed { blocks, of: self.clone() }, layout)
    }

    /// Blocks of one length at displacements in elements (`MPI_Type_create_indexed_block`).
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    pub fn indexed_block(
        &self,
        blocklength: usize,
        displacements: impl IntoIterator<Item = i64>,
    ) -> Result<Self, DatatypeError> {
        let displacements: Box<[_]> = displacements.into_iter().collect();
        let layout = self.equal_blocks(blocklength, &displacements, |at| self.elements(at));
        Self::build(Recipe::IndexedBlock { blocklength, displacements, of: self.clone() }, layout)
    }

    /// The same with displacements in bytes (`MPI_Type_create_hindexed_block`).
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    pub fn hindexed_block(
        &self,
        blocklength: usize,
        displacements: impl IntoIterator<Item = i64>,
    ) -> Result<Self, DatatypeError> {
        let displacements: Box<[_]> = displacements.into_iter().collect();
        let layout = self.equal_blocks(blocklength, &displacements, Ok);
        Self::build(Recipe::HindexedBlock { blocklength, displacements, of: self.clone() }, layout)
    }

    /// Blocks of different types (`MPI_Type_create_struct`): number of elements, displacement in bytes, and type.
    ///
    /// Its extent is rounded to the strictest alignment of any element, as C does it. To lay it over a slice of Rust
    /// structs, [`resize`](Self::resized) it to their size.
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    pub fn structure(blocks: impl IntoIterator<Item = (usize, i64, Self)>) -> Result<Self, DatatypeError> {
        let blocks = blocks.into_iter().collect::<Box<[_]>>();
        let part = |(count, at, of): &(usize, i64, Self)| of.layout().block(*count)?.at(*at);
        let layout = Layout::sequence(blocks.iter().map(part));
        Self::build(Recipe::Struct { blocks }, layout)
    }

    /// The same data with the lower bound `lb` and the extent `extent`, in bytes (`MPI_Type_create_resized`): where the
    /// next element begins. A negative extent lets elements follow each other downwards.
    ///
    /// # Errors
    /// As for [`contiguous`](Self::contiguous).
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let matrix: Vec<i32> = (0..6).collect(); // two rows of three
    /// let column = Datatype::of::<i32>().vector(2, 1, 3)?.resized(0, 4)?; // the next one begins one element behind
    /// assert_eq!(column.view(&matrix, 3)?.pack(), [0, 3, 1, 4, 2, 5].map(i32::to_ne_bytes).concat());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resized(&self, lb: i64, extent: i64) -> Result<Self, DatatypeError> {
        Self::build(
            Recipe::Resized { lb, extent, of: self.clone() },
            self.layout().clone().resized(lb, extent),
        )
    }

    /// A datatype of its own that means the same (`MPI_Type_dup`). To share one, clone it.
    ///
    /// # Errors
    /// [`DatatypeError::TooDeep`], if it is the copy of a copy of a copy, and so on.
    pub fn dup(&self) -> Result<Self, DatatypeError> {
        Self::build(Recipe::Dup(self.clone()), Ok(self.layout().clone()))
    }

    /// A value and an index behind it, as a C struct has them: what `MPI_MAXLOC` and `MPI_MINLOC` reduce
    /// (`MPI_Type_get_value_index`, `MPI_DOUBLE_INT` and its kin).
    ///
    /// # Errors
    /// [`DatatypeError::Argument`], if either is no predefined type.
    pub fn value_index(value: &Self, index: &Self) -> Result<Self, DatatypeError> {
        let (Recipe::Basic(value), Recipe::Basic(index)) = (value.recipe(), index.recipe()) else {
            let detail = format!("{value:?} and {index:?} must both be predefined types");
            return Err(DatatypeError::Argument { constructor: "value_index", detail });
        };
        let (value, index): (Basic, Basic) = (*value, *index);
        let at = value.size().next_multiple_of(index.align().max(1)) as i64;
        let parts = [Layout::of(value), Layout::of(index).and_then(|layout| layout.at(at))];
        Self::build(Recipe::ValueIndex { value, index }, Layout::sequence(parts.into_iter()))
    }

    /// How deep constructors may be nested.
    pub const DEPTH_MAX: usize = DEPTH_MAX;

    /// So many elements in bytes.
    fn elements(&self, count: i64) -> Result<i64, Overflow> {
        count.checked_mul(self.extent()).ok_or(DISPLACEMENT)
    }

    fn blocks(
        &self,
        blocks: &[(usize, i64)],
        place: impl Fn(i64) -> Result<i64, Overflow>,
    ) -> Result<Layout, Overflow> {
        let part = |(count, at): &(usize, i64)| self.layout().block(*count)?.at(place(*at)?);
        Layout::sequence(blocks.iter().map(part))
    }

    fn equal_blocks(
        &self,
        blocklength: usize,
        displacements: &[i64],
        place: impl Fn(i64) -> Result<i64, Overflow>,
    ) -> Result<Layout, Overflow> {
        let block = self.layout().block(blocklength)?;
        Layout::sequence(displacements.iter().map(|at| block.clone().at(place(*at)?)))
    }
}
