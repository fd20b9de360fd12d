//! Joining a job, and leaving it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use olympi_coll::{Nodes, Tuning};
use olympi_transport::{
    Config, ConfigError, Directory, Membership, Memory, Progress, SimTransport, Transports,
};
use olympi_transport_api::Peer;

use crate::bootstrap::Bootstrap;
use crate::door::{Door, ThreadLevel};
use crate::error::{InitError, ThreadError};
use crate::group::Group;
use crate::inbox::{Mailbox, State};
use crate::info::Info;
use crate::leaving::Leaving;
use crate::session::Session;
use crate::universe::Universe;
use crate::wait::Shared;

/// A process's membership in a job: its line to the launcher, and its transports. It is joined once; the
/// [`Universe`] and every [`Session`] that are made of it share it, and so do its clones. When the last of them is
/// dropped, the process leaves: that waits until every message of ours is delivered and every process has come as far
/// (MPI 5.0, section 11.2).
///
/// [`Universe::init`] and [`Session::init`] join by themselves, which is all that most programs need. Who has several
/// sessions, one after the other or at the same time, keeps the job:
///
/// ```
/// use olympi_comm::Job;
///
/// let job = Job::join()?;
/// for _ in 0..2 {
///     let session = job.session();
///     let everyone = session.group_from_pset("mpi://WORLD")?;
///     let comm = session.create_from_group(&everyone, "org.example.job")?;
///     comm.barrier()?;
/// } // each session ends here, the job below
/// # Ok::<(), olympi_comm::Error>(())
/// ```
#[derive(Clone)]
pub struct Job {
    joined: Arc<Joined>,
}

/// What all handles of a membership have in common.
struct Joined {
    shared: Arc<Shared>,
    me: Peer,
    size: u32,
    memory: Arc<Memory>,
    bootstrap: Option<Bootstrap>,
    /// There is a universe, or was one.
    has_universe: AtomicBool,
}

/// How to join: see [`Job::builder`].
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

    /// Joins the job that this process was started for, as [`Job::join`] does.
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn join(self) -> Result<Job, InitError> {
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
        let job = Job::assemble(self.threads, me, size, progress, Some(bootstrap));
        job.tune(tuning, everyone_here, nodes)?;
        if crate::report::wanted() {
            crate::report::print(&job)?;
        }
        Ok(job)
    }

    /// Joins it, and makes its universe.
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn init(self) -> Result<Universe, InitError> {
        self.join()?.universe()
    }
}

impl Job {
    /// Joins the job that this process was started for. Under a launcher a process does so once.
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn join() -> Result<Self, InitError> {
        Self::builder().join()
    }

    /// Joins with options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The communicators of all its processes and of this one alone (`MPI_Init`), which a process has once.
    ///
    /// # Errors
    /// [`InitError::Twice`], if it has or had them already.
    pub fn universe(&self) -> Result<Universe, InitError> {
        if self.joined.has_universe.swap(true, Ordering::Relaxed) {
            return Err(InitError::Twice);
        }
        Ok(Universe::of(self.clone()))
    }

    /// A session, beside all others (`MPI_Session_init`).
    pub fn session(&self) -> Session {
        self.session_with_info(&Info::new())
    }

    /// The same with hints.
    pub fn session_with_info(&self, hints: &Info) -> Session {
        Session::of(self.clone(), hints)
    }

    /// Joins as one of several ranks inside one process: see [`Universe::inside`].
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
        let job = Self::assemble(threads, me, size, progress, None);
        job.tune(Tuning::default(), everyone_here, None)?;
        Ok(job)
    }

    /// Joins as one of several ranks over a simulated network: see [`Universe::simulated`].
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
        let mail = Mailbox::new(&Group::world(size, me), &Group::only(me));
        let memory = Arc::clone(progress.memory());
        let shared = Arc::new(Shared::new(Door::new(threads, State { progress, mail })));
        if let Some(bootstrap) = &bootstrap {
            // The cell is new, hence empty.
            let _ = shared.ending.set(bootstrap.ending());
        }
        let has_universe = AtomicBool::new(false);
        Self { joined: Arc::new(Joined { shared, me, size, memory, bootstrap, has_universe }) }
    }

    /// How collectives are to be done, whether all ranks are on this host, and else on which nodes they are.
    fn tune(&self, tuning: Tuning, everyone_here: bool, nodes: Option<Nodes>) -> Result<(), ThreadError> {
        let mut inside = self.shared().door.enter()?;
        let shared_memory = inside.progress.shared_memory().is_some();
        let collectives = &mut inside.mail.collectives;
        collectives.tuning = tuning;
        collectives.nodes = nodes;
        collectives.everyone_here = everyone_here && shared_memory;
        Ok(())
    }

    /// Which threads may call (`MPI_Query_thread`).
    pub fn thread_level(&self) -> ThreadLevel {
        self.shared().door.level()
    }

    /// Ends the whole job at once with this exit code (`MPI_Abort`). Does not return.
    pub fn abort(&self, code: i32) -> ! {
        self.shared().abort(code)
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

    /// For tests: moves messages on, once.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from a thread that may not call.
    #[doc(hidden)]
    pub fn poll(&self) -> Result<(), ThreadError> {
        self.shared().look(|_| ())
    }

    /// For tests: how many entries the tables of communicators have, namely communicators, room for them, and numbers
    /// that are reserved, retired, and waited for by early messages.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from a thread that may not call.
    #[doc(hidden)]
    pub fn table_sizes(&self) -> Result<[usize; 5], crate::ThreadError> {
        Ok(self.shared().door.enter()?.mail.contexts.sizes())
    }

    /// All its processes.
    pub(crate) fn everyone(&self) -> Group {
        Group::world(self.joined.size, self.joined.me)
    }

    /// This process alone.
    pub(crate) fn alone(&self) -> Group {
        Group::only(self.joined.me)
    }

    /// Where memory that stays registered comes from.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.joined.memory
    }

    /// The line to the launcher, if there is one.
    pub(crate) fn bootstrap(&self) -> Option<&Bootstrap> {
        self.joined.bootstrap.as_ref()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.joined.shared
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job (rank {} of {})", self.joined.me.0, self.joined.size)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // Outside of the thread that may call, nothing can be done in order: the launcher then sees a process that
        // went without leaving, and says so.
        if std::thread::panicking() || self.shared.drain(self.me.0).is_err() {
            return;
        }
        if let Some(leaving) = self.bootstrap.take().and_then(|b| Leaving::begin(&self.shared, b)) {
            leaving.finish();
        }
    }
}
