//! Collectives on raw memory (MPI 5.0, chapter 6 and section 8.6): one description of a call, and its three forms.

use olympi_coll::Schedule;
use olympi_datatype::Datatype;

use crate::collective::{CollectiveError, Invocation, Prepared, Sequence, Shape};
use crate::communicator::Communicator;
use crate::error::Error;
use crate::op::{OpRef, Outcome};
use crate::raw::lower::Act;
use crate::raw::memory::{Copies, Memory};
use crate::raw::request::{Again, Stage};
use crate::raw::{Kept, Numbers, Raw, RawBlocks, RawOp, RawRequest};
use crate::status::Status;

/// A collective, with its arguments.
///
/// A contribution that is `None` is in place (`MPI_IN_PLACE`). What MPI says does not matter at a rank is not looked at
/// there, so [`Raw::NONE`], [`RawBlocks::EvenElsewhere`] and [`RawBlocks::ListedElsewhere`] are good for it; whether blocks
/// are even or listed has to be the same at all ranks. Roots are named as in all [calls](Communicator::broadcast), also of
/// intercommunicators.
#[derive(Clone, Copy, Debug)]
pub enum RawCollective<'a> {
    /// `MPI_Barrier`
    Barrier,
    /// `MPI_Bcast`
    Broadcast {
        /// What the root has, and others get.
        data: Raw<'a>,
        /// Whose.
        root: i32,
    },
    /// `MPI_Gather`, `MPI_Gatherv`
    Gather {
        /// This rank's contribution; the root's may be in place.
        from: Option<Raw<'a>>,
        /// At the root, where contributions go.
        into: RawBlocks<'a>,
        /// To whom.
        root: i32,
    },
    /// `MPI_Scatter`, `MPI_Scatterv`
    Scatter {
        /// At the root, what is given out.
        from: RawBlocks<'a>,
        /// Where this rank's block goes; the root's may be left in its place (`None`).
        into: Option<Raw<'a>>,
        /// Whose.
        root: i32,
    },
    /// `MPI_Allgather`, `MPI_Allgatherv`
    AllGather {
        /// This rank's contribution.
        from: Option<Raw<'a>>,
        /// Where contributions go.
        into: RawBlocks<'a>,
    },
    /// `MPI_Alltoall`, `MPI_Alltoallv`, `MPI_Alltoallw`
    AllToAll {
        /// What goes to whom.
        from: Option<RawBlocks<'a>>,
        /// What comes from whom.
        into: RawBlocks<'a>,
    },
    /// `MPI_Reduce`
    Reduce {
        /// This rank's contribution; the root's may be in place.
        from: Option<Raw<'a>>,
        /// At the root, the result.
        into: Raw<'a>,
        /// How elements are combined.
        operation: &'a RawOp,
        /// To whom.
        root: i32,
    },
    /// `MPI_Allreduce`
    AllReduce {
        /// This rank's contribution.
        from: Option<Raw<'a>>,
        /// The result.
        into: Raw<'a>,
        /// How elements are combined.
        operation: &'a RawOp,
    },
    /// `MPI_Reduce_scatter_block`
    ReduceScatterBlock {
        /// The address of this rank's contribution, a block for each rank.
        from: Option<*mut u8>,
        /// The address of the result; in place that of the contribution.
        into: *mut u8,
        /// Elements of a block.
        count: usize,
        /// Of which datatype.
        datatype: &'a Datatype,
        /// How elements are combined.
        operation: &'a RawOp,
    },
    /// `MPI_Reduce_scatter`
    ReduceScatter {
        /// The address of this rank's contribution, a block for each rank.
        from: Option<*mut u8>,
        /// The address of the result; in place that of the contribution.
        into: *mut u8,
        /// Elements of each rank's block.
        counts: Numbers<'a>,
        /// Of which datatype.
        datatype: &'a Datatype,
        /// How elements are combined.
        operation: &'a RawOp,
    },
    /// `MPI_Scan`
    Scan {
        /// This rank's contribution.
        from: Option<Raw<'a>>,
        /// The result.
        into: Raw<'a>,
        /// How elements are combined.
        operation: &'a RawOp,
    },
    /// `MPI_Exscan`
    ExclusiveScan {
        /// This rank's contribution.
        from: Option<Raw<'a>>,
        /// The result, which rank 0 has none of.
        into: Raw<'a>,
        /// How elements are combined.
        operation: &'a RawOp,
    },
    /// `MPI_Neighbor_allgather`, `MPI_Neighbor_allgatherv`
    NeighbourAllGather {
        /// This rank's contribution.
        from: Raw<'a>,
        /// Where those of its neighbours go.
        into: RawBlocks<'a>,
    },
    /// `MPI_Neighbor_alltoall`, `MPI_Neighbor_alltoallv`, `MPI_Neighbor_alltoallw`
    NeighbourAllToAll {
        /// What goes to whom.
        from: RawBlocks<'a>,
        /// What comes from whom.
        into: RawBlocks<'a>,
    },
}

