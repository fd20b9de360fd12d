//! Requests of operations on raw memory: of every kind in one type, since a C program mixes them in one array.

use std::fmt;
use std::sync::Arc;

use crate::communicator::Core;
use crate::completion::Completion;
use crate::error::{Error, PersistentError, RecvError};
use crate::inbox::State;
use crate::op::{OpRef, Outcome};
use crate::persistent::Startable;
use crate::raw::Kept;
use crate::status::Status;
use crate::view::Packed;
use crate::wait::Shared;

/// An operation on raw memory: once, or persistent.
///
/// One that is persistent is inactive until it is [started](Self::start), and after each [`wait`](Self::wait); any other is
/// active when it is made, and inactive for good when its outcome has been given.
///
/// Dropping it is `MPI_Request_free`: the operation runs on, in the memory that it was given. (A receive that has to be
/// distributed, and a collective that has something to do at its end, are waited for.)
pub struct RawRequest {
    core: Arc<Core>,
    stage: Stage,
    kind: Kind,
}

/// Where a request stands.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    Inactive,
    /// Begun, and over at once.
    Over(Status),
    Active(OpRef),
    /// Begun, with operations of which its kind knows more.
    Many,
}

/// What happens when the operation is over.
enum Kind {
    Send,
    /// Received where it belongs; or elsewhere, to be distributed.
    Receive(Option<Box<Kept>>),
    /// Begun once.
    Once(Box<dyn Again>),
    Persistent(Box<dyn Again>),
}

/// An operation that can be started again and again.
pub(crate) trait Again: Send + Sync {
    fn start(&mut self) -> Result<Stage, Error>;
    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error>;
    /// Whether its end has something to do, so that it cannot be left alone.
    fn is_needed(&self) -> bool;
    /// Whether a round of many operations is over.
    fn is_over(&self, _state: &mut State) -> bool {
        true
    }
    /// What the status of such a round is, once it is over.
    fn status(&self) -> Status {
        Status::EMPTY
    }
    /// Why to wait for such a round would be in vain.
    fn in_vain(&self) -> Option<Error> {
        None
    }
    /// Leaves such a round, which is under way.
    fn leave(&mut self, _state: &mut State) {}
}

impl RawRequest {
    pub(crate) fn send(core: &Arc<Core>, op: Option<OpRef>) -> Self {
        let stage = op.map_or(Stage::Over(Status::EMPTY), Stage::Active);
        Self { core: Arc::clone(core), stage, kind: Kind::Send }
    }

    pub(crate) fn receive(core: &Arc<Core>, stage: Stage, distribute: Option<Box<Kept>>) -> Self {
        Self { core: Arc::clone(core), stage, kind: Kind::Receive(distribute) }
    }

    /// One that has begun, and is not started again.
    pub(crate) fn once(core: &Arc<Core>, op: OpRef, again: Box<dyn Again>) -> Self {
        Self { core: Arc::clone(core), stage: Stage::Active(op), kind: Kind::Once(again) }
    }

    pub(crate) fn persistent(core: &Arc<Core>, again: Box<dyn Again>) -> Self {
        Self { core: Arc::clone(core), stage: Stage::Inactive, kind: Kind::Persistent(again) }
    }

    /// Whether it can be started again.
    pub fn is_persistent(&self) -> bool {
        matches!(self.kind, Kind::Persistent(_))
    }

