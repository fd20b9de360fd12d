//! Joining a job, and leaving it.

use std::sync::Arc;

use olympi_coll::{Nodes, Tuning};
use olympi_transport::{
    Config, ConfigError, Directory, Membership, Memory, Progress, SimTransport, Transports,
};
use olympi_transport_api::Peer;

use crate::bootstrap::Bootstrap;
use crate::communicator::{About, Communicator};
use crate::context::{SELF, WORLD};
use crate::door::{Door, ThreadLevel};
use crate::error::{Error, InitError, ThreadError};
use crate::group::Group;
use crate::inbox::{Mailbox, State};
use crate::leaving::Leaving;
use crate::wait::Shared;

/// A process's membership in a job. It is made first and dropped last: dropping it waits until every message
/// of ours is delivered and every rank has come as far, and leaves the job (`MPI_Finalize`, MPI 5.0, section
/// 11.2). For ranks that take long, the process waits at its exit instead: a `main` that returns an error can show
/// it, and with that exit code the launcher ends the whole job.
///
/// Under a launcher ([`mpiexec`](https://docs.rs/olympi), `srun --mpi=pmi2`, MPICH's or Intel's `mpiexec`) the
/// job has as many ranks as were started; without one, the process is a job of one.
///
/// ```
/// let universe = olympi_comm::Universe::init()?;
/// let world = universe.world();
/// println!("rank {} of {}", world.rank(), world.size());
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct Universe {
    shared: Arc<Shared>,
    world: Communicator,
    myself: Communicator,
    bootstrap: Option<Bootstrap>,
    memory: Arc<Memory>,
}

/// How to join: see [`Universe::builder`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    threads: ThreadLevel,
    transports: Option<Transports>,
}

impl Builder {
    /// Which threads may call (`MPI_Init_thread`). The default, [`ThreadLevel::Funneled`], is the quickest.
    #[must_use]
    pub fn threads(mut self, level: ThreadLevel) -> Self {
        self.threads = level;
        self
    }

    /// Which transports may be used, whatever `OLYMPI_TRANSPORTS` says: a list in the same form, best first (`verbs,shm`),
    /// or behind `^` those that may not (`^tcp`). All ranks must allow a common one.
    ///
    /// ```
    /// use olympi_comm::Universe;
    ///
    /// let universe = Universe::builder().transports("shm,tcp")?.init()?;
    /// let refused = Universe::builder().transports("telegraph").unwrap_err();
    /// assert!(refused.to_string().contains("\"telegraph\" is no transport"));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InitError::Config`], if the list makes no sense. A transport that is named and does not start is an error of
    /// [`init`](Self::init).
    pub fn transports(mut self, list: &str) -> Result<Self, InitError> {
        self.transports = Some(list.parse().map_err(|reason| ConfigError {
            variable: "transports".to_owned(),
            value: list.to_owned(),
            reason,
        })?);
        Ok(self)
    }

