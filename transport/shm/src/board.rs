//! A board: memory in which the ranks of one host do a collective together, without messages.
//!
//! Each member has some *slots*, used in turn, and a few *cells* of some tens of KiB, used in turn as well. All members
//! number what they do on a board alike. In step `seq` every member writes what the others may need into the step's cell (a
//! few bytes go into its slot, one cache line with its flag), and then *publishes*: stores `seq` in the slot's flag. Whoever
//! needs it waits for the flag and reads. No member may overwrite what another still reads: a member that has published
//! step `t` has done with all steps before `t`, so a slot or a cell is free again once everyone has published the step
//! after the one it was last used for.
//!
//! Memory that other processes write is only copied out ([`Payload`]), and every length in it is checked here.
//!
//! # Sleeping
//! A member that goes to sleep says first for whom it waits (`awaits`), then prepares its sleep as for messages, and
//! looks at the flags a last time; the publisher stores its flag and then looks whether anybody sleeps. As at the
//! [doorbell](crate::doorbell), the sleeper pays for the barrier between the two where the kernel has `membarrier`.

use std::os::fd::{AsFd, OwnedFd};

use crossbeam_utils::CachePadded;
use olympi_transport_api::{Address, Payload};
use rustix::fs::FallocateFlags;

use crate::Shm;
use crate::address::{LEN, Whereabouts};
use crate::copier::Copier;
use crate::memfd::{self, Mapping};
use crate::segment::PeerSegment;
use crate::sync::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};

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

/// Waits for every member.
const ALL: u32 = u32::MAX;

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
    /// For whom it sleeps: 0 nobody, a member's number plus one, or [`ALL`].
    awaits: CachePadded<AtomicU32>,
    /// Where its segment is, to wake it.
    segment: [u8; LEN],
}

#[repr(C, align(128))]
struct Slot {
    /// The step, and in the lowest bits whether the payload lies here, and whether there is none since its member failed.
    flag: AtomicU64,
    /// Bytes of payload.
    len: AtomicU32,
    payload: [u8; INLINE],
}

const HERE: u64 = 1;
const FAILED: u64 = 2;

/// What a member has published in a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posted {
    /// How many bytes.
    pub len: usize,
    /// It has failed, and there are no bytes.
    pub failed: bool,
    here: bool,
}

/// For whom a member waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// For one member.
    Member(usize),
    /// For all of them.
    All,
}

/// A board, seen by one of its members.
#[derive(Debug)]
pub struct Board {
    map: Mapping,
    me: usize,
    members: usize,
    cell: usize,
    crowded: bool,
    fenced: bool,
    /// The newest step that each member is known to have published.
    seen: Vec<u64>,
    /// The ways to wake the others, made when they are first needed.
    bells: Vec<Option<Bell>>,
    /// Which kind of store serves long payloads.
    copier: Copier,
    /// Kept until every member has opened it.
    file: Option<OwnedFd>,
}

#[derive(Debug)]
struct Bell {
    segment: PeerSegment,
    pipe: Option<OwnedFd>,
}

