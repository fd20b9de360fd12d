//! `MPI_Status`: five integers in MPICH, eight in ours.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use olympi_abi::types;

use crate::arguments::{Argument, Translated};
use crate::codes::Code;
use crate::constants::{Rank, Tag};

/// `MPI_Status`: of the length in bytes the lower half, the upper one and whether it was cancelled (bit 0); and what
/// programs read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(crate) struct Status {
    pub(crate) count_lo: c_int,
    pub(crate) count_hi_and_cancelled: c_int,
    pub(crate) source: c_int,
    pub(crate) tag: c_int,
    pub(crate) error: c_int,
}

/// `MPI_STATUS_IGNORE` and `MPI_STATUSES_IGNORE`
pub(crate) const IGNORE: usize = 1;

impl Status {
    /// As the core has it.
    #[inline]
    pub(crate) fn to_core(self) -> types::Status {
        let mut core = types::Status::EMPTY;
        core.source = Rank(self.source).to_core();
        core.tag = Tag(self.tag).to_core();
        core.error = Code(self.error).to_core();
        core.set_cancelled(self.count_hi_and_cancelled & 1 != 0);
        let high = u64::from(self.count_hi_and_cancelled as u32 >> 1);
        core.set_bytes(high << 32 | u64::from(self.count_lo as u32));
        core
    }

    /// As the program has it.
    #[inline]
    pub(crate) fn from_core(core: &types::Status) -> Self {
        let bytes = core.bytes();
        Self {
            count_lo: bytes as c_int,
            count_hi_and_cancelled: (bytes >> 32 << 1) as c_int | c_int::from(core.is_cancelled()),
            source: Rank::from_core(core.source).0,
            tag: Tag::from_core(core.tag).0,
            error: Code::from_core(core.error).0,
        }
    }

    /// Takes what the core has made of it. An error that the core has left alone stays whatever it was.
    #[inline]
    pub(crate) fn update(&mut self, core: &types::Status) {
        let error = self.error;
        let left_alone = Code(error).to_core() == core.error;
        *self = Self::from_core(core);
        if left_alone {
            self.error = error;
        }
    }
}

/// Whether there is no status to be written.
#[inline]
pub(crate) fn is_ignored(status: *const Status) -> bool {
    status as usize <= IGNORE
}

impl Argument for *mut Status {
    type Core = *mut types::Status;
    type Held = Option<types::Status>;

    #[inline]
    unsafe fn hold(self) -> Self::Held {
        // SAFETY: one of the program's, by its promise, unless it is ignored.
        (!is_ignored(self)).then(|| unsafe { *self }.to_core())
    }

    #[inline]
    fn lend(held: &mut Self::Held) -> *mut types::Status {
        held.as_mut().map_or(null_mut(), |core| &raw mut *core)
    }

    #[inline]
    unsafe fn settle(self, held: Self::Held) {
        if let Some(core) = held {
            // SAFETY: as above.
            unsafe { (*self).update(&core) };
        }
    }
}

impl Argument for *const Status {
    type Core = *const types::Status;
    type Held = Option<types::Status>;

    #[inline]
    unsafe fn hold(self) -> Self::Held {
        // SAFETY: one of the program's, by its promise, unless it is ignored.
        (!is_ignored(self)).then(|| unsafe { *self }.to_core())
    }

    #[inline]
    fn lend(held: &mut Self::Held) -> *const types::Status {
        held.as_ref().map_or(null(), |core| &raw const *core)
    }

    #[inline]
    unsafe fn settle(self, _held: Self::Held) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_as_long_as_mpich_has_it() {
        assert_eq!((size_of::<Status>(), align_of::<Status>()), (20, 4));
        assert_eq!(std::mem::offset_of!(Status, source), 8);
    }

    #[test]
    fn statuses_go_there_and_back() {
        for (source, tag) in [(0, 0), (3, 77), (-1, -1), (-2, -1), (-1, 5)] {
            for (bytes, cancelled) in [(0_u64, false), (8, true), (5 << 32 | 7, false), (1 << 62, true)] {
                let status = Status {
                    count_lo: bytes as c_int,
                    count_hi_and_cancelled: (bytes >> 32 << 1) as c_int | c_int::from(cancelled),
                    source,
                    tag,
                    error: 14,
                };
                let core = status.to_core();
                assert_eq!((core.bytes(), core.is_cancelled()), (bytes, cancelled));
                assert_eq!(core.error, olympi_abi::constants::MPI_ERR_TRUNCATE);
                assert_eq!(Status::from_core(&core), status);
            }
        }
    }

    #[test]
    fn an_empty_status_is_from_anyone() {
        let empty = Status::from_core(&types::Status::EMPTY);
        assert_eq!((empty.source, empty.tag, empty.error), (-2, -1, 0));
    }

    #[test]
    fn an_error_that_was_left_alone_stays() {
        let mut status = Status { count_lo: 0, count_hi_and_cancelled: 0, source: 0, tag: 0, error: -123 };
        let core = status.to_core();
        status.update(&core);
        assert_eq!(status.error, -123);
    }

    #[test]
    fn ignored_statuses_are_null_for_the_core() {
        let ignored = IGNORE as *mut Status;
        // SAFETY: it is not looked at.
        let mut held = unsafe { ignored.hold() };
        assert!(<*mut Status>::lend(&mut held).is_null());
        // SAFETY: as above.
        unsafe { ignored.settle(held) };
    }
}
