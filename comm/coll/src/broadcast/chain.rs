//! A broadcast down a chain, piece after piece: each member passes a piece on while it receives the next.
//!
//! n - 1 messages a piece; with p pieces the last member has all after p + n - 2 of them: close to the time of one
//! message of all bytes, where there are many more pieces than members.
//!
//! Source: Chan, Heimlich, Purkayastha, van de Geijn, "Collective communication: theory, practice, and experience" (2007).

use crate::{Plan, Span, Team};

/// Adds the steps of a chain that begins at the root, in pieces of at most `piece` bytes.
pub fn chain(plan: &mut Plan, team: &Team, root: u32, data: Span, piece: usize) {
    plan.next_round();
    let piece = piece.max(1);
    let behind = team.before(root);
    let (previous, next) = (team.rank(team.before(1)), team.rank(team.after(1)));
    let part = |at: usize| data.part(at * piece, piece.min(data.len - at * piece));
    let pieces = data.len.div_ceil(piece);
    let (first, last) = (behind == 0, behind + 1 == team.size());
    for round in 0..=pieces {
        if !first && round < pieces {
            plan.recv_data(previous, part(round));
        }
        if !last && round > 0 {
            plan.send_data(next, part(round - 1));
        }
        // The root need not wait for one piece before it sends the next.
        if !first {
            plan.next_round();
        }
    }
    plan.next_round();
}
