//! A reduction in one round: everybody sends to the root, which combines in the order of the members.
//!
//! n - 1 messages of all bytes, all to the root, which needs memory for all of them: for few members, and for operations
//! that do not commute, which keep their order at any root.

use crate::{Order, Plan, Span, Team};

/// Adds the steps of a linear reduction. Only the root has a `result`, which may be its `own`.
pub fn linear(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span) {
    plan.next_round();
    if team.me() != root {
        plan.send_data(team.rank(root), own);
        return plan.next_round();
    }
    plan.copy(own, result);
    let (len, members) = (own.len, team.size());
    let landing = plan.scratch(len * members as usize);
    let part = |member: u32| landing.part(member as usize * len, len);
    for member in (0..members).filter(|member| *member != root) {
        plan.recv_data(team.rank(member), part(member));
    }
    (0..root).rev().for_each(|member| plan.reduce(part(member), result, Order::FromFirst));
    (root + 1..members).for_each(|member| plan.reduce(part(member), result, Order::IntoFirst));
    plan.next_round();
}
