//! Persistent requests: an operation that is set up once and started many times (MPI 5.0, section 3.9).

mod set_up;

use std::fmt;

use olympi_datatype::{Equivalence, View};
use olympi_matching::Pattern;
use olympi_transport::Mode;
use olympi_transport_api::Peer;

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, PersistentError, RecvError, SendError};
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome};
use crate::recv::{Owned, lend, lend_const};
use crate::status::Status;
use crate::view::{lend_view, received, traffic};

/// A persistent request and its buffer. Inactive at first; [`start`](Self::start) makes it active,
/// [`wait`](Self::wait) or a successful [`test`](Self::test) inactive again. The buffer can be looked at and
/// changed while it is inactive. For several at once there are [`start_all`] and, with the requests lent,
/// [`wait_all`](crate::wait_all).
///
/// Dropping an active one lets the operation run on with the buffer; a receive that nothing has matched is
/// cancelled.
pub struct Persistent<T: Equivalence> {
    comm: Communicator,
    data: Data<T>,
    action: Action,
    state: Stage,
}

/// What it sends, or receives into.
enum Data<T: Equivalence> {
    /// A vector.
    Whole(Vec<T>),
    /// What a datatype lays out in a vector.
    View(Box<View<Vec<T>>>),
}

impl<T: Equivalence> Data<T> {
    fn items(&self) -> &[T] {
        match self {
            Self::Whole(items) => items,
            Self::View(view) => view.items(),
        }
    }

    fn items_mut(&mut self) -> &mut [T] {
        match self {
            Self::Whole(items) => items,
            Self::View(view) => view.items_mut(),
        }
    }

    fn into_items(self) -> Vec<T> {
        match self {
            Self::Whole(items) => items,
            Self::View(view) => view.into_memory(),
        }
    }

    /// Begins to send it. `None`: that is over already.
    fn send(
        &self,
        comm: &Communicator,
        mode: Mode,
        peer: Peer,
        tag: i32,
    ) -> Result<Option<OpRef>, SendError> {
        let (traffic, (buf, mut hold)) = match self {
            Self::Whole(items) => (Traffic::of::<T>(), (lend_const(items), None)),
            Self::View(view) => (traffic(view), lend_view(view)),
        };
        let mut inside = comm.shared.door.enter()?;
        comm.begin_send(&mut inside, traffic, mode, buf, Some(&mut hold), peer, tag)
    }

    fn bsend(&self, comm: &Communicator, dest: i32, tag: i32) -> Result<(), SendError> {
        match self {
            Self::Whole(items) => comm.bsend(items, dest, tag),
            Self::View(view) => comm.bsend_view(view, dest, tag),
        }
    }

    /// Posts a receive into it.
    fn post(&mut self, comm: &Communicator, state: &mut State, pattern: Pattern) -> OpRef {
        match self {
            Self::Whole(items) => comm.post(state, Traffic::of::<T>(), pattern, lend(items), None),
            Self::View(view) => comm.post_view(state, pattern, view),
        }
    }

    fn received(&mut self, comm: &Communicator, outcome: Outcome) -> Result<Status, RecvError> {
        match self {
            Self::Whole(items) => comm.others().received(&outcome, items),
            Self::View(view) => received(view, outcome, comm.others()),
        }
    }
}

#[derive(Clone, Copy)]
enum Action {
    Send { kind: SendKind, peer: Option<Peer>, dest: i32, tag: i32 },
    Receive { pattern: Option<Pattern> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SendKind {
    Standard,
    Synchronous,
    Buffered,
}

#[derive(Clone, Copy)]
enum Stage {
    Inactive,
    /// Started, and over at once.
    Over(Status),
    Active(OpRef),
}

impl<T: Equivalence> Persistent<T> {
    /// Starts the operation (`MPI_Start`). Operations match in the order in which they are started.
    ///
    /// # Errors
    /// [`PersistentError::Active`] if it is active; those of the operation that are known at once.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.is_active() {
            return Err(PersistentError::Active.into());
        }
        self.state = match self.action {
            Action::Send { peer: None, .. } => Stage::Over(Status::EMPTY),
            Action::Receive { pattern: None } => Stage::Over(Status::PROC_NULL),
            Action::Send { kind: SendKind::Buffered, dest, tag, .. } => {
                self.data.bsend(&self.comm, dest, tag)?;
                Stage::Over(Status::EMPTY)
            }
            Action::Send { kind, peer: Some(peer), tag, .. } => {
                let mode = if kind == SendKind::Synchronous { Mode::Synchronous } else { Mode::Standard };
                match self.data.send(&self.comm, mode, peer, tag)? {
                    None => Stage::Over(Status::EMPTY),
                    Some(op) => Stage::Active(op),
                }
            }
            Action::Receive { pattern: Some(pattern) } => {
                let mut inside = self.comm.shared.door.enter()?;
                Stage::Active(self.data.post(&self.comm, &mut inside, pattern))
            }
        };
        Ok(())
    }

