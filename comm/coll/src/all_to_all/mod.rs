//! All-to-all: a block of each for each (`MPI_Alltoall`, `MPI_Alltoallv`, `MPI_Alltoallw`, MPI 5.0, 6.8).

mod bruck;
mod pairwise;
mod scattered;

pub use bruck::bruck;
pub use pairwise::{pairwise, pairwise_in_place};
pub use scattered::{scattered, scattered_in_place};

use crate::algorithm::algorithms;
use crate::{Blocks, Placed, Plan, Team, Tuning};

algorithms! {
    /// How an exchange of all with all is done.
    pub enum AllToAllAlgorithm {
        /// Bruck's: blocks go in steps of 1, 2, 4, ...
        Bruck = "bruck",
        /// All messages at once.
        Scattered = "scattered",
        /// One partner after the other.
        Pairwise = "pairwise",
    }
}

/// Adds an exchange of blocks, one of each for each, by the algorithm that fits. Of no bytes there is no message.
///
/// If the blocks of all members have one length (`MPI_Alltoall`), `source` and `result` are [`Blocks::Even`] with all
/// members; if not (`MPI_Alltoallv`, `MPI_Alltoallw`), both are listed with all members. In place, `source` is `result`
/// with all members, and two members send each other as many bytes as they get.
///
/// ```
/// use olympi_coll::{Blocks, Placed, Plan, Team, Tuning, all_to_all};
///
/// let (mut plan, blocks) = (Plan::new(), Blocks::Even { len: 1000 });
/// let (source, result) = (Placed::send(&blocks), Placed::recv(&blocks));
/// all_to_all::all_to_all(&mut plan, &Team::all(2, 5), source, result, &Tuning::default());
/// // Four sends and four receives at once.
/// let schedule = plan.finish();
/// assert_eq!((schedule.rounds(), schedule.round(0).messages.len()), (1, 8));
/// ```
pub fn all_to_all(plan: &mut Plan, team: &Team, source: Placed<'_>, result: Placed<'_>, tuning: &Tuning) {
    let in_place = source.area == result.area;
    match (choose(source.blocks, team.size(), tuning), in_place) {
        (AllToAllAlgorithm::Bruck, _) => bruck(plan, team, source, result),
        (AllToAllAlgorithm::Scattered, false) => scattered(plan, team, source, result),
        (AllToAllAlgorithm::Scattered, true) => scattered_in_place(plan, team, result),
        (AllToAllAlgorithm::Pairwise, false) => pairwise(plan, team, source, result),
        (AllToAllAlgorithm::Pairwise, true) => pairwise_in_place(plan, team, result),
    }
}

/// The algorithm that serves an exchange of these blocks.
///
/// Members whose blocks are listed know different lengths, and may choose differently between the two algorithms that
/// are left for them: in both there is one message from each to each.
pub fn choose(source: &Blocks, members: u32, tuning: &Tuning) -> AllToAllAlgorithm {
    let even = matches!(source, Blocks::Even { .. });
    let len = source.total(members) / members as usize;
    match tuning.all_to_all {
        Some(asked) if even || asked != AllToAllAlgorithm::Bruck => asked,
        _ if even && members >= tuning.all_to_all_bruck_ranks && len <= tuning.all_to_all_bruck_max => {
            AllToAllAlgorithm::Bruck
        }
        _ if len <= tuning.all_to_all_scattered_max => AllToAllAlgorithm::Scattered,
        _ => AllToAllAlgorithm::Pairwise,
    }
}
