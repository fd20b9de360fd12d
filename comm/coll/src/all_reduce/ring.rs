//! Blocks go round in a ring, twice: each gathers owns the first time, and tells the result the second time.
//!
//! `2 (p - 1)` rounds, `2 p (p - 1)` messages of `n / p` bytes, so `2 n (p - 1)` bytes: the fewest for any number of members,
//! and only between neighbours. A block is combined from one member to the next, all round, so the operation must
//! commute; the order is the same on each run. (Patarasuk and Yuan, 2009.)

use crate::{Blocks, Order, Placed, Plan, Span, Team};

/// Adds the steps of two rings, of elements of `grain` bytes. The `result` may be `own`.
pub fn ring(plan: &mut Plan, team: &Team, own: Span, result: Span, grain: usize) {
    plan.next_round();
    let size = team.size();
    let blocks = Blocks::divide(own.len, grain, size);
    let placed = |span: Span| Placed::new(span.area, span.offset, &blocks);
    let (mine, all) = (placed(own), placed(result));
    let (next, previous) = (team.rank(team.after(1)), team.rank(team.before(1)));
    let in_place = own == result;
    // Block 0 is none shorter than the others.
    let spare = if in_place && size > 1 { Some(plan.scratch(blocks.len(0))) } else { None };
    for step in 0..size - 1 {
        let (sent, received) = (team.before(step), team.before(step + 1));
        plan.send_data(next, if step == 0 { mine } else { all }.span(sent));
        let into = all.span(received);
        if let Some(spare) = spare {
            let spare = spare.part(0, into.len);
            plan.recv_data(previous, spare);
            plan.reduce(spare, into, Order::FromFirst);
        } else {
            // It has come from the members before, up to the previous one.
            plan.recv_data(previous, into);
            plan.reduce(mine.span(received), into, Order::IntoFirst);
        }
        plan.next_round();
    }
    // Each has the result of the block of the next one.
    for step in 0..size - 1 {
        let (sent, received) = (team.after(size + 1 - step), team.before(step));
        plan.send_data(next, all.span(sent));
        plan.recv_data(previous, all.span(received));
        plan.next_round();
    }
    if size == 1 {
        plan.copy(own, result);
        plan.next_round();
    }
}
