//! Attributes of communicators, types and windows, and names of types (MPI 5.0, sections 7.7 and 7.8).

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
