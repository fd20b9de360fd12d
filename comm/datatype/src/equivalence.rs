//! The trait.

use crate::signature;

/// A type that is equivalent to the bytes it is stored in, and so travels without being described or converted.
///
/// # Safety
/// Who implements it by hand instead of deriving it promises that
/// - all `size_of::<Self>()` bytes of every value are initialized: the type has no padding, and is no union;
/// - bytes for which [`is_valid`](Self::is_valid) holds are a value of the type, wherever they come from; so the type
///   has no pointers, and where [`ANY_BITS`](Self::ANY_BITS) is true, any bytes are a value;
/// - bytes that are all zero are a value of the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not travel as raw bytes",
    label = "not `Equivalence`",
    note = "raw messages are made of integers, floats, bool, char, complex and half-precision numbers, arrays of them, \
            and structs of them with `#[derive(Clone, Copy, Equivalence)] #[repr(C)]`",
    note = "anything that serde serializes can be sent as an object instead"
)]
pub unsafe trait Equivalence: Copy + Send + 'static {
    /// Whether any bytes are a value of this type, so that nothing needs to be checked after a receive.
    const ANY_BITS: bool;

    /// A message of this type has a multiple of so many bytes. An array's is that of its element, so a message may
    /// fill a part of an array, but not of a number or a struct.
    const GRAIN: usize = size_of::<Self>();

    /// The class of the type in one byte (see [`signature`]), to tell a receiver that it asks for another type than
    /// was sent. It is not needed for soundness, and not checked where it is not given.
    const SIGNATURE: u8 = signature::UNCHECKED;

    /// Whether these bytes, a whole number of elements, are all values of this type.
    fn is_valid(bytes: &[u8]) -> bool;
}
