//! Each member exchanges with the one half the team away the half of the vector that is the other's, then with the one a
//! quarter away, until it has its own block.
//!
//! For `p = 2^k` members `k` rounds, `p k` messages, `n (p - 1)` bytes. Otherwise two members make one before (see `fold`): with
//! `r` more than a power of two, 2 rounds and `2r` messages more, in them `r` vectors and `r` blocks. What is combined
//! comes of members that are not consecutive, so the operation must commute. (Thakur, Rabenseifner and Gropp,
//! Optimization of Collective Communication Operations in MPICH, 2005.)

use crate::fold::{Fold, Role};
use crate::partial::Partial;
use crate::{Order, Placed, Plan, Span, Team};

/// Adds the steps of halving. `own` are the blocks that this member contributes; `result` may lie among them. The
/// operation must commute.
pub fn recursive_halving(plan: &mut Plan, team: &Team, own: Placed<'_>, result: Span) {
    plan.next_round();
    let (vector, blocks) = super::together(plan, team, own);
    let me = team.me();
    let fold = Fold::new(team.size(), 0);
    let mut partial = Partial::new(vector, None);
    let position = match fold.begin(plan, team, &mut partial) {
        Role::Stays(position) => position,
        Role::Leaves(other) => {
            plan.recv_data(team.rank(other), result);
            plan.next_round();
            return;
        }
    };
    // Where the blocks of so many positions end: a pair has two.
    let begin = |position: u32| match position + position.min(fold.pairs) {
        member if member < team.size() => blocks.offset(member),
        _ => vector.len,
    };
    let other = fold.other(position);
    // The last combination may make the result in its place, unless the vector lies there as well.
    let straight = other.is_none() && vector.area != result.area;
    let mut first = 0;
    let mut half = fold.size / 2;
    while half > 0 {
        let middle = first + half;
        let (low, high) = (begin(first)..begin(middle), begin(middle)..begin(middle + half));
        let (kept, given, rank) =
            if position < middle { (low, high, position + half) } else { (high, low, position - half) };
        let (order, rank) = (Order::of(rank, position), team.rank(fold.member(rank)));
        plan.send_data(rank, partial.at(given));
        if half == 1 && straight {
            partial.combine_into(plan, rank, kept, order, result);
            plan.next_round();
            return;
        }
        partial.combine(plan, rank, kept, order);
        plan.next_round();
        if position >= middle {
            first = middle;
        }
        half /= 2;
    }
    let block = |member: u32| partial.at(blocks.offset(member)..blocks.offset(member) + blocks.len(member));
    if let Some(other) = other {
        plan.send_data(team.rank(other), block(other));
    }
    plan.copy(block(me), result);
    plan.next_round();
}
