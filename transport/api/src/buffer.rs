//! Lent memory: the user's buffers while an operation has them, and payloads that a peer may still write.
//!
//! This file holds the only `unsafe` between the user's slices and the backends. Lending is unsafe and is
//! done in one place of comm (and one of the C ABI); everything above a backend then works on
//! [`SendBuf`] and [`RecvBuf`] with safe calls.

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ptr;

use crate::copy::{CopyBy, copy};

/// Bytes lent for sending: they stay readable and unchanged until the operation that has them ends.
#[derive(Clone, Copy, Debug)]
pub struct SendBuf {
    ptr: *const u8,
    len: usize,
}

// SAFETY: a lent buffer is only memory; the lender promises that it stays valid whichever thread reads it.
unsafe impl Send for SendBuf {}

impl SendBuf {
    /// Lends `len` bytes at `ptr`.
    ///
    /// # Safety
    /// Until the operation that is given this buffer has ended, the bytes must stay allocated, initialized
    /// and unwritten. `ptr` may be anything when `len` is zero.
    #[inline]
    pub const unsafe fn lend(ptr: *const u8, len: usize) -> Self {
        Self { ptr, len }
    }

    /// A buffer of no bytes.
    #[inline]
    pub const fn empty() -> Self {
        Self { ptr: ptr::null(), len: 0 }
    }

    /// A buffer over bytes that live for ever.
    #[inline]
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() }
    }

    /// Length in bytes.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Address of the first byte.
    #[inline]
    pub const fn as_ptr(&self) -> *const u8 {
        self.ptr
    }

    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the lender promised readable, initialized, unwritten bytes until the operation ends, and
        // only the operation's own code holds this value.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len) }
    }

    /// The part of `len` bytes that begins `offset` bytes in; both are clamped to what there is.
    #[inline]
    #[must_use]
    pub fn part(&self, offset: usize, len: usize) -> Self {
        let offset = offset.min(self.len);
        let len = len.min(self.len - offset);
        Self { ptr: self.ptr.wrapping_add(offset), len }
    }

    /// Where this memory lies, for registration.
    #[inline]
    pub fn extent(&self) -> crate::Extent {
        crate::Extent::new(self.ptr as usize, self.len, false)
    }
}

/// Memory lent for receiving: it belongs to the operation alone until that ends.
#[derive(Clone, Copy, Debug)]
pub struct RecvBuf {
    ptr: *mut u8,
    len: usize,
}

// SAFETY: as for SendBuf; the lender promises exclusive access to the operation, not to one thread.
unsafe impl Send for RecvBuf {}

impl RecvBuf {
    /// Lends `len` writable bytes at `ptr`. They need not be initialized.
    ///
    /// # Safety
    /// Until the operation that is given this buffer has ended, the bytes must stay allocated, and nobody else
    /// may read or write them. `ptr` may be anything when `len` is zero.
    #[inline]
    pub const unsafe fn lend(ptr: *mut u8, len: usize) -> Self {
        Self { ptr, len }
    }

    /// A buffer of no bytes.
    #[inline]
    pub const fn empty() -> Self {
        Self { ptr: ptr::null_mut(), len: 0 }
    }

    /// Length in bytes.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Address of the first byte.
    #[inline]
    pub const fn as_ptr(&self) -> *mut u8 {
        self.ptr
    }

    /// The part of `len` bytes that begins `offset` bytes in; both are clamped to what there is.
    #[inline]
    #[must_use]
    pub fn part(&self, offset: usize, len: usize) -> Self {
        let offset = offset.min(self.len);
        let len = len.min(self.len - offset);
        Self { ptr: self.ptr.wrapping_add(offset), len }
    }

    /// Where this memory lies, for registration.
    #[inline]
    pub fn extent(&self) -> crate::Extent {
        crate::Extent::new(self.ptr as usize, self.len, true)
    }

    /// Copies `bytes` in at `offset`. Bytes that do not fit are left out; returns how many were copied.
    #[inline]
    pub fn write(&self, offset: usize, bytes: &[u8]) -> usize {
        self.fill(offset, Payload::from_slice(bytes))
    }

    /// Copies a payload in at `offset`. Bytes that do not fit are left out; returns how many were copied.
    #[inline]
    pub fn fill(&self, offset: usize, payload: Payload<'_>) -> usize {
        let room = self.len.saturating_sub(offset);
        let n = payload.len.min(room);
        if n > 0 {
            // SAFETY: the source is readable for `payload.len >= n` bytes (Payload's promise), the destination
            // is writable and ours alone for `offset + n <= self.len` bytes (the lender's promise). They
            // cannot overlap, since the destination is exclusive.
            unsafe { copy(payload.ptr, self.ptr.add(offset), n) }
        }
        n
    }
}

