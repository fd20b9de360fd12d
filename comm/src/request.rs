//! Requests: operations that are under way (MPI 5.0, section 3.7).

use std::fmt;
use std::sync::Arc;

use olympi_datatype::Equivalence;
use olympi_transport::Mode;

use crate::communicator::{Communicator, Core};
use crate::context::Traffic;
use crate::error::{Error, RecvError, SendError};
use crate::group::Group;
use crate::op::{Hold, OpRef, Outcome};
use crate::recv::{Growing, Owned, lend_const};
use crate::status::Status;
use crate::wait::Shared;

/// An operation that is under way and owns its buffer. [`wait`](Self::wait) hands the buffer back.
///
/// - A dropped request lets its operation run on (`MPI_Request_free`); a receive that nothing has matched yet
///   is cancelled, since nobody could see what it receives.
/// - A forgotten one (`mem::forget`) leaks its buffer, and nothing else.
/// - It is a [`Future`] too: see [`Job::block_on`](crate::Job::block_on).
#[must_use = "a request is waited for; dropping one cancels a receive"]
pub struct Request<T> {
    pub(crate) inner: Inner<T>,
}

pub(crate) enum Inner<T> {
    /// It was over as soon as it began.
    Over(Result<T, Error>),
    /// It is in the table of operations.
    Active(Active<T>),
    /// Its outcome has been given.
    Spent,
}

/// What an operation's outcome is to the user.
pub(crate) type Finish<T> = fn(Outcome, &Group) -> Result<T, Error>;

pub(crate) struct Active<T> {
    /// The communicator lives as long as its operations.
    pub(crate) core: Arc<Core>,
    pub(crate) op: OpRef,
    pub(crate) ending: End<T>,
}

/// How an outcome is made into what the user is given.
pub(crate) enum End<T> {
    /// As of all operations of its kind.
    Usual(Finish<T>),
    /// By something that the operation alone knows.
    Own(Box<dyn FnOnce(Outcome) -> Result<T, Error> + Send + Sync>),
}

impl<T> Active<T> {
    fn finish(self, outcome: Outcome) -> Result<T, Error> {
        match self.ending {
            End::Usual(finish) => finish(outcome, &self.core.others),
            End::Own(finish) => finish(outcome),
        }
    }
}

impl<T> Request<T> {
    pub(crate) fn over(value: T) -> Self {
        Self { inner: Inner::Over(Ok(value)) }
    }

    pub(crate) fn active(comm: &Communicator, op: OpRef, finish: Finish<T>) -> Self {
        Self::from_parts(&comm.core, op, finish)
    }

    pub(crate) fn from_parts(core: &Arc<Core>, op: OpRef, finish: Finish<T>) -> Self {
        Self { inner: Inner::Active(Active { core: Arc::clone(core), op, ending: End::Usual(finish) }) }
    }

    /// One whose end is its own.
    pub(crate) fn with_end(
        core: &Arc<Core>,
        op: OpRef,
        end: impl FnOnce(Outcome) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Self {
        Self { inner: Inner::Active(Active { core: Arc::clone(core), op, ending: End::Own(Box::new(end)) }) }
    }

    /// Waits until the operation is over (`MPI_Wait`): the buffer back, and a receive's status with it.
    ///
    /// # Errors
    /// Those of the operation; [`Error::Spent`] if [`test`](Self::test) has given the outcome already.
    pub fn wait(mut self) -> Result<T, Error> {
        match std::mem::replace(&mut self.inner, Inner::Spent) {
            Inner::Over(result) => result,
            Inner::Spent => Err(Error::Spent),
            Inner::Active(active) => {
                let outcome = active.core.shared.outcome(active.op)?;
                active.finish(outcome)
            }
        }
    }

    /// Moves messages on, and gives the outcome if the operation is over (`MPI_Test`). `None`: it is not, or its
    /// outcome has been given already.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn test(&mut self) -> Result<Option<T>, Error> {
        if let Inner::Active(active) = &self.inner
            && !active.core.shared.test(active.op)?
        {
            return Ok(None);
        }
        self.take().transpose()
    }

    /// The outcome of an operation that is over.
    pub(crate) fn take(&mut self) -> Option<Result<T, Error>> {
        match std::mem::replace(&mut self.inner, Inner::Spent) {
            Inner::Over(result) => Some(result),
            Inner::Spent => None,
            Inner::Active(active) => {
                let outcome = active.core.shared.outcome(active.op).map_err(Error::from);
                Some(outcome.and_then(|outcome| active.finish(outcome)))
            }
        }
    }

    pub(crate) fn name(&self) -> Option<(&Arc<Shared>, OpRef)> {
        match &self.inner {
            Inner::Active(active) => Some((&active.core.shared, active.op)),
            _ => None,
        }
    }

    /// Whether the outcome has been given.
    pub fn is_spent(&self) -> bool {
        matches!(self.inner, Inner::Spent)
    }

    /// Cancels a receive that no message has matched yet (`MPI_Cancel`); whether it was. A cancelled receive is
    /// over: waiting for it gives a status that [is cancelled](Status::is_cancelled). Sends are not cancelled.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn cancel(&mut self) -> Result<bool, Error> {
        match &self.inner {
            Inner::Active(active) => Ok(active.core.shared.door.enter()?.cancel(active.op)),
            _ => Ok(false),
        }
    }
}

