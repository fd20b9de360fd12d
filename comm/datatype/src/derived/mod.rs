//! Derived datatypes (MPI 5.0, chapter 5): where the elements of a message lie in memory.
//!
//! A [`Datatype`] is a value: building one checks it, computes its bounds and compiles its layout (`program.rs`), so
//! that there is nothing to commit, and cloning is a reference more. A [`View`] lays it over a memory, with which it is
//! packed, unpacked, sent and received.

mod array;
mod basic;
mod bounds;
mod constructors;
mod copy;
mod elements;
mod error;
mod external32;
mod layout;
mod memory;
mod program;
mod raw;
mod recipe;
mod runs;
mod view;

use alloc::sync::Arc;

pub use array::{Axis, Distribution, Order};
pub use basic::Basic;
pub use elements::Signature;
pub use error::{DatatypeError, PackError, ViewError};
pub use memory::{IntoMemory, Memory, MemoryMut};
pub use recipe::Recipe;
pub use view::View;

use crate::Equivalence;
use copy::Copying;
use layout::{Layout, Overflow};

/// How deep constructors may be nested; each level takes stack where a type is walked.
const DEPTH_MAX: usize = 512;

/// Where the elements of a message lie in memory: an MPI datatype.
///
/// It is built from the type of an element ([`of`](Self::of)) or a predefined type ([`basic`](Self::basic)) by
/// constructors, each documented beside its MPI name. Nothing needs to be committed or freed.
///
/// A message matches if it has the same sequence of basic elements ([`signature`](Self::signature)), however these lie
/// in memory at either end.
///
/// # A column of a matrix
/// ```
/// use olympi_datatype::Datatype;
///
/// let matrix: Vec<f64> = (0..12).map(f64::from).collect(); // three rows of four
/// let column = Datatype::of::<f64>().vector(3, 1, 4)?;
/// assert_eq!((column.size(), column.extent()), (24, 72));
/// let packed = column.view(&matrix[1..], 1)?.pack();
/// assert_eq!(packed, [1.0_f64, 5.0, 9.0].map(f64::to_ne_bytes).concat());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # A struct of which a part is sent
/// ```
/// use olympi_datatype::{Datatype, Equivalence};
///
/// #[derive(Clone, Copy, Default, PartialEq, Debug, Equivalence)]
/// #[equivalence(crate = "olympi_datatype")] // not needed by users of the crate `olympi`
/// #[repr(C)]
/// struct Particle {
///     position: [f64; 3],
///     scratch: [f64; 3],
///     charge: i32,
///     id: u32,
/// }
///
/// let wanted = Datatype::structure([
///     (1, std::mem::offset_of!(Particle, position) as i64, Datatype::of::<[f64; 3]>()),
///     (1, std::mem::offset_of!(Particle, charge) as i64, Datatype::of::<i32>()),
/// ])?
/// .resized(0, size_of::<Particle>() as i64)?; // one particle to the next
/// let sent = [Particle { position: [1.0, 2.0, 3.0], scratch: [9.0; 3], charge: -1, id: 5 }; 2];
/// let mut received = [Particle::default(); 2];
/// let packed = wanted.view(&sent[..], 2)?.pack();
/// wanted.view(&mut received[..], 2)?.unpack(&packed)?;
/// let expected = Particle { position: [1.0, 2.0, 3.0], charge: -1, ..Particle::default() };
/// assert_eq!((packed.len(), received), (2 * 28, [expected; 2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Datatype(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    recipe: Recipe,
    depth: usize,
    layout: Layout,
    mark: u32,
}

impl Datatype {
    /// The datatype of a Rust type.
    ///
    /// Numbers, and arrays of them, are their elements. So are structs whose fields are all of one type; any other
    /// struct is a single element, moved as it is, whose parts [`structure`](Self::structure) can describe instead.
    ///
    /// ```
    /// use olympi_datatype::{Basic, Datatype};
    ///
    /// let point = Datatype::of::<[f64; 3]>();
    /// assert_eq!((point.size(), point.signature().elements()), (24, 3));
    /// assert_eq!(point.signature(), Datatype::basic(Basic::F64).contiguous(3)?.signature());
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn of<T: Equivalence>() -> Self {
        let size = size_of::<T>();
        let basic = match Basic::of_class(T::SIGNATURE) {
            Some(basic) if size.is_multiple_of(basic.size()) => basic,
            _ => Basic::record(size, align_of::<T>(), T::SIGNATURE),
        };
        let count = size.checked_div(basic.size()).unwrap_or(0);
        let one = Self::basic(basic);
        if count == 1 {
            return one;
        }
        // A value that exists, or could, has a size that fits.
        one.contiguous(count).unwrap_or(one)
    }

    /// A predefined datatype.
    pub fn basic(basic: Basic) -> Self {
        // An element that exists has a size that fits; one that does not has none.
        let layout = Layout::of(basic).unwrap_or(Layout::EMPTY);
        Self(Arc::new(Inner { recipe: Recipe::Basic(basic), depth: 0, layout, mark: 0 }))
    }

    /// Makes a datatype of what its constructor says.
    fn build(recipe: Recipe, layout: Result<Layout, Overflow>) -> Result<Self, DatatypeError> {
        let constructor = recipe.name();
        let layout = layout.map_err(|what| DatatypeError::Overflow { constructor, what })?.sealed();
        let depth = recipe.depth() + 1;
        if depth > DEPTH_MAX {
            return Err(DatatypeError::TooDeep { constructor });
        }
        Ok(Self(Arc::new(Inner { recipe, depth, layout, mark: 0 })))
    }

