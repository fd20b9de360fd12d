//! Registered memory.

use alloc::boxed::Box;
use core::fmt;

/// Lent memory, named so that it can be registered. Only a lent buffer makes one (`SendBuf::extent`,
/// `RecvBuf::extent`), so the promise made at lending covers the registration too: the memory stays valid
/// until the operation ends, and the operation drops its region before that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    address: usize,
    len: usize,
    writable: bool,
}

impl Extent {
    pub(crate) fn new(address: usize, len: usize, writable: bool) -> Self {
        Self { address, len, writable }
    }

    /// Address of the first byte.
    pub fn address(&self) -> usize {
        self.address
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a peer may write here (a lent [`RecvBuf`](crate::RecvBuf)), or only read.
    pub fn writable(&self) -> bool {
        self.writable
    }
}

/// How a peer names registered memory of ours: what travels inside an RTS or a CTS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RemoteKey {
    /// Where the region begins, in the terms of its transport (a virtual address, mostly).
    pub address: u64,
    /// The fabric's key for it.
    pub key: u64,
}

impl RemoteKey {
    /// The key of the byte that lies `offset` bytes into the region.
    #[must_use]
    pub fn at(self, offset: u64) -> Self {
        Self { address: self.address.wrapping_add(offset), ..self }
    }
}

/// What keeps a registration alive; dropping it deregisters.
pub trait RegionGuard: Send {}

/// Registered memory. It keeps alive whatever its registration needs, and deregisters on drop.
pub struct MemoryRegion {
    key: RemoteKey,
    _guard: Option<Box<dyn RegionGuard>>,
}

impl MemoryRegion {
    /// A region known to peers by `key`, registered for as long as `guard` lives. A transport whose keys need
    /// no upkeep gives no guard.
    pub fn new(key: RemoteKey, guard: Option<Box<dyn RegionGuard>>) -> Self {
        Self { key, _guard: guard }
    }

    /// What to send to the peer that is to read or write here.
    pub fn key(&self) -> RemoteKey {
        self.key
    }
}

impl fmt::Debug for MemoryRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRegion").field("key", &self.key).finish_non_exhaustive()
    }
}
