//! The segment of a process: everything that its peers write for it to read.
//!
//! It is a `memfd`: no name in any directory, so nothing is left behind however a process ends, and no limit
//! of `/dev/shm`. It begins with a [`Header`]; then come *areas* at a fixed stride, one for each peer that
//! sends here: a page of [`Control`], the ring's slots, the window. The file is sparse: an area takes memory
//! once a peer claims it, and that peer makes sure that the memory is there before it writes, so a lack of
//! memory is an error of `connect` and never a SIGBUS. Sealing keeps anyone from cutting the file short.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use crossbeam_utils::CachePadded;
use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::address::Whereabouts;
use crate::doorbell::{Doorbell, ON_PIPE, ON_WORD};
use crate::memfd::{Mapping, create, open, populate, wake_word};
use crate::ring::{Memory, SLOT};
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::window::FIRST;
use crate::{Config, StartError};

const PAGE: usize = 4096;
const MAGIC: u64 = u64::from_le_bytes(*b"olympi-s");
/// The name shown in `/proc/<pid>/fd`.
const NAME: &str = "olympi-shm";

/// Sizes that both sides of a ring must agree on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Geometry {
    /// Slots in a ring.
    pub(crate) slots: usize,
    /// Bytes of payload in the longest frame.
    pub(crate) frame: usize,
    /// Bytes in a window.
    pub(crate) window: usize,
    /// Areas in the segment.
    pub(crate) areas: usize,
}

impl Geometry {
    pub(crate) fn new(config: &Config, size: u32) -> Self {
        let areas = config.peers.min(size as usize).max(1);
        Self { slots: config.slots, frame: config.frame, window: config.window, areas }
    }

    fn slot_bytes(&self) -> usize {
        self.slots * SLOT
    }

    fn stride(&self) -> usize {
        PAGE + self.slot_bytes() + self.window
    }

    fn area(&self, index: usize) -> usize {
        PAGE + index * self.stride()
    }

    fn file(&self) -> usize {
        self.area(self.areas)
    }
}

/// The first page of a segment.
#[repr(C, align(4096))]
pub(crate) struct Header {
    magic: u64,
    /// See [`Whereabouts::nonce`]; also what a peer reads to learn whether `process_vm_readv` works.
    pub(crate) nonce: u64,
    /// Where this very header lies in its owner's memory.
    pub(crate) home: u64,
    slots: u32,
    frame: u32,
    window: u32,
    areas: u32,
    /// Not zero: producers must make a fence of their own (see `doorbell`).
    pub(crate) fenced: u32,
    /// Bytes by which all windows here may have grown.
    growth: u64,
    /// By how much they have.
    grown: CachePadded<AtomicU64>,
    /// How many areas were claimed.
    claimed: CachePadded<AtomicU32>,
    /// The write end of the owner's pipe plus one; zero as long as it has none.
    pub(crate) pipe: CachePadded<AtomicU32>,
    /// Not zero: the owner has left, in order.
    pub(crate) left: AtomicU32,
    pub(crate) doorbell: Doorbell,
}

/// The first page of an area.
#[repr(C, align(4096))]
pub(crate) struct Control {
    pub(crate) claim: Claim,
    /// Set by the receiver when it stops looking at this ring; see `doorbell`.
    pub(crate) armed: CachePadded<AtomicU32>,
    /// What the receiver gives back.
    pub(crate) credit: CachePadded<Credit>,
}

/// Who writes to an area.
#[repr(C)]
pub(crate) struct Claim {
    /// 0 before the rest is written, 1 after it, 2 when the producer has left in order.
    pub(crate) state: AtomicU32,
    pub(crate) peer: u32,
    pub(crate) pid: u32,
    pub(crate) started: u64,
    pub(crate) nonce: u64,
    pub(crate) home: u64,
}

/// The claim is complete.
pub(crate) const CLAIMED: u32 = 1;
/// The claim's producer has left.
pub(crate) const LEFT: u32 = 2;

