//! From an intercommunicator to one of all its processes (MPI 5.0, section 7.6.2).

use crate::communicator::Communicator;
use crate::create::{Conclusion, Groups, Kind, born};
use crate::error::CreateError;
use crate::group::Group;

impl Communicator {
    /// The communicator of both groups of an intercommunicator (`MPI_Intercomm_merge`). All ranks of both groups call it,
    /// those of a group with the same `high`: the group that says `false` comes first. Where both say the same, the order
    /// is that of the processes' numbers in the job, by the groups' ranks 0.
    ///
    /// It inherits the error handler, and no attributes.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks: this is no intercommunicator, the ranks of a group differ, a rank [is
    /// gone](CreateError#where-a-rank-dies), or the ranks do not do the same.
    pub fn merge(&self, high: bool) -> Result<Communicator, CreateError> {
        if !self.is_inter() {
            return Err(CreateError::Intracommunicator { call: "merge" });
        }
        let Conclusion { number, table, .. } = self.agree(Kind::Merge, vec![u8::from(high)], None)?;
        let (everyone, me) = (self.everyone(), self.group().me());
        let said = |group: &Group, rank: u32| {
            everyone.rank_of(group.peer(rank)).and_then(|at| table.get(at as usize)).copied()
        };
        // All see the whole table, so that all find the same one who differs.
        for group in self.in_order() {
            if let Some(rank) = (0..group.len()).find(|&rank| said(group, rank) != said(group, 0)) {
                self.shared.door.enter()?.retire(number);
                return Err(CreateError::Confused { rank: rank as i32 });
            }
        }
        let mut groups = self.in_order();
        if said(groups[0], 0) > said(groups[1], 0) {
            groups.reverse();
        }
        let local = Group::of(groups.into_iter().flat_map(Group::peers).collect(), me);
        born(&self.shared, number, Groups { local, remote: None }, self.bequest())
    }
}
