//! Intercommunicators: of two groups that know no more of each other than where the other one's leader is (MPI 5.0,
//! sections 7.6.2 and 11.3).
//!
//! The members of a group first agree on who leads them, in an agreement of their own. Then each group holds the agreement
//! on the number, whose tree begins at the leader, and the leaders bridge the two (`ballot.rs`): so every member hears of
//! the other group's members, its errors and its deaths by its own leader, and nobody waits for a process that it does not
//! know. `4 ceil(log2 n) + 1` messages deep for the larger group.
//!
//! A group that has no second agreement, since its members name different leaders, says so to the other one, whose leader
//! waits for it.

use std::sync::Arc;

use olympi_transport_api::Peer;

use crate::ThreadLevel;
use crate::communicator::{About, Communicator};
use crate::context::mix;
use crate::create::ballot::Bridge;
use crate::create::split::word;
use crate::create::together::{meet, name_of};
use crate::create::{Conclusion, Groups, Kind, Motion, Verdict, born, concluded, tag_of};
use crate::error::CreateError;
use crate::error_handler::ErrorHandler;
use crate::group::Group;
use crate::info::Info;
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
    /// # Leaders that do not name each other
    /// A leader waits for the call that names it. That the other one names somebody else meanwhile is no mistake by itself,
    /// since its next call may be the one. What is told is a wait without an end:
    ///
    /// - [`CreateError::Leaders`], at all ranks of the groups in question, where leaders wait for one another in a circle: two
    ///   that name each other with different tags or in different communicators; A who names B, who names C, who names A;
    ///   one that names a rank which waits for its own leader. At [`ThreadLevel::Multiple`] another thread may make the call
    ///   that is missing, so that a circle through such a process is not told.
    /// - [`CreateError::PeerGone`], at all ranks of this group, where the other leader's process has ended or leaves the job.
    ///
    /// Where the other leader goes on with something else and never makes the call, this one waits, as for a receive whose
    /// message is never sent.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks of both groups: a wrong leader, groups that are not apart, a rank [is
    /// gone](CreateError#where-a-rank-dies), or the ranks do not do the same; and as above.
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
        let choice = self.motion(Kind::Leader, Vec::new(), wrong.is_none());
        let motion = self.motion(Kind::Inter, Vec::new(), true);
        call.make(choice, wrong, motion, self.bequest())
    }
}

impl crate::Job {
    /// The intercommunicator of two groups that are apart, without a communicator that they have in common
    /// (`MPI_Intercomm_create_from_groups`, MPI 5.0, section 7.6.2). The members of both call it, each with their own group
    /// as `local` and its leader; the other group, and its leader's rank in it, matter at the own leader alone. Where several
    /// are made at once, the string tells them apart.
    ///
    /// # Errors
    /// [`CreateError`], at all members of both: a wrong leader, groups that are not apart or not those that the other one
    /// says, a process [is gone](CreateError#where-a-rank-dies), or the processes do not do the same. At once, where
    /// this process is no member of `local`. For leaders that do not name each other, or with different strings, see
    /// [`create_inter`](Communicator::create_inter).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let everyone = universe.world().group();
    /// let (first, rest) = (everyone.incl(&[0])?, everyone.excl(&[0])?);
    /// if !rest.is_empty() {
    ///     let (mine, theirs) = if first.rank().is_some() { (&first, &rest) } else { (&rest, &first) };
    ///     let across = universe.inter_from_groups(mine, 0, theirs, 0, "org.example.io")?;
    ///     assert_eq!(across.remote_group(), Some(theirs));
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn inter_from_groups(
        &self,
        local: &Group,
        leader: i32,
        remote: &Group,
        remote_leader: i32,
        tag: &str,
    ) -> Result<Communicator, CreateError> {
        let (info, handler) = (Info::new(), ErrorHandler::default());
        self.inter_from_groups_with((local, leader), (remote, remote_leader), tag, &info, handler)
    }

    /// The same with hints for the new communicator, and its error handler: each group with its leader.
    ///
    /// # Errors
    /// As for [`inter_from_groups`](Self::inter_from_groups).
    pub fn inter_from_groups_with(
        &self,
        (local, leader): (&Group, i32),
        (remote, remote_leader): (&Group, i32),
        tag: &str,
        info: &Info,
        handler: ErrorHandler,
    ) -> Result<Communicator, CreateError> {
        if local.rank().is_none() {
            return Err(CreateError::NotMember);
        }
        let (shared, name) = (self.shared(), name_of(tag));
        let across =
            Some(Across { group: remote, leader: remote_leader, name: mix(name), digest: remote.digest() });
        let call = Call { shared, group: local, leader, across };
        let wrong = call.wrong();
        let choice = Motion::of_group(shared, local, name, Kind::LeaderOfGroup)?;
        let motion = Motion::of_group(shared, local, name, Kind::InterFromGroups)?;
        call.make(
            choice,
            wrong,
            motion,
            About { info: info.clone(), handler, session: local.session().cloned(), ..About::default() },
        )
    }
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

