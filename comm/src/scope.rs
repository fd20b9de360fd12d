//! Non-blocking operations that borrow their buffers.
//!
//! A request that borrows can be forgotten, and then nothing would keep its buffer alive until the operation has
//! ended. So such requests live inside a [`Scope`], which does not end before they have.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use olympi_coll::Schedule;
use olympi_datatype::{Buffer, BufferMut, Equivalence, InvalidValue};
use olympi_transport::{Mode, RecvBuf, SendBuf};

use crate::collective::{CollectiveError, Invocation, Sequence, Shape};
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, RecvError, SendError};
use crate::op::{Hold, OpRef, Outcome, Settled};
use crate::recv::{lend, lend_const, partial};
use crate::status::Status;

/// Where non-blocking operations may borrow: see [`Communicator::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    comm: &'env Communicator,
    pending: RefCell<Vec<Pending>>,
    /// The ends of operations that have one of their own, by slot.
    endings: RefCell<HashMap<u32, Ending<'env>>>,
    lifetimes: PhantomData<(&'scope mut &'scope (), &'env mut &'env ())>,
}

/// What an operation does at its end with memory that the scope borrows.
type Ending<'env> = Box<dyn FnOnce(Outcome) -> Result<Status, Error> + 'env>;

/// An operation of the scope. Short, because there are many.
#[derive(Clone, Copy)]
pub(crate) struct Pending {
    op: OpRef,
    /// Of what a receive is; `None`: it is a send.
    kind: Option<&'static Kind>,
}

/// A type of elements, as far as the end of a receive depends on it.
struct Kind {
    /// Any bytes are values.
    any_bits: bool,
    /// A message must hold a whole number of so many bytes.
    grain: usize,
    size: usize,
    partial: fn(&Status, usize) -> RecvError,
    /// Checks that bytes are values, before anyone reads them as such.
    check: unsafe fn(*mut u8, usize) -> Result<(), InvalidValue>,
}

impl Communicator {
    /// Runs `body`, in which non-blocking operations may borrow buffers that outlive the scope. The scope ends
    /// when all of them have, whether they were waited for or not.
    ///
    /// If `body` fails or panics, receives that no message has matched yet are cancelled, and the others waited
    /// for, since their buffers are in use.
    ///
    /// # Errors
    /// What `body` returns; else the first error of an operation that it did not wait for.
    ///
    /// ```
    /// # use olympi_comm::Universe;
    /// let universe = Universe::init()?;
    /// let me = universe.self_comm();
    /// let numbers = [1, 2, 3];
    /// let mut copy = [0; 3];
    /// me.scope(|scope| {
    ///     let receive = scope.irecv(&mut copy, 0, 1)?;
    ///     scope.isend(&numbers, 0, 1)?; // not waited for: the scope does
    ///     assert_eq!(receive.wait()?.count::<i32>(), Some(3));
    ///     Ok(())
    /// })?;
    /// assert_eq!(copy, numbers);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn scope<'env, R>(
        &'env self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (pending, endings) = (RefCell::default(), RefCell::default());
        let scope = Scope { comm: self, pending, endings, lifetimes: PhantomData };
        let closing = Closing(&scope);
        let result = body(&scope);
        std::mem::forget(closing);
        match result {
            Ok(value) => scope.complete().map(|()| value),
            Err(error) => {
                scope.abandon();
                Err(error)
            }
        }
    }
}

/// Runs on a panic of the body: the buffers must not be freed while they are in use.
struct Closing<'a, 'scope, 'env>(&'a Scope<'scope, 'env>);

