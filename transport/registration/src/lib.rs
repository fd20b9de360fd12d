//! Registered memory: a cache of registrations that never outlives a mapping.
//!
//! To register memory with a device costs many microseconds, so a transport keeps registrations of its users' buffers for
//! the next message. That is only sound while the pages that were registered are the ones behind the addresses: after an
//! `munmap` and an `mmap` of other memory at the same place, the device would go on reading the old pages. So a range is
//! kept only while the kernel tells us, *before* `munmap` and its like return, that a mapping goes.
//!
//! | file | decides |
//! |---|---|
//! | `monitor` | how the kernel tells: userfaultfd events, and the order in which they are seen |
//! | `invalid` | how they are handed over, without an allocation |
//! | `cache` | what is kept, and what goes first |
//! | `allocation` | memory of our own, which needs no watching |
//!
//! ```
//! use olympi_registration::{Cache, Limits, Memory};
//!
//! let memory = Memory::new();
//! let mut cache: Cache<&str> = Cache::new(&memory, Limits { bytes: 1 << 20, entries: 16 });
//! let buffer = memory.allocate(10_000)?;
//! let (address, len) = (buffer.address(), buffer.len());
//! let first = cache.get(address, len, true, |_, _| Ok::<_, ()>("registered")).unwrap();
//! let again = cache.get(address + 100, 50, true, |_, _| Err(())).unwrap(); // not made anew
//! assert_eq!(*first, *again);
//! # Ok::<(), olympi_registration::AllocError>(())
//! ```
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate)]

mod allocation;
mod cache;
mod invalid;
mod limits;
mod monitor;
mod pagemap;
mod uffd;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use allocation::{AllocError, Allocation};
pub use cache::Cache;
pub use limits::Limits;

use allocation::Allocations;
use monitor::Monitor;

/// Whether registrations of users' memory are kept: `OLYMPI_REGISTRATION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Where the kernel tells of mappings that go.
    #[default]
    Auto,
    /// Never. Only memory that was allocated here stays registered.
    Off,
}

impl std::str::FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => Err("auto or off"),
        }
    }
}

/// What a process knows of its memory: the watch over users' mappings, and the allocations made here. One for all
/// transports.
pub struct Memory {
    mode: Mode,
    /// Of the process that made it: a fork's copy watches nothing.
    process: u32,
    monitor: OnceLock<Result<Arc<Monitor>, String>>,
    allocations: Mutex<Allocations>,
    /// How many allocations were let go of.
    releases: AtomicUsize,
}

impl Memory {
    /// With users' memory kept where that is safe.
    pub fn new() -> Arc<Self> {
        Self::with(Mode::Auto)
    }

    /// With this mode.
    pub fn with(mode: Mode) -> Arc<Self> {
        Arc::new(Self {
            mode,
            process: std::process::id(),
            monitor: OnceLock::new(),
            allocations: Mutex::new(Allocations::default()),
            releases: AtomicUsize::new(0),
        })
    }

    /// Whether the kernel tells of mappings that go, so that registrations of users' memory can be kept.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub fn watches(&self) -> Result<(), String> {
        self.monitor().map(drop)
    }

    /// Allocates zeroed memory that stays registered once it is, with or without a watch: at least `len` bytes, whole
    /// pages.
    ///
    /// # Errors
    /// If the system has no such memory.
    pub fn allocate(self: &Arc<Self>, len: usize) -> Result<Allocation, AllocError> {
        let allocation = Allocation::new(self, len)?;
        self.allocations.lock().unwrap_or_else(PoisonError::into_inner).add(&allocation);
        Ok(allocation)
    }

    /// The watch, made when it is first asked for.
    pub(crate) fn monitor(&self) -> Result<Arc<Monitor>, String> {
        if self.mode == Mode::Off {
            return Err("OLYMPI_REGISTRATION=off".to_owned());
        }
        if self.process != std::process::id() {
            return Err("this process was forked from the one that watched".to_owned());
        }
        self.monitor.get_or_init(|| Monitor::start().map(Arc::new)).clone()
    }
}
