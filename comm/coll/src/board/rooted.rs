//! On a board: calls with a root that everybody reads of, or that reads of everybody.

use crate::blocks::Placed;
use crate::board::{piece_of, pieces};
use crate::{Plan, Span, Team};

/// The root's bytes to all. As many rounds as they fill cells; the root runs ahead of those who read.
pub fn broadcast(plan: &mut Plan, team: &Team, cell: usize, root: u32, data: Span) {
    for (offset, len) in pieces(data.len, cell) {
        if team.me() == root {
            plan.post(data.part(offset, len), 0);
        } else {
            plan.fetch_all(root, data.part(offset, len));
        }
        plan.end_round();
    }
}

/// Blocks of one length to the root, who alone has a `result`.
pub fn gather(plan: &mut Plan, team: &Team, cell: usize, root: u32, own: Span, result: Option<Placed<'_>>) {
    if let Some(result) = result {
        plan.copy(own, result.span(root));
    }
    for (offset, len) in pieces(own.len, cell) {
        match result {
            None => plan.post(own.part(offset, len), 0),
            Some(result) => {
                for member in (0..team.size()).filter(|member| *member != root) {
                    plan.fetch_all(member, piece_of(result.span(member), offset, len));
                }
            }
        }
        plan.end_round();
    }
}

/// Blocks of one length from the root, who alone has them, to all. A cell holds a piece of each.
///
/// # Panics
/// If a cell has less than a byte for each member.
pub fn scatter(plan: &mut Plan, team: &Team, cell: usize, root: u32, blocks: Option<Placed<'_>>, own: Span) {
    let most = cell / team.size() as usize;
    assert!(most > 0, "a cell has room for all members");
    if let Some(blocks) = blocks {
        plan.copy(blocks.span(root), own);
    }
    for (offset, len) in pieces(own.len, most) {
        match blocks {
            None => plan.fetch(root, team.me() as usize * most, own.part(offset, len)),
            Some(blocks) => {
                for member in (0..team.size()).filter(|member| *member != root) {
                    plan.show_first(piece_of(blocks.span(member), offset, len), member as usize * most);
                }
            }
        }
        plan.end_round();
    }
}
