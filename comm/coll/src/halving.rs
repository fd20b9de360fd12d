//! The first half of Rabenseifner's reductions: vectors are halved while distances double.
//!
//! In step k each position exchanges half of what it holds with the one at distance `2^k`, and combines the half that it
//! keeps. So groups of consecutive members grow, and the order is right for operations that do not commute; the parts
//! end in bit-reversed places, which the way back undoes. `log2 p` rounds, `(p - 1) / p` of the vector sent by each
//! (R. Rabenseifner, Optimization of Collective Reduction Operations, 2004).

use alloc::vec::Vec;
use core::ops::Range;

use crate::fold::Fold;
use crate::partial::{Partial, halves};
use crate::{Order, Plan, Team};

/// Reduces, and gives which bytes of the vector this position has held before each step, and holds after the last one.
pub(crate) fn reduce_scatter(
    plan: &mut Plan,
    team: &Team,
    fold: &Fold,
    position: u32,
    partial: &mut Partial,
    grain: usize,
) -> Vec<Range<usize>> {
    let mut held = alloc::vec![partial.all()];
    for step in 0..fold.size.ilog2() {
        let other = position ^ (1 << step);
        let (low, high) = halves(&held[step as usize], grain);
        let (kept, given) = if position < other { (low, high) } else { (high, low) };
        let rank = team.rank(fold.member(other));
        plan.send_data(rank, partial.at(given));
        partial.combine(plan, rank, kept.clone(), Order::of(other, position));
        plan.next_round();
        held.push(kept);
    }
    held
}

/// The half of `whole` that is not `part`.
pub(crate) fn rest(whole: &Range<usize>, part: &Range<usize>) -> Range<usize> {
    if part.start == whole.start { part.end..whole.end } else { whole.start..part.start }
}
