//! A reduction in blocks by pairs: in round k each member sends the block of the one k ahead, and combines what the one k
//! behind has for its own.
//!
//! n - 1 messages in as many rounds, and every byte but those of the own block once. The operation must commute.
//!
//! Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::{Order, Placed, Plan, Span, Team};

/// Adds the steps of pairwise exchange. `own` are the blocks that this member contributes. Where `result` lies among
/// them, it is written last.
pub fn pairwise(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span) {
    plan.next_round();
    let in_place = own.area == result.area;
    let sum = if in_place { plan.scratch(result.len) } else { result };
    plan.copy(own.span(team.me()), sum);
    plan.next_round();
    let landing = if team.size() > 1 { plan.scratch(result.len) } else { Span::EMPTY };
    for step in 1..team.size() {
        let (to, from) = (team.after(step), team.before(step));
        plan.send_data(team.rank(to), own.span(to));
        plan.recv_data(team.rank(from), landing);
        plan.reduce(landing, sum, Order::FromFirst);
        plan.next_round();
    }
    plan.copy(sum, result);
    plan.next_round();
}
