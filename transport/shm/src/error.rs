//! Why the transport could not be started.

use std::io;

use thiserror::Error;

use crate::ConfigError;

/// Why the transport could not be started in this process.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting makes no sense.
    #[error("shm: {0}")]
    Config(#[from] ConfigError),
    /// The rank does not lie in the job.
    #[error("shm: rank {rank} does not lie in a job of {size}")]
    Rank {
        /// The number that was given.
        rank: u32,
        /// How many processes the job has.
        size: u32,
    },
    /// The segment could not be made.
    #[error("shm: cannot {step} ({bytes} bytes): {source}; {remedy}")]
    Segment {
        /// What was being done.
        step: &'static str,
        /// How much was asked for.
        bytes: usize,
        /// What the system said.
        source: io::Error,
        /// What the user can do.
        remedy: &'static str,
    },
    /// The process cannot learn who it is.
    #[error(
        "shm: cannot read {path}: {source}; shared memory needs /proc, else set OLYMPI_TRANSPORTS without shm"
    )]
    Proc {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

impl StartError {
    /// A failure to make the segment, with the remedy that fits the system's answer.
    pub(crate) fn segment(step: &'static str, bytes: usize, error: rustix::io::Errno) -> Self {
        use rustix::io::Errno;
        let remedy = match error {
            Errno::NOMEM | Errno::NOSPC | Errno::FAULT => {
                "raise the memory limit of the job or its container, or lower OLYMPI_SHM_PEERS"
            }
            Errno::MFILE | Errno::NFILE => "raise the limit on open files (ulimit -n)",
            Errno::NOSYS | Errno::PERM | Errno::ACCESS => {
                "the kernel or a seccomp profile refuses it; set OLYMPI_TRANSPORTS without shm"
            }
            _ => "set OLYMPI_TRANSPORTS without shm to go on without shared memory",
        };
        Self::Segment { step, bytes, source: error.into(), remedy }
    }
}
