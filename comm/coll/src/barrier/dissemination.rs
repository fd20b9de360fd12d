//! A barrier by dissemination: in round k everybody tells the member 2^k ahead, and hears of the one 2^k behind.
//!
//! Of n members each sends ⌈log2 n⌉ messages of no bytes in as many rounds: the fewest rounds there are.
//!
//! Source: Hensgen, Finkel, Manber, "Two algorithms for barrier synchronization" (1988).

use crate::{Plan, Span, Team};

/// Adds the steps of dissemination.
pub fn dissemination(plan: &mut Plan, team: &Team) {
    plan.next_round();
    let mut distance = 1;
    while distance < team.size() {
        plan.send(team.rank(team.after(distance)), Span::EMPTY);
        plan.recv(team.rank(team.before(distance)), Span::EMPTY);
        plan.next_round();
        distance = distance.saturating_mul(2);
    }
}
