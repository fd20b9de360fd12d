//! Memory of the checks that is lent to operations. The only place where they lend any.

use std::ptr::slice_from_raw_parts_mut;

use olympi_transport_api::{RecvBuf, SendBuf};

/// Owned bytes that are lent out. A check looks at them only while no operation has them.
pub(crate) struct Lent {
    ptr: *mut u8,
    len: usize,
}

impl Lent {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let bytes: Box<[u8]> = bytes.into();
        let len = bytes.len();
        Self { ptr: Box::into_raw(bytes).cast(), len }
    }

    pub(crate) fn filled(byte: u8, len: usize) -> Self {
        Self::new(&vec![byte; len])
    }

    pub(crate) fn send(&self) -> SendBuf {
        // SAFETY: the bytes live as long as `self`, which the checks keep (as does `drop`, when a check fails) until
        // the operation has ended, and they are written to only through other operations.
        unsafe { SendBuf::lend(self.ptr, self.len) }
    }

    pub(crate) fn recv(&self) -> RecvBuf {
        // SAFETY: as above; the bytes are reached through this pointer alone, and the checks do not look at them
        // before the operation has ended.
        unsafe { RecvBuf::lend(self.ptr, self.len) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        // SAFETY: the bytes are alive, and no operation has them now, so nobody writes to them.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }.to_vec()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // When a check has failed, an operation may still have these bytes: they stay where they are.
        if !std::thread::panicking() {
            // SAFETY: `new` took them out of a box of this length, and this is the end of their only owner.
            drop(unsafe { Box::from_raw(slice_from_raw_parts_mut(self.ptr, self.len)) });
        }
    }
}
