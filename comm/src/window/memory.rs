//! The memory that a window shows, and the accesses to it that its owner does for others.
//!
//! All `unsafe` of windows is here, and where the calls on raw memory lend their buffers (`raw/window.rs`). It rests on one
//! promise, made where memory becomes part of a window: it may be read and written until the window has ended, or it is
//! detached. Processes that share it may write it at any time, so it is only copied from and to, never a slice.

use std::ops::ControlFlow;

use olympi_reduce::{Kind, Operation, Order};
use olympi_transport_api::{Payload, RecvBuf};

use crate::window::layout::Layout;

/// Bytes that are combined at a time: they stay in the nearest cache.
const PIECE: usize = 4 << 10;
/// Up to so many bytes are combined in a smaller place.
const SHORT: usize = 64;

/// Memory of a process that others may access.
#[derive(Debug, Default)]
pub(crate) struct Exposed {
    regions: Vec<Region>,
    /// Offsets are addresses.
    absolute: bool,
}

#[derive(Clone, Copy, Debug)]
struct Region {
    start: *mut u8,
    len: usize,
}

// SAFETY: addresses alone; whoever made memory part of a window has promised that any thread may access it.
unsafe impl Send for Exposed {}
// SAFETY: as above. All accesses are copies that expect others to write meanwhile.
unsafe impl Sync for Exposed {}

impl Exposed {
    /// Memory in one piece.
    ///
    /// # Safety
    /// It may be read and written until this value is dropped, and is initialized.
    pub(crate) unsafe fn whole(start: *mut u8, len: usize) -> Self {
        Self { regions: vec![Region { start, len }], absolute: false }
    }

    /// None yet, that is known by its addresses.
    pub(crate) fn dynamic() -> Self {
        Self { regions: Vec::new(), absolute: true }
    }

    /// More memory; whether it overlaps none that is there.
    ///
    /// # Safety
    /// As for [`whole`](Self::whole), until it is detached.
    pub(crate) unsafe fn attach(&mut self, start: *mut u8, len: usize) -> bool {
        let (first, end) = (start.addr(), start.addr().saturating_add(len));
        let apart = |region: &Region| end <= region.start.addr() || region.end() <= first;
        let sound = end - first == len && (len == 0 || self.regions.iter().all(apart));
        if sound {
            self.regions.push(Region { start, len });
        }
        sound
    }

    /// Takes memory back that begins there; whether there is any.
    pub(crate) fn detach(&mut self, start: *const u8) -> bool {
        let at = self.regions.iter().position(|region| region.start.cast_const() == start);
        at.map(|at| self.regions.swap_remove(at)).is_some()
    }

    /// Where the first region begins.
    pub(crate) fn start(&self) -> *mut u8 {
        self.regions.first().map_or(std::ptr::null_mut(), |region| region.start)
    }

    /// Where bytes lie; `None`: not all of them are part of the window.
    #[inline]
    pub(crate) fn locate(&self, offset: i64, len: u64) -> Option<*mut u8> {
        let (offset, len) = (usize::try_from(offset).ok()?, usize::try_from(len).ok()?);
        self.regions.iter().find_map(|region| {
            let at = if self.absolute { offset.checked_sub(region.start.addr())? } else { offset };
            (at <= region.len && len <= region.len - at).then(|| region.start.wrapping_add(at))
        })
    }

    /// Whether all of it is part of the window.
    pub(crate) fn has(&self, layout: &Layout) -> bool {
        if let (false, [region]) = (self.absolute, &self.regions[..]) {
            return layout.fits(region.len as u64);
        }
        let inside = layout.for_each(|at, len| match self.locate(at, len) {
            Some(_) => ControlFlow::Continue(()),
            None => ControlFlow::Break(()),
        });
        inside.is_continue()
    }

    /// Lends a run to a receive.
    pub(crate) fn lend(&self, offset: i64, len: u64) -> Option<RecvBuf> {
        let start = self.locate(offset, len)?;
        // SAFETY: part of the window, which lets others write it; the window does not end before its receives have.
        Some(unsafe { RecvBuf::lend(start, len as usize) })
    }

    /// Goes through the runs of what is [part of the window](Self::has), with the number of bytes before each.
    fn walk(&self, layout: &Layout, mut each: impl FnMut(*mut u8, usize, usize)) {
        let mut before = 0;
        let _all = layout.for_each(|at, len| {
            if let Some(start) = self.locate(at, len) {
                each(start, len as usize, before);
            }
            before += len as usize;
            ControlFlow::<()>::Continue(())
        });
    }

    /// Reads. What is not part of the window reads as nothing.
    pub(crate) fn read(&self, layout: &Layout) -> Vec<u8> {
        let mut bytes = Vec::<u8>::new();
        // Elements may overlap, so there may be more of them than there is memory.
        if bytes.try_reserve_exact(layout.len() as usize).is_ok() {
            // SAFETY: the room was reserved, and all of it was written if it is said so.
            unsafe {
                if self.read_to(layout, bytes.as_mut_ptr()) {
                    bytes.set_len(layout.len() as usize);
                }
            }
        }
        bytes
    }

