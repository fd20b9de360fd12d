//! A reduction in blocks between two groups: what the other group contributes, combined, a block for each.
//!
//! Short vectors: each group reduces to its leader, the leaders swap, and each scatters in its group. Long ones: each group
//! reduces in even pieces, members whose pieces overlap swap them, and inside each group the pieces go to those whose
//! blocks they are. Neither group needs to know the blocks of the other one.
//!
//! Source: MPI 5.0, 6.10; composed of reduce, scatter and reduce-scatter.

use crate::inter::Sides;
use crate::inter::pieces::{overlap, range, swapped};
use crate::{Blocks, Elements, Nodes, Placed, Plan, Span, Tuning, reduce, scatter};

/// Adds a reduction of the `own` of all of the other group, in the order of its members, of which each of this group gets
/// its block as `result`. `lengths` are the blocks of this group's members; all that matters is how long they are. Both
/// groups have vectors of one length, which is the sum of the lengths in either group.
#[allow(clippy::too_many_arguments)]
pub fn reduce_scatter(
    plan: &mut Plan,
    sides: Sides,
    own: Span,
    lengths: &Blocks,
    result: Span,
    elements: Elements,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    let (team, me, local) = (sides.team(), sides.me(), sides.local());
    let blocks = lengths.dense(0, local);
    if own.len <= tuning.all_reduce_short_max {
        let sum = if sides.leads() { plan.scratch(own.len) } else { own };
        reduce::reduce(plan, &team, 0, own, sum, elements, nodes, tuning);
        plan.next_round();
        let vector = plan.scratch(own.len);
        if sides.leads() {
            plan.send(sides.far(0), sum);
            plan.recv(sides.far(0), vector);
        }
        plan.next_round();
        let vector = Placed::new(vector.area, vector.offset, &blocks);
        scatter::binomial_within(plan, &team, 0, vector);
        plan.copy(vector.span(me), result);
        return plan.next_round();
    }
    let pieces = Blocks::divide(own.len, elements.grain, local);
    if pieces == blocks {
        return swapped(plan, sides, own, result, elements, tuning);
    }
    let piece = plan.scratch(pieces.len(me));
    swapped(plan, sides, own, piece, elements, tuning);
    let (held, wanted) = (range(&pieces, me), range(&blocks, me));
    for member in 0..local {
        let mine = overlap(&held, &range(&blocks, member))
            .map(|both| piece.part(both.start - held.start, both.len()));
        let theirs = overlap(&wanted, &range(&pieces, member))
            .map(|both| result.part(both.start - wanted.start, both.len()));
        if let (Some(from), Some(into), true) = (mine, theirs, member == me) {
            plan.copy(from, into);
            continue;
        }
        if let Some(from) = mine {
            plan.send(team.rank(member), from);
        }
        if let Some(into) = theirs {
            plan.recv(team.rank(member), into);
        }
    }
    plan.next_round();
}
