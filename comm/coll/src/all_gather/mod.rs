//! All-gather: a block of each goes to all (`MPI_Allgather`, `MPI_Allgatherv`, MPI 5.0, 6.7).

mod bruck;
mod recursive_doubling;
mod ring;

pub use bruck::bruck;
pub use recursive_doubling::recursive_doubling;
pub use ring::ring;

use crate::algorithm::algorithms;
use crate::{Placed, Plan, Span, Team, Tuning};

algorithms! {
    /// How a gather for all is done.
    pub enum AllGatherAlgorithm {
        /// Blocks are exchanged at distances that double; for powers of two.
        RecursiveDoubling = "recursive_doubling",
        /// Bruck's: from those 1, 2, 4, ... ahead.
        Bruck = "bruck",
        /// Blocks go round in a ring.
        Ring = "ring",
    }
}

/// Adds a gather of everyone's `own` to everyone's `result`, by the algorithm that fits. In place, `own` is this member's
/// block of the result; it is as long as that in any case.
///
/// All members know the lengths of all blocks; where the blocks lie is each member's own matter.
///
/// ```
/// use olympi_coll::{Blocks, Placed, Plan, Span, Team, Tuning, all_gather};
///
/// // Rank 2 of 5; eight bytes of each.
/// let (mut plan, blocks) = (Plan::new(), Blocks::Even { len: 8 });
/// let result = Placed::recv(&blocks);
/// all_gather::all_gather(&mut plan, &Team::all(2, 5), Span::send(8), result, &Tuning::default());
/// assert_eq!(plan.finish().rounds(), 3);
/// ```
pub fn all_gather(plan: &mut Plan, team: &Team, own: Span, result: Placed<'_>, tuning: &Tuning) {
    match choose(result.blocks.total(team.size()), team.size(), tuning) {
        AllGatherAlgorithm::RecursiveDoubling => recursive_doubling(plan, team, own, result),
        AllGatherAlgorithm::Bruck => bruck(plan, team, own, result),
        AllGatherAlgorithm::Ring => ring(plan, team, own, result),
    }
}

/// The algorithm that serves a gather for all of `total` bytes in all blocks.
pub fn choose(total: usize, members: u32, tuning: &Tuning) -> AllGatherAlgorithm {
    let doubles = members.is_power_of_two();
    match tuning.all_gather {
        Some(asked) if doubles || asked != AllGatherAlgorithm::RecursiveDoubling => asked,
        _ if doubles && (total < tuning.all_gather_doubling_max || members <= 2) => {
            AllGatherAlgorithm::RecursiveDoubling
        }
        _ if !doubles && total < tuning.all_gather_bruck_max => AllGatherAlgorithm::Bruck,
        _ => AllGatherAlgorithm::Ring,
    }
}
