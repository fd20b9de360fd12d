//! All-gather after Bruck: each member has a run of blocks that begins with its own, and doubles it in each round with
//! what the member at the run's end has.
//!
//! Of n members each sends ⌈log2 n⌉ messages in as many rounds, and n - 1 blocks: the fewest rounds for any n. The run
//! goes round past the last member, so it grows in scratch memory of the size of all blocks, and is copied at the end:
//! it is for short blocks.
//!
//! Source: Bruck, Ho, Kipnis, Upfal, Weathersby, "Efficient algorithms for all-to-all communications in multiport
//! message-passing systems" (1997), the concatenation operation.

use crate::{Area, Placed, Plan, Span, Team};

/// Adds the steps of Bruck's algorithm. `own` is what this member contributes. All members know the lengths of all
/// blocks; where the blocks lie is each member's own matter.
pub fn bruck(plan: &mut Plan, team: &Team, own: Span, result: Placed<'_>) {
    plan.next_round();
    let (me, members) = (team.me(), team.size());
    if members == 1 {
        plan.copy(own, result.span(me));
        return plan.next_round();
    }
    // The i-th block of the run is that of the i-th member after this one.
    let blocks = result.blocks.dense(me, members);
    let scratch = plan.scratch(blocks.total(members));
    let work = Placed::new(Area::Scratch, scratch.offset, &blocks);
    plan.copy(own, work.span(0));
    let mut have = 1;
    while have < members {
        let more = have.min(members - have);
        plan.send_data(team.rank(team.before(have)), if have == 1 { own } else { work.run(0..more) });
        plan.recv_data(team.rank(team.after(have)), work.run(have..have + more));
        have += more;
        if have < members {
            plan.next_round();
        }
    }
    work.copy_to(plan, 0..members - me, result, me);
    work.copy_to(plan, members - me..members, result, 0);
    plan.next_round();
}
