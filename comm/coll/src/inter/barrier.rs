//! A barrier between two groups: nobody leaves before all of the other group have come.
//!
//! Each group tells its leader up a tree, the leaders tell each other, and each releases its group. Of groups of l and r
//! members: 2 (l - 1) + 2 (r - 1) + 2 messages of no bytes, at most 2 ⌈log2⌉ of the larger group, and one, one after the
//! other.
//!
//! Source: MPI 5.0, 6.3; composed of the barrier along a tree.

use crate::inter::Sides;
use crate::{Plan, Span, barrier};

/// Adds the steps of a barrier.
pub fn barrier(plan: &mut Plan, sides: Sides) {
    let team = sides.team();
    barrier::up(plan, &team);
    if sides.leads() {
        plan.send(sides.far(0), Span::EMPTY);
        plan.recv(sides.far(0), Span::EMPTY);
    }
    plan.next_round();
    barrier::down(plan, &team);
}