    /// Reads into other memory; whether all of it is part of the window, and was read.
    ///
    /// # Safety
    /// As many bytes as the layout has may be written at `into`.
    pub(crate) unsafe fn read_to(&self, layout: &Layout, into: *mut u8) -> bool {
        let there = self.has(layout);
        if there {
            // SAFETY: readable as part of the window; the place is as long as the layout.
            self.walk(layout, |start, len, before| unsafe { copy(start, into.add(before), len) });
        }
        there
    }

    /// Writes as many bytes as the layout has; whether they were, and all of it is part of the window.
    pub(crate) fn write(&self, layout: &Layout, data: &[u8]) -> bool {
        let fits = layout.len() == data.len() as u64 && self.has(layout);
        if fits {
            self.walk(layout, |start, len, before| {
                let part = &data[before..before + len];
                // SAFETY: writable as part of the window.
                unsafe { copy(part.as_ptr(), start, len) }
            });
        }
        fits
    }

    /// Combines elements with those of the window, into it; `old` gets what was there, piece by piece. Whether it could be
    /// done: all is part of the window, every run holds whole elements, and there is one for each (or the operation needs
    /// none).
    pub(crate) fn combine(
        &self,
        layout: &Layout,
        data: &[u8],
        operation: &Operation,
        mut old: impl FnMut(&[u8]),
    ) -> bool {
        let (grain, changes) = (operation.grain(), operation.kind() != Some(Kind::NoOp));
        let enough = !changes || layout.len() == data.len() as u64;
        if !layout.is_made_of(grain) || !enough || !self.has(layout) {
            return false;
        }
        self.walk(layout, |start, len, before| {
            let from = if changes { &data[before..before + len] } else { &[] };
            // SAFETY: part of the window.
            unsafe { combine_run(start, len, from, operation, &mut old) };
        });
        true
    }

    /// Puts `swap` where `compare` is found, and gives what was there; whether it is part of the window. All are of one
    /// length.
    pub(crate) fn compare_and_swap(&self, offset: i64, compare: &[u8], swap: &[u8], old: &mut [u8]) -> bool {
        let Some(place) = self.locate(offset, old.len() as u64) else { return false };
        // SAFETY: part of the window.
        unsafe { swap_run(place, compare, swap, old) };
        true
    }
}

/// Puts `swap` where `compare` is found, and gives what was there.
///
/// # Safety
/// As many bytes as `old` has, of which `swap` has as many, are part of a window.
#[inline]
pub(crate) unsafe fn swap_run(place: *mut u8, compare: &[u8], swap: &[u8], old: &mut [u8]) {
    // SAFETY: the caller's promise.
    unsafe {
        copy(place, old.as_mut_ptr(), old.len());
        if old == compare {
            copy(swap.as_ptr(), place, swap.len().min(old.len()));
        }
    }
}

/// Copies memory of which one side may be accessed by others meanwhile. What is long has mostly been touched by nobody else
/// for a while, which the C library's copy is for.
///
/// # Safety
/// `len` bytes may be read at `from` and written at `into`, and do not overlap (MPI 5.0, section 12.3).
#[inline]
pub(crate) unsafe fn copy(from: *const u8, into: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if len > 16 {
            return std::ptr::copy_nonoverlapping(from, into, len);
        }
        let (payload, place) = (Payload::from_raw(from, len), RecvBuf::lend(into, len));
        place.fill(0, payload);
    }
}

/// Combines a run of whole elements with those of a window, into it; `old` gets what was there, piece by piece. No data: the
/// operation changes nothing.
///
/// # Safety
/// The run is part of a window.
#[inline]
pub(crate) unsafe fn combine_run(
    start: *mut u8,
    len: usize,
    data: &[u8],
    operation: &Operation,
    old: &mut impl FnMut(&[u8]),
) {
    let mut each = |piece: &mut [u8], place: *mut u8, from: &[u8]| {
        // SAFETY: part of the run.
        unsafe { copy(place, piece.as_mut_ptr(), piece.len()) };
        old(piece);
        if !data.is_empty() {
            operation.apply(from, piece, Order::IntoFirst);
            // SAFETY: as above.
            unsafe { copy(piece.as_ptr(), place, piece.len()) };
        }
    };
    // Of a few elements, zeroing a large piece would take longer than all the rest.
    if len <= SHORT {
        let mut piece = [0; SHORT];
        return each(&mut piece[..len], start, data);
    }
    let mut piece = [0; PIECE];
    let step = PIECE - PIECE % operation.grain();
    for at in (0..len).step_by(step) {
        let n = step.min(len - at);
        let from = if data.is_empty() { data } else { &data[at..at + n] };
        each(&mut piece[..n], start.wrapping_add(at), from);
    }
}

