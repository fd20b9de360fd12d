//! How accesses to a window begin: what is meant is found and checked, and then done at once, where this process sees the
//! memory, or asked of the target.

use olympi_reduce::{Element, Kind, Operation};
use olympi_transport::Mode;

use crate::context::Traffic;
use crate::error::Error;
use crate::group::Group;
use crate::op::{OpRef, Outcome};
use crate::raw::point_to_point::room;
use crate::raw::request::{Again, Stage};
use crate::raw::{Kept, Raw, RawRequest, Target};
use crate::status::{PROC_NULL, Status};
use crate::window::{
    Admission, Direct, Flavor, Layout, Pending, SWAP_MAX, What, When, Window, WindowError, combine_run, copy,
    fetched, swap_run, wire,
};

/// Data of so many bytes go to their place without a copy, by a message of their own.
const LONG: u64 = 8 << 10;

/// How the two sides of an access must agree.
#[derive(Clone, Copy)]
enum Fit {
    Put,
    Get,
    Alike,
}

/// Does something with elements in one piece; others are packed.
///
/// # Safety
/// They may be read, and are initialized.
unsafe fn with_bytes<R>(from: &Raw<'_>, act: impl FnOnce(&[u8]) -> R) -> R {
    match *from {
        Raw::Run { len: 0, .. } => act(&[]),
        // SAFETY: the caller's promise.
        Raw::Run { start, len } => act(unsafe { std::slice::from_raw_parts(start, len) }),
        // SAFETY: as above.
        Raw::Laid { .. } => act(&unsafe { from.pack() }),
    }
}

/// Puts pieces one behind the other.
///
/// # Safety
/// As many bytes as all of them have may be written at `place`, as long as the closure is called.
unsafe fn one_by_one(mut place: *mut u8) -> impl FnMut(&[u8]) {
    move |piece| {
        // SAFETY: the caller's promise.
        unsafe { copy(piece.as_ptr(), place, piece.len()) };
        place = place.wrapping_add(piece.len());
    }
}

/// An access that has begun, and is not over.
pub(super) struct Begun {
    rank: u32,
    op: OpRef,
    what: What,
}

impl Window {
    /// Finds what is meant, and whether it may be accessed now. `None`: nothing is to be done.
    ///
    /// What is put may be less than the target's elements have room for, and what is got less than those of the caller: it
    /// is as if it were sent and received (MPI 5.0, section 12.3.1).
    fn aim(
        &self,
        call: &'static str,
        (len, fit): (usize, Fit),
        target: &Target<'_>,
    ) -> Result<Option<(u32, Layout)>, WindowError> {
        let Target { rank, displacement, count, datatype } = *target;
        if rank == PROC_NULL {
            return Ok(None);
        }
        let rank = self.rank_of(call, rank)?;
        let extent = self.extents.of(rank);
        let offset = displacement.checked_mul(extent.unit as i64);
        let beyond = || {
            let Target { count, datatype, .. } = target;
            let detail = format!(
                "{count} of {datatype:?} at displacement {displacement} are not part of rank {rank}'s memory, which has \
                 {} bytes (displacements there count {})",
                extent.size, extent.unit
            );
            WindowError::Range { call, detail }
        };
        let layout = offset.and_then(|at| Layout::of(datatype, count, at)).ok_or_else(beyond)?;
        if self.flavor() != Flavor::Dynamic && !layout.fits(extent.size) {
            return Err(beyond());
        }
        let there = usize::try_from(layout.len()).unwrap_or(usize::MAX);
        let layout = match fit {
            Fit::Put if len < there => layout.first_bytes(len as u64),
            Fit::Put if len > there => return Err(WindowError::Truncated { call, sent: len, room: there }),
            Fit::Get if there > len => return Err(WindowError::Truncated { call, sent: there, room: len }),
            Fit::Alike if there != len => {
                let detail = format!("the target's elements have {there} bytes, those of this process {len}");
                return Err(WindowError::Layout { call, detail });
            }
            _ => layout,
        };
        if !self.has_admitted(rank) {
            let admission = self.origin().admit(call, rank)?;
            if admission == Admission::ToBeLocked {
                self.lock_lazily(call, rank)?;
            }
            self.admit(rank, admission != Admission::Open);
        }
        Ok((layout.len() > 0).then_some((rank, layout)))
    }

