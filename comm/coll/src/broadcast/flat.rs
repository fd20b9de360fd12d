//! A broadcast in one round: the root sends to everybody.
//!
//! n - 1 messages of all bytes, all of the root's: the quickest among a few members.

use crate::{Plan, Span, Team};

/// Adds the steps of a flat broadcast.
pub fn flat(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    plan.next_round();
    if team.me() == root {
        (1..team.size()).for_each(|steps| plan.send_data(team.rank(team.after(steps)), data));
    } else {
        plan.recv_data(team.rank(root), data);
    }
    plan.next_round();
}
