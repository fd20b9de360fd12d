//! Registrations by address: a hit costs a few comparisons, and is never of pages that are gone.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::allocation::{Mapping, page_size};
use crate::invalid::{Cursor, Forget};
use crate::monitor::Monitor;
use crate::{Limits, Memory, pagemap};

/// How many registrations that begin before an address are looked at for one that covers it.
const LOOKED_AT: usize = 4;

/// Registrations of one device, `H` each, kept from one use to the next. Dropping an `H` ends its registration; that
/// happens when it is neither kept nor used any more.
///
/// A range of users' memory is kept while [`Memory`] is told of mappings that go; a range inside of an
/// [`Allocation`](crate::Allocation) as long as that lives. Anything else is made for one use.
pub struct Cache<H> {
    memory: Arc<Memory>,
    monitor: Option<Arc<Monitor>>,
    cursor: Cursor,
    releases: usize,
    limits: Limits,
    /// By the first byte, and whether it may be written.
    entries: BTreeMap<(usize, bool), Entry<H>>,
    /// Where the last one was found.
    last: Option<(usize, bool)>,
    pinned: usize,
    clock: u64,
}

struct Entry<H> {
    handle: Arc<H>,
    len: usize,
    used: u64,
    /// The allocation in which it lies: unmapped only after it is deregistered.
    within: Option<Arc<Mapping>>,
}

/// Whether a new registration may be kept.
enum Kept {
    No,
    Watched(Cursor),
    Within(Arc<Mapping>),
}

impl<H: Send + Sync + 'static> Cache<H> {
    /// A cache that keeps at most that much.
    pub fn new(memory: &Arc<Memory>, limits: Limits) -> Self {
        let monitor = memory.monitor().ok();
        let cursor = monitor.as_ref().map(|monitor| monitor.cursor()).unwrap_or_default();
        Self {
            memory: Arc::clone(memory),
            monitor,
            cursor,
            releases: memory.releases.load(Ordering::Acquire),
            limits,
            entries: BTreeMap::new(),
            last: None,
            pinned: 0,
            clock: 0,
        }
    }

    /// Whether registrations of users' memory are kept.
    pub fn enabled(&self) -> bool {
        self.monitor.is_some()
    }

    /// The registration that covers `len` bytes at `address`, for writing if it is `writable`: one that is kept, or what
    /// `make` makes of the whole pages around (start and length). What is returned lives as long as the caller keeps it.
    ///
    /// # Errors
    /// That of `make`.
    pub fn get<E>(
        &mut self,
        address: usize,
        len: usize,
        writable: bool,
        make: impl FnOnce(usize, usize) -> Result<H, E>,
    ) -> Result<Arc<H>, E> {
        self.forget();
        self.clock += 1;
        let end = address.saturating_add(len);
        if let Some(handle) = self.find(address, end, writable) {
            return Ok(handle);
        }
        let page = page_size();
        let start = address / page * page;
        let whole = end.checked_next_multiple_of(page).unwrap_or(usize::MAX) - start;
        // First the watch, then the registration, then a look at what was told meanwhile: so nothing is missed.
        let kept = self.may_keep(start, whole);
        let handle = Arc::new(make(start, whole)?);
        self.keep(start, whole, writable, &handle, kept);
        Ok(handle)
    }

    #[inline]
    fn find(&mut self, address: usize, end: usize, writable: bool) -> Option<Arc<H>> {
        let clock = self.clock;
        let covers = |start: usize, entry: &Entry<H>| start <= address && end <= start + entry.len;
        if let Some(key) = self.last
            && key.1 == writable
            && let Some(entry) = self.entries.get_mut(&key)
            && covers(key.0, entry)
        {
            entry.used = clock;
            return Some(Arc::clone(&entry.handle));
        }
        let before = self.entries.range_mut(..=(address, true)).rev();
        let (key, entry) = before
            .filter(|((_, can), _)| *can == writable)
            .take(LOOKED_AT)
            .find(|((start, _), entry)| covers(*start, entry))?;
        entry.used = clock;
        let (key, handle) = (*key, Arc::clone(&entry.handle));
        self.last = Some(key);
        Some(handle)
    }

    fn may_keep(&self, start: usize, len: usize) -> Kept {
        if len > self.limits.bytes || self.limits.entries == 0 {
            return Kept::No;
        }
        let allocations = self.memory.allocations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mapping) = allocations.around(start, len) {
            return Kept::Within(mapping);
        }
        drop(allocations);
        match &self.monitor {
            Some(monitor) => {
                let cursor = monitor.cursor();
                if monitor.watch(start, len) { Kept::Watched(cursor) } else { Kept::No }
            }
            None => Kept::No,
        }
    }

    fn keep(&mut self, start: usize, len: usize, writable: bool, handle: &Arc<H>, kept: Kept) {
        let within = match kept {
            Kept::No => return,
            Kept::Within(mapping) => Some(mapping),
            Kept::Watched(mut cursor) => {
                let Some(monitor) = &self.monitor else { return };
                if !pagemap::private(start, len) {
                    return;
                }
                monitor.settle();
                while let Some(forget) = monitor.next(&mut cursor) {
                    if touches(&forget, start, len) {
                        return;
                    }
                }
                None
            }
        };
        self.evict(len);
        let entry = Entry { handle: Arc::clone(handle), len, used: self.clock, within };
        self.pinned += len;
        if let Some(shorter) = self.entries.insert((start, writable), entry) {
            self.pinned -= shorter.len;
        }
        self.last = Some((start, writable));
    }

    /// Lets go of what was used longest ago, until there is room.
    fn evict(&mut self, len: usize) {
        while !self.entries.is_empty()
            && (self.entries.len() >= self.limits.entries || self.pinned > self.limits.bytes - len)
        {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.pinned -= entry.len;
            }
        }
    }

    /// Lets go of what is gone, as far as it has been told. To be called now and then: it is a comparison where there is
    /// nothing.
    pub fn sweep(&mut self) {
        self.forget();
    }

    #[inline]
    fn forget(&mut self) {
        if let Some(monitor) = &self.monitor {
            monitor.settle();
            if monitor.news(self.cursor) {
                self.forget_told();
            }
        }
        let releases = self.memory.releases.load(Ordering::Acquire);
        if releases != self.releases {
            self.releases = releases;
            self.retain(|_, entry| entry.within.as_ref().is_none_or(|mapping| !mapping.released()));
        }
    }

    #[cold]
    fn forget_told(&mut self) {
        let Some(monitor) = self.monitor.clone() else { return };
        while let Some(forget) = monitor.next(&mut self.cursor) {
            // What lies in an allocation is unmapped by its own owner, after it is let go of here.
            self.retain(|start, entry| entry.within.is_some() || !touches(&forget, start, entry.len));
        }
    }

    fn retain(&mut self, keep: impl Fn(usize, &Entry<H>) -> bool) {
        let pinned = &mut self.pinned;
        self.entries.retain(|(start, _), entry| {
            let kept = keep(*start, entry);
            *pinned -= if kept { 0 } else { entry.len };
            kept
        });
    }

    /// Lets go of everything, as after a refusal for want of memory. What is in use lives on until it is not.
    pub fn clear(&mut self) {
        self.entries.clear();
        (self.pinned, self.last) = (0, None);
    }

    /// Bytes that are kept registered.
    pub fn pinned(&self) -> usize {
        self.pinned
    }
}

fn touches(forget: &Forget, start: usize, len: usize) -> bool {
    match forget {
        Forget::All => true,
        Forget::Range(gone) => gone.start < start + len && start < gone.end,
    }
}
