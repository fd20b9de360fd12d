//! Collectives among real processes: jobs of several sizes and transports, in all three forms, on a board and by messages,
//! on the world and on communicators that are made of it.
//!
//! One program in three parts: the test, the launcher that it starts, and the ranks that the launcher starts.

use std::error::Error;
use std::process::{Command, ExitCode};

use olympi::prelude::*;
use olympi::{Op, Parts};

const PART: &str = "COLLECTIVES_TEST_PART";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::var(PART).as_deref() {
        Ok("launch") => Ok(olympi_mpiexec::mpiexec(std::env::args_os())),
        Ok("rank") => rank(),
        Ok("die") => die(),
        _ => test(),
    }
}

/// Starts a job of this program: exit code, and what was said.
fn job(part: &str, ranks: u32, settings: &[(&str, &str)]) -> Result<(Option<i32>, String), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(&program)
        .args(["--timeout", "120", "-genv", PART, part, "-n", &ranks.to_string()])
        .arg(&program)
        .env(PART, "launch")
        .envs(settings.iter().copied())
        .output()?;
    Ok((output.status.code(), String::from_utf8([output.stdout, output.stderr].concat())?))
}

fn test() -> Result<ExitCode, Box<dyn Error>> {
    for ranks in [1, 2, 3, 4, 7, 16] {
        for settings in [
            &[("OLYMPI_TRANSPORTS", "shm")][..],
            &[("OLYMPI_TRANSPORTS", "shm"), ("OLYMPI_COLL_BOARD_CELL", "0")],
            &[("OLYMPI_TRANSPORTS", "shm"), ("OLYMPI_COLL_BOARD_CELL", "4096")],
            &[("OLYMPI_TRANSPORTS", "tcp")],
        ] {
            let told = job("rank", ranks, settings)?;
            assert_eq!(told, (Some(0), format!("{ranks} ranks\n")), "with {settings:?}");
        }
    }
    // A rank that dies ends the job, whatever the others wait for.
    for settings in [&[("OLYMPI_TRANSPORTS", "shm")], &[("OLYMPI_TRANSPORTS", "tcp")]] {
        let (code, said) = job("die", 3, settings)?;
        assert_eq!(code, Some(134), "{said}");
    }
    Ok(ExitCode::SUCCESS)
}

fn rank() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    // By messages at first, and on a board as soon as there is one.
    exercise(world)?;
    let half =
        world.split(Some(world.rank() % 2), -world.rank())?.ok_or("a colour without a communicator")?;
    exercise(&half)?;
    exercise(&half.dup()?)?;
    world.barrier()?;
    if world.rank() == 0 {
        println!("{} ranks", world.size());
    }
    Ok(ExitCode::SUCCESS)
}

/// Every collective once, with short and long data.
fn exercise(comm: &Communicator) -> Result<(), Box<dyn Error>> {
    let (me, size) = (comm.rank(), comm.size());
    let n = size as usize;
    for len in [1, 5, 30_000] {
        let numbers = |rank: i32| (0..len).map(|i| i64::from(rank) * 7 + i).collect::<Vec<_>>();
        let all: Vec<i64> = (0..size).flat_map(numbers).collect();
        let sums: Vec<i64> = (0..len).map(|i| (0..size).map(|rank| i64::from(rank) * 7 + i).sum()).collect();
        let root = len as i32 % size;
        let mut data = if me == root { numbers(root) } else { vec![0; len as usize] };
        comm.broadcast(&mut data, root)?;
        assert_eq!(data, numbers(root));
        assert_eq!(comm.gather(&numbers(me), root)?, (me == root).then(|| all.clone()));
        let mut mine = vec![0; len as usize];
        comm.scatter_into(if me == root { &all[..] } else { &[] }, &mut mine[..], root)?;
        assert_eq!(mine, numbers(me));
        assert_eq!(comm.all_gather(&mine)?, all);
        assert_eq!(comm.reduce(&mine, root, Op::sum())?, (me == root).then(|| sums.clone()));
        assert_eq!(comm.all_reduce(&mine, Op::sum())?, sums);
        let request = comm.iall_reduce(mine.clone(), vec![0; len as usize], Op::max())?;
        assert_eq!(
            comm.all_to_all(&vec![i64::from(me); n * 3])?.chunks(3).map(|c| c[0]).sum::<i64>(),
            i64::from(size * (size - 1) / 2)
        );
        assert_eq!(request.wait()?.1, numbers(size - 1));
        let mut scan = comm.scan_init(mine.clone(), vec![0; len as usize], Op::min())?;
        for _ in 0..3 {
            scan.start()?;
            scan.wait()?;
            assert_eq!(scan.result()?, numbers(0));
        }
    }
    let counts: Vec<usize> = (1..=n).collect();
    let mut parts = vec![0; counts.iter().sum()];
    comm.all_gather_parts_into(&vec![me; counts[me as usize]], &mut parts, &Parts::new(&counts))?;
    assert!(parts.is_sorted() && parts.len() == n * (n + 1) / 2);
    let words = comm.all_gather_objects(&format!("rank {me}"))?;
    assert_eq!(words, (0..size).map(|rank| format!("rank {rank}")).collect::<Vec<_>>());
    Ok(())
}

/// The last rank dies while the others wait for it.
fn die() -> Result<ExitCode, Box<dyn Error>> {
    let universe = olympi::init()?;
    let world = universe.world();
    for _ in 0..5 {
        world.barrier()?;
    }
    if world.rank() == world.size() - 1 {
        std::process::abort();
    }
    world.all_reduce(&[1.0; 1000], Op::sum())?;
    Ok(ExitCode::SUCCESS)
}
