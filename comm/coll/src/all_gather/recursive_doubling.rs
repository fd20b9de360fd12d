//! All-gather by recursive doubling: pairs exchange all that they have, over distances of 1, 2, 4, ...
//!
//! Of n = 2^k members each sends k messages in as many rounds, and n - 1 blocks: the fewest rounds and the fewest bytes,
//! but only for powers of two. What a member has is always a run of blocks, so each message is one piece where the
//! blocks lie without gaps; where they do not, this member gathers in scratch memory and copies at the end.
//!
//! Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::{Area, Placed, Plan, Span, Team};

/// Adds the steps of recursive doubling. `own` is what this member contributes; where it lies in its block of the
/// `result` already, nothing is copied. All members know the lengths of all blocks; where the blocks lie is each member's
/// own matter.
///
/// # Panics
/// If the size of the team is no power of two.
pub fn recursive_doubling(plan: &mut Plan, team: &Team, own: Span, result: Placed<'_>) {
    let members = team.size();
    assert!(members.is_power_of_two(), "recursive doubling needs a power of two");
    plan.next_round();
    if result.joined(0..members).is_some() {
        exchange(plan, team, own, result);
    } else {
        let blocks = result.blocks.dense(0, members);
        let scratch = plan.scratch(blocks.total(members));
        let dense = Placed::new(Area::Scratch, scratch.offset, &blocks);
        exchange(plan, team, own, dense);
        dense.copy_to(plan, 0..members, result, 0);
    }
    plan.next_round();
}

/// The rounds, among blocks without gaps.
fn exchange(plan: &mut Plan, team: &Team, own: Span, result: Placed<'_>) {
    let me = team.me();
    plan.copy(own, result.span(me));
    let mut distance = 1;
    while distance < team.size() {
        let (mine, theirs) = (me & !(distance - 1), (me ^ distance) & !(distance - 1));
        let partner = team.rank(me ^ distance);
        plan.send_data(partner, if distance == 1 { own } else { result.run(mine..mine + distance) });
        plan.recv_data(partner, result.run(theirs..theirs + distance));
        plan.next_round();
        distance *= 2;
    }
}
