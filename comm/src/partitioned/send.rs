//! The sending side: partitions are filled, marked ready, and on their way from then on.

use std::fmt;
use std::ops::{Bound, Deref, DerefMut, Range, RangeBounds};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use olympi_datatype::Equivalence;
use olympi_transport::{Mode, SendBuf};
use olympi_transport_api::Peer;

use super::memory::{Memory, Share};
use super::{PartitionedError, check_partition, elements};
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, SendError};
use crate::inbox::State;
use crate::op::OpRef;
use crate::persistent::{Startable, sealed};
use crate::status::Status;
use crate::wait::Shared;

/// A partitioned send and its buffer: see [`Communicator::psend_init`].
///
/// It is inactive at first. [`start`](Self::start) makes it active; then each partition is marked ready once, in any
/// order, and travels from then on; [`wait`](Self::wait) makes it inactive again. While it is active, partitions that are
/// not ready yet may be changed: by [`partition_mut`](Self::partition_mut) or, where several threads fill partitions at
/// the same time, each through a [`Claim`]. Threads share it by reference, or in an `Arc`; at a level below
/// [`ThreadLevel::Multiple`](crate::ThreadLevel::Multiple) they may claim and fill, and the marking is the one thread's.
///
/// ```
/// # use olympi_comm::{ThreadLevel, Universe};
/// let universe = Universe::builder().threads(ThreadLevel::Multiple).init()?;
/// let me = universe.self_comm();
/// let mut receive = me.precv_init(vec![0_u32; 8], 4, 0, 1)?;
/// let mut send = me.psend_init(vec![0_u32; 8], 4, 0, 1)?;
/// receive.start()?;
/// send.start()?;
/// std::thread::scope(|threads| {
///     for partition in 0..4 {
///         let send = &send;
///         threads.spawn(move || {
///             let mut mine = send.claim(partition)?;
///             mine.fill(partition as u32);
///             mine.ready()
///         });
///     }
/// });
/// send.wait()?;
/// receive.wait()?;
/// assert_eq!(receive.buffer()?, [0, 0, 1, 1, 2, 2, 3, 3]);
/// # Ok::<(), olympi_comm::Error>(())
/// ```
///
/// Dropping an active one lets the messages run on that are under way; the receiver is told that the partitions which
/// were not ready will not come.
pub struct PartitionedSend<T: Equivalence + Sync> {
    comm: Communicator,
    memory: Arc<Memory<T>>,
    /// To whom, and by which tag the first partition goes; `None`: to `PROC_NULL`.
    route: Option<(Peer, u32)>,
    active: bool,
    /// One of [`FREE`], [`CLAIMED`], [`READY`] for each partition.
    states: Box<[AtomicU8]>,
    begun: Mutex<Begun>,
}

/// Nobody has it, and its message has not been sent.
const FREE: u8 = 0;
/// A [`Claim`] has it.
const CLAIMED: u8 = 1;
/// Its message has it, until the send is over.
const READY: u8 = 2;

/// The messages of this round.
#[derive(Default)]
struct Begun {
    /// Those that were not over at once.
    ops: Vec<OpRef>,
    failure: Option<SendError>,
}

