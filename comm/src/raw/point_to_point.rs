//! Messages of raw memory (MPI 5.0, chapter 3).

use olympi_datatype::signature::UNCHECKED;
use olympi_transport::{Mode, RecvBuf, SendBuf};
use olympi_transport_api::Peer;

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, RecvError, SendError};
use crate::op::{Hold, OpRef, Outcome};
use crate::probe::Message;
use crate::raw::request::{Again, Stage, received};
use crate::raw::{Kept, Raw, RawRequest};
use crate::recv::{Owned, lend_const};
use crate::status::Status;
use crate::view::Packed;

use olympi_matching::Pattern;

/// How a message is sent (MPI 5.0, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendMode {
    /// `MPI_Send`
    Standard,
    /// `MPI_Ssend`
    Synchronous,
    /// `MPI_Bsend`
    Buffered,
    /// `MPI_Rsend`
    Ready,
}

impl SendMode {
    fn of_protocol(self) -> Mode {
        match self {
            Self::Synchronous => Mode::Synchronous,
            Self::Standard | Self::Buffered | Self::Ready => Mode::Standard,
        }
    }
}

/// Messages of raw memory.
///
/// # Safety
/// Of all these calls: the memory of a send may be read and is initialized, that of a receive may be written and is
/// nobody else's, until the operation has ended: in a blocking call until it returns, else until the request's outcome has
/// been given (for a persistent one: from each start).
#[allow(clippy::missing_safety_doc)] // It is said above, for all of them.
impl Communicator {
    /// Sends ([`send`](Self::send), `MPI_Send` and its modes).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub unsafe fn send_raw(
        &self,
        mode: SendMode,
        data: &Raw<'_>,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        if let Raw::Run { start, len } = *data
            && mode != SendMode::Buffered
        {
            let bytes: &[u8] = match len {
                0 => &[],
                // SAFETY: the caller's promise: initialized, and lent to this call.
                _ => unsafe { std::slice::from_raw_parts(start, len) },
            };
            return self.send_bytes(Traffic::ANY_BUFFERS, mode.of_protocol(), bytes, dest, tag);
        }
        // SAFETY: the caller's promise.
        unsafe { self.send_raw_packed(mode, data, dest, tag) }
    }

    #[cold]
    #[inline(never)]
    unsafe fn send_raw_packed(
        &self,
        mode: SendMode,
        data: &Raw<'_>,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        // SAFETY: the caller's promise.
        let packed = unsafe { data.pack() };
        match mode {
            SendMode::Buffered => self.bsend_bytes(Traffic::ANY_BUFFERS, &packed, dest, tag),
            _ => self.send_bytes(Traffic::ANY_BUFFERS, mode.of_protocol(), &packed, dest, tag),
        }
    }

    /// Begins to send ([`isend`](Self::isend), `MPI_Isend` and its modes).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub unsafe fn isend_raw(
        &self,
        mode: SendMode,
        data: &Raw<'_>,
        dest: i32,
        tag: i32,
    ) -> Result<RawRequest, SendError> {
        if mode == SendMode::Buffered {
            // SAFETY: the caller's promise.
            unsafe { self.send_raw(mode, data, dest, tag) }?;
            return Ok(RawRequest::send(&self.core, None));
        }
        let Some(peer) = self.destination(dest, tag)? else { return Ok(RawRequest::send(&self.core, None)) };
        // SAFETY: the caller's promise.
        let op = unsafe { self.begin_raw(mode, data, peer, tag) }?;
        Ok(RawRequest::send(&self.core, op))
    }

    /// The same out of a copy, so that the memory is free at once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub unsafe fn isend_raw_copy(
        &self,
        data: &Raw<'_>,
        dest: i32,
        tag: i32,
    ) -> Result<RawRequest, SendError> {
        let Some(peer) = self.destination(dest, tag)? else { return Ok(RawRequest::send(&self.core, None)) };
        // SAFETY: the caller's promise.
        let copy = unsafe { data.pack() };
        let op = self.begin_lent(SendMode::Standard, hold(copy), peer, tag)?;
        Ok(RawRequest::send(&self.core, op))
    }

    #[inline]
    unsafe fn begin_raw(
        &self,
        mode: SendMode,
        data: &Raw<'_>,
        peer: Peer,
        tag: i32,
    ) -> Result<Option<OpRef>, SendError> {
        // SAFETY: the caller's promise.
        self.begin_lent(mode, unsafe { lend(data) }, peer, tag)
    }

    /// Begins to send what is lent, and held if it is the operation's own.
    #[inline]
    fn begin_lent(
        &self,
        mode: SendMode,
        (buf, mut hold): Lent,
        peer: Peer,
        tag: i32,
    ) -> Result<Option<OpRef>, SendError> {
        let mut inside = self.shared.door.enter()?;
        self.begin_send(
            &mut inside,
            Traffic::ANY_BUFFERS,
            mode.of_protocol(),
            buf,
            Some(&mut hold),
            peer,
            tag,
        )
    }

    /// Sets up a send ([`send_init`](Self::send_init), `MPI_Send_init` and its modes).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub unsafe fn send_raw_init(
        &self,
        mode: SendMode,
        data: &Raw<'_>,
        dest: i32,
        tag: i32,
    ) -> Result<RawRequest, SendError> {
        let peer = self.destination(dest, tag)?;
        let again = Sending { comm: self.handle(), mode, data: data.keep(), dest, peer, tag };
        Ok(RawRequest::persistent(&self.core, Box::new(again)))
    }

    /// Receives ([`recv_into`](Self::recv_into), `MPI_Recv`).
    ///
    /// # Errors
    /// As [`recv_into`](Self::recv_into).
    #[inline]
    pub unsafe fn recv_raw(&self, into: &Raw<'_>, source: i32, tag: i32) -> Result<Status, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Status::PROC_NULL) };
        let mut inside = self.shared.door.enter()?;
        // SAFETY: the caller's promise.
        let (landing, hold, kept) = unsafe { room(into) };
        let op = self.post(&mut inside, Traffic::ANY_BUFFERS, pattern, landing, hold);
        match self.shared.settle(inside, op) {
            Ok(Ok(status)) if kept.is_none() => Ok(status),
            Ok(settled) => {
                let outcome = settled.map_or_else(|outcome| *outcome, Outcome::well);
                received(&self.core, kept.as_deref(), outcome)
            }
            // As in `recv_into`: the door cannot close inside of a call.
            Err(error) => unreachable!("the door closed inside a call: {error}"),
        }
    }

    /// Begins to receive ([`irecv`](Self::irecv), `MPI_Irecv`).
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    #[inline]
    pub unsafe fn irecv_raw(&self, into: &Raw<'_>, source: i32, tag: i32) -> Result<RawRequest, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else {
            return Ok(RawRequest::receive(&self.core, Stage::Over(Status::PROC_NULL), None));
        };
        // SAFETY: the caller's promise.
        let (landing, hold, kept) = unsafe { room(into) };
        let mut inside = self.shared.door.enter()?;
        let op = self.post(&mut inside, Traffic::ANY_BUFFERS, pattern, landing, hold);
        drop(inside);
        Ok(RawRequest::receive(&self.core, Stage::Active(op), kept))
    }

    /// Sets up a receive ([`recv_init`](Self::recv_init), `MPI_Recv_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub unsafe fn recv_raw_init(
        &self,
        into: &Raw<'_>,
        source: i32,
        tag: i32,
    ) -> Result<RawRequest, RecvError> {
        let pattern = self.pattern(source, tag)?;
        let again = Receiving { comm: self.handle(), into: into.keep(), pattern };
        Ok(RawRequest::persistent(&self.core, Box::new(again)))
    }

    /// Sends and receives at once ([`sendrecv`](Self::sendrecv), `MPI_Sendrecv`).
    ///
    /// # Errors
    /// Those of the send and of the receive.
    #[allow(clippy::too_many_arguments)] // MPI's own.
    pub unsafe fn sendrecv_raw(
        &self,
        data: &Raw<'_>,
        dest: i32,
        send_tag: i32,
        into: &Raw<'_>,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        // Wrong arguments are found before anything begins.
        self.destination(dest, send_tag)?;
        // SAFETY: the caller's promise; this call waits for both.
        let mut receive = unsafe { self.irecv_raw(into, source, recv_tag) }?;
        // SAFETY: as above.
        if let Err(error) = unsafe { self.send_raw(SendMode::Standard, data, dest, send_tag) } {
            receive.cancel()?;
            let _cancelled = receive.wait();
            return Err(error.into());
        }
        receive.wait()
    }

    /// Sends and receives in the same memory ([`sendrecv_replace`](Self::sendrecv_replace), `MPI_Sendrecv_replace`).
    ///
    /// # Errors
    /// Those of the send and of the receive.
    pub unsafe fn sendrecv_replace_raw(
        &self,
        data: &Raw<'_>,
        dest: i32,
        send_tag: i32,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        self.pattern(source, recv_tag)?;
        // SAFETY: the caller's promise.
        let mut send = unsafe { self.isend_raw_copy(data, dest, send_tag) }?;
        // SAFETY: as above; what is sent is a copy.
        let status = unsafe { self.recv_raw(data, source, recv_tag) }?;
        send.wait()?;
        Ok(status)
    }
}

