//! Windows: memory that the other ranks of a communicator read and write by themselves (MPI 5.0, chapter 12).
//!
//! A [`Window`] is a communicator of its own with two sides. As a *target* each process shows a part of its memory; what
//! others want of it they ask by messages, which whatever call moves messages on carries out (`target.rs`). As an *origin*
//! it sends such requests (`raw/window.rs`), remembers in [`Origin`] what is not done yet, and waits for it where the calls
//! of `sync.rs` say so. Data of some length go directly from the origin's buffer to their place. Where all ranks see the
//! window's memory, origins access it themselves (`direct.rs`).

mod direct;
mod error;
mod layout;
mod locks;
mod make;
mod memory;
mod origin;
mod sync;
mod target;
mod typed;
pub(crate) mod wire;

use std::fmt;
use std::ops::BitOr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use direct::Direct;
pub use error::WindowError;
pub(crate) use layout::Layout;
pub(crate) use make::Extents;
pub(crate) use memory::{Exposed, combine_run, copy, swap_run};
pub(crate) use origin::{Admission, Origin, Pending, What, When, fetched};
pub(crate) use target::TargetSide;
pub(crate) use wire::SWAP_MAX;

use crate::communicator::Communicator;
use crate::group::Group;

/// How the memory of a window came to be (`MPI_WIN_CREATE_FLAVOR`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// It was there before (`MPI_Win_create`).
    Create,
    /// The window has brought it (`MPI_Win_allocate`).
    Allocate,
    /// It is attached and detached (`MPI_Win_create_dynamic`).
    Dynamic,
    /// The window has brought it, and all ranks see all of it (`MPI_Win_allocate_shared`).
    Shared,
}

/// How a target is locked (`MPI_Win_lock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Together with others (`MPI_LOCK_SHARED`).
    Shared,
    /// Alone (`MPI_LOCK_EXCLUSIVE`).
    Exclusive,
}

/// What a caller promises about an epoch (MPI 5.0, section 12.5.5).
///
/// ```
/// use olympi_comm::Asserts;
///
/// let both = Asserts::NO_PUT | Asserts::NO_STORE;
/// assert!(both.contains(Asserts::NO_PUT) && !both.contains(Asserts::NO_CHECK));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Asserts(u32);

impl Asserts {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The other side of the epoch is there already, or no lock is in conflict with this one (`MPI_MODE_NOCHECK`).
    pub const NO_CHECK: Self = Self(1);
    /// This process has not written its part of the window itself (`MPI_MODE_NOSTORE`).
    pub const NO_STORE: Self = Self(2);
    /// Nobody writes this process's part (`MPI_MODE_NOPUT`).
    pub const NO_PUT: Self = Self(4);
    /// A fence ends no epoch of accesses (`MPI_MODE_NOPRECEDE`).
    pub const NO_PRECEDE: Self = Self(8);
    /// A fence begins none (`MPI_MODE_NOSUCCEED`).
    pub const NO_SUCCEED: Self = Self(16);