    /// Waits until the operation is over (`MPI_Wait`). Inactive: returns an empty status at once.
    ///
    /// # Errors
    /// Those of the operation; the request is inactive then too.
    pub fn wait(&mut self) -> Result<Status, Error> {
        match std::mem::replace(&mut self.state, Stage::Inactive) {
            Stage::Inactive => Ok(Status::EMPTY),
            Stage::Over(status) => Ok(status),
            Stage::Active(op) => {
                let outcome = match self.comm.shared.outcome(op) {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        self.state = Stage::Active(op); // The buffer is still lent.
                        return Err(error.into());
                    }
                };
                if let Action::Receive { .. } = self.action {
                    if outcome.status.is_cancelled() {
                        return Ok(outcome.status);
                    }
                    return Ok(self.data.received(&self.comm, outcome)?);
                }
                self.comm.others().sent(outcome.failure)?;
                Ok(outcome.status)
            }
        }
    }

    /// Moves messages on, and gives the status if the operation is over (`MPI_Test`). Inactive: an empty status.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn test(&mut self) -> Result<Option<Status>, Error> {
        if let Stage::Active(op) = self.state
            && !self.comm.shared.test(op)?
        {
            return Ok(None);
        }
        self.wait().map(Some)
    }

    /// Cancels a started receive that no message has matched yet (`MPI_Cancel`); whether it was.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn cancel(&mut self) -> Result<bool, Error> {
        match self.state {
            Stage::Active(op) => Ok(self.comm.shared.door.enter()?.cancel(op)),
            _ => Ok(false),
        }
    }

    /// Whether it was started and not waited for.
    pub fn is_active(&self) -> bool {
        !matches!(self.state, Stage::Inactive)
    }

    /// The buffer, to read.
    ///
    /// # Errors
    /// [`PersistentError::Active`] while the operation has it.
    pub fn buffer(&self) -> Result<&[T], PersistentError> {
        if self.is_active() { Err(PersistentError::Active) } else { Ok(self.data.items()) }
    }

    /// The buffer, to change.
    ///
    /// # Errors
    /// [`PersistentError::Active`] while the operation has it.
    pub fn buffer_mut(&mut self) -> Result<&mut [T], PersistentError> {
        if self.is_active() { Err(PersistentError::Active) } else { Ok(self.data.items_mut()) }
    }

    pub(crate) fn name(&self) -> Option<(&std::sync::Arc<crate::wait::Shared>, OpRef)> {
        match self.state {
            Stage::Active(op) => Some((&self.comm.shared, op)),
            _ => None,
        }
    }
}

/// A request that is set up once and started many times: what [`start_all`] takes.
pub trait Startable: sealed::Sealed {}

pub(crate) mod sealed {
    use super::Error;

    pub trait Sealed {
        fn start(&mut self) -> Result<(), Error>;
    }
}

impl<T: Equivalence> Startable for Persistent<T> {}

impl<T: Equivalence> sealed::Sealed for Persistent<T> {
    fn start(&mut self) -> Result<(), Error> {
        Self::start(self)
    }
}

/// Starts several requests (`MPI_Startall`) in their order: `start_all(&mut requests)`, or
/// `start_all(receives.iter_mut().chain(&mut sends))`.
///
/// # Errors
/// The first that cannot be started; those before it are.
pub fn start_all<'a, R: Startable + 'a>(requests: impl IntoIterator<Item = &'a mut R>) -> Result<(), Error> {
    requests.into_iter().try_for_each(sealed::Sealed::start)
}

impl<T: Equivalence> Drop for Persistent<T> {
    fn drop(&mut self) {
        let Stage::Active(op) = self.state else { return };
        let data = std::mem::replace(&mut self.data, Data::Whole(Vec::new())).into_items();
        let Ok(mut inside) = self.comm.shared.door.enter() else {
            // From a thread that may not call: the buffer must outlive the operation, whatever becomes of it.
            std::mem::forget(data);
            return;
        };
        let hold: Box<dyn Hold> = Box::new(Owned(data));
        // An operation that has packed elements of its own does not use ours.
        if let Some(op) = inside.mail.ops.find(op)
            && op.extra.hold.is_none()
        {
            op.unusual = true;
            op.extra.hold = Some(hold);
        }
        let waker = inside.detach(op);
        drop(inside);
        drop(waker);
    }
}

impl<T: Equivalence> fmt::Debug for Persistent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_active() { "Persistent (active)" } else { "Persistent (inactive)" })
    }
}