    /// The short way to memory that this process sees: of a rank that it has accessed before in this epoch, in one piece as
    /// long as the caller's. `None`: by the long way, which also knows what is wrong.
    #[inline]
    fn quick(&self, len: usize, target: &Target<'_>) -> Option<(&Direct, u32, *mut u8)> {
        let direct = self.direct()?;
        let rank = target.rank as u32;
        // Only ranks of the window are admitted.
        if !self.has_admitted(rank) {
            return None;
        }
        let (at, run) = target.datatype.run(target.count)?;
        let unit = self.extents.of(rank).unit as i64;
        let offset = target.displacement.checked_mul(unit)?.checked_add(at as i64)?;
        let place = direct.part(rank).locate(offset, run as u64)?;
        (run == len).then_some((direct, rank, place))
    }

    /// The same of elements that are combined, of which there is at least one.
    #[inline]
    fn quick_operation(len: usize, kind: Kind, element: Element) -> Option<Operation> {
        let whole = len > 0 && len.is_multiple_of(element.size()) && kind != Kind::NoOp;
        if whole { Operation::predefined(kind, element).ok() } else { None }
    }

    /// Leaves the end of an access to the window.
    pub(super) fn keep(&self, begun: Option<Begun>) {
        if let Some(Begun { rank, op, what }) = begun {
            self.origin().push(Pending { rank, op, what });
        }
    }

    /// Gives the end of an access to a request. The window waits for it too.
    pub(super) fn hand_out(&self, call: &'static str, begun: Option<Begun>) -> RawRequest {
        let core = &self.comm.core;
        let Some(Begun { rank, op, what }) = begun else { return RawRequest::send(core, None) };
        self.origin().push(Pending { rank, op, what: What::Watched });
        match what {
            What::Received { len, kept } => {
                let group = self.group().clone();
                RawRequest::once(core, op, Box::new(Fetching { call, group, rank, len, kept }))
            }
            What::Sent | What::Watched => RawRequest::send(core, Some(op)),
        }
    }

    pub(super) unsafe fn begin_put(
        &self,
        call: &'static str,
        from: &Raw<'_>,
        target: &Target<'_>,
    ) -> Result<Option<Begun>, WindowError> {
        if let Raw::Run { start, len } = *from
            && let Some((_, _, place)) = self.quick(len, target)
        {
            // SAFETY: the caller's promise, and part of the window.
            unsafe { copy(start, place, len) };
            return Ok(None);
        }
        let Some((rank, layout)) = self.aim(call, (from.len(), Fit::Put), target)? else { return Ok(None) };
        if let Some(direct) = self.direct() {
            // SAFETY: the caller's promise.
            unsafe { with_bytes(from, |bytes| direct.part(rank).write(&layout, bytes)) };
            return Ok(None);
        }
        // SAFETY: the caller's promise, until the access has ended.
        let lent = unsafe { from.lend() };
        let op = match (lent, layout.single()) {
            (Some(buf), Some((offset, len))) if len >= LONG => {
                let tag = self.origin().tag();
                self.request(call, rank, When::Now, |out| wire::await_put(out, offset, len, tag))?;
                let (traffic, peer) = (Traffic::PARTITIONS, self.group().peer(rank));
                let mut inside = self.comm.shared.door.enter()?;
                self.comm.begin_send(&mut inside, traffic, Mode::Standard, buf, None, peer, tag).map_err(
                    |error| WindowError::PeerGone { call, rank: rank as i32, detail: error.to_string() },
                )?
            }
            _ => {
                self.request(call, rank, When::Later, |out| {
                    wire::put(out, &layout);
                    // SAFETY: the caller's promise.
                    unsafe { from.pack_into(out) };
                })?;
                None
            }
        };
        self.origin().is_unconfirmed(rank);
        Ok(op.map(|op| Begun { rank, op, what: What::Sent }))
    }

