//! A vector whose parts have different users at the same time: the messages that carry some of them, and the program,
//! which fills or reads others.
//!
//! A slice of the whole would cover what others use, so that this vector is only known by its address, and every part
//! is lent by itself.

use std::any::Any;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::sync::Arc;

use olympi_datatype::{Equivalence, InvalidValue, bytes_of, validate_or_zero_raw};
use olympi_transport::{RecvBuf, SendBuf};

use crate::op::Hold;

pub(crate) struct Memory<T> {
    start: *mut T,
    len: usize,
    capacity: usize,
    owned: PhantomData<T>,
}

// SAFETY: it owns its elements, as the vector did that it was made from.
unsafe impl<T: Send> Send for Memory<T> {}
// SAFETY: the safe calls look at nothing but address and length; whoever borrows a part through the others promises that
// nobody else has it, or that all who have it only read, as `T: Sync` allows.
unsafe impl<T: Send + Sync> Sync for Memory<T> {}

impl<T: Equivalence> Memory<T> {
    pub(crate) fn new(items: Vec<T>) -> Self {
        let mut items = ManuallyDrop::new(items);
        Self { start: items.as_mut_ptr(), len: items.len(), capacity: items.capacity(), owned: PhantomData }
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The elements of a part, to read.
    ///
    /// # Safety
    /// They are values, and nobody writes to them while the slice lives.
    ///
    /// # Panics
    /// If there is no such part, as all others here.
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &[T] {
        let (start, len) = self.place(&range);
        // SAFETY: within the vector, as `place` has checked; the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts(start, len) }
    }

    /// The elements of a part, to change.
    ///
    /// # Safety
    /// They are values, and nobody else reads or writes them while the slice lives.
    #[allow(clippy::mut_from_ref)] // That is what the caller's promise is about.
    pub(crate) unsafe fn part_mut(&self, range: Range<usize>) -> &mut [T] {
        let (start, len) = self.place(&range);
        // SAFETY: as in `part`.
        unsafe { std::slice::from_raw_parts_mut(start, len) }
    }

    /// Lends a part to a send.
    ///
    /// # Safety
    /// The memory stays until the send has ended, and nobody writes to the part before.
    pub(crate) unsafe fn lend_part(&self, range: Range<usize>) -> SendBuf {
        // SAFETY: values to read, as the caller promises.
        let bytes = bytes_of(unsafe { self.part(range) });
        // SAFETY: they stay, unwritten, until the send has ended: the caller's promise again.
        unsafe { SendBuf::lend(bytes.as_ptr(), bytes.len()) }
    }

    /// Lends all of it to receives.
    ///
    /// # Safety
    /// The memory stays until every receive has ended that is given some of it, and nobody else uses that before.
    pub(crate) unsafe fn lend_whole(&self) -> RecvBuf {
        // SAFETY: the length in bytes is that of memory which exists; the rest is the caller's promise.
        unsafe { RecvBuf::lend(self.start.cast(), self.len * size_of::<T>()) }
    }

    /// Makes values of what has been received into a part.
    ///
    /// # Safety
    /// Nobody else uses the part meanwhile.
    pub(crate) unsafe fn validate(&self, range: Range<usize>) -> Result<(), InvalidValue> {
        let first = range.start;
        let (start, len) = self.place(&range);
        // SAFETY: a vector's elements, of which every byte was initialized and has at most been written to since; they
        // are this call's alone, as the caller promises.
        unsafe { validate_or_zero_raw(start, len) }
            .map_err(|invalid| InvalidValue { index: invalid.index + first, ..invalid })
    }

    fn place(&self, range: &Range<usize>) -> (*mut T, usize) {
        assert!(range.start <= range.end && range.end <= self.len, "no part of the vector: {range:?}");
        (self.start.wrapping_add(range.start), range.end - range.start)
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        // SAFETY: address, length and capacity are those of the vector that it was made from, which was not dropped.
        drop(unsafe { Vec::from_raw_parts(self.start, self.len, self.capacity) });
    }
}

/// A share in the memory, for a message that outlives its request.
pub(crate) struct Share<T> {
    _memory: Arc<Memory<T>>,
}

impl<T: Equivalence + Sync> Share<T> {
    pub(crate) fn of(memory: &Arc<Memory<T>>) -> Box<dyn Hold> {
        Box::new(Self { _memory: Arc::clone(memory) })
    }
}

impl<T: Equivalence + Sync> Hold for Share<T> {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // It is given to messages whose place is known already, or that are withdrawn.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_apart_and_the_vector_is_whole() {
        let memory = Memory::new((0..10_u32).collect());
        // SAFETY: the two parts have nothing in common, and nobody else has either.
        let (left, right) = unsafe { (memory.part_mut(0..4), memory.part(4..10)) };
        left.copy_from_slice(&right[..4]);
        // SAFETY: the parts above are used no more.
        assert_eq!(unsafe { memory.part(0..10) }, [4, 5, 6, 7, 4, 5, 6, 7, 8, 9]);
        assert_eq!(memory.len(), 10);
    }

    #[test]
    fn an_invalid_value_is_named_by_its_place_in_the_whole() {
        let memory = Memory::new(vec![false; 8]);
        // SAFETY: nobody else has the memory; what is written is looked at as bytes alone before it is checked.
        unsafe {
            memory.lend_whole().write(5, &[1, 9]);
            assert_eq!(memory.validate(0..4), Ok(()));
            assert_eq!(memory.validate(4..8).map_err(|invalid| invalid.index), Err(6));
            assert_eq!(memory.part(4..8), [false, true, false, false]);
        }
    }
}
