//! Intercommunicators: of two groups that know no more of each other than where the other one's leader is (MPI 5.0,
//! sections 7.6.2 and 11.3).
//!
//! The members of a group first agree on who leads them, in an agreement of their own. Then each group holds the agreement
//! on the number, whose tree begins at the leader, and the leaders bridge the two (`ballot.rs`): so every member hears of
//! the other group's members, its errors and its deaths by its own leader, and nobody waits for a process that it does not
//! know. `4 ceil(log2 n) + 1` messages deep for the larger group.
//!
//! A group that cannot go on after the first agreement says so to the other one, whose leader waits for it.

use std::sync::Arc;

use olympi_transport_api::Peer;

use crate::communicator::{About, Communicator};
use crate::context::mix;
use crate::create::ballot::Bridge;
use crate::create::split::word;
use crate::create::together::{meet, name_of};
use crate::create::{Conclusion, Groups, Kind, Motion, begin, born, concluded, tag_of};
use crate::error::CreateError;
use crate::group::Group;
use crate::wait::Shared;

impl Communicator {
    /// The intercommunicator of this one's processes and those of another one (`MPI_Intercomm_create`, MPI 5.0, section
    /// 7.6.2), whose groups are apart. All ranks of both call it; `leader` is the rank in this one that speaks for it, and
    /// the same at all. The leader gives `bridge`: a communicator that both leaders are in, and the other leader's rank
    /// there; what others give is not looked at. The tag tells calls of the same leaders apart, and is the same at all.
    ///
    /// Messages in an intercommunicator go to ranks of the other group and come from there; its collectives give each group
    /// what the other one contributes. [`size`](Self::size), [`rank`](Self::rank) and [`group`](Self::group) are those of
    /// this process's own group, [`remote_size`](Self::remote_size) and [`remote_group`](Self::remote_group) those of the
    /// other one. It inherits this one's error handler.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks of both groups: a wrong leader, groups that are not apart, a rank is gone, or the ranks
    /// do not do the same.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let side = world.rank() % 2;
    /// let half = world.split(Some(side), world.rank())?.unwrap();
    /// if world.size() > 1 {
    ///     let across = half.create_inter(0, Some((world, 1 - side)), 12)?;
    ///     assert!(across.is_inter() && across.remote_size() > Some(0));
    ///     let both = across.merge(side == 1)?;
    ///     assert_eq!(both.size(), world.size());
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn create_inter(
        &self,
        leader: i32,
        bridge: Option<(&Communicator, i32)>,
        tag: i32,
    ) -> Result<Communicator, CreateError> {
        self.intra("create_inter")?;
        let across = bridge.map(|(comm, leader)| {
            let name = mix(mix(u64::from(comm.id()) << 32 | u64::from(tag as u32)));
            Across { group: comm.others(), leader, name, digest: 0 }
        });
        let call = Call { shared: &self.shared, group: self.group(), leader, across };
        let wrong = call.wrong().or((tag < 0).then_some(CreateError::Tag { tag }));
        let chosen = self.agree(Kind::Leader, leader.to_le_bytes().to_vec(), wrong);
        let motion = self.motion(Kind::Inter, Vec::new(), true);
        call.make(chosen, motion, self.bequest())
    }
}

/// The intercommunicator of two groups. The remote group and its leader matter at this group's leader alone.
pub(crate) fn inter_from_groups(
    shared: &Arc<Shared>,
    (local, leader): (&Group, i32),
    (remote, remote_leader): (&Group, i32),
    tag: &str,
    about: About,
) -> Result<Communicator, CreateError> {
    let name = name_of(tag);
    let across =
        Some(Across { group: remote, leader: remote_leader, name: mix(name), digest: remote.digest() });
    let call = Call { shared, group: local, leader, across };
    let entry = leader.to_le_bytes().to_vec();
    let chosen = meet(shared, local, name, Kind::LeaderOfGroup, entry, call.wrong());
    if matches!(chosen, Err(CreateError::NotMember)) {
        return Err(CreateError::NotMember);
    }
    let motion = Motion::of_group(shared, local, name, Kind::InterFromGroups)?;
    call.make(chosen, motion, about)
}

/// What a leader knows of the other group.
struct Across<'a> {
    /// The other leader is in it.
    group: &'a Group,
    /// The other leader's rank there.
    leader: i32,
    /// A number that both leaders compute.
    name: u64,
    /// What the other group's [digest](Group::digest) is, or 0.
    digest: u64,
}

impl Across<'_> {
    /// The other leader, if it is one.
    fn peer(&self) -> Option<Peer> {
        (0..self.group.size()).contains(&self.leader).then(|| self.group.peer(self.leader as u32))
    }

    fn bridge(&self, peer: Peer) -> Bridge {
        Bridge { peer, tag: tag_of(self.name), key: self.name }
    }
}

/// A call, seen from one member.
struct Call<'a> {
    shared: &'a Arc<Shared>,
    group: &'a Group,
    leader: i32,
    /// What this member says of the other group, if it says anything.
    across: Option<Across<'a>>,
}

