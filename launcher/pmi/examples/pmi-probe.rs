//! Joins a job, exchanges a value with every rank, and leaves: shows that a launcher and this client
//! understand each other.
//!
//! `mpiexec -n 3 pmi-probe [abort CODE | vanish]`: `abort` ends the job from the last rank, `vanish`
//! ends the last rank without finalize while the others wait.

use std::error::Error;
use std::process::ExitCode;

use olympi_pmi::Job;

fn main() -> ExitCode {
    match probe() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pmi-probe: {error}");
            ExitCode::FAILURE
        }
    }
}

fn probe() -> Result<(), Box<dyn Error>> {
    let mut job = Job::from_env()?;
    let (rank, size) = (job.rank(), job.size());
    let last = rank + 1 == size;
    // Long enough for several parts, and of every byte.
    let card = |rank: usize| -> Vec<u8> { (0..1500).map(|i| (i * 7 + rank) as u8).collect() };
    job.put(&format!("name-{rank}"), &format!("rank-{rank};of={size}"))?;
    job.put_blob(&format!("card-{rank}"), &card(rank))?;
    job.fence()?;
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("abort") if last => {
            let code = arguments.next().map_or(Ok(7), |code| code.parse())?;
            job.abort(code, "asked to abort");
        }
        Some("vanish") if last => return Ok(()),
        Some("abort" | "vanish") => job.fence()?,
        _ => {}
    }
    for peer in 0..size {
        let name = job.get(&format!("name-{peer}"))?;
        if name.as_deref() != Some(format!("rank-{peer};of={size}").as_str()) {
            return Err(format!("rank {rank} got {name:?} as the name of {peer}").into());
        }
        if job.get_blob(&format!("card-{peer}"))? != Some(card(peer)) {
            return Err(format!("rank {rank} got another card of {peer} than was put").into());
        }
    }
    let (universe, appnum) = (job.universe_size()?, job.appnum()?);
    let hosts = job.process_mapping()?.map(|mapping| mapping.hosts_of(size));
    println!(
        "rank {rank} of {size} under {}: universe {universe:?}, appnum {appnum:?}, hosts {hosts:?}, local {:?} of {:?}, \
         secret {}",
        job.launcher(),
        job.local_rank(),
        job.local_size(),
        if job.secret().is_some() { "yes" } else { "no" },
    );
    job.finalize()?;
    Ok(())
}
