//! A reduction for all in blocks: halves of halves are reduced, then gathered at distances that double.
//!
//! Of n = 2^k members each sends 2 k messages in as many rounds, and 2 (n - 1)/n of the bytes: the fewest bytes there are.
//! Any other number is folded to a power of two. The operation must commute.
//!
//! Source: Rabenseifner, "Optimization of collective reduction operations" (2004).

use crate::fold::{Fold, Role};
use crate::halving::{doubling, halving};
use crate::{Blocks, Order, Placed, Plan, Span, Team};

/// Adds the steps of halving and of doubling. The `result` may be `own`.
pub fn reduce_scatter_all_gather(plan: &mut Plan, team: &Team, own: Span, result: Span, grain: usize) {
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
    let blocks = Blocks::divide(own.len, grain, fold.size);
    let blocks = Placed::new(result.area, result.offset, &blocks);
    let scratch = plan.scratch(own.len);
    plan.copy(own, result);
    if let Some(other) = for_too {
        plan.recv_data(team.rank(other), scratch);
        plan.reduce(scratch, result, Order::FromFirst);
    }
    plan.next_round();
    halving(plan, team, fold, number, blocks, scratch);
    doubling(plan, team, fold, number, blocks);
    if let Some(other) = for_too {
        plan.send_data(team.rank(other), result);
    }
    plan.next_round();
}
