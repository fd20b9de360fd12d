//! The world model: a process's communicators from the beginning to the end (MPI 5.0, section 11.2).

use std::ops::Deref;

use olympi_transport::{Config, Directory, Membership, SimTransport};

use crate::communicator::{About, Communicator};
use crate::context::{SELF, WORLD};
use crate::door::ThreadLevel;
use crate::error::InitError;
use crate::job::{Builder, Job};

/// The communicators that a process has from `MPI_Init` to `MPI_Finalize`: of all ranks of its job, and of itself alone.
/// It is made first and dropped last: dropping it waits until every message of ours is delivered and every rank has come as
/// far, and leaves the job (`MPI_Finalize`, MPI 5.0, section 11.2), unless a [`Session`](crate::Session) goes on. For ranks
/// that take long, the process waits at its exit instead: a `main` that returns an error can show it, and with that exit
/// code the launcher ends the whole job.
///
/// Under a launcher ([`mpiexec`](https://docs.rs/olympi), `srun --mpi=pmi2`, MPICH's or Intel's `mpiexec`) the
/// job has as many ranks as were started; without one, the process is a job of one.
///
/// What is not about communicators is in [`Job`], to which it dereferences.
///
/// ```
/// let universe = olympi_comm::Universe::init()?;
/// let world = universe.world();
/// println!("rank {} of {}", world.rank(), world.size());
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct Universe {
    job: Job,
    world: Communicator,
    myself: Communicator,
}

impl Universe {
    /// Joins the job that this process was started for (`MPI_Init`).
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn init() -> Result<Self, InitError> {
        Self::builder().init()
    }

    /// Joins with options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Joins as one of several ranks inside one process: what tests do. Address books are exchanged by the caller,
    /// who gives each rank the `directory` in which it finds the others.
    ///
    /// # Errors
    /// [`InitError::Start`] where a transport cannot be started.
    pub fn inside(
        threads: ThreadLevel,
        config: Config,
        membership: Membership,
        directory: Box<dyn Directory>,
        publish: impl FnOnce(Vec<u8>),
    ) -> Result<Self, InitError> {
        Job::inside(threads, config, membership, directory, publish)?.universe()
    }

    /// Joins as one of several ranks over a simulated network (a `Network` of `olympi-sim`), whose seed decides
    /// delays, refusals and losses: for tests only. The rest is as for [`inside`](Self::inside).
    ///
    /// # Panics
    /// If `transport` is not that of the rank that `membership` names.
    pub fn simulated(
        threads: ThreadLevel,
        config: Config,
        membership: Membership,
        directory: Box<dyn Directory>,
        transport: SimTransport,
        publish: impl FnOnce(Vec<u8>),
    ) -> Self {
        Self::of(Job::simulated(threads, config, membership, directory, transport, publish))
    }

    /// That of a job which has none.
    pub(crate) fn of(job: Job) -> Self {
        let (shared, everyone, alone) = (job.shared(), job.everyone(), job.alone());
        let rank = everyone.rank_of(everyone.me()).unwrap_or_default();
        let world = Communicator::new(shared, WORLD, everyone, None, rank, About::named("MPI_COMM_WORLD"));
        let myself = Communicator::new(shared, SELF, alone, None, 0, About::named("MPI_COMM_SELF"));
        Self { job, world, myself }
    }

    /// The communicator of all ranks of the job (`MPI_COMM_WORLD`).
    pub fn world(&self) -> &Communicator {
        &self.world
    }

    /// The communicator of this rank alone (`MPI_COMM_SELF`).
    pub fn self_comm(&self) -> &Communicator {
        &self.myself
    }

    /// What it shares with sessions.
    pub fn job(&self) -> &Job {
        &self.job
    }
}

impl Deref for Universe {
    type Target = Job;

    fn deref(&self) -> &Job {
        &self.job
    }
}

impl Drop for Universe {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // These go first, while everything still works (MPI 5.0, section 11.2.4).
        for comm in [&self.myself, &self.world] {
            if let Err(error) = comm.drop_attributes() {
                tracing::warn!(?comm, %error, "leaving all the same");
            }
        }
    }
}
