//! The root scatters blocks down a tree, then the blocks go round in a ring (van de Geijn's long broadcast).
//!
//! At most `ceil(log2 p) + p - 1` rounds. Each member receives each byte once: in the ring it is not sent the blocks which
//! it has from the tree. For a power of two that are `p - 1` messages in the tree, with `n log2(p) / 2` bytes, and
//! `p (p - 1 - log2(p) / 2)` in the ring, each of `n / p` bytes (Barnett, Shuler, van de Geijn, Gupta, Payne and Watts, 1994;
//! the saving as in MPICH's tuned ring).

use super::scatter::scatter;
use crate::runs::branch;
use crate::{Blocks, Placed, Plan, Span, Team};

/// Adds the steps of a scatter down a tree, and of a ring.
pub fn scatter_ring(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    let blocks = Blocks::divide(data.len, 1, team.size());
    let all = Placed::new(data.area, data.offset, &blocks);
    let own = scatter(plan, team, root, all).below;
    let (next, previous) = (team.after(1), team.before(1));
    let theirs = branch(next, root, team.size()).below;
    for step in 0..team.size() - 1 {
        let (sent, received) = (team.before(step), team.before(step + 1));
        if !theirs.contains(&sent) {
            plan.send_data(team.rank(next), all.span(sent));
        }
        if !own.contains(&received) {
            plan.recv_data(team.rank(previous), all.span(received));
        }
        plan.next_round();
    }
}
