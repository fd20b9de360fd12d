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
        _ => test(),
    }
}

/// Starts three ranks of that part: exit code, and what was said.
fn job(part: &str) -> Result<(Option<i32>, String), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(&program)
        .args(["--timeout", "120", "-n", "3", "-genv", PART, part])
        .arg(&program)
        .env(PART, "launch")
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8(said)?))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    let (code, said) = job("fail")?;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("numbers are wrong"), "{said}");
    assert!(said.contains("rank 1 (process") && said.contains("exited with code 1"), "{said}");

    let (code, said) = job("late")?;
    assert_eq!((code, said.as_str()), (Some(0), "received\n"));
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
