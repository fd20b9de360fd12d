//! Groups: which processes a communicator has, in which order (MPI 5.0, section 7.3).
//!
//! A group is a value without communication: `ranges.rs` picks members by rank, `sets.rs` combines two groups.

mod ranges;
mod sets;

use std::fmt;
use std::sync::{Arc, OnceLock};

use olympi_transport_api::Peer;

use crate::bsend::Room;

pub use ranges::RankRange;
pub use sets::Comparison;

/// An ordered set of processes (`MPI_Group`, MPI 5.0, section 7.2.1). A process is named in it by its *rank*, 0 to
/// `size() - 1`.
///
/// Cheap to clone. Processes at equal distances (all of them, every second one, a run in the middle) take no table,
/// however many they are.
///
/// ```
/// # let universe = olympi_comm::Universe::init()?;
/// let everyone = universe.world().group();
/// let leader = everyone.incl(&[0])?;
/// let others = everyone.difference(&leader);
/// assert_eq!(others.size(), everyone.size() - 1);
/// assert_eq!(leader.union(&others), *everyone);
/// # Ok::<(), olympi_comm::Error>(())
/// ```
#[derive(Clone)]
pub struct Group {
    members: Members,
    /// Whose view it is.
    me: Peer,
    /// The buffer of the session that it comes from, if it does.
    session: Option<Arc<Room>>,
}

/// Each group has one form only, so that equal groups have equal forms.
#[derive(Clone, PartialEq, Eq)]
enum Members {
    /// One after the other; so are none, and one.
    Run { first: u32, len: u32 },
    /// At another distance than 1, which may be negative; at least two.
    Strided { first: u32, stride: i32, len: u32 },
    /// Any others; at least three.
    Listed(Arc<Listed>),
}

struct Listed {
    peers: Box<[Peer]>,
    /// Ranks in the order of their processes' numbers, made when first looked for.
    by_peer: OnceLock<Box<[u32]>>,
}

/// Up to so many members are compared one after the other, which is quicker than any index.
const FEW: usize = 16;

/// Nobody's view.
const NOBODY: Peer = Peer(u32::MAX);

impl Group {
    /// The group without members (`MPI_GROUP_EMPTY`).
    pub const fn empty() -> Self {
        Self { members: Members::Run { first: 0, len: 0 }, me: NOBODY, session: None }
    }

    /// All processes of the job, seen from one of them.
    pub(crate) const fn world(size: u32, me: Peer) -> Self {
        Self { members: Members::Run { first: 0, len: size }, me, session: None }
    }

    /// A group of one, seen from that one.
    pub(crate) const fn only(me: Peer) -> Self {
        Self { members: Members::Run { first: me.0, len: 1 }, me, session: None }
    }

    /// These processes, all different, in this order.
    pub(crate) fn of(peers: Vec<Peer>, me: Peer) -> Self {
        Self { members: Members::of(peers), me, session: None }
    }

    /// The same, of a session.
    pub(crate) fn with_session(self, session: Option<&Arc<Room>>) -> Self {
        Self { session: session.cloned(), ..self }
    }

    /// The buffer of the session that it comes from.
    pub(crate) fn session(&self) -> Option<&Arc<Room>> {
        self.session.as_ref()
    }

    /// How many processes (`MPI_Group_size`).
    #[inline]
    pub fn size(&self) -> i32 {
        self.len() as i32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// This process's rank in the group (`MPI_Group_rank`); `None` if it is no member (`MPI_UNDEFINED`).
    pub fn rank(&self) -> Option<i32> {
        self.rank_of(self.me).map(|rank| rank as i32)
    }

    /// How many processes. There are at most as many as a rank, an `i32`, can name.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        match &self.members {
            Members::Run { len, .. } | Members::Strided { len, .. } => *len,
            Members::Listed(listed) => listed.peers.len() as u32,
        }
    }

    /// Whose view it is.
    pub(crate) fn me(&self) -> Peer {
        self.me
    }

    /// The process of a rank, which must be one of the group's.
    #[inline]
    pub(crate) fn peer(&self, rank: u32) -> Peer {
        match &self.members {
            Members::Run { first, .. } => Peer(first.wrapping_add(rank)),
            Members::Strided { first, stride, .. } => {
                Peer(first.wrapping_add_signed(stride.wrapping_mul(rank as i32)))
            }
            Members::Listed(listed) => listed.peers[rank as usize],
        }
    }

    /// Whether that process has that rank; to be asked of every message.
    #[inline]
    pub(crate) fn is(&self, rank: u32, peer: Peer) -> bool {
        rank < self.len() && self.peer(rank) == peer
    }

    /// The rank of a process, if it is a member.
    pub(crate) fn rank_of(&self, peer: Peer) -> Option<u32> {
        match &self.members {
            Members::Run { first, len } => peer.0.checked_sub(*first).filter(|rank| rank < len),
            Members::Strided { first, stride, len } => {
                let (distance, stride) = (i64::from(peer.0) - i64::from(*first), i64::from(*stride));
                let rank = distance / stride;
                (distance % stride == 0 && (0..i64::from(*len)).contains(&rank)).then_some(rank as u32)
            }
            Members::Listed(listed) => listed.rank_of(peer),
        }
    }

    /// Its processes, by rank.
    pub(crate) fn peers(&self) -> impl Iterator<Item = Peer> + '_ {
        (0..self.len()).map(|rank| self.peer(rank))
    }

    /// A number that equal groups have in common, at every process.
    pub(crate) fn digest(&self) -> u64 {
        self.peers().fold(u64::from(self.len()), |digest, peer| {
            (digest ^ u64::from(peer.0)).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23)
        })
    }
}

