//! Partitioned messages of raw memory (MPI 5.0, chapter 4).
//!
//! Where the elements of the whole lie in one piece, partitions travel out of it and into it. Else each is packed when it is
//! marked ready, and distributed when it is known to have arrived.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use olympi_datatype::{Datatype, signature::UNCHECKED};
use olympi_transport_api::RecvBuf;

use crate::communicator::Communicator;
use crate::error::Error;
use crate::inbox::State;
use crate::op::{Hold, Outcome};
use crate::partitioned::{
    Lent, Memory, Outgoing, PartitionedError, Share, check_division, check_partition, error_of,
};
use crate::raw::request::{Again, Stage};
use crate::raw::{Kept, Raw, RawRequest};
use crate::recv::{Owned, lend_const};
use crate::status::Status;

/// Where the partitions are.
struct Layout {
    /// Of the first partition.
    first: Kept,
    /// From one partition to the next.
    stride: isize,
    /// How many the program counts. None at all is one without bytes to the other side.
    named: usize,
    partitions: usize,
    /// A partition's size when packed.
    each: usize,
}

impl Layout {
    fn new(
        start: *mut u8,
        partitions: usize,
        count: usize,
        datatype: &Datatype,
    ) -> Result<Self, PartitionedError> {
        let named = partitions;
        let (partitions, count) = if named == 0 { (1, 0) } else { (named, count) };
        let len = partitions.saturating_mul(count);
        check_division(len, partitions)?;
        let each = Raw::new(start, count, datatype).len();
        if len > isize::MAX as usize || each.checked_mul(partitions).is_none() {
            return Err(PartitionedError::Division { len, partitions });
        }
        let stride = datatype.extent() as isize;
        let first = Raw::Laid { start, count, datatype }.keep();
        Ok(Self { first, stride: stride.wrapping_mul(count as isize), named, partitions, each })
    }

    /// One of them.
    fn part(&self, partition: usize) -> Raw<'_> {
        match self.first.raw() {
            Raw::Laid { start, count, datatype } => {
                let start = start.wrapping_offset(self.stride.wrapping_mul(partition as isize));
                Raw::new(start, count, datatype)
            }
            run @ Raw::Run { .. } => run,
        }
    }

    /// All of them, if they lie in one piece.
    fn whole(&self) -> Option<Raw<'_>> {
        let Raw::Laid { start, count, datatype } = self.first.raw() else { return None };
        Some(Raw::new(start, count * self.partitions, datatype))
            .filter(|whole| matches!(whole, Raw::Run { .. }))
    }

    fn check(&self, partition: usize) -> Result<(), PartitionedError> {
        check_partition(partition, self.named)
    }

    fn bytes(&self) -> usize {
        self.each * self.partitions
    }
}

struct Sending {
    layout: Layout,
    outgoing: Outgoing,
    /// It is to `PROC_NULL`.
    to_nobody: bool,
}

impl Sending {
    fn ready(&self, partitions: impl Iterator<Item = usize> + Clone) -> Result<(), Error> {
        if let Some(wrong) = partitions.clone().find(|&partition| partition >= self.layout.named) {
            self.layout.check(wrong)?;
        }
        self.outgoing.ready_each(partitions, |partition| self.lend(partition))
    }

    fn lend(&self, partition: usize) -> Lent {
        let part = self.layout.part(partition);
        // SAFETY: promised to `psend_raw_init`: from when it is marked ready, until the send is over.
        if let Some(buf) = unsafe { part.lend() } {
            return (buf, None);
        }
        // SAFETY: as above.
        let packed = unsafe { part.pack() };
        // A vector's memory stays where it is when the vector moves.
        (lend_const(&packed), Some(Box::new(Owned(packed))))
    }
}

struct Receiving {
    comm: Communicator,
    layout: Layout,
    source: i32,
    tag: i32,
    /// What lies behind the door of it; `None`: it is from `PROC_NULL`.
    entry: Option<u32>,
    active: AtomicBool,
    /// Where partitions land that are then distributed.
    packed: Option<Packed>,
}

/// Partitions as they land, and which of them have been distributed.
type Packed = (Arc<Memory<u8>>, Box<[AtomicBool]>);

impl Receiving {
    fn landing(&self) -> RecvBuf {
        match &self.packed {
            // SAFETY: shared with the messages where the receive is dropped. Parts are read when their messages are over.
            Some((memory, _)) => unsafe { memory.lend_whole() },
            // SAFETY: promised to `precv_raw_init`: from a start until the receive is over.
            None => unsafe { self.layout.whole().and_then(|whole| whole.lend_mut()) }
                .unwrap_or_else(RecvBuf::empty),
        }
    }

