//! All-to-all with all messages under way at once, as far as a batch goes.
//!
//! Of n members each sends n - 1 messages in one round (of a few hundred members, else in as many rounds as there are
//! batches), and every block moves once. Each begins with the member after it, so that not all send to the same one.
//!
//! Source: the definition of `MPI_Alltoallv`, MPI 5.0, 6.8.

use crate::batches::batches;
use crate::{Area, Placed, Plan, Team};

/// Adds the steps. `source` and `result` do not overlap.
pub fn scattered(plan: &mut Plan, team: &Team, source: Placed<'_>, result: Placed<'_>) {
    plan.next_round();
    plan.copy(source.span(team.me()), result.span(team.me()));
    messages(plan, team, source, result);
}

/// Adds the steps in place: `blocks` hold what is sent, and then what is received. What is sent is copied to scratch
/// memory of the size of all blocks first.
pub fn scattered_in_place(plan: &mut Plan, team: &Team, blocks: Placed<'_>) {
    plan.next_round();
    let dense = blocks.blocks.dense(0, team.size());
    let aside = Placed::new(Area::Scratch, plan.scratch(dense.total(team.size())).offset, &dense);
    blocks.copy_to(plan, 0..team.size(), aside, 0);
    plan.next_round();
    messages(plan, team, aside, blocks);
}

fn messages(plan: &mut Plan, team: &Team, source: Placed<'_>, result: Placed<'_>) {
    for steps in batches(team) {
        for from in steps.clone().map(|step| team.before(step)) {
            plan.recv_data(team.rank(from), result.span(from));
        }
        for to in steps.map(|step| team.after(step)) {
            plan.send_data(team.rank(to), source.span(to));
        }
        plan.next_round();
    }
    plan.next_round();
}