    /// The same with a mark of the caller's, which means nothing here and changes nothing: types that are made of this one
    /// have it in their [recipe](Self::recipe). The C interface remembers by it in which integers arguments came.
    ///
    /// ```
    /// use olympi_datatype::{Datatype, Recipe};
    ///
    /// let marked = Datatype::of::<i32>().contiguous(2)?.marked(7);
    /// let Recipe::Contiguous { of, .. } = marked.contiguous(3)?.recipe().clone() else { unreachable!() };
    /// assert_eq!((of.mark(), &of), (7, &marked));
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    #[must_use]
    pub fn marked(self, mark: u32) -> Self {
        let Inner { recipe, depth, layout, .. } = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(Inner { recipe, depth, layout, mark }))
    }

    /// The mark that [`marked`](Self::marked) gave; else 0.
    pub fn mark(&self) -> u32 {
        self.0.mark
    }

    /// How it was built (`MPI_Type_get_envelope`, `MPI_Type_get_contents`).
    pub fn recipe(&self) -> &Recipe {
        &self.0.recipe
    }

    fn depth(&self) -> usize {
        self.0.depth
    }

    fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// Size of one element in bytes, without gaps (`MPI_Type_size`).
    pub fn size(&self) -> u64 {
        self.layout().size()
    }

    /// Lower bound (`MPI_Type_get_extent`): where an element begins, in bytes from the address that a call is given.
    pub fn lb(&self) -> i64 {
        self.layout().bounds.lb
    }

    /// Upper bound: where an element ends.
    pub fn ub(&self) -> i64 {
        self.layout().bounds.ub
    }

    /// From one element to the next, in bytes (`MPI_Type_get_extent`).
    pub fn extent(&self) -> i64 {
        self.layout().bounds.extent
    }

    /// Where the data itself begins, whatever bounds were set (`MPI_Type_get_true_extent`).
    pub fn true_lb(&self) -> i64 {
        self.layout().bounds.data().0
    }

    /// From the first byte of the data to the end of the last (`MPI_Type_get_true_extent`).
    pub fn true_extent(&self) -> i64 {
        let (first, end) = self.layout().bounds.data();
        end - first
    }

    /// The sequence of basic elements, as far as two messages are compared by it.
    pub fn signature(&self) -> Signature {
        self.layout().signature
    }

    /// Whether any number of elements is one run of bytes, so that nothing needs to be packed.
    pub fn is_contiguous(&self) -> bool {
        let layout = self.layout();
        layout.copying.contiguous().is_some() && i64::try_from(layout.size()) == Ok(layout.bounds.extent)
    }

    /// How many whole elements `bytes` received bytes are (`MPI_Get_count`); `None` where they are no whole number.
    pub fn count_in(&self, bytes: u64) -> Option<u64> {
        match self.size() {
            0 => (bytes == 0).then_some(0),
            size => bytes.is_multiple_of(size).then_some(bytes / size),
        }
    }

    /// How many basic elements `bytes` received bytes are (`MPI_Get_elements`): also of a last element that is there in
    /// part. `None` where they end inside of a basic element.
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let pair = Datatype::structure([(1, 0, Datatype::of::<i32>()), (1, 8, Datatype::of::<f64>())])?;
    /// assert_eq!((pair.count_in(24), pair.elements_in(24)), (Some(2), Some(4)));
    /// assert_eq!((pair.count_in(16), pair.elements_in(16)), (None, Some(3)));
    /// assert_eq!(pair.elements_in(15), None);
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn elements_in(&self, bytes: u64) -> Option<u64> {
        let layout = self.layout();
        let Some(whole) = bytes.checked_div(layout.size()) else { return self.count_in(bytes) };
        let rest = layout.map.elements_in(bytes % layout.size())?;
        whole.checked_mul(layout.signature.elements())?.checked_add(rest)
    }

    /// How many bytes so many basic elements are, those of a last element in part too (`MPI_Status_set_elements`): what
    /// [`elements_in`](Self::elements_in) counts. `None` where they are more than 64 bits tell.
    pub fn bytes_in(&self, elements: u64) -> Option<u64> {
        let layout = self.layout();
        let each = layout.signature.elements();
        let Some(whole) = elements.checked_div(each) else { return Some(0) };
        let mut bytes = whole.checked_mul(layout.size())?;
        let mut rest = elements % each;
        if rest > 0 {
            // One element's own program, whose runs are of one kind each.
            let _all: Result<(), ()> = layout.map.for_each(0, &mut |basic, _, len| {
                let here = (len / basic.size().max(1) as u64).min(rest);
                bytes += here * basic.size() as u64;
                rest -= here;
                if rest == 0 { Err(()) } else { Ok(()) }
            });
        }
        Some(bytes)
    }

    /// The layout of `count` elements; `None` where their size does not fit in 63 bits.
    fn copying(&self, count: usize) -> Option<Copying> {
        let layout = self.layout();
        i64::try_from(layout.size().checked_mul(count as u64)?).ok()?;
        Some(layout.copying.repeat(count as u64, layout.bounds.extent))
    }
}

/// Datatypes are equal if they have the same elements at the same places between the same bounds, however they were built.
impl PartialEq for Datatype {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.layout().bounds == other.layout().bounds && self.layout().map == other.layout().map)
    }
}
