//! Gather up a binomial tree: a member receives the blocks of its children's subtrees and passes on those of its own.
//!
//! A block is sent once for every set bit of its member's distance from the root: log2 n messages one after the other and
//! n/2 · log2 n blocks where n is a power of two. There are n - 1 messages in all, and at most ⌈log2 n⌉ more, since a run
//! of blocks that goes past the last member is two messages. The root gets them where they belong.
//!
//! Source: the tree of Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::tree::Tree;
use crate::{Placed, Plan, Span, Team};

/// Adds the steps of a gather of even blocks. `own` is what this member contributes; only the root has a `result`. In
/// place at the root is that `own` is its block of `result`, and then nothing is copied. Empty blocks are messages
/// too, since a root that expects something must learn that there is nothing.
///
/// Members that have children hold the blocks of their subtree in scratch memory.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Option<Placed<'_>>) {
    plan.next_round();
    let tree = Tree::new(team, root);
    if let Some(result) = result.filter(|_| team.me() == root) {
        plan.copy(own, result.span(root));
        for child in tree.children() {
            let from = team.rank(tree.member(child.start));
            tree.pieces(child).for_each(|piece| plan.recv(from, result.run(tree.members(&piece))));
        }
        return plan.next_round();
    }
    let subtree = tree.subtree();
    let hold = if subtree.len() == 1 { own } else { plan.scratch(own.len * subtree.len()) };
    let place = |piece: core::ops::Range<u32>| {
        hold.part(own.len * (piece.start - subtree.start) as usize, own.len * piece.len())
    };
    plan.copy(own, hold.part(0, own.len));
    for child in tree.children() {
        let from = team.rank(tree.member(child.start));
        tree.pieces(child).for_each(|piece| plan.recv(from, place(piece)));
    }
    plan.next_round();
    if let Some(parent) = tree.parent() {
        tree.pieces(subtree.clone()).for_each(|piece| plan.send(team.rank(parent), place(piece)));
        plan.next_round();
    }
}
