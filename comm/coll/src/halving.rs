//! Reduce-scatter by recursive halving, among a power of two: partners exchange halves of what each still has to reduce.
//!
//! Of n = 2^k members each sends k messages in as many rounds, and (n - 1)/n of all bytes: the fewest of both. Operands
//! are combined out of their order, so the operation must commute.
//!
//! Source: Rabenseifner, "Optimization of collective reduction operations" (2004).

use crate::fold::Fold;
use crate::{Order, Placed, Plan, Span, Team};

/// Adds the steps of halving: at the end the block of this member's `number` is reduced, in place. `scratch` has room
/// for the longer half of all blocks.
pub(crate) fn halving(
    plan: &mut Plan,
    team: &Team,
    fold: Fold,
    number: u32,
    blocks: Placed<'_>,
    scratch: Span,
) {
    let mut mine = 0..fold.size;
    let mut distance = fold.size / 2;
    while distance > 0 {
        let partner = team.rank(fold.member(number ^ distance));
        let middle = mine.start + distance;
        let (keep, give) = if number & distance == 0 {
            (mine.start..middle, middle..mine.end)
        } else {
            (middle..mine.end, mine.start..middle)
        };
        let kept = blocks.run(keep.clone());
        let landing = scratch.part(0, kept.len);
        plan.send_data(partner, blocks.run(give));
        plan.recv_data(partner, landing);
        plan.reduce(landing, kept, Order::IntoFirst);
        plan.next_round();
        mine = keep;
        distance /= 2;
    }
}

/// Adds the steps that undo halving: at the end all take part in have all blocks.
pub(crate) fn doubling(plan: &mut Plan, team: &Team, fold: Fold, number: u32, blocks: Placed<'_>) {
    let mut distance = 1;
    while distance < fold.size {
        let partner = team.rank(fold.member(number ^ distance));
        let first = number & !(distance - 1);
        let other = first ^ distance;
        plan.send_data(partner, blocks.run(first..first + distance));
        plan.recv_data(partner, blocks.run(other..other + distance));
        plan.next_round();
        distance *= 2;
    }
}
