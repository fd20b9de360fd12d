//! A reduction in blocks by recursive halving.
//!
//! Of n = 2^k members each sends k messages in as many rounds, and (n - 1)/n of all bytes. Any other number is folded to a
//! power of two: who stands for another reduces both blocks, and sends it its own. The operation must commute.
//!
//! Source: Rabenseifner, "Optimization of collective reduction operations" (2004).

use alloc::vec::Vec;

use crate::fold::{Fold, Role};
use crate::halving::halving;
use crate::{Blocks, Order, Placed, Plan, Span, Team};

/// Adds the steps of halving. `own` are the blocks that this member contributes; `result` may lie among them.
pub fn recursive_halving(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span) {
    plan.next_round();
    let (members, fold) = (team.size(), Fold::of(team.size()));
    let dense = own.blocks.dense(0, members);
    let total = dense.total(members);
    let sum = plan.scratch(total);
    let all = Placed::new(sum.area, sum.offset, &dense);
    own.copy_to(plan, 0..members, all, 0);
    plan.next_round();
    let (number, for_too) = match fold.role(team) {
        Role::Away { to } => {
            plan.send_data(team.rank(to), sum);
            plan.next_round();
            plan.recv_data(team.rank(to), result);
            return plan.next_round();
        }
        Role::Part { number, for_too } => (number, for_too),
    };
    let scratch = if members > 1 { plan.scratch(total) } else { Span::EMPTY };
    if let Some(other) = for_too {
        plan.recv_data(team.rank(other), scratch);
        plan.reduce(scratch, sum, Order::FromFirst);
        plan.next_round();
    }
    // What a number reduces are the blocks of all for whom it stands.
    let joint: Vec<(usize, usize)> = (0..fold.size)
        .map(|number| {
            let span =
                all.joined(fold.first(number)..fold.member(number) + 1).expect("dense blocks have no gaps");
            (span.offset - sum.offset, span.len)
        })
        .collect();
    let joint = Blocks::Listed(joint.into());
    halving(plan, team, fold, number, Placed::new(sum.area, sum.offset, &joint), scratch);
    if let Some(other) = for_too {
        plan.send_data(team.rank(other), all.span(other));
    }
    plan.copy(all.span(team.me()), result);
    plan.next_round();
}
