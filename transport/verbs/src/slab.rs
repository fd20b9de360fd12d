//! Registered memory of the transport's own: slots of one length, for frames that come and frames that go.

use core::ptr;
use std::sync::Arc;

use crate::ffi::{ibv_recv_wr, ibv_sge};
use crate::library::words;
use crate::owner::{Mr, Pd, Srq};

/// Slots in a slab.
const SLOTS: u32 = 64;
/// How many receives are posted at once.
const BATCH: usize = 16;

/// Own memory, registered as long as it is mapped.
pub(crate) struct Slab {
    // Deregistered before it is unmapped.
    mr: Mr,
    mapping: Mapping,
}

/// Pages of our own.
struct Mapping {
    address: *mut u8,
    len: usize,
}

// SAFETY: plain memory, reached through its owner alone.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `Slab::new` with this length, and unmapped once.
        unsafe { libc::munmap(self.address.cast(), self.len) };
    }
}

impl Slab {
    /// Maps and registers zeroed memory.
    pub(crate) fn new(pd: &Arc<Pd>, len: usize) -> Result<Self, String> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, wherever the system likes.
        let address =
            unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(format!("cannot map {len} bytes: {}", std::io::Error::last_os_error()));
        }
        let mapping = Mapping { address: address.cast(), len };
        // SAFETY: the mapping is this slab's, which drops the registration first.
        let mr = unsafe { Mr::register(pd, address as usize, len, true) }
            .map_err(|errno| format!("cannot register {len} bytes for frames: {}", words(errno)))?;
        Ok(Self { mr, mapping })
    }

    /// Address of the byte at `offset`, which is clamped to what there is.
    pub(crate) fn at(&self, offset: usize) -> *mut u8 {
        self.mapping.address.wrapping_add(offset.min(self.mapping.len))
    }

    pub(crate) fn lkey(&self) -> u32 {
        self.mr.lkey()
    }

    pub(crate) fn len(&self) -> usize {
        self.mapping.len
    }
}

/// Slots in slabs, which are made as they are needed.
struct Slots {
    pd: Arc<Pd>,
    slot: usize,
    slabs: Vec<Slab>,
}

impl Slots {
    fn capacity(&self) -> u32 {
        self.slabs.len() as u32 * SLOTS
    }

    fn grow(&mut self) -> Result<core::ops::Range<u32>, String> {
        let first = self.capacity();
        self.slabs.push(Slab::new(&self.pd, self.slot * SLOTS as usize)?);
        Ok(first..first + SLOTS)
    }

    fn address(&self, slot: u32) -> *mut u8 {
        let slab = &self.slabs[(slot / SLOTS) as usize];
        slab.at((slot % SLOTS) as usize * self.slot)
    }

    fn sge(&self, slot: u32, len: usize) -> ibv_sge {
        let slab = &self.slabs[(slot / SLOTS) as usize];
        ibv_sge { addr: self.address(slot) as u64, length: len as u32, lkey: slab.lkey() }
    }
}

/// The receive buffers that all connections share. There are at least as many as all peers together were granted
/// frames, and a batch more, so that a frame always finds one.
pub(crate) struct Receives {
    // Destroyed before its memory goes.
    srq: Arc<Srq>,
    slots: Slots,
    limit: u32,
    /// What peers were granted in all.
    granted: u32,
    /// Free, and not yet posted.
    free: Vec<u32>,
}

impl Receives {
    pub(crate) fn new(pd: &Arc<Pd>, srq: &Arc<Srq>, frame: usize, limit: u32) -> Self {
        let slots = Slots { pd: Arc::clone(pd), slot: frame, slabs: Vec::new() };
        Self { srq: Arc::clone(srq), slots, limit, granted: 0, free: Vec::new() }
    }

