//! The receiving side: partitions arrive, and can be read while others are on their way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use olympi_datatype::{Equivalence, InvalidValue, signature};

use super::agreement::Fault;
use super::memory::{Memory, Share};
use super::{PartitionedError, check_partition, elements};
use crate::communicator::Communicator;
use crate::error::{Error, RecvError};
use crate::group::Group;
use crate::inbox::State;
use crate::persistent::{Startable, sealed};
use crate::status::Status;
use crate::wait::Shared;

/// A partitioned receive and its buffer: see [`Communicator::precv_init`].
///
/// It is inactive at first. [`start`](Self::start) makes it active; then [`arrived`](Self::arrived) asks for partitions,
/// which can be read by [`partition`](Self::partition) from then on, by several threads if need be;
/// [`wait`](Self::wait) makes it inactive again.
///
/// Dropping an active one lets those messages run on that are on their way, and withdraws the receives of the others.
pub struct PartitionedRecv<T: Equivalence + Sync> {
    comm: Communicator,
    memory: Arc<Memory<T>>,
    source: i32,
    tag: i32,
    /// What lies behind the door of it; `None`: it is from `PROC_NULL`.
    entry: Option<u32>,
    active: bool,
    /// Which partitions have been found to be here, and hold values.
    seen: Box<[AtomicBool]>,
}

impl<T: Equivalence + Sync> PartitionedRecv<T> {
    pub(super) fn new(
        comm: &Communicator,
        into: Vec<T>,
        partitions: usize,
        source: i32,
        tag: i32,
        entry: Option<u32>,
    ) -> Self {
        Self {
            comm: comm.handle(),
            memory: Arc::new(Memory::new(into)),
            source,
            tag,
            entry,
            active: false,
            seen: (0..partitions).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> usize {
        self.seen.len()
    }

    /// Begins a round (`MPI_Start`): the buffer belongs to the operation, as far as partitions have not arrived. It is
    /// local, whatever the sender does.
    ///
    /// # Errors
    /// [`PartitionedError::Active`] if it is active.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.active {
            return Err(PartitionedError::Active.into());
        }
        if let Some(entry) = self.entry {
            let mut inside = self.comm.shared.door.enter()?;
            self.seen.iter_mut().for_each(|seen| *seen.get_mut() = false);
            // SAFETY: nobody else uses a partition before `seen` says that its messages are over; the memory is shared
            // with the messages where the receive is dropped, and leaked where it is forgotten.
            inside.start_partitions(entry, unsafe { self.memory.lend_whole() });
        }
        self.active = true;
        Ok(())
    }

    /// Moves messages on, and says whether a partition has arrived (`MPI_Parrived`): it can be read from then on. As the
    /// standard has it, an inactive request has all partitions.
    ///
    /// # Errors
    /// [`PartitionedError::Partition`]: there is no such partition. Those of the operation that are known by now;
    /// waiting tells them too, and ends it.
    pub fn arrived(&self, partition: usize) -> Result<bool, Error> {
        check_partition(partition, self.partitions())?;
        let (true, Some(entry)) = (self.active, self.entry) else { return Ok(true) };
        if self.seen[partition].load(Ordering::Acquire) {
            return Ok(true);
        }
        let (arrived, checked) = self.comm.shared.look(|state| {
            let arrived = state.has_arrived(entry, partition, self.partitions());
            // The door is still ours, so that no other thread looks at the partition before it is known to hold values.
            let checked = if let Ok(true) = arrived { self.see(partition) } else { Ok(()) };
            (arrived, checked)
        })?;
        let arrived = arrived.map_err(|fault| self.error(fault))?;
        checked.map_err(|invalid| self.invalid(invalid))?;
        Ok(arrived)
    }

    /// A partition that has arrived, as [`arrived`](Self::arrived) has said in this round; any while the receive is
    /// inactive. `None` also where there is no such partition.
    pub fn partition(&self, partition: usize) -> Option<&[T]> {
        let seen = self.seen.get(partition)?;
        if self.active && self.entry.is_some() && !seen.load(Ordering::Acquire) {
            return None;
        }
        let range = elements(partition, self.memory.len(), self.partitions());
        // SAFETY: its messages are over, and it holds values; nobody writes to it before the next start, which borrows
        // the receive exclusively.
        Some(unsafe { self.memory.part(range) })
    }

