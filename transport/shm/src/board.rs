//! A board: memory in which the ranks of one host do a collective together, without messages.
//!
//! Each member has some *slots*, used in turn, and a few *cells* of some tens of KiB, used in turn as well. What a member
//! shows the others in a step goes into the step's cell; a few bytes go into its slot, one cache line with its flag. When
//! it may write, when others may read, and how they sleep until then is told in [`turns`].
//!
//! Memory that other processes write is only copied out ([`Payload`]), and every length in it is checked here.

mod turns;

use std::cell::UnsafeCell;
use std::os::fd::{AsFd, OwnedFd};

use crossbeam_utils::CachePadded;
use olympi_transport_api::{Address, Payload};
use rustix::fs::FallocateFlags;

use crate::Shm;
use crate::address::{LEN, Whereabouts};
use crate::copier::Copier;
use crate::memfd::{self, Mapping};
use crate::segment::PeerSegment;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

pub use turns::Awaited;
use turns::{FAILED, HERE, Turns, Words, place};

/// Slots of a member: so many steps whoever only shows may be ahead of who reads, as long as what it shows is short.
const SLOTS: usize = 32;
/// Cells of a member, used in turn by longer steps: few, so that they stay in a cache.
const CELLS: usize = 4;
/// Payload that fits into a slot beside its flag, so that a short step is one cache line.
const INLINE: usize = 48;
/// From here on it matters by which kind of store a payload is copied.
const LONG: usize = 2 << 10;
/// The name shown in `/proc/<pid>/fd`.
const NAME: &str = "olympi-board";
const PAGE: usize = 4096;
/// Members at most: everybody looks at everybody.
pub(crate) const MEMBERS: usize = 256;

/// What begins a board.
#[repr(C)]
struct Header {
    /// As its address tells.
    nonce: u64,
    members: u32,
    cell: u32,
    /// Not zero: ranks outnumber CPUs, and sleepers that wait for all are woken by the last alone.
    crowded: AtomicU32,
    /// Not zero: publishers must make a fence of their own.
    fenced: AtomicU32,
    /// How many members sleep.
    sleepers: CachePadded<AtomicU32>,
    /// How often a slot has been published by anyone.
    arrived: [CachePadded<AtomicU64>; SLOTS],
}

/// What a member has on the board, besides its cells. Two cache lines a slot, since processors fetch two at a time.
#[repr(C, align(128))]
struct Member {
    slots: [Slot; SLOTS],
    /// For whom it sleeps.
    awaits: CachePadded<AtomicU32>,
    /// Where its segment is, to wake it.
    segment: UnsafeCell<[u8; LEN]>,
}

#[repr(C, align(128))]
struct Slot {
    /// The step, and whether the payload lies here.
    flag: AtomicU64,
    /// Bytes of payload.
    len: AtomicU32,
    payload: UnsafeCell<[u8; INLINE]>,
}

/// What a member has published in a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posted {
    /// How many bytes.
    pub len: usize,
    /// It has failed, and there are no bytes.
    pub failed: bool,
    here: bool,
}

/// A board, seen by one of its members.
#[derive(Debug)]
pub struct Board {
    ground: Ground,
    turns: Turns,
    /// The ways to wake the others, made when they are first needed.
    bells: Vec<Option<Bell>>,
    /// Which kind of store serves long payloads.
    copier: Copier,
    /// Kept until every member has opened it.
    file: Option<OwnedFd>,
}

/// Its memory.
#[derive(Debug)]
struct Ground {
    map: Mapping,
    members: usize,
    cell: usize,
}

#[derive(Debug)]
struct Bell {
    segment: PeerSegment,
    pipe: Option<OwnedFd>,
}

/// Offsets within a board.
fn entry(member: usize) -> usize {
    size_of::<Header>().next_multiple_of(align_of::<Member>()) + member * size_of::<Member>()
}

fn cells(members: usize) -> usize {
    entry(members).next_multiple_of(PAGE)
}

fn file_len(members: usize, cell: usize) -> usize {
    cells(members) + members * CELLS * cell
}

