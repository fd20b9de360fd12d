//! Operations of the user (MPI 5.0, section 6.9.5).

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::Order;

/// A function in MPI's sense, `inout = input ∘ inout`, on the bytes of elements.
#[derive(Clone)]
pub(crate) struct User {
    /// The size of an element.
    pub(crate) grain: usize,
    /// How elements must be aligned when the function sees them.
    pub(crate) align: usize,
    pub(crate) commutative: bool,
    pub(crate) function: Arc<Function>,
}

pub(crate) type Function = dyn Fn(&[u8], &mut [u8]) + Send + Sync;

impl User {
    pub(crate) fn apply(&self, from: &[u8], into: &mut [u8], order: Order) {
        if into.is_empty() {
            return;
        }
        if self.commutative || order == Order::FromFirst {
            self.call(from, into);
        } else {
            // The function leaves its result in the right operand, which here is the one that must not change.
            let mut right = Aligned::copy_of(from, self.align);
            self.call(into, right.bytes_mut());
            into.copy_from_slice(right.bytes());
        }
    }

    /// Calls the function with aligned operands. A message may lie anywhere, and what comes through a ring of bytes does.
    fn call(&self, left: &[u8], right: &mut [u8]) {
        let align = self.align;
        let left_copy;
        let left = if is_aligned(left, align) {
            left
        } else {
            left_copy = Aligned::copy_of(left, align);
            left_copy.bytes()
        };
        if is_aligned(right, align) {
            (self.function)(left, right);
        } else {
            let mut copy = Aligned::copy_of(right, align);
            (self.function)(left, copy.bytes_mut());
            right.copy_from_slice(copy.bytes());
        }
    }

    /// What tells two of them apart, as long as both live.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.function).cast::<()>().addr()
    }
}

/// A copy of bytes at an aligned address: a vector with room for as much as its own address may be off.
struct Aligned {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Aligned {
    fn copy_of(bytes: &[u8], align: usize) -> Self {
        let mut memory = vec![0; bytes.len() + align - 1];
        let start = memory.as_ptr().addr().wrapping_neg() % align;
        memory[start..start + bytes.len()].copy_from_slice(bytes);
        Self { memory, start, len: bytes.len() }
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

fn is_aligned(bytes: &[u8], align: usize) -> bool {
    bytes.as_ptr().addr().is_multiple_of(align)
}
