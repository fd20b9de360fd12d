//! Making windows, and ending them (MPI 5.0, section 12.2).

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use olympi_transport::{Allocation, CommonMemory};

use crate::class_vote::{ballot, failure};
use crate::communicator::Communicator;
use crate::error_class::ErrorClass;
use crate::info::Info;
use crate::status::PROC_NULL;
use crate::wait::Shared;
use crate::window::{Base, Brought, Direct, Exposed, Flavor, Origin, TargetSide, Window, WindowError};

/// The parts of a shared window follow one another without a gap, unless this says `true` (`MPI_Win_allocate_shared`).
const NONCONTIGUOUS: &str = "alloc_shared_noncontig";
/// Where each part begins then: not in the page of another.
const PAGE: usize = 4096;
/// The call that ends a window.
const FREE: &str = "Window::free";
/// Room for where shared memory is.
const ADDRESS: usize = 64;

/// How long a rank's part is, and what displacements count there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) size: u64,
    pub(crate) unit: u64,
}

/// Those of all ranks.
#[derive(Debug)]
pub(crate) enum Extents {
    Alike(Extent),
    Each(Vec<Extent>),
}

impl Extents {
    pub(crate) fn of(&self, rank: u32) -> Extent {
        match self {
            Self::Alike(extent) => *extent,
            Self::Each(each) => each[rank as usize],
        }
    }

    fn new(each: Vec<Extent>) -> Self {
        match each[..] {
            [first, ref rest @ ..] if rest.iter().all(|extent| *extent == first) => Self::Alike(first),
            _ => Self::Each(each),
        }
    }
}

/// What a process brings to a new window.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) flavor: Flavor,
    pub(crate) size: usize,
    pub(crate) unit: usize,
    pub(crate) start: *mut u8,
}

impl Part {
    fn check(&self, call: &'static str) -> Result<(), WindowError> {
        if self.unit == 0 || i64::try_from(self.unit).is_err() {
            let detail = format!("displacements cannot count {} bytes", self.unit);
            return Err(WindowError::Argument { call, detail, class: ErrorClass::Disp });
        }
        if isize::try_from(self.size).is_err() {
            let detail = format!("{} bytes are more than a process can have", self.size);
            return Err(WindowError::Argument { call, detail, class: ErrorClass::Size });
        }
        Ok(())
    }
}

impl Window {
    /// Makes a window of new memory (`MPI_Win_allocate`): `size` bytes at this rank, zeroed, where a displacement counts
    /// `unit` bytes. All ranks of the communicator call it, and may give different numbers.
    ///
    /// # Errors
    /// [`WindowError`], at all ranks: a unit of 0, or no such memory; an intercommunicator.
    pub fn allocate_bytes(
        comm: &Communicator,
        size: usize,
        unit: usize,
        info: &Info,
    ) -> Result<Self, WindowError> {
        const CALL: &str = "Window::allocate";
        let own = comm.dup_bare(CALL)?;
        let mut part = Part { flavor: Flavor::Allocate, size, unit, start: std::ptr::null_mut() };
        let extents = agree(&own, CALL, part.check(CALL), &part)?;
        let everyone_here = own.shared.door.enter()?.mail.collectives.everyone_here;
        if everyone_here && own.size() > 1 {
            return Self::open_common(CALL, own, part, extents, true, info);
        }
        let memory = allocate(&own, size);
        agree_on(&own, CALL, memory.as_ref().err().cloned())?;
        let memory = memory?;
        part.start = memory.as_ptr();
        // SAFETY: the window holds it as long as its target side is there.
        let exposed = unsafe { Exposed::whole(part.start, size) };
        Self::open(own, part, extents, exposed, Brought::Own(memory), info)
    }

