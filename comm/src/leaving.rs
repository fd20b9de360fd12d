//! Leaving the job: the last thing that a rank does.
//!
//! A rank that is ready waits for the others, and goes on polling meanwhile, since they may need it (a handshake, a
//! read of a message). But a `main` that returns an error drops its universe first and shows the error after; were the
//! drop to wait for ranks that in turn wait for this one's messages, nobody would ever see the error. So where the
//! others take long, the rest of the waiting is done at the process's exit, whose status tells a failure from an end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::bootstrap::Bootstrap;
use crate::wait::Shared;

/// How long a drop waits for ranks that are still at work.
const GRACE: Duration = Duration::from_millis(500);

/// A rank that is ready to leave, and waits until all are.
pub(crate) struct Leaving {
    shared: Arc<Shared>,
    everyone_is_here: Arc<AtomicBool>,
}

/// Those that are to be waited for at the process's exit.
static LATE: Mutex<Vec<Leaving>> = Mutex::new(Vec::new());

impl Leaving {
    /// Tells the launcher that this rank is ready. `None`: it has left already.
    pub(crate) fn begin(shared: &Arc<Shared>, bootstrap: Bootstrap) -> Option<Self> {
        let everyone_is_here = Arc::new(AtomicBool::new(false));
        let bootstrap = Arc::new(bootstrap);
        let leave = {
            let (bootstrap, flag) = (Arc::clone(&bootstrap), Arc::clone(&everyone_is_here));
            move || {
                bootstrap.leave();
                flag.store(true, Ordering::Release);
            }
        };
        if std::thread::Builder::new().spawn(leave).is_err() {
            // There is no thread to be had: better to leave without polling than not at all.
            bootstrap.leave();
            return None;
        }
        Some(Self { shared: Arc::clone(shared), everyone_is_here })
    }

    /// Waits for the others, at exit if they take long.
    pub(crate) fn finish(self) {
        if self.poll_until(Some(Instant::now() + GRACE)) {
            return;
        }
        if exit::hook() {
            LATE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        } else {
            self.poll_until(None);
        }
    }

    /// Moves messages on until every rank is here; whether they are.
    fn poll_until(&self, deadline: Option<Instant>) -> bool {
        while !self.everyone_is_here.load(Ordering::Acquire) {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return false;
            }
            let Ok(mut inside) = self.shared.door.enter() else {
                // An exit by another thread than may call: it can wait, and no more.
                std::thread::sleep(Duration::from_micros(500));
                continue;
            };
            let events = inside.poll();
            inside.discard_unexpected();
            if events == 0
                && let Some(nap) = inside.progress.arm()
            {
                nap.sleep(Duration::from_micros(500));
                inside.progress.disarm();
            }
            Shared::leave(inside);
        }
        true
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod exit {
    use std::ffi::{c_int, c_void};
    use std::sync::{OnceLock, PoisonError};

    unsafe extern "C" {
        fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    }

    /// Sees to it that those in `LATE` are waited for at exit; whether that can be.
    pub(super) fn hook() -> bool {
        static HOOKED: OnceLock<bool> = OnceLock::new();
        // SAFETY: glibc calls the function at exit with the status and the null pointer, which it does not follow.
        *HOOKED.get_or_init(|| unsafe { on_exit(at_exit, std::ptr::null_mut()) } == 0)
    }

    /// A process that failed goes without leaving: the launcher ends the job then, and names this rank.
    extern "C" fn at_exit(status: c_int, _: *mut c_void) {
        if status == 0 {
            let late = std::mem::take(&mut *super::LATE.lock().unwrap_or_else(PoisonError::into_inner));
            for leaving in late {
                leaving.poll_until(None);
            }
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod exit {
    /// Other C libraries do not tell the status at exit.
    pub(super) fn hook() -> bool {
        false
    }
}
