//! What ranks find: their place, their environment, their peers; also the ranks of other implementations.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{mpiexec, probe, run};

#[test]
fn ranks_find_each_other_and_share_the_secret() {
    let ran = mpiexec(&["-n", "5", probe(), "exchange"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for rank in 0..5 {
        let line = format!(
            "rank {rank} of 5 under mpiexec (olympi), program Some(0), local Some({rank}) of Some(5)"
        );
        assert!(ran.out.contains(&line), "{}", ran.out);
    }
}

#[test]
fn several_programs_make_one_job() {
    let ran =
        mpiexec(&["-n", "2", probe(), "exchange", ":", "-n", "1", "-env", "A", "1", probe(), "exchange"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("rank 1 of 3 under mpiexec (olympi), program Some(0)"), "{}", ran.out);
    assert!(ran.out.contains("rank 2 of 3 under mpiexec (olympi), program Some(1)"), "{}", ran.out);
}

#[test]
fn environment_and_directory() {
    let show = "echo $PMI_RANK $A $B $OLYMPI_REPORT $(pwd)";
    let ran = mpiexec(&[
        "-l", "-genv", "A", "every", "-n", "1", "-env", "B", "one", "-wdir", "/", "sh", "-c", show, ":",
        "-n", "1", "-wdir", "/tmp", "sh", "-c", show,
    ]);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["[0] 0 every one /", "[1] 1 every /tmp"]);
    assert_eq!(mpiexec(&["--report", "sh", "-c", "echo $OLYMPI_REPORT"]).out, "1\n");
    let show = "echo $OLYMPI_TRANSPORTS";
    assert_eq!(mpiexec(&["--transport", "verbs,shm", "sh", "-c", show]).out, "verbs,shm\n");
}

#[test]
fn a_rank_inherits_its_socket_and_the_secret_and_nothing_else() {
    let ran =
        mpiexec(&["-n", "3", "sh", "-c", "ls /proc/self/fd | grep -v '^[0-3]$' | wc -l; ls -l /proc/$$/fd"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.out.matches("memfd:olympi-secret").count(), 3, "{}", ran.out);
    assert_eq!(ran.out.matches("socket:").count(), 3, "{}", ran.out);
    assert_eq!(ran.out.matches("eventpoll").count() + ran.out.matches("pidfd").count(), 0, "{}", ran.out);
    // The secret is neither in the arguments nor in the environment: only its descriptor's number is.
    let ran = mpiexec(&["sh", "-c", "echo $OLYMPI_SECRET_FD"]);
    assert!(ran.out.trim().parse::<u32>().is_ok_and(|number| number < 1000), "{}", ran.out);
}

#[test]
fn ranks_are_bound_to_cores_in_turn() {
    let cpus = std::thread::available_parallelism().expect("cpus").get();
    let ranks = (cpus + 1).to_string();
    let ran = mpiexec(&["--bind-to", "core", "-n", &ranks, probe(), "exchange"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let cpu_of = |rank: usize| {
        let line = ran.out.lines().find(|line| line.starts_with(&format!("rank {rank} of"))).expect("a line");
        line.rsplit("cpus ").next().expect("cpus").parse::<usize>().expect("one CPU")
    };
    assert_eq!(cpu_of(0), cpu_of(cpus), "from the first again");
    if cpus > 1 {
        assert_ne!(cpu_of(0), cpu_of(1));
    }
}

#[test]
fn oversubscription_is_told() {
    let cpus = std::thread::available_parallelism().expect("cpus").get();
    let show = "echo $OLYMPI_OVERSUBSCRIBED";
    assert_eq!(mpiexec(&["-n", "1", "sh", "-c", show]).out, "0\n");
    let ran = mpiexec(&["-n", &(cpus + 1).to_string(), "sh", "-c", show]);
    assert_eq!(ran.out, "1\n".repeat(cpus + 1));
}

#[test]
fn help_version_and_settings() {
    let help = mpiexec(&["--help"]);
    assert_eq!(help.code, Some(0));
    for option in [
        "-n",
        "-l",
        "-env",
        "-genv",
        "-wdir",
        "--bind-to",
        "--timeout",
        "--info",
        "--report",
        "--transport",
        "--version",
    ] {
        assert!(help.out.contains(option), "{option}");
    }
    assert!(mpiexec(&["-V"]).out.contains(env!("CARGO_PKG_VERSION")));
    let info = mpiexec(&["--info"]).out;
    for setting in olympi_mpiexec::settings() {
        assert!(info.contains(setting.variable), "{}", setting.variable);
    }
}

#[test]
fn many_ranks() {
    let ran = mpiexec(&["-n", "200", probe(), "exchange"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 200);
}

#[test]
fn programs_of_mpich_start_under_it() {
    let Some(python) = foreign_python() else { return };
    let program = "from mpi4py import MPI\n\
        c = MPI.COMM_WORLD\n\
        x = c.bcast({'list': [1, 2, 3]} if c.rank == 0 else None)\n\
        s = c.allreduce(c.rank)\n\
        if c.rank == c.size - 1: c.send(x, dest=0)\n\
        if c.rank == 0: assert c.recv(source=c.size - 1) == x\n\
        print(c.rank, c.size, x['list'], s, MPI.Get_library_version().split()[0], flush=True)\n";
    let python = python.to_str().expect("text");
    // MPICH's own library: ours may lie beside this mpiexec, which would point the wheel to it.
    let ran = mpiexec(&["--no-python", "-n", "4", python, "-c", program]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    let expected: Vec<String> = (0..4).map(|rank| format!("{rank} 4 [1, 2, 3] 6 MPICH")).collect();
    assert_eq!(lines, expected);

    // Its abort ends the job with its code, and names the rank.
    let abort =
        "from mpi4py import MPI\nc = MPI.COMM_WORLD\nc.barrier()\nc.rank == 1 and c.Abort(9)\nc.barrier()";
    let ran = mpiexec(&["--no-python", "-n", "3", python, "-c", abort]);
    assert_eq!(ran.code, Some(9), "{}", ran.err);
    assert!(ran.err.contains("rank 1"), "{}", ran.err);
}

#[test]
fn a_rank_under_a_foreign_launcher_under_ours_belongs_to_the_inner_job() {
    let Some(python) = foreign_python() else { return };
    let hydra = python.with_file_name("mpiexec");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpiexec"));
    command.args(["-n", "1"]).arg(hydra).args(["-n", "2", "sh", "-c", "echo $PMI_RANK of $PMI_SIZE"]);
    let ran = run(command, b"");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0 of 2", "1 of 2"]);
}

/// The interpreter of a virtual environment with the wheels `mpich` and `mpi4py`.
fn foreign_python() -> Option<PathBuf> {
    // Where ci/venv makes it: beside the profiles in cargo's target folder.
    let target = Path::new(env!("CARGO_BIN_EXE_mpiexec")).ancestors().nth(2).expect("a target folder");
    let venv = std::env::var_os("OLYMPI_TEST_VENV").map_or_else(|| target.join("ci/venv"), PathBuf::from);
    let python = venv.join("bin/python");
    if !python.exists() || !venv.join("bin/mpiexec").exists() {
        eprintln!(
            "SKIPPED: no virtual environment with mpich and mpi4py at {}; set OLYMPI_TEST_VENV, or run ci/venv",
            venv.display()
        );
        return None;
    }
    Some(python)
}
