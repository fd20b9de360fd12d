//! The sending side: partitions are filled, marked ready, and on their way from then on.

use std::fmt;
use std::ops::{Bound, Deref, DerefMut, Range, RangeBounds};
use std::sync::Arc;

use olympi_datatype::Equivalence;

use super::memory::{Memory, Share};
use super::outgoing::{Lent, Outgoing, Route};
use super::{PartitionedError, check_partition, elements};
use crate::communicator::Communicator;
use crate::error::Error;
use crate::inbox::State;
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
    memory: Arc<Memory<T>>,
    outgoing: Outgoing,
}

impl<T: Equivalence + Sync> PartitionedSend<T> {
    pub(super) fn new(comm: &Communicator, data: Vec<T>, partitions: usize, route: Route) -> Self {
        let outgoing = Outgoing::new(comm, partitions, T::SIGNATURE, route);
        Self { memory: Arc::new(Memory::new(data)), outgoing }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> usize {
        self.outgoing.partitions()
    }

    /// Begins a round (`MPI_Start`): no partition is ready. It is local, and sends nothing.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] if it is active.
    pub fn start(&mut self) -> Result<(), Error> {
        Ok(self.outgoing.start()?)
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
        self.outgoing.ready_each(partitions, |partition| self.lend(partition))
    }

    /// Claims a partition that is not ready, to fill it while other threads are at work on others.
    ///
    /// # Errors
    /// [`PartitionedError`]: there is no such partition, it is ready or claimed already, the send is not started.
    pub fn claim(&self, partition: usize) -> Result<Claim<'_, T>, PartitionedError> {
        self.outgoing.claim(partition)?;
        Ok(Claim { send: self, partition })
    }

    /// A partition, to change: any while the send is inactive, else one that is not ready.
    ///
    /// # Errors
    /// [`PartitionedError`]: there is no such partition, or it is ready.
    pub fn partition_mut(&mut self, partition: usize) -> Result<&mut [T], PartitionedError> {
        check_partition(partition, self.partitions())?;
        if self.outgoing.is_ready(partition) {
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
        if !self.is_active() {
            return Ok(Status::EMPTY);
        }
        if let Some(unready) = self.outgoing.unready() {
            return Err(unready.into());
        }
        self.shared().wait(|state| self.outgoing.collect(state))?;
        self.outgoing.end()?;
        Ok(Status::EMPTY)
    }

    /// Moves messages on, and gives the status if the send is over (`MPI_Test`). Inactive: an empty status.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), but partitions that are not ready are no error.
    pub fn test(&mut self) -> Result<Option<Status>, Error> {
        if self.is_active() && !self.shared().look(|state| self.is_over(state))? {
            return Ok(None);
        }
        self.wait().map(Some)
    }

    /// Whether it was started and not waited for.
    pub fn is_active(&self) -> bool {
        self.outgoing.is_active()
    }

    /// All of the buffer, to read.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] while it is active.
    pub fn buffer(&self) -> Result<&[T], PartitionedError> {
        if self.is_active() {
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
        if self.is_active() {
            return Err(PartitionedError::Active);
        }
        // SAFETY: no message has any of it, and `self` is borrowed exclusively.
        Ok(unsafe { self.memory.part_mut(0..self.memory.len()) })
    }

    /// Whether waiting would be an error, since nobody can mark partitions meanwhile.
    pub(crate) fn is_unready(&self) -> bool {
        self.outgoing.unready().is_some()
    }

    /// Whether waiting would end at once.
    pub(crate) fn is_over(&self, state: &mut State) -> bool {
        self.outgoing.is_over(state)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.outgoing.shared()
    }

    /// Lends a partition that has just become ready.
    fn lend(&self, partition: usize) -> Lent {
        let range = elements(partition, self.memory.len(), self.partitions());
        // SAFETY: that it is ready says that nobody writes to it before the send is over; the memory is shared with the
        // message where the send is dropped, and leaked where it is forgotten.
        (unsafe { self.memory.lend_part(range) }, None)
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
        if !self.is_active() {
            return;
        }
        if let Ok(mut inside) = self.shared().door.enter() {
            self.outgoing.abandon(&mut inside, || Some(Share::of(&self.memory)));
        } else {
            // From a thread that may not call: the buffer must outlive the messages, whatever becomes of them.
            std::mem::forget(Arc::clone(&self.memory));
        }
    }
}

impl<T: Equivalence + Sync> fmt::Debug for PartitionedSend<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_active() { "active" } else { "inactive" };
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
        std::mem::forget(self); // It would give the partition back, which goes straight to its message.
        send.outgoing.ready_claimed(partition, || send.lend(partition))
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
        self.send.outgoing.give_back(self.partition);
    }
}

impl<T: Equivalence + Sync> fmt::Debug for Claim<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim (partition {})", self.partition)
    }
}