    /// Makes one of memory that all ranks see. Parts that are `apart` begin in pages of their own.
    fn open_common(
        call: &'static str,
        own: Communicator,
        mut part: Part,
        extents: Extents,
        apart: bool,
        info: &Info,
    ) -> Result<Self, WindowError> {
        let (me, ranks) = (own.rank() as u32, own.size() as u32);
        let places = places(&extents, ranks, apart);
        let memory = share(&own, call, &places, part.size)?;
        let sizes = (0..ranks).map(|rank| extents.of(rank).size as usize);
        // SAFETY: the memory is as long as the parts take, each from its place on.
        let direct = unsafe { Direct::new(memory, &places, sizes, me) };
        part.start = direct.start(me);
        // SAFETY: the window holds it as long as its target side is there.
        let exposed = unsafe { Exposed::whole(part.start, part.size) };
        Self::open(own, part, extents, exposed, Brought::Common(direct), info)
    }

    /// Makes a window of new memory that all ranks see, so that they can also access it without a call
    /// (`MPI_Win_allocate_shared`); where each part is tells [`shared_query`](Self::shared_query). All ranks run on one host
    /// ([`SplitType::Shared`](crate::SplitType::Shared)). The parts follow one another, or begin in pages of their own if the
    /// info says `alloc_shared_noncontig`.
    ///
    /// # Errors
    /// [`WindowError`], at all ranks: as for [`allocate_bytes`](Self::allocate_bytes); ranks that cannot share memory.
    pub fn allocate_shared_bytes(
        comm: &Communicator,
        size: usize,
        unit: usize,
        info: &Info,
    ) -> Result<Self, WindowError> {
        const CALL: &str = "Window::allocate_shared";
        let own = comm.dup_bare(CALL)?;
        let part = Part { flavor: Flavor::Shared, size, unit, start: std::ptr::null_mut() };
        let extents = agree(&own, CALL, part.check(CALL), &part)?;
        let apart = info.get(NONCONTIGUOUS) == Some("true");
        Self::open_common(CALL, own, part, extents, apart, info)
    }

    /// Makes a window to which memory is attached later, of each rank's own choice (`MPI_Win_create_dynamic`).
    /// Displacements are addresses at the target.
    ///
    /// # Errors
    /// [`WindowError`], at all ranks.
    pub fn create_dynamic(comm: &Communicator, info: &Info) -> Result<Self, WindowError> {
        const CALL: &str = "Window::create_dynamic";
        let own = comm.dup_bare(CALL)?;
        let part = Part { flavor: Flavor::Dynamic, size: 0, unit: 1, start: std::ptr::null_mut() };
        let extents = agree(&own, CALL, Ok(()), &part)?;
        Self::open(own, part, extents, Exposed::dynamic(), Brought::None, info)
    }

    /// Makes a window of memory that is there.
    ///
    /// # Safety
    /// It may be read and written by any thread that calls, until the window has ended.
    pub(crate) unsafe fn create(
        comm: &Communicator,
        (start, size): (*mut u8, usize),
        unit: usize,
        info: &Info,
    ) -> Result<Self, WindowError> {
        const CALL: &str = "Window::create";
        let own = comm.dup_bare(CALL)?;
        let part = Part { flavor: Flavor::Create, size, unit, start };
        let extents = agree(&own, CALL, part.check(CALL), &part)?;
        // SAFETY: the caller's promise.
        let exposed = unsafe { Exposed::whole(start, size) };
        Self::open(own, part, extents, exposed, Brought::None, info)
    }

    /// Takes part in the making of a window for which this rank cannot even say what it brings, so that no other waits for
    /// it. All fail with this class of error.
    pub fn excuse(comm: &Communicator, class: ErrorClass) {
        const CALL: &str = "Window::create";
        if let Ok(own) = comm.dup_bare(CALL) {
            let wrong = WindowError::Elsewhere { call: CALL, rank: comm.rank(), class };
            let _known: Result<(), WindowError> = agree_on(&own, CALL, Some(wrong));
        }
    }