impl<T: Equivalence + Sync> PartitionedSend<T> {
    pub(super) fn new(
        comm: &Communicator,
        data: Vec<T>,
        partitions: usize,
        route: Option<(Peer, u32)>,
    ) -> Self {
        Self {
            comm: comm.handle(),
            memory: Arc::new(Memory::new(data)),
            route,
            active: false,
            states: (0..partitions).map(|_| AtomicU8::new(FREE)).collect(),
            begun: Mutex::default(),
        }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> usize {
        self.states.len()
    }

    /// Begins a round (`MPI_Start`): no partition is ready. It is local, and sends nothing.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] if it is active.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.active {
            return Err(PartitionedError::Active.into());
        }
        // Claims borrow, so that there is none; one that was forgotten ends here.
        self.states.iter_mut().for_each(|state| *state.get_mut() = FREE);
        self.active = true;
        Ok(())
    }

    /// Marks a partition ready (`MPI_Pready`): it is on its way from now on, and cannot be changed before the send is
    /// over.
    ///
    /// # Errors
    /// [`PartitionedError`]: there is no such partition, it is ready already or claimed, the send is not started. A peer
    /// that is gone. [`ThreadError`](crate::ThreadError) from the wrong thread; the partition is not ready then.
    #[inline]
    pub fn ready(&self, partition: usize) -> Result<(), Error> {
        self.ready_each(std::iter::once(partition))
    }

    /// Marks neighbours ready (`MPI_Pready_range`, whose upper end is included as in `0..=3`).
    ///
    /// # Errors
    /// As [`ready`](Self::ready). If there is no such partition, none is marked; else those before the first that
    /// cannot be.
    pub fn ready_range(&self, partitions: impl RangeBounds<usize>) -> Result<(), Error> {
        let start = match partitions.start_bound() {
            Bound::Included(&first) => first,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match partitions.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.partitions(),
        };
        self.ready_each(start..end)
    }

    /// Marks several ready (`MPI_Pready_list`), in the order of the list.
    ///
    /// # Errors
    /// As [`ready_range`](Self::ready_range).
    pub fn ready_list(&self, partitions: &[usize]) -> Result<(), Error> {
        self.ready_each(partitions.iter().copied())
    }

    fn ready_each(&self, partitions: impl Iterator<Item = usize> + Clone) -> Result<(), Error> {
        if !self.active {
            return Err(PartitionedError::Inactive.into());
        }
        if let Some(wrong) = partitions.clone().find(|&partition| partition >= self.partitions()) {
            check_partition(wrong, self.partitions())?;
        }
        let mut inside = self.comm.shared.door.enter()?;
        for partition in partitions {
            self.move_on(partition, READY)?;
            self.send(&mut inside, partition)?;
        }
        Ok(())
    }

    /// Claims a partition that is not ready, to fill it while other threads are at work on others.
    ///
    /// # Errors
    /// [`PartitionedError`]: there is no such partition, it is ready or claimed already, the send is not started.
    pub fn claim(&self, partition: usize) -> Result<Claim<'_, T>, PartitionedError> {
        if !self.active {
            return Err(PartitionedError::Inactive);
        }
        check_partition(partition, self.partitions())?;
        self.move_on(partition, CLAIMED)?;
        Ok(Claim { send: self, partition })
    }

    /// A partition, to change: any while the send is inactive, else one that is not ready.
    ///
    /// # Errors
    /// [`PartitionedError`]: there is no such partition, or it is ready.
    pub fn partition_mut(&mut self, partition: usize) -> Result<&mut [T], PartitionedError> {
        check_partition(partition, self.partitions())?;
        if self.active && *self.states[partition].get_mut() == READY {
            return Err(PartitionedError::Ready { partition });
        }
        let range = elements(partition, self.memory.len(), self.partitions());
        // SAFETY: this partition has no message, and no claim on it is used, since that would borrow the send.
        Ok(unsafe { self.memory.part_mut(range) })
    }

    /// Waits until the messages of all partitions have left (`MPI_Wait`). Inactive: returns an empty status at once.
    ///
    /// # Errors
    /// [`PartitionedError::NotReady`] if not all partitions are ready, which nobody could change meanwhile; the send is
    /// active still. Those of the messages; the send is inactive then too.
    pub fn wait(&mut self) -> Result<Status, Error> {
        if !self.active {
            return Ok(Status::EMPTY);
        }
        if let Some(partition) = self.missing().next() {
            let (missing, partitions) = (self.missing().count(), self.partitions());
            return Err(PartitionedError::NotReady { partition, missing, partitions }.into());
        }
        let begun = self.begun.get_mut().unwrap_or_else(PoisonError::into_inner);
        let group = self.comm.others();
        self.comm.shared.wait(|state| {
            while let Some(&op) = begun.ops.last() {
                if !state.mail.ops.is_done(op) {
                    return None;
                }
                begun.ops.pop();
                if let Some(Err(outcome)) = state.mail.ops.settle(op)
                    && let Err(error) = group.sent(outcome.failure)
                {
                    begun.failure.get_or_insert(error);
                }
            }
            Some(())
        })?;
        self.active = false;
        match begun.failure.take() {
            Some(error) => Err(error.into()),
            None => Ok(Status::EMPTY),
        }
    }

    /// Moves messages on, and gives the status if the send is over (`MPI_Test`). Inactive: an empty status.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), but partitions that are not ready are no error.
    pub fn test(&mut self) -> Result<Option<Status>, Error> {
        if self.active && !self.comm.shared.look(|state| self.is_over(state))? {
            return Ok(None);
        }
        self.wait().map(Some)
    }

    /// Whether it was started and not waited for.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// All of the buffer, to read.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] while it is active.
    pub fn buffer(&self) -> Result<&[T], PartitionedError> {
        if self.active {
            return Err(PartitionedError::Active);
        }
        // SAFETY: no message has any of it, and nobody writes while `self` is borrowed: claims are of active sends.
        Ok(unsafe { self.memory.part(0..self.memory.len()) })
    }

    /// All of the buffer, to change.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] while it is active.
    pub fn buffer_mut(&mut self) -> Result<&mut [T], PartitionedError> {
        if self.active {
            return Err(PartitionedError::Active);
        }
        // SAFETY: no message has any of it, and `self` is borrowed exclusively.
        Ok(unsafe { self.memory.part_mut(0..self.memory.len()) })
    }

    /// The partitions that are not ready.
    fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        let states = self.states.iter().enumerate();
        states.filter(|(_, state)| state.load(Ordering::Acquire) != READY).map(|(partition, _)| partition)
    }

    /// Whether waiting would be an error, since nobody can mark partitions meanwhile.
    pub(crate) fn is_unready(&self) -> bool {
        self.active && self.missing().next().is_some()
    }

    /// Whether waiting would end at once.
    pub(crate) fn is_over(&self, state: &mut State) -> bool {
        !self.is_unready() && self.begun().ops.iter().all(|&op| state.mail.ops.is_done(op))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.comm.shared
    }

    fn begun(&self) -> MutexGuard<'_, Begun> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves a partition that nobody has to another state.
    fn move_on(&self, partition: usize, to: u8) -> Result<(), PartitionedError> {
        let state = &self.states[partition];
        match state.compare_exchange(FREE, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(CLAIMED) => Err(PartitionedError::Claimed { partition }),
            Err(_) => Err(PartitionedError::Ready { partition }),
        }
    }

    /// Begins the message of a partition that has just become ready.
    fn send(&self, state: &mut State, partition: usize) -> Result<(), SendError> {
        let range = elements(partition, self.memory.len(), self.partitions());
        // SAFETY: READY says that nobody writes to it before the send is over; the memory is shared with the message
        // where the send is dropped, and leaked where it is forgotten.
        let buf = unsafe { self.memory.lend_part(range) };
        self.send_bytes(state, partition, buf)
    }

    fn send_bytes(&self, state: &mut State, partition: usize, buf: SendBuf) -> Result<(), SendError> {
        let Some((peer, first)) = self.route else { return Ok(()) };
        let tag = (first as usize + partition) as i32;
        let traffic = Traffic::Partitions(T::SIGNATURE);
        match self.comm.begin_send(state, traffic, Mode::Standard, buf, None, peer, tag) {
            Ok(None) => {}
            Ok(Some(op)) => self.begun().ops.push(op),
            Err(error) => {
                self.begun().failure.get_or_insert_with(|| error.clone());
                return Err(error);
            }
        }
        Ok(())
    }
}