    /// Asks for something that lands in the caller's memory, of so many bytes.
    unsafe fn begin_fetch(
        &self,
        call: &'static str,
        rank: u32,
        (into, len): (&Raw<'_>, u64),
        request: impl FnOnce(&mut Vec<u8>, i32),
    ) -> Result<Begun, WindowError> {
        let (tag, len) = (self.origin().tag(), len as usize);
        // SAFETY: the caller's promise, until the access has ended.
        let (landing, hold, kept) = unsafe { room(into) };
        let op = self.await_answer(rank, tag, (landing, hold))?;
        self.request_answer(call, rank, op, |out| request(out, tag))?;
        Ok(Begun { rank, op, what: What::Received { len, kept } })
    }

    pub(super) unsafe fn begin_get(
        &self,
        call: &'static str,
        into: &Raw<'_>,
        target: &Target<'_>,
    ) -> Result<Option<Begun>, WindowError> {
        if let Raw::Run { start, len } = *into
            && let Some((_, _, place)) = self.quick(len, target)
        {
            // SAFETY: part of the window, and the caller's promise.
            unsafe { copy(place, start, len) };
            return Ok(None);
        }
        let Some((rank, layout)) = self.aim(call, (into.len(), Fit::Get), target)? else { return Ok(None) };
        if let Some(direct) = self.direct() {
            let part = direct.part(rank);
            match *into {
                // SAFETY: the caller's promise: the memory may be written, and is as long as the layout at least.
                Raw::Run { start, .. } => _ = unsafe { part.read_to(&layout, start) },
                // SAFETY: as above.
                Raw::Laid { .. } => unsafe { into.unpack(&part.read(&layout)) },
            }
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        unsafe { self.begin_fetch(call, rank, (into, layout.len()), |out, tag| wire::get(out, &layout, tag)) }
            .map(Some)
    }

    /// How elements are combined, if they can be.
    fn combinable(
        call: &'static str,
        (kind, element): (Kind, Element),
        layout: &Layout,
    ) -> Result<Operation, WindowError> {
        let operation = Operation::predefined(kind, element)
            .map_err(|undefined| WindowError::Operation { call, detail: undefined.to_string() })?;
        if !layout.is_made_of(element.size()) {
            let detail = format!("the target's datatype is not made of elements of {} bytes", element.size());
            return Err(WindowError::Layout { call, detail });
        }
        Ok(operation)
    }

    pub(super) unsafe fn send_accumulate(
        &self,
        call: &'static str,
        from: &Raw<'_>,
        target: &Target<'_>,
        (kind, element): (Kind, Element),
    ) -> Result<(), WindowError> {
        if let Raw::Run { start, len } = *from
            && let Some((direct, rank, place)) = self.quick(len, target)
            && let Some(operation) = Self::quick_operation(len, kind, element)
        {
            // SAFETY: the caller's promise, and part of the window.
            return self.alone(call, direct, rank, |_| unsafe {
                let data = std::slice::from_raw_parts(start, len);
                combine_run(place, len, data, &operation, &mut |_: &[u8]| ());
            });
        }
        let Some((rank, layout)) = self.aim(call, (from.len(), Fit::Put), target)? else { return Ok(()) };
        let operation = Self::combinable(call, (kind, element), &layout)?;
        if kind == Kind::NoOp {
            return Ok(());
        }
        if let Some(direct) = self.direct() {
            let act = |bytes: &[u8]| {
                self.alone(call, direct, rank, |part| part.combine(&layout, bytes, &operation, |_| ()))
            };
            // SAFETY: the caller's promise.
            return unsafe { with_bytes(from, act) }.map(|_| ());
        }
        self.request(call, rank, When::Later, |out| {
            wire::combine(out, kind, element, &layout, None);
            // SAFETY: the caller's promise.
            unsafe { from.pack_into(out) };
        })?;
        self.origin().is_unconfirmed(rank);
        Ok(())
    }

    pub(super) unsafe fn begin_get_accumulate(
        &self,
        call: &'static str,
        (from, into): (&Raw<'_>, &Raw<'_>),
        target: &Target<'_>,
        (kind, element): (Kind, Element),
    ) -> Result<Option<Begun>, WindowError> {
        if let (&Raw::Run { start, len }, &Raw::Run { start: result, len: room }) = (from, into)
            && len == room
            && let Some((direct, rank, place)) = self.quick(len, target)
            && let Some(operation) = Self::quick_operation(len, kind, element)
        {
            // SAFETY: the caller's promise: the result has as many bytes as all pieces.
            let mut old = unsafe { one_by_one(result) };
            // SAFETY: the caller's promise, and part of the window.
            self.alone(call, direct, rank, |_| unsafe {
                combine_run(place, len, std::slice::from_raw_parts(start, len), &operation, &mut old);
            })?;
            return Ok(None);
        }
        let Some((rank, layout)) = self.aim(call, (into.len(), Fit::Alike), target)? else { return Ok(None) };
        let operation = Self::combinable(call, (kind, element), &layout)?;
        let needed = if kind == Kind::NoOp { 0 } else { into.len() };
        if needed > 0 && from.len() != needed {
            let detail = format!("the operands have {} bytes, the result {needed}", from.len());
            return Err(WindowError::Layout { call, detail });
        }
        if let Some(direct) = self.direct() {
            let from = if needed > 0 { from } else { &Raw::NONE };
            let act = |bytes: &[u8], old: &mut dyn FnMut(&[u8])| {
                self.alone(call, direct, rank, |part| part.combine(&layout, bytes, &operation, old))
            };
            match *into {
                Raw::Run { start, .. } => {
                    // SAFETY: the caller's promise: the result has as many bytes as the layout, and so have all pieces.
                    let mut old = unsafe { one_by_one(start) };
                    // SAFETY: the caller's promise.
                    unsafe { with_bytes(from, |bytes| act(bytes, &mut old)) }?;
                }
                Raw::Laid { .. } => {
                    let mut old = Vec::with_capacity(into.len());
                    // SAFETY: the caller's promise.
                    unsafe {
                        with_bytes(from, |bytes| act(bytes, &mut |piece| old.extend(piece)))?;
                        into.unpack(&old);
                    }
                }
            }
            return Ok(None);
        }
        let request = |out: &mut Vec<u8>, tag| {
            wire::combine(out, kind, element, &layout, Some(tag));
            if needed > 0 {
                // SAFETY: the caller's promise.
                unsafe { from.pack_into(out) };
            }
        };
        // SAFETY: the caller's promise.
        unsafe { self.begin_fetch(call, rank, (into, layout.len()), request) }.map(Some)
    }

    pub(super) unsafe fn begin_compare_and_swap(
        &self,
        call: &'static str,
        (swap, compare, into): (&Raw<'_>, &Raw<'_>, &Raw<'_>),
        target: &Target<'_>,
    ) -> Result<Option<Begun>, WindowError> {
        let len = into.len();
        if let (&Raw::Run { start: compare, len: first }, &Raw::Run { start: swap, len: second }) =
            (compare, swap)
            && let Raw::Run { start: result, .. } = *into
            && (first, second) == (len, len)
            && (1..=SWAP_MAX).contains(&len)
            && let Some((direct, rank, place)) = self.quick(len, target)
        {
            let old = &mut [0; SWAP_MAX][..len];
            // SAFETY: the caller's promise, and part of the window.
            self.alone(call, direct, rank, |_| unsafe {
                let operand = |start: *mut u8| std::slice::from_raw_parts(start, len);
                swap_run(place, operand(compare), operand(swap), old);
                copy(old.as_ptr(), result, len);
            })?;
            return Ok(None);
        }
        let Some((rank, layout)) = self.aim(call, (len, Fit::Alike), target)? else { return Ok(None) };
        let (Some((offset, _)), true) =
            (layout.single(), len <= SWAP_MAX && swap.len() == len && compare.len() == len)
        else {
            let detail =
                format!("elements of one size, at most {SWAP_MAX} bytes in one piece, can be compared");
            return Err(WindowError::Layout { call, detail });
        };
        let mut operands = [[0; SWAP_MAX]; 2];
        for (operand, raw) in operands.iter_mut().zip([compare, swap]) {
            // SAFETY: the caller's promise.
            unsafe { with_bytes(raw, |bytes| operand[..len].copy_from_slice(bytes)) };
        }
        let [compare, swap] = operands.each_ref().map(|operand| &operand[..len]);
        if let Some(direct) = self.direct() {
            let old = &mut [0; SWAP_MAX][..len];
            self.alone(call, direct, rank, |part| part.compare_and_swap(offset, compare, swap, old))?;
            // SAFETY: the caller's promise.
            unsafe { into.unpack(old) };
            return Ok(None);
        }
        let request = |out: &mut Vec<u8>, tag| wire::compare_and_swap(out, offset, compare, swap, tag);
        // SAFETY: as above.
        unsafe { self.begin_fetch(call, rank, (into, layout.len()), request) }.map(Some)
    }
}

/// An access that reads, in the hands of a request.
struct Fetching {
    call: &'static str,
    group: Group,
    rank: u32,
    len: usize,
    kept: Option<Box<Kept>>,
}

impl Again for Fetching {
    fn start(&mut self) -> Result<Stage, Error> {
        unreachable!("it is begun once")
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error> {
        fetched(self.call, &self.group, self.rank, self.len, self.kept.as_deref(), outcome)?;
        Ok(Status::EMPTY)
    }

    fn is_needed(&self) -> bool {
        self.kept.is_some()
    }
}
