//! Sessions: groups and communicators without a world (MPI 5.0, section 11.3).

use std::ops::Deref;
use std::sync::Arc;

use olympi_transport_api::Peer;
use thiserror::Error;

use crate::bsend::Room;
use crate::error::InitError;
use crate::error_class::ErrorClass;
use crate::group::Group;
use crate::info::Info;
use crate::job::Job;

/// The longest name of a process set, in bytes (`MPI_MAX_PSET_NAME_LEN`, less the zero at its end in C).
pub const MAX_PSET_NAME: usize = 1023;

/// All processes of the job.
pub(crate) const WORLD: &str = "mpi://WORLD";
/// This process alone.
pub(crate) const SELF: &str = "mpi://SELF";
/// The processes on this one's host, where the launcher tells.
pub(crate) const HOST: &str = "olympi://HOST";

/// A session (`MPI_Session`): what a library needs to make communicators for itself, whether or not the program has a
/// [`Universe`](crate::Universe), and however many sessions others have. From a process set it gets a group, from a group a
/// communicator.
///
/// What is not about process sets is in [`Job`], to which it dereferences: communicators are made by
/// [`create_from_group`](Job::create_from_group) and [`inter_from_groups`](Job::inter_from_groups). They outlive the
/// session, but not the job, which ends with the last that has a part of it.
///
/// ```
/// use olympi_comm::{Op, Session};
///
/// let session = Session::init()?;
/// let group = session.group_from_pset("mpi://WORLD")?;
/// let comm = session.create_from_group(&group, "org.example.solver")?;
/// assert_eq!(comm.all_reduce(&1, Op::sum())?, comm.size());
/// # Ok::<(), olympi_comm::Error>(())
/// ```
#[derive(Debug)]
pub struct Session {
    job: Job,
    info: Info,
    room: Arc<Room>,
}

/// What is wrong with a call of a session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// There is no such process set.
    #[error("there is no process set {name:?}: there are {}", .known.join(", "))]
    UnknownPset {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

impl SessionError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownPset { .. } => ErrorClass::Arg,
        }
    }
}

impl Session {
    /// Joins the job that this process was started for, and begins a session (`MPI_Session_init`). A process joins once:
    /// other sessions are made of the same job, by [`Job::session`].
    ///
    /// # Errors
    /// [`InitError`], which says what is wrong with the launch, a setting, or this machine.
    pub fn init() -> Result<Self, InitError> {
        Ok(Job::join()?.session())
    }

    pub(crate) fn of(job: Job, hints: &Info) -> Self {
        let mut info = hints.clone();
        for (key, value) in
            [("thread_level", job.thread_level().name()), ("mpi_memory_alloc_kinds", "system,mpi")]
        {
            // Both are short.
            let _ = info.set(key, value);
        }
        Self { job, info, room: Arc::default() }
    }

    /// What it shares with other sessions and the universe.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The hints that it was made with, the `thread_level` that the job has, whichever was asked for, and the kinds of
    /// memory that messages may lie in (`MPI_Session_get_info`).
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The names of the process sets that there are (`MPI_Session_get_num_psets`, `MPI_Session_get_nth_pset`): `mpi://WORLD`,
    /// `mpi://SELF`, and `olympi://HOST`, the processes on this one's host, where the launcher tells.
    pub fn psets(&self) -> Vec<String> {
        let host = self.neighbours().map(|_| HOST);
        [WORLD, SELF].into_iter().chain(host).map(str::to_owned).collect()
    }

    /// What is known of a process set (`MPI_Session_get_pset_info`): `mpi_size`, how many processes it has.
    ///
    /// # Errors
    /// [`SessionError::UnknownPset`].
    pub fn pset_info(&self, name: &str) -> Result<Info, SessionError> {
        let mut info = Info::new();
        // The key and the number are short.
        let _ = info.set("mpi_size", &self.group_from_pset(name)?.size().to_string());
        Ok(info)
    }

    /// The group of a process set (`MPI_Group_from_session_pset`). Names are told apart regardless of case.
    ///
    /// # Errors
    /// [`SessionError::UnknownPset`].
    ///
    /// ```
    /// # let session = olympi_comm::Session::init()?;
    /// assert_eq!(session.group_from_pset("mpi://SELF")?.size(), 1);
    /// let error = session.group_from_pset("mpi://MOON").unwrap_err();
    /// assert!(error.to_string().contains("mpi://WORLD, mpi://SELF"));
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn group_from_pset(&self, name: &str) -> Result<Group, SessionError> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let group = if is(WORLD) {
            Some(self.job.everyone())
        } else if is(SELF) {
            Some(self.job.alone())
        } else {
            is(HOST).then(|| self.neighbours()).flatten()
        };
        let group = group.map(|group| group.with_session(Some(&self.room)));
        group.ok_or_else(|| SessionError::UnknownPset { name: name.to_owned(), known: self.psets() })
    }

    /// Ends it (`MPI_Session_finalize`), as dropping it does: without waiting for anyone, while others have a part of the job.
    pub fn finalize(self) {}

    /// Its buffer for buffered sends.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// The processes on this one's host, if the launcher tells.
    fn neighbours(&self) -> Option<Group> {
        let (everyone, me) = (self.job.everyone(), self.job.alone().me());
        let hosts = self.job.bootstrap()?.hosts(everyone.len())?;
        let here = hosts.get(me.0 as usize)?;
        let peers = (0..).map(Peer).zip(&hosts).filter(|(_, host)| *host == here);
        Some(Group::of(peers.map(|(peer, _)| peer).collect(), me))
    }
}

impl Deref for Session {
    type Target = Job;

    fn deref(&self) -> &Job {
        &self.job
    }
}
