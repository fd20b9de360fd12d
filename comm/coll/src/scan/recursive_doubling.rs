//! A scan at distances that double: after round k each member has combined the operands of the 2^k members that end with
//! itself, and sends that to the one 2^k ahead.
//!
//! At most ⌈log2 n⌉ messages of all bytes a member, in as many rounds. Operands keep their order, for any n.
//!
//! Source: Hillis, Steele, "Data parallel algorithms" (1986).

use crate::{Order, Plan, Span, Team};

/// Adds the steps of a scan. The `result` may be `own`.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, members) = (team.me(), team.size());
    plan.copy(own, result);
    let landing = if me > 0 { plan.scratch(own.len) } else { Span::EMPTY };
    let mut distance = 1;
    while distance < members {
        // In the first round the copy of `own` has not been made yet.
        if me + distance < members {
            plan.send_data(team.rank(me + distance), if distance == 1 { own } else { result });
        }
        if let Some(before) = me.checked_sub(distance) {
            plan.recv_data(team.rank(before), landing);
            plan.reduce(landing, result, Order::FromFirst);
        }
        plan.next_round();
        distance *= 2;
    }
    plan.next_round();
}
