//! Sums of 1, 3, 6, 12, ... members before each, which travel 1, 2, 3, 6, 12, ... ahead.
//!
//! In the first round each sends its own to the next one. In the second one each sends that, combined with what it
//! has received, to the one 2 ahead, which then has the sum of the 3 members before it. These sums double in each round
//! from then on. `ceil(log2(p - 1) + log2(4 / 3))` rounds, against `ceil(log2(p - 1)) + 1` of a shift and a scan, and at most
//! one combination a round. `(p - 1) + (p - 2)` messages of the whole length in the first two rounds, then `p - 1 - d`
//! for each distance `d`, since the first member has nothing before it.
//! Only runs of consecutive members are combined: the order is right for operations that do not commute.
//! (J. L. Träff, Communication Round and Computation Efficient Exclusive Prefix-Sums Algorithms, 2025.)

use crate::{Order, Plan, Span, Team};

/// Adds the steps of an exclusive scan. The `result` may be `own`; that of member 0 is not written.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let (me, size) = (team.me(), team.size());
    let in_place = own == result;
    // What comes of the members before this one. In place the result's memory is needed for its own first.
    let before = if in_place && me > 0 { plan.scratch(result.len) } else { result };
    if me + 1 < size {
        plan.send_data(team.rank(me + 1), own);
    }
    if me > 0 {
        plan.recv_data(team.rank(me - 1), before);
    }
    // With its own, for the one 2 ahead, if there is one.
    let mut with_own = own;
    if me > 0 && me + 2 < size {
        if !in_place {
            with_own = plan.scratch(result.len);
            plan.copy(own, with_own);
        }
        plan.reduce(before, with_own, Order::FromFirst);
    }
    plan.next_round();
    let mut spare = None;
    let (mut distance, mut covered) = (2, 1);
    // The last member is the one with most before it.
    while covered + 1 < size {
        // A sum that is empty at its sender is none: member 0 has nothing but its own.
        let second = distance == 2;
        if (second || me > 0) && distance < size - me {
            plan.send_data(team.rank(me + distance), if second { with_own } else { before });
        }
        if let Some(from) = me.checked_sub(distance).filter(|&from| second || from > 0) {
            let spare = *spare.get_or_insert_with(|| plan.scratch(result.len));
            plan.recv_data(team.rank(from), spare);
            plan.reduce(spare, before, Order::FromFirst);
        }
        plan.next_round();
        covered += distance;
        distance = covered;
    }
    if me > 0 {
        plan.copy(before, result);
        plan.next_round();
    }
}
