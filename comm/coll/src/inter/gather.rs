//! A gather of the blocks of one group to a member of the other one.
//!
//! Short even blocks are gathered by the group's leader, up a tree, and go to the root as one message. Long ones, and those
//! whose lengths only the root knows, go straight to the root: a message a member, and every block moves once.
//!
//! Source: MPI 5.0, 6.5; composed of the gather along a tree.

use crate::batches::{MOST, batches_of};
use crate::gather::{GatherAlgorithm, binomial, choose};
use crate::inter::{Root, Sides};
use crate::{Blocks, Placed, Plan, Span, Tuning};

/// Adds a gather of the `own` of all of the other group to the root's `result`. If `even`, all blocks have one length, and
/// those of the result lie as [`Blocks::Even`] says; if not, only the root knows the lengths of others.
///
/// # Panics
/// If the root has no place for the result.
pub fn gather(
    plan: &mut Plan,
    sides: Sides,
    root: Root,
    own: Span,
    result: Option<Placed<'_>>,
    even: bool,
    tuning: &Tuning,
) {
    plan.next_round();
    match root {
        Root::Beside => {}
        Root::Me => {
            let result = result.expect("the root of a gather has a place for the blocks");
            let members = sides.remote();
            match choose(result.blocks.len(0), even, members, tuning) {
                GatherAlgorithm::Binomial => plan.recv(sides.far(0), result.run(0..members)),
                GatherAlgorithm::Linear => {
                    for members in batches_of(0..members, MOST) {
                        members.for_each(|from| plan.recv(sides.far(from), result.span(from)));
                        plan.next_round();
                    }
                }
            }
        }
        Root::Far(root) => {
            let (team, members) = (sides.team(), sides.local());
            match choose(own.len, even, members, tuning) {
                GatherAlgorithm::Linear => plan.send(sides.far(root), own),
                GatherAlgorithm::Binomial if sides.leads() => {
                    let all = plan.scratch(own.len * members as usize);
                    let blocks = Blocks::Even { len: own.len };
                    binomial(plan, &team, 0, own, Some(Placed::new(all.area, all.offset, &blocks)));
                    plan.send(sides.far(root), all);
                }
                GatherAlgorithm::Binomial => binomial(plan, &team, 0, own, None),
            }
        }
    }
    plan.next_round();
}
