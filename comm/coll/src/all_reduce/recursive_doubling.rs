//! A reduction for all by recursive doubling: partners exchange all that they have combined, over distances of 1, 2, 4, ...
//!
//! Of n = 2^k members each sends k messages of all bytes in as many rounds: the fewest rounds there are. Any other number
//! is folded to a power of two: two rounds more for those who are folded. Operands keep their order.
//!
//! Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::fold::{Fold, Role};
use crate::{Order, Plan, Span, Team};

/// Adds the steps of recursive doubling. The `result` may be `own`.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.next_round();
    let fold = Fold::of(team.size());
    let (number, for_too) = match fold.role(team) {
        Role::Away { to } => {
            plan.send_data(team.rank(to), own);
            plan.next_round();
            plan.recv_data(team.rank(to), result);
            return plan.next_round();
        }
        Role::Part { number, for_too } => (number, for_too),
    };
    plan.copy(own, result);
    let scratch = if team.size() > 1 { plan.scratch(own.len) } else { Span::EMPTY };
    if let Some(other) = for_too {
        plan.recv_data(team.rank(other), scratch);
        plan.reduce(scratch, result, Order::FromFirst);
        plan.next_round();
    }
    let mut distance = 1;
    while distance < fold.size {
        let partner = number ^ distance;
        let rank = team.rank(fold.member(partner));
        // In the first round the copy of `own` has not been made yet.
        let from = if distance == 1 && for_too.is_none() { own } else { result };
        plan.send_data(rank, from);
        plan.recv_data(rank, scratch);
        plan.reduce(scratch, result, if partner < number { Order::FromFirst } else { Order::IntoFirst });
        plan.next_round();
        distance *= 2;
    }
    plan.next_round();
    if let Some(other) = for_too {
        plan.send_data(team.rank(other), result);
    }
    plan.next_round();
}