    /// The messages of a partition are over: puts its elements where they belong. It happens behind the door, so that one
    /// thread does it.
    fn distribute(&self, partition: usize) {
        let Some((memory, done)) = &self.packed else { return };
        if done[partition].load(Ordering::Acquire) {
            return;
        }
        let each = self.layout.each;
        // SAFETY: no message has this part any more, and none writes to it before the next start.
        let bytes = unsafe { memory.part(partition * each..(partition + 1) * each) };
        // SAFETY: promised to `precv_raw_init`: the receive is not over.
        unsafe { self.layout.part(partition).unpack(bytes) };
        done[partition].store(true, Ordering::Release);
    }

    fn arrived(&self, partition: usize) -> Result<bool, Error> {
        self.layout.check(partition)?;
        let Some(entry) = self.entry else { return Ok(true) };
        let arrived = self.comm.shared.look(|state| {
            // Looked at behind the door, where a round begins and ends: another thread may wait for it.
            if !self.active.load(Ordering::Relaxed) {
                return Ok(true);
            }
            let arrived = state.has_arrived(entry, partition, self.layout.partitions);
            if matches!(arrived, Ok(true)) {
                self.distribute(partition);
            }
            arrived
        })?;
        let room = self.layout.bytes();
        arrived.map_err(|fault| error_of(fault, self.comm.others(), self.source, self.tag, room))
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        let Some(entry) = self.entry else { return };
        let share = || -> Box<dyn Hold> {
            match &self.packed {
                Some((memory, _)) => Share::of(memory),
                // The memory is the program's, which has promised that it stays.
                None => Box::new(Owned(Vec::<u8>::new())),
            }
        };
        let shared = Arc::clone(&self.comm.shared);
        if let Ok(mut inside) = shared.door.enter() {
            inside.forget_partitions(entry, share);
        } else if let Some((memory, _)) = &self.packed {
            // From a thread that may not call: the memory must outlive the messages, whatever becomes of them.
            std::mem::forget(Arc::clone(memory));
        }
    }
}

impl Again for Arc<Sending> {
    fn start(&mut self) -> Result<Stage, Error> {
        if self.to_nobody {
            self.outgoing.end()?; // The round before was over at once.
        }
        self.outgoing.start()?;
        if self.layout.named == 0 {
            self.outgoing.ready_each(std::iter::once(0), |partition| self.lend(partition))?;
        }
        Ok(if self.to_nobody { Stage::Over(Status::EMPTY) } else { Stage::Many })
    }

    fn finish(&mut self, _outcome: Outcome) -> Result<Status, Error> {
        let mut inside = self.outgoing.shared().door.enter()?;
        self.outgoing.collect(&mut inside);
        drop(inside);
        self.outgoing.end()?;
        Ok(Status::EMPTY)
    }

    fn is_needed(&self) -> bool {
        false
    }

    fn is_over(&self, state: &mut State) -> bool {
        self.outgoing.is_over(state)
    }

    fn in_vain(&self) -> Option<Error> {
        // Where other threads may call, one of them may mark what is missing.
        let alone = !self.outgoing.shared().door.shared();
        self.outgoing.unready().filter(|_| alone).map(Error::from)
    }

    fn leave(&mut self, state: &mut State) {
        self.outgoing.abandon(state, || None);
    }
}

impl Again for Arc<Receiving> {
    fn start(&mut self) -> Result<Stage, Error> {
        let Some(entry) = self.entry else { return Ok(Stage::Over(Status::PROC_NULL)) };
        let mut inside = self.comm.shared.door.enter()?;
        if let Some((_, done)) = &self.packed {
            done.iter().for_each(|done| done.store(false, Ordering::Relaxed));
        }
        inside.start_partitions(entry, self.landing());
        self.active.store(true, Ordering::Release);
        Ok(Stage::Many)
    }

    fn finish(&mut self, _outcome: Outcome) -> Result<Status, Error> {
        let Some(entry) = self.entry else { return Ok(Status::PROC_NULL) };
        let mut inside = self.comm.shared.door.enter()?;
        let ended = inside.end_partitions(entry);
        self.active.store(false, Ordering::Release);
        if ended.is_ok() {
            (0..self.layout.partitions).for_each(|partition| self.distribute(partition));
        }
        drop(inside);
        let room = self.layout.bytes();
        ended.map_err(|fault| error_of(fault, self.comm.others(), self.source, self.tag, room))?;
        Ok(self.status())
    }

    fn is_needed(&self) -> bool {
        false
    }

    fn is_over(&self, state: &mut State) -> bool {
        self.entry.is_none_or(|entry| state.are_partitions_over(entry))
    }

