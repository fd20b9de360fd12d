//! A datatype laid over a memory: what is packed, unpacked, sent and received.
//!
//! That every element lies in the memory is checked once, when the view is made; the loops then run unchecked.

use alloc::vec::Vec;
use core::fmt;

use super::Datatype;
use super::copy::{Copying, Gather, Scatter, part};
use super::error::{PackError, ViewError};
use super::memory::{IntoMemory, Memory, MemoryMut};
use crate::{Equivalence, InvalidValue, bytes_of, validate_or_zero};

/// `count` elements of a [`Datatype`] in a memory: what MPI's calls are given as address, count and datatype.
///
/// [`Datatype::view`] makes it. It packs (`MPI_Pack`) and unpacks (`MPI_Unpack`), in this machine's representation or
/// as `external32`, which every machine understands; and Olympi's calls send and receive it.
///
/// To pack, elements may overlap. To unpack, MPI forbids it; here the last one in the order of the type map prevails.
#[derive(Clone)]
pub struct View<M> {
    datatype: Datatype,
    /// The layout of all elements.
    copying: Copying,
    memory: M,
    /// Where displacement 0 of the first element lies, in bytes from the start of the memory.
    origin: usize,
    count: usize,
}

impl Datatype {
    /// Lays `count` elements over a memory, the first at its start: `&buffer` to pack or send, `&mut buffer` to unpack or
    /// receive, a `Vec` for the calls that own it. A part of a buffer is a slice: `column.view(&matrix[3..], 1)`.
    ///
    /// # Errors
    /// [`ViewError`]: some of the elements lie outside of the memory.
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let column = Datatype::of::<u8>().vector(3, 1, 4)?;
    /// let mut matrix = [0_u8; 12];
    /// column.view(&mut matrix[2..], 1)?.unpack(&[7, 8, 9])?;
    /// assert_eq!(matrix, [0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0]);
    /// let outside = column.view(&matrix[4..], 1).unwrap_err();
    /// assert!(outside.to_string().contains("bytes from 0 to 9 of a memory of 8 bytes"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn view<B: IntoMemory>(&self, memory: B, count: usize) -> Result<View<B::Memory>, ViewError> {
        self.view_at(memory, 0, count)
    }

    /// The same with displacement 0 of the first element `origin` bytes behind the start of the memory: for datatypes
    /// with negative displacements.
    ///
    /// # Errors
    /// As for [`view`](Self::view).
    pub fn view_at<B: IntoMemory>(
        &self,
        memory: B,
        origin: usize,
        count: usize,
    ) -> Result<View<B::Memory>, ViewError> {
        let memory = memory.into_memory();
        let room = size_of_val(memory.items());
        if let Some((first, end)) = self.layout().bounds.touched(count as u64) {
            let (first, end) = (first + origin as i128, end + origin as i128);
            if first < 0 || end > room as i128 {
                return Err(ViewError::OutOfBounds { count, first, end, room });
            }
        }
        let copying = self
            .copying(count)
            .filter(|copying| isize::try_from(copying.size).is_ok())
            .ok_or(ViewError::TooLarge { count, size: self.size() })?;
        Ok(View { datatype: self.clone(), copying, memory, origin, count })
    }
}

impl<M: Memory> View<M> {
    /// How many bytes the elements have when packed (`MPI_Pack_size`).
    pub fn len(&self) -> usize {
        self.copying.size as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.copying.size == 0
    }

    /// The datatype.
    pub fn datatype(&self) -> &Datatype {
        &self.datatype
    }

    /// How many elements of the datatype.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The memory.
    pub fn items(&self) -> &[M::Item] {
        self.memory.items()
    }

    /// The memory itself.
    pub fn into_memory(self) -> M {
        self.memory
    }

    /// The bytes of the elements, if they lie in one piece: they are the same as when packed.
    pub fn contiguous(&self) -> Option<&[u8]> {
        let start = self.start_if_contiguous()?;
        Some(&bytes_of(self.memory.items())[start..start + self.len()])
    }

    fn start_if_contiguous(&self) -> Option<usize> {
        if self.is_empty() {
            return Some(0);
        }
        // Within the memory, as was checked when the view was made.
        Some(self.origin.wrapping_add_signed(self.copying.contiguous()? as isize))
    }

    /// The elements one after the other, without gaps (`MPI_Pack`).
    pub fn pack(&self) -> Vec<u8> {
        let len = self.len();
        let mut packed = Vec::with_capacity(len);
        // SAFETY: every run of the layout lies in the memory, as was checked when the view was made, and the memory is
        // initialized; the vector has room for `len` bytes, and packing writes all of them.
        unsafe {
            part::<Gather>(&self.copying, self.base().cast_mut(), 0, len as u64, packed.as_mut_ptr());
            packed.set_len(len);
        }
        packed
    }

    /// A part of the packed elements: those bytes from `position` on that fit into `out`. Returns how many there were.
    pub fn pack_part(&self, position: usize, out: &mut [u8]) -> usize {
        let position = position.min(self.len());
        let len = out.len().min(self.len() - position);
        let (from, to) = (position as u64, (position + len) as u64);
        // SAFETY: as for `pack`; `out` has at least `len` bytes.
        unsafe { part::<Gather>(&self.copying, self.base().cast_mut(), from, to, out.as_mut_ptr()) };
        len
    }

