//! Sending and receiving what a datatype lays out: a column, some fields of structs, a halo (MPI 5.0, section 3.2.2 and
//! chapter 5).
//!
//! Elements that lie in one piece go straight out of the user's memory and into it, as a slice does. Others are packed
//! into memory of the operation when it begins; what is received lands in such memory and is distributed when the
//! operation's outcome is taken: one copy more. A message that is shorter fills the places of its bytes and no others.

mod nonblocking;

use std::any::Any;

use olympi_datatype::signature;
use olympi_datatype::{Datatype, Memory, MemoryMut, View};
use olympi_matching::Pattern;
use olympi_transport::{Mode, RecvBuf, SendBuf};

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, RecvError, SendError};
use crate::group::Group;
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome, Settled};
use crate::recv::{Owned, lend, lend_const};
use crate::status::Status;

/// Elements of a derived datatype: a [`View`] takes the place of a buffer.
impl Communicator {
    /// Sends the elements of a view (`MPI_Send` with a derived datatype).
    ///
    /// The receiver may lay them out otherwise, or receive a plain buffer: only their sequence must agree.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::Datatype;
    ///
    /// let matrix: Vec<f64> = (0..12).map(f64::from).collect(); // three rows of four
    /// let column = Datatype::of::<f64>().vector(3, 1, 4)?;
    /// let mut first_row = [0.0; 3];
    /// me.scope(|scope| {
    ///     let receive = scope.irecv(&mut first_row[..], 0, 7)?;
    ///     me.send_view(&column.view(&matrix[2..], 1)?, 0, 7)?;
    ///     assert_eq!(receive.wait()?.count_of(&column), Some(1));
    ///     Ok(())
    /// })?;
    /// assert_eq!(first_row, [2.0, 6.0, 10.0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn send_view<M: Memory>(&self, data: &View<M>, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send_view_in(Mode::Standard, data, dest, tag)
    }

    /// Sends the elements of a view synchronously (`MPI_Ssend`).
    ///
    /// # Errors
    /// As [`ssend`](Self::ssend).
    pub fn ssend_view<M: Memory>(&self, data: &View<M>, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send_view_in(Mode::Synchronous, data, dest, tag)
    }

    /// Sends the elements of a view to a receive that is known to be posted (`MPI_Rsend`).
    ///
    /// # Errors
    /// As [`rsend`](Self::rsend).
    pub fn rsend_view<M: Memory>(&self, data: &View<M>, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send_view(data, dest, tag)
    }

    /// Sends the elements of a view out of the attached buffer (`MPI_Bsend`).
    ///
    /// # Errors
    /// As [`bsend`](Self::bsend).
    pub fn bsend_view<M: Memory>(&self, data: &View<M>, dest: i32, tag: i32) -> Result<(), SendError> {
        match data.contiguous() {
            Some(bytes) => self.bsend_bytes(traffic(data), bytes, dest, tag),
            None => self.bsend_bytes(traffic(data), &data.pack(), dest, tag),
        }
    }

    fn send_view_in<M: Memory>(
        &self,
        mode: Mode,
        data: &View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        match data.contiguous() {
            Some(bytes) => self.send_bytes(traffic(data), mode, bytes, dest, tag),
            None => self.send_bytes(traffic(data), mode, &data.pack(), dest, tag),
        }
    }

    /// Receives into the elements of a view (`MPI_Recv` with a derived datatype). The message may be shorter:
    /// [`Status::count_of`] and [`Status::elements`] tell how many elements there were.
    ///
    /// # Errors
    /// As [`recv_into`](Self::recv_into); [`RecvError::Partial`] where the message ends inside of a basic element.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::{Datatype, Order};
    ///
    /// // A field of 2 x 3 with a halo of one on each side; its left halo comes from the left neighbour.
    /// let mut field = vec![0_i32; 4 * 5];
    /// let halo = Datatype::of::<i32>().subarray(&[4, 5], &[2, 1], &[1, 0], Order::C)?;
    /// let neighbour = me.isend(vec![7, 8], 0, 1)?;
    /// let status = me.recv_view(&mut halo.view(&mut field, 1)?, 0, 1)?;
    /// assert_eq!((status.elements(&halo), field[5], field[10]), (Some(2), 7, 8));
    /// # neighbour.wait()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn recv_view<M: MemoryMut>(
        &self,
        into: &mut View<M>,
        source: i32,
        tag: i32,
    ) -> Result<Status, RecvError> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(Status::PROC_NULL) };
        let mut inside = self.shared.door.enter()?;
        let op = self.post_view(&mut inside, pattern, into);
        // As in `recv_into`: the door cannot close inside of a call.
        match self.shared.settle(inside, op) {
            Ok(settled) => received(into, whole_outcome(settled), self.others()),
            Err(error) => unreachable!("the door closed inside a call: {error}"),
        }
    }

    /// Sends the elements of one view and receives into those of another at once (`MPI_Sendrecv`).
    ///
    /// # Errors
    /// Those of [`send_view`](Self::send_view) and [`recv_view`](Self::recv_view).
    pub fn sendrecv_view<S: Memory, R: MemoryMut>(
        &self,
        data: &View<S>,
        dest: i32,
        send_tag: i32,
        into: &mut View<R>,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        // Wrong arguments are found before anything begins.
        self.destination(dest, send_tag)?;
        self.scope(|scope| {
            let receive = scope.irecv_view(into, source, recv_tag)?;
            self.send_view(data, dest, send_tag)?;
            receive.wait()
        })
    }

    /// Sends the elements of a view and receives into the same places (`MPI_Sendrecv_replace`).
    ///
    /// # Errors
    /// Those of [`send_view`](Self::send_view) and [`recv_view`](Self::recv_view).
    pub fn sendrecv_replace_view<M: MemoryMut>(
        &self,
        data: &mut View<M>,
        dest: i32,
        send_tag: i32,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status, Error> {
        self.pattern(source, recv_tag)?;
        let request = self.isend_view(data, dest, send_tag)?;
        let status = self.recv_view(data, source, recv_tag)?;
        request.wait()?;
        Ok(status)
    }

    /// Posts a receive into a view, which is the operation's until that has ended.
    pub(crate) fn post_view<M: MemoryMut>(
        &self,
        state: &mut State,
        pattern: Pattern,
        into: &mut View<M>,
    ) -> OpRef {
        let (traffic, packed) = (traffic(into), Packed::room_for(into));
        match into.contiguous_mut() {
            Some(bytes) => self.post(state, traffic, pattern, lend(bytes), None),
            None => self.post(state, traffic, pattern, RecvBuf::empty(), Some(Box::new(packed))),
        }
    }
}

