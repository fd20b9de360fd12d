//! Sending and receiving what a datatype lays out, without waiting for it: out of memory that the operation owns, or that a
//! scope lends (MPI 5.0, section 3.7).

use std::any::Any;

use olympi_datatype::{Equivalence, Memory, MemoryMut, View};
use olympi_transport::{Mode, RecvBuf};

use super::{Packed, distribute, lend_view, received, traffic};
use crate::communicator::Communicator;
use crate::error::{Error, RecvError, SendError};
use crate::group::Group;
use crate::op::{Hold, Outcome};
use crate::recv::lend;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};
use crate::status::Status;

/// Elements of a derived datatype: non-blocking calls.
impl Communicator {
    /// Begins to send the elements of a view (`MPI_Isend`). They are packed at once, so that the memory is free when this
    /// returns. [`Scope::isend_view`] lends what lies in one piece instead.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn isend_view<M: Memory>(
        &self,
        data: &View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.isend_owned(traffic(data), Mode::Standard, data.pack(), dest, tag, crate::object::sent)
    }

    /// Begins to send the elements of a view synchronously (`MPI_Issend`).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn issend_view<M: Memory>(
        &self,
        data: &View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.isend_owned(traffic(data), Mode::Synchronous, data.pack(), dest, tag, crate::object::sent)
    }

    /// Begins to send the elements of a view to a receive that is known to be posted (`MPI_Irsend`). Here it is a standard
    /// send, which the standard allows.
    ///
    /// # Errors
    /// As [`isend_view`](Self::isend_view).
    pub fn irsend_view<M: Memory>(
        &self,
        data: &View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.isend_view(data, dest, tag)
    }

    /// Sends the elements of a view out of the [attached buffer](crate::Job::attach_buffer) (`MPI_Ibsend`); the request is
    /// over at once.
    ///
    /// # Errors
    /// As [`bsend`](Self::bsend).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::Datatype;
    ///
    /// universe.attach_buffer(1024)?;
    /// let matrix = [1_u16, 2, 3, 4]; // two rows of two
    /// let column = Datatype::of::<u16>().vector(2, 1, 2)?;
    /// me.ibsend_view(&column.view(&matrix[1..], 1)?, 0, 0)?.wait()?;
    /// assert_eq!(me.recv_vec::<u16>(0, 0)?.0, [2, 4]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn ibsend_view<M: Memory>(
        &self,
        data: &View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.bsend_view(data, dest, tag)?;
        Ok(Request::over(()))
    }

    /// Begins to receive into the elements of a view that is given away with its memory (`MPI_Irecv`). Waiting hands the
    /// memory back.
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::Datatype;
    ///
    /// let every_other = Datatype::of::<u16>().vector(3, 1, 2)?;
    /// let receive = me.irecv_view(every_other.view(vec![0_u16; 6], 1)?, 0, 0)?;
    /// me.isend(vec![1_u16, 2], 0, 0)?.wait()?; // shorter than the view
    /// let (memory, status) = receive.wait()?;
    /// assert_eq!((memory, status.elements(&every_other)), (vec![1, 0, 2, 0, 0, 0], Some(2)));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn irecv_view<T: Equivalence>(
        &self,
        into: View<Vec<T>>,
        source: i32,
        tag: i32,
    ) -> Result<Request<(Vec<T>, Status)>, RecvError> {
        if source == crate::PROC_NULL {
            self.pattern(source, tag)?;
            return Ok(Request::over((into.into_memory(), Status::PROC_NULL)));
        }
        let traffic = traffic(&into);
        let packed = Packed::room_for(&into);
        match self.post_hold(traffic, source, tag, Box::new(OwnedView { view: into, packed }))? {
            Some(op) => Ok(Request::active(self, op, OwnedView::<T>::finish)),
            None => Ok(Request::over((Vec::new(), Status::PROC_NULL))),
        }
    }
}

/// Elements of derived datatypes in borrowed memory.
impl<'scope, 'env> Scope<'scope, 'env> {
    /// Begins to send the elements of a view (`MPI_Isend`).
    ///
    /// # Errors
    /// As [`Communicator::send`].
    pub fn isend_view<M: Memory>(
        &'scope self,
        data: &'env View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        let (buf, hold) = lend_view(data);
        self.begin(traffic(data), Mode::Standard, buf, hold, dest, tag)
    }

    /// Begins to send the elements of a view synchronously (`MPI_Issend`).
    ///
    /// # Errors
    /// As [`Communicator::ssend`].
    pub fn issend_view<M: Memory>(
        &'scope self,
        data: &'env View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        let (buf, hold) = lend_view(data);
        self.begin(traffic(data), Mode::Synchronous, buf, hold, dest, tag)
    }

    /// Begins to send the elements of a view to a receive that is known to be posted (`MPI_Irsend`).
    ///
    /// # Errors
    /// As [`Communicator::rsend`].
    pub fn irsend_view<M: Memory>(
        &'scope self,
        data: &'env View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.isend_view(data, dest, tag)
    }

    /// Sends the elements of a view out of the attached buffer (`MPI_Ibsend`); over at once.
    ///
    /// # Errors
    /// As [`Communicator::bsend`].
    pub fn ibsend_view<M: Memory>(
        &'scope self,
        data: &'env View<M>,
        dest: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, SendError> {
        self.communicator().bsend_view(data, dest, tag)?;
        Ok(self.over(Status::EMPTY))
    }

    /// Begins to receive into the elements of a view (`MPI_Irecv`). The memory has them when the request has been waited
    /// for, or the scope is over.
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::Datatype;
    ///
    /// let mut matrix = vec![0_i64; 9]; // three rows of three
    /// let column = Datatype::of::<i64>().vector(3, 1, 3)?;
    /// let row = [1_i64, 2, 3];
    /// let mut middle = column.view(&mut matrix[1..], 1)?;
    /// me.scope(|scope| {
    ///     scope.irecv_view(&mut middle, 0, 0)?;
    ///     scope.isend(&row, 0, 0)?;
    ///     Ok(())
    /// })?;
    /// assert_eq!(matrix, [0, 1, 0, 0, 2, 0, 0, 3, 0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn irecv_view<M: MemoryMut>(
        &'scope self,
        into: &'env mut View<M>,
        source: i32,
        tag: i32,
    ) -> Result<ScopedRequest<'scope, 'env>, RecvError> {
        let comm = self.communicator();
        let Some(pattern) = comm.pattern(source, tag)? else { return Ok(self.over(Status::PROC_NULL)) };
        let mut inside = comm.shared.door.enter()?;
        let op = comm.post_view(&mut inside, pattern, into);
        drop(inside);
        Ok(self.pend_with(op, move |outcome| received(into, outcome, comm.others())))
    }
}

/// A view that belongs to an operation.
struct OwnedView<T: Equivalence> {
    view: View<Vec<T>>,
    packed: Packed,
}

impl<T: Equivalence> Hold for OwnedView<T> {
    fn room(&mut self, len: usize) -> RecvBuf {
        match self.view.contiguous_mut() {
            Some(bytes) => lend(bytes),
            None => self.packed.room(len),
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T: Equivalence> OwnedView<T> {
    fn finish(mut outcome: Outcome, group: &Group) -> Result<(Vec<T>, Status), Error> {
        let hold = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Self>().ok());
        let Some(mut owned) = hold else { return Ok((Vec::new(), outcome.status)) };
        let status = distribute(&mut owned.view, Some(&owned.packed.bytes), outcome, group)?;
        Ok((owned.view.into_memory(), status))
    }
}
