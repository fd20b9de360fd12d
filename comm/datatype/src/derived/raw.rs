//! Packing of memory that is known by its address alone: the face of the C interface.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::Datatype;
use super::copy::{Gather, Scatter, part};
use super::error::PackError;
use super::external32::{decode, encode};

impl Datatype {
    /// Where `count` elements lie, if in one piece: bytes from the address that a call is given, and length. `None` too
    /// where they are more than the address space holds.
    ///
    /// ```
    /// use olympi_datatype::Datatype;
    ///
    /// let pair = Datatype::of::<i32>().contiguous(2)?;
    /// assert_eq!((pair.run(3), pair.vector(2, 1, 2)?.run(1)), (Some((0, 24)), None));
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn run(&self, count: usize) -> Option<(isize, usize)> {
        let layout = self.layout();
        let offset = layout.copying.contiguous()?;
        if count > 1 && i64::try_from(layout.size()) != Ok(layout.bounds.extent) {
            return (layout.size() == 0).then_some((0, 0));
        }
        let len = layout.size().checked_mul(count as u64).and_then(|len| isize::try_from(len).ok())?;
        Some((offset as isize, len as usize))
    }

    /// Packs those bytes of `count` elements at `base` that come from `position` on in the packed stream and fit into
    /// `out`. Returns how many these were, all of them initialized; 0 if the elements are more than the address space
    /// holds.
    ///
    /// # Safety
    /// All data of the elements, seen from `base`, lies in memory that may be read and is initialized, and does not
    /// overlap `out`.
    pub unsafe fn pack_raw(
        &self,
        base: *const u8,
        count: usize,
        position: u64,
        out: &mut [MaybeUninit<u8>],
    ) -> usize {
        let Some(copying) = self.copying(count) else { return 0 };
        let position = position.min(copying.size);
        let len = (out.len() as u64).min(copying.size - position);
        // SAFETY: the caller's promise; `out` has at least `len` bytes.
        unsafe {
            part::<Gather>(&copying, base.cast_mut(), position, position + len, out.as_mut_ptr().cast());
        }
        len as usize
    }

    /// Unpacks bytes that come from `position` on in the packed stream of `count` elements at `base`. Returns how many
    /// were used.
    ///
    /// # Safety
    /// All data of the elements, seen from `base`, lies in memory that may be written, is nobody else's during the call,
    /// and does not overlap `packed`.
    pub unsafe fn unpack_raw(&self, base: *mut u8, count: usize, position: u64, packed: &[u8]) -> usize {
        let Some(copying) = self.copying(count) else { return 0 };
        let position = position.min(copying.size);
        let len = (packed.len() as u64).min(copying.size - position);
        // SAFETY: the caller's promise; the stream is only read.
        unsafe {
            part::<Scatter>(&copying, base, position, position + len, packed.as_ptr().cast_mut());
        }
        len as usize
    }

    /// Appends `count` elements at `base` to `out`, as `external32` writes them.
    ///
    /// # Errors
    /// [`PackError`]: a part that has no such form, or an integer that does not fit in it.
    ///
    /// # Safety
    /// As for [`pack_raw`](Self::pack_raw).
    pub unsafe fn pack_external_raw(
        &self,
        base: *const u8,
        count: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), PackError> {
        let size = self.external_size(count).ok_or(PackError::NotExternal)?;
        // A stream that could not be held would fail to be allocated; what is reserved is what is written.
        out.reserve(size as usize);
        let map = self.layout().map.repeat(count as u64, self.extent());
        map.for_each(0, &mut |basic, at, len| {
            // SAFETY: the caller's promise for every run of the type map.
            let native =
                unsafe { core::slice::from_raw_parts(base.wrapping_offset(at as isize), len as usize) };
            encode(basic, native, out)
        })
    }

    /// Unpacks `count` elements at `base` from what `external32` has written. Returns how many bytes of `packed` were
    /// used.
    ///
    /// # Errors
    /// [`PackError`]: too few bytes; as for [`pack_external_raw`](Self::pack_external_raw).
    ///
    /// # Safety
    /// As for [`unpack_raw`](Self::unpack_raw).
    pub unsafe fn unpack_external_raw(
        &self,
        base: *mut u8,
        count: usize,
        packed: &[u8],
    ) -> Result<usize, PackError> {
        let needed = self.external_size(count).ok_or(PackError::NotExternal)?;
        if (packed.len() as u64) < needed {
            return Err(PackError::Short { needed, found: packed.len() });
        }
        let map = self.layout().map.repeat(count as u64, self.extent());
        let mut rest = packed;
        map.for_each(0, &mut |basic, at, len| {
            let external = len as usize / basic.size() * basic.external_size().unwrap_or(0);
            let (taken, behind) = rest.split_at(external);
            rest = behind;
            let place = base.wrapping_offset(at as isize);
            let mut native = Vec::with_capacity(len as usize);
            decode(basic, taken, &mut native)?;
            // SAFETY: the caller's promise for every run of the type map; `decode` has made as many bytes as the run has.
            unsafe { core::ptr::copy_nonoverlapping(native.as_ptr(), place, native.len().min(len as usize)) };
            Ok::<(), PackError>(())
        })?;
        Ok(packed.len() - rest.len())
    }

    /// Size in bytes of `count` elements in `external32` (`MPI_Pack_external_size`); `None` where a part has no such
    /// form, or the size does not fit in 63 bits.
    ///
    /// ```
    /// use olympi_datatype::{Basic, Datatype};
    ///
    /// assert_eq!(Datatype::basic(Basic::C_LONG).external_size(10), Some(40));
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn external_size(&self, count: usize) -> Option<u64> {
        let size = self.signature().external_size()?.checked_mul(count as u64)?;
        i64::try_from(size).is_ok().then_some(size)
    }
}
