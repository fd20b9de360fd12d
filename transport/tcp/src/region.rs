//! Registered memory: which bytes of this process a peer's put may write.
//!
//! A put names a region by a slot and that slot's generation. Dropping a region ages its slot, so a put that
//! was under way to memory whose operation has failed meanwhile is recognised, and its bytes are thrown away.
//! Every write happens under the table's lock, and dropping a region takes that lock too: once the drop has
//! returned, no byte of the memory is touched any more, whichever thread dropped it.

use std::os::fd::BorrowedFd;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use olympi_transport_api::{Extent, MemoryRegion, RegionGuard, RegisterError, RemoteKey};
use rustix::io::Errno;

use crate::sys;

/// The table of this process's regions.
#[derive(Clone, Default)]
pub(crate) struct Regions(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    /// From 1, so that no key is all zeros.
    generation: u32,
    live: Option<Extent>,
}

/// The rest of a put that is arriving.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arriving {
    key: u64,
    offset: u64,
    /// How many of its bytes are still to come.
    pub(crate) left: u64,
}

impl Regions {
    /// Enters `bytes` in the table.
    pub(crate) fn register(&self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        let mut table = self.lock();
        let slot = match table.free.pop() {
            Some(slot) => slot,
            None => {
                let Ok(slot) = u32::try_from(table.slots.len()) else {
                    return Err(RegisterError::Refused {
                        transport: crate::NAME,
                        len: bytes.len(),
                        detail: "2^32 regions are registered already; let some operations end first".into(),
                    });
                };
                table.slots.push(Slot { generation: 1, live: None });
                slot
            }
        };
        let entry = &mut table.slots[slot as usize];
        entry.live = Some(bytes);
        let key = RemoteKey { address: 0, key: u64::from(slot) | u64::from(entry.generation) << 32 };
        drop(table);
        Ok(MemoryRegion::new(key, Some(Box::new(Guard { regions: self.clone(), slot }))))
    }

    /// Checks a put that a peer announces. Only a region that is live, writable and long enough takes it, or one
    /// that was live once.
    pub(crate) fn admit(&self, key: u64, offset: u64, len: u64) -> Result<Arriving, &'static str> {
        let (slot, generation) = split(key);
        let table = self.lock();
        let Some(entry) = table.slots.get(slot) else {
            return Err("a put to memory that was never registered");
        };
        if generation == 0 || generation > entry.generation {
            return Err("a put to memory that was never registered");
        }
        if generation == entry.generation {
            let Some(extent) = entry.live else { return Err("a put to memory that was never registered") };
            if !extent.writable() {
                return Err("a put to memory that was registered for reading");
            }
            // The wire has checked that the sum does not overflow.
            if offset + len > extent.len() as u64 {
                return Err("a put beyond the end of registered memory");
            }
        }
        Ok(Arriving { key, offset, left: len })
    }

    /// Moves on by bytes of the put that were read elsewhere.
    pub(crate) fn copy(&self, put: &mut Arriving, bytes: &[u8]) {
        let table = self.lock();
        if let Some(target) = table.target(put) {
            // SAFETY: `target` is valid for writing `put.left` bytes while the lock is held (see there), and
            // the caller passes no more than that. Lent memory is exclusive, so it does not overlap `bytes`.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) }
        }
        put.advance(bytes.len());
    }

    /// Reads from the connection straight into the region, and what comes after the put into `after`, which also
    /// takes the bytes of a put that nobody wants any more. Returns how many bytes of `after` belong to what
    /// follows the put, and how many were read in all.
    pub(crate) fn receive(
        &self,
        put: &mut Arriving,
        fd: BorrowedFd<'_>,
        after: &mut [u8],
    ) -> Result<(usize, usize), Errno> {
        let table = self.lock();
        let Some(target) = table.target(put) else {
            drop(table);
            let most = usize::try_from(put.left).unwrap_or(usize::MAX).min(after.len());
            let n = sys::recv(fd, &mut after[..most])?;
            put.advance(n);
            return Ok((0, n));
        };
        // A put to live memory is no longer than that memory, so its length fits a usize.
        let left = put.left as usize;
        // SAFETY: `target` is valid for writing `left` bytes while the lock is held (see there).
        let n = unsafe { sys::recv_two(fd, target, left, after) }?;
        drop(table);
        let own = n.min(left);
        put.advance(own);
        Ok((n - own, n))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The table is whole after every statement, so a panic elsewhere has not spoilt it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Where the next byte of a put goes: valid for writing `put.left` bytes for as long as the table is locked,
    /// because the region is live, `admit` has checked the whole put against its length, and whoever registered it
    /// keeps the memory lent until the region has been dropped, which takes the lock.
    fn target(&self, put: &Arriving) -> Option<*mut u8> {
        let (slot, generation) = split(put.key);
        let entry = &self.slots[slot];
        let extent = entry.live.filter(|_| entry.generation == generation)?;
        Some(ptr::with_exposed_provenance_mut(extent.address().wrapping_add(put.offset as usize)))
    }
}

impl Arriving {
    fn advance(&mut self, n: usize) {
        self.offset += n as u64;
        self.left -= n as u64;
    }
}

/// Removes its region on drop.
struct Guard {
    regions: Regions,
    slot: u32,
}

impl RegionGuard for Guard {}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut table = self.regions.lock();
        let entry = &mut table.slots[self.slot as usize];
        entry.live = None;
        // A slot whose generations are used up is never used again.
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            table.free.push(self.slot);
        }
    }
}

fn split(key: u64) -> (usize, u32) {
    (key as u32 as usize, (key >> 32) as u32)
}
