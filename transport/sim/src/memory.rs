//! Reads and writes of registered memory: what a fabric's hardware does, in the one unsafe file of this crate.
#![allow(unsafe_code)]

use std::ptr;

use olympi_transport_api::{Extent, Payload, RecvBuf, SendBuf};

/// Why an access was refused.
pub(crate) type Refusal = &'static str;

/// Registered memory of a rank of this process. It exists only while its region lives, which the state's lock makes
/// sure of: dropping a region waits for that lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    extent: Extent,
}

impl Memory {
    pub(crate) fn new(extent: Extent) -> Self {
        Self { extent }
    }

    /// Fills `into` from what lies `offset` bytes in.
    pub(crate) fn read(&self, offset: u64, into: RecvBuf) -> Result<(), Refusal> {
        let Some(address) = self.locate(offset, into.len())? else { return Ok(()) };
        // SAFETY: the extent was made of a lent buffer, whose lender promised that it is readable while its region
        // lives, and it does (see the type). `locate` has checked that the bytes lie within.
        let source = unsafe { Payload::from_raw(ptr::with_exposed_provenance(address), into.len()) };
        into.fill(0, source);
        Ok(())
    }

    /// Writes `from` to what lies `offset` bytes in.
    pub(crate) fn write(&self, offset: u64, from: SendBuf) -> Result<(), Refusal> {
        if !self.extent.writable() {
            return Err("the region is registered for reading only");
        }
        let Some(address) = self.locate(offset, from.len())? else { return Ok(()) };
        // SAFETY: as for `read`; a writable extent was made of a `RecvBuf`, whose lender promised that nobody but
        // the operation reads or writes there.
        let target = unsafe { RecvBuf::lend(ptr::with_exposed_provenance_mut(address), from.len()) };
        target.write(0, from.as_slice());
        Ok(())
    }

    /// The address of `len` bytes at `offset`, `None` if there are none.
    fn locate(&self, offset: u64, len: usize) -> Result<Option<usize>, Refusal> {
        let end = usize::try_from(offset).ok().and_then(|offset| offset.checked_add(len));
        match end {
            Some(end) if end <= self.extent.len() => Ok((len > 0).then(|| self.extent.address() + end - len)),
            _ => Err("the access goes beyond the region"),
        }
    }
}
