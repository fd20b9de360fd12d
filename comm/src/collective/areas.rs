//! The memory of a running collective: the caller's two buffers, and the schedule's own.
//!
//! All `unsafe` of the collectives is here: turning spans of lent memory into something to send, to receive into, and to
//! compute with. It rests on one promise, made where a collective begins: the caller's buffers are lent to it until its
//! operation has ended.

use olympi_coll::{Area, Order, Span, Step};
use olympi_reduce::Operation;
use olympi_transport_api::{RecvBuf, SendBuf};

/// Memory that lies on cache lines, so that elements of any type may lie in it.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line(#[allow(dead_code)] [u8; 64]);

/// What a schedule's spans name.
pub(crate) struct Areas {
    send: SendBuf,
    recv: RecvBuf,
    /// Not touched as a vector while a collective runs: the spans point into it.
    scratch: Vec<Line>,
}

impl Areas {
    /// The buffers of a call, and so many bytes of scratch, in `spare` if that has room.
    pub(crate) fn new(send: SendBuf, recv: RecvBuf, scratch: usize, mut spare: Vec<Line>) -> Self {
        let lines = scratch.div_ceil(size_of::<Line>());
        if spare.len() < lines {
            // Zeroed pages come from the system when they are touched, not before.
            spare = vec![Line([0; 64]); lines];
        }
        Self { send, recv, scratch: spare }
    }

    /// The scratch, for the next collective.
    pub(crate) fn into_spare(self) -> Vec<Line> {
        self.scratch
    }

    fn whole(&mut self, area: Area) -> RecvBuf {
        match area {
            Area::Recv => self.recv,
            Area::Scratch => {
                let (start, len) = (self.scratch.as_mut_ptr().cast(), size_of_val(&self.scratch[..]));
                // SAFETY: the vector is this collective's own, keeps its place until the collective has ended, and is
                // used through spans only.
                unsafe { RecvBuf::lend(start, len) }
            }
            // What is to be written to the caller's contribution finds no room.
            Area::Send => RecvBuf::empty(),
        }
    }

    /// Where a span is received.
    pub(crate) fn landing(&mut self, span: Span) -> RecvBuf {
        self.whole(span.area).part(span.offset, span.len)
    }

    /// A span to be sent.
    pub(crate) fn source(&mut self, span: Span) -> SendBuf {
        if span.area == Area::Send {
            return self.send.part(span.offset, span.len);
        }
        let memory = self.landing(span);
        // SAFETY: lent for as long as the collective runs, as the area is; the scratch and the caller's buffer are
        // initialized memory. A schedule writes no span in the round in which it sends it, nor any later one before
        // that round is over.
        unsafe { SendBuf::lend(memory.as_ptr(), memory.len()) }
    }

    /// A copy or a reduction.
    pub(crate) fn compute(&mut self, step: Step, operation: Option<&Operation>) {
        match step {
            Step::Copy { from, into } => {
                let (from, into) = self.pair(from, into);
                into.copy_from_slice(from);
            }
            Step::Reduce { from, into, order } => {
                let (from, into) = self.pair(from, into);
                if let Some(operation) = operation {
                    operation.apply(from, into, side(order));
                }
            }
            _ => unreachable!("a message among the local steps"),
        }
    }

    /// A span to compute with.
    pub(crate) fn memory(&mut self, span: Span) -> &mut [u8] {
        let memory = self.landing(span);
        if memory.is_empty() {
            return &mut [];
        }
        // SAFETY: as for `pair`.
        unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.len()) }
    }

    /// A span to compute with, and another, which does not overlap it, to write to.
    ///
    /// # Panics
    /// If they overlap: an algorithm is wrong.
    pub(crate) fn pair(&mut self, from: Span, into: Span) -> (&[u8], &mut [u8]) {
        let (from, into) = (self.source(from), self.landing(into));
        let (first, second) = (from.as_ptr() as usize, into.as_ptr() as usize);
        let apart = first + from.len() <= second || second + into.len() <= first;
        assert!(apart || from.is_empty() || into.is_empty(), "operands of one step do not overlap");
        if from.is_empty() || into.is_empty() {
            return (&[], &mut []);
        }
        // SAFETY: both lie in memory that is this collective's while it runs, initialized; no message of the round is
        // under way any more when local steps run, they do not overlap, and `self` is borrowed for as long as they are.
        unsafe {
            (
                std::slice::from_raw_parts(from.as_ptr(), from.len()),
                std::slice::from_raw_parts_mut(into.as_ptr(), into.len()),
            )
        }
    }
}

/// The order of operands, as the operation has it.
pub(crate) fn side(order: Order) -> olympi_reduce::Order {
    match order {
        Order::FromFirst => olympi_reduce::Order::FromFirst,
        Order::IntoFirst => olympi_reduce::Order::IntoFirst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_name_parts_of_their_areas() {
        let (send, mut recv) = ([1_u8, 2, 3, 4], [0_u8; 4]);
        // SAFETY: both arrays outlive `areas` and are not used meanwhile.
        let lent = unsafe { (SendBuf::lend(send.as_ptr(), 4), RecvBuf::lend(recv.as_mut_ptr(), 4)) };
        let mut areas = Areas::new(lent.0, lent.1, 100, Vec::new());
        let scratch = Span::new(Area::Scratch, 64, 2);
        let (from, into) = areas.pair(Span::new(Area::Send, 1, 2), scratch);
        into.copy_from_slice(from);
        let (from, into) = areas.pair(scratch, Span::new(Area::Recv, 2, 2));
        into.copy_from_slice(from);
        assert_eq!(areas.source(Span::recv(4)).as_slice(), [0, 0, 2, 3]);
        assert!(areas.landing(Span::send(4)).is_empty());
        assert_eq!(areas.into_spare().len(), 2);
        assert_eq!(recv, [0, 0, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "do not overlap")]
    fn operands_that_overlap_are_refused() {
        let mut areas = Areas::new(SendBuf::empty(), RecvBuf::empty(), 64, Vec::new());
        areas.pair(Span::new(Area::Scratch, 0, 8), Span::new(Area::Scratch, 4, 8));
    }
}
