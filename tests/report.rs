//! `mpiexec --report` and `--transport`: one line for each class of pairs of the job, and errors that say why.
//!
//! One program in three parts: the test, the launcher that it starts, and the ranks that the launcher starts.

use std::error::Error;
use std::process::{Command, ExitCode};

const PART: &str = "REPORT_TEST_PART";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::var(PART).as_deref() {
        Ok("launch") => Ok(olympi_mpiexec::mpiexec(std::env::args_os())),
        Ok("rank") => {
            // Each rank ends only when all are there.
            drop(olympi::init()?);
            Ok(ExitCode::SUCCESS)
        }
        _ => test(),
    }
}

/// What a job said, line by line.
struct Said(Vec<String>);

impl Said {
    /// A line that begins and goes on like this is there.
    #[track_caller]
    fn has(&self, begin: &str, words: &str) {
        let there = self.0.iter().any(|line| line.starts_with(begin) && line.contains(words));
        assert!(there, "no line that begins {begin:?} has {words:?}: {:#?}", self.0);
    }
}

/// Starts a job with these words behind `mpiexec`, in which RANK is a program: its exit code, and what was said.
fn job(words: &str) -> Result<(Option<i32>, Said), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let word = |word: &str| if word == "RANK" { program.clone().into_os_string() } else { word.into() };
    let output = Command::new(&program)
        .args(["--timeout", "120", "-genv", PART, "rank"])
        .args(words.split_whitespace().map(word))
        .env(PART, "launch")
        .env_remove("OLYMPI_TRANSPORTS")
        .output()?;
    let said = String::from_utf8([output.stdout, output.stderr].concat())?;
    Ok((output.status.code(), Said(said.lines().map(str::to_owned).collect())))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    // All ranks of a job are told by one line a class, with the reasons against every other transport.
    let (code, said) = job("--report --transport tcp -n 4 RANK")?;
    said.has("olympi: ranks 0-3, each with itself: self: ", "not tcp: self comes before it and serves");
    said.has(
        "olympi: ranks 0-3 with each other: tcp: ",
        "not shm, verbs, ofi: excluded by OLYMPI_TRANSPORTS=tcp",
    );
    let pairs = said.0.iter().filter(|line| line.starts_with("olympi: rank")).count();
    assert_eq!((code, pairs), (Some(0), 2), "{:#?}", said.0);
    said.has("olympi: collectives of 4 ranks: ", "by messages");
    said.has("olympi: all_reduce: ", "8 B recursive_doubling");

    // On one host there is a board; an algorithm that is asked for is told of too.
    let (_, said) = job("--report --transport shm -genv OLYMPI_COLL_BROADCAST chain -n 3 RANK")?;
    said.has("olympi: collectives of 3 ranks: ", "by a board in shared memory");
    said.has("olympi: all_reduce: ", "8 B board");
    said.has("olympi: broadcast: ", "1 MiB chain");
    let (code, said) = job("-genv OLYMPI_COLL_BROADCAST pigeons -n 1 RANK")?;
    said.has("Error: OLYMPI_COLL_BROADCAST=pigeons: must be auto or one of ", "binomial");
    assert_eq!(code, Some(1));

    // Ranks that differ are classes of their own.
    let (code, said) = job("--report --transport shm,tcp -n 2 RANK : -env OLYMPI_TRANSPORTS tcp RANK")?;
    said.has("olympi: rank 0 with rank 1: shm: ", "not tcp: shm comes before it and serves");
    said.has("olympi: ranks 0-1 with rank 2: tcp: ", "not shm: the peer does not offer it");
    assert_eq!(code, Some(0));

    // Pairs without a way to each other are told as such, and by the ranks themselves if rank 0 is not to be reached.
    let (_, said) = job("--report --transport shm -n 1 RANK : -env OLYMPI_TRANSPORTS tcp RANK")?;
    said.has("olympi: rank 0 with rank 1: ", "no transport leads there");
    said.has("olympi: rank 1 tells its own part", "cannot send to rank 0");

    // What is named must start: an error that says why.
    for (transport, setting, reason) in [
        ("verbs", "OLYMPI_VERBS_DEVICE none0", "no device"),
        ("ofi", "OLYMPI_OFI_LIBRARY /nowhere/libfabric.so.1", "/nowhere/libfabric.so.1"),
    ] {
        let (code, said) = job(&format!("-genv {setting} --transport {transport} -n 2 RANK"))?;
        said.has(
            &format!("Error: OLYMPI_TRANSPORTS={transport} names {transport}, which did not start"),
            reason,
        );
        assert_eq!(code, Some(1));
    }
    Ok(ExitCode::SUCCESS)
}
