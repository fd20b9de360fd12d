//! A rank for the launcher's tests: speaks PMI, and misbehaves on demand.
//!
//! `rank-probe exchange | abort CODE | vanish | die | wait | garbage | lines COUNT`

use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use olympi_pmi::Job;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let number = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let mut job = Job::from_env()?;
    let last = job.rank() + 1 == job.size();
    match what.as_str() {
        "abort" if last => job.abort(number, "asked to abort"),
        "vanish" if last => return Ok(()),
        "die" if last => std::process::abort(),
        // Waits for ever, since one of the ranks never comes.
        "abort" | "vanish" | "die" => job.fence()?,
        "wait" => {
            println!("ready {}", std::process::id());
            sleep()
        }
        "garbage" => garbage(&job)?,
        "lines" => {
            // Unbuffered and in small pieces, so that only the launcher can keep them whole.
            let mut out = std::io::stdout().lock();
            for line in 0..number {
                for piece in [format!("<{}", job.rank()), format!(":{line}:"), "x".repeat(50), ">\n".into()] {
                    out.write_all(piece.as_bytes())?;
                    out.flush()?;
                }
            }
        }
        _ => exchange(&mut job)?,
    }
    job.finalize()?;
    Ok(())
}

fn exchange(job: &mut Job) -> Result<(), Box<dyn Error>> {
    let secret = job.secret().ok_or("no secret")?;
    job.put_blob(&format!("of-{}", job.rank()), &secret)?;
    job.fence()?;
    for peer in 0..job.size() {
        if job.get_blob(&format!("of-{peer}"))?.as_deref() != Some(&secret[..]) {
            return Err(format!("rank {peer} has another secret").into());
        }
    }
    let cpus = std::fs::read_to_string("/proc/self/status")?;
    let cpus = cpus.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    let program = job.appnum()?;
    println!(
        "rank {} of {} under {}, program {program:?}, local {:?} of {:?}, cpus {}",
        job.rank(),
        job.size(),
        job.launcher(),
        job.local_rank(),
        job.local_size(),
        cpus.trim(),
    );
    Ok(())
}

/// Talks to the launcher as no client does, and stays.
fn garbage(job: &Job) -> Result<(), Box<dyn Error>> {
    let socket = job.launcher_fd().ok_or("no launcher")?;
    rustix::io::write(socket, b"GET / HTTP/1.1\n\n")?;
    sleep()
}

fn sleep() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}
