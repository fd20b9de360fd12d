//! On a board: reductions. What a peer shows is combined as it is read.
//!
//! The order in which operands are combined follows from their ranks alone, so a call gives the same bits each time; and
//! where all get a result, each element of it is computed by one rank, or by all in the same order.

use crate::blocks::Placed;
use crate::board::{piece_of, pieces};
use crate::{Area, Blocks, Order, Plan, Span, Team};

/// Up to so many bytes everyone combines everything: beyond, it is quicker to share the work.
const WHOLE: usize = 4 << 10;

/// The longest piece of at most `most` bytes that holds whole elements.
fn whole(most: usize, grain: usize) -> usize {
    let grain = grain.max(1);
    most / grain * grain
}

/// Combines with `into`, which holds this member's operand, those of the members below and above it, `at` bytes into what
/// they show, each in its place. `None`: all that they show.
fn combine_around(plan: &mut Plan, team: &Team, at: Option<usize>, into: Span) {
    let below = (0..team.me()).rev().map(|member| (member, Order::FromFirst));
    let above = (team.me() + 1..team.size()).map(|member| (member, Order::IntoFirst));
    for (member, order) in below.chain(above) {
        match at {
            Some(at) => plan.combine(member, at, into, order),
            None => plan.combine_all(member, into, order),
        }
    }
}

/// Whether a board with cells of so many bytes can serve a reduction of elements of `grain` bytes among so many.
fn serves(cell: usize, grain: usize, members: u32) -> bool {
    whole(cell / members as usize, grain) > 0
}

/// A reduction to the root, who alone has a `result`. As many rounds as a contribution fills cells. `false`: the elements
/// are too long for a cell, and nothing was planned.
#[must_use]
pub fn reduce(
    plan: &mut Plan,
    team: &Team,
    cell: usize,
    root: u32,
    own: Span,
    result: Option<Span>,
    grain: usize,
) -> bool {
    let most = whole(cell, grain);
    if most == 0 {
        return false;
    }
    if let Some(result) = result {
        plan.copy(own, result);
    }
    for (offset, len) in pieces(own.len, most) {
        match result.filter(|_| team.me() == root) {
            None => plan.post(own.part(offset, len), 0),
            Some(result) => combine_around(plan, team, None, result.part(offset, len)),
        }
        plan.end_round();
    }
    true
}

/// A reduction for all. Short ones in one round: everyone combines everything, from rank 0 on; two members do so with
/// longer ones as well, piece by piece, since they would read as much if they shared the work. Among more, by pieces, of
/// which each member combines its share in one round, and shows it in the next, together with what it contributes to
/// the next piece. `false`: the elements are too long for a cell, and nothing was planned.
#[must_use]
pub fn all_reduce(plan: &mut Plan, team: &Team, cell: usize, own: Span, result: Span, grain: usize) -> bool {
    if !serves(cell, grain, team.size()) {
        return false;
    }
    if own.len <= WHOLE.min(cell) {
        all_reduce_short(plan, team, own, result);
    } else if team.size() == 2 {
        for (offset, len) in pieces(own.len, whole(cell, grain)) {
            all_reduce_short(plan, team, own.part(offset, len), result.part(offset, len));
        }
    } else {
        all_reduce_long(plan, team, cell, own, result, grain);
    }
    true
}

fn all_reduce_short(plan: &mut Plan, team: &Team, own: Span, result: Span) {
    plan.post(own, 0);
    if team.size() == 2 {
        plan.copy(own, result);
        combine_around(plan, team, None, result);
    } else {
        // What this member has shown itself is read like the others', since its result may lie where its operand did.
        plan.fetch_all(0, result);
        (1..team.size()).for_each(|member| plan.combine_all(member, result, Order::IntoFirst));
    }
    plan.end_round();
}

