//! Inside each node to its leader, then among the leaders, one of which is the root.
//!
//! With a tree in both layers `n - 1` messages between `n` nodes, the other `p - n` inside them, and
//! at most `ceil(log2 n) + ceil(log2 c)` on the longest way for `c` members a node. If the members of each node are consecutive,
//! the order is right for operations that do not commute.

use super::reduce;
use crate::{Elements, Place, Plan, Span, Tuning};

/// Adds the steps of both layers, each by the algorithm that fits its size. Only the root, which leads its node, has a
/// `result`, which may be its `own`.
pub fn leaders(
    plan: &mut Plan,
    place: &Place,
    own: Span,
    result: Option<Span>,
    elements: Elements,
    tuning: &Tuning,
) {
    let inside = &place.node;
    let Some(leaders) = &place.leaders else {
        return reduce(plan, inside, place.node_leader, own, Span::EMPTY, elements, None, tuning);
    };
    // A leader that is alone on its node has nothing to combine yet; another one needs memory for what it combines.
    let (mut sum, mut goal) = (own, result.unwrap_or(Span::EMPTY));
    if inside.size() > 1 {
        sum = result.unwrap_or_else(|| plan.scratch(own.len));
        goal = sum;
        reduce(plan, inside, place.node_leader, own, sum, elements, None, tuning);
    }
    reduce(plan, leaders, place.first_leader, sum, goal, elements, None, tuning);
}
