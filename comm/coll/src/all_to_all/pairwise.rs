//! All-to-all by pairwise exchange: one partner after the other.
//!
//! Of n members each sends n - 1 messages in as many rounds, and every block moves once. Each link carries one message at
//! a time in each direction: it is for long blocks.
//!
//! Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::{Placed, Plan, Team};

/// Adds the steps. `source` and `result` do not overlap. Partners exchange with each other where the members are a power
/// of two; else each sends to the one as far ahead as that it receives from is behind.
pub fn pairwise(plan: &mut Plan, team: &Team, source: Placed<'_>, result: Placed<'_>) {
    plan.next_round();
    let me = team.me();
    plan.copy(source.span(me), result.span(me));
    for step in 1..team.size() {
        let (to, from) = if team.size().is_power_of_two() {
            (me ^ step, me ^ step)
        } else {
            (team.after(step), team.before(step))
        };
        plan.send_data(team.rank(to), source.span(to));
        plan.recv_data(team.rank(from), result.span(from));
        plan.next_round();
    }
    plan.next_round();
}

/// Adds the steps in place: `blocks` hold what is sent, and then what is received. Scratch memory of the size of the
/// longest block holds what has come while its place is still being sent. In each round two members meet whose sum is
/// the same, so all pairs meet once in n rounds.
pub fn pairwise_in_place(plan: &mut Plan, team: &Team, blocks: Placed<'_>) {
    plan.next_round();
    let hold = plan.scratch(blocks.blocks.longest(team.size()));
    for sum in 0..team.size() {
        let partner = (u64::from(sum) + u64::from(team.size() - team.me())) % u64::from(team.size());
        let partner = partner as u32;
        if partner == team.me() {
            continue;
        }
        let block = blocks.span(partner);
        let arrived = hold.part(0, block.len);
        plan.send_data(team.rank(partner), block);
        plan.recv_data(team.rank(partner), arrived);
        plan.copy(arrived, block);
        plan.next_round();
    }
}
