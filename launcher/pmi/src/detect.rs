//! Who started this process, from its environment.
//!
//! Order: PMI beats everything, since under hydra inside a Slurm allocation the `SLURM_*` variables describe
//! hydra's own helper and not the rank. A process that is visibly one of several, but has no way to find the
//! others, is an error: it must never become one of N jobs of one process.

use std::io;

use thiserror::Error;

use crate::conversation::PmiError;

/// Who started this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// Nobody: a job of one process.
    Singleton,
    /// Olympi's own `mpiexec`.
    Olympi,
    /// Another launcher that speaks PMI-1; its name as far as it can be told: `hydra`, `slurm`, or `pmi1`.
    Pmi1(String),
}

impl std::fmt::Display for Launcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Launcher::Singleton => "none",
            Launcher::Olympi => "mpiexec (olympi)",
            Launcher::Pmi1(name) => name,
        })
    }
}

/// Why a process could not join its job.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// An environment variable of the launcher has a value that makes no sense.
    #[error("{variable}={value:?} in the environment: expected {expected}; start the program with mpiexec")]
    BadVariable {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The descriptor that the environment names is not open in this process.
    #[error(
        "PMI_FD={0} in the environment, but that descriptor is not open: this process has left its job already \
         (a job is joined once), or the environment of a rank was handed on \
         to another process; unset PMI_FD to run alone, or start the program with mpiexec"
    )]
    NotOpen(i32),
    /// The descriptor that the environment names belongs to someone else in this process.
    #[error("PMI_FD={0} is already in use in this process: a process can join its job only once")]
    AlreadyJoined(i32),
    /// The launcher's port did not answer.
    #[error("cannot reach the launcher at PMI_PORT={address}: {source}")]
    Connect {
        /// Host and port, as the environment names them.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Slurm started several tasks, and none of them was told how to find the others.
    #[error(
        "one of {tasks} tasks of a Slurm step, but Slurm offers no PMI: start the program with `srun --mpi=pmi2`"
    )]
    SlurmWithoutPmi {
        /// Number of tasks of the step.
        tasks: u32,
    },
    /// The launcher speaks only PMIx.
    #[error(
        "started by a launcher that speaks only PMIx (PMIX_NAMESPACE={namespace}): use Olympi's or MPICH's mpiexec, \
         or `srun --mpi=pmi2`"
    )]
    PmixOnly {
        /// The job's name there.
        namespace: String,
    },
    /// The environment says that there are several ranks, but not how to reach the launcher.
    #[error(
        "PMI_SIZE={size} in the environment, but neither PMI_FD nor PMI_PORT: start the program with mpiexec"
    )]
    NoConnection {
        /// The number of ranks.
        size: u32,
    },
    /// The launcher gave no rank and size, or a rank that is not below the size.
    #[error("the launcher gave rank {rank:?} of {size:?}: expected a rank below the size")]
    Place {
        /// The rank, if any was given.
        rank: Option<usize>,
        /// The size, if any was given.
        size: Option<usize>,
    },
    /// The launcher does not speak PMI-1.1.
    #[error("the launcher does not speak PMI 1.1 (it offered {offered})")]
    Version {
        /// What it said instead.
        offered: String,
    },
    /// The descriptor that carries the job's secret did not give 32 bytes.
    #[error("cannot read the job's secret from OLYMPI_SECRET_FD={descriptor}: {reason}")]
    Secret {
        /// The variable's value.
        descriptor: String,
        /// What was wrong.
        reason: String,
    },
    /// The conversation with the launcher failed.
    #[error(transparent)]
    Conversation(#[from] PmiError),
}

/// How to reach the launcher.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Detected {
    Singleton,
    /// An inherited socket.
    Descriptor {
        fd: i32,
        rank: Option<usize>,
        size: Option<usize>,
    },
    /// A TCP port, at which the process says its id to learn its rank.
    Port {
        address: String,
        id: usize,
    },
}

