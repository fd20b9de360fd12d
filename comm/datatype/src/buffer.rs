//! What a call may be given where MPI has an address, a count and a datatype.

use alloc::vec::Vec;

use crate::Equivalence;

/// Elements to send: a value, an array, a slice or a `Vec` of any [`Equivalence`] type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no buffer of a raw message",
    note = "a buffer is a value, an array, a slice or a `Vec` of an `Equivalence` type; anything that serde serializes \
            can be sent as an object instead"
)]
pub trait Buffer {
    /// The type of an element.
    type Item: Equivalence;

    /// The elements.
    fn items(&self) -> &[Self::Item];
}

/// Elements to receive into; a message may fill a part of them, and never changes their number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no buffer to receive a raw message into",
    note = "a buffer is a value, an array, a slice or a `Vec` (of the length wanted) of an `Equivalence` type"
)]
pub trait BufferMut: Buffer {
    /// The elements.
    fn items_mut(&mut self) -> &mut [Self::Item];
}

/// A value, and with it an array, is one element.
impl<T: Equivalence> Buffer for T {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        core::slice::from_ref(self)
    }
}

impl<T: Equivalence> BufferMut for T {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        core::slice::from_mut(self)
    }
}

impl<T: Equivalence> Buffer for [T] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> BufferMut for [T] {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Equivalence> Buffer for Vec<T> {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> BufferMut for Vec<T> {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn bytes<B: Buffer + ?Sized>(buffer: &B) -> usize {
        size_of_val(buffer.items())
    }

    #[test]
    fn values_arrays_slices_and_vectors_are_buffers() {
        assert_eq!(bytes(&7_i32), 4);
        assert_eq!(bytes(&[1.0_f64; 5]), 40);
        assert_eq!(bytes(&[1_u16, 2, 3][1..]), 4);
        assert_eq!(bytes(&vec!['a'; 2]), 8);
        let mut items = vec![1, 2, 3];
        items.items_mut()[1] = 5;
        items[..1].items_mut()[0] = 4;
        items[2].items_mut()[0] = 6;
        assert_eq!(items, [4, 5, 6]);
    }
}
