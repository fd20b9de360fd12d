//! Dividing a communicator: by colour, by kind of place, by groups (MPI 5.0, section 7.4.2).

use crate::communicator::Communicator;
use crate::create::{Conclusion, Groups, Kind, born};
use crate::error::CreateError;
use crate::group::Group;

/// How many bytes say a rank's colour and key.
const COLORED: usize = 8;
/// How many say which group a rank has named, and where it is in it.
const NAMED: usize = 12;

impl Communicator {
    /// Divides the ranks into communicators by colour (`MPI_Comm_split`): a rank comes to the others of its colour, in
    /// order of their keys; equal keys keep the order of ranks. A rank without colour (`MPI_UNDEFINED`) gets none. All
    /// ranks call it.
    ///
    /// Of an intercommunicator come intercommunicators: those of one colour on both sides. A colour that only one side has
    /// gives none.
    ///
    /// The new communicators inherit the error handler, and no attributes.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks: a colour is negative, a rank [is gone](CreateError#where-a-rank-dies), or the
    /// ranks do not do the same.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let half = world.split(Some(world.rank() % 2), -world.rank())?.unwrap();
    /// assert!(half.size() <= (world.size() + 1) / 2);
    /// assert!(world.split(None, 0)?.is_none());
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn split(&self, color: Option<i32>, key: i32) -> Result<Option<Communicator>, CreateError> {
        let wrong = color.filter(|&color| color < 0).map(|color| CreateError::Color { color });
        let mut entry = color.unwrap_or(-1).to_le_bytes().to_vec();
        entry.extend(key.to_le_bytes());
        let Conclusion { number, table, .. } = self.agree(Kind::Split, entry, wrong)?;
        let (colors, keys): (Vec<_>, Vec<_>) = table
            .chunks_exact(COLORED)
            .map(|entry| {
                let (color, key) = entry.split_at(COLORED / 2);
                (word(color), word(key))
            })
            .map(|(color, key)| ((color >= 0).then_some(color), key))
            .unzip();
        self.part(number, &colors, &keys)
    }

    /// The communicator of a group of this one's processes (`MPI_Comm_create`). All ranks of this one call it, each with the
    /// group that it is in, or with any that it is not in (e.g. [`Group::empty`]): then it gets none. Several groups
    /// may be made at once, if no process is in two of them.
    ///
    /// Of an intercommunicator comes an intercommunicator: all of a side name the same part of their side. Where a side names
    /// nobody, there is none.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks: a group has foreign processes, a rank [is gone](CreateError#where-a-rank-dies),
    /// or the ranks do not do the same. Where members of a group have named different ones, those that see it get
    /// [`CreateError::Confused`].
    pub fn create(&self, group: &Group) -> Result<Option<Communicator>, CreateError> {
        let wrong = self.foreign(group);
        if self.is_inter() {
            return self.create_across(group, wrong);
        }
        let digest = group.digest().to_le_bytes();
        let Conclusion { number, table, .. } = self.agree(Kind::Create, digest.to_vec(), wrong)?;
        let other = |&peer: &_| {
            let said = self.group().rank_of(peer).and_then(|rank| table.chunks_exact(8).nth(rank as usize));
            said != Some(&digest[..])
        };
        if group.rank_of(self.group().me()).is_none() {
            self.shared.door.enter()?.mail.contexts.release(number);
            return Ok(None);
        }
        if let Some(peer) = group.peers().find(other) {
            self.shared.door.enter()?.retire(number);
            return Err(CreateError::Confused { rank: self.group().name(peer) });
        }
        let groups = Groups { local: group.clone(), remote: None };
        born(&self.shared, number, groups, self.bequest()).map(Some)
    }

