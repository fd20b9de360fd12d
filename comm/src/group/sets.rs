//! Two groups: what they have in common, and which of one's ranks is which of the other's (MPI 5.0, section 7.3.2).

use crate::error::GroupError;
use crate::group::Group;
use crate::status::PROC_NULL;

/// How alike two groups, or two communicators, are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The same communicator; of groups: the same processes in the same order (`MPI_IDENT`).
    Ident,
    /// Two communicators of the same processes in the same order (`MPI_CONGRUENT`).
    Congruent,
    /// The same processes in another order (`MPI_SIMILAR`).
    Similar,
    /// Anything else (`MPI_UNEQUAL`).
    Unequal,
}

impl Group {
    /// All of this group, then those of the other that are not in this one (`MPI_Group_union`).
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let added = other.peers().filter(|&peer| self.rank_of(peer).is_none());
        self.derive(other, self.peers().chain(added))
    }

    /// Those of this group that are in the other one, in this one's order (`MPI_Group_intersection`).
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.derive(other, self.peers().filter(|&peer| other.rank_of(peer).is_some()))
    }

    /// Those of this group that are not in the other one (`MPI_Group_difference`).
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.derive(other, self.peers().filter(|&peer| other.rank_of(peer).is_none()))
    }

    fn derive(&self, other: &Self, peers: impl Iterator<Item = olympi_transport_api::Peer>) -> Self {
        // The empty group is nobody's view.
        let session = self.session().or(other.session());
        Self::of(peers.collect(), self.me().min(other.me())).with_session(session)
    }

    /// Whether they are the same processes ([`Ident`](Comparison::Ident)), the same in another order
    /// ([`Similar`](Comparison::Similar)), or not (`MPI_Group_compare`).
    pub fn compare(&self, other: &Self) -> Comparison {
        if self == other {
            Comparison::Ident
        } else if self.len() == other.len() && self.peers().all(|peer| other.rank_of(peer).is_some()) {
            Comparison::Similar
        } else {
            Comparison::Unequal
        }
    }

    /// Which ranks of the other group these ranks of this one are (`MPI_Group_translate_ranks`); `None` where the
    /// process is no member of it (`MPI_UNDEFINED`). [`PROC_NULL`] stays itself.
    ///
    /// # Errors
    /// [`GroupError::Rank`], if a rank is not one of this group's.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let (world, alone) = (universe.world(), universe.self_comm());
    /// let names = alone.group().translate_ranks(&[0, olympi_comm::PROC_NULL], world.group())?;
    /// assert_eq!(names, [Some(world.rank()), Some(olympi_comm::PROC_NULL)]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn translate_ranks(&self, ranks: &[i32], other: &Self) -> Result<Vec<Option<i32>>, GroupError> {
        let translate = |&rank: &i32| match rank {
            PROC_NULL => Ok(Some(PROC_NULL)),
            _ => Ok(other.rank_of(self.peer(self.checked(rank)?)).map(|rank| rank as i32)),
        };
        ranks.iter().map(translate).collect()
    }

    /// A rank, if it is one.
    pub(super) fn checked(&self, rank: i32) -> Result<u32, GroupError> {
        // A negative rank becomes a large number, so one comparison checks both ends.
        if (rank as u32) < self.len() {
            Ok(rank as u32)
        } else {
            Err(GroupError::Rank { rank, size: self.size() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::some;
    use olympi_sim::{Rng, with_seeds};
    use olympi_transport_api::Peer;

    #[test]
    fn sets_are_those_of_the_naive_model() {
        with_seeds(400, |seed| {
            let mut rng = Rng::new(seed);
            let among = 1 + rng.below(60);
            let (a, b) = (some(&mut rng, among), some(&mut rng, among));
            let (left, right) = (Group::of(a.clone(), Peer(0)), Group::of(b.clone(), Peer(0)));
            let peers = |group: Group| group.peers().collect::<Vec<_>>();
            let only_b = b.iter().copied().filter(|peer| !a.contains(peer));
            assert_eq!(peers(left.union(&right)), a.iter().copied().chain(only_b).collect::<Vec<_>>());
            let (both, only_a): (Vec<_>, Vec<_>) = a.iter().copied().partition(|peer| b.contains(peer));
            assert_eq!(peers(left.intersection(&right)), both);
            assert_eq!(peers(left.difference(&right)), only_a);
            let sorted = |peers: &[Peer]| {
                let mut peers = peers.to_vec();
                peers.sort_unstable();
                peers
            };
            let compared = match () {
                () if a == b => Comparison::Ident,
                () if sorted(&a) == sorted(&b) => Comparison::Similar,
                () => Comparison::Unequal,
            };
            assert_eq!(left.compare(&right), compared);
            let ranks: Vec<_> = (0..left.size()).chain([PROC_NULL]).collect();
            let mut names: Vec<_> =
                a.iter().map(|peer| b.iter().position(|other| other == peer).map(|at| at as i32)).collect();
            names.push(Some(PROC_NULL));
            assert_eq!(left.translate_ranks(&ranks, &right).unwrap(), names);
            for wrong in [left.size(), -1, i32::MIN, i32::MAX] {
                let error = left.translate_ranks(&[wrong], &right).unwrap_err();
                assert_eq!(error, GroupError::Rank { rank: wrong, size: left.size() });
            }
        });
    }

    #[test]
    fn a_permutation_is_similar() {
        let group = |of: &[u32]| Group::of(of.iter().copied().map(Peer).collect(), Peer(0));
        assert_eq!(group(&[4, 1, 2]).compare(&group(&[1, 2, 4])), Comparison::Similar);
        assert_eq!(group(&[4, 1, 2]).compare(&group(&[1, 2, 3])), Comparison::Unequal);
        assert_eq!(Group::empty().compare(&group(&[])), Comparison::Ident);
        assert_eq!(Group::empty().union(&group(&[0])).rank(), Some(0));
    }
}