fn all_reduce_long(plan: &mut Plan, team: &Team, cell: usize, own: Span, result: Span, grain: usize) {
    let (me, members) = (team.me(), team.size());
    let share = whole(cell / members as usize, grain);
    let place = |member: u32| member as usize * share;
    let others = || (1..members).map(|steps| team.after(steps));
    // The shares of a piece.
    let part = |span: Span, (offset, len): (usize, usize), member| {
        let shares = Blocks::divide(len, grain, members).span(Area::Recv, member);
        span.part(offset + shares.offset, shares.len)
    };
    let mut last = None;
    for piece in pieces(own.len, share * members as usize).map(Some).chain([None]) {
        if let Some(last) = last {
            plan.post(part(result, last, me), place(me));
        }
        if let Some(piece) = piece {
            others().for_each(|member| plan.post(part(own, piece, member), place(member)));
        }
        if let Some(last) = last {
            others().for_each(|member| plan.fetch(member, place(member), part(result, last, member)));
        }
        if let Some(piece) = piece {
            let mine = part(result, piece, me);
            plan.copy(part(own, piece, me), mine);
            combine_around(plan, team, Some(place(me)), mine);
        }
        plan.end_round();
        last = piece;
    }
}

/// Each member gets its block of the reduction of all. `false`: the elements are too long for a cell, and nothing was
/// planned.
///
/// Where the contribution lies in the result's place, `own` is the whole contribution and `result` its first bytes.
#[must_use]
pub fn reduce_scatter(
    plan: &mut Plan,
    team: &Team,
    cell: usize,
    own: Placed<'_>,
    result: Span,
    grain: usize,
) -> bool {
    let (me, members) = (team.me(), team.size());
    let share = whole(cell / members as usize, grain);
    if share == 0 {
        return false;
    }
    // In place, the result grows over what is still to be shown: so it grows elsewhere.
    let in_place = own.area == result.area;
    let target = if in_place { plan.scratch(result.len) } else { result };
    plan.copy(own.span(me), target);
    for (offset, len) in pieces(own.blocks.longest(members), share) {
        for member in (1..members).map(|steps| team.after(steps)) {
            plan.show_first(piece_of(own.span(member), offset, len), member as usize * share);
        }
        let mine = piece_of(target, offset, len);
        if mine.len > 0 {
            combine_around(plan, team, Some(me as usize * share), mine);
        }
        plan.end_round();
    }
    if in_place {
        plan.copy(target, result);
        plan.end_round();
    }
    true
}

/// Each member gets the reduction of its own contribution and those below it. `false`: the elements are too long for a
/// cell, and nothing was planned.
#[must_use]
pub fn scan(plan: &mut Plan, team: &Team, cell: usize, own: Span, result: Span, grain: usize) -> bool {
    let most = whole(cell, grain);
    if most == 0 {
        return false;
    }
    for (offset, len) in pieces(own.len, most) {
        let (own, result) = (own.part(offset, len), result.part(offset, len));
        if team.me() + 1 < team.size() {
            plan.post(own, 0);
        }
        plan.copy(own, result);
        (0..team.me()).rev().for_each(|member| plan.combine_all(member, result, Order::FromFirst));
        plan.end_round();
    }
    true
}

/// Each member but the first gets the reduction of the contributions below it. `false`: the elements are too long for a
/// cell, and nothing was planned.
#[must_use]
pub fn exclusive_scan(
    plan: &mut Plan,
    team: &Team,
    cell: usize,
    own: Span,
    result: Span,
    grain: usize,
) -> bool {
    let most = whole(cell, grain);
    if most == 0 {
        return false;
    }
    for (offset, len) in pieces(own.len, most) {
        let (own, result) = (own.part(offset, len), result.part(offset, len));
        if team.me() + 1 < team.size() {
            plan.post(own, 0);
        }
        if let Some(below) = team.me().checked_sub(1) {
            plan.fetch_all(below, result);
            (0..below).rev().for_each(|member| plan.combine_all(member, result, Order::FromFirst));
        }
        plan.end_round();
    }
    true
}
