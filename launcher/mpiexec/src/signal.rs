//! Signals as events: a socket that becomes readable, and flags that say which signals came.

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

/// The signals that mpiexec acts on instead of dying of them.
///
/// Handlers vanish at `exec`, so that ranks find every one of these at its default.
const SIGNALS: [Signal; 8] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::TSTP,
    Signal::CONT,
];

/// Receives them.
pub(crate) struct Signals {
    socket: UnixStream,
    flags: Vec<(Signal, Arc<AtomicBool>)>,
}

impl Signals {
    /// Installs the handlers. A hang-up that is ignored (`nohup`) stays ignored.
    pub(crate) fn install() -> io::Result<Self> {
        let (socket, wake) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        let mut flags = Vec::with_capacity(SIGNALS.len());
        let ignored = ignored();
        if is_in(ignored, Signal::CHILD) {
            // The system would forget how our ranks ended; with any handler it does not.
            signal_hook::flag::register(Signal::CHILD.as_raw(), Arc::default())?;
        }
        for signal in SIGNALS {
            if signal == Signal::HUP && is_in(ignored, signal) {
                continue;
            }
            let flag = Arc::new(AtomicBool::new(false));
            // The flag first: whoever is woken finds it set.
            signal_hook::flag::register(signal.as_raw(), Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal.as_raw(), wake.try_clone()?)?;
            flags.push((signal, flag));
        }
        Ok(Signals { socket, flags })
    }

    /// The signals that came since the last call.
    pub(crate) fn take(&mut self) -> Vec<Signal> {
        let mut bytes = [0; 64];
        // Until it would block; what is read only says "look".
        while matches!(self.socket.read(&mut bytes), Ok(count) if count > 0) {}
        let came = self.flags.iter().filter(|(_, flag)| flag.swap(false, Ordering::SeqCst));
        came.map(|(signal, _)| *signal).collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The signals that this process was started with ignored, one bit each.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn is_in(mask: u64, signal: Signal) -> bool {
    mask >> (signal.as_raw() - 1) & 1 == 1
}

/// A signal's name, as `SIGKILL`.
pub(crate) fn name(number: i32) -> String {
    const NAMES: [(i32, &str); 22] = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (10, "SIGUSR1"),
        (11, "SIGSEGV"),
        (12, "SIGUSR2"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (16, "SIGSTKFLT"),
        (24, "SIGXCPU"),
        (25, "SIGXFSZ"),
        (26, "SIGVTALRM"),
        (27, "SIGPROF"),
        (29, "SIGIO"),
        (31, "SIGSYS"),
    ];
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}
