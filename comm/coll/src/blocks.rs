//! Blocks: how an area is divided among the members of a team.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::schedule::{Area, Plan, Span};

/// One block for each member: where it lies in an area, in bytes. Blocks may have any lengths, gaps and order (MPI's
/// counts and displacements); those that are received do not overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blocks {
    /// The i-th block of `len` bytes lies at `i * len`: no table, however many there are.
    Even {
        /// Bytes in a block.
        len: usize,
    },
    /// Blocks of whole elements one after another, the first `longer` of which have one element more than the others:
    /// no table either.
    Divided {
        /// Bytes in an element.
        grain: usize,
        /// Elements in a block.
        each: usize,
        /// How many blocks have one more.
        longer: usize,
    },
    /// Each block's offset and length.
    Listed(Arc<[(usize, usize)]>),
}

impl Blocks {
    /// The block of a member in an area.
    pub fn span(&self, area: Area, member: u32) -> Span {
        Span::new(area, self.offset(member), self.len(member))
    }

    /// Where a member's block begins, in bytes.
    pub fn offset(&self, member: u32) -> usize {
        let member = member as usize;
        match self {
            Self::Even { len } => member * len,
            Self::Divided { grain, each, longer } => (member * each + member.min(*longer)) * grain,
            Self::Listed(blocks) => blocks[member].0,
        }
    }

    /// The length of a member's block in bytes.
    pub fn len(&self, member: u32) -> usize {
        match self {
            Self::Even { len } => *len,
            Self::Divided { grain, each, longer } => {
                (each + usize::from((member as usize) < *longer)) * grain
            }
            Self::Listed(blocks) => blocks[member as usize].1,
        }
    }

    /// The sum of the lengths of the blocks of so many members.
    pub fn total(&self, members: u32) -> usize {
        match self {
            Self::Even { .. } | Self::Divided { .. } => self.offset(members),
            Self::Listed(blocks) => blocks.iter().take(members as usize).map(|&(_, len)| len).sum(),
        }
    }

    /// The sum of the lengths of the blocks of some members.
    pub fn sum(&self, members: Range<u32>) -> usize {
        match self {
            Self::Even { .. } | Self::Divided { .. } => {
                self.offset(members.end).saturating_sub(self.offset(members.start))
            }
            Self::Listed(blocks) => {
                blocks[members.start as usize..members.end as usize].iter().map(|&(_, len)| len).sum()
            }
        }
    }

    /// The length of the longest block of so many members.
    pub fn longest(&self, members: u32) -> usize {
        match self {
            Self::Even { .. } | Self::Divided { .. } => self.len(0),
            Self::Listed(blocks) => {
                blocks.iter().take(members as usize).map(|&(_, len)| len).max().unwrap_or(0)
            }
        }
    }

    /// Blocks of the same lengths, one after the other without gaps, beginning with that of member `first` and going
    /// round: the i-th is as long as that of member `(first + i) % members`.
    #[must_use]
    pub fn dense(&self, first: u32, members: u32) -> Self {
        if matches!(self, Self::Even { .. }) || (first == 0 && matches!(self, Self::Divided { .. })) {
            return self.clone();
        }
        let mut next = 0;
        let mut dense = Vec::with_capacity(members as usize);
        for member in (first..members).chain(0..first) {
            let len = self.len(member);
            dense.push((next, len));
            next += len;
        }
        Self::Listed(dense.into())
    }

    /// `total` bytes of elements of `grain` bytes each, divided as evenly as whole elements allow: the first blocks are
    /// one element longer where it does not come out even.
    pub fn divide(total: usize, grain: usize, members: u32) -> Self {
        let (members, elements) = (members as usize, total / grain.max(1));
        if elements.is_multiple_of(members) {
            return Self::Even { len: elements / members * grain };
        }
        Self::Divided { grain, each: elements / members, longer: elements % members }
    }
}

/// Blocks in memory: an area, and where in it they begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed<'a> {
    /// Whose memory.
    pub area: Area,
    /// Where the blocks' offsets are counted from, in bytes.
    pub base: usize,
    /// The blocks.
    pub blocks: &'a Blocks,
}

