//! Committing and freeing (MPI 5.0, section 5.1.9).

use std::ffi::c_int;

use crate::attributes;
use crate::constants::{MPI_ERR_ARG, MPI_ERR_TYPE};
use crate::datatypes::is_predefined;
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::TYPES;
use crate::types::Datatype;

/// The handle in its place.
///
/// # Safety
/// The place is null, or may be read and written.
unsafe fn place<'a>(datatype: *mut Datatype) -> Outcome<&'a mut Datatype> {
    // SAFETY: the caller's promise.
    unsafe { datatype.as_mut() }.ok_or_else(|| Fault::new(MPI_ERR_ARG, "the place of the datatype is NULL"))
}

/// `MPI_Type_commit`
///
/// # Safety
/// The datatype may be read.
pub unsafe fn type_commit(datatype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_commit", || {
        // SAFETY: the caller's promise.
        unsafe { place(datatype) }?.get()?.commit();
        Ok(())
    })
}

/// `MPI_Type_free`: the handle goes; operations that are under way, and types that are made of this one, keep what they need.
///
/// # Safety
/// The datatype may be read and written.
pub unsafe fn type_free(datatype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_free", || {
        // SAFETY: the caller's promise.
        let place = unsafe { place(datatype) }?;
        let object = place.get()?;
        if is_predefined(object) {
            return Err(Fault::new(MPI_ERR_TYPE, "a predefined datatype is not freed"));
        }
        attributes::drop_type(*place, object)?;
        TYPES.remove(place.0);
        *place = Datatype::NULL;
        Ok(())
    })
}