    fn status(&self) -> Status {
        Status { source: self.source, tag: self.tag, bytes: self.layout.bytes(), cancelled: false }
    }
}

/// The partitions of a request, for other threads than the one that waits for it. It does not keep the request.
#[derive(Clone)]
pub struct RawPartitions(Part);

#[derive(Clone)]
enum Part {
    Send(Weak<Sending>),
    Receive(Weak<Receiving>),
}

/// Which side of a partitioned message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its partitions are marked ready.
    Send,
    /// Its partitions arrive.
    Receive,
}

impl RawPartitions {
    /// Which side it is.
    pub fn side(&self) -> Side {
        match self.0 {
            Part::Send(_) => Side::Send,
            Part::Receive(_) => Side::Receive,
        }
    }

    /// Whether the request has been dropped.
    pub fn is_gone(&self) -> bool {
        match &self.0 {
            Part::Send(send) => send.strong_count() == 0,
            Part::Receive(receive) => receive.strong_count() == 0,
        }
    }

    /// Marks partitions ready (`MPI_Pready` and its kin), in that order.
    ///
    /// # Errors
    /// As [`PartitionedSend::ready_range`](crate::PartitionedSend::ready_range); [`PartitionedError::Inactive`] also of a
    /// receive, and of a request that is gone.
    pub fn ready(&self, partitions: impl Iterator<Item = usize> + Clone) -> Result<(), Error> {
        match &self.0 {
            Part::Send(send) => send.upgrade().ok_or(PartitionedError::Inactive)?.ready(partitions),
            Part::Receive(_) => Err(PartitionedError::Inactive.into()),
        }
    }

    /// Whether a partition has arrived (`MPI_Parrived`): an inactive receive has all of them.
    ///
    /// # Errors
    /// As [`PartitionedRecv::arrived`](crate::PartitionedRecv::arrived); [`PartitionedError::Inactive`] of a send.
    pub fn arrived(&self, partition: usize) -> Result<bool, Error> {
        match &self.0 {
            Part::Receive(receive) => {
                receive.upgrade().map_or(Ok(true), |receive| receive.arrived(partition))
            }
            Part::Send(_) => Err(PartitionedError::Inactive.into()),
        }
    }
}

impl Communicator {
    /// Sets up a partitioned send ([`psend_init`](Self::psend_init), `MPI_Psend_init`): `partitions` times `count` elements.
    ///
    /// # Errors
    /// As [`psend_init`](Self::psend_init).
    ///
    /// # Safety
    /// From when a partition is marked ready until the send is over, it may be read and is initialized.
    pub unsafe fn psend_raw_init(
        &self,
        start: *mut u8,
        partitions: usize,
        count: usize,
        datatype: &Datatype,
        dest: i32,
        tag: i32,
    ) -> Result<(RawRequest, RawPartitions), Error> {
        let layout = Layout::new(start, partitions, count, datatype)?;
        let route = self.announce(UNCHECKED, layout.bytes() as u64, layout.partitions, dest, tag)?;
        let outgoing = Outgoing::new(self, layout.partitions, UNCHECKED, route);
        let sending = Arc::new(Sending { layout, outgoing, to_nobody: route.is_none() });
        let partitions = RawPartitions(Part::Send(Arc::downgrade(&sending)));
        Ok((RawRequest::persistent(&self.core, Box::new(sending)), partitions))
    }

    /// Sets up a partitioned receive ([`precv_init`](Self::precv_init), `MPI_Precv_init`).
    ///
    /// # Errors
    /// As [`precv_init`](Self::precv_init).
    ///
    /// # Safety
    /// From each start until the receive is over, what has not arrived may be written, and is nobody else's.
    pub unsafe fn precv_raw_init(
        &self,
        start: *mut u8,
        partitions: usize,
        count: usize,
        datatype: &Datatype,
        source: i32,
        tag: i32,
    ) -> Result<(RawRequest, RawPartitions), Error> {
        let layout = Layout::new(start, partitions, count, datatype)?;
        let entry = self.await_announcement(UNCHECKED, source, tag)?;
        let packed = layout.whole().is_none().then(|| {
            let done = (0..layout.partitions).map(|_| AtomicBool::new(false)).collect();
            (Arc::new(Memory::new(vec![0; layout.bytes()])), done)
        });
        let (comm, active) = (self.handle(), AtomicBool::new(false));
        let receiving = Arc::new(Receiving { comm, layout, source, tag, entry, active, packed });
        let partitions = RawPartitions(Part::Receive(Arc::downgrade(&receiving)));
        Ok((RawRequest::persistent(&self.core, Box::new(receiving)), partitions))
    }
}
