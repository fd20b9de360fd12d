//! Operations of reductions, and what a reduction should give.

use olympi_coll::{Elements, Plan, Team};

use super::Ranks;
use crate::common::{Buffers, Cost, MATRIX, Op, add, bytes, multiply, run};

impl Ranks {
    /// One of the kinds of [`Ranks::of`].
    pub fn like(members: u32, kind: u64) -> Self {
        let [all, strided, listed] = Self::of(members);
        [all, strided, listed][kind as usize % 3].clone()
    }

    /// Runs what each member adds to its plan, with an operation. Gives the buffers of the members and the cost.
    pub fn play(
        &self,
        add: impl Fn(&mut Plan, &Team),
        buffers: impl Fn(u32) -> Buffers,
        kind: Kind,
        seed: u64,
    ) -> (Vec<Buffers>, Cost) {
        let mut schedules = vec![olympi_coll::Schedule::default(); self.world as usize];
        let mut all = vec![Buffers::default(); self.world as usize];
        for (member, &rank) in (0..).zip(&self.ranks) {
            schedules[rank as usize] = super::planned(|plan| add(plan, &self.team(member)));
            all[rank as usize] = buffers(member);
        }
        let (mut after, cost) = run(schedules, all, kind.op(), kind.grain(), seed);
        (self.ranks.iter().map(|&rank| std::mem::take(&mut after[rank as usize])).collect(), cost)
    }
}

/// An operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Sums of bytes, two to an element.
    Add,
    /// Products of matrices.
    Multiply,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Add, Self::Multiply];

    pub fn op(self) -> Op {
        if self == Self::Add { add } else { multiply }
    }

    pub fn grain(self) -> usize {
        if self == Self::Add { 2 } else { MATRIX }
    }

    pub fn elements(self) -> Elements {
        Elements { grain: self.grain(), commutative: self == Self::Add }
    }

    /// What members from one to before another contribute, combined from the left to the right.
    pub fn combined(self, from: u32, to: u32, len: usize) -> Vec<u8> {
        let mut done = bytes(from, len);
        for member in from + 1..to {
            let more = bytes(member, len);
            let pairs = done.chunks(self.grain()).zip(more.chunks(self.grain()));
            done = pairs.flat_map(|(a, b)| self.op()(a, b)).collect();
        }
        done
    }
}

/// Numbers of elements to try.
pub const COUNTS: [usize; 7] = [0, 1, 2, 3, 7, 16, 33];

/// Buffers of a reduction: apart, or in place; with `result` bytes of garbage for the result.
pub fn contribution(member: u32, len: usize, result: usize, in_place: bool) -> Buffers {
    if in_place {
        return Buffers { send: Vec::new(), recv: bytes(member, len) };
    }
    Buffers { send: bytes(member, len), recv: vec![0xEE; result] }
}

/// The longest way in the tree from its first member as the root: `floor(log2 n)`.
pub fn way(n: u32) -> usize {
    n.ilog2() as usize
}

/// The longest chain of messages of an exchange at doubling distances among `2^k + r` members: those who gave their data
/// to another one are at its beginning and its end, where there is a pair at both.
pub fn folded(n: u32) -> usize {
    let (power, rest) = (1 << n.ilog2(), n - (1 << n.ilog2()));
    n.ilog2() as usize + usize::from(rest > 0) + usize::from(2 * rest > power)
}