    /// Whether all of these are promised.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl BitOr for Asserts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Memory of all ranks of a communicator that the others access by themselves (`MPI_Win`).
///
/// Accesses lie in *epochs*: between two [fences](Self::fence); between [`start`](Self::start) and
/// [`complete`](Self::complete), where the targets [post](Self::post) and [wait](Self::wait); or while a target is
/// [locked](Self::lock), of which the target need not know. When an epoch ends, its accesses are done.
///
/// - making: [`allocate`](Self::allocate), [`allocate_bytes`](Self::allocate_bytes),
///   [`allocate_shared_bytes`](Self::allocate_shared_bytes), [`create_dynamic`](Self::create_dynamic);
/// - one's own part: [`read`](Self::read), [`write`](Self::write);
/// - that of others: [`put`](Self::put), [`get`](Self::get), [`accumulate`](Self::accumulate),
///   [`get_accumulate`](Self::get_accumulate), [`fetch_and_op`](Self::fetch_and_op),
///   [`compare_and_swap`](Self::compare_and_swap);
/// - epochs: [`fence`](Self::fence); [`post`](Self::post), [`start`](Self::start), [`complete`](Self::complete),
///   [`wait`](Self::wait), [`test`](Self::test); [`lock`](Self::lock), [`unlock`](Self::unlock),
///   [`lock_all`](Self::lock_all), [`unlock_all`](Self::unlock_all), [`flush`](Self::flush) and its kin.
///
/// [`free`](Self::free) is the call of all ranks that ends it. Dropping it ends this process's part alone: whoever accesses that
/// later waits in vain.
///
/// ```
/// # let universe = olympi_comm::Universe::init()?;
/// use olympi_comm::{Asserts, Info, Window};
///
/// let world = universe.world();
/// let window = Window::allocate::<i64>(world, 2, &Info::new())?;
/// window.fence(Asserts::NONE)?;
/// let next = (world.rank() + 1) % world.size();
/// window.put(&[10_i64, 20], next, 0)?;
/// window.fence(Asserts::NO_SUCCEED)?;
/// assert_eq!(window.read::<i64>(0, 2)?, [10, 20]);
/// window.free()?;
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct Window {
    /// Its own: it carries the window's name, info, attributes and error handler too.
    pub(crate) comm: Communicator,
    flavor: Flavor,
    /// This process's part.
    base: Base,
    size: usize,
    unit: usize,
    pub(crate) extents: Extents,
    origin: Mutex<Origin>,
    /// The target that was accessed last, and one, as long as the epochs are the same; [`LOCKED`] if it is. 0: none.
    admitted: AtomicU32,
    /// What the window has brought. It goes last.
    memory: Brought,
}

/// Added to the target that was accessed last: it is locked.
const LOCKED: u32 = 1 << 31;

/// Where a part begins.
#[derive(Clone, Copy, Debug)]
struct Base(*mut u8);

// SAFETY: an address alone, of memory whose maker has promised that any thread may access it.
unsafe impl Send for Base {}
// SAFETY: as above.
unsafe impl Sync for Base {}

/// The memory of a window, where it is not the user's.
#[derive(Debug)]
enum Brought {
    None,
    /// Held, and known to the target side by its address.
    Own(#[allow(dead_code)] olympi_transport::Allocation),
    /// That of all ranks.
    Common(Direct),
}

impl Window {
    /// Who has made it (`MPI_Win_get_group`).
    pub fn group(&self) -> &Group {
        self.comm.group()
    }

    /// The communicator of its own that carries its name, info, attributes and error handler. It is no place for messages.
    pub fn carrier(&self) -> &Communicator {
        &self.comm
    }

    /// How its memory came to be (`MPI_WIN_CREATE_FLAVOR`).
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// Where this process's part begins (`MPI_WIN_BASE`); null of a dynamic window.
    pub fn base(&self) -> *mut u8 {
        self.base.0
    }

    /// How many bytes this process's part has (`MPI_WIN_SIZE`); 0 of a dynamic window.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many bytes a displacement in this process's part counts (`MPI_WIN_DISP_UNIT`).
    pub fn unit(&self) -> usize {
        self.unit
    }

    /// The memory of all ranks, if this one sees it.
    #[inline]
    pub(crate) fn direct(&self) -> Option<&Direct> {
        match &self.memory {
            Brought::Common(direct) => Some(direct),
            _ => None,
        }
    }

    /// What this process has begun, and what epochs it has open.
    pub(crate) fn origin(&self) -> MutexGuard<'_, Origin> {
        self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, for a change of epochs.
    pub(crate) fn epochs(&self) -> MutexGuard<'_, Origin> {
        self.admitted.store(0, Ordering::Relaxed);
        self.origin()
    }

    /// Whether a target may be accessed as it could before. Epochs do not change while they are used (MPI 5.0, section
    /// 12.5), so that threads need no lock for this.
    #[inline]
    pub(crate) fn has_admitted(&self, rank: u32) -> bool {
        self.admitted.load(Ordering::Relaxed) & !LOCKED == rank.wrapping_add(1)
    }

    /// Whether one that is locked may.
    #[inline]
    pub(crate) fn has_admitted_locked(&self, rank: u32) -> bool {
        self.admitted.load(Ordering::Relaxed) == (rank + 1) | LOCKED
    }

    pub(crate) fn admit(&self, rank: u32, locked: bool) {
        self.admitted.store((rank + 1) | if locked { LOCKED } else { 0 }, Ordering::Relaxed);
    }

    /// A rank of the window, or an error.
    pub(crate) fn rank_of(&self, call: &'static str, rank: i32) -> Result<u32, WindowError> {
        let size = self.comm.size();
        if (0..size).contains(&rank) { Ok(rank as u32) } else { Err(WindowError::Rank { call, rank, size }) }
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rank, size) = (self.comm.rank(), self.comm.size());
        write!(f, "Window of {} bytes ({:?}, rank {rank} of {size})", self.size, self.flavor)
    }
}
