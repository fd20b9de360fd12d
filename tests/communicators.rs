//! Communicators among real processes: jobs of several sizes and transports make them, use them and free them; a fatal
//! error ends the job.
//!
//! One program in three parts: the test, the launcher that it starts, and the ranks that the launcher starts.

use std::error::Error;
use std::process::{Command, ExitCode};

use olympi::prelude::*;
use olympi::{Comparison, ErrorHandler, Info, Session, SplitType};

const PART: &str = "COMMUNICATORS_TEST_PART";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::var(PART).as_deref() {
        Ok("launch") => Ok(olympi_mpiexec::mpiexec(std::env::args_os())),
        Ok("make") => make(),
        Ok("fatal") => fatal(),
        Ok("programs") => programs(),
        Ok("sessions") => sessions(),
        _ => test(),
    }
}

/// Starts a job with these words behind `mpiexec`, in which RANK is this program: exit code, and what was said.
fn job(part: &str, words: &str, transports: &str) -> Result<(Option<i32>, String), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let word = |word: &str| if word == "RANK" { program.clone().into_os_string() } else { word.into() };
    let output = Command::new(&program)
        .args(["--timeout", "120", "-genv", PART, part])
        .args(words.split_whitespace().map(word))
        .env(PART, "launch")
        .env("OLYMPI_TRANSPORTS", transports)
        .output()?;
    Ok((output.status.code(), String::from_utf8([output.stdout, output.stderr].concat())?))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    for transports in ["shm", "tcp"] {
        for ranks in [1, 2, 3, 4, 7, 16] {
            let (code, said) = job("make", &format!("-n {ranks} RANK"), transports)?;
            assert_eq!((code, said), (Some(0), format!("{ranks} ranks\n")), "over {transports}");
        }
    }
    for transports in ["shm", "tcp"] {
        let (code, said) = job("sessions", "-n 4 RANK", transports)?;
        assert_eq!((code, said.as_str()), (Some(0), "4 ranks in 2 sessions\n"), "over {transports}");
    }
    let (code, said) = job("fatal", "-n 3 RANK", "shm,tcp")?;
    assert_eq!(code, Some(1), "{said}");
    let line = "rank 1 of \"solver\" ends the job: cannot send to rank 99: the communicator has ranks 0 to 2";
    assert!(said.contains(line), "{said}");

    let (code, said) = job("programs", "-n 2 RANK : -n 1 RANK", "shm,tcp")?;
    let mut said: Vec<_> = said.lines().collect();
    said.sort_unstable();
    assert_eq!((code, said), (Some(0), vec!["program Some(0)", "program Some(0)", "program Some(1)"]));
    Ok(ExitCode::SUCCESS)
}

/// All ways to make a communicator, and messages on each.
fn make() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    let (me, size) = (world.rank(), world.size());
    let host = world.split_type(Some(SplitType::Shared), 0, &Info::new())?.ok_or("a rank without a host")?;
    assert_eq!(host.compare(world), Comparison::Congruent, "all ranks are on this host");
    let half = world.split(Some(me % 2), -me)?.ok_or("a colour without a communicator")?;
    assert_eq!(half.size(), (size + 1 - me % 2) / 2);
    let group = world.group().range_incl(&[(size - 1, 0, -1).into()])?;
    let backwards = world.create(&group)?.ok_or("a member without a communicator")?;
    assert_eq!((backwards.rank(), backwards.compare(world)), (size - 1 - me, created(size)));
    let alone = world.create_group(&world.group().incl(&[me])?, me)?;
    let named = universe.create_from_group(half.group(), "halves")?;
    let requests = [&host, &half, &backwards, &alone, &named].map(Communicator::idup);
    for (mark, request) in requests.into_iter().enumerate() {
        ring(&request?.wait()?, mark)?;
    }
    for at in 0..200 {
        ring(&half.dup()?, at)?;
    }
    if me == 0 {
        println!("{size} ranks");
    }
    Ok(ExitCode::SUCCESS)
}

/// What the ranks in reverse order are to those in order.
fn created(size: i32) -> Comparison {
    if size == 1 { Comparison::Congruent } else { Comparison::Similar }
}

fn ring(comm: &Communicator, mark: usize) -> Result<(), Box<dyn Error>> {
    let (me, size) = (comm.rank(), comm.size());
    let before = (me + size - 1) % size;
    let send = comm.isend(vec![mark; 1000], (me + 1) % size, 1)?;
    let (got, status) = comm.recv_vec::<usize>(ANY_SOURCE, ANY_TAG)?;
    assert!(got == vec![mark; 1000] && status.source() == before);
    send.wait()?;
    Ok(())
}

/// Rank 1 makes a mistake while the others wait for it.
fn fatal() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let comm = universe.world().dup()?;
    comm.set_name("solver");
    comm.set_error_handler(ErrorHandler::Fatal);
    if comm.rank() == 1 {
        comm.handle_error(comm.send(&1_u8, 99, 0))?;
    }
    comm.recv::<u8>(1, 0)?;
    Ok(ExitCode::SUCCESS)
}

/// Sessions before, beside and after a universe, of a job that is joined once and left once; between two of its groups an
/// intercommunicator.
fn sessions() -> Result<ExitCode, Box<dyn Error>> {
    let first = Session::init()?;
    let again = Session::init().err().ok_or("a process joins once")?;
    assert!(again.to_string().starts_with("cannot join the job"), "{again}");
    let everyone = first.group_from_pset("mpi://WORLD")?;
    assert_eq!(first.group_from_pset("olympi://HOST")?, everyone, "all ranks are on this host");
    let second = first.session();
    let comm = second.create_from_group(&everyone, "test")?;
    let universe = first.job().universe()?;
    assert_eq!(universe.world().compare(&comm), Comparison::Congruent);
    universe.world().barrier()?;
    drop(universe);
    ring(&comm, 1)?;
    first.finalize();
    let size = everyone.size();
    let (low, high) = (everyone.incl(&[0])?, everyone.excl(&[0])?);
    let (mine, theirs) = if low.rank().is_some() { (low, high) } else { (high, low) };
    let across = second.inter_from_groups(&mine, 0, &theirs, 0, "test")?;
    assert_eq!(across.all_reduce(&1, olympi::Op::sum())?, size - mine.size());
    ring(&across.merge(false)?, 2)?;
    if comm.rank() == 0 {
        println!("{size} ranks in 2 sessions");
    }
    // Rank 1 is at its end before the others are.
    if comm.rank() != 1 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    drop(second);
    Ok(ExitCode::SUCCESS)
}

/// Each rank says which program it is.
fn programs() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    println!("program {:?}", universe.appnum());
    assert!(universe.universe_size().is_none_or(|size| size >= 3));
    assert_eq!(universe.info_env().get("maxprocs"), Some("3"));
    Ok(ExitCode::SUCCESS)
}