#[repr(C)]
pub(crate) struct Credit {
    /// Slots consumed since the beginning.
    pub(crate) slots: AtomicU64,
    /// Payloads in the window consumed since the beginning.
    pub(crate) payloads: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Header>() == PAGE && size_of::<Control>() == PAGE);

/// An area, mapped: control page, slots, the same slots once more (so that a record that wraps is one piece
/// of memory), window.
#[derive(Debug)]
pub(crate) struct Area {
    map: Mapping,
    slot_bytes: usize,
    geometry: Geometry,
}

impl Area {
    fn map(fd: BorrowedFd<'_>, geometry: Geometry, index: usize) -> Result<Self, Errno> {
        assert!(index < geometry.areas, "the caller has checked the index");
        let (slots, window) = (geometry.slot_bytes(), geometry.window);
        let offset = geometry.area(index);
        let map = Mapping::reserve(PAGE + 2 * slots + window)?;
        map.place(0, fd, offset, PAGE + slots)?;
        map.place(PAGE + slots, fd, offset + PAGE, slots)?;
        map.place(PAGE + 2 * slots, fd, offset + PAGE + slots, window)?;
        Ok(Self { map, slot_bytes: slots, geometry })
    }

    #[inline]
    pub(crate) fn control(&self) -> &Control {
        // SAFETY: the mapping begins with a control page, is aligned to a page and lives as long as `self`;
        // the fields that peers change are atomics, and the claim is read only after it is complete.
        unsafe { &*self.map.base.cast::<Control>() }
    }

    /// The control page, to write the claim.
    #[inline]
    pub(crate) fn control_ptr(&self) -> *mut Control {
        self.map.base.cast()
    }

    /// Address of a slot. As many bytes as there are slots lie behind it, whichever it is.
    #[inline]
    pub(crate) fn slot(&self, slot: usize) -> *mut u8 {
        debug_assert!(slot < self.geometry.slots);
        self.map.base.wrapping_add(PAGE + slot * SLOT)
    }

    /// Address of the window.
    #[inline]
    pub(crate) fn window(&self) -> *mut u8 {
        self.map.base.wrapping_add(PAGE + 2 * self.slot_bytes)
    }

    /// Makes sure that a part of the window has memory. Both ends are multiples of a page.
    #[cold]
    pub(crate) fn populate_window(&self, from: usize, to: usize) -> Result<(), Errno> {
        assert!(from <= to && to <= self.geometry.window);
        populate(self.window().wrapping_add(from), to - from)
    }
}

impl Memory for Area {
    #[inline]
    fn head(&self, slot: usize) -> &AtomicU64 {
        // SAFETY: `slot` is below the number of slots (the ring masks it), and a slot begins aligned to 32.
        unsafe { &*self.slot(slot).cast::<AtomicU64>() }
    }

    #[inline]
    fn consumed(&self) -> &AtomicU64 {
        &self.control().credit.slots
    }
}

/// The segment of this process.
#[derive(Debug)]
pub(crate) struct Segment {
    fd: OwnedFd,
    header: Mapping,
    geometry: Geometry,
    whereabouts: Whereabouts,
}

impl Segment {
    /// Makes this process's segment.
    pub(crate) fn create(geometry: Geometry, growth: usize, fenced: bool) -> Result<Self, StartError> {
        let file = geometry.file();
        let fail = |step, bytes| move |error| StartError::segment(step, bytes, error);
        let fd = create(NAME, file)?;
        rustix::fs::fallocate(&fd, FallocateFlags::empty(), 0, PAGE as u64)
            .map_err(fail("allocate the segment's header", PAGE))?;
        let header = Mapping::of(fd.as_fd(), 0, PAGE).map_err(fail("map the segment's header", PAGE))?;

        let whereabouts = Whereabouts::of(&fd)?;
        let page = header.base.cast::<Header>();
        #[allow(clippy::cast_possible_truncation)] // the configuration bounds them all
        // SAFETY: the page is mapped and writable, and no peer knows of it yet. The rest of it is zero, which
        // is what every atomic in it starts from.
        unsafe {
            (*page).nonce = whereabouts.nonce;
            (*page).home = page as u64;
            (*page).slots = geometry.slots as u32;
            (*page).frame = geometry.frame as u32;
            (*page).window = geometry.window as u32;
            (*page).areas = geometry.areas as u32;
            (*page).fenced = u32::from(fenced);
            (*page).growth = growth as u64;
            (*page).magic = MAGIC;
        }
        Ok(Self { fd, header, geometry, whereabouts })
    }

