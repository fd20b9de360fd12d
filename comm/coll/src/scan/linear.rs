//! A scan from one member to the next: each combines what comes with its own, and passes it on.
//!
//! n - 1 messages of all bytes, one after the other: the fewest messages and the most rounds.

use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear scan. The `result` may be `own`.
pub fn linear(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    plan.copy(own, result);
    if let Some(before) = team.me().checked_sub(1) {
        let landing = plan.scratch(own.len);
        plan.recv_data(team.rank(before), landing);
        plan.reduce(landing, result, Order::FromFirst);
    }
    plan.next_round();
    if team.me() + 1 < team.size() {
        plan.send_data(team.rank(team.me() + 1), result);
    }
    plan.next_round();
}