impl Drop for Closing<'_, '_, '_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Begins to send (`MPI_Isend`).
    ///
    /// # Errors
    /// As [`Communicator::send`].
    #[inline]
    pub fn isend<B: Buffer + ?Sized>(
        &'scope self,
        data: &'env B,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.begin(Traffic::of::<B::Item>(), Mode::Standard, lend_const(data.items()), None, dest, tag)
    }

    /// Begins to send synchronously (`MPI_Issend`).
    ///
    /// # Errors
    /// As [`Communicator::ssend`].
    pub fn issend<B: Buffer + ?Sized>(
        &'scope self,
        data: &'env B,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.begin(Traffic::of::<B::Item>(), Mode::Synchronous, lend_const(data.items()), None, dest, tag)
    }

    /// Begins to send to a receive that is known to be posted (`MPI_Irsend`).
    ///
    /// # Errors
    /// As [`Communicator::rsend`].
    pub fn irsend<B: Buffer + ?Sized>(
        &'scope self,
        data: &'env B,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.isend(data, dest, tag)
    }

    /// Sends out of the attached buffer (`MPI_Ibsend`); over at once.
    ///
    /// # Errors
    /// As [`Communicator::bsend`].
    pub fn ibsend<B: Buffer + ?Sized>(
        &'scope self,
        data: &'env B,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.comm.bsend(data, dest, tag)?;
        Ok(self.over(Status::EMPTY))
    }

    /// Begins to receive into a buffer (`MPI_Irecv`).
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    #[inline]
    pub fn irecv<B: BufferMut + ?Sized>(
        &'scope self,
        into: &'env mut B,
        source: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, RecvError> {
        let Some(pattern) = self.comm.pattern(source, tag)? else { return Ok(self.over(Status::PROC_NULL)) };
        let buffer = lend(into.items_mut());
        let mut inside = self.comm.shared.door.enter()?;
        let op = self.comm.post(&mut inside, Traffic::of::<B::Item>(), pattern, buffer, None);
        drop(inside);
        Ok(self.pend(op, Some(Kind::of::<B::Item>()), buffer))
    }

    /// Begins a send, for whose time the operation keeps what `hold` holds.
    pub(crate) fn begin(
        &'scope self,
        traffic: Traffic,
        mode: Mode,
        buf: SendBuf,
        mut hold: Option<Box<dyn Hold>>,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        let Some(peer) = self.comm.destination(dest, tag)? else { return Ok(self.over(Status::EMPTY)) };
        let mut inside = self.comm.shared.door.enter()?;
        match self.comm.begin_send(&mut inside, traffic, mode, buf, Some(&mut hold), peer, tag)? {
            None => Ok(self.over(Status::EMPTY)),
            Some(op) => {
                drop(inside);
                Ok(self.pend(op, None, RecvBuf::empty()))
            }
        }
    }

    /// The communicator.
    pub(crate) fn communicator(&self) -> &'env Communicator {
        self.comm
    }

    /// Begins a collective on borrowed memory. In place, `data` is empty.
    pub(crate) fn collective<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &'scope self,
        invocation: Invocation<P>,
        data: &'env [T],
        result: &'env mut [T],
    ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError> {
        let prepared = self.comm.prepare(invocation, Sequence::Requests)?;
        let (send, recv) = (lend_const(data), lend(result));
        let op = self.comm.begin(prepared, send, recv, None)?;
        Ok(self.pend(op, Some(Kind::of::<T>()), recv))
    }

    #[inline]
    pub(crate) fn over(&'scope self, status: Status) -> ScopedRequest<'scope, 'env> {
        ScopedRequest { scope: self, state: ScopedState::Over(status), kind: None, landing: RecvBuf::empty() }
    }

    #[inline]
    fn pend(
        &'scope self,
        op: OpRef,
        kind: Option<&'static Kind>,
        landing: RecvBuf,
    ) -> ScopedRequest<'scope, 'env> {
        let mut pending = self.pending.borrow_mut();
        if pending.len() == pending.capacity() {
            self.make_room(&mut pending);
        }
        pending.push(Pending { op, kind });
        ScopedRequest { scope: self, state: ScopedState::Active(op), kind, landing }
    }

    /// An operation whose end does something of its own.
    pub(crate) fn pend_with(
        &'scope self,
        op: OpRef,
        end: impl FnOnce(Outcome) -> Result<Status, Error> + 'env,
    ) -> ScopedRequest<'scope, 'env> {
        self.endings.borrow_mut().insert(op.slot, Box::new(end));
        self.pend(op, Some(Kind::OWN), RecvBuf::empty())
    }

    /// Forgets the operations whose outcome has been given, and grows if that is not much.
    #[cold]
    fn make_room(&self, pending: &mut Vec<Pending>) {
        if let Ok(mut inside) = self.comm.shared.door.enter() {
            if pending.is_empty() {
                *pending = std::mem::take(&mut inside.mail.spare);
            }
            pending.retain(|p| inside.mail.ops.find(p.op).is_some());
        }
        pending.reserve(pending.len().max(32));
    }

    /// Waits for everything that the body did not wait for: one way through the door for all of it.
    fn complete(&self) -> Result<(), Error> {
        let mut pending = self.pending.take();
        let (mut at, mut first) = (0, Ok(()));
        let waited = self.comm.shared.wait(|state| {
            let ops = &mut state.mail.ops;
            while let Some(&Pending { op, kind }) = pending.get(at) {
                if !ops.is_done(op) {
                    return None;
                }
                at += 1;
                let landing = if kind.is_none_or(|kind| kind.any_bits) {
                    RecvBuf::empty()
                } else {
                    ops.at(op.slot).landing
                };
                // An operation that does not settle had its outcome given.
                if let Some(settled) = ops.settle(op)
                    && let Err(error) = finish(self, op, settled, kind, landing)
                    && first.is_ok()
                {
                    first = Err(error);
                }
            }
            if pending.capacity() > state.mail.spare.capacity() {
                pending.clear();
                state.mail.spare = std::mem::take(&mut pending);
            }
            Some(())
        });
        // From a door that is closed for good nothing is written to any buffer.
        waited.map_err(Error::from).and(first)
    }

    /// Cancels what can be cancelled, waits for the rest, and drops all outcomes.
    fn abandon(&self) {
        if let Ok(mut inside) = self.comm.shared.door.enter() {
            for pending in self.pending.borrow().iter() {
                inside.cancel(pending.op);
            }
        }
        // The body's own error is the one to report.
        drop(self.complete());
    }
}

