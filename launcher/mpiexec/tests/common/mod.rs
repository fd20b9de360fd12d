//! Running mpiexec in tests: nothing may hang, and what failed is shown.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Far more than anything here takes, also on a busy machine.
pub(crate) const GUARD: Duration = Duration::from_secs(120);

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `mpiexec` with these words and this standard input.
pub(crate) fn mpiexec_with(words: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mpiexec"));
    command.args(words);
    run(command, input)
}

pub(crate) fn mpiexec(words: &[&str]) -> Ran {
    mpiexec_with(words, b"")
}

pub(crate) fn run(mut command: Command, input: &[u8]) -> Ran {
    let shown = format!("{command:?}");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_owned();
    // A rank that reads nothing breaks the pipe, which is no failure.
    std::thread::spawn(move || drop(stdin.write_all(&input)));
    let pid = child.id();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    match receive.recv_timeout(GUARD) {
        Ok(output) => {
            let output = output.expect("wait");
            Ran {
                code: output.status.code(),
                out: String::from_utf8(output.stdout).expect("text"),
                err: String::from_utf8(output.stderr).expect("text"),
            }
        }
        Err(_) => {
            kill("KILL", pid);
            panic!("{shown} hangs");
        }
    }
}

/// An mpiexec that goes on while the test looks.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(words: &[&str]) -> Self {
        // Under nohup, or in a script's background, signals come ignored, and mpiexec honours that as it should.
        let mut child = Command::new("env")
            .args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_mpiexec")])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start");
        let out = BufReader::new(child.stdout.take().expect("stdout"));
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Running { child, lines }
    }

    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(GUARD).expect("a line of output")
    }

    /// The process numbers that `count` ranks of `rank-probe wait`, or shells with `echo ready $$`, say.
    pub(crate) fn pids(&self, count: usize) -> Vec<u32> {
        (0..count)
            .map(|_| self.line().strip_prefix("ready ").expect("ready").trim().parse().expect("pid"))
            .collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, self.child.id());
    }

    /// Waits for the end; the exit code and standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + GUARD;
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                let mut err = String::new();
                self.child.stderr.take().expect("stderr").read_to_string(&mut err).expect("text");
                return (status.code(), err);
            }
            assert!(Instant::now() < deadline, "mpiexec does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status().expect("kill");
    assert!(status.success(), "kill -{signal} {pid}");
}

/// Whether a process is there and no zombie.
pub(crate) fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start().chars().next();
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// Waits until none of these processes is left.
pub(crate) fn all_gone(pids: &[u32]) {
    let deadline = Instant::now() + GUARD;
    while pids.iter().any(|pid| lives(*pid)) {
        assert!(Instant::now() < deadline, "left behind: {pids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The test rank, built if the test run has not built it.
pub(crate) fn probe() -> &'static str {
    static PROBE: OnceLock<String> = OnceLock::new();
    PROBE.get_or_init(|| {
        let bin: &Path = Path::new(env!("CARGO_BIN_EXE_mpiexec"));
        let probe: PathBuf = bin.with_file_name("examples").join("rank-probe");
        if !probe.exists() {
            let release = bin.parent().is_some_and(|folder| folder.ends_with("release"));
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--package", "olympi-mpiexec", "--example", "rank-probe"]);
            cargo.args(release.then_some("--release"));
            assert!(cargo.status().expect("cargo").success());
        }
        probe.into_os_string().into_string().expect("text")
    })
}
