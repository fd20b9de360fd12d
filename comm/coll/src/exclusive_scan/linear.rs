//! From one member to the next: what a member receives is its result; combined with its own it is the next one's.
//!
//! `p - 1` rounds on the longest way, `p - 1` messages: the fewest there can be.

use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear exclusive scan. The `result` may be `own`; that of member 0 is not written.
pub fn linear(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, last) = (team.me(), team.me() + 1 == team.size());
    let next = |plan: &mut Plan, bytes| plan.send_data(team.rank(me + 1), bytes);
    if me == 0 {
        if !last {
            next(plan, own);
        }
        plan.next_round();
        return;
    }
    let before = team.rank(me - 1);
    if last {
        plan.recv_data(before, result);
    } else if own == result {
        // Its own becomes what is sent; the result takes its place when that has been sent.
        let received = plan.scratch(result.len);
        plan.recv_data(before, received);
        plan.reduce(received, own, Order::FromFirst);
        plan.next_round();
        next(plan, own);
        plan.copy(received, result);
    } else {
        let sent = plan.scratch(result.len);
        plan.recv_data(before, result);
        plan.copy(own, sent);
        plan.reduce(result, sent, Order::FromFirst);
        plan.next_round();
        next(plan, sent);
    }
    plan.next_round();
}