/// An operation of a [`Scope`]. Dropping it is fine: the scope waits for the operation.
pub struct ScopedRequest<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    state: ScopedState,
    kind: Option<&'static Kind>,
    landing: RecvBuf,
}

enum ScopedState {
    Over(Status),
    Active(OpRef),
    Spent,
}

impl ScopedRequest<'_, '_> {
    /// Waits until the operation is over (`MPI_Wait`).
    ///
    /// # Errors
    /// Those of the operation; [`Error::Spent`] if [`test`](Self::test) has given the outcome already.
    #[inline]
    pub fn wait(mut self) -> Result<Status, Error> {
        match std::mem::replace(&mut self.state, ScopedState::Spent) {
            ScopedState::Over(status) => Ok(status),
            ScopedState::Spent => Err(Error::Spent),
            ScopedState::Active(op) => {
                let settled = self.scope.comm.shared.settled(op)?;
                finish(self.scope, op, settled, self.kind, self.landing)
            }
        }
    }

    /// Moves messages on, and gives the status if the operation is over (`MPI_Test`). `None`: it is not, or its
    /// status has been given already.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn test(&mut self) -> Result<Option<Status>, Error> {
        if let ScopedState::Active(op) = self.state
            && !self.scope.comm.shared.test(op)?
        {
            return Ok(None);
        }
        self.take().transpose()
    }

    /// The status of an operation that is over.
    pub(crate) fn take(&mut self) -> Option<Result<Status, Error>> {
        match std::mem::replace(&mut self.state, ScopedState::Spent) {
            ScopedState::Over(status) => Some(Ok(status)),
            ScopedState::Spent => None,
            ScopedState::Active(op) => {
                let settled = self.scope.comm.shared.settled(op).map_err(Error::from);
                Some(settled.and_then(|settled| finish(self.scope, op, settled, self.kind, self.landing)))
            }
        }
    }

    /// Cancels a receive that no message has matched yet (`MPI_Cancel`); whether it was.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn cancel(&mut self) -> Result<bool, Error> {
        match self.state {
            ScopedState::Active(op) => Ok(self.scope.comm.shared.door.enter()?.cancel(op)),
            _ => Ok(false),
        }
    }

    /// Whether the outcome has been given.
    pub fn is_spent(&self) -> bool {
        matches!(self.state, ScopedState::Spent)
    }

    pub(crate) fn name(&self) -> Option<(&std::sync::Arc<crate::wait::Shared>, OpRef)> {
        match self.state {
            ScopedState::Active(op) => Some((&self.scope.comm.shared, op)),
            _ => None,
        }
    }
}

