//! What a rank does in a call with a root, which may be in another group (MPI 5.0, section 6.2.3).

use olympi_coll::inter::Root;

use crate::collective::error::CollectiveError;
use crate::communicator::Communicator;
use crate::status::{PROC_NULL, ROOT};

/// This rank's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// The root's rank, or one of the two numbers below.
    pub(crate) root: u32,
    /// This rank is the root, and has its buffers.
    pub(crate) is_root: bool,
    /// It has those of the others, as all but the root of an intercommunicator have.
    pub(crate) is_other: bool,
}

/// This rank is the root, for the other group.
const ME: u32 = u32::MAX;
/// Another one of this rank's group is.
const BESIDE: u32 = u32::MAX - 1;

/// The root of a call between two groups, by the number that stands for it.
pub(crate) fn root_across(root: u32) -> Root {
    match root {
        ME => Root::Me,
        BESIDE => Root::Beside,
        rank => Root::Far(rank),
    }
}

impl Communicator {
    /// This rank's part in a call with this root.
    pub(crate) fn role(&self, call: &'static str, root: i32) -> Result<Role, CollectiveError> {
        if !self.is_inter() {
            let root = self.root(call, root)?;
            return Ok(Role { root, is_root: root == self.rank() as u32, is_other: true });
        }
        match root {
            ROOT => Ok(Role { root: ME, is_root: true, is_other: false }),
            PROC_NULL => Ok(Role { root: BESIDE, is_root: false, is_other: false }),
            _ => {
                let size = self.others().size();
                if !(0..size).contains(&root) {
                    return Err(CollectiveError::Root { call, rank: root, size });
                }
                Ok(Role { root: root as u32, is_root: false, is_other: true })
            }
        }
    }

    /// A root in this group, if it is one, of a call that is for one group only.
    pub(crate) fn root(&self, call: &'static str, root: i32) -> Result<u32, CollectiveError> {
        self.inside_one_group(call)?;
        if (0..self.size()).contains(&root) {
            Ok(root as u32)
        } else {
            Err(CollectiveError::Root { call, rank: root, size: self.size() })
        }
    }

    /// An error, if this is an intercommunicator, for which a call is not defined.
    pub(crate) fn inside_one_group(&self, call: &'static str) -> Result<(), CollectiveError> {
        if self.is_inter() {
            return Err(CollectiveError::Communicator { call, kind: "an intercommunicator: merge it first" });
        }
        Ok(())
    }

    /// An error, if a call is in place on an intercommunicator, where every result is the other group's.
    pub(crate) fn apart(&self, call: &'static str, in_place: bool) -> Result<(), CollectiveError> {
        if in_place && self.is_inter() {
            let kind = "an intercommunicator in place: its results are those of the other group";
            return Err(CollectiveError::Communicator { call, kind });
        }
        Ok(())
    }

    /// How many ranks each exchanges blocks with: those of the group, or of an intercommunicator's other one.
    pub(crate) fn count(&self) -> usize {
        self.others().len() as usize
    }
}

/// A rank's share of so many elements, which must come out even.
pub(crate) fn share(
    call: &'static str,
    buffer: &'static str,
    len: usize,
    ranks: usize,
) -> Result<usize, CollectiveError> {
    let needed = len.next_multiple_of(ranks);
    if needed == len { Ok(len / ranks) } else { Err(CollectiveError::Buffer { call, buffer, needed, len }) }
}
