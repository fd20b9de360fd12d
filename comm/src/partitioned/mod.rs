//! Partitioned communication: one message whose parts are made ready, and arrive, one by one (MPI 5.0, chapter 4).
//!
//! # How it works
//! Both sides are set up once. [`Communicator::psend_init`] announces the send to its peer (`agreement.rs`): how many
//! bytes, in how many partitions, and by which tags these will come. Announcements are messages of a context of their
//! own, so that the matcher pairs them with [`Communicator::precv_init`]s as the standard says: by rank and tag, in the
//! order of the calls. Nothing is answered, so that neither side ever waits for the other to call: a start posts the
//! receives of all partitions of the *sender*, each with its tag and its place in the buffer, or the next poll does that
//! finds the announcement.
//!
//! A partition that is marked ready is one ordinary message, eager or by rendezvous. Neighbours do not share a message,
//! since one that is ready must arrive without those that are not: a program may make the next one depend on it. The
//! cost of a partition is that of a message, so that partitions are best of some KiB and more.
//!
//! A sender's next round may begin before the receiver's: its messages wait as unexpected ones, and the matcher, which
//! keeps the order of messages of one tag, gives to each round its own.

mod agreement;
mod error;
mod memory;
mod outgoing;
mod recv;
mod send;

use std::ops::Range;

use olympi_datatype::Equivalence;
use olympi_transport::Mode;

pub(crate) use agreement::Agreements;
pub use error::PartitionedError;
pub(crate) use memory::{Memory, Share};
pub(crate) use outgoing::{Lent, Outgoing, Route};
pub use recv::PartitionedRecv;
pub(crate) use recv::error_of;
pub use send::{Claim, PartitionedSend};

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::Error;
use crate::request::sent_vec;
use agreement::Terms;

/// The most partitions that an operation may have: each takes a place in the table of operations while it is awaited,
/// and what a peer announces must be bounded.
pub(crate) const PARTITIONS_MAX: usize = 1 << 20;

impl Communicator {
    /// Sets up a partitioned send of a vector (`MPI_Psend_init`): `partitions` equal parts of it, which are marked
    /// ready one by one once the send is started.
    ///
    /// It is matched with one [`precv_init`](Self::precv_init) of rank `dest`, for good: the first call here with the
    /// first there that names this rank and the same tag, and so on. No other message is matched by either. The receiver
    /// may divide the same number of bytes into another number of partitions.
    ///
    /// # Errors
    /// Wrong rank or tag; [`PartitionedError::Division`] where the vector cannot be divided into so many; a peer that is
    /// gone.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let mut send = me.psend_init(vec![0_u64; 6], 3, 0, 8)?;
    /// let mut receive = me.precv_init(vec![0_u64; 6], 2, 0, 8)?; // the same total, divided otherwise
    /// for round in 1..=3 {
    ///     receive.start()?;
    ///     send.start()?;
    ///     for partition in [2, 0, 1] {
    ///         send.partition_mut(partition)?.fill(round); // others may be on their way meanwhile
    ///         send.ready(partition)?;
    ///         if receive.arrived(1)? {
    ///             assert_eq!(receive.partition(1), Some(&[round; 3][..]));
    ///         }
    ///     }
    ///     send.wait()?;
    ///     assert_eq!(receive.wait()?.count::<u64>(), Some(6));
    ///     assert_eq!(receive.buffer()?, [round; 6]);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn psend_init<T: Equivalence + Sync>(
        &self,
        data: Vec<T>,
        partitions: usize,
        dest: i32,
        tag: i32,
    ) -> Result<PartitionedSend<T>, Error> {
        check_division(data.len(), partitions)?;
        let bytes = size_of_val(data.as_slice()) as u64;
        let route = self.announce(T::SIGNATURE, bytes, partitions, dest, tag)?;
        Ok(PartitionedSend::new(self, data, partitions, route))
    }

    /// Sets up a partitioned receive into a vector (`MPI_Precv_init`), whose `partitions` equal parts can be asked for
    /// one by one while it is under way. See [`psend_init`](Self::psend_init).
    ///
    /// # Errors
    /// Wrong rank or tag; [`PartitionedError::Wildcard`]; [`PartitionedError::Division`] where the vector cannot be
    /// divided into so many.
    pub fn precv_init<T: Equivalence + Sync>(
        &self,
        into: Vec<T>,
        partitions: usize,
        source: i32,
        tag: i32,
    ) -> Result<PartitionedRecv<T>, Error> {
        check_division(into.len(), partitions)?;
        let entry = self.await_announcement(T::SIGNATURE, source, tag)?;
        Ok(PartitionedRecv::new(self, into, partitions, source, tag, entry))
    }

    /// Tells a peer of a send of so many bytes and partitions; to whom these go then, and by which tags.
    pub(crate) fn announce(
        &self,
        signature: u8,
        bytes: u64,
        partitions: usize,
        dest: i32,
        tag: i32,
    ) -> Result<Route, Error> {
        let Some(peer) = self.destination(dest, tag)? else { return Ok(None) };
        let partitions = partitions as u32;
        let mut inside = self.shared.door.enter()?;
        let first = inside.mail.agreements.tags(self.context(Traffic::PARTITIONS), peer, partitions);
        drop(inside);
        let announcement = Terms { bytes, partitions, first }.encode().to_vec();
        // Dropped at once: it runs on by itself.
        drop(self.isend_owned(
            Traffic::Announcements(signature),
            Mode::Standard,
            announcement,
            dest,
            tag,
            sent_vec::<u8>,
        )?);
        Ok(Some((peer, first)))
    }

    /// Awaits what such a send tells, in the order of these calls: the entry behind the door; `None`: it is from
    /// `PROC_NULL`.
    pub(crate) fn await_announcement(
        &self,
        signature: u8,
        source: i32,
        tag: i32,
    ) -> Result<Option<u32>, Error> {
        let Some(pattern) = self.pattern(source, tag)? else { return Ok(None) };
        if pattern.source.is_none() || pattern.tag.is_none() {
            return Err(PartitionedError::Wildcard.into());
        }
        let mut inside = self.shared.door.enter()?;
        Ok(Some(inside.expect_partitions(
            self.context(Traffic::PARTITIONS),
            self.context(Traffic::Announcements(signature)),
            signature,
            pattern,
        )))
    }
}

/// Whether so many elements are so many equal partitions.
pub(crate) fn check_division(len: usize, partitions: usize) -> Result<(), PartitionedError> {
    if partitions == 0 || partitions > PARTITIONS_MAX || !len.is_multiple_of(partitions) {
        return Err(PartitionedError::Division { len, partitions });
    }
    Ok(())
}

/// The elements of a partition, where `len` are divided into so many.
fn elements(partition: usize, len: usize, partitions: usize) -> Range<usize> {
    let each = len / partitions;
    partition * each..(partition + 1) * each
}

/// Whether there is such a partition.
pub(crate) fn check_partition(partition: usize, partitions: usize) -> Result<(), PartitionedError> {
    if partition < partitions { Ok(()) } else { Err(PartitionedError::Partition { partition, partitions }) }
}