impl RecvBuf {
    /// As [`fill`](Self::fill), but the bytes are copied as the payload's transport [finds best](Payload::copied_by). For
    /// the parts of a long message.
    pub fn fill_part(&self, offset: usize, payload: Payload<'_>) -> usize {
        if payload.by == CopyBy::Streams {
            return self.fill(offset, payload);
        }
        let n = payload.len.min(self.len.saturating_sub(offset));
        if n > 0 {
            // SAFETY: as in `fill`.
            unsafe { payload.by.copy(payload.ptr, self.ptr.add(offset), n) }
        }
        n
    }
}

/// A payload inside a transport's memory, readable until the sink returns. A hostile peer may still write to it
/// (shared memory), so it is never a `&[u8]`: it can only be copied out.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    ptr: *const u8,
    len: usize,
    by: CopyBy,
    lent: PhantomData<&'a u8>,
}

impl<'a> Payload<'a> {
    /// A payload over private bytes.
    #[inline]
    pub const fn from_slice(bytes: &'a [u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len(), by: CopyBy::Streams, lent: PhantomData }
    }

    /// A payload over memory that a peer may write.
    ///
    /// # Safety
    /// `len` bytes at `ptr` must stay mapped and readable for `'a`.
    #[inline]
    pub const unsafe fn from_raw(ptr: *const u8, len: usize) -> Self {
        Self { ptr, len, by: CopyBy::Streams, lent: PhantomData }
    }

    /// The same, of which the transport knows how it is best copied if it is part of a long message.
    #[inline]
    #[must_use]
    pub const fn copied_by(self, by: CopyBy) -> Self {
        Self { by, ..self }
    }

    /// Length in bytes.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The part of `len` bytes that begins `offset` bytes in; both are clamped to what there is.
    #[inline]
    #[must_use]
    pub fn part(&self, offset: usize, len: usize) -> Self {
        let offset = offset.min(self.len);
        let len = len.min(self.len - offset);
        Self { ptr: self.ptr.wrapping_add(offset), len, ..*self }
    }

    /// A private copy.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len);
        if self.len > 0 {
            // SAFETY: readable for `len` bytes by this value's promise; the vector has that capacity, and
            // every byte of it is written before its length is set.
            unsafe {
                copy(self.ptr, bytes.as_mut_ptr(), self.len);
                bytes.set_len(self.len);
            }
        }
        bytes
    }

    /// Copies into the front of `out` as many bytes as fit; returns how many.
    pub fn copy_to(&self, out: &mut [u8]) -> usize {
        let n = self.len.min(out.len());
        if n > 0 {
            // SAFETY: readable for `len >= n` bytes by this value's promise; `out` holds `n` bytes.
            unsafe { copy(self.ptr, out.as_mut_ptr(), n) }
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_length_is_copied_exactly() {
        let source: Vec<u8> = (0..80).collect();
        for n in 0..80 {
            let mut target = [0xAA_u8; 96];
            // SAFETY: `target` outlives the value and is not used while it lives.
            let buffer = unsafe { RecvBuf::lend(target.as_mut_ptr(), 90) };
            assert_eq!(buffer.fill(3, Payload::from_slice(&source[..n])), n);
            assert_eq!(&target[3..3 + n], &source[..n]);
            assert!(target[..3].iter().chain(&target[3 + n..]).all(|&b| b == 0xAA));
            assert_eq!(Payload::from_slice(&source[..n]).to_vec(), &source[..n]);
        }
    }

    #[test]
    fn however_they_are_copied_the_bytes_are_the_same() {
        let source: Vec<u8> = (0..=250).cycle().take(1000).collect();
        let parts = [(0, 0), (0, 1), (3, 15), (16, 64), (5, 200), (1, 129), (7, 993), (0, 1000), (990, 50)];
        let ways = [CopyBy::Streams, CopyBy::Strings, CopyBy::PastCaches];
        for (by, (offset, n)) in ways.into_iter().flat_map(|by| parts.map(|part| (by, part))) {
            let mut target = [0xAA_u8; 1000];
            // SAFETY: `target` outlives the value and is not used while it lives.
            let buffer = unsafe { RecvBuf::lend(target.as_mut_ptr(), 1000) };
            let fits = n.min(1000 - offset);
            let payload = Payload::from_slice(&source[..n]).copied_by(by);
            assert_eq!(buffer.fill_part(offset, payload), fits);
            assert_eq!(target[offset..offset + fits], source[..fits]);
            assert!(target[..offset].iter().chain(&target[offset + fits..]).all(|&b| b == 0xAA));
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut target = [0_u8; 4];
        // SAFETY: as above.
        let buffer = unsafe { RecvBuf::lend(target.as_mut_ptr(), 4) };
        assert_eq!(buffer.write(2, &[1, 2, 3]), 2);
        assert_eq!(buffer.write(9, &[7]), 0);
        assert_eq!(target, [0, 0, 1, 2]);
        assert!(buffer.part(3, 10).len() == 1 && buffer.part(9, 1).is_empty());
    }
}