impl<T> Drop for Request<T> {
    fn drop(&mut self) {
        if let Inner::Active(active) = &self.inner
            && let Ok(mut inside) = active.core.shared.door.enter()
        {
            let waker = inside.detach(active.op);
            drop(inside);
            drop(waker);
        }
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.inner {
            Inner::Over(_) => "Request (over)",
            Inner::Active(_) => "Request (active)",
            Inner::Spent => "Request (spent)",
        })
    }
}

/// Non-blocking operations on owned buffers.
impl Communicator {
    /// Begins to send a vector (`MPI_Isend`); waiting for the request gives it back.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let receive = me.irecv(vec![0_i64; 4], 0, 7)?;
    /// let send = me.isend(vec![1_i64, 2, 3], 0, 7)?;
    /// let (numbers, status) = receive.wait()?;
    /// assert_eq!((&numbers[..], status.count::<i64>()), (&[1, 2, 3, 0][..], Some(3)));
    /// assert_eq!(send.wait()?, [1, 2, 3]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn isend<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<Vec<T>>, SendError> {
        self.isend_owned(Traffic::of::<T>(), Mode::Standard, data, dest, tag, sent_vec::<T>)
    }

    /// Begins to send synchronously (`MPI_Issend`): over when a receive has taken the message.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn issend<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<Vec<T>>, SendError> {
        self.isend_owned(Traffic::of::<T>(), Mode::Synchronous, data, dest, tag, sent_vec::<T>)
    }

    /// Begins to send to a receive that the program knows to be posted (`MPI_Irsend`).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn irsend<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<Vec<T>>, SendError> {
        self.isend(data, dest, tag)
    }

    /// Sends out of the attached buffer (`MPI_Ibsend`); the request is over at once.
    ///
    /// # Errors
    /// As [`bsend`](Self::bsend).
    pub fn ibsend<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<Vec<T>>, SendError> {
        self.bsend(&data, dest, tag)?;
        Ok(Request::over(data))
    }

    /// Begins to receive into a vector, up to its length (`MPI_Irecv`).
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    pub fn irecv<T: Equivalence>(
        &self,
        into: Vec<T>,
        source: i32,
        tag: i32,
    ) -> Result<Request<(Vec<T>, Status)>, RecvError> {
        if source == crate::PROC_NULL {
            self.pattern(source, tag)?;
            return Ok(Request::over((into, Status::PROC_NULL)));
        }
        let op = self.post_hold(Traffic::of::<T>(), source, tag, Box::new(Owned(into)))?;
        Ok(self.receiving(op, received_into::<T>))
    }

    /// Begins to receive a message of any length: the vector is as long as the message.
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    pub fn irecv_vec<T: Equivalence>(
        &self,
        source: i32,
        tag: i32,
    ) -> Result<Request<(Vec<T>, Status)>, RecvError> {
        let op = self.post_hold(Traffic::of::<T>(), source, tag, Box::new(Growing::<T>::default()))?;
        Ok(self.receiving(op, |outcome, group| Ok(Growing::finish(outcome, group)?)))
    }

    fn receiving<T: Equivalence>(
        &self,
        op: Option<OpRef>,
        finish: Finish<(Vec<T>, Status)>,
    ) -> Request<(Vec<T>, Status)> {
        match op {
            Some(op) => Request::active(self, op, finish),
            None => Request::over((Vec::new(), Status::PROC_NULL)),
        }
    }

    /// Begins a send whose operation owns the vector.
    pub(crate) fn isend_owned<T: Equivalence, R>(
        &self,
        traffic: Traffic,
        mode: Mode,
        data: Vec<T>,
        dest: i32,
        tag: i32,
        finish: Finish<R>,
    ) -> Result<Request<R>, SendError> {
        let over = |data: Vec<T>| {
            let hold: Box<dyn Hold> = Box::new(Owned(data));
            let outcome = Outcome { hold: Some(hold), ..Outcome::well(Status::EMPTY) };
            Request { inner: Inner::Over(finish(outcome, self.others())) }
        };
        let Some(peer) = self.destination(dest, tag)? else { return Ok(over(data)) };
        let mut inside = self.shared.door.enter()?;
        let buf = lend_const(&data);
        match self.begin_send(&mut inside, traffic, mode, buf, None, peer, tag)? {
            None => Ok(over(data)),
            Some(op) => {
                // From here on the vector belongs to the operation; its memory stays where it is.
                let begun = inside.mail.ops.at(op.slot);
                begun.unusual = true;
                begun.extra.hold = Some(Box::new(Owned(data)));
                drop(inside);
                Ok(Request::active(self, op, finish))
            }
        }
    }
}

pub(crate) fn sent_vec<T: Equivalence>(mut outcome: Outcome, group: &Group) -> Result<Vec<T>, Error> {
    group.sent(outcome.failure.take())?;
    Ok(Owned::back(&mut outcome))
}

pub(crate) fn received_into<T: Equivalence>(
    mut outcome: Outcome,
    group: &Group,
) -> Result<(Vec<T>, Status), Error> {
    let mut items = Owned::<T>::back(&mut outcome);
    if outcome.status.is_cancelled() {
        return Ok((items, outcome.status));
    }
    let status = group.received(&outcome, &mut items)?;
    Ok((items, status))
}
