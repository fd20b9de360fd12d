//! Names of datatypes (MPI 5.0, section 7.8).

use std::ffi::{c_char, c_int};
use std::sync::PoisonError;

use crate::constants::MPI_MAX_OBJECT_NAME;
use crate::fault::anywhere;
use crate::object::TypeObject;
use crate::text::{copy_in, copy_out};
use crate::types::Datatype;

impl TypeObject {
    /// What it is called: as it was named, else as MPI names it, if it does.
    fn known_as(&self) -> String {
        let set = self.name.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let standard = || self.predefined.map_or(String::new(), |predefined| predefined.name.to_owned());
        set.unwrap_or_else(standard)
    }
}

/// `MPI_Type_set_name`: what is too long is cut off.
///
/// # Safety
/// The name ends with a zero.
pub unsafe fn type_set_name(datatype: Datatype, type_name: *const c_char) -> c_int {
    anywhere("MPI_Type_set_name", || {
        let object = datatype.get()?;
        // SAFETY: the caller's promise.
        let mut name = unsafe { copy_in(type_name) }?;
        name.truncate(name.floor_char_boundary(MPI_MAX_OBJECT_NAME as usize - 1));
        *object.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
        Ok(())
    })
}

/// `MPI_Type_get_name`: of `MPI_DATATYPE_NULL` too.
///
/// # Safety
/// The name has room for `MPI_MAX_OBJECT_NAME` characters, and the length has a place.
pub unsafe fn type_get_name(datatype: Datatype, type_name: *mut c_char, resultlen: *mut c_int) -> c_int {
    anywhere("MPI_Type_get_name", || {
        let name = match datatype {
            Datatype::NULL => "MPI_DATATYPE_NULL".to_owned(),
            datatype => datatype.get()?.known_as(),
        };
        // SAFETY: the caller's promise.
        unsafe { copy_out(&name, type_name, MPI_MAX_OBJECT_NAME, resultlen) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::{MPI_INT, MPI_SUCCESS};

    #[test]
    fn a_name_that_was_set_comes_first() {
        let object = TypeObject::new(Datatype(MPI_INT).get().unwrap().datatype.clone());
        assert_eq!(object.known_as(), "");
        *object.name.lock().unwrap() = Some("mine".to_owned());
        assert_eq!(object.known_as(), "mine");
        let (mut name, mut len) = ([0_u8; 128], 0);
        // SAFETY: there is room.
        let code = unsafe { type_get_name(Datatype(MPI_INT), name.as_mut_ptr().cast(), &raw mut len) };
        assert_eq!((code, &name[..8], len), (MPI_SUCCESS, &b"MPI_INT\0"[..], 7));
    }
}