/// Collectives on raw memory.
///
/// # Safety
/// Of all these calls: what they read may be read and is initialized, what they write may be written and is nobody
/// else's, until the operation has ended: in the blocking form until it returns, else until the request's outcome has been
/// given (of the persistent one: from each start). Elements that are received do not overlap.
#[allow(clippy::missing_safety_doc)] // It is said above, for all of them.
impl Communicator {
    /// Runs a collective.
    ///
    /// # Errors
    /// [`CollectiveError`]: wrong arguments at once; ranks that disagree; a rank that is gone.
    #[inline]
    pub unsafe fn collective_raw(&self, call: RawCollective<'_>) -> Result<(), CollectiveError> {
        self.lower(call, Run(()))
    }

    /// Begins a collective.
    ///
    /// # Errors
    /// Wrong arguments at once; waiting tells the rest.
    pub unsafe fn icollective_raw(&self, call: RawCollective<'_>) -> Result<RawRequest, CollectiveError> {
        // SAFETY: the caller's promise.
        let (op, again) = unsafe { self.begin_collective_raw(call) }?;
        Ok(RawRequest::once(&self.core, op, Box::new(again)))
    }

    /// Sets up a collective that can be started again and again. Each start takes what the memory then holds.
    ///
    /// # Errors
    /// Wrong arguments.
    pub unsafe fn collective_raw_init(&self, call: RawCollective<'_>) -> Result<RawRequest, CollectiveError> {
        let again = self.lower(call, Prepare(Sequence::Calls))?;
        Ok(RawRequest::persistent(&self.core, Box::new(again)))
    }

    /// Begins a collective, and says what is to be done when it ends.
    pub(crate) unsafe fn begin_collective_raw(
        &self,
        call: RawCollective<'_>,
    ) -> Result<(OpRef, Repeated), CollectiveError> {
        let mut again = self.lower(call, Prepare(Sequence::Requests))?;
        Ok((again.begin()?, again))
    }

    /// From how many neighbours this rank receives, and to how many it sends: so many blocks the neighbour collectives
    /// have. On a grid those are counted that are missing beyond its edges.
    ///
    /// # Errors
    /// [`CollectiveError::Communicator`]: no topology.
    pub fn neighbour_counts(&self) -> Result<(usize, usize), CollectiveError> {
        let around = self.around("neighbour_counts")?;
        Ok((around.sources(), around.targets()))
    }
}

/// Runs a call, and waits for it. Only [`Communicator::collective_raw`] makes one, whose caller has promised the memory.
struct Run(());

impl Act for Run {
    type Done = ();

    #[inline]
    fn act<P: FnOnce(&Shape<'_>) -> Schedule>(
        self,
        comm: &Communicator,
        invocation: Invocation<P>,
        memory: Memory<Raw<'_>>,
    ) -> Result<(), CollectiveError> {
        let mut copies = Copies::default();
        // SAFETY: promised to `collective_raw`, which waits here.
        let (send, recv) = unsafe { memory.lend(&mut copies) };
        match comm.run(invocation, send, recv)? {
            Some(fault) => Err(CollectiveError::of(*fault)),
            None => {
                // SAFETY: as above; the collective has ended.
                unsafe { memory.distribute(&copies) };
                Ok(())
            }
        }
    }
}

/// Makes a call ready to be begun.
struct Prepare(Sequence);

impl Act for Prepare {
    type Done = Repeated;

    fn act<P: FnOnce(&Shape<'_>) -> Schedule>(
        self,
        comm: &Communicator,
        invocation: Invocation<P>,
        memory: Memory<Raw<'_>>,
    ) -> Result<Repeated, CollectiveError> {
        let (prepared, memory) = (comm.prepare(invocation, self.0)?, memory.keep());
        Ok(Repeated { comm: comm.handle(), prepared, memory, spare: None })
    }
}

/// A call that can be begun, once or several times. Only the calls above make one, whose callers have promised that the
/// memory is there from each start to the end.
pub(crate) struct Repeated {
    comm: Communicator,
    prepared: Prepared,
    memory: Memory<Kept>,
    /// Room for packed elements, from the last time.
    spare: Option<Box<Copies>>,
}

impl Repeated {
    fn begin(&mut self) -> Result<OpRef, CollectiveError> {
        let memory = self.memory.raw();
        let (copies, packs) = (&mut self.spare, !memory.is_lent());
        let mut copies = packs.then(|| copies.take().unwrap_or_default());
        // SAFETY: promised for each start. The copies belong to the operation, and what is in them stays where it is.
        let (send, recv) = unsafe { memory.lend(copies.as_deref_mut().unwrap_or(&mut Copies::default())) };
        let hold = copies.map(|copies| copies as Box<_>);
        Ok(self.comm.begin(self.prepared.clone(), send, recv, hold)?)
    }
}

impl Again for Repeated {
    fn start(&mut self) -> Result<Stage, Error> {
        Ok(Stage::Active(self.begin()?))
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Status, Error> {
        if let Some(copies) = outcome.hold.and_then(|hold| hold.into_any().downcast::<Copies>().ok()) {
            if outcome.fault.is_none() {
                // SAFETY: promised for each start until the outcome is given; the collective has ended.
                unsafe { self.memory.raw().distribute(&copies) };
            }
            self.spare = Some(copies);
        }
        match outcome.fault {
            Some(fault) => Err(CollectiveError::of(*fault).into()),
            None => Ok(Status::EMPTY),
        }
    }

    fn is_needed(&self) -> bool {
        !self.memory.raw().is_lent()
    }
}
