//! A reduction of what one group contributes to a member of the other one.
//!
//! The group reduces to its leader, which sends the result to the root: one message more than that.
//!
//! Source: MPI 5.0, 6.9.1; composed of reduce.

use crate::inter::{Root, Sides};
use crate::{Elements, Nodes, Plan, Span, Tuning, reduce};

/// Adds a reduction of the `own` of all of the other group, in the order of its members, to the root's `result`.
#[allow(clippy::too_many_arguments)]
pub fn reduce(
    plan: &mut Plan,
    sides: Sides,
    root: Root,
    own: Span,
    result: Span,
    elements: Elements,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    plan.next_round();
    match root {
        Root::Beside => {}
        Root::Me => plan.recv(sides.far(0), result),
        Root::Far(root) => {
            let sum = if sides.leads() { plan.scratch(own.len) } else { own };
            reduce::reduce(plan, &sides.team(), 0, own, sum, elements, nodes, tuning);
            if sides.leads() {
                plan.send(sides.far(root), sum);
            }
        }
    }
    plan.next_round();
}