    /// Waits until all partitions have arrived (`MPI_Wait`). The status tells the size of the whole. Inactive: returns an
    /// empty status at once.
    ///
    /// # Errors
    /// Those of the operation, which is inactive then too: [`PartitionedError::Size`] where the two sides have different
    /// totals, [`RecvError`] where their types differ, the sender is gone, or what it sent is no value.
    pub fn wait(&mut self) -> Result<Status, Error> {
        if !self.active {
            return Ok(Status::EMPTY);
        }
        let Some(entry) = self.entry else {
            self.active = false;
            return Ok(Status::PROC_NULL);
        };
        let outcome = self.comm.shared.wait(|state| {
            if state.are_partitions_over(entry) { Some(state.end_partitions(entry)) } else { None }
        })?;
        self.active = false;
        let mut invalid = Ok(());
        for partition in 0..self.partitions() {
            if !*self.seen[partition].get_mut() {
                invalid = invalid.and(self.see(partition));
            }
        }
        outcome.map_err(|fault| self.error(fault))?;
        invalid.map_err(|invalid| self.invalid(invalid))?;
        let bytes = self.memory.len() * size_of::<T>();
        Ok(Status { source: self.source, tag: self.tag, bytes, cancelled: false })
    }

    /// Moves messages on, and gives the status if all partitions have arrived (`MPI_Test`). Inactive: an empty status.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
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
        // SAFETY: no message has any of it, all of it holds values, and nobody writes while `self` is borrowed.
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
        // SAFETY: no message has any of it, all of it holds values, and `self` is borrowed exclusively.
        Ok(unsafe { self.memory.part_mut(0..self.memory.len()) })
    }

    /// Whether waiting would end at once.
    pub(crate) fn is_over(&self, state: &mut State) -> bool {
        self.entry.is_none_or(|entry| state.are_partitions_over(entry))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.comm.shared
    }

    /// The messages of a partition are over: makes sure that it holds values, and lets it be read.
    fn see(&self, partition: usize) -> Result<(), InvalidValue> {
        let seen = &self.seen[partition];
        if seen.load(Ordering::Acquire) {
            return Ok(()); // Another thread was quicker.
        }
        let range = elements(partition, self.memory.len(), self.partitions());
        // SAFETY: no message has it, and nobody reads it before the flag below is set. Two threads that look at the same
        // time are both behind the door, one after the other.
        let checked = unsafe { self.memory.validate(range) };
        seen.store(true, Ordering::Release);
        checked
    }

    #[cold]
    fn error(&self, fault: Fault) -> Error {
        let room = self.memory.len() * size_of::<T>();
        error_of(fault, self.comm.others(), self.source, self.tag, room)
    }

    #[cold]
    fn invalid(&self, source: InvalidValue) -> Error {
        RecvError::Value { source_rank: self.source, tag: self.tag, source }.into()
    }
}

/// What a fault is to the user, who has so many bytes of room.
#[cold]
pub(crate) fn error_of(fault: Fault, others: &Group, source_rank: i32, tag: i32, room: usize) -> Error {
    match fault {
        Fault::Gone(gone) => others.recv_error(*gone).into(),
        Fault::Type(sent, expected) => {
            let (sent, expected) = (signature::name(sent), signature::name(expected));
            RecvError::Type { source_rank, tag, sent, expected }.into()
        }
        Fault::Size(sent) => PartitionedError::Size { source_rank, tag, sent, room }.into(),
        Fault::Abandoned(partition) => PartitionedError::Abandoned { source_rank, tag, partition }.into(),
        Fault::Unknown => PartitionedError::Announcement { source_rank, tag }.into(),
    }
}

impl<T: Equivalence + Sync> Startable for PartitionedRecv<T> {}

impl<T: Equivalence + Sync> sealed::Sealed for PartitionedRecv<T> {
    fn start(&mut self) -> Result<(), Error> {
        Self::start(self)
    }
}

impl<T: Equivalence + Sync> Drop for PartitionedRecv<T> {
    fn drop(&mut self) {
        let Some(entry) = self.entry else { return };
        let shared = Arc::clone(&self.comm.shared);
        if let Ok(mut inside) = shared.door.enter() {
            inside.forget_partitions(entry, || Share::of(&self.memory));
        } else {
            // From a thread that may not call: the buffer must outlive the messages, whatever becomes of them.
            std::mem::forget(Arc::clone(&self.memory));
        }
    }
}

impl<T: Equivalence + Sync> fmt::Debug for PartitionedRecv<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.active { "active" } else { "inactive" };
        write!(f, "PartitionedRecv ({state}, {} partitions)", self.partitions())
    }
}
