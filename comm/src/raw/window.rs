//! Windows over raw memory, and accesses out of and into it (MPI 5.0, sections 12.2 and 12.3).
//!
//! An access is a request to its target, and, where something comes back or the data are long, a message of its own. The calls
//! without a request leave it to the window, which waits for it at the end of the epoch.

use olympi_datatype::Datatype;
use olympi_reduce::{Element, Kind};

use crate::communicator::Communicator;
use crate::info::Info;
use crate::raw::{Raw, RawRequest};
use crate::window::{Flavor, Window, WindowError};

/// What of a window is accessed.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Whose memory; `PROC_NULL`: nobody's, and nothing happens.
    pub rank: i32,
    /// Where the elements begin, in that rank's units; in a dynamic window an address of the target's.
    pub displacement: i64,
    /// How many elements.
    pub count: usize,
    /// Of which datatype.
    pub datatype: &'a Datatype,
}

impl Window {
    /// Makes a window of memory that is there (`MPI_Win_create`): `size` bytes at `base`, where a displacement counts `unit`
    /// bytes. All ranks of the communicator call it, and may give different numbers.
    ///
    /// # Errors
    /// [`WindowError`], at all ranks: a unit of 0; an intercommunicator.
    ///
    /// # Safety
    /// Until the window has ended, the memory is there, initialized, and may be read and written from any thread that calls
    /// MPI, whenever it does.
    pub unsafe fn create_raw(
        comm: &Communicator,
        base: *mut u8,
        size: usize,
        unit: usize,
        info: &Info,
    ) -> Result<Self, WindowError> {
        // SAFETY: the caller's promise.
        unsafe { Self::create(comm, (base, size), unit, info) }
    }

    /// Lets others access more memory by a dynamic window (`MPI_Win_attach`).
    ///
    /// # Errors
    /// [`WindowError`]: another kind of window; the memory overlaps what is attached.
    ///
    /// # Safety
    /// As for [`create_raw`](Self::create_raw), until it is detached.
    pub unsafe fn attach_raw(&self, base: *mut u8, size: usize) -> Result<(), WindowError> {
        const CALL: &str = "Window::attach";
        self.dynamic(CALL)?;
        let mut inside = self.comm.shared.door.enter()?;
        let target = inside.window(self.comm.id());
        // SAFETY: the caller's promise.
        match target.map(|target| unsafe { target.exposed.attach(base, size) }) {
            Some(true) => Ok(()),
            _ => Err(WindowError::Attach {
                call: CALL,
                detail: "the memory overlaps what is attached already",
            }),
        }
    }

    /// Takes back memory that was attached, by its first address (`MPI_Win_detach`).
    ///
    /// # Errors
    /// [`WindowError`]: another kind of window; there is no such memory.
    pub fn detach_raw(&self, base: *const u8) -> Result<(), WindowError> {
        const CALL: &str = "Window::detach";
        self.dynamic(CALL)?;
        let mut inside = self.comm.shared.door.enter()?;
        match inside.window(self.comm.id()).map(|side| side.exposed.detach(base)) {
            Some(true) => Ok(()),
            _ => Err(WindowError::Attach { call: CALL, detail: "no memory that begins there is attached" }),
        }
    }

    fn dynamic(&self, call: &'static str) -> Result<(), WindowError> {
        match self.flavor() {
            Flavor::Dynamic => Ok(()),
            _ => Err(WindowError::Flavor { call, detail: "memory is attached to dynamic windows alone" }),
        }
    }
}

/// Accesses.
///
/// # Safety
/// Of all these calls: the memory that is read may be read and is initialized, what is written may be written and is nobody
/// else's, until the access has ended: until its epoch ends, or a call that flushes its target returns, or its request's
/// outcome was given.
///
/// # Errors
/// Of all these calls, [`WindowError`]: a wrong rank; no epoch that allows it is open; memory that is not part of the window;
/// sides of different lengths; a rank that is gone. What the target finds out ends the epoch with an error.
#[allow(clippy::missing_safety_doc, clippy::missing_errors_doc)] // It is said above, for all of them.
impl Window {
    /// Writes to a target's memory (`MPI_Put`).
    pub unsafe fn put_raw(&self, from: &Raw<'_>, target: &Target<'_>) -> Result<(), WindowError> {
        // SAFETY: the caller's promise.
        self.keep(unsafe { self.begin_put("Window::put", from, target) }?);
        Ok(())
    }

