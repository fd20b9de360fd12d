//! Making communicators of others, and of groups (MPI 5.0, section 7.4.2).
//!
//! Each call is one agreement of all who take part (`ballot.rs`), whatever they bring: a duplicate nothing, a split its
//! colours (`split.rs`), a split by hardware where they run (`hardware.rs`). Calls that all members of a communicator make
//! are counted there, so that those of one communicator are told apart; calls by a group alone (`together.rs`) are told
//! apart by their tag. Two groups that do not know each other yet make an intercommunicator by `bridge.rs`; communicators of
//! an intercommunicator are agreements of both groups.

mod ballot;
mod bridge;
mod circle;
mod error;
mod hardware;
mod merge;
mod split;
#[cfg(test)]
mod tests;
mod together;
mod vote;

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

pub(crate) use ballot::{Ballot, Conclusion, Motion};
pub use error::CreateError;
pub use hardware::{HW_RESOURCE_TYPE, PSET_NAME, SplitType};
use olympi_transport_api::Peer;
pub(crate) use vote::Verdict;

use crate::communicator::{About, Communicator};
use crate::context::mix;
use crate::group::Group;
use crate::inbox::State;
use crate::info::Info;
use crate::op::{OpRef, Outcome};
use crate::request::Request;
use crate::wait::Shared;

/// What is being made: the members must agree in that.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Dup = 1,
    Split = 2,
    SplitType = 3,
    Create = 4,
    CreateGroup = 5,
    FromGroup = 6,
    Merge = 7,
    Leader = 8,
    Inter = 9,
    LeaderOfGroup = 10,
    InterFromGroups = 11,
}

/// Making communicators of this one.
impl Communicator {
    /// A communicator of the same processes, whose messages never meet this one's (`MPI_Comm_dup`): what a library makes
    /// for itself. All ranks call it.
    ///
    /// It inherits the [error handler](Self::error_handler), and the [attributes](Self::attr) whose copy callbacks say so;
    /// neither the name nor the hints.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks: a copy callback failed, a rank [is gone](CreateError#where-a-rank-dies), or the
    /// ranks do not do the same.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::Comparison;
    ///
    /// let world = universe.world();
    /// let mine = world.dup()?;
    /// assert_eq!(mine.compare(world), Comparison::Congruent);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn dup(&self) -> Result<Communicator, CreateError> {
        self.dup_if(&Info::new(), true)
    }

    /// The same with hints for the new communicator (`MPI_Comm_dup_with_info`).
    ///
    /// # Errors
    /// As for [`dup`](Self::dup).
    pub fn dup_with_info(&self, info: &Info) -> Result<Communicator, CreateError> {
        self.dup_if(info, true)
    }

    /// Begins to duplicate this communicator (`MPI_Comm_idup`). The request gives the new one; attributes are copied now.
    ///
    /// # Errors
    /// As for [`dup`](Self::dup); waiting tells what others have to say.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let one = universe.world().idup()?;
    /// let other = universe.self_comm().idup()?;
    /// let (other, one) = (other.wait()?, one.wait()?);
    /// assert_eq!((one.size(), other.size()), (universe.world().size(), 1));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn idup(&self) -> Result<Request<Communicator>, CreateError> {
        self.idup_with_info(&Info::new())
    }

    /// The same with hints for the new communicator (`MPI_Comm_idup_with_info`).
    ///
    /// # Errors
    /// As for [`idup`](Self::idup).
    pub fn idup_with_info(&self, info: &Info) -> Result<Request<Communicator>, CreateError> {
        self.idup_if(info, true)
    }

    /// The same for who keeps attributes that Olympi does not know (a C program's): whether they were copied here. Where a
    /// rank says no, nothing comes of it anywhere.
    ///
    /// # Errors
    /// As for [`dup`](Self::dup); [`CreateError::CalledOff`], where a rank has said no.
    pub fn dup_if(&self, info: &Info, copied: bool) -> Result<Communicator, CreateError> {
        let (about, wrong) = self.heritage(info.clone());
        let wrong = wrong.or_else(|| self.refused(copied));
        let op = self.propose(Kind::Dup, Vec::new(), wrong.is_none())?;
        let outcome = self.shared.outcome(op)?;
        self.duplicated(about, wrong, outcome)
    }

    /// The same, begun.
    ///
    /// # Errors
    /// As for [`idup`](Self::idup); [`CreateError::CalledOff`], where a rank has said no.
    pub fn idup_if(&self, info: &Info, copied: bool) -> Result<Request<Communicator>, CreateError> {
        let (about, wrong) = self.heritage(info.clone());
        let wrong = wrong.or_else(|| self.refused(copied));
        let op = self.propose(Kind::Dup, Vec::new(), wrong.is_none())?;
        let parent = self.handle();
        Ok(Request::with_end(&self.core, op, move |outcome| Ok(parent.duplicated(about, wrong, outcome)?)))
    }

    /// The same for the library's own agreements: it has nothing of this one but its processes.
    pub(crate) fn dup_bare(&self, call: &'static str) -> Result<Communicator, CreateError> {
        self.intra(call)?;
        let op = self.propose(Kind::Dup, Vec::new(), true)?;
        let outcome = self.shared.outcome(op)?;
        self.duplicated(About::default(), None, outcome)
    }

    fn refused(&self, copied: bool) -> Option<CreateError> {
        (!copied).then(|| CreateError::CalledOff { rank: self.rank() })
    }

    fn duplicated(
        &self,
        about: About,
        wrong: Option<CreateError>,
        outcome: Outcome,
    ) -> Result<Communicator, CreateError> {
        match concluded(outcome, |peer| self.name_of(peer), wrong) {
            Ok(conclusion) => {
                let groups = Groups { local: self.group().clone(), remote: self.remote_group().cloned() };
                born(&self.shared, conclusion.number, groups, about)
            }
            Err(error) => {
                self.discard_attributes(about.attributes);
                Err(error)
            }
        }
    }

    /// What a duplicate inherits, and why it cannot.
    fn heritage(&self, info: Info) -> (About, Option<CreateError>) {
        match self.copy_attributes() {
            Ok(attributes) => {
                let topology = self.topology();
                (About { info, attributes, topology, ..self.bequest() }, None)
            }
            Err(error) => (About { info, ..self.bequest() }, Some(error.into())),
        }
    }

    /// What a communicator inherits that is made of some of this one's processes.
    pub(crate) fn bequest(&self) -> About {
        let session = self.core.about().session.clone();
        About { handler: self.error_handler(), session, ..About::default() }
    }

    /// Begins an agreement of all ranks.
    pub(crate) fn propose(&self, kind: Kind, entry: Vec<u8>, valid: bool) -> Result<OpRef, CreateError> {
        let motion = self.motion(kind, entry, valid);
        let mut inside = self.shared.door.enter()?;
        Ok(begin(&self.shared, &mut inside, motion))
    }

    /// What all ranks are to agree on. All of them make as many.
    fn motion(&self, kind: Kind, entry: Vec<u8>, valid: bool) -> Motion {
        let count = self.core.children.fetch_add(1, Ordering::Relaxed);
        let call = mix(u64::from(self.core.id) << 32 | u64::from(count));
        let group = self.everyone();
        let me = group.rank_of(group.me()).unwrap_or_else(|| unreachable!("a rank is one of its own group"));
        Motion {
            group,
            me,
            tag: tag_of(call),
            key: mix(call ^ kind as u64),
            seed: call,
            entry,
            valid,
            bridge: None,
            alone: false,
        }
    }

    /// Waits for an agreement of all ranks: the number, and what each brings.
    pub(crate) fn agree(
        &self,
        kind: Kind,
        entry: Vec<u8>,
        wrong: Option<CreateError>,
    ) -> Result<Conclusion, CreateError> {
        let op = self.propose(kind, entry, wrong.is_none())?;
        concluded(self.shared.outcome(op)?, |peer| self.name_of(peer), wrong)
    }
}

