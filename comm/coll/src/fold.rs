//! Folding a team to a power of two: of the first members each odd one takes its left neighbour's operand, and stands for
//! both. Neighbours stay neighbours, so operands keep their order.
//!
//! One message more at the beginning for those who are folded away, and one at the end that brings them the result.
//!
//! Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH" (2005).

use crate::Team;

/// A team that is folded to a power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    /// How many take part.
    pub(crate) size: u32,
    /// How many of them stand for two.
    pairs: u32,
}

/// What a member does in a fold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It gives its operand to this member, and waits for the result.
    Away { to: u32 },
    /// It takes part under this number, and stands for this member too, if any.
    Part { number: u32, for_too: Option<u32> },
}

impl Fold {
    pub(crate) fn of(members: u32) -> Self {
        let size = 1 << members.ilog2();
        Self { size, pairs: members - size }
    }

    /// What this member does.
    pub(crate) fn role(self, team: &Team) -> Role {
        let me = team.me();
        if me >= 2 * self.pairs {
            Role::Part { number: me - self.pairs, for_too: None }
        } else if me.is_multiple_of(2) {
            Role::Away { to: me + 1 }
        } else {
            Role::Part { number: me / 2, for_too: Some(me - 1) }
        }
    }

    /// The member that takes part under a number.
    pub(crate) fn member(self, number: u32) -> u32 {
        if number < self.pairs { 2 * number + 1 } else { number + self.pairs }
    }

    /// The first of the members for whom a number stands.
    pub(crate) fn first(self, number: u32) -> u32 {
        if number < self.pairs { 2 * number } else { number + self.pairs }
    }
}
