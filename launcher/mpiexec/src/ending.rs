//! The end of a job: why it ended, what the user is told, and that nothing is left behind.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper, waitpid,
};

use crate::signal;

/// How long ranks may take to end by themselves after a failure, and after Ctrl-C.
pub(crate) const GRACE: Duration = Duration::from_millis(300);

/// How long killed processes may take to vanish, before they are given up.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(5);

/// What ended a job before all of its ranks were done.
#[derive(Debug)]
pub(crate) enum Cause {
    /// A rank's process died or failed.
    Rank { rank: usize, pid: Pid, status: ExitStatus },
    /// A rank's process ended well, but in the middle of MPI.
    NotFinalized { rank: usize, pid: Pid },
    /// A rank asked for it.
    Aborted { rank: usize, code: i32, message: Option<String> },
    /// A rank does not speak PMI.
    Malformed { rank: usize, reason: String },
    /// A fence can never end.
    Stuck { waiting: usize, gone: usize },
    /// A rank could not be started.
    NotStarted { rank: usize, program: OsString, error: io::Error },
    /// `--timeout`.
    Timeout(Duration),
    /// Ctrl-C and its like.
    Signal(Signal),
    /// Nobody reads our output any more.
    OutputClosed,
}

/// The end of a job.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) cause: Option<Cause>,
    /// The ranks' output ends in the middle of a line.
    pub(crate) mid_line: bool,
    /// Ranks that did not vanish even when killed.
    pub(crate) given_up: usize,
}

impl End {
    /// The exit code of the whole job.
    pub(crate) fn exit_code(&self) -> u8 {
        let code = match &self.cause {
            None => 0,
            Some(Cause::Rank { status, .. }) => {
                status.code().or_else(|| status.signal().map(|number| 128 + number)).unwrap_or(1)
            }
            Some(Cause::Aborted { code, .. }) => *code,
            Some(Cause::NotStarted { .. }) => 126,
            Some(Cause::NotFinalized { .. } | Cause::Malformed { .. } | Cause::Stuck { .. }) => 1,
            Some(Cause::Timeout(_)) => 124,
            Some(Cause::Signal(signal)) => 128 + signal.as_raw(),
            Some(Cause::OutputClosed) => 128 + Signal::PIPE.as_raw(),
        };
        match (code & 0xff, &self.cause) {
            // An aborted job is no success, whatever number it was given.
            (0, Some(_)) => 1,
            (code, _) => code as u8,
        }
    }

    /// The line for standard error; none if all went well, or if nobody listens any more.
    pub(crate) fn explanation(&self) -> Option<String> {
        let line = match self.cause.as_ref()? {
            Cause::Rank { rank, pid, status } => {
                let pid = pid.as_raw_nonzero();
                match (status.code(), status.signal()) {
                    (Some(code), _) => {
                        format!("rank {rank} (process {pid}) exited with code {code}; the job is ended")
                    }
                    (None, number) => {
                        let name = signal::name(number.unwrap_or(0));
                        let core = if status.core_dumped() { ", core dumped" } else { "" };
                        format!(
                            "rank {rank} (process {pid}) was killed by signal {} ({name}{core}); the job is ended",
                            number.unwrap_or(0)
                        )
                    }
                }
            }
            Cause::NotFinalized { rank, pid } => format!(
                "rank {rank} (process {}) exited with code 0, but without finalizing MPI; the job is ended",
                pid.as_raw_nonzero()
            ),
            Cause::Aborted { rank, code, message } => {
                let message = message.as_ref().map_or(String::new(), |message| format!(": {message}"));
                format!("rank {rank} aborted the job with exit code {code}{message}")
            }
            Cause::Malformed { rank, reason } => format!("rank {rank} does not speak PMI: {reason}"),
            Cause::Stuck { waiting, gone } => format!(
                "rank {gone} has ended without coming to the fence in which rank {waiting} waits for it; are all \
                 ranks MPI programs of the same kind?"
            ),
            Cause::NotStarted { rank, program, error } => {
                format!("cannot start rank {rank} ({}): {error}", program.to_string_lossy())
            }
            Cause::Timeout(time) => {
                format!("the job was not done after {} s (--timeout)", time.as_secs_f64())
            }
            Cause::Signal(signal) => format!("ended by {}", signal::name(signal.as_raw())),
            Cause::OutputClosed => return None,
        };
        match self.given_up {
            0 => Some(line),
            count => Some(format!("{line}; {count} ranks did not end even when killed")),
        }
    }
}

/// Sends a signal to a rank and what it has started, also if they are stopped.
pub(crate) fn signal_rank(pid: Pid, signal: Signal) {
    // A rank may have left its group; whatever is gone already needs nothing.
    if kill_process_group(pid, signal).is_err() {
        let _ = kill_process(pid, signal);
    }
    if !matches!(signal, Signal::STOP | Signal::KILL) {
        let _ = kill_process_group(pid, Signal::CONT);
    }
}

/// Makes orphans of the ranks our children, so that [`end_orphans`] finds them.
pub(crate) fn adopt_orphans() {
    // Without it only the ranks' own groups are ended.
    let _ = set_child_subreaper(Some(getpid()));
}

/// Kills every process that a rank has left behind, wherever it went; all ranks have ended. `spared` is a child
/// that is no rank.
pub(crate) fn end_orphans(spared: Option<u32>) {
    let deadline = Instant::now() + GIVE_UP;
    // Killing a child may give us its children.
    loop {
        let orphans = children(spared);
        if orphans.is_empty() {
            return;
        }
        for pid in &orphans {
            let _ = kill_process_group(*pid, Signal::KILL);
            let _ = kill_process(*pid, Signal::KILL);
        }
        for pid in orphans {
            while matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)) {
                if Instant::now() > deadline {
                    return;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// Our children, from `/proc`; none on a kernel that does not list them.
fn children(spared: Option<u32>) -> Vec<Pid> {
    let own = getpid().as_raw_nonzero();
    let list = std::fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    list.split_whitespace()
        .filter_map(|pid| pid.parse::<i32>().ok())
        .filter(|pid| u32::try_from(*pid).ok() != spared)
        .filter_map(Pid::from_raw)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(cause: Cause) -> End {
        End { cause: Some(cause), given_up: 0, mid_line: false }
    }

    #[test]
    fn the_exit_code_is_that_of_the_cause_and_never_a_success() {
        let pid = getpid();
        let status = |raw| Cause::Rank { rank: 3, pid, status: ExitStatus::from_raw(raw) };
        assert_eq!(end(status(7 << 8)).exit_code(), 7);
        assert_eq!(end(status(9)).exit_code(), 137);
        assert_eq!(end(Cause::Aborted { rank: 0, code: 256, message: None }).exit_code(), 1);
        assert_eq!(end(Cause::Aborted { rank: 0, code: -1, message: None }).exit_code(), 255);
        assert_eq!(end(Cause::Signal(Signal::INT)).exit_code(), 130);
        assert_eq!(End { cause: None, given_up: 0, mid_line: false }.exit_code(), 0);
    }

    #[test]
    fn the_line_names_the_rank_and_the_signal() {
        let cause = Cause::Rank { rank: 3, pid: getpid(), status: ExitStatus::from_raw(9) };
        let line = end(cause).explanation().unwrap();
        assert!(line.contains("rank 3") && line.contains("signal 9 (SIGKILL)"), "{line}");
        assert!(end(Cause::OutputClosed).explanation().is_none());
    }
}
