//! In round i each member sends the one i after it that one's block, and receives its own from the one i before it.
//!
//! `p - 1` rounds, `p (p - 1)` messages of a block, `n (p - 1)` bytes. What comes of the members before this one, from the
//! nearest to the first, is combined with its own; what comes then, from the last one down, is combined for itself if
//! the operation does not commute, and at the end with the rest.

use crate::partial::Partial;
use crate::{Order, Placed, Plan, Span, Team};

/// Adds the steps of pairwise exchange. `own` are the blocks that this member contributes, in any places; where `result`
/// lies among them, it is written last.
pub fn pairwise(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span, commutative: bool) {
    plan.next_round();
    let me = team.me();
    let mine = own.span(me);
    // In place the result would overwrite what is still to be sent.
    let in_place = own.area == result.area && team.size() > 1;
    let sum = if in_place { plan.scratch(mine.len) } else { result };
    let mut partial = Partial::new(mine, Some(sum));
    let mut after: Option<(Span, Partial)> = None;
    for steps in 1..team.size() {
        let (to, from) = (team.after(steps), team.before(steps));
        plan.send_data(team.rank(to), own.span(to));
        if mine.len == 0 {
            plan.next_round();
            continue;
        }
        if from < me || commutative {
            partial.combine(plan, team.rank(from), partial.all(), Order::of(from, me));
        } else if let Some((_, after)) = &mut after {
            after.combine(plan, team.rank(from), after.all(), Order::FromFirst);
        } else {
            // The first member has nothing before its own.
            let span = if me == 0 { sum } else { plan.scratch(mine.len) };
            plan.recv_data(team.rank(from), span);
            after = Some((span, Partial::new(span, Some(span))));
        }
        plan.next_round();
    }
    let all = partial.at(partial.all());
    match after {
        Some((after, _)) if me == 0 => {
            plan.reduce(mine, after, Order::FromFirst);
            plan.copy(after, result);
        }
        Some((after, _)) => {
            plan.reduce(after, all, Order::IntoFirst);
            plan.copy(all, result);
        }
        None => plan.copy(all, result),
    }
    plan.next_round();
}
