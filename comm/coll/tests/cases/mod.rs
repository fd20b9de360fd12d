//! The cases that tests of collectives with blocks go through: teams, lengths of blocks, places of blocks.

#![allow(dead_code, unreachable_pub)]

pub mod kinds;
pub mod lean;

use olympi_coll::{Area, Blocks, Plan, Schedule, Span, Team};

use crate::common::{Buffers, Cost, add, run};

/// What no one has written.
pub const UNTOUCHED: u8 = 0xEE;

/// Ranks that are a team, in a world of more.
#[derive(Clone, Debug)]
pub struct Ranks {
    pub world: u32,
    pub ranks: Vec<u32>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    All,
    Strided,
    Listed,
}

impl Ranks {
    /// All ranks of a world; every third one, from 2 on; and some ranks backwards.
    pub fn of(members: u32) -> [Self; 3] {
        [
            Self::all(members),
            Self {
                world: 3 * members + 2,
                ranks: (0..members).map(|member| 2 + 3 * member).collect(),
                kind: Kind::Strided,
            },
            Self {
                world: 2 * members,
                ranks: (0..members).rev().map(|member| member + member / 2).collect(),
                kind: Kind::Listed,
            },
        ]
    }

    pub fn all(members: u32) -> Self {
        Self { world: members, ranks: (0..members).collect(), kind: Kind::All }
    }

    pub fn size(&self) -> u32 {
        self.ranks.len() as u32
    }

    pub fn team(&self, member: u32) -> Team {
        match self.kind {
            Kind::All => Team::all(member, self.world),
            Kind::Strided => Team::strided(member, self.ranks[0], 3, self.size()),
            Kind::Listed => Team::listed(member, self.ranks.clone().into()),
        }
    }

    /// Runs what `plan` makes for each member, with a member's buffers, and gives the buffers of the members and the cost.
    pub fn run(
        &self,
        buffers: &[Buffers],
        seed: u64,
        schedule: impl Fn(&Team) -> Schedule,
    ) -> (Vec<Buffers>, Cost) {
        let mut schedules = vec![Schedule::default(); self.world as usize];
        let mut all = vec![Buffers::default(); self.world as usize];
        for (member, &rank) in (0..).zip(&self.ranks) {
            schedules[rank as usize] = schedule(&self.team(member));
            all[rank as usize] = buffers[member as usize].clone();
        }
        let (mut all, cost) = run(schedules, all, add, 1, seed);
        (self.ranks.iter().map(|&rank| std::mem::take(&mut all[rank as usize])).collect(), cost)
    }
}

/// The schedule of what an algorithm adds to a plan.
pub fn planned(algorithm: impl FnOnce(&mut Plan)) -> Schedule {
    let mut plan = Plan::new();
    algorithm(&mut plan);
    plan.finish()
}

/// A sequence of numbers that a seed decides.
#[derive(Clone, Copy, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Lengths of blocks: some are nothing, some are long.
pub fn lengths(members: u32, seed: u64) -> Vec<usize> {
    let mut random = Random(seed ^ 0x5eed);
    (0..members).map(|_| [0, 1, 3, 8, 21][random.below(5)]).collect()
}

/// Blocks of these lengths. Those of seed 0 lie one after the other; others in any order and with gaps.
pub fn place(lengths: &[usize], seed: u64) -> Blocks {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    let mut random = Random(seed);
    let mut next = 0;
    let mut blocks = vec![(0, 0); lengths.len()];
    for i in (1..order.len()).rev().filter(|_| seed > 0) {
        order.swap(i, random.below(i + 1));
    }
    for member in order {
        next += if seed > 0 { random.below(3) } else { 0 };
        blocks[member] = (next, lengths[member]);
        next += lengths[member];
    }
    Blocks::Listed(blocks.into())
}

/// Where the last of so many blocks ends.
pub fn end(blocks: &Blocks, members: u32) -> usize {
    (0..members).map(|member| blocks.span(Area::Recv, member)).map(|s| s.offset + s.len).max().unwrap_or(0)
}

/// Memory that holds these blocks, and nothing else.
pub fn holding(blocks: &Blocks, contents: &[Vec<u8>]) -> Vec<u8> {
    let mut memory = vec![UNTOUCHED; end(blocks, contents.len() as u32)];
    for (member, content) in (0..).zip(contents) {
        put(&mut memory, blocks, member, content);
    }
    memory
}

/// Writes a member's block.
pub fn put(memory: &mut [u8], blocks: &Blocks, member: u32, content: &[u8]) {
    let Span { offset, len, .. } = blocks.span(Area::Recv, member);
    memory[offset..offset + len].copy_from_slice(content);
}

/// What member `from` has for member `to`: bytes that are nobody else's.
pub fn content(from: u32, to: u32, len: usize) -> Vec<u8> {
    let mut random = Random(u64::from(from) << 32 | u64::from(to) << 8 | 1);
    (0..len).map(|_| random.below(251) as u8).collect()
}

/// ⌈log2 n⌉
pub fn log2(members: u32) -> usize {
    members.next_power_of_two().trailing_zeros() as usize
}

/// The longest way down a binomial tree: a member is as far from the root as its number has bits.
pub fn hops(members: u32) -> usize {
    (0..members).map(|member| member.count_ones() as usize).max().unwrap_or(0)
}
