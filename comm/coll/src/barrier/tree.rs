//! A barrier up and down a binomial tree: who has heard of its whole subtree tells its parent, and the root releases all.
//!
//! Of n members all but the root send one message up and hear one: 2 (n - 1) messages of no bytes, at most 2 ⌈log2 n⌉ of them
//! one after the other. Twice the rounds of dissemination, for a fraction of the messages.
//!
//! Source: Mellor-Crummey, Scott, "Algorithms for scalable synchronization on shared-memory multiprocessors" (1991).

use crate::tree::Tree;
use crate::{Plan, Span, Team};

/// Adds the steps up and down the tree.
pub fn tree(plan: &mut Plan, team: &Team) {
    up(plan, team);
    down(plan, team);
}

/// Adds the steps after which member 0 knows that all have come.
pub fn up(plan: &mut Plan, team: &Team) {
    plan.next_round();
    let tree = Tree::new(team, 0);
    tree.children().for_each(|child| plan.recv(team.rank(child.start), Span::EMPTY));
    plan.next_round();
    if let Some(parent) = tree.parent() {
        plan.send(team.rank(parent), Span::EMPTY);
    }
    plan.next_round();
}

/// Adds the steps by which member 0 tells all.
pub fn down(plan: &mut Plan, team: &Team) {
    plan.next_round();
    let tree = Tree::new(team, 0);
    if let Some(parent) = tree.parent() {
        plan.recv(team.rank(parent), Span::EMPTY);
    }
    plan.next_round();
    tree.children().for_each(|child| plan.send(team.rank(child.start), Span::EMPTY));
    plan.next_round();
}