    /// The same with a request, which is over when the memory is free (`MPI_Rput`).
    pub unsafe fn rput_raw(&self, from: &Raw<'_>, target: &Target<'_>) -> Result<RawRequest, WindowError> {
        const CALL: &str = "Window::rput";
        // SAFETY: the caller's promise.
        let begun = unsafe { self.begin_put(CALL, from, target) }?;
        Ok(self.hand_out(CALL, begun))
    }

    /// Reads a target's memory (`MPI_Get`).
    pub unsafe fn get_raw(&self, into: &Raw<'_>, target: &Target<'_>) -> Result<(), WindowError> {
        // SAFETY: the caller's promise.
        self.keep(unsafe { self.begin_get("Window::get", into, target) }?);
        Ok(())
    }

    /// The same with a request, which is over when the bytes are there (`MPI_Rget`).
    pub unsafe fn rget_raw(&self, into: &Raw<'_>, target: &Target<'_>) -> Result<RawRequest, WindowError> {
        const CALL: &str = "Window::rget";
        // SAFETY: the caller's promise.
        let begun = unsafe { self.begin_get(CALL, into, target) }?;
        Ok(self.hand_out(CALL, begun))
    }

    /// Combines elements with those of a target, into its memory (`MPI_Accumulate`). All are `element`, on both sides. What
    /// several ranks combine with one element happens one after the other.
    pub unsafe fn accumulate_raw(
        &self,
        from: &Raw<'_>,
        target: &Target<'_>,
        kind: Kind,
        element: Element,
    ) -> Result<(), WindowError> {
        // SAFETY: the caller's promise.
        unsafe { self.send_accumulate("Window::accumulate", from, target, (kind, element)) }
    }

    /// The same with a request (`MPI_Raccumulate`). It is over at once, as the elements are copied.
    pub unsafe fn raccumulate_raw(
        &self,
        from: &Raw<'_>,
        target: &Target<'_>,
        kind: Kind,
        element: Element,
    ) -> Result<RawRequest, WindowError> {
        // SAFETY: the caller's promise.
        unsafe { self.send_accumulate("Window::raccumulate", from, target, (kind, element)) }?;
        Ok(RawRequest::send(&self.comm.core, None))
    }

    /// The same, and `into` gets what was there before (`MPI_Get_accumulate`, `MPI_Fetch_and_op`). With [`Kind::NoOp`] it only
    /// reads, and `from` does not matter.
    pub unsafe fn get_accumulate_raw(
        &self,
        from: &Raw<'_>,
        into: &Raw<'_>,
        target: &Target<'_>,
        kind: Kind,
        element: Element,
    ) -> Result<(), WindowError> {
        const CALL: &str = "Window::get_accumulate";
        // SAFETY: the caller's promise.
        self.keep(unsafe { self.begin_get_accumulate(CALL, (from, into), target, (kind, element)) }?);
        Ok(())
    }

    /// The same with a request, which is over when the result is there (`MPI_Rget_accumulate`).
    pub unsafe fn rget_accumulate_raw(
        &self,
        from: &Raw<'_>,
        into: &Raw<'_>,
        target: &Target<'_>,
        kind: Kind,
        element: Element,
    ) -> Result<RawRequest, WindowError> {
        const CALL: &str = "Window::rget_accumulate";
        // SAFETY: the caller's promise.
        let begun = unsafe { self.begin_get_accumulate(CALL, (from, into), target, (kind, element)) }?;
        Ok(self.hand_out(CALL, begun))
    }

    /// Puts an element where another one is found, and reads what was there (`MPI_Compare_and_swap`). All are of one size, at
    /// most 32 bytes, in one piece.
    pub unsafe fn compare_and_swap_raw(
        &self,
        swap: &Raw<'_>,
        compare: &Raw<'_>,
        into: &Raw<'_>,
        target: &Target<'_>,
    ) -> Result<(), WindowError> {
        const CALL: &str = "Window::compare_and_swap";
        // SAFETY: the caller's promise.
        self.keep(unsafe { self.begin_compare_and_swap(CALL, (swap, compare, into), target) }?);
        Ok(())
    }
}
