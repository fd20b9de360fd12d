//! Communicators that only the members of a group make: together, whatever others do (MPI 5.0, sections 7.4.2 and
//! 7.4.4).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::communicator::{About, Communicator};
use crate::context::mix;
use crate::create::{Groups, Kind, Motion, begin, born, concluded, tag_of};
use crate::error::CreateError;
use crate::error_handler::ErrorHandler;
use crate::group::Group;
use crate::info::Info;
use crate::op::Outcome;
use crate::wait::Shared;

impl Communicator {
    /// The communicator of a group of this one's processes, which the group's members alone make
    /// (`MPI_Comm_create_group`). Where threads make several at once, the tag tells them apart.
    ///
    /// # Errors
    /// [`CreateError`]: this process is no member, the group has foreign ones, a member [is
    /// gone](CreateError#where-a-rank-dies), or the members do not do the same.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let lower = world.group().range_incl(&[(0, world.size() / 2, 1).into()])?;
    /// if lower.rank().is_some() {
    ///     let comm = world.create_group(&lower, 3)?;
    ///     assert_eq!(comm.group(), &lower);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn create_group(&self, group: &Group, tag: i32) -> Result<Communicator, CreateError> {
        if tag < 0 {
            return Err(CreateError::Tag { tag });
        }
        self.intra("create_group")?;
        if let Some(foreign) = self.foreign(group) {
            return Err(foreign);
        }
        let name = mix(u64::from(self.core.id) << 32 | u64::from(tag as u32));
        make(&self.shared, group, name, Kind::CreateGroup, self.bequest())
    }
}

impl crate::Job {
    /// The communicator of a group, without another that it is made of (`MPI_Comm_create_from_group`). The members of
    /// the group call it; where several are made at once, the string tells them apart.
    ///
    /// # Errors
    /// As for [`Communicator::create_group`].
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let solvers = universe.world().group().range_incl(&[(0, 0, 1).into()])?;
    /// if solvers.rank().is_some() {
    ///     let comm = universe.create_from_group(&solvers, "org.example.solver")?;
    ///     assert_eq!(comm.size(), 1);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn create_from_group(&self, group: &Group, tag: &str) -> Result<Communicator, CreateError> {
        self.create_from_group_with(group, tag, &Info::new(), ErrorHandler::default())
    }

    /// The same with hints for the new communicator, and its error handler.
    ///
    /// # Errors
    /// As for [`create_from_group`](Self::create_from_group).
    pub fn create_from_group_with(
        &self,
        group: &Group,
        tag: &str,
        info: &Info,
        handler: ErrorHandler,
    ) -> Result<Communicator, CreateError> {
        let session = group.session().cloned();
        let about = About { info: info.clone(), handler, session, ..About::default() };
        make(self.shared(), group, name_of(tag), Kind::FromGroup, about)
    }
}

/// A number that equal strings have in common.
pub(super) fn name_of(tag: &str) -> u64 {
    tag.bytes().fold(tag.len() as u64, |name, byte| mix(name ^ u64::from(byte)))
}

fn make(
    shared: &Arc<Shared>,
    group: &Group,
    name: u64,
    kind: Kind,
    about: About,
) -> Result<Communicator, CreateError> {
    let motion = Motion::of_group(shared, group, name, kind)?;
    let conclusion = concluded(meet(shared, motion)?, |peer| group.name(peer), None)?;
    born(shared, conclusion.number, Groups { local: group.clone(), remote: None }, about)
}

/// Waits for an agreement.
pub(super) fn meet(shared: &Shared, motion: Motion) -> Result<Outcome, CreateError> {
    let mut inside = shared.door.enter()?;
    let op = begin(shared, &mut inside, motion);
    drop(inside);
    Ok(shared.outcome(op)?)
}

impl Motion {
    /// That of a group's members, with nothing to tell yet.
    pub(super) fn of_group(
        shared: &Shared,
        group: &Group,
        name: u64,
        kind: Kind,
    ) -> Result<Self, CreateError> {
        let me = group.rank_of(group.me()).ok_or(CreateError::NotMember)?;
        let call = mix(name ^ mix(group.digest() ^ kind as u64));
        // Only to differ from those before; the others may count otherwise.
        let made = shared.made.fetch_add(1, Ordering::Relaxed);
        let seed = mix(call ^ u64::from(made));
        let (group, tag) = (group.clone(), tag_of(call));
        Ok(Self {
            group,
            me,
            tag,
            key: call,
            seed,
            entry: Vec::new(),
            valid: true,
            bridge: None,
            alone: false,
        })
    }
}
