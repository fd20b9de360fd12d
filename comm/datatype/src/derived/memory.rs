//! The memory that a datatype is laid over.

use alloc::vec::Vec;

use crate::{Buffer, BufferMut, Equivalence};

/// What becomes the memory of a [`View`](super::View): a borrowed buffer (`&` or `&mut` of a value, an array, a slice or
/// a `Vec`), or a `Vec` that is given away.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no memory that a datatype can be laid over",
    note = "give `&buffer` to send, `&mut buffer` to receive, or a `Vec` for a call that owns it"
)]
pub trait IntoMemory {
    /// The memory.
    type Memory: Memory;

    /// Makes it.
    fn into_memory(self) -> Self::Memory;
}

/// Memory of elements whose number never changes: `&[T]`, `&mut [T]`, `Vec<T>`.
pub trait Memory: sealed::Sealed {
    /// The type of an element.
    type Item: Equivalence;

    /// The elements.
    fn items(&self) -> &[Self::Item];
}

/// Memory that can be written: `&mut [T]`, `Vec<T>`.
pub trait MemoryMut: Memory {
    /// The elements.
    fn items_mut(&mut self) -> &mut [Self::Item];
}

mod sealed {
    use super::{Equivalence, Vec};

    /// A view checks once that its elements lie in the memory, so that nobody else may say what a memory is.
    pub trait Sealed {}

    impl<T: Equivalence> Sealed for &[T] {}
    impl<T: Equivalence> Sealed for &mut [T] {}
    impl<T: Equivalence> Sealed for Vec<T> {}
}

impl<T: Equivalence> Memory for &[T] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> Memory for &mut [T] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> MemoryMut for &mut [T] {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Equivalence> Memory for Vec<T> {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> MemoryMut for Vec<T> {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<'a, B: Buffer + ?Sized> IntoMemory for &'a B {
    type Memory = &'a [B::Item];

    fn into_memory(self) -> Self::Memory {
        self.items()
    }
}

impl<'a, B: BufferMut + ?Sized> IntoMemory for &'a mut B {
    type Memory = &'a mut [B::Item];

    fn into_memory(self) -> Self::Memory {
        self.items_mut()
    }
}

impl<T: Equivalence> IntoMemory for Vec<T> {
    type Memory = Self;

    fn into_memory(self) -> Self {
        self
    }
}
