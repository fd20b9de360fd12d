//! Blocking receives of raw buffers (MPI 5.0, section 3.2.4), and sending and receiving at once (3.10).

use std::alloc::Layout;
use std::any::{Any, type_name};
use std::mem::MaybeUninit;

use olympi_datatype::{Buffer, BufferMut, Equivalence, bytes_of, signature, validate_or_zero_raw};
use olympi_matching::Pattern;
use olympi_transport::{RecvBuf, SendBuf};

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, RecvError};
use crate::group::Group;
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome, Settled};
use crate::status::Status;

impl Communicator {
    /// Receives into a buffer (`MPI_Recv`): a value, an array, a slice or a `Vec` (which keeps its length).
    /// The message may be shorter than the buffer; [`Status::count`] tells how much of it was filled.
    ///
    /// `source` may be [`ANY_SOURCE`](crate::ANY_SOURCE), `tag` may be [`ANY_TAG`](crate::ANY_TAG).
    ///
    /// # Errors
    /// [`RecvError`]: wrong rank or tag at once; a longer message (truncated: what fits is in the buffer); a peer
    /// that is gone. After any of them later messages are intact.
    #[inline]
    pub fn recv_into<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        source: i32,
        tag: i32,
    ) -> Result<Status, RecvError> {
        let items = data.items_mut();
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Status::PROC_NULL) };
        let mut inside = self.shared.door.enter()?;
        let op = self.post(&mut inside, Traffic::of::<B::Item>(), pattern, lend(items), None);
        // The door opened for this thread a moment ago and cannot close: were it to, the buffer would be lent to an
        // operation that nobody waits for.
        match self.shared.settle(inside, op) {
            Ok(settled) => self.others().settled(settled, items),
            Err(error) => unreachable!("the door closed inside a call: {error}"),
        }
    }

    /// Receives one value (`MPI_Recv` of one element).
    ///
    /// # Errors
    /// As [`recv_into`](Self::recv_into); also [`RecvError::Partial`] where the message holds no whole value.
    #[inline]
    pub fn recv<T: Equivalence>(&self, source: i32, tag: i32) -> Result<(T, Status), RecvError> {
        let mut value = olympi_datatype::zeroed::<T>();
        let status = self.recv_into(std::slice::from_mut(&mut value), source, tag)?;
        if status.bytes() != size_of::<T>() && status.source() != crate::PROC_NULL {
            return Err(partial::<T>(&status, status.bytes()));
        }
        Ok((value, status))
    }

    /// Receives a message of any length (`MPI_Mprobe`, allocate, `MPI_Mrecv` in one): the vector is as long as the
    /// message.
    ///
    /// # Errors
    /// As [`recv_into`](Self::recv_into), but nothing is ever truncated.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let request = me.isend(vec![3_u16, 1, 4], 0, 0)?;
    /// let (digits, status) = me.recv_vec::<u16>(0, 0)?;
    /// assert_eq!((digits, status.source()), (vec![3, 1, 4], 0));
    /// # request.wait()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn recv_vec<T: Equivalence>(&self, source: i32, tag: i32) -> Result<(Vec<T>, Status), RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok((Vec::new(), Status::PROC_NULL)) };
        let mut inside = self.shared.door.enter()?;
        let hold = Box::new(Growing::<T>::default());
        let op = self.post(&mut inside, Traffic::of::<T>(), pattern, RecvBuf::empty(), Some(hold));
        drop(inside);
        Growing::finish(self.shared.outcome(op)?, self.others())
    }

    /// Sends and receives at once, without a fear of deadlock (`MPI_Sendrecv`).
    ///
    /// # Errors
    /// Those of [`send`](Self::send) and [`recv_into`](Self::recv_into).
    pub fn sendrecv<S: Buffer + ?Sized, R: BufferMut + ?Sized>(
        &self,
        data: &S,
        dest: i32,
        send_tag: i32,
        into: &mut R,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        // Wrong arguments are found before anything begins.
        self.destination(dest, send_tag)?;
        self.scope(|scope| {
            let receive = scope.irecv(into, source, recv_tag)?;
            self.send(data, dest, send_tag)?;
            receive.wait()
        })
    }

    /// Sends a buffer and receives into the same one (`MPI_Sendrecv_replace`).
    ///
    /// # Errors
    /// Those of [`send`](Self::send) and [`recv_into`](Self::recv_into).
    pub fn sendrecv_replace<B: BufferMut + ?Sized>(
        &self,
        data: &mut B,
        dest: i32,
        send_tag: i32,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        self.pattern(source, recv_tag)?;
        let copy = data.items().to_vec();
        let request = self.isend(copy, dest, send_tag)?;
        let status = self.recv_into(data, source, recv_tag)?;
        request.wait()?;
        Ok(status)
    }

    /// Posts a receive of this traffic.
    #[inline(always)]
    pub(crate) fn post(
        &self,
        state: &mut State,
        traffic: Traffic,
        pattern: Pattern,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        state.post(self.context(traffic), traffic.signature(), pattern, landing, hold)
    }

    /// Posts a receive into memory that belongs to the operation; `None` for `PROC_NULL`.
    pub(crate) fn post_hold(
        &self,
        traffic: Traffic,
        source: i32,
        tag: i32,
        hold: Box<dyn Hold>,
    ) -> Result<Option<OpRef>, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(None) };
        let mut inside = self.shared.door.enter()?;
        Ok(Some(self.post(&mut inside, traffic, pattern, RecvBuf::empty(), Some(hold))))
    }
}

