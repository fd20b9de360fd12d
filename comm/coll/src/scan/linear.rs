//! From one member to the next: each combines what it receives with its own, and sends it on.
//!
//! `p - 1` rounds on the longest way, `p - 1` messages: the fewest there can be.

use crate::partial::Partial;
use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear scan. The `result` may be `own`.
pub fn linear(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let me = team.me();
    let mut partial = Partial::new(own, Some(result));
    if me > 0 {
        partial.combine(plan, team.rank(me - 1), partial.all(), Order::FromFirst);
        plan.next_round();
    }
    if me + 1 < team.size() {
        plan.send_data(team.rank(me + 1), partial.at(partial.all()));
    }
    partial.settle(plan);
    plan.next_round();
}
