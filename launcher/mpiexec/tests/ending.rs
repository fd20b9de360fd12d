//! How jobs end: exit codes, the line that explains them, and that nothing is left behind.

mod common;

use common::{Running, all_gone, kill, lives, mpiexec, probe};

#[test]
fn a_job_of_any_programs_ends_well() {
    let ran = mpiexec(&["-n", "3", "true"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
}

#[test]
fn the_exit_code_is_that_of_the_first_failure() {
    let ran = mpiexec(&["-n", "4", "sh", "-c", "[ $PMI_RANK = 2 ] && exit 7; sleep 1000"]);
    assert_eq!(ran.code, Some(7));
    assert!(ran.err.contains("rank 2") && ran.err.contains("code 7"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn the_exit_code_is_seen_although_the_parent_ignores_its_children() {
    let mut command = std::process::Command::new("python3");
    let program = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    command.args(["-c", program, env!("CARGO_BIN_EXE_mpiexec"), "-n", "2", "sh", "-c", "exit 7"]);
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no python3, which can ignore SIGCHLD");
        return;
    }
    assert_eq!(common::run(command, b"").code, Some(7));
}

#[test]
fn a_killed_rank_ends_the_job_and_is_named() {
    let job = Running::start(&["-n", "3", probe(), "wait"]);
    let pids = job.pids(3);
    kill("KILL", pids[1]);
    let (code, err) = job.end();
    assert_eq!(code, Some(137));
    assert!(err.contains("signal 9 (SIGKILL)"), "{err}");
    assert!(err.contains(&format!("process {}", pids[1])), "{err}");
    all_gone(&pids);
}

#[test]
fn a_rank_that_crashes_in_the_middle_of_mpi() {
    let ran = mpiexec(&["-n", "2", probe(), "die"]);
    assert_eq!(ran.code, Some(134));
    assert!(ran.err.contains("rank 1") && ran.err.contains("SIGABRT"), "{}", ran.err);
}

#[test]
fn a_rank_that_leaves_without_finalizing_is_a_failure() {
    let ran = mpiexec(&["-n", "3", probe(), "vanish"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("rank 2") && ran.err.contains("without finalizing"), "{}", ran.err);
}

#[test]
fn abort_ends_everybody_with_its_code() {
    let ran = mpiexec(&["-n", "3", probe(), "abort", "42"]);
    assert_eq!(ran.code, Some(42));
    assert!(ran.err.contains("rank 2 aborted the job with exit code 42"), "{}", ran.err);
}

#[test]
fn a_rank_that_is_no_mpi_program_does_not_hang_the_others() {
    let ran = mpiexec(&["-n", "1", probe(), "exchange", ":", "-n", "1", "true"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("rank 1 has ended without coming to the fence"), "{}", ran.err);
}

#[test]
fn garbage_on_the_pmi_socket_ends_the_job_and_names_the_rank() {
    let ran = mpiexec(&["-n", "1", "sleep", "1000", ":", "-n", "1", probe(), "garbage"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("rank 1 does not speak PMI"), "{}", ran.err);
}

#[test]
fn interrupt_ends_everything() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let job = Running::start(&["-n", "3", probe(), "wait"]);
        let pids = job.pids(3);
        job.signal(signal);
        let (ended, err) = job.end();
        assert_eq!(ended, Some(code), "{err}");
        assert!(err.contains(&format!("ended by SIG{signal}")), "{err}");
        all_gone(&pids);
    }
}

#[test]
fn ranks_that_ignore_the_interrupt_are_killed() {
    let job = Running::start(&[
        "-n",
        "2",
        "sh",
        "-c",
        "trap '' INT TERM; echo ready $$; while :; do sleep 1; done",
    ]);
    let pids = job.pids(2);
    job.signal("INT");
    assert_eq!(job.end().0, Some(130));
    all_gone(&pids);
}

#[test]
fn a_rank_may_clean_up_after_the_interrupt() {
    let job = Running::start(&[
        "sh",
        "-c",
        "trap 'echo cleaned; exit 3' INT; echo ready $$; while :; do sleep 0.01; done",
    ]);
    job.pids(1);
    job.signal("INT");
    assert_eq!(job.line(), "cleaned");
    assert_eq!(job.end().0, Some(130));
}

#[test]
fn a_job_ends_after_its_time() {
    let ran = mpiexec(&["--timeout", "0.2", "-n", "2", "sleep", "1000"]);
    assert_eq!(ran.code, Some(124));
    assert!(ran.err.contains("0.2 s (--timeout)"), "{}", ran.err);
}

#[test]
fn children_of_ranks_do_not_survive_even_in_sessions_of_their_own() {
    let script = "sleep 1000 & echo ready $!; setsid sh -c 'echo ready $$; exec sleep 1000' & \
                  (sh -c 'echo ready $$; exec sleep 1000' &); sleep 0.2; exit $CODE";
    for code in ["0", "5"] {
        let job = Running::start(&["-genv", "CODE", code, "sh", "-c", script]);
        let pids = job.pids(3);
        assert_eq!(job.end().0, code.parse().ok());
        assert!(!pids.iter().any(|pid| lives(*pid)), "gone before mpiexec is");
    }
}

#[test]
fn nothing_survives_a_killed_mpiexec() {
    // Shells with children: neither has ever heard of us.
    let script = "sleep 1000 & echo ready $!; echo ready $$; wait";
    let job = Running::start(&["-n", "3", "sh", "-c", script]);
    let pids = job.pids(6);
    job.signal("KILL");
    all_gone(&pids);
}

#[test]
fn stopped_ranks_can_be_ended() {
    let job = Running::start(&["-n", "2", probe(), "wait"]);
    let pids = job.pids(2);
    kill("STOP", pids[0]);
    job.signal("TERM");
    assert_eq!(job.end().0, Some(143));
    all_gone(&pids);
}

#[test]
fn what_cannot_be_started_is_told() {
    for (words, code, text) in [
        (vec!["no-such-program"], 127, "no program \"no-such-program\" in PATH"),
        (vec!["./no-such-program"], 127, "cannot start"),
        (vec!["/etc/passwd"], 126, "Permission denied"),
        (vec!["-wdir", "/nowhere", "true"], 126, "/nowhere"),
        (vec!["-n", "two", "true"], 2, "a number of ranks"),
        (vec!["--no-such-option", "true"], 2, "unknown option"),
        (vec!["-hosts", "a,b", "true"], 2, "this host only"),
        (vec![], 2, "no program given"),
    ] {
        let ran = mpiexec(&words);
        assert_eq!(ran.code, Some(code), "{words:?}: {}", ran.err);
        assert!(ran.err.contains(text), "{words:?}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}
