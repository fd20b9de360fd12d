//! One round of messages along edges: to targets and from sources, some of which may be this member itself.

use alloc::collections::VecDeque;

use crate::{Placed, Plan, Span, Team};

/// Places in the lists, and the members there, in the order in which messages match.
pub(super) struct Edges<S, T> {
    pub(super) sources: S,
    pub(super) targets: T,
}

impl<S: Iterator<Item = (u32, u32)>, T: Iterator<Item = (u32, u32)>> Edges<S, T> {
    /// Adds the round. An edge to this member itself is a copy.
    pub(super) fn add(self, plan: &mut Plan, team: &Team, from: &impl Fn(u32) -> Span, result: Placed<'_>) {
        plan.next_round();
        let me = team.me();
        let mut own = VecDeque::new();
        for (at, target) in self.targets {
            if target == me {
                own.push_back(from(at));
            } else {
                plan.send(team.rank(target), from(at));
            }
        }
        for (at, source) in self.sources {
            let into = result.span(at);
            match if source == me { own.pop_front() } else { None } {
                None => plan.recv(team.rank(source), into),
                Some(own) if own.len == into.len => plan.copy(own, into),
                // As a message it is refused like any of a wrong length.
                Some(own) => {
                    plan.send(team.rank(me), own);
                    plan.recv(team.rank(me), into);
                }
            }
        }
        plan.next_round();
    }
}