impl Region {
    fn end(&self) -> usize {
        self.start.addr() + self.len
    }
}

#[cfg(test)]
mod tests {
    use olympi_datatype::Datatype;
    use olympi_reduce::Element;

    use super::*;

    fn exposed(memory: &mut [u8]) -> Exposed {
        // SAFETY: the tests use the memory elsewhere only when they do not use the value.
        unsafe { Exposed::whole(memory.as_mut_ptr(), memory.len()) }
    }

    #[test]
    fn what_is_not_part_of_the_window_is_not_touched() {
        let mut memory = [7_u8; 16];
        let window = exposed(&mut memory);
        for (at, len) in [(-1, 2), (16, 1), (0, 17), (i64::MAX, 1), (15, 2)] {
            let run = Layout::run(at, len);
            assert!(!window.write(&run, &vec![1; len as usize]) && window.read(&run).is_empty());
            assert!(window.lend(at, len).is_none());
        }
        assert!(window.write(&Layout::run(14, 2), &[1, 2]) && !window.write(&Layout::run(0, 2), &[1]));
        assert_eq!(window.read(&Layout::run(13, 3)), [7, 1, 2]);
    }

    #[test]
    fn combining_gives_what_was_there_and_respects_elements() {
        let mut memory = [0_u8; 24];
        let window = exposed(&mut memory);
        let sum = Operation::predefined(Kind::Sum, Element::I32).unwrap();
        let every_other = Layout::of(&Datatype::of::<i32>().vector(3, 1, 2).unwrap(), 1, 0).unwrap();
        let data: Vec<u8> = [1_i32, 2, 3].iter().flat_map(|n| n.to_ne_bytes()).collect();
        let mut old = Vec::<u8>::new();
        assert!(window.combine(&every_other, &data, &sum, |_| ()));
        assert!(window.combine(&every_other, &data, &sum, |piece| old.extend(piece)));
        assert_eq!(old, data);
        assert_eq!(memory[16..20], 6_i32.to_ne_bytes());
        let window = exposed(&mut memory);
        assert!(!window.combine(&Layout::run(0, 6), &data[..6], &sum, |_| ()), "half an element");
        assert!(!window.combine(&Layout::run(0, 8), &data, &sum, |_| ()), "more elements than places");
        let none = Operation::predefined(Kind::NoOp, Element::I32).unwrap();
        let mut old = Vec::<u8>::new();
        assert!(window.combine(&Layout::run(16, 4), &[], &none, |piece| old.extend(piece)));
        assert_eq!(old, 6_i32.to_ne_bytes());
        let swap = |at, compare: &[u8], swap: &[u8]| {
            let mut old = [9; 4];
            window.compare_and_swap(at, compare, swap, &mut old).then_some(old)
        };
        assert_eq!(swap(16, &old, &[1; 4]), Some(6_i32.to_ne_bytes()));
        assert_eq!(swap(16, &old, &[2; 4]), Some([1; 4]));
        assert_eq!(swap(22, &old, &[2; 4]), None);
    }

    #[test]
    fn long_and_short_combinations_are_the_same() {
        for elements in [1, 4, 8, 9, 511, 512, 513, 3000] {
            let mut memory = vec![1_u8; 8 * elements];
            let window = exposed(&mut memory);
            let sum = Operation::predefined(Kind::Sum, Element::I64).unwrap();
            let data = vec![2_u8; 8 * elements];
            let run = Layout::run(0, 8 * elements as u64);
            let mut old = Vec::<u8>::new();
            assert!(window.combine(&run, &data, &sum, |piece| old.extend(piece)));
            assert!(old.len() == 8 * elements && old.iter().all(|byte| *byte == 1));
            assert!(memory.iter().all(|byte| *byte == 3));
        }
    }

    #[test]
    fn attached_memory_is_known_by_its_address() {
        let (mut first, mut second) = ([1_u8; 8], [2_u8; 8]);
        let mut window = Exposed::dynamic();
        // SAFETY: as above.
        unsafe {
            assert!(window.attach(first.as_mut_ptr(), 8) && window.attach(second.as_mut_ptr(), 8));
            assert!(!window.attach(first.as_mut_ptr().wrapping_add(4), 2), "it overlaps");
        }
        let at = |memory: &[u8; 8], offset: i64| memory.as_ptr().addr() as i64 + offset;
        assert_eq!(window.read(&Layout::run(at(&second, 6), 2)), [2, 2]);
        assert!(window.read(&Layout::run(at(&second, 6), 3)).is_empty());
        assert!(window.detach(first.as_ptr()) && !window.detach(first.as_ptr()));
        assert!(window.read(&Layout::run(at(&first, 0), 1)).is_empty());
    }
}