impl Outcome {
    /// Whether the message is made of what was asked for.
    pub(crate) fn typed(&self) -> Result<(), RecvError> {
        let Status { source: source_rank, tag, .. } = self.status;
        match self.mismatch {
            None => Ok(()),
            Some((sent, expected)) => {
                let (sent, expected) = (signature::name(sent), signature::name(expected));
                Err(RecvError::Type { source_rank, tag, sent, expected })
            }
        }
    }

    /// Whether it is, and all of the message found room.
    pub(crate) fn whole(&self) -> Result<(), RecvError> {
        self.typed()?;
        let Status { source: source_rank, tag, bytes: room, .. } = self.status;
        if self.sent > room {
            return Err(RecvError::Truncated { source_rank, tag, sent: self.sent, room });
        }
        Ok(())
    }
}

/// Lends a slice to a receive.
#[inline]
pub(crate) fn lend<T: Equivalence>(items: &mut [T]) -> RecvBuf {
    // SAFETY: the caller holds the slice exclusively until the operation has ended: a blocking call does not return
    // before, a scope does not end before, an owned buffer belongs to the operation.
    unsafe { RecvBuf::lend(items.as_mut_ptr().cast(), size_of_val(items)) }
}

/// Lends a slice to a send.
#[inline]
pub(crate) fn lend_const<T: Equivalence>(items: &[T]) -> SendBuf {
    let bytes = bytes_of(items);
    // SAFETY: as for `lend`; a shared borrow suffices, since the operation only reads.
    unsafe { SendBuf::lend(bytes.as_ptr(), bytes.len()) }
}

#[cold]
pub(crate) fn partial<T: Equivalence>(status: &Status, sent: usize) -> RecvError {
    RecvError::Partial {
        source_rank: status.source,
        tag: status.tag,
        sent,
        type_name: type_name::<T>(),
        size: T::GRAIN,
    }
}

impl Group {
    /// What a receive's end means to the user.
    #[inline]
    pub(crate) fn settled<T: Equivalence>(
        &self,
        settled: Settled,
        items: &mut [T],
    ) -> Result<Status, RecvError> {
        match settled {
            Ok(status) if T::ANY_BITS && (T::GRAIN <= 1 || status.bytes.is_multiple_of(T::GRAIN)) => {
                Ok(status)
            }
            Ok(status) => self.received(&Outcome::well(status), items),
            Err(outcome) => self.received(&outcome, items),
        }
    }

