//! Everybody sends to everybody, and combines for itself, from the first member's own to the last one's.
//!
//! 1 round, `p (p - 1)` messages of the whole length. Among few members one round of several messages takes less than
//! several rounds of one; most of all where ranks share a CPU, since each has to be run once only.

use alloc::vec::Vec;

use crate::{Order, Plan, Span, Team};

/// Adds the steps of an exchange. The `result` may be `own`.
pub fn exchange(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, size) = (team.me(), team.size());
    if size == 1 {
        plan.copy(own, result);
        plan.next_round();
        return;
    }
    // The first one received goes to the result's place, unless the own one is there.
    let first = u32::from(me == 0);
    let mut parts: Vec<Span> = Vec::with_capacity(size as usize);
    for member in 0..size {
        parts.push(match member {
            _ if member == me => own,
            _ if member == first && own != result => result,
            _ => plan.scratch(own.len),
        });
    }
    for steps in 1..size {
        plan.send_data(team.rank(team.after(steps)), own);
        let source = team.before(steps);
        plan.recv_data(team.rank(source), parts[source as usize]);
    }
    // All do the same from the left to the right, so that all have the same bits. What has been combined stays in the first
    // one's memory until it comes to the part that lies in the result's place.
    let mut done = parts[0];
    for &part in &parts[1..] {
        if part == result {
            plan.reduce(done, part, Order::FromFirst);
            done = part;
        } else {
            plan.reduce(part, done, Order::IntoFirst);
        }
    }
    plan.next_round();
}