impl Shm {
    /// Makes a board for so many members, with cells of so many bytes (a multiple of 4096), of which this process is the
    /// first. The bytes tell the others where it is.
    ///
    /// # Errors
    /// The reason in words: too many members or none, or no memory.
    pub fn create_board(&self, members: usize, cell: usize) -> Result<(Board, Vec<u8>), String> {
        if !(1..=MEMBERS).contains(&members)
            || !(PAGE..=1 << 24).contains(&cell)
            || !cell.is_multiple_of(PAGE)
        {
            return Err(format!("a board of {members} members with cells of {cell} bytes"));
        }
        let len = file_len(members, cell);
        let file = memfd::create(NAME, len).map_err(|error| error.to_string())?;
        // All of it at once: a lack of memory is an error here, and no SIGBUS later.
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, len as u64)
            .map_err(|error| format!("cannot allocate {len} bytes: {error}"))?;
        let whereabouts = Whereabouts::of(&file).map_err(|error| error.to_string())?;
        let map = Mapping::of(file.as_fd(), 0, len).map_err(|error| format!("cannot map it: {error}"))?;
        let header = map.base.cast::<Header>();
        #[allow(clippy::cast_possible_truncation)] // bounded above
        // SAFETY: the mapping begins with a header, is writable, and nobody else knows of it yet; the rest is zero.
        unsafe {
            (*header).nonce = whereabouts.nonce;
            (*header).members = members as u32;
            (*header).cell = cell as u32;
        }
        let board = self.join(map, 0, members, cell, Some(file));
        Ok((board, whereabouts.encode().0))
    }

    /// Opens a board of another process of this host, of which this process is member `me` of `members`.
    ///
    /// # Errors
    /// The reason in words: it is on another host, or not what it should be.
    pub fn open_board(&self, address: &[u8], me: usize, members: usize) -> Result<Board, String> {
        let to = Whereabouts::decode(&Address(address.to_vec()))
            .map_err(|why| format!("its address is malformed: {why}"))?;
        let file = memfd::open(&self.whereabouts().host, &to, NAME)?;
        let stat = rustix::fs::fstat(&file).map_err(|error| format!("cannot examine it: {error}"))?;
        let len = usize::try_from(stat.st_size).unwrap_or(0);
        if members > MEMBERS || me >= members || len < cells(members) {
            return Err("it is too small".to_owned());
        }
        let map = Mapping::of(file.as_fd(), 0, len).map_err(|error| format!("cannot map it: {error}"))?;
        // SAFETY: mapped, aligned to a page, long enough; these fields were written before the address was told.
        let header = unsafe { &*map.base.cast::<Header>() };
        let cell = header.cell as usize;
        if header.nonce != to.nonce || header.members as usize != members || file_len(members, cell) != len {
            return Err("it is not the one that the address tells of".to_owned());
        }
        Ok(self.join(map, me, members, cell, None))
    }

    fn join(&self, map: Mapping, me: usize, members: usize, cell: usize, file: Option<OwnedFd>) -> Board {
        let ground = Ground { map, members, cell };
        let segment = self.whereabouts().encode().0;
        // SAFETY: this process's own entry, which the others read only after all have joined.
        unsafe {
            let target = ground.member(me).segment.get().cast::<u8>();
            target.copy_from_nonoverlapping(segment.as_ptr(), LEN.min(segment.len()));
        }
        if !self.barrier.covers_producers() {
            ground.header().fenced.store(1, Ordering::Release);
        }
        if self.config.sleepy {
            ground.header().crowded.store(1, Ordering::Release);
        }
        let bells = (0..members).map(|_| None).collect();
        Board { ground, turns: Turns::new(me, members), bells, copier: Copier::new(), file }
    }

    /// Where this process's segment is.
    fn whereabouts(&self) -> &Whereabouts {
        self.segment.whereabouts()
    }

    /// Wakes the members that wait for what this one has published last, if any sleep.
    #[inline]
    pub fn wake_board(&self, board: &mut Board, seq: u64) {
        if board.turns.may_rouse(&board.ground) {
            self.wake_sleepers(board, seq);
        }
    }

    #[cold]
    fn wake_sleepers(&self, board: &mut Board, seq: u64) {
        let Board { ground, turns, bells, .. } = board;
        turns.rouse(ground, seq, |member| self.wake_member(ground, &mut bells[member], member));
    }

    fn wake_member(&self, ground: &Ground, bell: &mut Option<Bell>, member: usize) {
        if bell.is_none() {
            match PeerSegment::doorbell(&self.segment, ground.segment_of(member)) {
                Ok(segment) => *bell = Some(Bell { segment, pipe: None }),
                // A member that died meanwhile needs no waking; a living one naps for a bounded time.
                Err(why) => tracing::debug!(member, why, "cannot wake a member of a board"),
            }
        }
        if let Some(bell) = bell
            && let Some(sleep) = bell.segment.header().doorbell.rouse()
        {
            bell.segment.wake(sleep, &mut bell.pipe);
        }
    }
}

impl Board {
    /// To be called once every member has joined, and before anything is published.
    pub fn settle(&mut self) {
        self.file = None;
        self.turns.fenced = self.ground.header().fenced.load(Ordering::Acquire) != 0;
        self.turns.crowded = self.ground.header().crowded.load(Ordering::Acquire) != 0;
    }

    /// Bytes that a member can publish in a step.
    pub fn cell(&self) -> usize {
        self.ground.cell
    }

    /// Whether this member's slot of a step, and its cell if it shows as many bytes, may be overwritten.
    ///
    /// # Errors
    /// For whom to wait.
    #[inline]
    pub fn free(&mut self, seq: u64, total: usize) -> Result<(), usize> {
        self.turns.free(&self.ground, seq, total > INLINE)
    }

    /// A member is dead: it reads nothing any more, and nobody waits for all any more.
    pub fn bury(&mut self, member: usize) {
        self.turns.bury(member);
    }

