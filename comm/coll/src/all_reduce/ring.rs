//! A reduction for all in a ring: blocks go round once, combined on their way, and once more as results.
//!
//! Each of n members sends 2 (n - 1) messages in as many rounds, and 2 (n - 1)/n of the bytes, to its neighbour alone.
//! The operation must commute.
//!
//! Source: Patarasuk, Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).

use crate::{Blocks, Order, Placed, Plan, Span, Team, all_gather};

/// Adds the steps of two rings. The `result` may be `own`.
pub fn ring(plan: &mut Plan, team: &Team, own: Span, result: Span, grain: usize) {
    plan.next_round();
    let members = team.size();
    let blocks = Blocks::divide(own.len, grain, members);
    let blocks = Placed::new(result.area, result.offset, &blocks);
    plan.copy(own, result);
    plan.next_round();
    let (next, previous) = (team.rank(team.after(1)), team.rank(team.before(1)));
    let longest = blocks.blocks.longest(members);
    let scratch = if members > 1 { plan.scratch(longest) } else { Span::EMPTY };
    // The block that ends here began at the next member.
    for step in 1..members {
        let target = blocks.span(team.before(step + 1));
        let landing = scratch.part(0, target.len);
        plan.send_data(next, blocks.span(team.before(step)));
        plan.recv_data(previous, landing);
        plan.reduce(landing, target, Order::FromFirst);
        plan.next_round();
    }
    all_gather::ring(plan, team, blocks.span(team.me()), blocks);
}
