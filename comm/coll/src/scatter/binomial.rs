//! Scatter down a binomial tree: a member receives the blocks of its whole subtree and passes on those of its children.
//!
//! A block is sent once for every set bit of its member's distance from the root: log2 n messages one after the other and
//! n/2 · log2 n blocks where n is a power of two. There are n - 1 messages in all, and at most ⌈log2 n⌉ more, since a run
//! of blocks that goes past the last member is two messages.
//!
//! Source: the tree of Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use core::ops::Range;

use crate::tree::Tree;
use crate::{Placed, Plan, Span, Team};

/// Adds the steps of a scatter of even blocks. Only the root reads `source`; `own` is where this member's block goes. In
/// place at the root is that `own` is its block of `source`, and then nothing is copied.
///
/// Members that have children hold the blocks of their subtree in scratch memory.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, source: Placed<'_>, own: Span) {
    plan.next_round();
    let tree = Tree::new(team, root);
    let subtree = tree.subtree();
    if tree.parent().is_none() {
        plan.copy(source.span(root), own);
        return descend(plan, team, tree, |piece| joined(source, tree, piece));
    }
    let hold = if subtree.len() == 1 { own } else { plan.scratch(own.len * subtree.len()) };
    plan.copy(hold.part(0, own.len), own);
    descend(plan, team, tree, |piece| {
        hold.part(own.len * (piece.start - subtree.start) as usize, own.len * piece.len())
    });
}

/// Adds the steps of a scatter inside memory that has room for all blocks at each member, at the same place: when it is
/// over, each member has its own block at least. All members know all the blocks, which may be of any lengths.
///
/// # Panics
/// If the blocks do not lie one after the other without gaps, as [`crate::Blocks::divide`] has them.
pub fn binomial_within(plan: &mut Plan, team: &Team, root: u32, blocks: Placed<'_>) {
    plan.next_round();
    let tree = Tree::new(team, root);
    descend(plan, team, tree, |piece| joined(blocks, tree, piece));
}

/// The blocks of a run of relative members, in memory where they lie in the order of the members.
fn joined(blocks: Placed<'_>, tree: Tree, piece: &Range<u32>) -> Span {
    blocks.joined(tree.members(piece)).expect("the blocks of a scatter down a tree have no gaps")
}

/// Receives the blocks of the subtree, then sends those of the children. `place` says where a run of them lies.
fn descend(plan: &mut Plan, team: &Team, tree: Tree, place: impl Fn(&Range<u32>) -> Span) {
    if let Some(parent) = tree.parent() {
        tree.pieces(tree.subtree()).for_each(|piece| plan.recv_data(team.rank(parent), place(&piece)));
        plan.next_round();
    }
    for child in tree.children() {
        let to = team.rank(tree.member(child.start));
        tree.pieces(child).for_each(|piece| plan.send_data(to, place(&piece)));
    }
    plan.next_round();
}
