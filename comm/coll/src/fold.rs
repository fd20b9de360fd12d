//! A power of two out of any number of members, for algorithms that exchange at distances that double.
//!
//! With `p = 2^k + r` members the first `2r` make pairs of neighbours. One of each pair gives what it has to the other
//! before and gets the result from it after: two more rounds, `2r` more messages. The `2^k` that stay have positions in
//! the order of the members, so that order-right algorithms stay order-right (Rabenseifner and Träff, 2004).

use crate::partial::Partial;
use crate::{Order, Plan, Span, Team};

/// Who stays, and who leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    /// How many stay.
    pub(crate) size: u32,
    /// How many pairs there are.
    pub(crate) pairs: u32,
    /// This member stays, whichever of a pair it is; of the other pairs it is the first one.
    stays: u32,
}

/// What a member does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It stays, at this position.
    Stays(u32),
    /// It leaves its data with this member.
    Leaves(u32),
}

impl Fold {
    pub(crate) fn new(members: u32, stays: u32) -> Self {
        let size = 1 << members.ilog2();
        Self { size, pairs: members - size, stays }
    }

    pub(crate) fn role(&self, member: u32) -> Role {
        if member >= 2 * self.pairs {
            return Role::Stays(member - self.pairs);
        }
        match self.member(member / 2) {
            stays if stays == member => Role::Stays(member / 2),
            other => Role::Leaves(other),
        }
    }

    /// The member at a position.
    pub(crate) fn member(&self, position: u32) -> u32 {
        if position >= self.pairs {
            return position + self.pairs;
        }
        2 * position + u32::from(self.stays == 2 * position + 1)
    }

    /// Who left its data with the one at this position.
    pub(crate) fn other(&self, position: u32) -> Option<u32> {
        (position < self.pairs).then(|| self.member(position) ^ 1)
    }

    /// Combines each pair's data, and gives this member's role.
    pub(crate) fn begin(&self, plan: &mut Plan, team: &Team, partial: &mut Partial) -> Role {
        plan.next_round();
        let role = self.role(team.me());
        match role {
            Role::Leaves(other) => plan.send_data(team.rank(other), partial.at(partial.all())),
            Role::Stays(position) => {
                if let Some(other) = self.other(position) {
                    partial.combine(plan, team.rank(other), partial.all(), Order::of(other, team.me()));
                }
            }
        }
        plan.next_round();
        role
    }

    /// Tells those who left the result.
    pub(crate) fn end(&self, plan: &mut Plan, team: &Team, result: Span) {
        match self.role(team.me()) {
            Role::Leaves(other) => plan.recv_data(team.rank(other), result),
            Role::Stays(position) => {
                if let Some(other) = self.other(position) {
                    plan.send_data(team.rank(other), result);
                }
            }
        }
        plan.next_round();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_keep_the_order_and_nobody_is_left_out() {
        for members in 1..40 {
            for stays in 0..members {
                let fold = Fold::new(members, stays);
                assert!(matches!(fold.role(stays), Role::Stays(_)));
                let mut next = 0;
                for position in 0..fold.size {
                    let member = fold.member(position);
                    assert_eq!(fold.role(member), Role::Stays(position));
                    let pair = fold
                        .other(position)
                        .map_or(member..=member, |other| member.min(other)..=member.max(other));
                    assert_eq!(*pair.start(), next);
                    next = pair.end() + 1;
                    if let Some(other) = fold.other(position) {
                        assert_eq!(fold.role(other), Role::Leaves(member));
                    }
                }
                assert_eq!(next, members);
            }
        }
    }
}
