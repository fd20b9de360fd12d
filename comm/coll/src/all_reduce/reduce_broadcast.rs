//! A reduction to the first member up a tree, and a broadcast down the same tree.
//!
//! `2 floor(log2 p)` messages on the longest way, `2 (p - 1)` of the whole length in all: the fewest there can be. The
//! order is right for operations that do not commute.

use crate::{Plan, Span, Team, broadcast, reduce};

/// Adds the steps up and down the tree. The `result` may be `own`.
pub fn reduce_broadcast(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    // All have memory for the result, so that none need be taken.
    reduce::up(plan, team, 0, own, Some(result));
    broadcast::binomial(plan, team, 0, result);
}
