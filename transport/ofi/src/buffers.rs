//! Memory that the provider reads and writes while nobody looks: bounce buffers, receive buffers, and its own room in
//! every request.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use crate::domain::{Domain, Registration};
use crate::endpoint::{Endpoint, Piece};
use crate::ffi::{FI_MR_LOCAL, FI_RECV, FI_SEND, fi_context2};
use crate::info::Refusal;

const PAGE: usize = 4096;
/// Frames in one slab of bounce buffers.
const PER_SLAB: usize = 64;

/// Whole pages, registered where the provider asks for that.
pub(crate) struct Slab {
    registration: Option<Registration>,
    address: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its memory; what is written there is ordered by the completions.
unsafe impl Send for Slab {}

impl Slab {
    fn new(
        domain: &Arc<Domain>,
        endpoint: Option<&Arc<Endpoint>>,
        bytes: usize,
        key: u64,
    ) -> Result<Self, Refusal> {
        let bytes = bytes.next_multiple_of(PAGE);
        let Ok(layout) = Layout::from_size_align(bytes, PAGE) else {
            return Err(Refusal(-i64::from(libc::ENOMEM)));
        };
        // SAFETY: of at least one page.
        let address = unsafe { alloc_zeroed(layout) };
        let Some(address) = NonNull::new(address) else { handle_alloc_error(layout) };
        let mut slab = Self { registration: None, address, layout };
        if domain.mr_mode(FI_MR_LOCAL) {
            let start = slab.address.as_ptr().expose_provenance();
            let access = FI_SEND | FI_RECV;
            slab.registration = Some(Registration::new(domain, endpoint, start, bytes, access, key)?);
        }
        Ok(slab)
    }

    /// A part of it. It must lie inside.
    fn piece(&self, offset: usize, len: usize) -> Piece {
        assert!(offset + len <= self.layout.size(), "a piece of a slab lies inside it");
        let description = self.registration.as_ref().map_or(ptr::null_mut(), Registration::description);
        // SAFETY: inside the allocation, as was just seen.
        Piece { address: unsafe { self.address.as_ptr().add(offset) }, len, description }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.registration = None;
        // SAFETY: allocated with this layout. Its user closes the endpoint first, so that nothing is written here later.
        unsafe { dealloc(self.address.as_ptr(), self.layout) }
    }
}

/// Buffers in which frames wait to be sent.
pub(crate) struct SendPool {
    slabs: Vec<Slab>,
    free: Vec<u32>,
    frame: usize,
    most: usize,
}

impl SendPool {
    /// Of at most `most` messages of `frame` bytes.
    pub(crate) fn new(frame: usize, most: usize) -> Self {
        Self { slabs: Vec::new(), free: Vec::new(), frame, most }
    }

    /// A free buffer, and where it is.
    pub(crate) fn take(
        &mut self,
        domain: &Arc<Domain>,
        endpoint: Option<&Arc<Endpoint>>,
        key: &mut u64,
    ) -> Option<(u32, Piece)> {
        if self.free.is_empty() {
            let count = PER_SLAB.min(self.most - (self.slabs.len() * PER_SLAB).min(self.most));
            if count == 0 {
                return None;
            }
            *key += 1;
            // Refused memory is as good as none: what is under way will give some back.
            let slab = Slab::new(domain, endpoint, self.frame * count, *key).ok()?;
            let first = (self.slabs.len() * PER_SLAB) as u32;
            self.slabs.push(slab);
            self.free.extend((first..first + count as u32).rev());
        }
        let index = self.free.pop()?;
        let slab = &self.slabs[index as usize / PER_SLAB];
        Some((index, slab.piece(index as usize % PER_SLAB * self.frame, self.frame)))
    }

    pub(crate) fn give_back(&mut self, index: u32) {
        self.free.push(index);
    }
}

/// Posted receive buffers of one endpoint, or of all that share them.
pub(crate) struct Receives {
    slab: Slab,
    /// Length of each.
    piece: usize,
    /// The request that each is posted by.
    pub(crate) requests: Vec<u32>,
    /// Each takes as many messages as fit.
    pub(crate) many: bool,
}

impl Receives {
    /// `count` buffers of `piece` bytes.
    pub(crate) fn new(
        domain: &Arc<Domain>,
        endpoint: Option<&Arc<Endpoint>>,
        piece: usize,
        count: usize,
        many: bool,
        key: u64,
    ) -> Result<Self, Refusal> {
        let piece = piece.next_multiple_of(64);
        let slab = Slab::new(domain, endpoint, piece * count, key)?;
        Ok(Self { slab, piece, requests: Vec::with_capacity(count), many })
    }

