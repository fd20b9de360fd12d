//! Rabenseifner's reduction: halves of halves are reduced until each member has a part, then the root gathers the parts.
//!
//! For `p = 2^k` members `2k` rounds on the longest way, `p k + p - 1` messages, and `n (p - 1) + n k / 2` bytes: each member
//! sends less than twice the vector, however many there are. Otherwise two members make one before (see `fold`), of
//! which the root is never the one who leaves: with `r` more than a power of two, `r` vectors more. The order is right for operations that do not commute.
//! (R. Rabenseifner, Optimization of Collective Reduction Operations, 2004.)

use crate::fold::{Fold, Role};
use crate::halving;
use crate::partial::Partial;
use crate::{Plan, Span, Team};

/// Adds the steps of halving and of the gather, of elements of `grain` bytes. Only the root has a `result`, which may be
/// its `own`.
pub fn reduce_scatter_gather(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span, grain: usize) {
    let fold = Fold::new(team.size(), root);
    let mut partial = Partial::new(own, (team.me() == root).then_some(result));
    let Role::Stays(position) = fold.begin(plan, team, &mut partial) else { return };
    let held = halving::reduce_scatter(plan, team, &fold, position, &mut partial, grain);
    let Role::Stays(root) = fold.role(root) else { unreachable!("the root stays") };
    // Backwards: of two that exchanged halves, the one that differs from the root in that step gives its part away.
    for step in (0..fold.size.ilog2()).rev() {
        let other = position ^ (1 << step);
        let (whole, part) = (&held[step as usize], &held[step as usize + 1]);
        if (position ^ root) & (1 << step) == 0 {
            let rest = halving::rest(whole, part);
            // The root may have had no part of a short vector to combine, but all of the result is its own.
            let into = if position == root { result.part(rest.start, rest.len()) } else { partial.at(rest) };
            plan.recv_data(team.rank(fold.member(other)), into);
            plan.next_round();
        } else {
            plan.send_data(team.rank(fold.member(other)), partial.at(part.clone()));
            plan.next_round();
            return;
        }
    }
    if team.size() == 1 {
        partial.settle(plan);
    }
}
