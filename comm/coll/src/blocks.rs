//! Blocks: how an area is divided among the members of a team.

use alloc::sync::Arc;

use crate::schedule::{Area, Span};

/// One block for each member: where it lies in an area, in bytes. Blocks may have any lengths, gaps and order (MPI's
/// counts and displacements); those that are received do not overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blocks {
    /// The i-th block of `len` bytes lies at `i * len`: no table, however many there are.
    Even {
        /// Bytes in a block.
        len: usize,
    },
    /// Each block's offset and length.
    Listed(Arc<[(usize, usize)]>),
}

impl Blocks {
    /// The block of a member in an area.
    pub fn span(&self, area: Area, member: u32) -> Span {
        match self {
            Self::Even { len } => Span::new(area, member as usize * len, *len),
            Self::Listed(blocks) => {
                let (offset, len) = blocks[member as usize];
                Span::new(area, offset, len)
            }
        }
    }

    /// The length of a member's block in bytes.
    pub fn len(&self, member: u32) -> usize {
        match self {
            Self::Even { len } => *len,
            Self::Listed(blocks) => blocks[member as usize].1,
        }
    }

    /// The sum of the lengths of the blocks of so many members.
    pub fn total(&self, members: u32) -> usize {
        match self {
            Self::Even { len } => len * members as usize,
            Self::Listed(blocks) => blocks.iter().take(members as usize).map(|&(_, len)| len).sum(),
        }
    }

    /// `total` bytes of elements of `grain` bytes each, divided as evenly as whole elements allow: the first blocks are
    /// one element longer where it does not come out even.
    pub fn divide(total: usize, grain: usize, members: u32) -> Self {
        let (members, elements) = (members as usize, total / grain.max(1));
        if elements.is_multiple_of(members) {
            return Self::Even { len: elements / members * grain };
        }
        let (each, longer) = (elements / members, elements % members);
        let block = |i: usize| ((i * each + i.min(longer)) * grain, (each + usize::from(i < longer)) * grain);
        Self::Listed((0..members).map(block).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }
}
