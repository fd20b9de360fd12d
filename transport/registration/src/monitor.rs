//! The thread that reads what the kernel tells, and the proof at start that it does tell.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr;
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use crate::allocation::page_size;
use crate::invalid::{Cursor, Forget, Invalid};
use crate::uffd::Uffd;

/// What thread and owner share.
struct Watched {
    uffd: Uffd,
    invalid: Invalid,
    stop: OwnedFd,
}

/// The watch over users' mappings.
pub(crate) struct Monitor {
    shared: Arc<Watched>,
    thread: Option<JoinHandle<()>>,
}

impl Monitor {
    /// Starts the watch, and proves it.
    pub(crate) fn start() -> Result<Self, String> {
        let uffd = Uffd::open()?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC).map_err(|e| format!("no eventfd: {e}"))?;
        let shared = Arc::new(Watched { uffd, invalid: Invalid::new(), stop });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("olympi-memory".to_owned())
            // The thread's stack is mapped here, not in it; it needs next to none.
            .stack_size(64 << 10)
            .spawn(move || theirs.run())
            .map_err(|e| format!("no thread to watch with: {e}"))?;
        let monitor = Self { shared, thread: Some(thread) };
        monitor.prove()?;
        Ok(monitor)
    }

    /// Unmaps a page that is watched, and sees that it is told before `munmap` returns.
    fn prove(&self) -> Result<(), String> {
        let page = page_size();
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, wherever the system likes.
        let start =
            unsafe { libc::mmap(ptr::null_mut(), page, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err("no page to prove the watch with".to_owned());
        }
        let watched = self.watch(start as usize, page);
        let mut cursor = self.cursor();
        // SAFETY: the page that was just mapped, and that nobody knows.
        unsafe { libc::munmap(start, page) };
        self.settle();
        let mut told = false;
        while let Some(forget) = self.next(&mut cursor) {
            told |= match forget {
                Forget::Range(gone) => gone.start <= start as usize && start as usize + page <= gone.end,
                Forget::All => false,
            };
        }
        match (watched, told) {
            (true, true) => Ok(()),
            (false, _) => {
                Err("userfaultfd does not watch anonymous memory (Linux 5.7 or newer does)".to_owned())
            }
            (true, false) => Err("userfaultfd did not tell of an munmap".to_owned()),
        }
    }

    /// Tells from here on when pages of the range go; false: it cannot.
    pub(crate) fn watch(&self, start: usize, len: usize) -> bool {
        self.shared.uffd.watch(start, len)
    }

    #[inline]
    pub(crate) fn settle(&self) {
        self.shared.invalid.settle();
    }

    #[inline]
    pub(crate) fn news(&self, cursor: Cursor) -> bool {
        self.shared.invalid.news(cursor)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.shared.invalid.now()
    }

    pub(crate) fn next(&self, cursor: &mut Cursor) -> Option<Forget> {
        self.shared.invalid.next(cursor)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // A write of 8 bytes to an eventfd that nobody else writes to does not fail.
        let _ = rustix::io::write(&self.shared.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Watched {
    /// The thread: it allocates nothing and takes no lock, for someone who holds one may wait for it.
    fn run(&self) {
        let mut fds = [
            PollFd::new(self.uffd.fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.stop.as_fd(), PollFlags::IN),
        ];
        loop {
            // Interrupted, or short of memory: what was told is from before, and is asked for again.
            while poll(&mut fds, None).is_err() {}
            // Events first: who unmaps waits for them.
            if !fds[0].revents().is_empty() {
                self.invalid.record(|| self.uffd.read());
            }
            if !fds[1].revents().is_empty() {
                return;
            }
        }
    }
}