impl fmt::Debug for ScopedRequest<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            ScopedState::Over(_) => "ScopedRequest (over)",
            ScopedState::Active(_) => "ScopedRequest (active)",
            ScopedState::Spent => "ScopedRequest (spent)",
        })
    }
}

impl Kind {
    /// Of a receive with an end of its own, which checks what it has received.
    const OWN: &'static Self =
        &Self { any_bits: false, grain: 0, size: 0, partial: partial::<u8>, check: |_, _| Ok(()) };

    #[inline]
    fn of<T: Equivalence>() -> &'static Self {
        /// # Safety
        /// `count` elements of T lie at `start`, initialized, and are nobody else's for this call.
        unsafe fn check<T: Equivalence>(start: *mut u8, count: usize) -> Result<(), InvalidValue> {
            if T::ANY_BITS || count == 0 {
                return Ok(());
            }
            // SAFETY: as this function's own contract says. The bytes may be no values of T yet; the callee
            // looks at them as bytes and makes them values.
            unsafe { olympi_datatype::validate_or_zero_raw(start.cast::<T>(), count) }
        }
        const {
            &Self {
                any_bits: T::ANY_BITS,
                grain: T::GRAIN,
                size: size_of::<T>(),
                partial: partial::<T>,
                check: check::<T>,
            }
        }
    }

    /// Whether a message of so many bytes holds no part of an element.
    #[inline]
    fn is_whole(&self, bytes: usize) -> bool {
        self.grain <= 1 || bytes == self.grain || bytes.is_multiple_of(self.grain)
    }
}

/// What the end of an operation of the scope means to the user. A receive that has to be checked needs the memory
/// that it was lent.
#[inline]
fn finish(
    scope: &Scope<'_, '_>,
    op: OpRef,
    settled: Settled,
    kind: Option<&'static Kind>,
    landing: RecvBuf,
) -> Result<Status, Error> {
    match settled {
        Ok(status) if kind.is_none_or(|kind| kind.any_bits && kind.is_whole(status.bytes)) => Ok(status),
        Ok(status) => {
            let outcome = Outcome::well(status);
            finish_carefully(scope, op, outcome, kind, landing)
        }
        Err(outcome) => finish_carefully(scope, op, *outcome, kind, landing),
    }
}

#[inline(never)]
fn finish_carefully(
    scope: &Scope<'_, '_>,
    op: OpRef,
    outcome: Outcome,
    kind: Option<&'static Kind>,
    landing: RecvBuf,
) -> Result<Status, Error> {
    let comm = scope.comm;
    let status = outcome.status;
    let (source_rank, tag) = (status.source, status.tag);
    let Some(kind) = kind else {
        comm.others().sent(outcome.failure)?;
        return Ok(status);
    };
    let ending = if kind.size == 0 { scope.endings.borrow_mut().remove(&op.slot) } else { None };
    if let Some(end) = ending {
        return end(outcome);
    }
    let count = landing.len().checked_div(kind.size).unwrap_or(0);
    // SAFETY: the operation has ended, so its memory is the scope's again, which still borrows it; a buffer that
    // was lent as `count` elements of this kind is still initialized.
    let checked = unsafe { (kind.check)(landing.as_ptr(), count) };
    if let Some(gone) = outcome.failure {
        return Err(comm.others().recv_error(*gone).into());
    }
    if let Some(fault) = outcome.fault {
        return Err(CollectiveError::of(*fault).into());
    }
    outcome.whole()?;
    if !kind.is_whole(status.bytes) {
        return Err((kind.partial)(&status, status.bytes).into());
    }
    checked.map_err(|source| RecvError::Value { source_rank, tag, source })?;
    Ok(status)
}