    /// What a receive's end means to the user; and that no element holds bytes that are no value of its type.
    pub(crate) fn received<T: Equivalence>(
        &self,
        outcome: &Outcome,
        items: &mut [T],
    ) -> Result<Status, RecvError> {
        let status = outcome.status;
        // SAFETY: the operation has ended, so the memory is the slice's again, and all of it is initialized.
        let checked = unsafe { validate_or_zero_raw(items.as_mut_ptr(), items.len()) };
        if let Some(gone) = &outcome.failure {
            return Err(self.recv_error(gone.as_ref().clone()));
        }
        outcome.whole()?;
        if T::GRAIN != 1 && !status.bytes.is_multiple_of(T::GRAIN) {
            return Err(partial::<T>(&status, status.bytes));
        }
        match checked {
            Ok(()) => Ok(status),
            Err(source) => Err(RecvError::Value { source_rank: status.source, tag: status.tag, source }),
        }
    }
}

/// A vector that is allocated when the length of the message is known.
pub(crate) struct Growing<T> {
    items: Vec<MaybeUninit<T>>,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<T: Equivalence> Hold for Growing<T> {
    fn room(&mut self, len: usize) -> RecvBuf {
        let count = len.checked_div(size_of::<T>()).unwrap_or(0);
        // A length that no memory can hold gets no room: the message is then truncated, and an error.
        let Ok(layout) = Layout::array::<T>(count) else { return RecvBuf::empty() };
        if layout.size() == 0 {
            return RecvBuf::empty();
        }
        // Zeroed, which costs nothing where it matters (long messages get fresh pages): a peer that says that it has
        // put what it has not must not make us read memory that nobody has written.
        // SAFETY: the layout is not of zero size.
        let start = unsafe { std::alloc::alloc_zeroed(layout) };
        if start.is_null() {
            return RecvBuf::empty();
        }
        // SAFETY: allocated just now by the global allocator with the layout of `count` elements of T, which is that of
        // MaybeUninit<T>; and the vector is not touched until the operation that borrows its memory has ended.
        unsafe {
            self.items = Box::from_raw(std::ptr::slice_from_raw_parts_mut(start.cast(), count)).into_vec();
            RecvBuf::lend(start, layout.size())
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T: Equivalence> Growing<T> {
    /// The vector and the status of a receive that has ended.
    pub(crate) fn finish(mut outcome: Outcome, group: &Group) -> Result<(Vec<T>, Status), RecvError> {
        let status = outcome.status;
        let hold = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Self>().ok());
        if let Some(gone) = outcome.failure {
            return Err(group.recv_error(*gone));
        }
        outcome.typed()?;
        let mut items = hold.map(|hold| hold.items).unwrap_or_default();
        if size_of::<T>() > 0 && !outcome.sent.is_multiple_of(size_of::<T>()) {
            return Err(partial::<T>(&status, outcome.sent));
        }
        outcome.whole()?;
        // SAFETY: the memory was zeroed before it was lent, and its operation has ended, so every byte is initialized.
        unsafe { olympi_datatype::validate_or_zero_uninit(&mut items) }
            .map_err(|source| RecvError::Value { source_rank: status.source, tag: status.tag, source })?;
        let mut items = std::mem::ManuallyDrop::new(items);
        // SAFETY: every element has just been checked to be a value of T; MaybeUninit<T> has T's layout.
        let items = unsafe { Vec::from_raw_parts(items.as_mut_ptr().cast(), items.len(), items.capacity()) };
        Ok((items, status))
    }
}

/// A vector that belongs to an operation.
pub(crate) struct Owned<T>(pub(crate) Vec<T>);

impl<T: Equivalence> Hold for Owned<T> {
    fn room(&mut self, _len: usize) -> RecvBuf {
        lend(&mut self.0)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T: Equivalence> Owned<T> {
    /// The vector that an operation has had.
    pub(crate) fn back(outcome: &mut Outcome) -> Vec<T> {
        let hold = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Self>().ok());
        hold.map(|owned| owned.0).unwrap_or_default()
    }
}