    /// Joins the job that this process was started for.
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn init(self) -> Result<Universe, InitError> {
        let mut bootstrap = Bootstrap::from_env()?;
        let mut config = Config::from_env()?;
        if let Some(transports) = self.transports {
            config.transports = transports;
        }
        bootstrap.locate(&mut config);
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let tuning = Tuning::from_variables(variable)?;
        let local_size = config.local_size;
        let membership = bootstrap.membership()?;
        let (me, size) = (membership.me, membership.size);
        let everyone_here = local_size == Some(size);
        let nodes = if everyone_here { None } else { bootstrap.nodes() };
        let progress = Progress::start(membership, config, bootstrap.directory())?;
        bootstrap.publish(&progress.address())?;
        for notice in progress.notices() {
            eprintln!("olympi: {notice}");
        }
        let universe = Universe::assemble(self.threads, me, size, progress, Some(bootstrap));
        universe.tune(tuning, everyone_here, nodes)?;
        if crate::report::wanted() {
            crate::report::print(&universe)?;
        }
        Ok(universe)
    }
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
        let (me, size) = (membership.me, membership.size);
        let everyone_here = config.local_size == Some(size);
        let progress = Progress::start(membership, config, directory)?;
        publish(progress.address());
        let universe = Self::assemble(threads, me, size, progress, None);
        universe.tune(Tuning::default(), everyone_here, None)?;
        Ok(universe)
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
        let (me, size) = (membership.me, membership.size);
        let progress = Progress::over(membership, config, directory, transport);
        publish(progress.address());
        Self::assemble(threads, me, size, progress, None)
    }

    fn assemble(
        threads: ThreadLevel,
        me: Peer,
        size: u32,
        progress: Progress,
        bootstrap: Option<Bootstrap>,
    ) -> Self {
        let (everyone, only_me) = (Group::world(size, me), Group::only(me));
        let mail = Mailbox::new(&everyone, &only_me);
        let memory = Arc::clone(progress.memory());
        let shared = Arc::new(Shared::new(Door::new(threads, State { progress, mail })));
        if let Some(bootstrap) = &bootstrap {
            // The cell is new, hence empty.
            let _ = shared.ending.set(bootstrap.ending());
        }
        let world = Communicator::new(&shared, WORLD, everyone, None, me.0, About::named("MPI_COMM_WORLD"));
        let myself = Communicator::new(&shared, SELF, only_me, None, 0, About::named("MPI_COMM_SELF"));
        Self { shared, world, myself, bootstrap, memory }
    }

    /// How collectives are to be done, whether all ranks are on this host, and else on which nodes they are.
    fn tune(&self, tuning: Tuning, everyone_here: bool, nodes: Option<Nodes>) -> Result<(), ThreadError> {
        let mut inside = self.shared.door.enter()?;
        let shared_memory = inside.progress.shared_memory().is_some();
        let collectives = &mut inside.mail.collectives;
        collectives.tuning = tuning;
        collectives.nodes = nodes;
        collectives.everyone_here = everyone_here && shared_memory;
        Ok(())
    }

    /// Sets how collectives are done from here on, as [`Tuning::set`] does (`OLYMPI_COLL_ALL_REDUCE`, `ring`): the same at
    /// all ranks, between collectives.
    ///
    /// # Errors
    /// [`Error::Tuning`], if there is no such setting or the value makes no sense.
    pub fn set_tuning(&self, variable: &str, value: &str) -> Result<(), Error> {
        let mut inside = self.shared.door.enter()?;
        inside.mail.collectives.tuning.set(variable, value)?;
        inside.mail.contexts.forget_schedules();
        Ok(())
    }

    /// The communicator of all ranks of the job (`MPI_COMM_WORLD`).
    pub fn world(&self) -> &Communicator {
        &self.world
    }

    /// The communicator of this rank alone (`MPI_COMM_SELF`).
    pub fn self_comm(&self) -> &Communicator {
        &self.myself
    }

    /// Which threads may call (`MPI_Query_thread`).
    pub fn thread_level(&self) -> ThreadLevel {
        self.shared.door.level()
    }

    /// Ends the whole job at once with this exit code (`MPI_Abort`). Does not return.
    pub fn abort(&self, code: i32) -> ! {
        self.shared.abort(code)
    }

    /// A clock for measuring, in seconds since some moment in the past (`MPI_Wtime`).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let begin = universe.wtime();
    /// assert!(universe.wtime() >= begin);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn wtime(&self) -> f64 {
        static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        BEGIN.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
    }

    /// For tests: how many entries the tables of communicators have, namely communicators, room for them, and numbers
    /// that are reserved, retired, and waited for by early messages.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from a thread that may not call.
    #[doc(hidden)]
    pub fn table_sizes(&self) -> Result<[usize; 5], crate::ThreadError> {
        Ok(self.shared.door.enter()?.mail.contexts.sizes())
    }

    /// Where memory that stays registered comes from.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// The line to the launcher, while this process has not left the job.
    pub(crate) fn bootstrap(&self) -> Option<&Bootstrap> {
        self.bootstrap.as_ref()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Universe {
    fn drop(&mut self) {
        // Outside of the thread that may call, nothing can be done in order: the launcher then sees a process that
        // went without leaving, and says so.
        if std::thread::panicking() {
            return;
        }
        // These go first, while everything still works (MPI 5.0, section 11.2.4).
        for comm in [&self.myself, &self.world] {
            if let Err(error) = comm.drop_attributes() {
                tracing::warn!(?comm, %error, "leaving all the same");
            }
        }
        if self.shared.drain(self.world.rank() as u32).is_err() {
            return;
        }
        if let Some(leaving) = self.bootstrap.take().and_then(|b| Leaving::begin(&self.shared, b)) {
            leaving.finish();
        }
    }
}