    /// The process that leads the other group, as far as this member knows it, if it can be.
    fn other_leader(&self) -> Option<Peer> {
        self.across.as_ref()?.peer().filter(|&peer| !self.is_ours(peer))
    }

    /// Why this member cannot go on.
    fn wrong(&self) -> Option<CreateError> {
        let (leader, size) = (self.leader, self.group.size());
        if !(0..size).contains(&leader) {
            return Some(CreateError::Leader { leader, size });
        }
        if !self.leads() {
            return None;
        }
        let Some(across) = &self.across else { return Some(CreateError::NoBridge) };
        let Some(peer) = across.peer() else {
            return Some(CreateError::Leader { leader: across.leader, size: across.group.size() });
        };
        let common = match across.digest {
            0 => usize::from(self.is_ours(peer)),
            _ => across.group.peers().filter(|&peer| self.is_ours(peer)).count(),
        };
        (common > 0).then_some(CreateError::Overlap { common })
    }

    /// Makes the intercommunicator: by the first agreement, which is on the leader, and the second one.
    fn make(
        self,
        choice: Motion,
        wrong: Option<CreateError>,
        mut motion: Motion,
        about: About,
    ) -> Result<Communicator, CreateError> {
        let (entry, valid) = (self.leader.to_le_bytes().to_vec(), wrong.is_none());
        let chosen = Conclusion::of(meet(self.shared, Motion { entry, valid, ..choice })?);
        if chosen.verdict == Verdict::Agreed {
            // That number is not needed.
            self.shared.door.enter()?.mail.contexts.release(chosen.number);
        }
        let dissent = self.dissent(&chosen);
        let lost = wrong.or_else(|| chosen.fault(|peer| self.group.name(peer))).or_else(|| dissent.clone());
        if let (Some(lost), Some(_)) = (&lost, dissent) {
            self.call_off()?;
            return Err(lost.clone());
        }
        if lost.is_some() && self.other_leader().is_none() {
            self.call_off()?;
        }
        // Also where it is lost: a member to which a death was hidden goes on, and waits for all others.
        motion.valid = lost.is_none();
        self.begin_at_leader(&mut motion);
        let outcome = meet(self.shared, motion)?;
        let Conclusion { number, table, .. } = concluded(outcome, |peer| self.group.name(peer), lost)?;
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

    /// Why there can be no agreement of the members whose tree begins at the leader: all must know the same one. Whoever has
    /// heard of a death may not have heard of all leaders, and takes its own for that of all.
    fn dissent(&self, chosen: &Conclusion) -> Option<CreateError> {
        let size = self.group.size();
        let said: Vec<_> = match chosen.verdict {
            Verdict::Dead => vec![self.leader],
            Verdict::Confused => return chosen.fault(|peer| self.group.name(peer)),
            _ => chosen.table.chunks_exact(4).map(word).collect(),
        };
        let other = |leader: &i32| Some(leader) != said.first() || !(0..size).contains(leader);
        said.iter().position(other).map(|rank| CreateError::Confused { rank: rank as i32 })
    }

    /// Lets the tree of an agreement begin at the leader, who asks the other group.
    fn begin_at_leader(&self, motion: &mut Motion) {
        let (leader, len) = (self.leader as u32, self.group.len());
        let turned = (0..len).map(|at| self.group.peer((leader + at) % len)).collect();
        // Ranks are below the size, which is an i32 to users.
        let rank = self.group.rank().unwrap_or_default() as u32;
        let across = self.across.as_ref().filter(|_| self.leads());
        let digest = across.map_or(0, |across| across.digest);
        motion.group = Group::of(turned, self.me());
        motion.me = (rank + len - leader) % len;
        // Other threads may make the call that another leader waits for.
        motion.alone = self.shared.door.level() < ThreadLevel::Multiple;
        motion.bridge = across.and_then(|across| Some(across.bridge(self.other_leader()?)));
        motion.entry = Member { peer: self.me(), rank, digest }.encode().to_vec();
    }

    /// Lets the other group know that it waits in vain, if it may wait for this process. Where its leader is not known, that
    /// may be anyone.
    fn call_off(&self) -> Result<(), CreateError> {
        let nobody_leads = !(0..self.group.size()).contains(&self.leader);
        let Some(across) = self.across.as_ref().filter(|_| nobody_leads || self.leads()) else {
            return Ok(());
        };
        let mut inside = self.shared.door.enter()?;
        match self.other_leader() {
            Some(peer) => inside.refuse(self.me(), across.bridge(peer), Verdict::CalledOff, &[]),
            None => {
                for peer in across.group.peers().filter(|&peer| !self.is_ours(peer)) {
                    inside.refuse(self.me(), across.bridge(peer), Verdict::CalledOff, &[]);
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
