//! On a board: calls in which everyone reads of everyone.

use crate::blocks::Placed;
use crate::board::{piece_of, pieces};
use crate::{Plan, Span, Team};

/// All other members, the next one first: so not everybody reads of the same member at the same time.
fn others(team: &Team) -> impl Iterator<Item = u32> {
    (1..team.size()).map(|steps| team.after(steps))
}

/// A barrier: everyone shows that it is here. One round.
pub fn barrier(plan: &mut Plan, team: &Team) {
    others(team).for_each(|member| plan.wait_for(member));
    plan.end_round();
}

/// Everyone gets the blocks of all. As many rounds as the longest block has cells.
pub fn all_gather(plan: &mut Plan, team: &Team, cell: usize, own: Span, result: Placed<'_>) {
    let longest = result.blocks.longest(team.size());
    plan.copy(own, result.span(team.me()));
    for (offset, len) in pieces(longest, cell) {
        let mine = piece_of(own, offset, len);
        if mine.len > 0 {
            plan.show_first(mine, 0);
        }
        for member in others(team) {
            let theirs = piece_of(result.span(member), offset, len);
            if theirs.len > 0 {
                plan.fetch_all(member, theirs);
            }
        }
        plan.end_round();
    }
}

/// Everyone has a block for each, all of one length. A cell holds a piece of each of them.
///
/// `from` and `into` do not overlap.
///
/// # Panics
/// If a cell has less than a byte for each member.
pub fn all_to_all(plan: &mut Plan, team: &Team, cell: usize, from: Placed<'_>, into: Placed<'_>) {
    let most = cell / team.size() as usize;
    assert!(most > 0, "a cell has room for all members");
    plan.copy(from.span(team.me()), into.span(team.me()));
    for (offset, len) in pieces(into.blocks.longest(team.size()), most) {
        for member in others(team) {
            plan.show_first(piece_of(from.span(member), offset, len), member as usize * most);
        }
        for member in others(team) {
            plan.fetch(member, team.me() as usize * most, piece_of(into.span(member), offset, len));
        }
        plan.end_round();
    }
}
