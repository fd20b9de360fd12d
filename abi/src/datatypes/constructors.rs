//! Constructors of blocks and structs (MPI 5.0, section 5.1.2).

use std::ffi::c_int;

use olympi_comm::Datatype as Layout;

use crate::attributes;
use crate::constants::MPI_ERR_NO_MEM;
use crate::datatypes::{give, listed, natural};
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::{TYPES, TypeObject, put};
use crate::types::{Datatype, Number};

/// `MPI_Type_dup`: the same, with its attributes, as far as their functions copy them; committed if the old one is.
///
/// # Safety
/// The result has a place.
pub unsafe fn type_dup(oldtype: Datatype, newtype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_dup", || {
        let old = oldtype.get()?;
        let object = TypeObject::new(old.datatype.dup()?);
        if old.is_committed() {
            object.commit();
        }
        let handle = TYPES.insert(object).map(Datatype).ok_or_else(crate::object::too_many)?;
        let new = handle.get()?;
        if let Err(fault) = attributes::copy_type(oldtype, old, new) {
            // The error is that of copying; what was copied before goes as it would with the type.
            let _goes = attributes::drop_type(handle, new);
            TYPES.remove(handle.0);
            return Err(fault);
        }
        // SAFETY: the caller's promise.
        unsafe { put(newtype, handle) }
    })
}

/// `MPI_Type_contiguous`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_contiguous<N: Number>(count: N, oldtype: Datatype, newtype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_contiguous", || {
        let made = oldtype.get()?.datatype.contiguous(natural(count, "count")?)?;
        // SAFETY: the caller's promise.
        unsafe { give(made, N::LARGE, newtype) }
    })
}

/// `MPI_Type_vector`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_vector<N: Number>(
    count: N,
    blocklength: N,
    stride: N,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_vector", || {
        let (count, block) = (natural(count, "count")?, natural(blocklength, "length of a block")?);
        let made = oldtype.get()?.datatype.vector(count, block, stride.wide())?;
        // SAFETY: the caller's promise.
        unsafe { give(made, N::LARGE, newtype) }
    })
}

/// `MPI_Type_create_hvector`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_create_hvector<N: Number, D: Number>(
    count: N,
    blocklength: N,
    stride: D,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_hvector", || {
        let (count, block) = (natural(count, "count")?, natural(blocklength, "length of a block")?);
        let made = oldtype.get()?.datatype.hvector(count, block, stride.wide())?;
        // SAFETY: the caller's promise.
        unsafe { give(made, N::LARGE, newtype) }
    })
}

/// Lengths and displacements of blocks.
///
/// # Safety
/// The arrays are null, or have so many elements.
unsafe fn blocks<N: Number, D: Number>(
    count: N,
    lengths: *const N,
    displacements: *const D,
) -> Outcome<Vec<(usize, i64)>> {
    let count = natural(count, "count")?;
    // SAFETY: the caller's promise.
    let (lengths, displacements) =
        unsafe { (listed(lengths, count, "lengths")?, listed(displacements, count, "displacements")?) };
    lengths
        .iter()
        .zip(displacements)
        .map(|(len, at)| Ok((natural(*len, "length of a block")?, at.wide())))
        .collect()
}

/// Displacements of blocks.
///
/// # Safety
/// The array is null, or has so many elements.
unsafe fn places<N: Number, D: Number>(count: N, displacements: *const D) -> Outcome<Vec<i64>> {
    // SAFETY: the caller's promise.
    let displacements = unsafe { listed(displacements, natural(count, "count")?, "displacements") }?;
    Ok(displacements.iter().map(|at| at.wide()).collect())
}

/// `MPI_Type_indexed`
///
/// # Safety
/// The arrays have as many elements as there are blocks; the result has a place.
pub unsafe fn type_indexed<N: Number>(
    count: N,
    blocklengths: *const N,
    displacements: *const N,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_indexed", || {
        // SAFETY: the caller's promise.
        unsafe {
            let made = oldtype.get()?.datatype.indexed(blocks(count, blocklengths, displacements)?)?;
            give(made, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_hindexed`
///
/// # Safety
/// As for [`type_indexed`].
pub unsafe fn type_create_hindexed<N: Number, D: Number>(
    count: N,
    blocklengths: *const N,
    displacements: *const D,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_hindexed", || {
        // SAFETY: the caller's promise.
        unsafe {
            let made = oldtype.get()?.datatype.hindexed(blocks(count, blocklengths, displacements)?)?;
            give(made, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_indexed_block`
///
/// # Safety
/// The array has as many elements as there are blocks; the result has a place.
pub unsafe fn type_create_indexed_block<N: Number>(
    count: N,
    blocklength: N,
    displacements: *const N,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_indexed_block", || {
        let block = natural(blocklength, "length of a block")?;
        // SAFETY: the caller's promise.
        unsafe {
            let made = oldtype.get()?.datatype.indexed_block(block, places(count, displacements)?)?;
            give(made, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_hindexed_block`
///
/// # Safety
/// As for [`type_create_indexed_block`].
pub unsafe fn type_create_hindexed_block<N: Number, D: Number>(
    count: N,
    blocklength: N,
    displacements: *const D,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_hindexed_block", || {
        let block = natural(blocklength, "length of a block")?;
        // SAFETY: the caller's promise.
        unsafe {
            let made = oldtype.get()?.datatype.hindexed_block(block, places(count, displacements)?)?;
            give(made, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_struct`
///
/// # Safety
/// The arrays have as many elements as there are blocks; the result has a place.
pub unsafe fn type_create_struct<N: Number, D: Number>(
    count: N,
    blocklengths: *const N,
    displacements: *const D,
    types: *const Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_struct", || {
        // SAFETY: the caller's promise.
        unsafe {
            let blocks = blocks(count, blocklengths, displacements)?;
            let types = listed(types, blocks.len(), "datatypes")?;
            let mut parts = Vec::new();
            parts
                .try_reserve_exact(blocks.len())
                .map_err(|error| Fault::new(MPI_ERR_NO_MEM, error.to_string()))?;
            for ((len, at), datatype) in blocks.into_iter().zip(types) {
                parts.push((len, at, datatype.get()?.datatype.clone()));
            }
            give(Layout::structure(parts)?, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_resized`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_create_resized<D: Number>(
    oldtype: Datatype,
    lb: D,
    extent: D,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_resized", || {
        let made = oldtype.get()?.datatype.resized(lb.wide(), extent.wide())?;
        // SAFETY: the caller's promise.
        unsafe { give(made, D::LARGE, newtype) }
    })
}
