//! All have all, by exchanging whole vectors at distances that double; then each takes its block.
//!
//! The rounds and messages of the reduction for all: for `p = 2^k` members `k` rounds, `p k` messages of the whole length. It
//! has the fewest rounds for operations that do not commute.

use crate::{Placed, Plan, Span, Team, all_reduce};

/// Adds the steps of recursive doubling. `own` are the blocks that this member contributes; `result` may lie among them.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span) {
    plan.next_round();
    let (vector, blocks) = super::together(plan, team, own);
    let sum = plan.scratch(vector.len);
    all_reduce::recursive_doubling(plan, team, vector, sum);
    plan.copy(Placed::new(sum.area, sum.offset, &blocks).span(team.me()), result);
    plan.next_round();
}
