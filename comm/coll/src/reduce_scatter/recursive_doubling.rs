//! A reduction in blocks by a reduction for all, of which each keeps its block.
//!
//! The rounds and bytes of recursive doubling, which keeps operands in order: for operations that do not commute.

use crate::{Placed, Plan, Span, Team, all_reduce};

/// Adds the steps of recursive doubling. `own` are the blocks that this member contributes; `result` may lie among them.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span) {
    plan.next_round();
    let members = team.size();
    let dense = own.blocks.dense(0, members);
    let sum = plan.scratch(dense.total(members));
    let all = Placed::new(sum.area, sum.offset, &dense);
    own.copy_to(plan, 0..members, all, 0);
    plan.next_round();
    all_reduce::recursive_doubling(plan, team, sum, sum);
    plan.copy(all.span(team.me()), result);
    plan.next_round();
}
