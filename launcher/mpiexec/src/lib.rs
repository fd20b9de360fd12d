//! `mpiexec`, which starts the ranks of a job on this host, and `cargo mpiexec`, which builds them first.
//!
//! One thread and one event loop serve everything: the ranks' PMI conversations, their output, their ends,
//! and signals. No `unsafe`: children are made by the standard library, and what they inherit is arranged in
//! the parent before each of them starts.
//!
//! | file | decides |
//! |---|---|
//! | `args.rs` | what the command line asks for |
//! | `cargo.rs` | what to build, and which executable came out |
//! | `program.rs` | which file a program's name means |
//! | `spawn.rs` | what a rank inherits |
//! | `python.rs` | which library mpi4py loads |
//! | `job.rs` | the event loop: when the job ends, and how |
//! | `ending.rs` | the end: signals to the ranks, their descendants, the exit code and the line that explains it |
//! | `events.rs` | what the loop waits for |
//! | `outputs.rs`, `lines.rs`, `sink.rs` | that lines come out whole, and how fast ranks may write |
//! | `input.rs` | who reads standard input |
//! | `guard.rs` | that nothing survives a killed mpiexec |
//! | `signal.rs` | signals as events |
//! | `info.rs` | help, and the table of settings |
#![forbid(unsafe_code)]

mod args;
mod cargo;
mod ending;
mod events;
mod guard;
mod info;
mod input;
mod job;
mod lines;
mod outputs;
mod program;
mod python;
mod signal;
mod sink;
mod spawn;

use std::ffi::OsString;
use std::process::ExitCode;

pub use info::settings;
pub use olympi_pmi::Setting;

use args::Asked;

/// The exit code for a command line that makes no sense.
const USAGE: u8 = 2;

/// The whole of `mpiexec`. `args` begins with the program's name.
///
/// The exit code is that of the first rank that failed, 128 plus the signal if one killed it, 124 after
/// `--timeout`, and 2 for a command line that makes no sense.
pub fn mpiexec(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let name = args.next();
    if name.is_some_and(|name| name == guard::NAME) {
        return guard::main();
    }
    run("mpiexec", args.collect())
}

/// The whole of `cargo mpiexec`: builds, then does what [`mpiexec`] does, in this process.
pub fn cargo_mpiexec(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter().peekable();
    let name = args.next();
    if name.is_some_and(|name| name == guard::NAME) {
        return guard::main();
    }
    // Cargo passes the subcommand's name on.
    args.next_if(|arg| arg == "mpiexec");
    match cargo::resolve(args.collect()) {
        Ok(cargo::Resolved::Run(args)) => run("cargo mpiexec", args),
        Ok(cargo::Resolved::Help) => {
            print!("{}", info::cargo_help());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cargo mpiexec: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(name: &str, args: Vec<OsString>) -> ExitCode {
    let spec = match args::parse(args) {
        Ok(Asked::Run(spec)) => spec,
        Ok(Asked::Help) => {
            print!("{}", info::help());
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Version) => {
            println!("mpiexec (Olympi) {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Info) => {
            print!("{}", info::table(&settings(), &|name| std::env::var(name).ok()));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match job::run(&spec) {
        Ok(end) => {
            if let Some(line) = end.explanation() {
                eprintln!("{}{name}: {line}", if end.mid_line { "\n" } else { "" });
            }
            ExitCode::from(end.exit_code())
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
