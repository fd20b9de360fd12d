//! A `main` that returns an error while others wait for this rank: the error shows, and the job ends.
//!
//! One program in three parts: the test, the launcher that it starts, and the ranks that the launcher starts.

use std::error::Error;
use std::process::{Command, ExitCode};

use olympi::prelude::*;

const PART: &str = "LEAVING_TEST_PART";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::var(PART).as_deref() {
        Ok("launch") => Ok(olympi_mpiexec::mpiexec(std::env::args_os())),
        Ok("fail") => fail(),
        Ok("late") => late(),
        Ok("strangers") => strangers(),
        _ => test(),
    }
}

/// Starts that many ranks of that part: exit code, and what was said.
fn job(part: &str, ranks: &str, transports: &str) -> Result<(Option<i32>, String), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(&program)
        .args(["--timeout", "120", "-n", ranks, "-genv", PART, part])
        .arg(&program)
        .env(PART, "launch")
        .env("OLYMPI_TRANSPORTS", transports)
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(said)?))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    let (code, said) = job("fail", "3", "shm,tcp")?;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("numbers are wrong"), "{said}");
    assert!(said.contains("rank 1 (process") && said.contains("exited with code 1"), "{said}");

    let (code, said) = job("late", "3", "shm,tcp")?;
    assert_eq!((code, said.as_str()), (Some(0), "received\n"));

    for transports in ["shm", "tcp"] {
        let (code, said) = job("strangers", "10", transports)?;
        let mut said: Vec<_> = said.lines().collect();
        said.sort_unstable();
        let due = [
            "long: cannot send to rank 1: it has left the job without receiving the message: is a receive missing there?",
            "synchronous: cannot send to rank 0: it has left the job without receiving the message: is a receive missing \
             there?",
        ];
        assert_eq!((code, said), (Some(0), due.to_vec()), "over {transports}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Rank 1 returns an error, and the others wait for its message.
fn fail() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    if world.rank() == 1 {
        return Err("numbers are wrong".into());
    }
    world.recv::<u8>(1, 0)?;
    Ok(ExitCode::SUCCESS)
}

/// Rank 0 is at its end long before the others are: they go on, and nobody takes it for dead.
fn late() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    if world.rank() > 0 {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    if world.rank() == 1 {
        world.send(&vec![7_u8; 3_000_000], 2, 0)?;
    } else if world.rank() == 2 {
        assert_eq!(world.recv_vec::<u8>(ANY_SOURCE, ANY_TAG)?.0, vec![7; 3_000_000]);
        println!("received");
    }
    Ok(ExitCode::SUCCESS)
}

/// Ranks 0 and 1 are in the last fence, and have never spoken to ranks 8 and 9, when these send what nobody receives.
/// The job is too large for everybody to know everybody.
fn strangers() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    if world.rank() >= 8 {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    if world.rank() == 8
        && let Err(error) = world.send(&vec![7_u8; 3_000_000], 1, 0)
    {
        println!("long: {error}");
    }
    if world.rank() == 9
        && let Err(error) = world.ssend(&7_u8, 0, 0)
    {
        println!("synchronous: {error}");
    }
    Ok(ExitCode::SUCCESS)
}