    pub(crate) fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: mapped, aligned, lives as long as `self`; after `create` only atomics in it change.
        unsafe { &*self.header.base.cast::<Header>() }
    }

    /// How many areas peers have claimed, at most as many as there are.
    pub(crate) fn claimed(&self) -> usize {
        (self.header().claimed.load(Ordering::Acquire) as usize).min(self.geometry.areas)
    }

    /// Maps one of the areas.
    pub(crate) fn area(&self, index: usize) -> Result<Area, Errno> {
        Area::map(self.fd.as_fd(), self.geometry, index)
    }
}

/// A peer's segment, as far as this process writes to it.
#[derive(Debug)]
pub(crate) struct PeerSegment {
    header: Mapping,
    /// Where the peer says it is, checked.
    pub(crate) whereabouts: Whereabouts,
    /// The area that was claimed.
    pub(crate) index: usize,
    /// How many bytes of the window have memory for sure.
    pub(crate) populated: usize,
}

impl PeerSegment {
    /// Opens a peer's segment without claiming anything; whether it can be reached.
    pub(crate) fn open(own: &Segment, to: &Whereabouts) -> Result<OwnedFd, String> {
        open(&own.whereabouts.host, to, NAME)
    }

    /// A peer's segment to ring at alone: nothing is claimed, and nothing can be sent.
    pub(crate) fn doorbell(own: &Segment, to: Whereabouts) -> Result<Self, String> {
        let fd = Self::open(own, &to)?;
        let (header, _) = Self::header_of(&fd, &to)?;
        Ok(Self { header, whereabouts: to, index: usize::MAX, populated: 0 })
    }

    /// Maps and checks the header of a segment; and how long its file is.
    fn header_of(fd: &OwnedFd, to: &Whereabouts) -> Result<(Mapping, usize), String> {
        let stat = rustix::fs::fstat(fd).map_err(|e| format!("cannot examine its segment: {e}"))?;
        let file = usize::try_from(stat.st_size).unwrap_or(0);
        if file < PAGE {
            return Err(format!("its segment has only {file} bytes"));
        }
        let header = Mapping::of(fd.as_fd(), 0, PAGE)
            .map_err(|e| format!("cannot map its segment: {e}; the limit on address space may be too low"))?;
        // SAFETY: as in `Segment::header`; these fields are never written after the peer published itself.
        let page = unsafe { &*header.base.cast::<Header>() };
        if page.magic != MAGIC || page.nonce != to.nonce {
            return Err(
                "its segment is not the one that the address tells of: the address is stale".to_owned()
            );
        }
        Ok((header, file))
    }

