//! Scatter by the root alone: it sends each member its block.
//!
//! Of n members the root sends n - 1 messages, at once as far as a batch goes; every block moves once. It is for long
//! blocks, and for blocks whose lengths only the root knows.
//!
//! Source: the definition of `MPI_Scatterv`, MPI 5.0, 6.6.

use crate::batches::batches;
use crate::{Placed, Plan, Span, Team};

/// Adds the steps. Only the root has a `source`; `own` is where this member's block goes. In place at the root is that
/// `own` is its block of `source`, and then nothing is copied. Empty blocks are messages too, since who expects
/// something must learn that there is nothing.
pub fn linear(plan: &mut Plan, team: &Team, root: u32, source: Option<Placed<'_>>, own: Span) {
    plan.next_round();
    match source.filter(|_| team.me() == root) {
        None => plan.recv(team.rank(root), own),
        Some(source) => {
            plan.copy(source.span(root), own);
            for steps in batches(team) {
                for to in steps.map(|step| team.after(step)) {
                    plan.send(team.rank(to), source.span(to));
                }
                plan.next_round();
            }
        }
    }
    plan.next_round();
}
