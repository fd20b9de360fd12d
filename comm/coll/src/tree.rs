//! The binomial tree over the members of a team, as gather and scatter see it: a member stands for the run of members of
//! its subtree.
//!
//! Members are counted from the root on, in a circle (*relative*): the root is 0. The parent of a member is the one
//! without its lowest set bit, and its subtree is as many members as that bit says, itself first, or as there are.

use core::ops::Range;

use crate::Team;

/// The tree, seen from one member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    root: u32,
    relative: u32,
    members: u32,
}

impl Tree {
    /// The tree with this root.
    pub(crate) fn new(team: &Team, root: u32) -> Self {
        debug_assert!(root < team.size(), "the root is a member");
        Self { root, relative: team.before(root), members: team.size() }
    }

    /// The relative members of this one's subtree, itself first.
    pub(crate) fn subtree(&self) -> Range<u32> {
        self.relative..self.end(self.relative)
    }

    /// The parent; the root has none.
    pub(crate) fn parent(&self) -> Option<u32> {
        (self.relative > 0).then(|| self.member(self.relative & (self.relative - 1)))
    }

    /// The subtrees of the children, the largest first.
    pub(crate) fn children(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let tree = *self;
        let bits = match tree.relative {
            0 => u32::BITS - (tree.members - 1).leading_zeros(),
            relative => relative.trailing_zeros(),
        };
        (0..bits)
            .rev()
            .filter_map(move |bit| tree.relative.checked_add(1 << bit))
            .filter(move |&child| child < tree.members)
            .map(move |child| child..tree.end(child))
    }

    /// Which member a relative one is.
    pub(crate) fn member(&self, relative: u32) -> u32 {
        ((u64::from(relative) + u64::from(self.root)) % u64::from(self.members)) as u32
    }

    /// A run of relative members as runs that do not go past the last member: one, or two. Who sends a run and who
    /// receives it cut it in the same way, wherever the blocks lie with them, so that each part is a message.
    pub(crate) fn pieces(&self, run: Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
        let last = self.members - self.root;
        let cut = last.clamp(run.start, run.end);
        [run.start..cut, cut..run.end].into_iter().filter(|piece| !piece.is_empty())
    }

    /// The members of a run that does not go past the last one.
    pub(crate) fn members(&self, piece: &Range<u32>) -> Range<u32> {
        let first = self.member(piece.start);
        first..first + piece.len() as u32
    }

    fn end(&self, relative: u32) -> u32 {
        let most = self.members - relative;
        relative + if relative == 0 { most } else { most.min(1 << relative.trailing_zeros()) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn subtrees_divide_the_members() {
        for members in 1..20 {
            for root in 0..members {
                let trees: Vec<Tree> =
                    (0..members).map(|me| Tree::new(&Team::all(me, members), root)).collect();
                for (me, tree) in (0..).zip(&trees) {
                    let mut next = tree.subtree().end;
                    for child in tree.children() {
                        assert_eq!(child.end, next);
                        let at = tree.member(child.start);
                        assert_eq!(
                            (trees[at as usize].subtree(), trees[at as usize].parent()),
                            (child.clone(), Some(me))
                        );
                        next = child.start;
                    }
                    assert_eq!((next, tree.parent().is_none()), (tree.subtree().start + 1, me == root));
                }
                assert_eq!(trees[root as usize].subtree(), 0..members);
            }
        }
    }
}
