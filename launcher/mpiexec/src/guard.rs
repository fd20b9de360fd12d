//! A second, tiny process that outlives a killed mpiexec just long enough to end its ranks.
//!
//! `kill -9` gives mpiexec no chance to end anything, and a rank may be a shell with children that never heard
//! of us. So mpiexec first starts itself once more under the name [`NAME`], with a pipe between them. Into
//! the pipe it writes which process groups exist. The guard sleeps until the pipe ends; only then it reads what
//! was written, and kills the groups unless the last word is that the job has ended in good order.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};

/// What the guard's `argv[0]` is.
pub(crate) const NAME: &str = "olympi-guard";

/// The last word after an orderly end.
const DONE: &str = "done\n";

/// The longest process number with its line end, and what a pipe holds unless told otherwise.
const LONGEST_WORD: usize = 12;
const DEFAULT_PIPE: usize = 65_536;

/// mpiexec's side.
pub(crate) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts the guard of a job of so many ranks, in a process group of its own so that Ctrl-C does not
    /// reach it.
    pub(crate) fn start(ranks: usize) -> io::Result<Self> {
        let mut child = Command::new("/proc/self/exe")
            .arg0(NAME)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn()?;
        let pipe = child.stdin.take();
        if let Some(pipe) = &pipe {
            // Nobody empties the pipe, so it has to hold everything, and a full one must not stop us.
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
            if ranks * LONGEST_WORD > DEFAULT_PIPE {
                // A smaller pipe guards the first ranks only.
                let _ = rustix::pipe::fcntl_setpipe_size(pipe, ranks * LONGEST_WORD);
            }
        }
        Ok(Guard { child, pipe })
    }

    /// The guard's process number, which is no rank's.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A group began.
    pub(crate) fn watch(&mut self, group: Pid) {
        self.say(&format!("{}\n", group.as_raw_nonzero()));
    }

    /// All groups have ended, down to their last members.
    pub(crate) fn release(&mut self) {
        self.say(DONE);
    }

    fn say(&mut self, word: &str) {
        if let Some(pipe) = &mut self.pipe {
            // A guard that was killed guards nothing; the job goes on.
            let _ = pipe.write_all(word.as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.pipe = None;
        // It ends at once, and leaves no trace of the job behind.
        let _ = self.child.wait();
    }
}

/// The guard's side: the whole program.
pub(crate) fn main() -> ExitCode {
    let stdin = io::stdin();
    // Asked for nothing, poll tells only the end: what is written in the meantime wakes nobody.
    while matches!(poll(&mut [PollFd::new(&stdin, PollFlags::empty())], None), Err(rustix::io::Errno::INTR)) {
    }
    let mut words = String::new();
    // What cannot be read cannot be killed.
    let _ = stdin.lock().read_to_string(&mut words);
    if !words.ends_with(DONE) {
        let groups = words.lines().filter_map(|word| word.parse().ok()).filter(|group| *group > 1);
        for group in groups.filter_map(Pid::from_raw) {
            // Whatever is gone already needs nothing.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    ExitCode::SUCCESS
}
