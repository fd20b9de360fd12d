//! The first half of a long broadcast: each member gets its block of the bytes, and those of the members below it in
//! the tree, all in their own places.

use crate::runs::{Branch, branch};
use crate::{Placed, Plan, Team};

/// Scatters, and gives this member's place in the tree: it has the blocks of those below it then.
pub(super) fn scatter(plan: &mut Plan, team: &Team, root: u32, blocks: Placed<'_>) -> Branch {
    plan.next_round();
    let branch = branch(team.me(), root, team.size());
    if let Some(parent) = branch.parent {
        plan.recv_data(team.rank(parent), blocks.run(branch.below.clone()));
        plan.next_round();
    }
    for (child, below) in &branch.children {
        plan.send_data(team.rank(*child), blocks.run(below.clone()));
    }
    plan.next_round();
    branch
}
