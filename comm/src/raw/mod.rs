//! Memory that is known by its address: calls for foreign languages.
//!
//! What a C program gives is an address, a count and a datatype, and its promise that the memory is there until the
//! operation has ended. The calls here take that promise (they are `unsafe`), and are else those of
//! [`Communicator`]: the same operations in the same tables. A program in Rust has no need of them.
//!
//! Messages of raw memory match whatever datatype the other side names, as C programs expect: they may send `long` and
//! receive `int64_t`.
//!
//! A collective is described by one value ([`RawCollective`]) for its three forms.
// Whether memory is lent or packed, and whether a call is in place, are two cases of one weight.
#![allow(clippy::single_match_else)]

mod access;
mod blocks;
mod collective;
mod files;
mod lower;
mod memory;
mod operation;
mod partitioned;
mod pieces;
mod point_to_point;
mod request;
mod views;
mod window;

use std::fmt;

use olympi_datatype::Datatype;
use olympi_transport_api::{RecvBuf, SendBuf};

pub use blocks::{Numbers, RawBlocks};
pub use collective::RawCollective;
pub use files::Together;
pub use olympi_reduce::{Element, Kind};
pub use operation::{RawFunction, RawOp, element};
pub use partitioned::{RawPartitions, Side};
pub use pieces::{Divided, DividedMut, Pieces};
pub use point_to_point::SendMode;
pub use request::{RawRequest, first_over};
pub use window::Target;

use crate::communicator::Communicator;

impl Communicator {
    /// Another handle of the same communicator. Attributes end with the one that the communicator was made as.
    #[must_use]
    pub fn share(&self) -> Self {
        self.handle()
    }
}

/// Elements at an address.
#[derive(Clone, Copy)]
pub enum Raw<'a> {
    /// Bytes in one piece.
    Run {
        /// The first of them.
        start: *mut u8,
        /// How many.
        len: usize,
    },
    /// What a datatype lays out in pieces.
    Laid {
        /// The address that displacements count from.
        start: *mut u8,
        /// How many elements.
        count: usize,
        /// Of which datatype.
        datatype: &'a Datatype,
    },
}

impl<'a> Raw<'a> {
    /// None at all.
    pub const NONE: Raw<'static> = Raw::Run { start: std::ptr::null_mut(), len: 0 };

    /// `count` elements of a datatype, seen from `start`.
    #[inline]
    pub fn new(start: *mut u8, count: usize, datatype: &'a Datatype) -> Self {
        match datatype.run(count) {
            Some((offset, len)) => Self::Run { start: start.wrapping_offset(offset), len },
            None if count == 0 => Self::NONE,
            None => Self::Laid { start, count, datatype },
        }
    }

    /// How many bytes the elements have when packed.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Run { len, .. } => *len,
            Self::Laid { count, datatype, .. } => {
                usize::try_from(datatype.size()).unwrap_or(usize::MAX).saturating_mul(*count)
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements one after the other.
    ///
    /// # Safety
    /// All data of the elements lies in memory that may be read and is initialized.
    pub unsafe fn pack(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.len());
        // SAFETY: the caller's promise; what is said to have been written was.
        unsafe { self.pack_into(&mut packed) };
        packed
    }

    /// Appends the elements.
    ///
    /// # Safety
    /// As for [`pack`](Self::pack).
    pub(crate) unsafe fn pack_into(&self, packed: &mut Vec<u8>) {
        let (before, len) = (packed.len(), self.len());
        packed.reserve(len);
        let room = &mut packed.spare_capacity_mut()[..len];
        // SAFETY: the caller's promise; the room is as long as the packed elements, and apart from them. What the calls say
        // that they have written is initialized.
        unsafe {
            let written = match *self {
                Self::Run { len: 0, .. } => 0,
                Self::Run { start, len } => {
                    std::ptr::copy_nonoverlapping(start, room.as_mut_ptr().cast(), len);
                    len
                }
                Self::Laid { start, count, datatype } => datatype.pack_raw(start, count, 0, room),
            };
            packed.set_len(before + written);
        }
    }

    /// Puts packed elements, or the first bytes of them, where they belong.
    ///
    /// # Safety
    /// All data of the elements lies in memory that may be written, and that nobody else uses during the call.
    pub unsafe fn unpack(&self, packed: &[u8]) {
        // SAFETY: the caller's promise.
        unsafe {
            match *self {
                Self::Run { start, len } => {
                    let len = len.min(packed.len());
                    if len > 0 {
                        std::ptr::copy(packed.as_ptr(), start, len);
                    }
                }
                Self::Laid { start, count, datatype } => {
                    datatype.unpack_raw(start, count, 0, packed);
                }
            }
        }
    }

    /// Lends bytes in one piece to a send; `None`: they have to be packed.
    ///
    /// # Safety
    /// They may be read and are initialized until the operation has ended.
    #[inline]
    pub(crate) unsafe fn lend(&self) -> Option<SendBuf> {
        match *self {
            Self::Run { len: 0, .. } => Some(SendBuf::empty()),
            // SAFETY: the caller's promise.
            Self::Run { start, len } => Some(unsafe { SendBuf::lend(start, len) }),
            Self::Laid { .. } => None,
        }
    }

    /// Lends bytes in one piece to a receive; `None`: what is received has to be distributed.
    ///
    /// # Safety
    /// They may be written, and are nobody else's, until the operation has ended.
    #[inline]
    pub(crate) unsafe fn lend_mut(&self) -> Option<RecvBuf> {
        match *self {
            Self::Run { len: 0, .. } => Some(RecvBuf::empty()),
            // SAFETY: the caller's promise.
            Self::Run { start, len } => Some(unsafe { RecvBuf::lend(start, len) }),
            Self::Laid { .. } => None,
        }
    }

    /// The same, to be kept by an operation.
    pub(crate) fn keep(&self) -> Kept {
        match *self {
            Self::Run { start, len } => Kept { start, count: len, datatype: None },
            Self::Laid { start, count, datatype } => Kept { start, count, datatype: Some(datatype.clone()) },
        }
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { start, len } => write!(f, "{len} bytes at {start:p}"),
            Self::Laid { start, count, datatype } => write!(f, "{count} of {datatype:?} at {start:p}"),
        }
    }
}

/// Raw memory that an operation keeps in mind until it ends, or is started again.
#[derive(Clone)]
pub(crate) struct Kept {
    start: *mut u8,
    /// Elements; bytes, where there is no datatype.
    count: usize,
    datatype: Option<Datatype>,
}

// SAFETY: an address alone. It is read or written only by calls whose callers have promised that they may.
unsafe impl Send for Kept {}
// SAFETY: as above; a shared reference gives no more than the address.
unsafe impl Sync for Kept {}

impl Kept {
    /// Puts what has been received for an operation where it belongs.
    pub(crate) fn distribute(&self, packed: &[u8]) {
        // SAFETY: whoever began the operation has promised that the memory is there, and its own, until the outcome is given.
        unsafe { self.raw().unpack(packed) };
    }

    /// The elements.
    pub(crate) fn raw(&self) -> Raw<'_> {
        match &self.datatype {
            None => Raw::Run { start: self.start, len: self.count },
            Some(datatype) => Raw::Laid { start: self.start, count: self.count, datatype },
        }
    }
}
