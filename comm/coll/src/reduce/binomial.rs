//! Up a binomial tree: each member combines what its children have with its own, and sends it on.
//!
//! `ceil(log2 p)` rounds on the longest way, `p - 1` messages of the whole length, for any root. A subtree is a run of
//! consecutive members, so the order is right for operations that do not commute.

use crate::partial::Partial;
use crate::runs::branch;
use crate::{Order, Plan, Span, Team};

/// Adds the steps up the tree. Only the root has a `result`, which may be its `own`.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span) {
    up(plan, team, root, own, (team.me() == root).then_some(result));
}

/// The same; the others than the root may have memory for a result too, which is used then.
pub(crate) fn up(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Option<Span>) {
    plan.next_round();
    let branch = branch(team.me(), root, team.size());
    let mut partial = Partial::new(own, result);
    // The smallest subtree first: it is ready first, and lies nearest to what has been combined.
    for (child, _) in branch.children.iter().rev() {
        partial.combine(plan, team.rank(*child), partial.all(), Order::of(*child, team.me()));
        plan.next_round();
    }
    if let Some(parent) = branch.parent {
        plan.send_data(team.rank(parent), partial.at(partial.all()));
        plan.next_round();
    } else {
        partial.settle(plan);
    }
}
