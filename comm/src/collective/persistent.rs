//! Persistent collectives (MPI 5.0, section 6.13): a schedule that is made once, and started many times.

use std::fmt;
use std::sync::Arc;

use olympi_datatype::{Equivalence, validate_or_zero};

use crate::collective::error::CollectiveError;
use crate::collective::forms::Pair;
use crate::collective::running::Prepared;
use crate::communicator::Communicator;
use crate::completion::Completion;
use crate::error::{Error, PersistentError};
use crate::inbox::State;
use crate::op::OpRef;
use crate::persistent::Startable;
use crate::recv::{lend, lend_const};
use crate::wait::Shared;

/// A persistent collective and its buffers. Inactive at first; [`start`](Self::start) makes it active,
/// [`wait`](Self::wait) or a successful [`test`](Self::test) inactive again. Its buffers can be looked at and changed while
/// it is inactive. All ranks set up and start the collectives of a communicator in the same order. For several at once
/// there are [`start_all`](crate::start_all) and, with the requests lent, [`wait_all`](crate::wait_all).
///
/// Dropping an active one lets the operation run on with the buffers, since the others count on it.
///
/// ```
/// # use olympi_comm::{Op, Universe};
/// # let universe = Universe::init()?;
/// # let me = universe.self_comm();
/// let mut sum = me.all_reduce_init(vec![0_u64; 2], vec![0; 2], Op::sum())?;
/// for step in 1..=3 {
///     sum.data_mut()?.fill(step);
///     sum.start()?;
///     sum.wait()?;
///     assert_eq!(sum.result()?, [step; 2]);
/// }
///
/// let mut both = [me.barrier_init()?, me.broadcast_init(vec![7_u8; 3], 0)?];
/// olympi_comm::start_all(&mut both)?;
/// olympi_comm::wait_all(&mut both)?;
/// assert_eq!(both[1].result()?, [7; 3]);
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct PersistentCollective<T: Equivalence> {
    comm: Communicator,
    prepared: Prepared,
    data: Vec<T>,
    result: Vec<T>,
    active: Option<OpRef>,
}

impl<T: Equivalence> PersistentCollective<T> {
    pub(crate) fn new(comm: &Communicator, prepared: Prepared, data: Vec<T>, result: Vec<T>) -> Self {
        Self { comm: comm.handle(), prepared, data, result, active: None }
    }

    /// Starts the collective (`MPI_Start`).
    ///
    /// # Errors
    /// [`PersistentError::Active`] if it is active.
    pub fn start(&mut self) -> Result<(), Error> {
        self.inactive()?;
        let (send, recv) = (lend_const(&self.data), lend(&mut self.result));
        self.active = Some(self.comm.begin(self.prepared.clone(), send, recv, None)?);
        Ok(())
    }

    /// Waits until the collective is over (`MPI_Wait`). Inactive: returns at once.
    ///
    /// # Errors
    /// [`CollectiveError`], as the blocking form; the collective is inactive then too.
    pub fn wait(&mut self) -> Result<(), Error> {
        let Some(op) = self.active else { return Ok(()) };
        let outcome = self.comm.shared.outcome(op)?;
        self.active = None;
        let valid = validate_or_zero(&mut self.result);
        if let Some(fault) = outcome.fault {
            return Err(CollectiveError::of(*fault).into());
        }
        let call = self.prepared.call;
        Ok(valid.map_err(|source| CollectiveError::Value { call, source })?)
    }

    /// Moves messages on, and says whether the collective is over (`MPI_Test`). Inactive: it is.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn test(&mut self) -> Result<bool, Error> {
        match self.active {
            Some(op) if !self.comm.shared.test(op)? => Ok(false),
            _ => self.wait().map(|()| true),
        }
    }

    /// Whether it was started and not waited for.
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// The contribution, to change; empty where it lies in the result's place.
    ///
    /// # Errors
    /// [`PersistentError::Active`] while the operation has it.
    pub fn data_mut(&mut self) -> Result<&mut [T], PersistentError> {
        self.inactive()?;
        Ok(&mut self.data)
    }

    /// The result, to read.
    ///
    /// # Errors
    /// [`PersistentError::Active`] while the operation has it.
    pub fn result(&self) -> Result<&[T], PersistentError> {
        self.inactive()?;
        Ok(&self.result)
    }

    /// The result, to change: in place it is the contribution too.
    ///
    /// # Errors
    /// [`PersistentError::Active`] while the operation has it.
    pub fn result_mut(&mut self) -> Result<&mut [T], PersistentError> {
        self.inactive()?;
        Ok(&mut self.result)
    }

    fn inactive(&self) -> Result<(), PersistentError> {
        if self.is_active() { Err(PersistentError::Active) } else { Ok(()) }
    }
}

impl<T: Equivalence> Startable for PersistentCollective<T> {}

impl<T: Equivalence> crate::persistent::sealed::Sealed for PersistentCollective<T> {
    fn start(&mut self) -> Result<(), Error> {
        Self::start(self)
    }
}

/// Gives nothing: the result is in the request's own buffer.
impl<T: Equivalence> Completion for PersistentCollective<T> {
    type Output = ();
}

impl<T: Equivalence> crate::completion::sealed::Sealed for PersistentCollective<T> {
    type Given = ();
    fn is_live(&self) -> bool {
        self.is_active()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        Some(&self.comm.shared)
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.active.is_none_or(|op| state.mail.ops.is_done(op))
    }
    fn give(&mut self) -> Result<(), Error> {
        self.wait()
    }
}

impl<T: Equivalence> Drop for PersistentCollective<T> {
    fn drop(&mut self) {
        let Some(op) = self.active else { return };
        let (data, result) = (std::mem::take(&mut self.data), std::mem::take(&mut self.result));
        let pair = Box::new(Pair { call: self.prepared.call, data, result });
        let Ok(mut inside) = self.comm.shared.door.enter() else {
            // From a thread that may not call: the buffers must outlive the operation, whatever becomes of it.
            std::mem::forget(pair);
            return;
        };
        if let Some(op) = inside.mail.ops.find(op) {
            op.unusual = true;
            op.extra.hold = Some(pair);
        }
        let waker = inside.detach(op);
        drop(inside);
        drop(waker);
    }
}

impl<T: Equivalence> fmt::Debug for PersistentCollective<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_active() { "active" } else { "inactive" };
        write!(f, "PersistentCollective ({}, {state})", self.prepared.call)
    }
}
