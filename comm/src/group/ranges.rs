//! Groups made of some of a group's ranks (MPI 5.0, section 7.3.2).

use olympi_transport_api::Peer;

use crate::error::GroupError;
use crate::group::Group;

/// The ranks `first`, `first + stride`, ... up to `last`, which need not be one of them; down to it where the stride is
/// negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RankRange {
    /// The first rank.
    pub first: i32,
    /// No rank lies beyond this one.
    pub last: i32,
    /// The distance of two neighbours; not 0.
    pub stride: i32,
}

impl From<(i32, i32, i32)> for RankRange {
    /// As MPI writes them: first, last, stride.
    fn from((first, last, stride): (i32, i32, i32)) -> Self {
        Self { first, last, stride }
    }
}

impl Group {
    /// These ranks, in this order (`MPI_Group_incl`).
    ///
    /// # Errors
    /// [`GroupError`], if one of them is no rank of this group, or stands there twice.
    pub fn incl(&self, ranks: &[i32]) -> Result<Self, GroupError> {
        let mut picked = Picked::of(self);
        ranks.iter().try_for_each(|&rank| picked.pick(rank))?;
        Ok(picked.included())
    }

    /// All but these ranks, in this group's order (`MPI_Group_excl`).
    ///
    /// # Errors
    /// As for [`incl`](Self::incl).
    pub fn excl(&self, ranks: &[i32]) -> Result<Self, GroupError> {
        let mut picked = Picked::of(self);
        ranks.iter().try_for_each(|&rank| picked.pick(rank))?;
        Ok(picked.excluded())
    }

    /// The ranks of these ranges, in this order (`MPI_Group_range_incl`).
    ///
    /// # Errors
    /// [`GroupError`], if one of them is no rank of this group, or stands there twice, or if a range leads nowhere.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let everyone = universe.world().group();
    /// let last = everyone.size() - 1;
    /// let backwards = everyone.range_incl(&[(last, 0, -1).into()])?;
    /// assert_eq!(backwards.translate_ranks(&[0], everyone)?, [Some(last)]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn range_incl(&self, ranges: &[RankRange]) -> Result<Self, GroupError> {
        let mut picked = Picked::of(self);
        ranges.iter().try_for_each(|range| picked.pick_range(*range))?;
        Ok(picked.included())
    }

    /// All but the ranks of these ranges, in this group's order (`MPI_Group_range_excl`).
    ///
    /// # Errors
    /// As for [`range_incl`](Self::range_incl).
    pub fn range_excl(&self, ranges: &[RankRange]) -> Result<Self, GroupError> {
        let mut picked = Picked::of(self);
        ranges.iter().try_for_each(|range| picked.pick_range(*range))?;
        Ok(picked.excluded())
    }
}

/// Ranks of a group that were named.
struct Picked<'a> {
    group: &'a Group,
    named: Vec<bool>,
    in_order: Vec<Peer>,
}

impl<'a> Picked<'a> {
    fn of(group: &'a Group) -> Self {
        Self { group, named: vec![false; group.len() as usize], in_order: Vec::new() }
    }

    fn pick(&mut self, rank: i32) -> Result<(), GroupError> {
        let valid = self.group.checked(rank)?;
        if std::mem::replace(&mut self.named[valid as usize], true) {
            return Err(GroupError::Twice { rank });
        }
        self.in_order.push(self.group.peer(valid));
        Ok(())
    }

    fn pick_range(&mut self, RankRange { first, last, stride }: RankRange) -> Result<(), GroupError> {
        let distance = i64::from(last) - i64::from(first);
        if stride == 0 || (distance != 0 && (distance < 0) != (stride < 0)) {
            return Err(GroupError::Range { first, last, stride });
        }
        let steps = distance / i64::from(stride);
        // Both ends are ranks, hence all between them.
        let end = i64::from(first) + steps * i64::from(stride);
        self.group.checked(first)?;
        self.group.checked(end as i32)?;
        (0..=steps).try_for_each(|step| self.pick((i64::from(first) + step * i64::from(stride)) as i32))
    }

    fn included(self) -> Group {
        Group::of(self.in_order, self.group.me()).with_session(self.group.session())
    }

    fn excluded(self) -> Group {
        let rest = self.group.peers().zip(&self.named).filter(|(_, named)| !**named);
        Group::of(rest.map(|(peer, _)| peer).collect(), self.group.me()).with_session(self.group.session())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::some;
    use olympi_sim::{Rng, with_seeds};

    #[test]
    fn ranks_are_picked_as_in_the_naive_model() {
        with_seeds(300, |seed| {
            let mut rng = Rng::new(seed);
            let among = 1 + rng.below(60);
            let peers = some(&mut rng, among);
            let group = Group::of(peers.clone(), Peer(0));
            let ranks: Vec<i32> = if peers.is_empty() {
                Vec::new()
            } else {
                some(&mut rng, peers.len()).into_iter().map(|peer| peer.0 as i32).collect()
            };
            let chosen: Vec<_> = ranks.iter().map(|&rank| peers[rank as usize]).collect();
            let others: Vec<_> = peers.iter().copied().filter(|peer| !chosen.contains(peer)).collect();
            let list = |group: Group| group.peers().collect::<Vec<_>>();
            assert_eq!(list(group.incl(&ranks).unwrap()), chosen);
            assert_eq!(list(group.excl(&ranks).unwrap()), others);
            // Each rank as a range of its own, which the stride does not matter to.
            let ranges: Vec<_> =
                ranks.iter().map(|&rank| RankRange::from((rank, rank, rng.below(5) as i32 - 7))).collect();
            assert_eq!(list(group.range_incl(&ranges).unwrap()), chosen);
            assert_eq!(list(group.range_excl(&ranges).unwrap()), others);
        });
    }

    #[test]
    fn ranges_go_both_ways_and_stop_short_of_what_they_miss() {
        let group = Group::world(10, Peer(3));
        let ranks = |ranges: &[(i32, i32, i32)]| {
            let ranges: Vec<_> = ranges.iter().copied().map(RankRange::from).collect();
            group.range_incl(&ranges).map(|group| group.peers().map(|peer| peer.0).collect::<Vec<_>>())
        };
        assert_eq!(ranks(&[(6, 7, 1), (1, 6, 4), (0, 9, 4)]).unwrap(), [6, 7, 1, 5, 0, 4, 8]);
        assert_eq!(ranks(&[(9, 2, -3), (0, 8, 8)]).unwrap(), [9, 6, 3, 0, 8]);
        assert_eq!(ranks(&[(4, 4, 7)]).unwrap(), [4]);
        assert_eq!(ranks(&[(0, 4, 2), (8, 0, -4)]).unwrap_err(), GroupError::Twice { rank: 4 });
        assert_eq!(ranks(&[(0, 10, 5)]).unwrap_err(), GroupError::Rank { rank: 10, size: 10 });
        assert_eq!(ranks(&[(-1, 3, 1)]).unwrap_err(), GroupError::Rank { rank: -1, size: 10 });
        assert_eq!(ranks(&[(0, i32::MAX, 1)]).unwrap_err(), GroupError::Rank { rank: i32::MAX, size: 10 });
        for (first, last, stride) in [(0, 4, 0), (0, 4, -1), (4, 0, 1)] {
            assert_eq!(
                ranks(&[(first, last, stride)]).unwrap_err(),
                GroupError::Range { first, last, stride }
            );
        }
    }
}