/// Looks a variable up.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Decides from the environment alone.
pub(crate) fn detect(env: Lookup<'_>) -> Result<Detected, BootstrapError> {
    if let Some(fd) = number(env, "PMI_FD", "a descriptor's number")? {
        return Ok(Detected::Descriptor {
            fd,
            rank: number(env, "PMI_RANK", "a rank")?,
            size: number(env, "PMI_SIZE", "a number of ranks")?,
        });
    }
    if let (Some(address), Some(id)) = (env("PMI_PORT"), number(env, "PMI_ID", "a process's number")?) {
        return Ok(Detected::Port { address, id });
    }
    if let Some(size) = number::<u32>(env, "PMI_SIZE", "a number of ranks")?.filter(|size| *size > 1) {
        return Err(BootstrapError::NoConnection { size });
    }
    // A batch script or an interactive shell inside an allocation has SLURM_NTASKS but is no step.
    let step = env("SLURM_STEP_ID").or_else(|| env("SLURM_STEPID"));
    let tasks: Option<u32> = match step {
        Some(_) => match number(env, "SLURM_STEP_NUM_TASKS", "a number of tasks")? {
            Some(tasks) => Some(tasks),
            None => number(env, "SLURM_NTASKS", "a number of tasks")?,
        },
        None => None,
    };
    if let Some(namespace) = env("PMIX_NAMESPACE") {
        let size = match tasks {
            Some(tasks) => Some(tasks),
            None => number(env, "OMPI_COMM_WORLD_SIZE", "a number of ranks")?,
        };
        if size != Some(1) {
            return Err(BootstrapError::PmixOnly { namespace });
        }
    }
    match tasks.filter(|tasks| *tasks > 1) {
        Some(tasks) => Err(BootstrapError::SlurmWithoutPmi { tasks }),
        None => Ok(Detected::Singleton),
    }
}

/// The name of a launcher that is not our own, from what it leaves in the environment.
pub(crate) fn foreign_name(env: Lookup<'_>) -> String {
    // hydra does not always name its own descriptor, but always the place among the ranks of the host.
    let name = if env("PMI_JOBID").is_some() && env("SLURM_STEP_ID").is_some() {
        "slurm"
    } else if env("HYDI_CONTROL_FD").is_some() || env("MPI_LOCALNRANKS").is_some() {
        "hydra"
    } else {
        "pmi1"
    };
    name.to_owned()
}

/// A variable as a number; absent and empty are the same.
pub(crate) fn number<T: std::str::FromStr>(
    env: Lookup<'_>,
    variable: &'static str,
    expected: &'static str,
) -> Result<Option<T>, BootstrapError> {
    match env(variable).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => match value.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(BootstrapError::BadVariable { variable, value, expected }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Detected, BootstrapError> {
        detect(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn alone() {
        assert_eq!(with(&[]).unwrap(), Detected::Singleton);
        // The script of a batch job, and a shell in an allocation: three tasks may follow, but this is no task.
        assert_eq!(with(&[("SLURM_NTASKS", "3"), ("SLURM_PROCID", "0")]).unwrap(), Detected::Singleton);
        assert_eq!(
            with(&[
                ("SLURM_STEP_ID", "0"),
                ("SLURM_STEP_NUM_TASKS", "1"),
                ("PMIX_NAMESPACE", "slurm.pmix.3.0")
            ])
            .unwrap(),
            Detected::Singleton
        );
    }

    #[test]
    fn pmi_wins_over_slurm() {
        // hydra inside an allocation: the SLURM variables describe hydra's helper.
        let under_hydra = [
            ("PMI_FD", "5"),
            ("PMI_RANK", "2"),
            ("PMI_SIZE", "3"),
            ("SLURM_STEP_ID", "0"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_PROCID", "1"),
        ];
        assert_eq!(with(&under_hydra).unwrap(), Detected::Descriptor { fd: 5, rank: Some(2), size: Some(3) });
        assert_eq!(
            with(&[("PMI_PORT", "vm:33223"), ("PMI_ID", "1")]).unwrap(),
            Detected::Port { address: "vm:33223".into(), id: 1 }
        );
    }

    #[test]
    fn foreign_launchers_have_names() {
        let name =
            |variables: &[&str]| foreign_name(&|name| variables.contains(&name).then(|| "1".to_owned()));
        assert_eq!(name(&["PMI_FD", "MPI_LOCALNRANKS", "SLURM_STEP_ID"]), "hydra");
        assert_eq!(name(&["PMI_FD", "PMI_JOBID", "SLURM_STEP_ID"]), "slurm");
        assert_eq!(name(&["PMI_FD"]), "pmi1");
    }

    #[test]
    fn one_of_many_without_pmi_is_an_error_that_names_the_remedy() {
        let error = with(&[("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", "3")]).unwrap_err();
        assert!(error.to_string().contains("srun --mpi=pmi2"), "{error}");
        let error = with(&[("SLURM_STEPID", "0"), ("SLURM_NTASKS", "3")]).unwrap_err();
        assert!(matches!(error, BootstrapError::SlurmWithoutPmi { tasks: 3 }));
        let error = with(&[("PMIX_NAMESPACE", "prterun-vm-1@1"), ("PMIX_RANK", "0")]).unwrap_err();
        assert!(error.to_string().contains("PMIx"), "{error}");
        let error = with(&[("PMI_SIZE", "4"), ("PMI_RANK", "0")]).unwrap_err();
        assert!(matches!(error, BootstrapError::NoConnection { size: 4 }));
        let error = with(&[("PMI_FD", "five")]).unwrap_err();
        assert!(matches!(error, BootstrapError::BadVariable { variable: "PMI_FD", .. }));
    }
}
