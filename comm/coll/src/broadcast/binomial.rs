//! A broadcast down a binomial tree: who has the bytes passes them on, so that in each round twice as many have them.
//!
//! n - 1 messages of all bytes, at most ⌈log2 n⌉ of them one after the other.

use crate::tree::Tree;
use crate::{Plan, Span, Team};

/// Adds the steps down the tree.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    plan.next_round();
    let tree = Tree::new(team, root);
    if let Some(parent) = tree.parent() {
        plan.recv_data(team.rank(parent), data);
        plan.next_round();
    }
    // The largest subtree first: it has the longest way before it.
    tree.children().for_each(|child| plan.send_data(team.rank(tree.member(child.start)), data));
    plan.next_round();
}
