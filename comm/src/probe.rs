//! Asking before receiving: probes and matched receives (MPI 5.0, section 3.8).

use std::fmt;
use std::sync::Arc;

use olympi_datatype::signature::UNCHECKED;
use olympi_datatype::{BufferMut, Equivalence};
use olympi_matching::{Key, Pattern};
use olympi_transport_api::RecvBuf;
use serde::de::DeserializeOwned;

use crate::communicator::{Communicator, Core};
use crate::context::Traffic;
use crate::error::{Error, RecvError};
use crate::group::Group;
use crate::inbox::{State, Unexpected};
use crate::op::{Gone, Hold, OpRef, Outcome, Settled};
use crate::recv::{Growing, Owned, lend};
use crate::request::Request;
use crate::status::Status;

impl Communicator {
    /// Waits for a message that matches, and leaves it where it is (`MPI_Probe`).
    ///
    /// At [`ThreadLevel::Multiple`](crate::ThreadLevel::Multiple) another thread may receive it first; use
    /// [`mprobe`](Self::mprobe) there.
    ///
    /// # Errors
    /// [`RecvError`]: wrong rank or tag at once; a peer that is gone.
    pub fn probe(&self, source: i32, tag: i32) -> Result<Status, RecvError> {
        self.probe_in(Traffic::ANY_BUFFERS, source, tag)
    }

    /// Whether a message that matches is there (`MPI_Iprobe`); it stays where it is.
    ///
    /// # Errors
    /// [`RecvError`]: wrong rank or tag; a peer that is gone.
    pub fn iprobe(&self, source: i32, tag: i32) -> Result<Option<Status>, RecvError> {
        self.iprobe_in(Traffic::ANY_BUFFERS, source, tag)
    }

    /// Waits for an object that matches, and leaves it where it is.
    ///
    /// # Errors
    /// As [`probe`](Self::probe).
    pub fn probe_object(&self, source: i32, tag: i32) -> Result<Status, RecvError> {
        self.probe_in(Traffic::Objects, source, tag)
    }

    /// Whether an object that matches is there; it stays where it is.
    ///
    /// # Errors
    /// As [`iprobe`](Self::iprobe).
    pub fn iprobe_object(&self, source: i32, tag: i32) -> Result<Option<Status>, RecvError> {
        self.iprobe_in(Traffic::Objects, source, tag)
    }