    /// From here on others may access it.
    fn open(
        comm: Communicator,
        part: Part,
        extents: Extents,
        exposed: Exposed,
        memory: Brought,
        info: &Info,
    ) -> Result<Self, WindowError> {
        let Part { flavor, size, unit, start } = part;
        comm.set_info(info);
        let mut inside = comm.shared.door.enter()?;
        let side = TargetSide::new(comm.id(), comm.group().clone(), comm.rank() as u32, exposed);
        inside.mail.windows.push(side);
        // What has come before.
        inside.serve_windows();
        Shared::leave(inside);
        let origin = Mutex::new(Origin::default());
        let (base, admitted) = (Base(start), AtomicU32::new(0));
        Ok(Self { comm, flavor, base, size, unit, extents, origin, admitted, memory })
    }

    /// Where a rank's part of a [shared](Flavor::Shared) window is in this process: how many bytes it has, what a displacement
    /// counts there, and the address (`MPI_Win_shared_query`). [`PROC_NULL`]: of the lowest rank that has any. Of other windows
    /// this process knows its own part.
    ///
    /// # Errors
    /// [`WindowError`]: a wrong rank, or one whose memory this process does not see.
    pub fn shared_query(&self, rank: i32) -> Result<(usize, usize, *mut u8), WindowError> {
        const CALL: &str = "Window::shared_query";
        let size = self.comm.size() as u32;
        let rank = match rank {
            PROC_NULL => (0..size).find(|rank| self.extents.of(*rank).size > 0).unwrap_or(0),
            rank => self.rank_of(CALL, rank)?,
        };
        let extent = self.extents.of(rank);
        let sized = |start| Ok((extent.size as usize, extent.unit as usize, start));
        match self.direct() {
            Some(direct) => sized(direct.start(rank)),
            _ if self.flavor == Flavor::Dynamic => {
                Err(WindowError::Flavor { call: CALL, detail: "a dynamic window has no shared memory" })
            }
            _ if rank == self.comm.rank() as u32 => sized(self.base.0),
            // What is not seen has no bytes (MPI 5.0, section 12.2.3).
            _ => Ok((0, extent.unit as usize, std::ptr::null_mut())),
        }
    }

    /// Ends it (`MPI_Win_free`). All ranks call it, and wait for one another: nobody accesses it any more.
    ///
    /// # Errors
    /// [`WindowError`]: an epoch is [open](Self::may_end), and it is ended on this process alone; a rank that is gone.
    pub fn free(self) -> Result<(), WindowError> {
        self.may_end()?;
        let settled = self.settle(FREE, None, true);
        self.comm.barrier()?;
        settled
    }

    /// Whether all epochs of this process are closed, so that the window can be freed.
    ///
    /// # Errors
    /// [`WindowError::Epoch`]: which one is open.
    pub fn may_end(&self) -> Result<(), WindowError> {
        match self.origin().in_the_way_of_end() {
            None => Ok(()),
            Some(detail) => Err(WindowError::Epoch { call: FREE, detail: detail.to_owned() }),
        }
    }

