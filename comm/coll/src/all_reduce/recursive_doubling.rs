//! In round k each member exchanges all that it has with the one at distance `2^k`: groups of members double.
//!
//! For `p = 2^k` members `k` rounds, `p k` messages of the whole length. Otherwise two members make one before (see
//! `fold`): with `r` more than a power of two, 2 rounds and `2r` messages more. Groups are runs of consecutive members,
//! so the order is right for operations that do not commute; both of a pair combine the same operands in the same
//! order. (Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH, 2005.)

use crate::fold::{Fold, Role};
use crate::partial::Partial;
use crate::{Order, Plan, Span, Team};

/// Adds the steps of recursive doubling. The `result` may be `own`.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    let fold = Fold::new(team.size(), 0);
    let mut partial = Partial::new(own, Some(result));
    if let Role::Stays(position) = fold.begin(plan, team, &mut partial) {
        for step in 0..fold.size.ilog2() {
            let other = position ^ (1 << step);
            let rank = team.rank(fold.member(other));
            plan.send_data(rank, partial.at(partial.all()));
            partial.combine(plan, rank, partial.all(), Order::of(other, position));
            plan.next_round();
        }
        partial.settle(plan);
    }
    fold.end(plan, team, result);
}
