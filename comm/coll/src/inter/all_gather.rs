//! A gather for all between two groups: everyone gets the blocks of all of the other group.
//!
//! The members of a group share out those of the other one as evenly as it goes, and each receives the blocks of its share;
//! then the group gathers them for all. So every block comes over once, in one round, and no leader is a bottleneck; the
//! rest is the gather for all inside the group, of runs of blocks. No one needs to know how long the blocks of its own
//! group are.
//!
//! Source: MPI 5.0, 6.7; composed of all-gather.

use core::ops::Range;

use crate::inter::Sides;
use crate::{Area, Blocks, Placed, Plan, Span, Tuning, all_gather};

/// Adds a gather of the `own` of all of the other group to everyone's `result`. All of a group know the lengths of the
/// other group's blocks; where they lie is each member's own matter.
pub fn all_gather(plan: &mut Plan, sides: Sides, own: Span, result: Placed<'_>, tuning: &Tuning) {
    let remote = sides.remote();
    if result.joined(0..remote).is_some() {
        return gather_runs(plan, sides, own, result, tuning);
    }
    let blocks = result.blocks.dense(0, remote);
    let scratch = plan.scratch(blocks.total(remote));
    let dense = Placed::new(Area::Scratch, scratch.offset, &blocks);
    gather_runs(plan, sides, own, dense, tuning);
    dense.copy_to(plan, 0..remote, result, 0);
    plan.next_round();
}

/// Gathers to blocks without gaps.
fn gather_runs(plan: &mut Plan, sides: Sides, own: Span, result: Placed<'_>, tuning: &Tuning) {
    plan.next_round();
    let (me, local, remote) = (sides.me(), sides.local(), sides.remote());
    plan.send_data(sides.far(reader(me, local, remote)), own);
    for from in share(me, remote, local) {
        plan.recv_data(sides.far(from), result.span(from));
    }
    plan.next_round();
    let run = |member| {
        let span = result.run(share(member, remote, local));
        (span.offset - result.base, span.len)
    };
    let runs = match result.blocks {
        Blocks::Even { len } if remote.is_multiple_of(local) => {
            Blocks::Even { len: len * (remote / local) as usize }
        }
        _ => Blocks::Listed((0..local).map(run).collect()),
    };
    let runs = Placed { blocks: &runs, ..result };
    all_gather::all_gather(plan, &sides.team(), runs.span(me), runs, tuning);
}

/// The part of `items` that is the share of one of `members`.
fn share(member: u32, items: u32, members: u32) -> Range<u32> {
    let begin = |member: u32| (u64::from(member) * u64::from(items) / u64::from(members)) as u32;
    begin(member)..begin(member + 1)
}

/// Which of `members` has an item in its share.
fn reader(item: u32, items: u32, members: u32) -> u32 {
    (((u64::from(item) + 1) * u64::from(members) - 1) / u64::from(items)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_the_share_of_its_reader() {
        for (items, members) in (1..20).flat_map(|items| (1..20).map(move |members| (items, members))) {
            assert_eq!((share(0, items, members).start, share(members - 1, items, members).end), (0, items));
            for item in 0..items {
                assert!(share(reader(item, items, members), items, members).contains(&item));
            }
        }
    }
}
