//! What a rank inherits: its PMI socket, its place in the job, the secret, its standard streams.
//!
//! Nothing runs between `fork` and `exec` but the standard library's own code, so that children start by
//! `posix_spawn` without a copy of our memory. A descriptor is inheritable only while its rank is started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::args::{Bind, JobSpec};
use crate::job::JobError;
use crate::{program, python};

/// Variables of other launchers, or of a job that we ourselves run in, that must not reach a rank; and all that
/// begin with `PMIX_`.
const FOREIGN: [&str; 6] =
    ["PMI_PORT", "PMI_ID", "PMI_SPAWNED", "PMI_JOBID", "PMI_HOSTNAME", "HYDI_CONTROL_FD"];

/// Descriptors that a rank costs: PMI, two outputs, its end; and what everything else needs.
const FDS_PER_RANK: u64 = 4;
const OTHER_FDS: u64 = 32;

/// Starts ranks, one after the other.
pub(crate) struct Spawner {
    /// One for each program, with everything but what differs from rank to rank.
    commands: Vec<Command>,
    secret: OwnedFd,
    pinning: Option<Pinning>,
}

/// A rank that runs.
pub(crate) struct Spawned {
    pub(crate) child: Child,
    pub(crate) pmi: UnixStream,
}

/// The CPUs to deal out, and what to go back to.
struct Pinning {
    before: CpuSet,
    cpus: Vec<usize>,
}

impl Spawner {
    /// Finds the programs and prepares what all ranks share. `job` is the name of the job's store.
    pub(crate) fn new(spec: &JobSpec, job: &str) -> Result<Self, JobError> {
        let secret = secret()?;
        let size: usize = spec.programs.iter().map(|program| program.ranks).sum();
        // Counts the affinity mask and the quotas of control groups; unknown means: do not spin.
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let size_text = size.to_string();
        let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        env.retain(|name, _| !is_foreign(name));
        if spec.report {
            env.insert("OLYMPI_REPORT".into(), "1".into());
        }
        if let Some(list) = &spec.transport {
            env.insert("OLYMPI_TRANSPORTS".into(), list.into());
        }
        env.extend(spec.env.iter().cloned());
        let ours = std::env::current_exe().ok();
        let commands = spec.programs.iter().map(|program| -> Result<Command, JobError> {
            let mut env = env.clone();
            env.extend(program.env.iter().cloned());
            if !spec.no_python {
                python::tell(&mut env, ours.as_deref());
            }
            let path = env.get(OsStr::new("PATH")).map(OsString::as_os_str);
            let file = program::find(&program.program, program.directory.as_deref(), path)?;
            let mut command = Command::new(file);
            command.arg0(&program.program).args(&program.arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
            if let Some(directory) = &program.directory {
                command.current_dir(directory);
            }
            command.env_clear().envs(env);
            command.envs(["PMI_SIZE", "MPI_LOCALNRANKS", "OLYMPI_LOCAL_SIZE"].map(|name| (name, &size_text)));
            command.env("OLYMPI_JOB", job);
            command.env("OLYMPI_SECRET_FD", secret.as_raw_fd().to_string());
            command.env("OLYMPI_OVERSUBSCRIBED", if size > cpus { "1" } else { "0" });
            Ok(command)
        });
        Ok(Spawner {
            commands: commands.collect::<Result<_, _>>()?,
            secret,
            pinning: match spec.bind {
                Bind::None => None,
                Bind::Core => Some(Pinning::new()?),
            },
        })
    }

    /// Starts rank `rank`, which runs the program of this number.
    pub(crate) fn start(&mut self, rank: usize, appnum: usize, stdin: Stdio) -> io::Result<Spawned> {
        let command = self.commands.get_mut(appnum).ok_or(io::ErrorKind::InvalidInput)?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let rank_text = rank.to_string();
        command.envs(["PMI_RANK", "MPI_LOCALRANKID", "OLYMPI_LOCAL_RANK"].map(|name| (name, &rank_text)));
        command.env("PMI_FD", theirs.as_raw_fd().to_string()).stdin(stdin);
        if let Some(pinning) = &self.pinning {
            pinning.apply(rank)?;
        }
        // Inheritable from here to the end of this function, in which the only child that is made is this one.
        fcntl_setfd(&theirs, FdFlags::empty())?;
        fcntl_setfd(&self.secret, FdFlags::empty())?;
        let child = command.spawn();
        if let Some(pinning) = &self.pinning {
            sched_setaffinity(None, &pinning.before)?;
        }
        fcntl_setfd(&self.secret, FdFlags::CLOEXEC)?;
        Ok(Spawned { child: child?, pmi: ours })
    }
}

impl Pinning {
    fn new() -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu)).collect();
        Ok(Pinning { before, cpus })
    }

    /// A child inherits the mask of the thread that makes it.
    fn apply(&self, rank: usize) -> io::Result<()> {
        let mut mask = CpuSet::new();
        if let Some(cpu) = rank.checked_rem(self.cpus.len()).and_then(|at| self.cpus.get(at)) {
            mask.set(*cpu);
            sched_setaffinity(None, &mask)?;
        }
        Ok(())
    }
}

fn is_foreign(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("PMIX_") || FOREIGN.contains(&name))
}

/// Raises the soft limit on descriptors if the job needs it; ranks inherit the limit.
pub(crate) fn raise_descriptor_limit(ranks: usize) -> Result<(), JobError> {
    let needed = ranks as u64 * FDS_PER_RANK + OTHER_FDS;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(max) = limit.maximum.filter(|max| *max < needed) {
        return Err(JobError::Descriptors { ranks, needed, limit: max });
    }
    limit.current = Some(needed);
    Ok(setrlimit(Resource::Nofile, limit).map_err(io::Error::from)?)
}

/// A file without a name that holds 32 random bytes and cannot be changed.
fn secret() -> io::Result<OwnedFd> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let file = memfd_create("olympi-secret", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let written = rustix::io::pwrite(&file, &bytes, 0)?;
    if written != bytes.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file)
}