impl crate::Message {
    /// Receives it into the elements of a view (`MPI_Mrecv` with a derived datatype).
    ///
    /// # Errors
    /// As [`Communicator::recv_view`].
    pub fn recv_view<M: MemoryMut>(mut self, into: &mut View<M>) -> Result<Status, RecvError> {
        let class = traffic(into).signature();
        let Some(op) = self.claim(class, Box::new(Packed::room_for(into)))? else {
            return Ok(Status::PROC_NULL);
        };
        let core = self.core();
        received(into, core.shared.outcome(op)?, &core.group)
    }
}

impl Status {
    /// How many whole elements of a datatype the message held (`MPI_Get_count`); `None` where its length is no whole
    /// number of them.
    pub fn count_of(&self, datatype: &Datatype) -> Option<usize> {
        datatype.count_in(self.bytes() as u64).map(|count| count as usize)
    }

    /// How many basic elements of a datatype the message held (`MPI_Get_elements`), those of a last element that has come
    /// in part too; `None` where it ends inside of a basic element.
    pub fn elements(&self, datatype: &Datatype) -> Option<usize> {
        datatype.elements_in(self.bytes() as u64).map(|count| count as usize)
    }
}

/// The traffic that a view's elements are.
pub(crate) fn traffic<M: Memory>(view: &View<M>) -> Traffic {
    Traffic::Buffers(view.datatype().signature().class())
}

/// Lends a view to a send: its own memory, or packed elements that the operation has to hold.
pub(crate) fn lend_view<M: Memory>(view: &View<M>) -> (SendBuf, Option<Box<dyn Hold>>) {
    if let Some(bytes) = view.contiguous() {
        return (lend_const(bytes), None);
    }
    let packed = view.pack();
    // A vector's memory stays where it is when the vector moves.
    (lend_const(&packed), Some(Box::new(Owned(packed))))
}

/// What the end of a receive into a view means to the user; what has landed elsewhere is distributed.
pub(crate) fn received<M: MemoryMut>(
    view: &mut View<M>,
    mut outcome: Outcome,
    group: &Group,
) -> Result<Status, RecvError> {
    let hold = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Packed>().ok());
    distribute(view, hold.as_deref().map(|packed| &packed.bytes[..]), outcome, group)
}

fn distribute<M: MemoryMut>(
    view: &mut View<M>,
    packed: Option<&[u8]>,
    outcome: Outcome,
    group: &Group,
) -> Result<Status, RecvError> {
    let status = outcome.status;
    if status.is_cancelled() {
        return Ok(status);
    }
    if let Some(gone) = outcome.failure {
        return Err(group.recv_error(*gone));
    }
    outcome.typed()?;
    let checked = packed.map_or(Ok(0), |packed| view.unpack_part(0, packed));
    outcome.whole()?;
    let (source_rank, tag) = (status.source, status.tag);
    if status.elements(view.datatype()).is_none() {
        let datatype = view.datatype();
        return Err(RecvError::Partial {
            source_rank,
            tag,
            sent: status.bytes,
            type_name: signature::name(datatype.signature().class()),
            size: (datatype.size() / datatype.signature().elements().max(1)) as usize,
        });
    }
    checked.map_err(|source| RecvError::Value { source_rank, tag, source })?;
    Ok(status)
}

fn whole_outcome(settled: Settled) -> Outcome {
    settled.map_or_else(|outcome| *outcome, Outcome::well)
}

/// Where a message lands whose elements are then distributed. It is allocated when the length is known.
pub(crate) struct Packed {
    bytes: Vec<u8>,
    /// As much as the elements have when packed.
    limit: usize,
}

impl Packed {
    fn room_for<M: Memory>(view: &View<M>) -> Self {
        Self::up_to(view.len())
    }

    pub(crate) fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// What has landed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Hold for Packed {
    fn room(&mut self, len: usize) -> RecvBuf {
        // Zeroed: a peer that says that it has put what it has not must not make us read what nobody has written.
        self.bytes = vec![0; len.min(self.limit)];
        lend(&mut self.bytes)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
