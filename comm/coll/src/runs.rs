//! The tree of runs, along which reductions and long broadcasts go.
//!
//! The members of a team are halved, and halved again: in each half that the root is not in, the first member is the
//! leader, and hears from the leader of the other half. For a power of two that is the binomial tree. For any number of
//! members and any root nobody has more than `ceil(log2 p)` children, and no way down has more messages than that
//! (`floor(log2 p)` from the first member). Each subtree is a run of consecutive members, so that what comes of a subtree
//! may be combined with what comes of the members before or after it, also when the operation does not commute.

use alloc::vec::Vec;
use core::ops::Range;

/// One member's place in the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Branch {
    /// Whom it hears from; the root has none.
    pub(crate) parent: Option<u32>,
    /// Its children and the members below each, the largest subtree first.
    pub(crate) children: Vec<(u32, Range<u32>)>,
    /// The members below it, itself among them.
    pub(crate) below: Range<u32>,
}

/// Where a member stands in the tree of so many members with this root.
pub(crate) fn branch(member: u32, root: u32, size: u32) -> Branch {
    let mut range = 0..size;
    let mut leader = root;
    let mut branch = Branch { parent: None, children: Vec::new(), below: range.clone() };
    while range.len() > 1 {
        let middle = range.start + (range.end - range.start).div_ceil(2);
        let (low, high) = (range.start..middle, middle..range.end);
        let (near, far) = if low.contains(&leader) { (low, high) } else { (high, low) };
        if member == leader {
            branch.children.push((far.start, far));
            range = near;
        } else if near.contains(&member) {
            range = near;
        } else {
            if member == far.start {
                branch.parent = Some(leader);
                branch.below = far.clone();
            }
            leader = far.start;
            range = far;
        }
    }
    branch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_below_the_root_once_and_not_deeper_than_the_logarithm() {
        for size in 1..40 {
            for root in 0..size {
                let branches: Vec<_> = (0..size).map(|member| branch(member, root, size)).collect();
                assert_eq!(
                    (branches[root as usize].parent, &branches[root as usize].below),
                    (None, &(0..size))
                );
                for (member, branch) in (0..).zip(&branches) {
                    let mut below: u32 = 1;
                    for (child, range) in &branch.children {
                        assert_eq!(branches[*child as usize].parent, Some(member));
                        assert_eq!(&branches[*child as usize].below, range);
                        below += range.len() as u32;
                    }
                    assert_eq!(below, branch.below.len() as u32);
                    let (mut at, mut depth) = (member, 0);
                    while let Some(parent) = branches[at as usize].parent {
                        (at, depth) = (parent, depth + 1);
                    }
                    assert!(at == root && depth <= size.next_power_of_two().ilog2());
                }
            }
        }
    }
}
