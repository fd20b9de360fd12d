//! In round k each member sends what it has to the one `2^k` ahead: what it has comes of the `2^k` members up to itself,
//! then of twice as many.
//!
//! `ceil(log2 p)` rounds, `floor(log2 p)` messages on the longest way; in round k `p - 2^k` of the whole length. Only runs of consecutive members are
//! combined, so the order is right for operations that do not commute (Hillis and Steele, 1986).

use crate::partial::Partial;
use crate::{Order, Plan, Span, Team};

/// Adds the steps of a scan. The `result` may be `own`.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let me = team.me();
    let mut partial = Partial::new(own, Some(result));
    let mut distance = 1;
    while distance < team.size() {
        if distance < team.size() - me {
            plan.send_data(team.rank(me + distance), partial.at(partial.all()));
        }
        if let Some(before) = me.checked_sub(distance) {
            partial.combine(plan, team.rank(before), partial.all(), Order::FromFirst);
        }
        plan.next_round();
        distance = distance.saturating_mul(2);
    }
    partial.settle(plan);
}