    /// Whether its outcome is still to be given.
    #[inline]
    pub fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Inactive)
    }

    /// Whether it is a send that was over as soon as it began, so that there is nothing to remember.
    #[inline]
    pub fn is_sent(&self) -> bool {
        matches!((&self.stage, &self.kind), (Stage::Over(_), Kind::Send))
    }

    /// Starts a persistent operation (`MPI_Start`).
    ///
    /// # Errors
    /// [`PersistentError::Active`] if it is active, or not persistent; those of the operation that are known at once.
    ///
    /// # Safety
    /// The promise that was given with the operation's memory holds until it is over.
    pub unsafe fn start(&mut self) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Persistent(again) if matches!(self.stage, Stage::Inactive) => {
                self.stage = again.start()?;
                Ok(())
            }
            _ => Err(PersistentError::Active.into()),
        }
    }

    /// Waits until the operation is over (`MPI_Wait`). Inactive: returns an empty status at once.
    ///
    /// # Errors
    /// Those of the operation; the request is inactive then too.
    #[inline]
    pub fn wait(&mut self) -> Result<Status, Error> {
        match std::mem::replace(&mut self.stage, Stage::Inactive) {
            Stage::Inactive => Ok(Status::EMPTY),
            Stage::Over(status) => Ok(status),
            Stage::Active(op) => match self.core.shared.settled(op) {
                Ok(Ok(status)) if self.is_plain() => Ok(status),
                Ok(settled) => self.finish(settled.map_or_else(|outcome| *outcome, Outcome::well)),
                Err(error) => {
                    self.stage = Stage::Active(op); // Its memory is still lent.
                    Err(error.into())
                }
            },
            Stage::Many => {
                self.stage = Stage::Many; // Until it is over.
                self.wait_for_many()
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn wait_for_many(&mut self) -> Result<Status, Error> {
        if let Kind::Persistent(again) = &mut self.kind {
            if let Some(error) = again.in_vain() {
                return Err(error);
            }
            self.core.shared.wait(|state| again.is_over(state).then_some(()))?;
        }
        self.stage = Stage::Inactive;
        self.finish(Outcome::well(Status::EMPTY))
    }

    /// Moves messages on, and gives the status if the operation is over (`MPI_Test`). Inactive: an empty status.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn test(&mut self) -> Result<Option<Status>, Error> {
        if self.is_over()? { self.wait().map(Some) } else { Ok(None) }
    }

    /// Moves messages on, and tells whether the operation is over. Inactive: it is.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn is_over(&self) -> Result<bool, Error> {
        Ok(match (self.stage, &self.kind) {
            (Stage::Active(op), _) => self.core.shared.test(op)?,
            (Stage::Many, Kind::Persistent(again)) => self.core.shared.look(|state| again.is_over(state))?,
            _ => true,
        })
    }

    /// Moves messages on, and tells whether the operation is over, without giving its outcome
    /// (`MPI_Request_get_status`). Inactive: it is.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn peek(&self) -> Result<Option<Status>, Error> {
        if !self.is_over()? {
            return Ok(None);
        }
        Ok(match (self.stage, &self.kind) {
            (Stage::Over(status), _) => Some(status),
            (Stage::Active(op), _) => self.core.shared.door.enter()?.mail.ops.find(op).map(|op| op.status()),
            (Stage::Many, Kind::Persistent(again)) => Some(again.status()),
            _ => Some(Status::EMPTY),
        })
    }

    /// Cancels a receive that no message has matched yet (`MPI_Cancel`); whether it was. A cancelled receive is over, and
    /// its status [says so](Status::is_cancelled). Sends and collectives are not cancelled.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn cancel(&mut self) -> Result<bool, Error> {
        match self.stage {
            Stage::Active(op) => Ok(self.core.shared.door.enter()?.cancel(op)),
            _ => Ok(false),
        }
    }

    /// Whether an operation that went well leaves nothing to do.
    fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Send | Kind::Receive(None))
    }

    #[cold]
    #[inline(never)]
    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error> {
        match &mut self.kind {
            Kind::Send => {
                self.core.others.sent(outcome.failure)?;
                Ok(outcome.status)
            }
            Kind::Receive(kept) => Ok(received(&self.core, kept.as_deref(), outcome)?),
            Kind::Once(again) | Kind::Persistent(again) => again.finish(outcome),
        }
    }
}

/// What a receive's end means to the caller; what has landed elsewhere is distributed.
pub(crate) fn received(core: &Core, into: Option<&Kept>, mut outcome: Outcome) -> Result<Status, RecvError> {
    if outcome.status.is_cancelled() {
        return Ok(outcome.status);
    }
    if let Some(gone) = outcome.failure.take() {
        return Err(core.others.recv_error(*gone));
    }
    let packed = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Packed>().ok());
    if let (Some(kept), Some(packed)) = (into, packed) {
        kept.distribute(packed.bytes());
    }
    outcome.whole()?;
    Ok(outcome.status)
}

impl Drop for RawRequest {
    fn drop(&mut self) {
        if let (Stage::Many, Kind::Persistent(again)) = (self.stage, &mut self.kind)
            && let Ok(mut inside) = self.core.shared.door.enter()
        {
            again.leave(&mut inside);
            return Shared::leave(inside);
        }
        let Stage::Active(op) = self.stage else { return };
        let needed = match &self.kind {
            Kind::Send | Kind::Receive(None) => false,
            Kind::Receive(Some(_)) => true,
            Kind::Once(again) | Kind::Persistent(again) => again.is_needed(),
        };
        if needed {
            // Nobody is left to be told of an error.
            let _ended = self.wait();
        } else if let Ok(mut inside) = self.core.shared.door.enter() {
            let waker = inside.let_go(op);
            drop(inside);
            drop(waker);
        }
    }
}

impl Startable for RawRequest {}

impl crate::persistent::sealed::Sealed for RawRequest {
    fn start(&mut self) -> Result<(), Error> {
        // SAFETY: whoever set it up has promised this for each start.
        unsafe { Self::start(self) }
    }
}

impl Completion for RawRequest {
    type Output = Status;
}

impl crate::completion::sealed::Sealed for RawRequest {
    type Given = Status;
    fn is_live(&self) -> bool {
        self.is_active()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        matches!(self.stage, Stage::Active(_) | Stage::Many).then_some(&self.core.shared)
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        match self.stage {
            Stage::Active(op) => state.mail.ops.is_done(op),
            Stage::Many => match &self.kind {
                Kind::Persistent(again) => again.is_over(state),
                _ => true,
            },
            _ => true,
        }
    }
    fn is_stuck(&self) -> bool {
        matches!((self.stage, &self.kind), (Stage::Many, Kind::Persistent(again)) if again.in_vain().is_some())
    }
    fn give(&mut self) -> Result<Status, Error> {
        self.wait()
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage {
            Stage::Inactive => "RawRequest (inactive)",
            Stage::Over(_) => "RawRequest (over)",
            Stage::Active(_) | Stage::Many => "RawRequest (active)",
        })
    }
}

/// The first of several requests that is over, without giving its outcome. If none is: waits for one, or (`!wait`) moves
/// messages on and looks once more. `None`: none is over, or none is active.
///
/// # Errors
/// [`ThreadError`](crate::ThreadError) from the wrong thread.
pub fn first_over(requests: &[&mut RawRequest], wait: bool) -> Result<Option<usize>, Error> {
    crate::completion::first_over(requests, wait)
}