impl Message {
    /// Receives it into raw memory (`MPI_Mrecv`).
    ///
    /// # Errors
    /// As [`Communicator::recv_into`].
    ///
    /// # Safety
    /// The memory may be written and is nobody else's during the call.
    pub unsafe fn recv_raw(mut self, into: &Raw<'_>) -> Result<Status, RecvError> {
        // SAFETY: the caller's promise.
        let (landing, hold, kept) = unsafe { room(into) };
        match self.receive(UNCHECKED, landing, hold)? {
            None => Ok(Status::PROC_NULL),
            Some(Ok(status)) if kept.is_none() => Ok(status),
            Some(settled) => {
                let outcome = settled.map_or_else(|outcome| *outcome, Outcome::well);
                received(self.core(), kept.as_deref(), outcome)
            }
        }
    }

    /// Begins to receive it into raw memory (`MPI_Imrecv`).
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread; waiting tells the rest.
    ///
    /// # Safety
    /// The memory may be written and is nobody else's until the request's outcome has been given.
    pub unsafe fn irecv_raw(mut self, into: &Raw<'_>) -> Result<RawRequest, RecvError> {
        // SAFETY: the caller's promise.
        let (landing, hold, kept) = unsafe { room(into) };
        let stage = match self.claim_into(landing, hold)? {
            None => Stage::Over(Status::PROC_NULL),
            Some(op) => Stage::Active(op),
        };
        Ok(RawRequest::receive(self.core(), stage, kept))
    }
}