impl Call<'_> {
    fn me(&self) -> Peer {
        self.group.me()
    }

    /// Whether this member says that it leads.
    fn leads(&self) -> bool {
        self.group.rank() == Some(self.leader)
    }

    fn is_ours(&self, peer: Peer) -> bool {
        self.group.rank_of(peer).is_some()
    }

    /// Why it cannot go on.
    fn wrong(&self) -> Option<CreateError> {
        let (leader, size) = (self.leader, self.group.size());
        if !(0..size).contains(&leader) {
            return Some(CreateError::Leader { leader, size });
        }
        if !self.leads() {
            return None;
        }
        let Some(across) = &self.across else { return Some(CreateError::NoBridge) };
        match across.peer() {
            None => Some(CreateError::Leader { leader: across.leader, size: across.group.size() }),
            Some(peer) if across.digest == 0 => {
                self.is_ours(peer).then_some(CreateError::Overlap { common: 1 })
            }
            Some(_) => {
                let common = across.group.peers().filter(|&peer| self.is_ours(peer)).count();
                (common > 0).then_some(CreateError::Overlap { common })
            }
        }
    }

    /// Makes the intercommunicator by the second agreement, after the first one has come to this.
    fn make(
        self,
        chosen: Result<Conclusion, CreateError>,
        motion: Motion,
        about: About,
    ) -> Result<Communicator, CreateError> {
        if let Err(error) = self.chosen(chosen) {
            self.call_off()?;
            return Err(error);
        }
        let (leader, len) = (self.leader as u32, self.group.len());
        let turned = (0..len).map(|at| self.group.peer((leader + at) % len)).collect();
        let group = Group::of(turned, self.me());
        let rank = self.group.rank_of(self.me()).ok_or(CreateError::NotMember)?;
        let across = self.across.as_ref().filter(|_| self.leads());
        let digest = across.map_or(0, |across| across.digest);
        let motion = Motion {
            me: (rank + len - leader) % len,
            group,
            bridge: across.and_then(|across| Some(across.bridge(across.peer()?))),
            entry: Member { peer: self.me(), rank, digest }.encode().to_vec(),
            ..motion
        };
        let mut inside = self.shared.door.enter()?;
        let op = begin(self.shared, &mut inside, motion);
        drop(inside);
        let outcome = self.shared.outcome(op)?;
        let Conclusion { number, table, .. } = concluded(outcome, |peer| self.group.name(peer), None)?;
        match self.other_group(&table) {
            Ok(remote) => {
                let groups = Groups { local: self.group.clone(), remote: Some(remote) };
                born(self.shared, number, groups, about)
            }
            Err(error) => {
                self.shared.door.enter()?.retire(number);
                Err(error)
            }
        }
    }

    /// Whether all have named the same leader. The number that came with that is not needed.
    fn chosen(&self, chosen: Result<Conclusion, CreateError>) -> Result<(), CreateError> {
        let Conclusion { number, table, .. } = chosen?;
        self.shared.door.enter()?.mail.contexts.release(number);
        let mut said = table.chunks_exact(4).map(word);
        let first = said.next();
        match said.position(|leader| Some(leader) != first) {
            None => Ok(()),
            Some(before) => Err(CreateError::Confused { rank: before as i32 + 1 }),
        }
    }

    /// Lets the other group know that it waits in vain, if it may wait for this process. Where its leader is not known, that
    /// may be anyone.
    fn call_off(&self) -> Result<(), CreateError> {
        let nobody_leads = !(0..self.group.size()).contains(&self.leader);
        let Some(across) = self.across.as_ref().filter(|_| nobody_leads || self.leads()) else {
            return Ok(());
        };
        let mut inside = self.shared.door.enter()?;
        match across.peer().filter(|&peer| !self.is_ours(peer)) {
            Some(peer) => inside.call_off(self.me(), across.bridge(peer)),
            None => {
                for peer in across.group.peers().filter(|&peer| !self.is_ours(peer)) {
                    inside.call_off(self.me(), across.bridge(peer));
                }
            }
        }
        Ok(())
    }

    /// The other group, from what all members of both have said. All of them come to the same end.
    fn other_group(&self, table: &[u8]) -> Result<Group, CreateError> {
        let (mine, theirs) = table.split_at(table.len().min(self.group.len() as usize * MEMBER));
        let members = |table: &[u8]| table.chunks_exact(MEMBER).map(Member::decode).collect::<Vec<_>>();
        let (mine, mut theirs) = (members(mine), members(theirs));
        theirs.sort_by_key(|member| member.rank);
        let remote = Group::of(theirs.iter().map(|member| member.peer).collect(), self.me());
        let common = remote.peers().filter(|&peer| self.group.rank_of(peer).is_some()).count();
        if common > 0 {
            return Err(CreateError::Overlap { common });
        }
        let is = |said: &[Member], group: &Group| {
            said.iter().all(|member| member.digest == 0 || member.digest == group.digest())
        };
        if remote.is_empty() || !is(&mine, &remote) || !is(&theirs, self.group) {
            return Err(CreateError::Confused { rank: self.leader });
        }
        Ok(remote)
    }
}

/// What each member tells all others.
struct Member {
    peer: Peer,
    rank: u32,
    /// What the other group is, as far as a leader knows.
    digest: u64,
}

const MEMBER: usize = 16;

impl Member {
    fn encode(&self) -> [u8; MEMBER] {
        let mut bytes = [0; MEMBER];
        bytes[..4].copy_from_slice(&self.peer.0.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.rank.to_le_bytes());
        bytes[8..].copy_from_slice(&self.digest.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Self {
        let number = |at: usize| word(&bytes[at..at + 4]) as u32;
        let digest = u64::from(number(12)) << 32 | u64::from(number(8));
        Self { peer: Peer(number(0)), rank: number(4), digest }
    }
}