    /// Opens a peer's segment, checks it, and claims an area in it. The claim is not complete yet.
    pub(crate) fn claim(own: &Segment, to: Whereabouts) -> Result<(Self, Area), String> {
        let fd = Self::open(own, &to)?;
        let (header, file) = Self::header_of(&fd, &to)?;
        // SAFETY: as in `Segment::header`; these fields are never written after the peer published itself.
        let page = unsafe { &*header.base.cast::<Header>() };
        let geometry = Geometry {
            slots: page.slots as usize,
            frame: page.frame as usize,
            window: page.window as usize,
            areas: page.areas as usize,
        };
        if (Geometry { areas: own.geometry.areas, ..geometry }) != own.geometry {
            return Err(format!(
                "its rings are of another shape ({} slots, frames of {} bytes, a window of {}): OLYMPI_SHM_SLOTS, \
                 OLYMPI_SHM_FRAME and OLYMPI_SHM_WINDOW must be the same for all ranks",
                geometry.slots, geometry.frame, geometry.window
            ));
        }
        if geometry.areas > 64 * crate::doorbell::BITMAP || geometry.file() > file {
            return Err("its segment contradicts itself".to_owned());
        }
        let index = page.claimed.fetch_add(1, Ordering::AcqRel) as usize;
        if index >= geometry.areas {
            return Err(format!(
                "{} peers send to it already; raise OLYMPI_SHM_PEERS for all ranks",
                geometry.areas
            ));
        }
        let area = Area::map(fd.as_fd(), geometry, index)
            .map_err(|e| format!("cannot map the ring: {e}; the limit on address space may be too low"))?;
        let populated = allocate(fd.as_fd(), &area, geometry, index).map_err(|(bytes, e)| {
            format!("cannot allocate {bytes} bytes for the ring: {e}; raise the memory limit of the job or its container")
        })?;
        Ok((Self { header, whereabouts: to, index, populated }, area))
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: as in `Segment::header`.
        unsafe { &*self.header.base.cast::<Header>() }
    }

    /// Takes leave to let a window of the peer's segment grow, if there is any left.
    pub(crate) fn grant_growth(&self, bytes: usize) -> bool {
        let header = self.header();
        let more = |grown: u64| grown.checked_add(bytes as u64).filter(|grown| *grown <= header.growth);
        header.grown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Wakes the owner, whose doorbell says on what it sleeps. Its pipe is opened when it is first needed.
    pub(crate) fn wake(&self, sleep: u32, pipe: &mut Option<OwnedFd>) {
        match sleep {
            ON_WORD => wake_word(&self.header().doorbell.sleep),
            ON_PIPE => self.wake_pipe(pipe),
            _ => {}
        }
    }

    fn wake_pipe(&self, pipe: &mut Option<OwnedFd>) {
        if pipe.is_none() {
            let fd = self.header().pipe.load(Ordering::Acquire);
            let opened = i32::try_from(fd).ok().filter(|&fd| fd > 0).map(|fd| self.open_pipe(fd - 1));
            match opened {
                Some(Ok(opened)) => *pipe = Some(opened),
                Some(Err(error)) => {
                    // A peer that died meanwhile needs no waking; a living one naps for a bounded time.
                    tracing::debug!(pid = self.whereabouts.pid, %error, "cannot open a peer's wake pipe");
                    return;
                }
                None => return,
            }
        }
        if let Some(pipe) = pipe {
            // A full pipe wakes too, and one that nobody reads belongs to a peer that is dead.
            let _ = rustix::io::write(pipe.as_fd(), &[1]);
        }
    }

    /// Opens the write end of the owner's pipe, to wake it.
    fn open_pipe(&self, fd: RawFd) -> Result<OwnedFd, Errno> {
        let path = format!("/proc/{}/fd/{fd}", self.whereabouts.pid);
        rustix::fs::open(&*path, OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
    }
}

/// Gives a claimed area the memory for its ring and the beginning of its window. Returns how many bytes of the
/// window have memory. Before Linux 5.14 pages cannot be asked for by their mapping; then the whole area gets
/// its memory at once.
fn allocate(fd: BorrowedFd<'_>, area: &Area, g: Geometry, index: usize) -> Result<usize, (usize, Errno)> {
    let ring = PAGE + g.slot_bytes();
    match populate(area.control_ptr().cast(), ring).and_then(|()| area.populate_window(0, FIRST)) {
        Ok(()) => Ok(FIRST),
        Err(Errno::INVAL) => {
            rustix::fs::fallocate(fd, FallocateFlags::empty(), g.area(index) as u64, g.stride() as u64)
                .map_err(|error| (g.stride(), error))?;
            Ok(g.window)
        }
        Err(error) => Err((ring + FIRST, error)),
    }
}
