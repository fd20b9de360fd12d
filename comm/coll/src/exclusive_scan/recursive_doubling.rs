//! An exclusive scan at distances that double: each member gets its neighbour's operand, and then the scan goes on with
//! what each has got.
//!
//! At most 1 + ⌈log2 n⌉ messages of all bytes a member, in as many rounds. Operands keep their order, for any n.
//!
//! Source: the scan of Hillis, Steele, "Data parallel algorithms" (1986), shifted by one member.

use crate::{Order, Plan, Span, Team};

/// Adds the steps of an exclusive scan. The `result` may be `own`; that of member 0 is not written.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, members) = (team.me(), team.size());
    let landing = if me > 0 { plan.scratch(own.len) } else { Span::EMPTY };
    if me + 1 < members {
        plan.send_data(team.rank(me + 1), own);
    }
    if me > 0 {
        plan.recv_data(team.rank(me - 1), landing);
        plan.copy(landing, result);
    }
    plan.next_round();
    let mut distance = 1;
    while distance + 1 < members {
        // Member 0 has nothing before it, so nobody gets anything of it.
        if me > 0 && me + distance < members {
            plan.send_data(team.rank(me + distance), result);
        }
        if me > distance {
            plan.recv_data(team.rank(me - distance), landing);
            plan.reduce(landing, result, Order::FromFirst);
        }
        plan.next_round();
        distance *= 2;
    }
    plan.next_round();
}
