//! Standard input, which belongs to rank 0.
//!
//! A file or a pipe is simply inherited: nothing is copied, and what rank 0 leaves unread stays there for
//! whoever comes next. A terminal cannot be: it stops processes that read it from outside the foreground group,
//! and ranks are in groups of their own. So what is typed is copied, while mpiexec itself is in the foreground.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ChildStdin, Stdio};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

/// What rank 0 gets as its standard input.
pub(crate) fn for_rank_0() -> Stdio {
    if io::stdin().is_terminal() { Stdio::piped() } else { Stdio::inherit() }
}

/// Copies a terminal's lines to rank 0.
pub(crate) struct Typed {
    terminal: File,
    rank_0: ChildStdin,
    pending: Vec<u8>,
    ended: bool,
}

/// What to wait for next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wait {
    /// More typing.
    Terminal,
    /// Room in rank 0's pipe.
    Rank0,
    /// Being in the foreground again.
    Foreground,
    /// Nothing: the input has ended, and rank 0 has been told.
    Nothing,
}

impl Typed {
    /// Copies from our standard input to this pipe.
    pub(crate) fn new(rank_0: ChildStdin) -> io::Result<Self> {
        fcntl_setfl(&rank_0, fcntl_getfl(&rank_0)? | OFlags::NONBLOCK)?;
        let terminal = io::stdin().as_fd().try_clone_to_owned()?.into();
        Ok(Typed { terminal, rank_0, pending: Vec::new(), ended: false })
    }

    /// The end that is waited for when it is rank 0's.
    pub(crate) fn pipe(&self) -> BorrowedFd<'_> {
        self.rank_0.as_fd()
    }

    /// The end that is waited for when it is the terminal.
    pub(crate) fn terminal(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }

    /// Whether reading would not stop us.
    pub(crate) fn in_foreground(&self) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|group| group == getpgrp())
    }

    /// The terminal has something; to be called only then, since reading waits.
    pub(crate) fn read(&mut self) -> Wait {
        if !self.in_foreground() {
            return Wait::Foreground;
        }
        let mut bytes = [0; 4096];
        match self.terminal.read(&mut bytes) {
            Ok(0) | Err(_) => self.ended = true,
            Ok(count) => self.pending.extend_from_slice(bytes.get(..count).unwrap_or_default()),
        }
        self.write()
    }

    /// Writes what is pending.
    pub(crate) fn write(&mut self) -> Wait {
        while !self.pending.is_empty() {
            match self.rank_0.write(&self.pending) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Wait::Rank0,
                // Rank 0 wants no more.
                Err(_) => return Wait::Nothing,
            }
        }
        if self.ended { Wait::Nothing } else { Wait::Terminal }
    }
}