    /// The same of an intercommunicator, whose members tell the other side where they are in the group that they name.
    fn create_across(
        &self,
        group: &Group,
        wrong: Option<CreateError>,
    ) -> Result<Option<Communicator>, CreateError> {
        let mut entry = group.digest().to_le_bytes().to_vec();
        let place = group.rank_of(self.group().me());
        entry.extend(place.map_or(-1, |place| place as i32).to_le_bytes());
        let Conclusion { number, table, .. } = self.agree(Kind::Create, entry, wrong)?;
        let everyone = self.everyone();
        let said = |peer| {
            let at = everyone.rank_of(peer).unwrap_or_default() as usize;
            let (digest, place) = table[at * NAMED..][..NAMED].split_at(NAMED - 4);
            (digest, word(place))
        };
        // All see the whole table, so that all find the same one who has named another group.
        for side in [self.group(), self.others()] {
            if let Some(peer) = side.peers().find(|&peer| said(peer).0 != said(side.peer(0)).0) {
                self.shared.door.enter()?.retire(number);
                return Err(CreateError::Confused { rank: side.name(peer) });
            }
        }
        let [local, remote] = [self.group(), self.others()].map(|side| {
            let mut named: Vec<_> = side.peers().filter(|&peer| said(peer).1 >= 0).collect();
            named.sort_by_key(|&peer| said(peer).1);
            Group::of(named, self.group().me())
        });
        if place.is_none() || remote.is_empty() {
            self.shared.door.enter()?.mail.contexts.release(number);
            return Ok(None);
        }
        born(&self.shared, number, Groups { local, remote: Some(remote) }, self.bequest()).map(Some)
    }

    /// Why a group cannot have a communicator that is made of this one.
    pub(crate) fn foreign(&self, group: &Group) -> Option<CreateError> {
        let missing = group.peers().filter(|&peer| self.group().rank_of(peer).is_none()).count();
        (missing > 0).then_some(CreateError::NotSubset { missing })
    }

    /// The communicator of those that have this rank's colour.
    pub(crate) fn part<C: PartialEq>(
        &self,
        number: u32,
        colors: &[Option<C>],
        keys: &[i32],
    ) -> Result<Option<Communicator>, CreateError> {
        let (everyone, me) = (self.everyone(), self.group().me());
        let mine = everyone.rank_of(me).and_then(|rank| members(colors, keys, rank)).unwrap_or_default();
        let peers = mine.into_iter().map(|rank| everyone.peer(rank));
        let (local, remote): (Vec<_>, Vec<_>) = peers.partition(|&peer| self.group().rank_of(peer).is_some());
        if local.is_empty() || (self.is_inter() && remote.is_empty()) {
            self.shared.door.enter()?.mail.contexts.release(number);
            return Ok(None);
        }
        let remote = self.is_inter().then(|| Group::of(remote, me));
        born(&self.shared, number, Groups { local: Group::of(local, me), remote }, self.bequest()).map(Some)
    }
}

/// The ranks of this rank's colour in order of their keys.
fn members<C: PartialEq>(colors: &[Option<C>], keys: &[i32], me: u32) -> Option<Vec<u32>> {
    let mine = colors[me as usize].as_ref()?;
    let alike = |&rank: &u32| colors[rank as usize].as_ref() == Some(mine);
    let mut ranks: Vec<u32> = (0..colors.len() as u32).filter(alike).collect();
    ranks.sort_by_key(|&rank| keys[rank as usize]);
    Some(ranks)
}

/// A number of the table.
pub(super) fn word(bytes: &[u8]) -> i32 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | i32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_ordered_by_key_and_then_by_rank() {
        let colors = [Some(1), Some(2), None, Some(1), Some(1), Some(2)];
        let keys = [5, 0, 0, -1, 5, 0];
        assert_eq!(members(&colors, &keys, 0), Some(vec![3, 0, 4]));
        assert_eq!(members(&colors, &keys, 5), Some(vec![1, 5]));
        assert_eq!(members(&colors, &keys, 2), None);
        assert_eq!(word(&(-7_i32).to_le_bytes()), -7);
    }
}
