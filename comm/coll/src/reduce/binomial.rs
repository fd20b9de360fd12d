//! A reduction up a binomial tree: each member combines what its children send with its own, and sends that to its parent.
//!
//! n - 1 messages of all bytes, at most ⌈log2 n⌉ of them one after the other. Where the operation does not commute the tree's
//! root is member 0, so that each subtree is a run of members in order, and the result takes one message more to the root.

use crate::tree::Tree;
use crate::{Order, Plan, Span, Team};

/// Adds the steps up the tree. Only the root has a `result`, which may be its `own`.
pub fn binomial(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Span, commutative: bool) {
    plan.next_round();
    let top = if commutative { root } else { 0 };
    let (is_root, is_top) = (team.me() == root, team.me() == top);
    let tree = Tree::new(team, top);
    let leaf = tree.subtree().len() == 1;
    let sum = if is_top && is_root {
        result
    } else if leaf {
        own
    } else {
        plan.scratch(own.len)
    };
    plan.copy(own, sum);
    // The smallest subtree first: it has the shortest way, and comes next in order.
    let mut children: alloc::vec::Vec<_> = tree.children().collect();
    children.reverse();
    if !children.is_empty() {
        let landing = plan.scratch(own.len * children.len());
        for (i, child) in children.iter().enumerate() {
            let part = landing.part(i * own.len, own.len);
            plan.recv_data(team.rank(tree.member(child.start)), part);
            plan.reduce(part, sum, Order::IntoFirst);
        }
        plan.next_round();
    }
    if let Some(parent) = tree.parent() {
        plan.send_data(team.rank(parent), sum);
    }
    plan.next_round();
    if top != root {
        if is_top {
            plan.send_data(team.rank(root), sum);
        } else if is_root {
            plan.recv_data(team.rank(top), result);
        }
        plan.next_round();
    }
}
