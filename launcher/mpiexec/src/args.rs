//! The command line of `mpiexec`: words to a [`JobSpec`].
//!
//! The forms are those that MPI users know: one or two dashes before a long name, values in the next word or
//! after `=`, and `:` between programs.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use olympi_transport::Transports;
use thiserror::Error;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    Run(JobSpec),
    Help,
    Version,
    Info,
}

/// A whole job.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct JobSpec {
    /// The programs in the order of their ranks.
    pub(crate) programs: Vec<ProgramSpec>,
    /// Each line of output begins with its rank.
    pub(crate) labels: bool,
    /// Each rank on a core of its own.
    pub(crate) bind: Bind,
    /// The job is ended after this time.
    pub(crate) timeout: Option<Duration>,
    /// The ranks report which transports they use.
    pub(crate) report: bool,
    /// mpi4py is not told of our library.
    pub(crate) no_python: bool,
    /// The transports that the ranks may use.
    pub(crate) transport: Option<String>,
    /// Environment of all ranks.
    pub(crate) env: Vec<(OsString, OsString)>,
}

/// One of the programs of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProgramSpec {
    pub(crate) ranks: usize,
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) env: Vec<(OsString, OsString)>,
}

/// Where ranks may run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Bind {
    /// Wherever mpiexec itself may.
    #[default]
    None,
    /// Rank i on the i-th allowed CPU, from the first again when they run out.
    Core,
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Error)]
#[non_exhaustive]
pub(crate) enum UsageError {
    #[error("unknown option {0:?}; mpiexec --help lists the options, and the program comes after them")]
    Unknown(String),
    #[error("{0} needs {1} after it")]
    MissingValue(String, &'static str),
    #[error("{option} {value:?}: expected {expected}")]
    BadValue { option: String, value: String, expected: &'static str },
    #[error("no program given; for example: mpiexec -n 2 ./program")]
    NoProgram,
    #[error("{0}: this version starts ranks on this host only; leave the option out")]
    RemoteHosts(String),
    #[error("{0} ranks are too many: at most {max} can be started", max = MAX_RANKS)]
    TooManyRanks(usize),
}

/// More processes than any host runs.
const MAX_RANKS: usize = 1 << 20;

/// Options that name hosts in other launchers.
const HOST_OPTIONS: [&str; 8] =
    ["hosts", "host", "f", "hostfile", "machinefile", "machine", "launcher", "launcher-exec"];

/// Whether a word (without its dashes and value) is an option of `mpiexec` and takes how many words.
pub(crate) fn option_values(name: &str) -> Option<usize> {
    Some(match name {
        "l" | "report" | "no-python" | "info" | "version" | "V" | "help" | "h" => 0,
        "n" | "np" | "wdir" | "wd" | "bind-to" | "timeout" | "transport" => 1,
        "env" | "genv" => 2,
        name if HOST_OPTIONS.contains(&name) => 1,
        _ => return None,
    })
}

/// A word as an option: its name without dashes, and the value after `=`, if there is one.
pub(crate) fn as_option(word: &OsStr) -> Option<(&str, Option<&str>)> {
    let word = word.to_str()?.strip_prefix('-')?;
    let word = word.strip_prefix('-').unwrap_or(word);
    if word.is_empty() {
        return None;
    }
    Some(match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    })
}

/// Parses the words after `mpiexec`.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Asked, UsageError> {
    let mut job = JobSpec::default();
    for segment in words.split(|word| word == ":") {
        let mut words = segment.iter();
        let mut program = ProgramSpec { ranks: 1, ..ProgramSpec::default() };
        loop {
            let word = words.next().ok_or(UsageError::NoProgram)?;
            if word == "--" {
                program.program = words.next().ok_or(UsageError::NoProgram)?.clone();
                break;
            }
            let Some((name, inline)) = as_option(word) else {
                program.program = word.clone();
                break;
            };
            let shown = || word.to_string_lossy().into_owned();
            let mut inline = inline.map(OsString::from);
            let mut value = |what: &'static str| -> Result<OsString, UsageError> {
                inline
                    .take()
                    .or_else(|| words.next().cloned())
                    .ok_or_else(|| UsageError::MissingValue(shown(), what))
            };
            let bad = |value: &OsStr, expected| UsageError::BadValue {
                option: shown(),
                value: value.to_string_lossy().into_owned(),
                expected,
            };
            match name {
                "help" | "h" => return Ok(Asked::Help),
                "version" | "V" => return Ok(Asked::Version),
                "info" => return Ok(Asked::Info),
                "n" | "np" => {
                    let value = value("a number of ranks")?;
                    program.ranks = value
                        .to_str()
                        .and_then(|value| value.parse().ok())
                        .filter(|ranks| *ranks > 0)
                        .ok_or_else(|| bad(&value, "a number of ranks from 1"))?;
                }
                "l" => job.labels = true,
                "report" => job.report = true,
                "no-python" => job.no_python = true,
                "transport" => {
                    let value = value("a list of transports")?;
                    let list = value.to_str().filter(|list| list.parse::<Transports>().is_ok());
                    let list = list.ok_or_else(|| {
                        bad(&value, "a list like verbs,shm or ^tcp of self, shm, verbs, ofi and tcp")
                    })?;
                    job.transport = Some(list.to_owned());
                }
                "wdir" | "wd" => program.directory = Some(value("a directory")?.into()),
                "bind-to" => {
                    let value = value("core or none")?;
                    job.bind = match value.to_str() {
                        Some("core") => Bind::Core,
                        Some("none") => Bind::None,
                        _ => return Err(bad(&value, "core or none")),
                    };
                }
                "timeout" => {
                    let value = value("a number of seconds")?;
                    let seconds =
                        value.to_str().and_then(|value| value.parse().ok()).filter(|s: &f64| *s > 0.0);
                    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                    job.timeout = Some(timeout.ok_or_else(|| bad(&value, "a number of seconds above 0"))?);
                }
                "env" | "genv" => {
                    let key = value("a variable and its value")?;
                    let value = value("a variable and its value")?;
                    let text = key.to_string_lossy();
                    if text.is_empty() || text.contains('=') {
                        return Err(bad(&key, "a variable's name, then its value in the next word"));
                    }
                    let list = if name == "env" { &mut program.env } else { &mut job.env };
                    list.push((key.clone(), value));
                }
                _ if HOST_OPTIONS.contains(&name) => return Err(UsageError::RemoteHosts(shown())),
                _ => return Err(UsageError::Unknown(shown())),
            }
            if inline.is_some() {
                return Err(UsageError::Unknown(shown()));
            }
        }
        program.arguments = words.cloned().collect();
        job.programs.push(program);
    }
    let ranks = job.programs.iter().fold(0usize, |sum, program| sum.saturating_add(program.ranks));
    if ranks > MAX_RANKS {
        return Err(UsageError::TooManyRanks(ranks));
    }
    Ok(Asked::Run(job))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(line: &str) -> Result<Asked, UsageError> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    fn job(line: &str) -> JobSpec {
        match parsed(line) {
            Ok(Asked::Run(job)) => job,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_forms_that_users_know() {
        for line in ["-n 4 ./a x", "-np 4 ./a x", "--n=4 ./a x", "-n=4 -- ./a x", "-n 2 -n 4 ./a x"] {
            let job = job(line);
            let program = &job.programs[0];
            assert_eq!((program.ranks, program.program.to_str()), (4, Some("./a")), "{line}");
            assert_eq!(program.arguments, ["x"], "{line}");
        }
        assert_eq!(job("./a -n 7").programs[0].ranks, 1, "what follows the program is its own");
    }

    #[test]
    fn several_programs() {
        let job = job("-l -genv A 1 -n 2 -env B 2 ./a : -n 3 -wdir /tmp ./b -c : ./d");
        assert_eq!(job.programs.iter().map(|program| program.ranks).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(job.env, [("A".into(), "1".into())]);
        assert_eq!(job.programs[0].env, [("B".into(), "2".into())]);
        assert!(job.labels && job.programs[1].env.is_empty());
        assert_eq!(job.programs[1].directory, Some("/tmp".into()));
        assert_eq!(job.programs[1].arguments, ["-c"]);
    }

    #[test]
    fn the_rest() {
        let job = job("--bind-to core --timeout 1.5 --report --no-python --transport ^tcp a");
        assert!(job.no_python);
        assert_eq!(job.transport.as_deref(), Some("^tcp"));
        assert_eq!(
            (job.bind, job.timeout, job.report),
            (Bind::Core, Some(Duration::from_millis(1500)), true)
        );
        assert_eq!(parsed("--help"), Ok(Asked::Help));
        assert_eq!(parsed("-n 2 -V"), Ok(Asked::Version));
        assert_eq!(parsed("--info"), Ok(Asked::Info));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, words) in [
            ("", "no program"),
            ("-n 2", "no program"),
            ("-n 2 ./a :", "no program"),
            ("-n", "-n needs a number"),
            ("-n 0 ./a", "a number of ranks from 1"),
            ("-n x ./a", "\"x\""),
            ("-n 99999999 ./a", "too many"),
            ("--frobnicate ./a", "unknown option \"--frobnicate\""),
            ("-l=3 ./a", "unknown option"),
            ("-hosts a,b ./a", "this host only"),
            ("-f hosts ./a", "this host only"),
            ("--bind-to socket ./a", "core or none"),
            ("--transport telegraph ./a", "a list like verbs,shm or ^tcp"),
            ("--transport", "--transport needs a list of transports"),
            ("--timeout -1 ./a", "above 0"),
            ("--timeout nan ./a", "above 0"),
            ("-env A=1 x ./a", "variable's name"),
            ("-genv A", "-genv needs"),
        ] {
            let message = parsed(line).unwrap_err().to_string();
            assert!(message.contains(words), "{line}: {message}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_parsed_or_refused(words in proptest::collection::vec(
            "-{0,2}(n|np|env|genv|l|timeout|bind-to|x)?(=)?(:|[0-9]{1,3}|core)?", 0..9)) {
            let _ = parse(words.into_iter().map(OsString::from).collect());
        }
    }
}
