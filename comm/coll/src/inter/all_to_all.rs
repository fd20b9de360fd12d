//! An exchange of blocks between two groups: a block of each for each of the other group.
//!
//! Of groups of l and r members there are 2 l r messages, and every block moves once. Both groups go round a circle as
//! large as the larger of them, so that not all send to the same member: all messages at once as far as a batch goes, or
//! one partner after the other if the blocks are long.
//!
//! Source: MPI 5.0, 6.8.

use crate::batches::{MOST, batches_of};
use crate::inter::Sides;
use crate::{Placed, Plan, Tuning};

/// Adds the steps of an exchange. `source` and `result` have a block for each member of the other group. Of no bytes there
/// is no message.
pub fn all_to_all(plan: &mut Plan, sides: Sides, source: Placed<'_>, result: Placed<'_>, tuning: &Tuning) {
    plan.next_round();
    let (me, remote) = (sides.me(), sides.remote());
    let circle = sides.local().max(remote);
    // Members may choose differently: there is one message from each to each in any case.
    let long = source.blocks.total(remote) / remote as usize > tuning.all_to_all_scattered_max;
    for steps in batches_of(0..circle, if long { 1 } else { MOST }) {
        let ahead = |step: u32| ((u64::from(me) + u64::from(step)) % u64::from(circle)) as u32;
        for from in steps.clone().map(|step| ahead(circle - step)).filter(|from| *from < remote) {
            plan.recv_data(sides.far(from), result.span(from));
        }
        for to in steps.map(ahead).filter(|to| *to < remote) {
            plan.send_data(sides.far(to), source.span(to));
        }
        plan.next_round();
    }
}