    /// Writes `bytes` at `at` in this member's slot of a step in which it publishes `total` bytes. The slot must be
    /// [free](Self::free).
    ///
    /// # Panics
    /// If they do not lie within `total`, or that is more than a cell holds.
    #[inline]
    pub fn write(&mut self, seq: u64, total: usize, at: usize, bytes: &[u8]) {
        assert!(total <= self.ground.cell && at <= total && bytes.len() <= total - at, "within the cell");
        let target = self.ground.place(self.turns.me, seq, total <= INLINE).wrapping_add(at);
        if bytes.len() >= LONG && (target as usize).is_multiple_of(16) {
            // SAFETY: as below, and the target is aligned.
            return unsafe { self.copier.copy(bytes, target, 0) };
        }
        // SAFETY: within this member's slot or cell, which nobody else writes, and nobody reads before it is published.
        unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// Publishes a step, with `total` bytes written before, or none since this member has `failed`.
    #[inline]
    pub fn publish(&mut self, seq: u64, total: usize, failed: bool) {
        let slot = self.ground.slot(self.turns.me, place(seq, Ground::SLOTS));
        #[allow(clippy::cast_possible_truncation)] // at most a cell
        slot.len.store(total as u32, Ordering::Relaxed);
        let marks = if failed { FAILED } else { u64::from(total <= INLINE) * HERE };
        self.turns.publish(&self.ground, seq, marks);
    }

    /// What a member has published in a step; `None`: nothing yet.
    #[inline]
    pub fn look(&mut self, member: usize, seq: u64) -> Option<Posted> {
        let marks = self.turns.look(&self.ground, member, seq)?;
        let slot = self.ground.slot(member, place(seq, Ground::SLOTS));
        // A member lies if this is more than a cell holds.
        let len = (slot.len.load(Ordering::Relaxed) as usize).min(self.ground.cell);
        Some(Posted { len, failed: marks & FAILED != 0, here: marks & HERE != 0 && len <= INLINE })
    }

    /// Bytes that a member has published; fewer, where it has not published so many.
    #[inline]
    pub fn payload(&self, member: usize, seq: u64, posted: Posted, at: usize, len: usize) -> Payload<'_> {
        let at = at.min(posted.len);
        let len = len.min(posted.len - at);
        let start = self.ground.place(member, seq, posted.here).wrapping_add(at);
        // SAFETY: within the member's slot or cell, which stay mapped as long as the board is borrowed.
        unsafe { Payload::from_raw(start, len) }
    }

    /// Says for whom this member is going to sleep. To be said before the sleep is prepared (`arm`); after that, look
    /// once more, and do not sleep if it is somebody else by then: it would wake nobody.
    pub fn lie_down(&mut self, awaited: Awaited) {
        self.turns.lie_down(&self.ground, awaited);
    }

    /// For whom this member has said that it sleeps.
    pub fn said(&self) -> Option<Awaited> {
        self.turns.said()
    }

    /// Takes back what `lie_down` said, if it said anything.
    #[inline]
    pub fn get_up(&mut self) {
        self.turns.get_up(&self.ground);
    }
}

impl Ground {
    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header and lives as long as `self`; only atomics in it change.
        unsafe { &*self.map.base.cast::<Header>() }
    }

    #[inline]
    fn member(&self, member: usize) -> &Member {
        assert!(member < self.members, "a member of the board");
        // SAFETY: within the mapping, and aligned, since the mapping is aligned to a page; what others write of it is
        // atomic, or in a cell.
        unsafe { &*self.map.base.wrapping_add(entry(member)).cast::<Member>() }
    }

    #[inline]
    fn slot(&self, member: usize, slot: usize) -> &Slot {
        &self.member(member).slots[slot]
    }

    fn segment_of(&self, member: usize) -> Whereabouts {
        let mut bytes = vec![0; LEN];
        // SAFETY: written before its member published anything. If the member lies, the address is checked where it is
        // used.
        unsafe {
            let source = self.member(member).segment.get().cast::<u8>();
            source.copy_to_nonoverlapping(bytes.as_mut_ptr(), LEN);
        }
        // What is no address names no process.
        Whereabouts::decode(&Address(bytes)).unwrap_or(*Whereabouts::NOWHERE)
    }

    /// Where a payload of a member lies: in its slot, or in its cell.
    #[inline]
    fn place(&self, member: usize, seq: u64, here: bool) -> *mut u8 {
        if here {
            return self.slot(member, place(seq, Self::SLOTS)).payload.get().cast();
        }
        let cell = member * CELLS + place(seq, Self::CELLS);
        self.map.base.wrapping_add(cells(self.members) + cell * self.cell)
    }
}

impl Words for Ground {
    const SLOTS: u64 = SLOTS as u64;
    const CELLS: u64 = CELLS as u64;

    #[inline]
    fn flag(&self, member: usize, slot: usize) -> &AtomicU64 {
        &self.slot(member, slot).flag
    }

    #[inline]
    fn awaits(&self, member: usize) -> &AtomicU32 {
        &self.member(member).awaits
    }

    #[inline]
    fn sleepers(&self) -> &AtomicU32 {
        &self.header().sleepers
    }

    #[inline]
    fn arrived(&self, slot: usize) -> &AtomicU64 {
        &self.header().arrived[slot]
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
