//! Barrier and broadcast (MPI 5.0, sections 6.3 and 6.4).

use olympi_coll::Schedule;
use olympi_datatype::{BufferMut, Equivalence};
use olympi_transport_api::{RecvBuf, SendBuf};

use crate::collective::calls::{Call, Key};
use crate::collective::error::CollectiveError;
use crate::collective::forms::{Lengths, forms_in_place};
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::persistent::PersistentCollective;
use crate::collective::running::Sequence;
use crate::communicator::Communicator;
use crate::request::Request;
use crate::scope::{Scope, ScopedRequest};

impl Communicator {
    /// Waits until all ranks have called it (`MPI_Barrier`, MPI 5.0, section 6.3); of an intercommunicator, all of the other
    /// group.
    ///
    /// # Errors
    /// [`CollectiveError`]: a rank is gone.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// universe.world().barrier()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    #[inline]
    pub fn barrier(&self) -> Result<(), CollectiveError> {
        self.call::<u8, _>(invoke_barrier(), &[], &mut [])
    }

    /// Begins a barrier (`MPI_Ibarrier`): the request is over when all ranks have begun it.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread; waiting tells the rest.
    pub fn ibarrier(&self) -> Result<Request<()>, CollectiveError> {
        let prepared = self.prepare(invoke_barrier(), Sequence::Requests)?;
        let op = self.begin(prepared, SendBuf::empty(), RecvBuf::empty(), None)?;
        Ok(Request::active(self, op, |outcome, _| match outcome.fault {
            None => Ok(()),
            Some(fault) => Err(CollectiveError::of(*fault).into()),
        }))
    }

    /// Sets up a barrier that can be started again and again (`MPI_Barrier_init`).
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn barrier_init(&self) -> Result<PersistentCollective<u8>, CollectiveError> {
        self.call_init(invoke_barrier(), Vec::new(), Vec::new())
    }

    pub(crate) fn invoke_broadcast<T: Equivalence>(
        &self,
        lengths: Lengths,
        root: i32,
    ) -> Result<Invocation<impl FnOnce(&Shape<'_>) -> Schedule + use<T>>, CollectiveError> {
        let root = self.role("broadcast", root)?.root;
        let len = lengths.data * size_of::<T>();
        let key = Some(Key::new(Call::Broadcast, root, len, true));
        let plan = move |shape: &Shape<'_>| shape.broadcast(root, len);
        Ok(Invocation { call: "broadcast", key, operation: None, plan })
    }
}

pub(crate) fn invoke_barrier() -> Invocation<impl FnOnce(&Shape<'_>) -> Schedule> {
    let key = Some(Key::new(Call::Barrier, 0, 0, false));
    Invocation { call: "barrier", key, operation: None, plan: |shape: &Shape<'_>| shape.barrier() }
}

forms_in_place! {
    /// The root's buffer to all (`MPI_Bcast`, MPI 5.0, section 6.4). All ranks give a buffer of the same length.
    ///
    /// Of an intercommunicator, to all of the other group: the root names [`ROOT`](crate::ROOT), the others of its group name
    /// [`PROC_NULL`](crate::PROC_NULL) and get nothing, and the other group names the root's rank. So do all calls with a root.
    ///
    /// # Errors
    /// [`CollectiveError`]: a wrong root at once; ranks that disagree about the length; a rank that is gone.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// let mut settings = if world.rank() == 0 { [0.5, 2.0] } else { [0.0; 2] };
    /// world.broadcast(&mut settings, 0)?;
    /// assert_eq!(settings, [0.5, 2.0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    broadcast, ibroadcast, broadcast_init<T: Equivalence>(root: i32) = invoke_broadcast, "a broadcast (`MPI_Ibcast`, `MPI_Bcast_init`)";
}