    /// Waits for a message that matches, and takes it out of the queue (`MPI_Mprobe`): only the returned
    /// [`Message`] can receive it.
    ///
    /// # Errors
    /// As [`probe`](Self::probe).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let send = me.isend(vec![7_u8; 3], 0, 2)?;
    /// let message = me.mprobe(0, olympi_comm::ANY_TAG)?;
    /// assert_eq!((message.status().bytes(), message.status().tag()), (3, 2));
    /// assert_eq!(message.recv_vec::<u8>()?.0, [7; 3]);
    /// # send.wait()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn mprobe(&self, source: i32, tag: i32) -> Result<Message, RecvError> {
        self.mprobe_in(Traffic::ANY_BUFFERS, source, tag)
    }

    /// Takes a message that matches out of the queue, if there is one (`MPI_Improbe`).
    ///
    /// # Errors
    /// As [`iprobe`](Self::iprobe).
    pub fn improbe(&self, source: i32, tag: i32) -> Result<Option<Message>, RecvError> {
        self.improbe_in(Traffic::ANY_BUFFERS, source, tag)
    }

    /// Waits for an object that matches, and takes it out of the queue.
    ///
    /// # Errors
    /// As [`mprobe`](Self::mprobe).
    pub fn mprobe_object(&self, source: i32, tag: i32) -> Result<ObjectMessage, RecvError> {
        Ok(ObjectMessage(self.mprobe_in(Traffic::Objects, source, tag)?))
    }

    /// Takes an object that matches out of the queue, if there is one.
    ///
    /// # Errors
    /// As [`improbe`](Self::improbe).
    pub fn improbe_object(&self, source: i32, tag: i32) -> Result<Option<ObjectMessage>, RecvError> {
        Ok(self.improbe_in(Traffic::Objects, source, tag)?.map(ObjectMessage))
    }

    fn probe_in(&self, traffic: Traffic, source: i32, tag: i32) -> Result<Status, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Status::PROC_NULL) };
        let context = self.context(traffic);
        self.shared.wait(|state| match peek(state, context, pattern) {
            Some(status) => Some(Ok(status)),
            None => self.in_vain(state, context, pattern).map(Err),
        })?
    }

    fn iprobe_in(&self, traffic: Traffic, source: i32, tag: i32) -> Result<Option<Status>, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Some(Status::PROC_NULL)) };
        let context = self.context(traffic);
        self.shared.look(|state| match peek(state, context, pattern) {
            Some(status) => Ok(Some(status)),
            None => self.in_vain(state, context, pattern).map_or(Ok(None), Err),
        })?
    }

    fn mprobe_in(&self, traffic: Traffic, source: i32, tag: i32) -> Result<Message, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(self.no_message()) };
        let context = self.context(traffic);
        let taken = self.shared.wait(|state| match take(state, context, pattern) {
            Some(taken) => Some(Ok(taken)),
            None => self.in_vain(state, context, pattern).map(Err),
        })??;
        Ok(self.message(context, taken))
    }

    fn improbe_in(&self, traffic: Traffic, source: i32, tag: i32) -> Result<Option<Message>, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Some(self.no_message())) };
        let context = self.context(traffic);
        self.shared.look(|state| match take(state, context, pattern) {
            Some(taken) => Ok(Some(self.message(context, taken))),
            None => self.in_vain(state, context, pattern).map_or(Ok(None), Err),
        })?
    }

    /// Why no message of this pattern can come any more, if so.
    fn in_vain(&self, state: &mut State, context: u32, pattern: Pattern) -> Option<RecvError> {
        state.dead_source(context, pattern.source).map(|gone| self.others().recv_error(gone))
    }

    fn message(&self, context: u32, (key, unexpected): (Key, Unexpected)) -> Message {
        let status = status(key, unexpected.len());
        let taken = Some(Taken { context, key, unexpected });
        Message { core: Arc::clone(&self.core), status, taken }
    }

    /// What a matched probe of `PROC_NULL` yields (`MPI_MESSAGE_NO_PROC`).
    fn no_message(&self) -> Message {
        Message { core: Arc::clone(&self.core), status: Status::PROC_NULL, taken: None }
    }
}

fn peek(state: &mut State, context: u32, pattern: Pattern) -> Option<Status> {
    let (key, message) = state.mail.contexts.queue(context)?.probe(pattern)?;
    Some(status(key, message.len()))
}

fn take(state: &mut State, context: u32, pattern: Pattern) -> Option<(Key, Unexpected)> {
    state.mail.contexts.queue(context)?.take(pattern)
}

fn status(key: Key, len: u64) -> Status {
    let bytes = usize::try_from(len).unwrap_or(usize::MAX);
    Status { source: key.source as i32, tag: key.tag, bytes, cancelled: false }
}

/// A message that was taken out of the queue, to be received by this value alone (`MPI_Message`). Dropping it
/// discards the message.
#[must_use = "a matched message is received; dropping it discards it"]
pub struct Message {
    core: Arc<Core>,
    status: Status,
    /// `None` for the message of `PROC_NULL`.
    taken: Option<Taken>,
}

struct Taken {
    context: u32,
    key: Key,
    unexpected: Unexpected,
}

impl Message {
    /// Source, tag and length.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Receives it into a buffer (`MPI_Mrecv`).
    ///
    /// # Errors
    /// As [`Communicator::recv_into`].
    pub fn recv_into<B: BufferMut + ?Sized>(mut self, data: &mut B) -> Result<Status, RecvError> {
        let items = data.items_mut();
        match self.receive(B::Item::SIGNATURE, lend(items), None)? {
            None => Ok(Status::PROC_NULL),
            Some(settled) => self.core.others.settled(settled, items),
        }
    }

