//! The environment variables that this crate and the launcher speak, each with its meaning.

use std::borrow::Cow;

/// One setting of the environment, for `mpiexec --info` and for documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable's name, `OLYMPI_...`.
    pub variable: &'static str,
    /// What holds when it is unset.
    pub default: Cow<'static, str>,
    /// What it decides, in one sentence, with its unit.
    pub meaning: &'static str,
}

/// The variables that Olympi's `mpiexec` hands to each rank, beside PMI's own.
pub const SETTINGS: &[Setting] = &[
    Setting {
        variable: "OLYMPI_JOB",
        default: Cow::Borrowed("set by mpiexec"),
        meaning: "name of the job's key-value store; the other variables of mpiexec hold only for this job",
    },
    Setting {
        variable: "OLYMPI_SECRET_FD",
        default: Cow::Borrowed("set by mpiexec"),
        meaning: "descriptor from which a rank reads the job's 32 secret bytes, once; the secret itself is never in the environment",
    },
    Setting {
        variable: "OLYMPI_LOCAL_SIZE",
        default: Cow::Borrowed("set by mpiexec"),
        meaning: "number of the job's ranks on this host",
    },
    Setting {
        variable: "OLYMPI_LOCAL_RANK",
        default: Cow::Borrowed("set by mpiexec"),
        meaning: "this rank's number among the ranks on this host, from 0",
    },
    Setting {
        variable: "OLYMPI_OVERSUBSCRIBED",
        default: Cow::Borrowed("set by mpiexec"),
        meaning: "1 if the host has fewer allowed CPUs (affinity and cgroup quota) than ranks: waiting ranks then sleep at once instead of spinning",
    },
    Setting {
        variable: "OLYMPI_REPORT",
        default: Cow::Borrowed("0"),
        meaning: "1, at all ranks, makes rank 0 say on standard error which transport each pair of ranks uses and why the others were not chosen (mpiexec --report)",
    },
];
