//! A broadcast among the leaders of the nodes, one of which is the root, and then inside each node.
//!
//! Each node receives the bytes once: with a tree in both layers `n - 1` messages between `n` nodes, the other `p - n` inside
//! them, and at most `ceil(log2 n) + ceil(log2 c)` on the longest way for `c` members a node.

use super::broadcast;
use crate::{Place, Plan, Span, Tuning};

/// Adds the steps of both layers, each by the algorithm that fits its size.
pub fn leaders(plan: &mut Plan, place: &Place, data: Span, tuning: &Tuning) {
    if let Some(leaders) = &place.leaders {
        broadcast(plan, leaders, place.first_leader, data, None, tuning);
    }
    broadcast(plan, &place.node, place.node_leader, data, None, tuning);
}
