//! Buffered sends: the room that a program sets aside for them (MPI 5.0, section 3.6).
//!
//! A buffer is attached to the process, to a session or to a communicator: a buffered send takes that of its communicator,
//! else that of the session which the communicator comes from, else the process's.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use olympi_transport_api::RecvBuf;

use crate::communicator::Communicator;
use crate::error::{BufferError, ThreadError};
use crate::op::Hold;
use crate::session::Session;
use crate::wait::Shared;

/// How many bytes of the attached buffer each buffered message takes beside its own (`MPI_BSEND_OVERHEAD`).
pub const BSEND_OVERHEAD: usize = 64;

/// What is attached: an allowance. The copies themselves are made when they are needed.
#[derive(Debug)]
pub(crate) struct BsendBuffer {
    /// `None`: as much as it takes.
    size: Option<usize>,
    used: AtomicUsize,
    messages: Mutex<Messages>,
}

/// The messages that have not left, by the flushes that wait for them: a flush waits for those before it, not for those
/// that come while it waits. Each message holds a share of its group, which is gone with the last of them.
#[derive(Debug, Default)]
struct Messages {
    now: Arc<()>,
    before: Vec<Weak<()>>,
}

impl BsendBuffer {
    fn new(size: Option<usize>) -> Self {
        Self { size, used: AtomicUsize::new(0), messages: Mutex::default() }
    }

    /// Its size; 0 if it is as large as it has to be.
    pub(crate) fn attached(&self) -> usize {
        self.size.unwrap_or(0)
    }

    pub(crate) fn free(&self) -> usize {
        self.size.map_or(usize::MAX, |size| size.saturating_sub(self.used.load(Ordering::Relaxed)))
    }

    /// Whether every message has left.
    fn drained(&self) -> bool {
        self.used.load(Ordering::Acquire) == 0
    }

    /// A copy of `bytes`, charged to the allowance; `None` where there is no room for it.
    pub(crate) fn copy(self: &Arc<Self>, bytes: &[u8]) -> Option<Box<Piece>> {
        let charge = needed(bytes.len());
        let limit = self.size.unwrap_or(usize::MAX);
        let charged = |used: usize| used.checked_add(charge).filter(|used| *used <= limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charged).ok()?;
        let group = Arc::clone(&self.messages().now);
        Some(Box::new(Piece { bytes: bytes.into(), charge, buffer: Arc::clone(self), _group: group }))
    }

    /// The groups of all messages that have not left.
    fn begin_flush(&self) -> Vec<Weak<()>> {
        let mut messages = self.messages();
        let closed = std::mem::take(&mut messages.now);
        messages.before.push(Arc::downgrade(&closed));
        drop(closed);
        messages.before.retain(|group| group.strong_count() > 0);
        messages.before.clone()
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a message of `len` bytes takes of the attached buffer.
pub(crate) fn needed(len: usize) -> usize {
    len.saturating_add(BSEND_OVERHEAD)
}

/// The copy of one buffered message. When it has left, its room is free again.
pub(crate) struct Piece {
    pub(crate) bytes: Box<[u8]>,
    charge: usize,
    buffer: Arc<BsendBuffer>,
    _group: Arc<()>,
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.buffer.used.fetch_sub(self.charge, Ordering::Release);
    }
}

impl Hold for Piece {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // It is for sending: nothing is ever received into it.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Where a buffer is attached, or not.
#[derive(Debug, Default)]
pub(crate) struct Room {
    buffer: Mutex<Option<Arc<BsendBuffer>>>,
}

impl Room {
    fn slot(&self) -> MutexGuard<'_, Option<Arc<BsendBuffer>>> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The buffer, if there is one.
    pub(crate) fn buffer(&self) -> Option<Arc<BsendBuffer>> {
        self.slot().clone()
    }

    fn attach(&self, size: Option<usize>) -> Result<(), BufferError> {
        let mut slot = self.slot();
        if let Some(buffer) = &*slot {
            return Err(BufferError::AlreadyAttached { attached: buffer.attached() });
        }
        *slot = Some(Arc::new(BsendBuffer::new(size)));
        Ok(())
    }

    fn detach(&self, shared: &Shared) -> Result<usize, BufferError> {
        shared.wait(|_| {
            let mut slot = self.slot();
            match &*slot {
                None => Some(Err(BufferError::NotAttached)),
                Some(buffer) if !buffer.drained() => None,
                Some(buffer) => {
                    let attached = buffer.attached();
                    *slot = None;
                    Some(Ok(attached))
                }
            }
        })?
    }

    fn flush(&self, shared: &Arc<Shared>) -> Result<BufferFlush, BufferError> {
        let buffer = self.buffer().ok_or(BufferError::NotAttached)?;
        Ok(BufferFlush { shared: Arc::clone(shared), awaited: buffer.begin_flush() })
    }
}

/// Waits for the messages that were in a buffer (`MPI_Buffer_iflush` and its kin). Dropping it changes nothing: they leave
/// all the same.
#[must_use = "the messages leave without it; it tells when they have"]
pub struct BufferFlush {
    shared: Arc<Shared>,
    awaited: Vec<Weak<()>>,
}

impl BufferFlush {
    /// Moves messages on, and tells whether all those have left.
    ///
    /// # Errors
    /// [`ThreadError`] from a thread that may not call.
    pub fn test(&mut self) -> Result<bool, ThreadError> {
        if self.is_over() {
            return Ok(true);
        }
        self.shared.look(|_| ())?;
        Ok(self.is_over())
    }

