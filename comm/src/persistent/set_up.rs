//! Setting up persistent requests: every mode of sending, and receives; of vectors, and of what a datatype lays out in them.

use olympi_datatype::{Equivalence, View};

use super::{Action, Data, Persistent, SendKind, Stage};
use crate::communicator::Communicator;
use crate::error::{RecvError, SendError};

impl Communicator {
    /// Sets up a standard send of a vector (`MPI_Send_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let mut send = me.send_init(vec![0_u32], 0, 3)?;
    /// let mut receive = me.recv_init(vec![0_u32], 0, 3)?;
    /// for step in 1..=3 {
    ///     send.buffer_mut()?[0] = step;
    ///     receive.start()?;
    ///     send.start()?;
    ///     send.wait()?;
    ///     receive.wait()?;
    ///     assert_eq!(receive.buffer()?, [step]);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn send_init<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Standard, Data::Whole(data), dest, tag)
    }

    /// Sets up a standard send of the elements of a view (`MPI_Send_init` with a derived datatype). They are packed at
    /// each start.
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn send_view_init<T: Equivalence>(
        &self,
        data: View<Vec<T>>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Standard, Data::View(Box::new(data)), dest, tag)
    }

    /// Sets up a synchronous send (`MPI_Ssend_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn ssend_init<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Synchronous, Data::Whole(data), dest, tag)
    }

    /// Sets up a synchronous send of the elements of a view (`MPI_Ssend_init` with a derived datatype). They are packed at
    /// each start.
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn ssend_view_init<T: Equivalence>(
        &self,
        data: View<Vec<T>>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Synchronous, Data::View(Box::new(data)), dest, tag)
    }

    /// Sets up a buffered send (`MPI_Bsend_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn bsend_init<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Buffered, Data::Whole(data), dest, tag)
    }

    /// Sets up a buffered send of the elements of a view (`MPI_Bsend_init` with a derived datatype). They are packed into the
    /// [attached buffer](crate::Job::attach_buffer) at each start, which fails where that has no room.
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn bsend_view_init<T: Equivalence>(
        &self,
        data: View<Vec<T>>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Buffered, Data::View(Box::new(data)), dest, tag)
    }

    /// Sets up a ready send (`MPI_Rsend_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn rsend_init<T: Equivalence>(
        &self,
        data: Vec<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Standard, Data::Whole(data), dest, tag)
    }

    /// Sets up a ready send of the elements of a view (`MPI_Rsend_init` with a derived datatype). They are packed at each
    /// start, before which the receive is known to be posted.
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn rsend_view_init<T: Equivalence>(
        &self,
        data: View<Vec<T>>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        self.set_up_send(SendKind::Standard, Data::View(Box::new(data)), dest, tag)
    }

    /// Sets up a receive into a vector, up to its length (`MPI_Recv_init`).
    ///
    /// # Errors
    /// Wrong rank or tag.
    pub fn recv_init<T: Equivalence>(
        &self,
        into: Vec<T>,
        source: i32,
        tag: i32,
    ) -> Result<Persistent<T>, RecvError> {
        let action = Action::Receive { pattern: self.pattern(source, tag)? };
        Ok(Persistent { comm: self.handle(), data: Data::Whole(into), action, state: Stage::Inactive })
    }

    /// Sets up a receive into the elements of a view (`MPI_Recv_init` with a derived datatype).
    ///
    /// # Errors
    /// Wrong rank or tag.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// use olympi_comm::Datatype;
    ///
    /// // A column goes to the left in each step, and lands in another matrix as a column.
    /// let column = Datatype::of::<f32>().vector(2, 1, 3)?;
    /// let mut send = me.send_view_init(column.view(vec![1.0_f32, 0.0, 0.0, 2.0, 0.0, 0.0], 1)?, 0, 3)?;
    /// let mut receive = me.recv_view_init(column.view_at(vec![0.0_f32; 6], 8, 1)?, 0, 3)?;
    /// for step in 1..=3 {
    ///     receive.start()?;
    ///     send.start()?;
    ///     olympi_comm::wait_all([&mut send, &mut receive])?;
    ///     assert_eq!(receive.buffer()?, [0.0, 0.0, step as f32, 0.0, 0.0, 2.0]);
    ///     send.buffer_mut()?[0] += 1.0;
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn recv_view_init<T: Equivalence>(
        &self,
        into: View<Vec<T>>,
        source: i32,
        tag: i32,
    ) -> Result<Persistent<T>, RecvError> {
        let action = Action::Receive { pattern: self.pattern(source, tag)? };
        let data = Data::View(Box::new(into));
        Ok(Persistent { comm: self.handle(), data, action, state: Stage::Inactive })
    }

    fn set_up_send<T: Equivalence>(
        &self,
        kind: SendKind,
        data: Data<T>,
        dest: i32,
        tag: i32,
    ) -> Result<Persistent<T>, SendError> {
        let action = Action::Send { kind, peer: self.destination(dest, tag)?, dest, tag };
        Ok(Persistent { comm: self.handle(), data, action, state: Stage::Inactive })
    }
}
