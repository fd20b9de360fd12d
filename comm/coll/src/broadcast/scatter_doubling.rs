//! The root scatters blocks down a tree, then runs of blocks are exchanged at distances that double.
//!
//! For `p = 2^k` members: `2k` rounds at most. Each member receives each byte once, since it is not sent the runs that it
//! has from the tree: in the tree `p - 1` messages with `n k / 2` bytes; then `p k - (p - 1)` messages, and `n (p - 1) - n k / 2`
//! bytes. (Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH, 2005.)

use super::scatter::scatter;
use crate::runs::branch;
use crate::{Blocks, Placed, Plan, Span, Team};

/// Adds the steps of a scatter down a tree, and of doubling.
///
/// # Panics
/// If the number of members is no power of two.
pub fn scatter_doubling(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    assert!(team.size().is_power_of_two(), "doubling needs a power of two of members");
    let blocks = Blocks::divide(data.len, 1, team.size());
    let all = Placed::new(data.area, data.offset, &blocks);
    let own = scatter(plan, team, root, all).below;
    let mut run = 1;
    while run < team.size() {
        let other = team.me() ^ run;
        // The runs of both: as long, and aligned to their length, as are the subtrees. One holds all of a run or not more
        // than what it had before.
        let (mine, theirs) = (team.me() & !(run - 1), other & !(run - 1));
        if !branch(other, root, team.size()).below.contains(&mine) {
            plan.send_data(team.rank(other), all.run(mine..mine + run));
        }
        if !own.contains(&theirs) {
            plan.recv_data(team.rank(other), all.run(theirs..theirs + run));
        }
        plan.next_round();
        run *= 2;
    }
}
