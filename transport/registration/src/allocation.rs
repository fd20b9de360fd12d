//! Memory of our own: it is unmapped only when nothing is registered in it any more.

use std::collections::BTreeMap;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use thiserror::Error;

use crate::Memory;

/// From this length on huge pages are asked for: a device's table of pages is then 512 times shorter.
const HUGE: usize = 2 << 20;

/// Why there is no such memory.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot allocate {len} bytes for registration: {detail}")]
pub struct AllocError {
    /// How many bytes were asked for.
    pub len: usize,
    /// What the system said.
    pub detail: String,
}

/// Zeroed memory of whole pages, from [`Memory::allocate`]. Registrations in it are kept until it is dropped, and it is
/// unmapped when the last of them is gone.
#[derive(Debug)]
pub struct Allocation {
    mapping: Arc<Mapping>,
    memory: Arc<Memory>,
}

impl Drop for Allocation {
    fn drop(&mut self) {
        self.mapping.released.store(true, Ordering::Release);
        self.memory.releases.fetch_add(1, Ordering::Release);
    }
}

/// An anonymous mapping.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: *mut u8,
    len: usize,
    /// Its user has let go of it: what is registered in it is to go.
    released: AtomicBool,
}

// SAFETY: an address and a length; who reads or writes the memory behind them has to answer for it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(len: usize) -> Result<Self, AllocError> {
        let page = page_size();
        let refused = |detail: String| AllocError { len, detail };
        let whole = len
            .max(1)
            .checked_next_multiple_of(page)
            .ok_or_else(|| refused("there is no such memory".to_owned()))?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, wherever the system likes.
        let start =
            unsafe { libc::mmap(ptr::null_mut(), whole, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(refused(std::io::Error::last_os_error().to_string()));
        }
        if whole >= HUGE {
            // SAFETY: our own mapping; advice changes nothing but its pages' size.
            unsafe { libc::madvise(start, whole, libc::MADV_HUGEPAGE) };
        }
        Ok(Self { start: start.cast(), len: whole, released: AtomicBool::new(false) })
    }

    pub(crate) fn start(&self) -> usize {
        self.start as usize
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn released(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length; nobody names it any more.
        unsafe { libc::munmap(self.start.cast(), self.len) };
    }
}

impl Allocation {
    pub(crate) fn new(memory: &Arc<Memory>, len: usize) -> Result<Self, AllocError> {
        Ok(Self { mapping: Arc::new(Mapping::new(len)?), memory: Arc::clone(memory) })
    }

    /// Address of the first byte, which begins a page.
    pub fn address(&self) -> usize {
        self.mapping.start()
    }

    /// The first byte. The memory is zeroed, readable and writable, and belongs to who has this value.
    pub fn as_ptr(&self) -> *mut u8 {
        self.mapping.start
    }

    /// Length in bytes: whole pages.
    pub fn len(&self) -> usize {
        self.mapping.len
    }

    /// Never: there is at least a page.
    pub fn is_empty(&self) -> bool {
        self.mapping.len == 0
    }
}

/// The live allocations, by their start.
#[derive(Default)]
pub(crate) struct Allocations(BTreeMap<usize, Weak<Mapping>>);

impl Allocations {
    pub(crate) fn add(&mut self, allocation: &Allocation) {
        self.0.retain(|_, mapping| mapping.strong_count() > 0);
        self.0.insert(allocation.address(), Arc::downgrade(&allocation.mapping));
    }

    /// The allocation in which the range lies.
    pub(crate) fn around(&self, start: usize, len: usize) -> Option<Arc<Mapping>> {
        let (_, mapping) = self.0.range(..=start).next_back()?;
        let mapping = mapping.upgrade()?;
        let end = start.checked_add(len)?;
        (end <= mapping.start() + mapping.len() && !mapping.released()).then_some(mapping)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// Bytes in a page.
pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}
