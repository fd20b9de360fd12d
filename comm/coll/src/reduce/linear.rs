//! Everybody sends to the root, which combines in the order of the members: first those before it, then those after it.
//!
//! 1 message on the longest way, `p - 1` messages of the whole length; the root combines all of them.

use crate::partial::Partial;
use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear reduction. Only the root has a `result`, which may be its `own`.
pub fn linear(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span) {
    plan.next_round();
    let mut partial = Partial::new(own, (team.me() == root).then_some(result));
    if team.me() != root {
        plan.send_data(team.rank(root), own);
        plan.next_round();
        return;
    }
    for member in (0..root).rev().chain(root + 1..team.size()) {
        partial.combine(plan, team.rank(member), partial.all(), Order::of(member, root));
        plan.next_round();
    }
    partial.settle(plan);
}
