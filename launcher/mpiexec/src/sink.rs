//! mpiexec's own standard output and error: where the joined lines go, with back-pressure.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::lines::Joiner;

/// How much may wait for a slow reader before the ranks have to wait.
const MAX_PENDING: usize = 256 * 1024;

/// What a pipe or terminal takes without blocking, once it has said that it takes something.
const SAFE_WRITE: usize = 4096;

/// One destination and the streams that flow into it.
pub(crate) struct Sink {
    pub(crate) joiner: Joiner,
    file: File,
    /// How much may be written at once without blocking; all for a file, which never blocks.
    chunk: usize,
    waits: bool,
    terminal: bool,
    pending: Vec<u8>,
    sent: usize,
    broken: bool,
}

/// What became of the bytes.
#[derive(Debug, PartialEq)]
pub(crate) enum Flushed {
    /// All are written, or the destination is gone for good and they are dropped.
    All,
    /// Some wait until the destination takes more.
    Blocked,
    /// The destination has just turned out to be gone: nobody reads any more.
    Broken,
}

impl Sink {
    /// A sink that writes to this process's descriptor `fd`.
    pub(crate) fn new(fd: BorrowedFd<'_>, number: u32, labels: bool) -> io::Result<Self> {
        let kind = FileType::from_raw_mode(fstat(fd)?.st_mode);
        let terminal = fd.is_terminal();
        let waits = terminal || matches!(kind, FileType::Fifo | FileType::Socket);
        // A description of our own can be non-blocking without changing that of the shell that we share.
        let own = if terminal || kind == FileType::Fifo { reopen(number) } else { None };
        let chunk = if own.is_some() || !waits { usize::MAX } else { SAFE_WRITE };
        let file = match own {
            Some(own) => own.into(),
            None => fd.try_clone_to_owned()?.into(),
        };
        let joiner = Joiner::new(labels);
        Ok(Sink { joiner, file, chunk, waits, terminal, pending: Vec::new(), sent: 0, broken: false })
    }

    /// Whether the event loop has to ask before writing.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether a person may be looking.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether the ranks must wait before they give more.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() - self.sent > MAX_PENDING
    }

    /// Whether something waits to be written.
    pub(crate) fn has_pending(&self) -> bool {
        self.sent < self.pending.len()
    }

    /// Lets the joiner append to what is to be written.
    pub(crate) fn feed(&mut self, feed: impl FnOnce(&mut Joiner, &mut Vec<u8>)) {
        if self.sent > MAX_PENDING {
            self.pending.drain(..self.sent);
            self.sent = 0;
        }
        feed(&mut self.joiner, &mut self.pending);
        if self.broken {
            self.pending.clear();
        }
    }

    /// Drops what waits, and everything that is still to come.
    pub(crate) fn discard(&mut self) {
        self.broken = true;
        self.pending = Vec::new();
        self.sent = 0;
    }

    /// Writes what can be written; `ready` says that the destination has just announced room.
    pub(crate) fn flush(&mut self, mut ready: bool) -> Flushed {
        while self.sent < self.pending.len() && !self.broken {
            // Without a description of our own, one careful write an announcement.
            if self.chunk == SAFE_WRITE && !std::mem::take(&mut ready) {
                return Flushed::Blocked;
            }
            let rest = self.pending.get(self.sent..).unwrap_or_default();
            match self.file.write(rest.get(..self.chunk).unwrap_or(rest)) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(error) => {
                    // A closed pipe is the reader's choice; a full disk is news.
                    if error.kind() != io::ErrorKind::BrokenPipe {
                        let said = writeln!(io::stderr(), "mpiexec: cannot write the ranks' output: {error}");
                        drop(said);
                    }
                    self.discard();
                    return Flushed::Broken;
                }
            }
        }
        self.pending.clear();
        self.sent = 0;
        Flushed::All
    }
}

impl AsFd for Sink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Whether two descriptors lead to the same place, so that one sink must serve both to keep lines whole.
pub(crate) fn same_place(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> bool {
    match (fstat(a), fstat(b)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino, a.st_rdev) == (b.st_dev, b.st_ino, b.st_rdev),
        _ => false,
    }
}

fn reopen(number: u32) -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened: Result<OwnedFd, Errno> = open(format!("/proc/self/fd/{number}"), flags, Mode::empty());
    opened.ok()
}