    /// Waits until all those have left.
    ///
    /// # Errors
    /// [`ThreadError`] from a thread that may not call.
    pub fn wait(mut self) -> Result<(), ThreadError> {
        let shared = Arc::clone(&self.shared);
        shared.wait(|_| self.is_over().then_some(()))
    }

    fn is_over(&mut self) -> bool {
        self.awaited.retain(|group| group.strong_count() > 0);
        self.awaited.is_empty()
    }
}

impl std::fmt::Debug for BufferFlush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BufferFlush")
    }
}

/// The five calls of whatever has a buffer.
macro_rules! buffers {
    ($owner:ty, $room:ident, $shared:ident, $about:literal, $attach:literal $detach:literal $flush:literal $iflush:literal,
     $(#[$example:meta])*) => {
        impl $owner {
            #[doc = concat!("Sets `bytes` bytes aside for buffered sends ", $about, " (`", $attach, "`, MPI 5.0, section 3.6).")]
            /// Each message takes its length and [`BSEND_OVERHEAD`] until it has left.
            ///
            /// # Errors
            /// [`BufferError::AlreadyAttached`] if one is attached.
            ///
            $(#[$example])*
            pub fn attach_buffer(&self, bytes: usize) -> Result<(), BufferError> {
                self.$room().attach(Some(bytes))
            }

            /// The same without a limit: each message takes what it needs (`MPI_BUFFER_AUTOMATIC`).
            ///
            /// # Errors
            /// [`BufferError::AlreadyAttached`] if one is attached.
            pub fn attach_automatic_buffer(&self) -> Result<(), BufferError> {
                self.$room().attach(None)
            }

            #[doc = concat!("Waits until every message in the buffer has left, and takes it away (`", $detach, "`).")]
            /// Returns its size in bytes, 0 for one without a limit.
            ///
            /// # Errors
            /// [`BufferError::NotAttached`] if none is attached.
            pub fn detach_buffer(&self) -> Result<usize, BufferError> {
                self.$room().detach(self.$shared())
            }

            #[doc = concat!("Waits until every message in the buffer has left (`", $flush, "`).")]
            ///
            /// # Errors
            /// [`BufferError::NotAttached`] if none is attached.
            pub fn flush_buffer(&self) -> Result<(), BufferError> {
                Ok(self.iflush_buffer()?.wait()?)
            }

            #[doc = concat!("Begins to wait until every message now in the buffer has left (`", $iflush, "`).")]
            ///
            /// # Errors
            /// [`BufferError::NotAttached`] if none is attached.
            pub fn iflush_buffer(&self) -> Result<BufferFlush, BufferError> {
                self.$room().flush(self.$shared())
            }
        }
    };
}

buffers! {
    crate::Job, process_room, shared, "of all communicators that have no buffer of their own",
    "MPI_Buffer_attach" "MPI_Buffer_detach" "MPI_Buffer_flush" "MPI_Buffer_iflush",
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
}

buffers! {
    Communicator, room, shared, "on this communicator, which then take no other buffer",
    "MPI_Comm_attach_buffer" "MPI_Comm_detach_buffer" "MPI_Comm_flush_buffer" "MPI_Comm_iflush_buffer",
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let me = universe.self_comm().dup()?;
    /// me.attach_automatic_buffer()?;
    /// me.bsend(&[1_u8; 5000], 0, 0)?;
    /// assert_eq!(me.recv_vec::<u8>(0, 0)?.0.len(), 5000);
    /// assert_eq!(me.detach_buffer()?, 0);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
}

buffers! {
    Session, room, shared,
    "on communicators of this session's groups, and of those that are made of them, but for those with their own buffer",
    "MPI_Session_attach_buffer" "MPI_Session_detach_buffer" "MPI_Session_flush_buffer" "MPI_Session_iflush_buffer",
    /// ```
    /// let session = olympi_comm::Session::init()?;
    /// session.attach_buffer(1024)?;
    /// let me = session.create_from_group(&session.group_from_pset("mpi://SELF")?, "org.example.me")?;
    /// me.bsend(&[1_u8, 2, 3], 0, 0)?;
    /// assert_eq!(me.recv_vec::<u8>(0, 0)?.0, [1, 2, 3]);
    /// assert_eq!(session.detach_buffer()?, 1024);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
}

impl crate::Job {
    fn process_room(&self) -> &Room {
        &self.shared().room
    }
}

impl Communicator {
    fn room(&self) -> &Room {
        &self.core.room
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The buffer that its buffered sends take.
    pub(crate) fn bsend_buffer(&self) -> Option<Arc<BsendBuffer>> {
        let of_session = || self.core.about().session.as_ref().and_then(|room| room.buffer());
        self.room().buffer().or_else(of_session).or_else(|| self.shared.room.buffer())
    }
}
