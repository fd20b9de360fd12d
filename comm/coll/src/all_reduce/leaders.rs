//! Inside each node to its leader, among the leaders for all of them, then inside each node to all.
//!
//! With trees inside the nodes: `2 floor(log2 c)` messages on the longest way for `c` members a node, and those of the leaders;
//! `2 (p - n)` messages inside `n` nodes. If the members of each node are consecutive, the order is right for
//! operations that do not commute.

use super::all_reduce;
use crate::{Elements, Place, Plan, Span, Tuning, broadcast, reduce};

/// Adds the steps of both layers, each by the algorithm that fits its size. The `result` may be `own`.
pub fn leaders(plan: &mut Plan, place: &Place, own: Span, result: Span, elements: Elements, tuning: &Tuning) {
    let (inside, leader) = (&place.node, place.node_leader);
    let mut sum = own;
    if inside.size() > 1 {
        sum = result;
        reduce::reduce(plan, inside, leader, own, result, elements, None, tuning);
    }
    if let Some(leaders) = &place.leaders {
        all_reduce(plan, leaders, sum, result, elements, None, tuning);
    }
    broadcast::broadcast(plan, inside, leader, result, None, tuning);
}
