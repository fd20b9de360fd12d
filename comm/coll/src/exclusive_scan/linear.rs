//! An exclusive scan from one member to the next: each passes on what comes, combined with its own.
//!
//! n - 1 messages of all bytes, one after the other.

use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear exclusive scan. The `result` may be `own`; that of member 0 is not written.
pub fn linear(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, last) = (team.me(), team.me() + 1 == team.size());
    let mut passed = own;
    if me > 0 {
        // What is passed on is made first: the result may lie where the operand does.
        let landing = if last { result } else { plan.scratch(own.len) };
        plan.recv_data(team.rank(me - 1), landing);
        if !last {
            passed = plan.scratch(own.len);
            plan.copy(own, passed);
            plan.reduce(landing, passed, Order::FromFirst);
            plan.copy(landing, result);
        }
        plan.next_round();
    }
    if !last {
        plan.send_data(team.rank(me + 1), passed);
    }
    plan.next_round();
}