impl Members {
    fn of(peers: Vec<Peer>) -> Self {
        let len = peers.len() as u32;
        let first = peers.first().map_or(0, |peer| peer.0);
        let Some(second) = peers.get(1) else { return Self::Run { first, len } };
        // Numbers of processes are at most those of ranks, so that their differences are as well.
        let stride = second.0 as i32 - first as i32;
        if peers.windows(2).any(|pair| pair[1].0 as i32 - pair[0].0 as i32 != stride) {
            return Self::Listed(Arc::new(Listed { peers: peers.into(), by_peer: OnceLock::new() }));
        }
        if stride == 1 { Self::Run { first, len } } else { Self::Strided { first, stride, len } }
    }
}

impl Listed {
    fn rank_of(&self, peer: Peer) -> Option<u32> {
        if self.peers.len() <= FEW {
            return self.peers.iter().position(|&member| member == peer).map(|rank| rank as u32);
        }
        let by_peer = self.by_peer.get_or_init(|| {
            let mut ranks: Box<[u32]> = (0..self.peers.len() as u32).collect();
            ranks.sort_unstable_by_key(|&rank| self.peers[rank as usize]);
            ranks
        });
        let found = by_peer.binary_search_by_key(&peer, |&rank| self.peers[rank as usize]);
        found.ok().map(|at| by_peer[at])
    }
}

/// The same processes in the same order.
impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl Eq for Group {}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.peers == other.peers
    }
}

impl Eq for Listed {}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.members {
            Members::Run { first, len } => write!(f, "Group(processes {first}..{})", first + len),
            Members::Strided { first, stride, len } => {
                write!(f, "Group({len} processes from {first} by {stride})")
            }
            Members::Listed(listed) => {
                f.write_str("Group")?;
                f.debug_list().entries(listed.peers.iter().map(|peer| peer.0)).finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use olympi_sim::{Rng, with_seeds};

    /// Some processes below `among`, in an order that is sometimes regular.
    pub(super) fn some(rng: &mut Rng, among: usize) -> Vec<Peer> {
        let mut all: Vec<_> = (0..among as u32).map(Peer).collect();
        match rng.below(4) {
            0 => all.drain(..rng.below(among)).for_each(drop),
            1 => {
                let (skip, step) = (rng.below(5), 1 + rng.below(4));
                all = all.into_iter().skip(skip).step_by(step).collect();
                if rng.chance(1, 2) {
                    all.reverse();
                }
            }
            _ => {
                for at in (1..all.len()).rev() {
                    all.swap(at, rng.below(at + 1));
                }
                all.truncate(rng.below(among + 1));
            }
        }
        all
    }

    #[test]
    fn ranks_and_processes_are_each_others_inverse_in_every_form() {
        with_seeds(300, |seed| {
            let mut rng = Rng::new(seed);
            let among = 1 + rng.below(80);
            let peers = some(&mut rng, among);
            let group = Group::of(peers.clone(), Peer(rng.below(among) as u32));
            assert_eq!(group.peers().collect::<Vec<_>>(), peers);
            for number in 0..among as u32 + 3 {
                let rank = peers.iter().position(|peer| peer.0 == number).map(|rank| rank as u32);
                assert_eq!(group.rank_of(Peer(number)), rank, "{group:?}");
                for other in 0..group.len() + 2 {
                    assert_eq!(group.is(other, Peer(number)), rank == Some(other));
                }
            }
            assert_eq!(group.rank(), group.rank_of(group.me()).map(|rank| rank as i32));
            let again = Group::of(peers, NOBODY);
            assert!(again == group && again.digest() == group.digest() && again.rank().is_none());
        });
    }

    #[test]
    fn regular_groups_take_no_table() {
        for (peers, form) in [
            (vec![], "Group(processes 0..0)"),
            (vec![7], "Group(processes 7..8)"),
            (vec![3, 4, 5], "Group(processes 3..6)"),
            (vec![9, 6, 3], "Group(3 processes from 9 by -3)"),
            (vec![9, 6, 2], "Group[9, 6, 2]"),
        ] {
            let peers = peers.into_iter().map(Peer).collect();
            assert_eq!(format!("{:?}", Group::of(peers, NOBODY)), form);
        }
    }
}
