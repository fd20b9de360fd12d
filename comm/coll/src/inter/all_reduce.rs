//! A reduction for all between two groups: everyone gets what the other group contributes, combined.
//!
//! Short vectors: each group reduces to its leader, the leaders swap, and each broadcasts in its group. Long ones: each
//! group reduces in pieces, members whose pieces overlap swap them, and each group gathers them for all, so that every
//! byte crosses once and no leader is a bottleneck.
//!
//! Source: MPI 5.0, 6.9.6; composed of reduce, broadcast, reduce-scatter and all-gather.

use crate::inter::{Sides, pieces};
use crate::{Blocks, Elements, Nodes, Placed, Plan, Span, Tuning, all_gather, broadcast, reduce};

/// Adds a reduction of the `own` of all of the other group, in the order of its members, to everyone's `result`. Both
/// groups have vectors of one length.
pub fn all_reduce(
    plan: &mut Plan,
    sides: Sides,
    own: Span,
    result: Span,
    elements: Elements,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    let team = sides.team();
    if own.len > tuning.all_reduce_short_max {
        let blocks = Blocks::divide(own.len, elements.grain, sides.local());
        let vector = Placed::new(result.area, result.offset, &blocks);
        let piece = vector.span(sides.me());
        pieces::swapped(plan, sides, own, piece, elements, tuning);
        return all_gather::all_gather(plan, &team, piece, vector, tuning);
    }
    let sum = if sides.leads() { plan.scratch(own.len) } else { own };
    reduce::reduce(plan, &team, 0, own, sum, elements, nodes, tuning);
    plan.next_round();
    if sides.leads() {
        plan.send(sides.far(0), sum);
        plan.recv(sides.far(0), result);
    }
    plan.next_round();
    broadcast::broadcast(plan, &team, 0, result, nodes, tuning);
}
