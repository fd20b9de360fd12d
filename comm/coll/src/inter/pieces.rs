//! Sums that the members of two groups hold in pieces, each group cut at its own borders.
//!
//! A member exchanges with those of the other group whose pieces overlap its own: of groups of l and r members there are at
//! most 2 (l + r - 1) messages, in one round, and every byte of both sums crosses once.

use core::ops::Range;

use crate::inter::Sides;
use crate::{Blocks, Elements, Placed, Plan, Span, Tuning, reduce_scatter};

/// Adds the steps by which each group reduces what its members contribute, in pieces, and swaps them with the other group:
/// at the end `piece`, this member's part of the vector as [`Blocks::divide`] cuts it, holds that part of the other group's
/// sum.
pub(super) fn swapped(
    plan: &mut Plan,
    sides: Sides,
    own: Span,
    piece: Span,
    elements: Elements,
    tuning: &Tuning,
) {
    plan.next_round();
    let cut = |members| Blocks::divide(own.len, elements.grain, members);
    let (mine, theirs) = (cut(sides.local()), cut(sides.remote()));
    let sum = plan.scratch(piece.len);
    let vector = Placed::new(own.area, own.offset, &mine);
    reduce_scatter::reduce_scatter(plan, &sides.team(), vector, sum, elements, tuning);
    plan.next_round();
    let held = range(&mine, sides.me());
    for member in 0..sides.remote() {
        if let Some(both) = overlap(&held, &range(&theirs, member)) {
            let (offset, len) = (both.start - held.start, both.len());
            plan.send(sides.far(member), sum.part(offset, len));
            plan.recv(sides.far(member), piece.part(offset, len));
        }
    }
    plan.next_round();
}

/// Where a member's piece lies in the vector.
pub(super) fn range(blocks: &Blocks, member: u32) -> Range<usize> {
    let span = blocks.span(crate::Area::Scratch, member);
    span.offset..span.offset + span.len
}

/// What two pieces have in common.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Option<Range<usize>> {
    let both = a.start.max(b.start)..a.end.min(b.end);
    (!both.is_empty()).then_some(both)
}
