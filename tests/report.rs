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

/// Starts a job with these options: its exit code, and the lines that were said.
fn job(options: &[&str]) -> Result<(Option<i32>, Vec<String>), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(&program)
        .args(["--timeout", "120", "-genv", PART, "rank"])
        .args(options)
        .env(PART, "launch")
        .env_remove("OLYMPI_TRANSPORTS")
        .output()?;
    let said = String::from_utf8([output.stdout, output.stderr].concat())?;
    Ok((output.status.code(), said.lines().map(str::to_owned).collect()))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let program = program.to_str().ok_or("the program's path is no text")?;

    // All ranks of a job are told by one line a class, with the reasons against every other transport.
    let (code, said) = job(&["--report", "--transport", "tcp", "-n", "4", program])?;
    assert_eq!((code, said.len()), (Some(0), 2), "{said:?}");
    assert!(said[0].starts_with("olympi: ranks 0-3, each with itself: self: "), "{said:?}");
    assert!(said[1].starts_with("olympi: ranks 0-3 with each other: tcp: "), "{said:?}");
    assert!(said[1].contains("not shm, verbs, ofi: excluded by OLYMPI_TRANSPORTS=tcp"), "{said:?}");

    // Ranks that differ are classes of their own.
    let (code, said) = job(&["--report", "--transport", "shm,tcp", "-n", "2", program, ":", "-env", "OLYMPI_TRANSPORTS", "tcp", program])?;
    assert_eq!(code, Some(0), "{said:?}");
    let class = |ranks: &str, words: &str| said.iter().any(|line| line.starts_with(ranks) && line.contains(words));
    assert!(class("olympi: rank 0 with rank 1: shm: ", "not tcp: shm comes before it and serves"), "{said:?}");
    assert!(class("olympi: ranks 0-1 with rank 2: tcp: ", "not shm: the peer does not offer it"), "{said:?}");

    // Pairs without a way to each other are told as such, by the ranks themselves where rank 0 is not to be reached.
    let (_, said) = job(&["--report", "--transport", "shm", "-n", "1", program, ":", "-env", "OLYMPI_TRANSPORTS", "tcp", program])?;
    let class = |ranks: &str, words: &str| said.iter().any(|line| line.starts_with(ranks) && line.contains(words));
    assert!(class("olympi: rank 0 with rank 1: ", "no transport leads there"), "{said:?}");
    assert!(class("olympi: rank 1 tells its own part", "cannot send to rank 0"), "{said:?}");

    // What is named must start: an error that says why, at once.
    let missing = ["-genv", "OLYMPI_VERBS_LIBRARY", "/nowhere/libibverbs.so.1", "-genv", "OLYMPI_OFI_LIBRARY", "/nowhere/libfabric.so.1"];
    for transport in ["verbs", "ofi"] {
        let (code, said) = job(&[&missing[..], &["--transport", transport, "-n", "2", program]].concat())?;
        let words = format!("OLYMPI_TRANSPORTS={transport} names {transport}, which did not start");
        assert_eq!(code, Some(1), "{said:?}");
        assert!(said.iter().any(|line| line.contains(&words) && line.contains("/nowhere/lib")), "{said:?}");
    }
    Ok(ExitCode::SUCCESS)
}
