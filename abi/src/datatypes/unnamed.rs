//! Predefined datatypes that have no names: Fortran's numbers of a precision (MPI 5.0, section 19.1.9).
//!
//! The same arguments give the same handle, for as long as the process lives.

use std::ffi::c_int;
use std::sync::{PoisonError, RwLock};

use olympi_comm::{Datatype as Layout, Recipe, signature};

use crate::fault::Outcome;
use crate::object::{TYPES, TypeObject, too_many};
use crate::predefined::{self, Class};
use crate::types::Datatype;

/// The arguments of which one was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Made {
    /// `MPI_Type_create_f90_real`
    Real {
        /// Decimal digits.
        p: c_int,
        /// Decimal exponents.
        r: c_int,
    },
    /// `MPI_Type_create_f90_complex`
    Complex {
        /// Decimal digits.
        p: c_int,
        /// Decimal exponents.
        r: c_int,
    },
    /// `MPI_Type_create_f90_integer`
    Integer {
        /// Decimal digits.
        r: c_int,
    },
}

/// All that were made. The name of a [`Basic`] of Fortran's is its place here, and this bit.
static UNNAMED: RwLock<Vec<(Made, Datatype)>> = RwLock::new(Vec::new());
const PLACE: u32 = 1 << 31;

/// The handle for these arguments; the first time, `layout` makes its datatype, given the name that it is known by.
///
/// # Errors
/// There are too many datatypes; those of `layout`.
pub(super) fn handle_for(made: Made, layout: impl FnOnce(u32) -> Outcome<Layout>) -> Outcome<Datatype> {
    let mut all = UNNAMED.write().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, handle)) = all.iter().find(|(known, _)| *known == made) {
        return Ok(*handle);
    }
    let object = TypeObject::new(layout(PLACE | all.len() as u32)?);
    object.commit();
    let handle = TYPES.insert(object).map(Datatype).ok_or_else(too_many)?;
    all.push((made, handle));
    Ok(handle)
}

/// The arguments of an unnamed datatype, and its handle; `None`: it is none.
pub(super) fn made_of(datatype: &Layout) -> Option<(Made, Datatype)> {
    let Recipe::Basic(basic) = datatype.recipe() else { return None };
    let place = basic.name().checked_sub(PLACE)?;
    UNNAMED.read().unwrap_or_else(PoisonError::into_inner).get(place as usize).copied()
}

/// The handle of a datatype that is predefined, under a name or not.
pub fn handle_of(datatype: &Layout) -> Option<Datatype> {
    let named = predefined::handle_of(datatype).map(Datatype);
    named.or_else(|| made_of(datatype).map(|(_, handle)| handle))
}

/// Whether a datatype is predefined, under a name or not.
pub fn is_predefined(object: &TypeObject) -> bool {
    object.predefined.is_some() || made_of(&object.datatype).is_some()
}

/// Which operations are defined on a datatype: a predefined one, or a copy of one.
pub fn class_of(datatype: &Layout) -> Class {
    match datatype.recipe() {
        Recipe::Dup(of) => class_of(of),
        Recipe::ValueIndex { .. } => Class::Pair,
        Recipe::Basic(basic) if basic.name() & PLACE != 0 => match basic.class() {
            signature::F32 | signature::F64 | signature::LONG_DOUBLE => Class::Floating,
            signature::COMPLEX_F32 | signature::COMPLEX_F64 | signature::COMPLEX_LONG_DOUBLE => {
                Class::Complex
            }
            _ if matches!(made_of(datatype), Some((Made::Integer { .. }, _))) => Class::Integer,
            _ => Class::None,
        },
        Recipe::Basic(basic) => predefined::get(basic.name() as usize)
            .and_then(|object| object.predefined)
            .map_or(Class::None, |predefined| predefined.class),
        _ => Class::None,
    }
}