/// Offsets within a board.
fn entry(member: usize) -> usize {
    size_of::<Header>().next_multiple_of(128) + member * size_of::<Member>()
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
    /// The reason in words: too many members, or no memory.
    pub fn create_board(&self, members: usize, cell: usize) -> Result<(Board, Vec<u8>), String> {
        if members > MEMBERS || !(PAGE..=1 << 24).contains(&cell) || !cell.is_multiple_of(PAGE) {
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
        let (seen, bells) = (vec![0; members], (0..members).map(|_| None).collect());
        let copier = Copier::new();
        let board = Board { map, me, members, cell, crowded: false, fenced: true, seen, bells, copier, file };
        let segment = self.whereabouts().encode().0;
        // SAFETY: this process's own entry, which the others read only after all have joined.
        unsafe {
            let target = &raw mut (*board.entry_ptr(me)).segment;
            target.cast::<u8>().copy_from_nonoverlapping(segment.as_ptr(), LEN.min(segment.len()));
        }
        if !self.barrier.covers_producers() {
            board.header().fenced.store(1, Ordering::Release);
        }
        if self.config.sleepy {
            board.header().crowded.store(1, Ordering::Release);
        }
        board
    }

    /// Where this process's segment is.
    fn whereabouts(&self) -> &Whereabouts {
        self.segment.whereabouts()
    }

    /// Wakes the members that wait for what this one has published last, if any sleep.
    #[inline]
    pub fn wake_board(&self, board: &mut Board, seq: u64) {
        if board.fenced {
            fence(Ordering::SeqCst);
        } else {
            compiler_fence();
        }
        if board.crowded || board.header().sleepers.load(Ordering::Relaxed) != 0 {
            self.wake_sleepers(board, seq);
        }
    }

    #[cold]
    fn wake_sleepers(&self, board: &mut Board, seq: u64) {
        // Who waits for all is woken by the last alone: else each of n arrivals would wake n sleepers.
        let mut last = true;
        if board.crowded {
            let slot = slot(seq);
            let arrived = board.header().arrived[slot].fetch_add(1, Ordering::AcqRel) + 1;
            // Step `seq` is this slot's use number `uses`, since steps count from 1.
            let uses = (seq - slot as u64).div_ceil(SLOTS as u64) + u64::from(slot != 0);
            last = arrived >= uses * board.members as u64;
        }
        fence(Ordering::SeqCst);
        if board.header().sleepers.load(Ordering::Relaxed) == 0 {
            return;
        }
        let me = board.me;
        for member in (0..board.members).filter(|member| *member != me) {
            let word = &board.member(member).awaits;
            let awaits = word.load(Ordering::Acquire);
            let ours = awaits as usize == me + 1 || (awaits == ALL && last);
            if ours && word.compare_exchange(awaits, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                self.wake_member(board, member);
            }
        }
    }

    fn wake_member(&self, board: &mut Board, member: usize) {
        if board.bells[member].is_none() {
            match PeerSegment::doorbell(&self.segment, board.segment_of(member)) {
                Ok(segment) => board.bells[member] = Some(Bell { segment, pipe: None }),
                // A member that died meanwhile needs no waking; a living one naps for a bounded time.
                Err(why) => tracing::debug!(member, why, "cannot wake a member of a board"),
            }
        }
        if let Some(bell) = &mut board.bells[member]
            && let Some(sleep) = bell.segment.header().doorbell.rouse()
        {
            bell.segment.wake(sleep, &mut bell.pipe);
        }
    }
}

fn slot(seq: u64) -> usize {
    #[allow(clippy::cast_possible_truncation)] // below SLOTS
    let slot = (seq % SLOTS as u64) as usize;
    slot
}

impl Board {
    /// To be called once every member has joined, and before anything is published.
    pub fn settle(&mut self) {
        self.file = None;
        self.fenced = self.header().fenced.load(Ordering::Acquire) != 0;
        self.crowded = self.header().crowded.load(Ordering::Acquire) != 0;
    }

    /// Bytes that a member can publish in a step.
    pub fn cell(&self) -> usize {
        self.cell
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header and lives as long as `self`; only atomics in it change.
        unsafe { &*self.map.base.cast::<Header>() }
    }

    fn entry_ptr(&self, member: usize) -> *mut Member {
        assert!(member < self.members, "a member of the board");
        self.map.base.wrapping_add(entry(member)).cast()
    }

    #[inline]
    fn member(&self, member: usize) -> &Member {
        // SAFETY: within the mapping, aligned to 128; what others write of it is atomic, but for payloads and the
        // segment's address, which are reached by pointers alone.
        unsafe { &*self.entry_ptr(member) }
    }

    fn segment_of(&self, member: usize) -> Whereabouts {
        let mut bytes = vec![0; LEN];
        // SAFETY: within the mapping; written before its member published anything. If the member lies, the address is
        // checked where it is used.
        unsafe {
            let source = &raw const (*self.entry_ptr(member)).segment;
            source.cast::<u8>().copy_to_nonoverlapping(bytes.as_mut_ptr(), LEN);
        }
        // What is no address names no process.
        Whereabouts::decode(&Address(bytes)).unwrap_or(*Whereabouts::NOWHERE)
    }

    #[inline]
    fn cell_ptr(&self, member: usize, seq: u64) -> *mut u8 {
        #[allow(clippy::cast_possible_truncation)] // below CELLS
        let cell = (seq % CELLS as u64) as usize;
        self.map.base.wrapping_add(cells(self.members) + (member * CELLS + cell) * self.cell)
    }

    /// Where a payload of `len` bytes of this member lies.
    #[inline]
    fn place(&self, member: usize, seq: u64, here: bool) -> *mut u8 {
        if here {
            // SAFETY: within the mapping; only the address is computed.
            unsafe { (&raw mut (*self.entry_ptr(member)).slots[slot(seq)].payload).cast() }
        } else {
            self.cell_ptr(member, seq)
        }
    }

    /// Whether this member's slot of a step, and its cell if it shows as many bytes, may be overwritten.
    ///
    /// # Errors
    /// For whom to wait.
    #[inline]
    pub fn free(&mut self, seq: u64, total: usize) -> Result<(), usize> {
        let turn = if total <= INLINE { SLOTS } else { CELLS };
        let Some(before) = (seq + 1).checked_sub(turn as u64) else { return Ok(()) };
        for member in 0..self.members {
            if self.seen[member] < before && member != self.me && self.look(member, before).is_none() {
                return Err(member);
            }
        }
        Ok(())
    }

    /// A member is dead: it reads nothing any more.
    pub fn bury(&mut self, member: usize) {
        self.seen[member] = u64::MAX;
    }

    /// Writes `bytes` at `at` in this member's slot of a step in which it publishes `total` bytes. The slot must be
    /// [free](Self::free).
    ///
    /// # Panics
    /// If they do not lie within `total`, or that is more than a cell holds.
    #[inline]
    pub fn write(&mut self, seq: u64, total: usize, at: usize, bytes: &[u8]) {
        assert!(total <= self.cell && at <= total && bytes.len() <= total - at, "within the cell");
        let target = self.place(self.me, seq, total <= INLINE).wrapping_add(at);
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
        let slot = &self.member(self.me).slots[slot(seq)];
        let marks = if failed { FAILED } else { u64::from(total <= INLINE) * HERE };
        #[allow(clippy::cast_possible_truncation)] // at most a cell
        slot.len.store(total as u32, Ordering::Relaxed);
        slot.flag.store(seq << 2 | marks, Ordering::Release);
        self.seen[self.me] = seq;
    }

    /// What a member has published in a step; `None`: nothing yet.
    #[inline]
    pub fn look(&mut self, member: usize, seq: u64) -> Option<Posted> {
        let slot = &self.member(member).slots[slot(seq)];
        let flag = slot.flag.load(Ordering::Acquire);
        if flag >> 2 < seq {
            return None;
        }
        // A member lies if this is more than a cell holds.
        let len = (slot.len.load(Ordering::Relaxed) as usize).min(self.cell);
        let posted = Posted { len, failed: flag & FAILED != 0, here: flag & HERE != 0 && len <= INLINE };
        self.seen[member] = self.seen[member].max(seq);
        Some(posted)
    }

    /// Bytes that a member has published; fewer, where it has not published so many.
    #[inline]
    pub fn payload(&self, member: usize, seq: u64, posted: Posted, at: usize, len: usize) -> Payload<'_> {
        let at = at.min(posted.len);
        let len = len.min(posted.len - at);
        let start = self.place(member, seq, posted.here).wrapping_add(at);
        // SAFETY: within the member's slot or cell, which stay mapped as long as the board is borrowed.
        unsafe { Payload::from_raw(start, len) }
    }

    /// Says for whom this member is going to sleep. To be said before the sleep is prepared (`arm`); after that, look
    /// once more.
    pub fn lie_down(&self, awaited: Awaited) {
        let awaits = match awaited {
            // Only where publishers count arrivals is there a last one.
            Awaited::All if self.crowded => ALL,
            Awaited::All => self.missing().map_or(0, |member| number(member) + 1),
            Awaited::Member(member) => number(member) + 1,
        };
        self.header().sleepers.fetch_add(1, Ordering::AcqRel);
        self.member(self.me).awaits.store(awaits, Ordering::SeqCst);
    }

    /// The member that is known to be furthest behind.
    fn missing(&self) -> Option<usize> {
        (0..self.members).filter(|member| *member != self.me).min_by_key(|member| self.seen[*member])
    }

    /// Takes back what `lie_down` said.
    pub fn get_up(&self) {
        self.member(self.me).awaits.store(0, Ordering::Release);
        self.header().sleepers.fetch_sub(1, Ordering::AcqRel);
    }
}

#[allow(clippy::cast_possible_truncation)] // at most MEMBERS
fn number(member: usize) -> u32 {
    member as u32
}