    pub(crate) fn piece(&self, index: usize) -> Piece {
        self.slab.piece(index * self.piece, self.piece)
    }

    /// The bytes of a message that was received into a buffer: where it was told to be, if that is inside.
    pub(crate) fn message(&self, index: usize, at: *mut c_void, len: usize) -> Option<(*const u8, usize)> {
        let piece = self.piece(index);
        let start = if self.many { at.cast::<u8>().addr() } else { piece.address.addr() };
        let offset = start.checked_sub(piece.address.addr())?;
        (offset <= piece.len && len <= piece.len - offset)
            .then(|| (piece.address.wrapping_add(offset).cast_const(), len))
    }
}

/// What an operation under way is.
pub(crate) enum What {
    /// None.
    Free,
    /// A receive: into which buffer, of which connection (or of all).
    Receive { home: Option<u32>, buffer: u32 },
    /// A message out of a bounce buffer.
    Send { peer: u32, buffer: u32 },
    /// A `get` or a `put`.
    Access(Box<crate::region::Access>),
}

/// A request as libfabric knows it: room for the provider's own state, and which one it is.
#[repr(C)]
struct Slot {
    room: fi_context2,
    index: u32,
}

/// All operations under way, each with its slot, which stays in place.
#[derive(Default)]
pub(crate) struct Requests {
    slots: Vec<NonNull<Slot>>,
    what: Vec<What>,
    free: Vec<u32>,
}

// SAFETY: it owns its slots.
unsafe impl Send for Requests {}

impl Requests {
    /// Enters an operation; its number.
    #[inline]
    pub(crate) fn begin(&mut self, what: What) -> u32 {
        if let Some(index) = self.free.pop() {
            self.what[index as usize] = what;
            return index;
        }
        let index = self.slots.len() as u32;
        let slot = Box::new(Slot { room: fi_context2 { internal: [ptr::null_mut(); 8] }, index });
        self.slots.push(NonNull::from(Box::leak(slot)));
        self.what.push(what);
        index
    }

    /// What is passed to libfabric with it.
    #[inline]
    pub(crate) fn context(&self, index: u32) -> *mut c_void {
        self.slots[index as usize].as_ptr().cast()
    }

    /// Which operation came back.
    ///
    /// # Safety
    /// Null, or a context of this table.
    #[inline]
    pub(crate) unsafe fn index(&self, context: *mut c_void) -> Option<u32> {
        let slot = NonNull::new(context.cast::<Slot>())?;
        // SAFETY: the caller's promise; slots live as long as the table, and the provider writes only to their room.
        let index = unsafe { (&raw const (*slot.as_ptr()).index).read() };
        (self.slots.get(index as usize) == Some(&slot)).then_some(index)
    }

    #[inline]
    pub(crate) fn get(&mut self, index: u32) -> &mut What {
        &mut self.what[index as usize]
    }

    /// Strikes it off.
    #[inline]
    pub(crate) fn end(&mut self, index: u32) -> What {
        self.free.push(index);
        std::mem::replace(&mut self.what[index as usize], What::Free)
    }
}

impl Requests {
    /// The sends and accesses under way to a peer.
    pub(crate) fn of(&self, rank: u32) -> Vec<u32> {
        let to = |what: &What| match what {
            What::Send { peer, .. } => *peer == rank,
            What::Access(access) => access.peer == rank,
            What::Receive { .. } | What::Free => false,
        };
        (0_u32..).zip(&self.what).filter_map(|(index, what)| to(what).then_some(index)).collect()
    }

    /// Strikes off an operation whose endpoint was closed. Its slot is never used again: a completion that was queued
    /// before may still name it.
    pub(crate) fn retire(&mut self, index: u32) -> What {
        std::mem::replace(&mut self.what[index as usize], What::Free)
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        for slot in self.slots.drain(..) {
            // SAFETY: `begin` leaked it out of a box. Its user closes the endpoint first.
            drop(unsafe { Box::from_raw(slot.as_ptr()) });
        }
    }
}
