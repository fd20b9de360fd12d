//! Packing (MPI 5.0, section 5.2). Packed elements are those of a message, without anything before them.

use std::ffi::{c_int, c_void};

use crate::constants::{MPI_ERR_ARG, MPI_ERR_TRUNCATE};
use crate::datatypes::{argument, exact, fitting};
use crate::fault::{Fault, Outcome};
use crate::object::{nonnegative, put};
use crate::types::{Comm, Datatype, Number};

/// What is left of a buffer of packed elements behind a position in it.
pub(super) struct Rest {
    /// The address of the first byte that is left.
    pub(super) start: *mut u8,
    /// How many there are.
    pub(super) len: usize,
    /// Where in the buffer that is.
    pub(super) position: usize,
}

impl Rest {
    /// What is left of it.
    ///
    /// # Safety
    /// The position is null, or may be read.
    pub(super) unsafe fn of<N: Number>(buffer: *mut c_void, size: N, position: *const N) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        let position = unsafe { position.as_ref() }
            .ok_or_else(|| Fault::new(MPI_ERR_ARG, "the place of the position is NULL"))?;
        let (size, position) = (argument(size, "size of the buffer")?, argument(*position, "position")?);
        if position > size {
            let detail = format!("position {position} is behind the end of the {size} bytes of the buffer");
            return Err(Fault::new(MPI_ERR_ARG, detail));
        }
        if buffer.is_null() && size > 0 {
            return Err(Fault::new(MPI_ERR_ARG, format!("the buffer of {size} bytes is at address NULL")));
        }
        Ok(Self { start: buffer.cast::<u8>().wrapping_add(position), len: size - position, position })
    }

    /// So many bytes are to be put there, or taken from there.
    pub(super) fn check(&self, needed: usize) -> Outcome {
        if needed > self.len {
            let detail =
                format!("the elements have {needed} bytes, and the buffer {} behind the position", self.len);
            return Err(Fault::new(MPI_ERR_TRUNCATE, detail));
        }
        Ok(())
    }

    /// Moves the position behind so many bytes.
    ///
    /// # Safety
    /// The position may be written.
    pub(super) unsafe fn advance<N: Number>(&self, bytes: usize, position: *mut N) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { put(position, exact((self.position + bytes) as i64)?) }
    }
}

/// `MPI_Pack`
///
/// # Safety
/// The elements may be read and are initialized; the buffer has so many bytes that may be written; the position may be read
/// and written.
pub unsafe fn pack<N: Number>(
    inbuf: *const c_void,
    incount: N,
    datatype: Datatype,
    outbuf: *mut c_void,
    outsize: N,
    position: *mut N,
    comm: Comm,
) -> c_int {
    comm.call("MPI_Pack", |_| {
        let elements = datatype.get()?.raw(inbuf, incount)?;
        // SAFETY: the caller's promise; the buffer has room for what is copied, which lies apart from it.
        unsafe {
            let rest = Rest::of(outbuf, outsize, position)?;
            rest.check(elements.len())?;
            let packed = elements.pack();
            std::ptr::copy_nonoverlapping(packed.as_ptr(), rest.start, packed.len());
            rest.advance(packed.len(), position)
        }
    })
}

/// `MPI_Unpack`
///
/// # Safety
/// The buffer has so many bytes that may be read and are initialized; the elements may be written, and lie apart from it; the
/// position may be read and written.
pub unsafe fn unpack<N: Number>(
    inbuf: *const c_void,
    insize: N,
    position: *mut N,
    outbuf: *mut c_void,
    outcount: N,
    datatype: Datatype,
    comm: Comm,
) -> c_int {
    comm.call("MPI_Unpack", |_| {
        let elements = datatype.get()?.raw(outbuf, outcount)?;
        // SAFETY: the caller's promise; there are as many bytes as are taken.
        unsafe {
            let rest = Rest::of(inbuf.cast_mut(), insize, position)?;
            rest.check(elements.len())?;
            if !elements.is_empty() {
                elements.unpack(std::slice::from_raw_parts(rest.start, elements.len()));
            }
            rest.advance(elements.len(), position)
        }
    })
}

/// `MPI_Pack_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn pack_size<N: Number>(incount: N, datatype: Datatype, comm: Comm, size: *mut N) -> c_int {
    comm.call("MPI_Pack_size", |_| {
        let count = nonnegative(incount.wide())?;
        let one = datatype.get()?.datatype.size();
        let all = one.checked_mul(count as u64).and_then(|all| i64::try_from(all).ok()).unwrap_or(i64::MAX);
        // SAFETY: the caller's promise.
        unsafe { put(size, fitting(all)?) }
    })
}
