//! How a datatype was built: what `MPI_Type_get_envelope` and `MPI_Type_get_contents` answer (MPI 5.0, section 5.1.13).

use alloc::boxed::Box;
use core::fmt;

use super::Datatype;
use super::array::{Axis, Order};
use super::basic::Basic;

/// The constructor of a datatype, and its arguments.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Recipe {
    /// A predefined type (`MPI_COMBINER_NAMED`).
    Basic(Basic),
    /// A predefined pair of a value and an index (`MPI_COMBINER_VALUE_INDEX`, and the pairs that have names).
    ValueIndex {
        /// The value.
        value: Basic,
        /// The index.
        index: Basic,
    },
    /// [`Datatype::dup`]
    Dup(Datatype),
    /// [`Datatype::contiguous`]
    Contiguous {
        /// How many elements.
        count: usize,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::vector`]
    Vector {
        /// How many blocks.
        count: usize,
        /// Elements of a block.
        blocklength: usize,
        /// From one block's begin to the next one's, in elements.
        stride: i64,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::hvector`]
    Hvector {
        /// How many blocks.
        count: usize,
        /// Elements of a block.
        blocklength: usize,
        /// From one block's begin to the next one's, in bytes.
        stride: i64,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::indexed`]
    Indexed {
        /// Elements and displacement, in elements, of each block.
        blocks: Box<[(usize, i64)]>,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::hindexed`]
    Hindexed {
        /// Elements and displacement, in bytes, of each block.
        blocks: Box<[(usize, i64)]>,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::indexed_block`]
    IndexedBlock {
        /// Elements of each block.
        blocklength: usize,
        /// Displacements in elements.
        displacements: Box<[i64]>,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::hindexed_block`]
    HindexedBlock {
        /// Elements of each block.
        blocklength: usize,
        /// Displacements in bytes.
        displacements: Box<[i64]>,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::structure`]
    Struct {
        /// Elements, displacement in bytes, and type of each block.
        blocks: Box<[(usize, i64, Datatype)]>,
    },
    /// [`Datatype::subarray`]
    Subarray {
        /// The array's extents, in elements.
        sizes: Box<[usize]>,
        /// The part's extents.
        subsizes: Box<[usize]>,
        /// Where the part begins.
        starts: Box<[usize]>,
        /// Which index runs fastest.
        order: Order,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::darray`]
    Darray {
        /// The place in the grid of processes.
        rank: usize,
        /// Each axis of the array, and how it is shared out.
        axes: Box<[Axis]>,
        /// Which index runs fastest.
        order: Order,
        /// Of which type.
        of: Datatype,
    },
    /// [`Datatype::resized`]
    Resized {
        /// The lower bound.
        lb: i64,
        /// The extent.
        extent: i64,
        /// Of which type.
        of: Datatype,
    },
}

impl Recipe {
    /// How deep the constructors of the types that it is made of are nested.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Basic(_) | Self::ValueIndex { .. } => 0,
            Self::Struct { blocks } => blocks.iter().map(|(_, _, of)| of.depth()).max().unwrap_or(0),
            Self::Dup(of)
            | Self::Contiguous { of, .. }
            | Self::Vector { of, .. }
            | Self::Hvector { of, .. }
            | Self::Indexed { of, .. }
            | Self::Hindexed { of, .. }
            | Self::IndexedBlock { of, .. }
            | Self::HindexedBlock { of, .. }
            | Self::Resized { of, .. } => of.depth(),
            Self::Subarray { sizes, of, .. } => of.depth() + sizes.len(),
            Self::Darray { axes, of, .. } => of.depth() + 2 * axes.len(),
        }
    }

    /// The constructor's name, as in MPI.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Basic(_) => "basic",
            Self::ValueIndex { .. } => "value_index",
            Self::Dup(_) => "dup",
            Self::Contiguous { .. } => "contiguous",
            Self::Vector { .. } => "vector",
            Self::Hvector { .. } => "hvector",
            Self::Indexed { .. } => "indexed",
            Self::Hindexed { .. } => "hindexed",
            Self::IndexedBlock { .. } => "indexed_block",
            Self::HindexedBlock { .. } => "hindexed_block",
            Self::Struct { .. } => "structure",
            Self::Subarray { .. } => "subarray",
            Self::Darray { .. } => "darray",
            Self::Resized { .. } => "resized",
        }
    }
}

impl fmt::Debug for Datatype {
    /// The constructor and the numbers; not the whole recipe, which may be long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datatype")
            .field("constructor", &self.recipe().name())
            .field("size", &self.size())
            .field("lb", &self.lb())
            .field("extent", &self.extent())
            .finish_non_exhaustive()
    }
}