impl<'a> Placed<'a> {
    /// Blocks that begin `base` bytes into an area.
    pub const fn new(area: Area, base: usize, blocks: &'a Blocks) -> Self {
        Self { area, base, blocks }
    }

    /// Blocks in what the caller contributes.
    pub const fn send(blocks: &'a Blocks) -> Self {
        Self::new(Area::Send, 0, blocks)
    }

    /// Blocks in the caller's result.
    pub const fn recv(blocks: &'a Blocks) -> Self {
        Self::new(Area::Recv, 0, blocks)
    }

    /// The block of a member.
    pub fn span(&self, member: u32) -> Span {
        let span = self.blocks.span(self.area, member);
        Span { offset: self.base + span.offset, ..span }
    }

    /// The blocks of some members as one piece, if they lie one after the other without gaps. Empty blocks lie anywhere.
    pub fn joined(&self, members: Range<u32>) -> Option<Span> {
        if !matches!(self.blocks, Blocks::Listed(_)) {
            let (offset, len) = (self.blocks.offset(members.start), self.blocks.sum(members));
            return Some(Span::new(self.area, self.base + offset, len));
        }
        let mut joined: Option<Span> = None;
        for span in members.map(|member| self.span(member)).filter(|span| span.len > 0) {
            match &mut joined {
                None => joined = Some(span),
                Some(joined) if joined.offset + joined.len == span.offset => joined.len += span.len,
                Some(_) => return None,
            }
        }
        Some(joined.unwrap_or(Span::new(self.area, self.base, 0)))
    }

    /// As [`Self::joined`], where the blocks are known to have no gaps.
    pub(crate) fn run(&self, members: Range<u32>) -> Span {
        self.joined(members).expect("the blocks lie one after the other without gaps")
    }

    /// Copies the blocks of some members to where others, from `first` on, have blocks of the same lengths: in one
    /// piece if both allow.
    pub(crate) fn copy_to(&self, plan: &mut Plan, members: Range<u32>, into: Placed<'_>, first: u32) {
        let targets = first..first + members.len() as u32;
        if let (Some(from), Some(into)) = (self.joined(members.clone()), into.joined(targets.clone())) {
            plan.copy(from, into);
        } else {
            members.zip(targets).for_each(|(member, target)| plan.copy(self.span(member), into.span(target)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_without_gaps_are_one_piece() {
        let blocks = Blocks::Listed([(6, 2), (0, 0), (8, 1), (3, 3)].into());
        let placed = Placed::new(Area::Recv, 100, &blocks);
        assert_eq!(placed.joined(0..3), Some(Span::new(Area::Recv, 106, 3)));
        assert_eq!(placed.joined(0..4), None);
        assert_eq!(placed.joined(1..2).map(|span| span.len), Some(0));
        assert_eq!((blocks.sum(0..4), blocks.sum(2..4), blocks.longest(4)), (6, 4, 3));
        assert_eq!(blocks.dense(2, 4), Blocks::Listed([(0, 1), (1, 3), (4, 2), (6, 0)].into()));
        let even = Blocks::Even { len: 5 };
        assert_eq!(Placed::send(&even).joined(2..4), Some(Span::new(Area::Send, 10, 10)));
    }

    #[test]
    fn a_division_covers_all_by_whole_elements() {
        for (elements, members) in [(0, 1), (0, 3), (1, 4), (7, 3), (12, 4), (1000, 7)] {
            let blocks = Blocks::divide(elements * 8, 8, members);
            let mut next = 0;
            for member in 0..members {
                let span = blocks.span(Area::Recv, member);
                assert_eq!((span.offset, span.len % 8), (next, 0));
                assert_eq!(span.len, blocks.len(member));
                next += span.len;
            }
            assert_eq!((next, blocks.total(members)), (elements * 8, elements * 8));
            let placed = Placed::send(&blocks);
            assert_eq!(placed.joined(0..members).map(|all| all.len), Some(next));
            for first in 0..members {
                let dense = blocks.dense(first, members);
                assert_eq!((dense.total(members), dense.len(0)), (next, blocks.len(first)));
                assert_eq!(blocks.sum(first..members), next - blocks.offset(first));
            }
        }
    }
}
