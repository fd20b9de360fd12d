//! How many messages may be under way at once.

use core::ops::Range;

use crate::Team;

/// Messages that one member has under way in one direction. Each holds a slot and a place in a queue; a few hundred keep
/// any link busy, and the memory for them does not grow with the team.
pub(crate) const MOST: u32 = 256;

/// The steps around the circle of a team to all other members, in batches of a round each.
pub(crate) fn batches(team: &Team) -> impl Iterator<Item = Range<u32>> + use<> {
    batches_of(1..team.size(), MOST)
}

/// Steps in batches of at most so many.
pub(crate) fn batches_of(steps: Range<u32>, most: u32) -> impl Iterator<Item = Range<u32>> + use<> {
    let end = steps.end;
    steps.step_by(most as usize).map(move |first| first..end.min(first.saturating_add(most)))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn batches_are_all_steps_once() {
        for members in [1, 2, 256, 257, 258, 1000] {
            let steps: Vec<u32> = batches(&Team::all(0, members)).flatten().collect();
            assert_eq!(steps, (1..members).collect::<Vec<_>>());
            assert!(batches(&Team::all(0, members)).all(|batch| batch.len() <= MOST as usize));
        }
    }
}
