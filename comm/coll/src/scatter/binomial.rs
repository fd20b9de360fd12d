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

/// Adds the steps of a scatter of even blocks. Only the root has a `source`; `own` is where this member's block goes. In
/// place at the root is that `own` is its block of `source`, and then nothing is copied. Empty blocks are messages too,
/// since who expects something must learn that there is nothing.
///
/// Members that have children hold the blocks of their subtree in scratch memory.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, source: Option<Placed<'_>>, own: Span) {
    plan.next_round();
    let tree = Tree::new(team, root);
    let subtree = tree.subtree();
    if let Some(source) = source.filter(|_| team.me() == root) {
        plan.copy(source.span(root), own);
        return descend(plan, team, tree, true, |piece| source.run(tree.members(piece)));
    }
    let hold = if subtree.len() == 1 { own } else { plan.scratch(own.len * subtree.len()) };
    plan.copy(hold.part(0, own.len), own);
    descend(plan, team, tree, true, |piece| {
        hold.part(own.len * (piece.start - subtree.start) as usize, own.len * piece.len())
    });
}

/// Adds the steps of a scatter inside memory that has room for all blocks at each member: when it is over, each member has
/// its own block at least. All members know the lengths of all blocks, which may be any.
///
/// # Panics
/// If the blocks do not lie one after the other without gaps, as [`crate::Blocks::divide`] has them.
pub fn binomial_within(plan: &mut Plan, team: &Team, root: u32, blocks: Placed<'_>) {
    plan.next_round();
    let tree = Tree::new(team, root);
    descend(plan, team, tree, false, |piece| blocks.run(tree.members(piece)));
}

/// Receives the blocks of the subtree, then sends those of the children. `place` says where a run of them lies; an empty
/// one is a message only if all must be told.
fn descend(plan: &mut Plan, team: &Team, tree: Tree, all: bool, place: impl Fn(&Range<u32>) -> Span) {
    let spans = |run| tree.pieces(run).map(|piece| place(&piece)).filter(|span| all || span.len > 0);
    if let Some(parent) = tree.parent() {
        spans(tree.subtree()).for_each(|into| plan.recv(team.rank(parent), into));
        plan.next_round();
    }
    for child in tree.children() {
        let to = team.rank(tree.member(child.start));
        spans(child).for_each(|from| plan.send(to, from));
    }
    plan.next_round();
}
