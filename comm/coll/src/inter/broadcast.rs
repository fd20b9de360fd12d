//! A broadcast from a member of one group to all of the other one.
//!
//! A short one goes to the leader of the other group, which broadcasts it there: one message more than that. A long one is
//! divided among the members of the other group, which then gather it: the root sends every byte once, and so does
//! everyone in the ring after it.
//!
//! Source: MPI 5.0, 6.4; composed of broadcast and all-gather.

use crate::inter::{Root, Sides};
use crate::{Blocks, Nodes, Placed, Plan, Span, Tuning, all_gather, broadcast};

/// Adds a broadcast of the root's `data` to where all of the other group have `data`.
pub fn broadcast(
    plan: &mut Plan,
    sides: Sides,
    root: Root,
    data: Span,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
) {
    plan.next_round();
    let receivers = if root == Root::Me { sides.remote() } else { sides.local() };
    if receivers == 1 || data.len <= tuning.broadcast_short_max {
        match root {
            Root::Me => plan.send(sides.far(0), data),
            Root::Far(root) if sides.leads() => plan.recv(sides.far(root), data),
            Root::Far(_) | Root::Beside => {}
        }
        plan.next_round();
        if matches!(root, Root::Far(_)) {
            broadcast::broadcast(plan, &sides.team(), 0, data, nodes, tuning);
        }
        return;
    }
    let blocks = Blocks::divide(data.len, 1, receivers);
    let blocks = Placed::new(data.area, data.offset, &blocks);
    match root {
        Root::Me => (0..receivers).for_each(|to| plan.send(sides.far(to), blocks.span(to))),
        Root::Beside => {}
        Root::Far(root) => {
            let own = blocks.span(sides.me());
            plan.recv(sides.far(root), own);
            plan.next_round();
            all_gather::all_gather(plan, &sides.team(), own, blocks, tuning);
        }
    }
    plan.next_round();
}
