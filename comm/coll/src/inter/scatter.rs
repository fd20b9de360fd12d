//! A scatter of a member's blocks among the other group.
//!
//! Short even blocks go to the other group's leader as one message, which scatters them down a tree. Long ones, and those
//! whose lengths only the root knows, come straight from the root: a message a member, and every block moves once.
//!
//! Source: MPI 5.0, 6.6; composed of the scatter along a tree.

use crate::batches::{MOST, batches_of};
use crate::inter::{Root, Sides};
use crate::scatter::{ScatterAlgorithm, binomial, choose};
use crate::{Blocks, Placed, Plan, Span, Tuning};

/// Adds a scatter of the root's `source` to where each of the other group has its `own`. If `even`, all blocks have one
/// length, and those of the source lie as [`Blocks::Even`] says; if not, only the root knows the lengths of others.
///
/// # Panics
/// If the root has no source.
pub fn scatter(
    plan: &mut Plan,
    sides: Sides,
    root: Root,
    source: Option<Placed<'_>>,
    own: Span,
    even: bool,
    tuning: &Tuning,
) {
    plan.next_round();
    match root {
        Root::Beside => {}
        Root::Me => {
            let source = source.expect("the root of a scatter has blocks");
            let members = sides.remote();
            match choose(source.blocks.len(0), even, members, tuning) {
                ScatterAlgorithm::Binomial => plan.send(sides.far(0), source.run(0..members)),
                ScatterAlgorithm::Linear => {
                    for members in batches_of(0..members, MOST) {
                        members.for_each(|to| plan.send(sides.far(to), source.span(to)));
                        plan.next_round();
                    }
                }
            }
        }
        Root::Far(root) => {
            let (team, members) = (sides.team(), sides.local());
            match choose(own.len, even, members, tuning) {
                ScatterAlgorithm::Linear => plan.recv(sides.far(root), own),
                ScatterAlgorithm::Binomial if sides.leads() => {
                    let all = plan.scratch(own.len * members as usize);
                    plan.recv(sides.far(root), all);
                    plan.next_round();
                    let blocks = Blocks::Even { len: own.len };
                    binomial(plan, &team, 0, Some(Placed::new(all.area, all.offset, &blocks)), own);
                }
                ScatterAlgorithm::Binomial => binomial(plan, &team, 0, None, own),
            }
        }
    }
    plan.next_round();
}