    /// Receives it into memory that is lent to this call, or held; `None`: it is that of `PROC_NULL`.
    pub(crate) fn receive(
        &mut self,
        signature: u8,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<Option<Settled>, RecvError> {
        let mut inside = self.core.shared.door.enter()?;
        let Some(taken) = self.taken.take() else { return Ok(None) };
        let op = inside.mail.ops.begin(taken.context, signature, landing, hold);
        inside.claim(op, taken.key, taken.unexpected);
        match self.core.shared.settle(inside, op) {
            Ok(settled) => Ok(Some(settled)),
            Err(error) => unreachable!("the door closed inside a call: {error}"),
        }
    }

    /// Receives it into a vector of its length.
    ///
    /// # Errors
    /// As [`Communicator::recv_vec`].
    pub fn recv_vec<T: Equivalence>(mut self) -> Result<(Vec<T>, Status), RecvError> {
        match self.claim(T::SIGNATURE, Box::new(Growing::<T>::default()))? {
            None => Ok((Vec::new(), Status::PROC_NULL)),
            Some(op) => Growing::finish(self.core.shared.outcome(op)?, &self.core.others),
        }
    }

    /// Begins to receive it into a vector, up to that vector's length (`MPI_Imrecv`).
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread; waiting tells the rest.
    pub fn irecv<T: Equivalence>(mut self, into: Vec<T>) -> Result<Request<(Vec<T>, Status)>, RecvError> {
        if self.taken.is_none() {
            return Ok(Request::over((into, Status::PROC_NULL)));
        }
        let op = self.claim(T::SIGNATURE, Box::new(Owned(into)))?;
        Ok(self.request(op, crate::request::received_into::<T>, (Vec::new(), Status::PROC_NULL)))
    }

    fn request<T>(
        self,
        op: Option<OpRef>,
        finish: fn(Outcome, &Group) -> Result<T, Error>,
        none: T,
    ) -> Request<T> {
        match op {
            None => Request::over(none),
            Some(op) => Request::from_parts(&self.core, op, finish),
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn claim(&mut self, signature: u8, hold: Box<dyn Hold>) -> Result<Option<OpRef>, RecvError> {
        self.claim_typed(signature, RecvBuf::empty(), Some(hold))
    }

    /// Receives it into memory that is lent, or held.
    pub(crate) fn claim_into(
        &mut self,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<Option<OpRef>, RecvError> {
        self.claim_typed(UNCHECKED, landing, hold)
    }

    fn claim_typed(
        &mut self,
        signature: u8,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<Option<OpRef>, RecvError> {
        let mut inside = self.core.shared.door.enter()?;
        let Some(taken) = self.taken.take() else { return Ok(None) };
        let op = inside.mail.ops.begin(taken.context, signature, landing, hold);
        inside.claim(op, taken.key, taken.unexpected);
        Ok(Some(op))
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take()
            && let Ok(mut inside) = self.core.shared.door.enter()
        {
            // It has been received, though nobody looks: to its sender there is no difference.
            let op = inside.mail.ops.begin(taken.context, UNCHECKED, RecvBuf::empty(), None);
            inside.claim(op, taken.key, taken.unexpected);
            drop(inside.detach(op));
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("status", &self.status).finish_non_exhaustive()
    }
}

/// An object that was taken out of the queue, to be received by this value alone.
#[must_use = "a matched object is received; dropping it discards it"]
#[derive(Debug)]
pub struct ObjectMessage(Message);

impl ObjectMessage {
    /// Source, tag, and the length of the encoded object.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Receives it.
    ///
    /// # Errors
    /// As [`Communicator::recv_object`].
    pub fn recv<T: DeserializeOwned>(mut self) -> Result<(T, Status), RecvError> {
        let Some(op) = self.0.claim(UNCHECKED, Box::new(Growing::<u8>::default()))? else {
            return Err(crate::object::no_object());
        };
        crate::object::finish(self.0.core.shared.outcome(op)?, &self.0.core.others)
    }

    /// Begins to receive it.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread; waiting tells the rest.
    pub fn irecv<T: DeserializeOwned>(mut self) -> Result<Request<(T, Status)>, RecvError> {
        match self.0.claim(UNCHECKED, Box::new(Growing::<u8>::default()))? {
            None => Err(crate::object::no_object()),
            Some(op) => Ok(Request::from_parts(&self.0.core, op, |outcome, group| {
                Ok(crate::object::finish(outcome, group)?)
            })),
        }
    }
}

impl State {
    /// The first dead peer that a receive of this pattern would wait for in vain.
    fn dead_source(&mut self, context: u32, source: Option<u32>) -> Option<Gone> {
        if self.mail.dead.is_empty() { None } else { self.mail.dead_source(context, source) }
    }
}