    /// Makes room for `more` frames to be granted; an error leaves all as it was.
    pub(crate) fn grant(&mut self, more: u32) -> Result<(), String> {
        let wanted = self.granted + more;
        if wanted + BATCH as u32 > self.limit {
            return Err(format!(
                "all {} receive buffers are granted to peers; OLYMPI_VERBS_RECEIVES allows more",
                self.limit
            ));
        }
        while self.slots.capacity() < wanted + BATCH as u32 {
            let new = self.slots.grow()?;
            self.free.extend(new);
            self.flush(1)?;
        }
        self.granted = wanted;
        Ok(())
    }

    /// A peer with that much granted is gone.
    pub(crate) fn withdraw(&mut self, granted: u32) {
        self.granted = self.granted.saturating_sub(granted);
    }

    pub(crate) fn slot(&self, slot: u32) -> Option<*const u8> {
        (slot < self.slots.capacity()).then(|| self.slots.address(slot).cast_const())
    }

    /// A frame was taken out of its slot.
    #[inline]
    pub(crate) fn give_back(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// Posts what is free, if there are `least` or more.
    pub(crate) fn flush(&mut self, least: usize) -> Result<(), String> {
        while self.free.len() >= least.max(1) {
            let n = self.free.len().min(BATCH);
            let mut sges = [ibv_sge { addr: 0, length: 0, lkey: 0 }; BATCH];
            let mut chain =
                [ibv_recv_wr { wr_id: 0, next: ptr::null_mut(), sg_list: ptr::null_mut(), num_sge: 1 };
                    BATCH];
            for (i, &slot) in self.free[self.free.len() - n..].iter().enumerate() {
                sges[i] = self.slots.sge(slot, self.slots.slot);
                chain[i].wr_id = u64::from(slot);
            }
            let (sge, wr) = (sges.as_mut_ptr(), chain.as_mut_ptr());
            for i in 0..n {
                // SAFETY: within the two arrays, which are used through these pointers until the call is over.
                unsafe {
                    (*wr.add(i)).sg_list = sge.add(i);
                    (*wr.add(i)).next = if i + 1 < n { wr.add(i + 1) } else { ptr::null_mut() };
                }
            }
            // SAFETY: the chain lives during the call. Each slot is free, so nobody reads it until its completion, and
            // its slab stays registered until the queue is destroyed, which is dropped before.
            unsafe { self.srq.post(wr) }
                .map_err(|errno| format!("receive buffers cannot be posted: {}", words(errno)))?;
            self.free.truncate(self.free.len() - n);
        }
        Ok(())
    }

    pub(crate) fn pinned(&self) -> usize {
        self.slots.slabs.iter().map(Slab::len).sum()
    }
}

/// Buffers for frames that are too long to be inline: copied into, and free again when they are sent.
pub(crate) struct Bounces {
    slots: Slots,
    free: Vec<u32>,
    limit: u32,
}

impl Bounces {
    pub(crate) fn new(pd: &Arc<Pd>, frame: usize, limit: u32) -> Self {
        let slots = Slots { pd: Arc::clone(pd), slot: frame, slabs: Vec::new() };
        Self { slots, free: Vec::new(), limit }
    }

    /// A free slot, where it lies, and its key; `None`: all are under way.
    pub(crate) fn take(&mut self) -> Option<(u32, *mut u8, u32)> {
        if self.free.is_empty() && self.slots.capacity() < self.limit {
            match self.slots.grow() {
                Ok(new) => self.free.extend(new),
                Err(reason) => {
                    tracing::debug!(%reason, "verbs: no more memory for frames");
                    self.limit = self.slots.capacity();
                }
            }
        }
        let slot = self.free.pop()?;
        let sge = self.slots.sge(slot, 0);
        Some((slot, self.slots.address(slot), sge.lkey))
    }

    pub(crate) fn give_back(&mut self, slot: u32) {
        self.free.push(slot);
    }

    pub(crate) fn pinned(&self) -> usize {
        self.slots.slabs.iter().map(Slab::len).sum()
    }

    /// Whether there is no memory at all, and none to be had.
    pub(crate) fn barren(&self) -> bool {
        self.limit == 0
    }
}
