//! A reduction in blocks: halves of halves are reduced, and the root gathers the blocks.
//!
//! Each member sends about the bytes of one vector, and reduces as many; a tree's inner members send and reduce log2 n
//! vectors. Of n = 2^k members each sends k messages, and one with its block to the root. The operation must commute.
//!
//! Source: Rabenseifner, "Optimization of collective reduction operations" (2004).

use crate::fold::{Fold, Role};
use crate::halving::halving;
use crate::{Area, Blocks, Order, Placed, Plan, Span, Team};

/// Adds the steps of halving and of the gather. Only the root has a `result`, which may be its `own`.
pub fn reduce_scatter_gather(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span, grain: usize) {
    plan.next_round();
    let (fold, is_root) = (Fold::of(team.size()), team.me() == root);
    let blocks = Blocks::divide(own.len, grain, fold.size);
    let sum = if is_root { result } else { plan.scratch(own.len) };
    let block = |number| Placed::new(sum.area, sum.offset, &blocks).span(number);
    let mut mine = None;
    match fold.role(team) {
        Role::Away { to } => plan.send_data(team.rank(to), own),
        Role::Part { number, for_too } => {
            plan.copy(own, sum);
            let scratch = plan.scratch(own.len);
            if let Some(other) = for_too {
                plan.recv_data(team.rank(other), scratch);
                plan.reduce(scratch, sum, Order::FromFirst);
            }
            plan.next_round();
            halving(plan, team, fold, number, Placed::new(sum.area, sum.offset, &blocks), scratch);
            mine = Some(number);
        }
    }
    plan.next_round();
    if is_root {
        for number in (0..fold.size).filter(|number| mine != Some(*number)) {
            plan.recv_data(team.rank(fold.member(number)), block(number));
        }
    } else if let Some(number) = mine {
        plan.send_data(team.rank(root), block(number));
    }
    debug_assert!(sum.area != Area::Send, "operands are combined elsewhere");
    plan.next_round();
}