impl<T: Equivalence + Sync> Startable for PartitionedSend<T> {}

impl<T: Equivalence + Sync> sealed::Sealed for PartitionedSend<T> {
    fn start(&mut self) -> Result<(), Error> {
        Self::start(self)
    }
}

impl<T: Equivalence + Sync> Drop for PartitionedSend<T> {
    fn drop(&mut self) {
        if !self.active {
            return;
        }
        let shared = Arc::clone(&self.comm.shared);
        let Ok(mut inside) = shared.door.enter() else {
            // From a thread that may not call: the buffer must outlive the messages, whatever becomes of them.
            std::mem::forget(Arc::clone(&self.memory));
            return;
        };
        for partition in self.missing() {
            // A message without bytes says that the partition will not come. A peer that is gone need not hear it.
            let _ = self.send_bytes(&mut inside, partition, SendBuf::empty());
        }
        for op in std::mem::take(&mut self.begun().ops) {
            if let Some(op) = inside.mail.ops.find(op) {
                op.unusual = true;
                op.extra.hold = Some(Share::of(&self.memory));
            }
            drop(inside.detach(op)); // Nobody polls it as a task, so that there is no waker.
        }
    }
}

impl<T: Equivalence + Sync> fmt::Debug for PartitionedSend<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.active { "active" } else { "inactive" };
        write!(f, "PartitionedSend ({state}, {} partitions)", self.partitions())
    }
}

/// A partition that is being filled: a slice that is this claim's alone. Dropping it gives the partition back as it is;
/// [`ready`](Self::ready) sends it.
#[must_use = "a claimed partition cannot be marked ready by others"]
pub struct Claim<'a, T: Equivalence + Sync> {
    send: &'a PartitionedSend<T>,
    partition: usize,
}

impl<T: Equivalence + Sync> Claim<'_, T> {
    /// Marks the partition ready (`MPI_Pready`).
    ///
    /// # Errors
    /// As [`PartitionedSend::ready`].
    pub fn ready(self) -> Result<(), Error> {
        let (send, partition) = (self.send, self.partition);
        let mut inside = send.comm.shared.door.enter()?;
        std::mem::forget(self); // It would give the partition back, which goes straight to its message.
        send.states[partition].store(READY, Ordering::Release);
        Ok(send.send(&mut inside, partition)?)
    }

    fn range(&self) -> Range<usize> {
        elements(self.partition, self.send.memory.len(), self.send.partitions())
    }
}

impl<T: Equivalence + Sync> Deref for Claim<'_, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: there is one claim on a partition at a time, and no message has it meanwhile: see `move_on`.
        unsafe { self.send.memory.part(self.range()) }
    }
}

impl<T: Equivalence + Sync> DerefMut for Claim<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes this the only slice made from the claim.
        unsafe { self.send.memory.part_mut(self.range()) }
    }
}

impl<T: Equivalence + Sync> Drop for Claim<'_, T> {
    fn drop(&mut self) {
        self.send.states[self.partition].store(FREE, Ordering::Release);
    }
}

impl<T: Equivalence + Sync> fmt::Debug for Claim<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim (partition {})", self.partition)
    }
}
