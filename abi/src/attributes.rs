//! Attributes of communicators, types and windows, and names of types (MPI 5.0, sections 7.7 and 7.8).

use crate::fault::Outcome;
use crate::object::TypeObject;
use crate::types::Datatype;

/// The attributes of an object, in the order in which they were set.
#[derive(Default)]
pub struct Attributes {}

/// Deletes all of a communicator, which is about to end.
///
/// # Errors
/// What a function of the program says.
pub fn drop_all(_comm: crate::types::Comm, _object: &crate::object::CommObject) -> crate::fault::Outcome {
    Ok(())
}

/// Copies those of a datatype to its duplicate.
///
/// # Errors
/// What a function of the program says.
pub fn copy_type(_from: Datatype, _o: &TypeObject, _to: &TypeObject) -> Outcome {
    Ok(())
}

/// Deletes all of a datatype, which is about to be freed.
///
/// # Errors
/// What a function of the program says.
pub fn drop_type(_: Datatype, _: &TypeObject) -> Outcome {
    Ok(())
}
