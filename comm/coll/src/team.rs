//! A team: the ranks that take part in an algorithm, and which of them this one is.
//!
//! Algorithms speak of *members*, counted from 0. A team says which rank of the collective each member is, so that one
//! algorithm runs among all ranks, among the leaders of the nodes, or inside a node.

use alloc::sync::Arc;

/// The ranks that take part, seen from one of them.
#[derive(Clone, Debug)]
pub struct Team {
    me: u32,
    members: Members,
}

#[derive(Clone, Debug)]
enum Members {
    /// The ranks `first`, `first + stride`, ...: no table, however many there are.
    Strided {
        first: u32,
        stride: u32,
        size: u32,
    },
    Listed(Arc<[u32]>),
}

impl Team {
    /// The ranks 0 to `size - 1`, of which this is `me`.
    pub fn all(me: u32, size: u32) -> Self {
        Self::strided(me, 0, 1, size)
    }

    /// The ranks `first`, `first + stride`, ..., of which this is the `me`-th.
    ///
    /// # Panics
    /// If `me` is not among them.
    pub fn strided(me: u32, first: u32, stride: u32, size: u32) -> Self {
        assert!(me < size, "this rank takes part");
        Self { me, members: Members::Strided { first, stride, size } }
    }

    /// These ranks, of which this is the `me`-th.
    ///
    /// # Panics
    /// If `me` is not among them.
    pub fn listed(me: u32, ranks: Arc<[u32]>) -> Self {
        assert!((me as usize) < ranks.len(), "this rank takes part");
        Self { me, members: Members::Listed(ranks) }
    }

    /// Some of this team's members: `first`, and each `stride` after it, of which this rank is the `me`-th. `None`: this
    /// rank is not among them, or they are not all members.
    pub(crate) fn range(&self, first: u32, stride: u32, size: u32, me: u32) -> Option<Self> {
        if me >= size || first + (size - 1) * stride >= self.size() {
            return None;
        }
        Some(match &self.members {
            Members::Strided { first: base, stride: step, .. } => {
                Self::strided(me, base + first * step, step * stride, size)
            }
            Members::Listed(ranks) => {
                let ranks = (0..size).map(|i| ranks[(first + i * stride) as usize]).collect();
                Self::listed(me, ranks)
            }
        })
    }

    /// Which member this rank is.
    pub fn me(&self) -> u32 {
        self.me
    }

    /// How many members there are.
    pub fn size(&self) -> u32 {
        match &self.members {
            Members::Strided { size, .. } => *size,
            Members::Listed(ranks) => ranks.len() as u32,
        }
    }

    /// The rank of a member.
    pub fn rank(&self, member: u32) -> u32 {
        match &self.members {
            Members::Strided { first, stride, .. } => first + member * stride,
            Members::Listed(ranks) => ranks[member as usize],
        }
    }

    /// The member that comes `steps` after this one, in a circle.
    pub fn after(&self, steps: u32) -> u32 {
        ((u64::from(self.me) + u64::from(steps)) % u64::from(self.size())) as u32
    }

    /// The member that comes `steps` before this one, in a circle.
    pub fn before(&self, steps: u32) -> u32 {
        self.after(self.size() - steps % self.size())
    }
}