    /// Ends this process's side: nothing is written to its memory any more.
    fn close(&self) {
        let number = self.comm.id();
        // What is on its way to our memory has to come before that is gone; from a peer that dies it does not.
        let _told = self.comm.shared.wait(|state| {
            state.serve_windows();
            state.window(number).is_none_or(|side| !side.is_lent()).then_some(())
        });
        if let Ok(mut inside) = self.comm.shared.door.enter() {
            inside.mail.windows.retain(|side| side.number != number);
            Shared::leave(inside);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Others may count on what was asked of them; and what is not over still has its user's memory.
        const CALL: &str = "Window::drop";
        let _sent = self.send_waiting(CALL);
        let _settled = self.settle(CALL, None, false);
        self.close();
    }
}

fn allocate(comm: &Communicator, size: usize) -> Result<Allocation, WindowError> {
    const CALL: &str = "Window::allocate";
    let inside = comm.shared.door.enter()?;
    let memory = std::sync::Arc::clone(inside.progress.memory());
    drop(inside);
    let no_memory = |detail| WindowError::Memory { call: CALL, detail, class: ErrorClass::NoMem };
    if isize::try_from(size).is_err() {
        return Err(no_memory(format!("{size} bytes are more than a process can have")));
    }
    memory.allocate(size.max(1)).map_err(|error| no_memory(error.to_string()))
}

/// Where each rank's part of shared memory begins, and where the last one ends.
fn places(extents: &Extents, ranks: u32, apart: bool) -> Vec<usize> {
    let sizes = (0..ranks).map(|rank| extents.of(rank).size as usize);
    let mut places = vec![0];
    let mut end = 0_usize;
    for size in sizes {
        end = end.saturating_add(if apart { size.next_multiple_of(PAGE) } else { size });
        places.push(end);
    }
    places
}

/// Memory that rank 0 makes, and all others open; each makes its own part, of `size` bytes, come to be.
fn share(
    comm: &Communicator,
    call: &'static str,
    places: &[usize],
    size: usize,
) -> Result<CommonMemory, WindowError> {
    let (lines, len) = (places.len() - 1, places[places.len() - 1]);
    let mut address = [0_u8; ADDRESS];
    let refused = |class| move |detail: String| WindowError::Memory { call, detail, class };
    let mut made = Err(String::new());
    if comm.rank() == 0 {
        made = CommonMemory::create(lines, len).map(|(memory, bytes)| {
            let told = bytes.len().min(ADDRESS - 1);
            address[0] = told as u8;
            address[1..=told].copy_from_slice(&bytes[..told]);
            memory
        });
    }
    comm.broadcast(&mut address, 0)?;
    let told = usize::from(address[0]).min(ADDRESS - 1);
    let made = if comm.rank() == 0 {
        made.map_err(refused(ErrorClass::NoMem))
    } else if told == 0 {
        Err(refused(ErrorClass::NoMem)("rank 0 has made no memory to be shared".to_owned()))
    } else {
        CommonMemory::open(&address[1..=told], lines, len)
            .map_err(|why| refused(ErrorClass::RmaShared)(format!("cannot share memory with rank 0: {why}")))
    };
    let made = made.and_then(|memory| {
        memory.touch(places[comm.rank() as usize], size).map_err(refused(ErrorClass::NoMem))?;
        Ok(memory)
    });
    agree_on(comm, call, made.as_ref().err().cloned())?;
    let mut memory = made?;
    memory.settle();
    Ok(memory)
}

/// Tells whether all have succeeded; what they bring then.
fn agree(
    comm: &Communicator,
    call: &'static str,
    mine: Result<(), WindowError>,
    part: &Part,
) -> Result<Extents, WindowError> {
    agree_on(comm, call, mine.err())?;
    let mut all = vec![0_u64; 2 * comm.size() as usize];
    let mine = [part.size as u64, part.unit as u64];
    comm.all_gather_into(&mine[..], &mut all[..])?;
    Ok(Extents::new(all.chunks_exact(2).map(|pair| Extent { size: pair[0], unit: pair[1] }).collect()))
}

/// A call that fails at one rank fails at all.
fn agree_on(comm: &Communicator, call: &'static str, failed: Option<WindowError>) -> Result<(), WindowError> {
    let mine = ballot(comm, failed.as_ref().map(WindowError::class));
    let greatest = comm.all_reduce(&mine, crate::Op::max())?;
    let Some((rank, class)) = failure(comm, greatest) else { return Ok(()) };
    Err(failed.unwrap_or(WindowError::Elsewhere { call, rank, class }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_or_begin_in_pages() {
        let extents = Extents::new([8, 0, 5000].map(|size| Extent { size, unit: 8 }).to_vec());
        assert_eq!(places(&extents, 3, false), [0, 8, 8, 5008]);
        assert_eq!(places(&extents, 3, true), [0, 4096, 4096, 12288]);
        let alike = Extents::new(vec![Extent { size: 8, unit: 1 }; 100]);
        assert!(matches!(alike, Extents::Alike(_)));
        assert_eq!(alike.of(99).size, 8);
    }
}
