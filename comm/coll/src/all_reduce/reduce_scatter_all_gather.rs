//! Rabenseifner's: halves of halves are reduced until each member has a part, then the parts are gathered the way back.
//!
//! For `p = 2^k` members `2k` rounds, `2 p k` messages, and `2 n (p - 1)` bytes: each member sends less than twice the vector,
//! however many there are. Otherwise two members make one before (see `fold`): with `r` more than a power of two, 2
//! rounds, `2r` messages and `2 r n` bytes more. The order is right for operations that do not commute.
//! (R. Rabenseifner, Optimization of Collective Reduction Operations, 2004.)

use crate::fold::{Fold, Role};
use crate::halving;
use crate::partial::Partial;
use crate::{Plan, Span, Team};

/// Adds the steps of halving and of the way back, of elements of `grain` bytes. The `result` may be `own`.
pub fn reduce_scatter_all_gather(plan: &mut Plan, team: &Team, own: Span, result: Span, grain: usize) {
    let fold = Fold::new(team.size(), 0);
    let mut partial = Partial::new(own, Some(result));
    if let Role::Stays(position) = fold.begin(plan, team, &mut partial) {
        let held = halving::reduce_scatter(plan, team, &fold, position, &mut partial, grain);
        let part = |range: core::ops::Range<usize>| result.part(range.start, range.len());
        for step in (0..fold.size.ilog2()).rev() {
            let rank = team.rank(fold.member(position ^ (1 << step)));
            let (whole, kept) = (&held[step as usize], &held[step as usize + 1]);
            plan.send_data(rank, part(kept.clone()));
            plan.recv_data(rank, part(halving::rest(whole, kept)));
            plan.next_round();
        }
        if team.size() == 1 {
            partial.settle(plan);
        }
    }
    fold.end(plan, team, result);
}
