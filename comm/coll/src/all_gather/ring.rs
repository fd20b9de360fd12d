//! All-gather in a ring: each member passes on to the next one what it received from the one before.
//!
//! Of n members each sends n - 1 messages in as many rounds, and every block but that of the next member once: no
//! algorithm moves fewer bytes, and only neighbours talk. It is the right one for long blocks.
//!
//! Source: Chan, Heimlich, Purkayastha, van de Geijn, "Collective communication: theory, practice, and experience"
//! (2007), the bucket algorithm.

use crate::{Placed, Plan, Span, Team};

/// Adds the steps of a ring. `own` is what this member contributes; where it lies in its block of the `result` already,
/// nothing is copied. All members know the lengths of all blocks; where the blocks lie is each member's own matter.
pub fn ring(plan: &mut Plan, team: &Team, own: Span, result: Placed<'_>) {
    plan.next_round();
    plan.copy(own, result.span(team.me()));
    let (next, previous) = (team.rank(team.after(1)), team.rank(team.before(1)));
    for step in 1..team.size() {
        let from = if step == 1 { own } else { result.span(team.before(step - 1)) };
        plan.send_data(next, from);
        plan.recv_data(previous, result.span(team.before(step)));
        plan.next_round();
    }
    plan.next_round();
}