/// Begins an agreement.
pub(crate) fn begin(shared: &Shared, inside: &mut State, motion: Motion) -> OpRef {
    let abandoned = std::mem::take(&mut *shared.abandoned.lock().unwrap_or_else(PoisonError::into_inner));
    for number in abandoned {
        inside.retire(number);
    }
    inside.propose(motion)
}

/// The tag by which the messages of a call are told from those of others.
pub(crate) fn tag_of(call: u64) -> i32 {
    (call >> 33) as i32
}

/// What an agreement has come to. This process's own reason against it comes first.
pub(crate) fn concluded(
    outcome: Outcome,
    name: impl FnOnce(Peer) -> i32,
    wrong: Option<CreateError>,
) -> Result<Conclusion, CreateError> {
    let conclusion = Conclusion::of(outcome);
    match wrong.or_else(|| conclusion.fault(name)) {
        None => Ok(conclusion),
        Some(error) => Err(error),
    }
}

impl Conclusion {
    /// Why nothing comes of it.
    fn fault(&self, name: impl FnOnce(Peer) -> i32) -> Option<CreateError> {
        let rank = name(self.culprit);
        match self.verdict {
            Verdict::Agreed | Verdict::Taken => None,
            Verdict::CalledOff => Some(CreateError::CalledOff { rank }),
            Verdict::Confused => Some(CreateError::Confused { rank }),
            Verdict::Circular => Some(CreateError::Leaders),
            Verdict::Dead => {
                let unknown = || "it is gone, as another rank has found".to_owned();
                let detail = self.detail.clone().unwrap_or_else(unknown);
                Some(CreateError::PeerGone { rank, detail })
            }
        }
    }
}

/// Who is in a new communicator.
pub(crate) struct Groups {
    /// This process is one of them.
    pub(crate) local: Group,
    /// The other ones of an intercommunicator.
    pub(crate) remote: Option<Group>,
}

/// The communicator of a number that was agreed on.
pub(crate) fn born(
    shared: &Arc<Shared>,
    number: u32,
    groups: Groups,
    about: About,
) -> Result<Communicator, CreateError> {
    let Groups { local, remote } = groups;
    let rank = local.rank_of(local.me()).unwrap_or_else(|| unreachable!("only members have a communicator"));
    let mut inside = shared.door.enter()?;
    match &remote {
        None => inside.enroll(number, &local, &Group::empty()),
        Some(remote) => inside.enroll(number, remote, &local),
    }
    drop(inside);
    Ok(Communicator::new(shared, number, local, remote, rank, about))
}
