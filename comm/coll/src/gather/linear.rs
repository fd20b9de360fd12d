//! Gather by the root alone: each member sends it its block.
//!
//! Of n members the root receives n - 1 messages, at once as far as a batch goes; every block moves once, to where it
//! belongs. It is for long blocks, and for blocks whose lengths only the root knows.
//!
//! Source: the definition of `MPI_Gatherv`, MPI 5.0, 6.5.

use crate::batches::batches;
use crate::{Placed, Plan, Span, Team};

/// Adds the steps. `own` is what this member contributes; only the root has a `result`. In place at the root is that
/// `own` is its block of `result`, and then nothing is copied. Empty blocks are messages too, since a root that expects
/// something must learn that there is nothing.
pub fn linear(plan: &mut Plan, team: &Team, root: u32, own: Span, result: Option<Placed<'_>>) {
    plan.next_round();
    match result.filter(|_| team.me() == root) {
        None => plan.send(team.rank(root), own),
        Some(result) => {
            plan.copy(own, result.span(root));
            for steps in batches(team) {
                for from in steps.map(|step| team.after(step)) {
                    plan.recv(team.rank(from), result.span(from));
                }
                plan.next_round();
            }
        }
    }
    plan.next_round();
}