    /// The elements in the representation that every machine understands (`MPI_Pack_external` with `"external32"`,
    /// MPI 5.0, section 5.3): big-endian, of defined sizes.
    ///
    /// # Errors
    /// [`PackError`]: a part that has no such form, or an integer that does not fit in it.
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let packed = Datatype::of::<u16>().view(&[1_u16, 0x0203], 2)?.pack_external()?;
    /// assert_eq!(packed, [0, 1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pack_external(&self) -> Result<Vec<u8>, PackError> {
        let mut packed = Vec::new();
        // SAFETY: as for `pack`.
        unsafe { self.datatype.pack_external_raw(self.base(), self.count, &mut packed) }?;
        Ok(packed)
    }

    /// The address that displacements count from.
    pub fn base(&self) -> *const u8 {
        self.memory.items().as_ptr().cast::<u8>().wrapping_add(self.origin)
    }
}

impl<M: MemoryMut> View<M> {
    /// The memory, to change.
    pub fn items_mut(&mut self) -> &mut [M::Item] {
        self.memory.items_mut()
    }

    /// The bytes of the elements, to be overwritten, if they lie in one piece and any bytes are values there.
    pub fn contiguous_mut(&mut self) -> Option<&mut [u8]> {
        if !M::Item::ANY_BITS {
            return None;
        }
        let (start, len) = (self.start_if_contiguous()?, self.len());
        let room = size_of_val(self.memory.items());
        let base = self.memory.items_mut().as_mut_ptr().cast::<u8>();
        // SAFETY: the bytes of a slice that is borrowed exclusively; any bytes are values of its type.
        let bytes = unsafe { core::slice::from_raw_parts_mut(base, room) };
        Some(&mut bytes[start..start + len])
    }

    /// Puts packed elements back in their places (`MPI_Unpack`). Returns how many bytes of `packed` these were; what is
    /// behind them is another call's.
    ///
    /// # Errors
    /// [`PackError`]: too few bytes, or such as are no values of the memory's type (which are zero then).
    pub fn unpack(&mut self, packed: &[u8]) -> Result<usize, PackError> {
        let needed = self.len();
        if packed.len() < needed {
            return Err(PackError::Short { needed: needed as u64, found: packed.len() });
        }
        Ok(self.unpack_part(0, packed)?)
    }

    /// Puts a part of the packed elements back: the bytes that are the packed ones from `position` on. What is too much
    /// is left out. Returns how many bytes were used.
    ///
    /// # Errors
    /// [`InvalidValue`]: bytes that are no values of the memory's type; they are zero then.
    pub fn unpack_part(&mut self, position: usize, packed: &[u8]) -> Result<usize, InvalidValue> {
        let position = position.min(self.len());
        let len = packed.len().min(self.len() - position);
        let (from, to) = (position as u64, (position + len) as u64);
        let base = self.base_mut();
        // SAFETY: every run of the layout lies in the memory, as was checked when the view was made, and the memory is
        // exclusively ours; unpacking only reads the `len` bytes of the stream. What is no value is mended below, before
        // anyone reads it.
        unsafe { part::<Scatter>(&self.copying, base, from, to, packed.as_ptr().cast_mut()) };
        self.mend()?;
        Ok(len)
    }

    /// Puts back elements that [`pack_external`](Self::pack_external) made on any machine (`MPI_Unpack_external`). Returns
    /// how many bytes of `packed` these were.
    ///
    /// # Errors
    /// As for [`unpack`](Self::unpack) and [`pack_external`](Self::pack_external).
    pub fn unpack_external(&mut self, packed: &[u8]) -> Result<usize, PackError> {
        let base = self.base_mut();
        // SAFETY: as for `unpack_part`.
        let taken = unsafe { self.datatype.unpack_external_raw(base, self.count, packed) };
        self.mend()?;
        taken
    }

    /// The address that displacements count from. What is written by it to the elements has to be [mended](Self::mend), unless
    /// any bytes are values of the memory's type.
    pub fn base_mut(&mut self) -> *mut u8 {
        self.memory.items_mut().as_mut_ptr().cast::<u8>().wrapping_add(self.origin)
    }

    /// Makes values again of what bytes were written over, by address or by this view.
    ///
    /// # Errors
    /// [`InvalidValue`]: bytes that were no values of the memory's type; they are zero now.
    pub fn mend(&mut self) -> Result<(), InvalidValue> {
        let size = size_of::<M::Item>();
        if M::Item::ANY_BITS || size == 0 {
            return Ok(());
        }
        let Some((first, end)) = self.datatype.layout().bounds.touched(self.count as u64) else {
            return Ok(());
        };
        // Within the memory, as was checked when the view was made.
        let first = (first + self.origin as i128) as usize / size;
        let end = ((end + self.origin as i128) as usize).div_ceil(size);
        validate_or_zero(&mut self.memory.items_mut()[first..end])
            .map_err(|invalid| InvalidValue { index: invalid.index + first, ..invalid })
    }
}

impl<M> fmt::Debug for View<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("datatype", &self.datatype)
            .field("count", &self.count)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
