//! Packing in the representation `external32`, which every machine understands (MPI 5.0, section 5.3).

use std::ffi::{CStr, c_char, c_int, c_void};

use crate::constants::{MPI_ERR_ARG, MPI_ERR_BUFFER, MPI_ERR_CONVERSION, MPI_ERR_TYPE};
use crate::datatypes::fitting;
use crate::datatypes::pack::Rest;
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::{TypeObject, nonnegative, put};
use crate::types::{Datatype, Number};

/// There is one representation.
///
/// # Safety
/// The name is null, or ends with a zero.
unsafe fn check(datarep: *const c_char) -> Outcome {
    if datarep.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "the name of the representation is NULL"));
    }
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(datarep) };
    if name != c"external32" {
        let detail = format!("there is no representation {name:?}: it must be \"external32\"");
        return Err(Fault::new(MPI_ERR_ARG, detail));
    }
    Ok(())
}

/// A datatype that may be packed, a count, and how many bytes the elements then have.
fn measured<N: Number>(datatype: Datatype, count: N) -> Outcome<(&'static TypeObject, usize, u64)> {
    let (object, count) = (datatype.get()?, nonnegative(count.wide())?);
    let size = object.datatype.external_size(count).ok_or_else(|| {
        Fault::new(
            MPI_ERR_CONVERSION,
            "the datatype has a part that external32 has no form for, or is too large",
        )
    })?;
    Ok((object, count, size))
}

/// What cannot be packed.
fn refuse(object: &TypeObject, count: usize, buffer: *const c_void) -> Outcome {
    if !object.is_committed() {
        return Err(Fault::new(MPI_ERR_TYPE, "the datatype is not committed: call MPI_Type_commit"));
    }
    let bytes = object.datatype.size();
    if count > 0 && bytes > 0 && (buffer as isize).wrapping_add(object.datatype.true_lb() as isize) == 0 {
        return Err(Fault::new(
            MPI_ERR_BUFFER,
            format!("there are {count} elements to be moved at address NULL"),
        ));
    }
    Ok(())
}

/// `MPI_Pack_external`
///
/// # Safety
/// The elements may be read and are initialized; the buffer has so many bytes that may be written; the position may be read
/// and written, and the name ends with a zero.
pub unsafe fn pack_external<N: Number, A: Number>(
    datarep: *const c_char,
    inbuf: *const c_void,
    incount: N,
    datatype: Datatype,
    outbuf: *mut c_void,
    outsize: A,
    position: *mut A,
) -> c_int {
    anywhere("MPI_Pack_external", || {
        // SAFETY: the caller's promise; the buffer has room for what is copied.
        unsafe {
            check(datarep)?;
            let (object, count, size) = measured(datatype, incount)?;
            refuse(object, count, inbuf)?;
            let rest = Rest::of(outbuf, outsize, position)?;
            rest.check(usize::try_from(size).unwrap_or(usize::MAX))?;
            let mut packed = Vec::new();
            object.datatype.pack_external_raw(inbuf.cast(), count, &mut packed)?;
            std::ptr::copy_nonoverlapping(packed.as_ptr(), rest.start, packed.len());
            rest.advance(packed.len(), position)
        }
    })
}

/// `MPI_Unpack_external`
///
/// # Safety
/// The buffer has so many bytes that may be read and are initialized; the elements may be written, and lie apart from it; the
/// position may be read and written, and the name ends with a zero.
pub unsafe fn unpack_external<N: Number, A: Number>(
    datarep: *const c_char,
    inbuf: *const c_void,
    insize: A,
    position: *mut A,
    outbuf: *mut c_void,
    outcount: N,
    datatype: Datatype,
) -> c_int {
    anywhere("MPI_Unpack_external", || {
        // SAFETY: the caller's promise; there are as many bytes as are taken.
        unsafe {
            check(datarep)?;
            let (object, count, size) = measured(datatype, outcount)?;
            refuse(object, count, outbuf)?;
            let rest = Rest::of(inbuf.cast_mut(), insize, position)?;
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            rest.check(size)?;
            if size > 0 {
                let packed = std::slice::from_raw_parts(rest.start, size);
                object.datatype.unpack_external_raw(outbuf.cast(), count, packed)?;
            }
            rest.advance(size, position)
        }
    })
}

/// `MPI_Pack_external_size`
///
/// # Safety
/// The result has a place, and the name ends with a zero.
pub unsafe fn pack_external_size<N: Number, A: Number>(
    datarep: *const c_char,
    incount: N,
    datatype: Datatype,
    size: *mut A,
) -> c_int {
    anywhere("MPI_Pack_external_size", || {
        // SAFETY: the caller's promise.
        unsafe {
            check(datarep)?;
            let (_, _, bytes) = measured(datatype, incount)?;
            put(size, fitting(i64::try_from(bytes).unwrap_or(i64::MAX))?)
        }
    })
}