/// What is lent to a send, and what the operation has to hold of it.
type Lent = (SendBuf, Option<Box<dyn Hold>>);

/// Lends memory to a send: itself, or packed elements that the operation has to hold.
unsafe fn lend(data: &Raw<'_>) -> Lent {
    // SAFETY: the caller's promise.
    match unsafe { data.lend() } {
        Some(buf) => (buf, None),
        // SAFETY: as above.
        None => hold(unsafe { data.pack() }),
    }
}

/// Gives packed elements to a send.
fn hold(packed: Vec<u8>) -> Lent {
    // A vector's memory stays where it is when the vector moves.
    (lend_const(&packed), Some(Box::new(Owned(packed))))
}

/// Room for a receive: the memory itself, or some of the operation's own that is then distributed.
#[inline]
pub(super) unsafe fn room(into: &Raw<'_>) -> (RecvBuf, Option<Box<dyn Hold>>, Option<Box<Kept>>) {
    // SAFETY: the caller's promise.
    match unsafe { into.lend_mut() } {
        Some(landing) => (landing, None, None),
        None => {
            let packed = Box::new(Packed::up_to(into.len()));
            (RecvBuf::empty(), Some(packed), Some(Box::new(into.keep())))
        }
    }
}

struct Sending {
    comm: Communicator,
    mode: SendMode,
    data: Kept,
    dest: i32,
    peer: Option<Peer>,
    tag: i32,
}

impl Again for Sending {
    fn start(&mut self) -> Result<Stage, Error> {
        let Some(peer) = self.peer else { return Ok(Stage::Over(Status::EMPTY)) };
        let data = self.data.raw();
        if self.mode == SendMode::Buffered {
            // SAFETY: promised to `send_raw_init` for each start.
            unsafe { self.comm.send_raw(self.mode, &data, self.dest, self.tag) }?;
            return Ok(Stage::Over(Status::EMPTY));
        }
        // SAFETY: as above.
        let op = unsafe { self.comm.begin_raw(self.mode, &data, peer, self.tag) }?;
        Ok(op.map_or(Stage::Over(Status::EMPTY), Stage::Active))
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error> {
        self.comm.others().sent(outcome.failure)?;
        Ok(outcome.status)
    }

    fn is_needed(&self) -> bool {
        false
    }
}

struct Receiving {
    comm: Communicator,
    into: Kept,
    pattern: Option<Pattern>,
}

impl Again for Receiving {
    fn start(&mut self) -> Result<Stage, Error> {
        let Some(pattern) = self.pattern else { return Ok(Stage::Over(Status::PROC_NULL)) };
        // SAFETY: promised to `recv_raw_init` for each start.
        let (landing, hold, _) = unsafe { room(&self.into.raw()) };
        let mut inside = self.comm.shared.door.enter()?;
        Ok(Stage::Active(self.comm.post(&mut inside, Traffic::ANY_BUFFERS, pattern, landing, hold)))
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error> {
        Ok(received(&self.comm.core, Some(&self.into), outcome)?)
    }

    fn is_needed(&self) -> bool {
        matches!(self.into.raw(), Raw::Laid { .. })
    }
}
