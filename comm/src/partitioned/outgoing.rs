//! What is common to all partitioned sends, wherever their memory is: which partitions are ready, and their messages.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use olympi_transport::{Mode, SendBuf};
use olympi_transport_api::Peer;

use super::{PartitionedError, check_partition};
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, SendError};
use crate::inbox::State;
use crate::op::{Hold, OpRef};
use crate::wait::Shared;

/// To whom, and by which tag the first partition goes; `None`: to `PROC_NULL`.
pub(crate) type Route = Option<(Peer, u32)>;

/// The memory of a partition, lent to its message, and what the message has to hold for it.
pub(crate) type Lent = (SendBuf, Option<Box<dyn Hold>>);

pub(crate) struct Outgoing {
    comm: Communicator,
    route: Route,
    /// Of what class the elements are.
    signature: u8,
    active: AtomicBool,
    /// One of [`FREE`], [`CLAIMED`], [`READY`] for each partition.
    states: Box<[AtomicU8]>,
    begun: Mutex<Begun>,
}

/// Nobody has it, and its message has not been sent.
const FREE: u8 = 0;
/// Someone fills it.
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

impl Outgoing {
    pub(crate) fn new(comm: &Communicator, partitions: usize, signature: u8, route: Route) -> Self {
        Self {
            comm: comm.handle(),
            route,
            signature,
            active: AtomicBool::new(false),
            states: (0..partitions).map(|_| AtomicU8::new(FREE)).collect(),
            begun: Mutex::default(),
        }
    }

    pub(crate) fn partitions(&self) -> usize {
        self.states.len()
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// A round begins: no partition is ready.
    pub(crate) fn start(&self) -> Result<(), PartitionedError> {
        if self.is_active() {
            return Err(PartitionedError::Active);
        }
        // Claims borrow, so that there is none; one that was forgotten ends here.
        self.states.iter().for_each(|state| state.store(FREE, Ordering::Relaxed));
        self.active.store(true, Ordering::Release);
        Ok(())
    }

    /// Marks partitions ready, and sends them: if there is no such partition none, else those before the first that
    /// cannot be.
    pub(crate) fn ready_each(
        &self,
        partitions: impl Iterator<Item = usize> + Clone,
        mut lend: impl FnMut(usize) -> Lent,
    ) -> Result<(), Error> {
        if !self.is_active() {
            return Err(PartitionedError::Inactive.into());
        }
        if let Some(wrong) = partitions.clone().find(|&partition| partition >= self.partitions()) {
            check_partition(wrong, self.partitions())?;
        }
        let mut inside = self.comm.shared.door.enter()?;
        for partition in partitions {
            self.move_on(partition, READY)?;
            self.send(&mut inside, partition, lend(partition))?;
        }
        Ok(())
    }

    /// Claims a partition that nobody has.
    pub(super) fn claim(&self, partition: usize) -> Result<(), PartitionedError> {
        if !self.is_active() {
            return Err(PartitionedError::Inactive);
        }
        check_partition(partition, self.partitions())?;
        self.move_on(partition, CLAIMED)
    }

    /// Ends a claim: the partition is as it was before.
    pub(super) fn give_back(&self, partition: usize) {
        self.states[partition].store(FREE, Ordering::Release);
    }

    /// Ends a claim, and sends the partition; `lent` is asked for when the door is open.
    pub(super) fn ready_claimed(&self, partition: usize, lend: impl FnOnce() -> Lent) -> Result<(), Error> {
        let mut inside = self.comm.shared.door.enter().inspect_err(|_| self.give_back(partition))?;
        self.states[partition].store(READY, Ordering::Release);
        Ok(self.send(&mut inside, partition, lend())?)
    }

    /// Whether a partition has been marked ready in this round.
    pub(super) fn is_ready(&self, partition: usize) -> bool {
        self.is_active() && self.states[partition].load(Ordering::Acquire) == READY
    }

    /// The partitions that are not ready.
    fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        let states = self.states.iter().enumerate();
        states.filter(|(_, state)| state.load(Ordering::Acquire) != READY).map(|(partition, _)| partition)
    }

    /// Why waiting would be in vain, if nobody else marks partitions meanwhile.
    pub(crate) fn unready(&self) -> Option<PartitionedError> {
        let partition = self.missing().next().filter(|_| self.is_active())?;
        let (missing, partitions) = (self.missing().count(), self.partitions());
        Some(PartitionedError::NotReady { partition, missing, partitions })
    }

    /// Whether waiting would end at once.
    pub(crate) fn is_over(&self, state: &mut State) -> bool {
        self.missing().next().is_none() && self.begun().ops.iter().all(|&op| state.mail.ops.is_done(op))
    }

    /// Takes the outcomes of messages that are over; `Some`: all are.
    pub(crate) fn collect(&self, state: &mut State) -> Option<()> {
        if self.missing().next().is_some() {
            return None;
        }
        let mut begun = self.begun();
        while let Some(&op) = begun.ops.last() {
            if !state.mail.ops.is_done(op) {
                return None;
            }
            begun.ops.pop();
            if let Some(Err(outcome)) = state.mail.ops.settle(op)
                && let Err(error) = self.comm.others().sent(outcome.failure)
            {
                begun.failure.get_or_insert(error);
            }
        }
        Some(())
    }

    /// A round is over, as [`collect`](Self::collect) has said: what came of it.
    pub(crate) fn end(&self) -> Result<(), SendError> {
        self.active.store(false, Ordering::Release);
        self.begun().failure.take().map_or(Ok(()), Err)
    }

    /// Leaves a round: what is under way runs on, with what `hold` gives to each message, and the receiver is told which
    /// partitions will not come.
    pub(crate) fn abandon(&self, state: &mut State, mut hold: impl FnMut() -> Option<Box<dyn Hold>>) {
        for partition in self.missing() {
            // A message without bytes says that the partition will not come. A peer that is gone need not hear it.
            let _ = self.send(state, partition, (SendBuf::empty(), None));
        }
        for op in std::mem::take(&mut self.begun().ops) {
            if let Some(op) = state.mail.ops.find(op)
                && op.extra.hold.is_none()
                && let Some(hold) = hold()
            {
                op.unusual = true;
                op.extra.hold = Some(hold);
            }
            drop(state.detach(op)); // Nobody polls it as a task, so that there is no waker.
        }
        self.active.store(false, Ordering::Release);
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
    fn send(&self, state: &mut State, partition: usize, (buf, mut hold): Lent) -> Result<(), SendError> {
        let Some((peer, first)) = self.route else { return Ok(()) };
        let tag = (first as usize + partition) as i32;
        let traffic = Traffic::Partitions(self.signature);
        match self.comm.begin_send(state, traffic, Mode::Standard, buf, Some(&mut hold), peer, tag) {
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
