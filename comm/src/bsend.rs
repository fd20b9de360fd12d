//! Buffered sends: the room that a program sets aside for them (MPI 5.0, section 3.6).

use std::any::Any;

use olympi_transport_api::RecvBuf;

use crate::error::BufferError;
use crate::op::Hold;

/// How many bytes of the attached buffer each buffered message takes beside its own (`MPI_BSEND_OVERHEAD`).
pub const BSEND_OVERHEAD: usize = 64;

/// What is attached: an allowance. The copies themselves are made when they are needed.
#[derive(Debug)]
pub(crate) struct BsendBuffer {
    attached: usize,
    used: usize,
}

impl BsendBuffer {
    pub(crate) fn new(attached: usize) -> Self {
        Self { attached, used: 0 }
    }

    pub(crate) fn attached(&self) -> usize {
        self.attached
    }

    pub(crate) fn free(&self) -> usize {
        self.attached - self.used
    }

    /// Whether every message has left.
    pub(crate) fn drained(&self) -> bool {
        self.used == 0
    }

    /// A copy of `bytes`, charged to the allowance; `None` where there is no room for it.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Option<Box<Piece>> {
        let charge = needed(bytes.len());
        if charge > self.free() {
            return None;
        }
        self.used += charge;
        Some(Box::new(Piece { bytes: bytes.into(), charge }))
    }

    /// A message has left: its room is free again. Memory that was no buffered message's is merely dropped.
    pub(crate) fn give_back(&mut self, hold: Box<dyn Hold>) {
        if let Ok(piece) = hold.into_any().downcast::<Piece>() {
            self.used -= piece.charge;
        }
    }
}

/// What a message of `len` bytes takes of the attached buffer.
pub(crate) fn needed(len: usize) -> usize {
    len.saturating_add(BSEND_OVERHEAD)
}

/// The copy of one buffered message.
pub(crate) struct Piece {
    pub(crate) bytes: Box<[u8]>,
    charge: usize,
}

impl Hold for Piece {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // It is for sending: nothing is ever received into it.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl crate::Job {
    /// Sets `bytes` bytes aside for buffered sends (`MPI_Buffer_attach`, MPI 5.0, section 3.6). Each message takes
    /// its length and [`BSEND_OVERHEAD`] until it has left.
    ///
    /// # Errors
    /// [`BufferError::AlreadyAttached`] if one is attached.
    ///
    /// ```
    /// # use olympi_comm::Universe;
    /// let universe = Universe::init()?;
    /// universe.attach_buffer(1024)?;
    /// let me = universe.self_comm();
    /// me.bsend(&[1_u8, 2, 3], 0, 0)?; // ends at once, whether or not a receive is posted
    /// assert_eq!(me.recv_vec::<u8>(0, 0)?.0, [1, 2, 3]);
    /// assert_eq!(universe.detach_buffer()?, 1024);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn attach_buffer(&self, bytes: usize) -> Result<(), BufferError> {
        let mut state = self.shared().door.enter()?;
        if let Some(buffer) = &state.mail.bsend {
            return Err(BufferError::AlreadyAttached { attached: buffer.attached() });
        }
        state.mail.bsend = Some(BsendBuffer::new(bytes));
        Ok(())
    }

    /// Waits until every buffered message has left, and takes the buffer away (`MPI_Buffer_detach`). Returns its
    /// size in bytes.
    ///
    /// # Errors
    /// [`BufferError::NotAttached`] if none is attached.
    pub fn detach_buffer(&self) -> Result<usize, BufferError> {
        let shared = self.shared();
        shared.wait(|state| match &state.mail.bsend {
            None => Some(Err(BufferError::NotAttached)),
            Some(buffer) if !buffer.drained() => None,
            Some(buffer) => {
                let attached = buffer.attached();
                state.mail.bsend = None;
                Some(Ok(attached))
            }
        })?
    }

    /// Waits until every buffered message has left (`MPI_Buffer_flush`).
    ///
    /// # Errors
    /// [`BufferError::NotAttached`] if none is attached.
    pub fn flush_buffer(&self) -> Result<(), BufferError> {
        self.shared().wait(|state| match &state.mail.bsend {
            None => Some(Err(BufferError::NotAttached)),
            Some(buffer) => buffer.drained().then_some(Ok(())),
        })?
    }
}
