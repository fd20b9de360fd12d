//! What a sleeping rank is woken by, and noticing that a process of this host has ended.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use crate::address::start_time;
use crate::error::StartError;
use crate::queue::Completions;

/// One descriptor for everything that wakes: completions, events of connections, a timer, and the end of processes.
pub(crate) struct Sleeper {
    all: OwnedFd,
    processes: OwnedFd,
    timer: OwnedFd,
    set: bool,
    /// The provider's own descriptors that are watched, and the number of their list.
    list: Vec<libc::pollfd>,
    list_number: Option<u64>,
}

/// A watched process; dropping it ends the watch.
pub(crate) struct Watched {
    _pidfd: OwnedFd,
}

/// Why a process is not watched.
pub(crate) enum Unwatched {
    /// It has ended.
    Ended,
    /// The system refuses: then its end is noticed by what it leaves unanswered.
    Refused(Errno),
}

impl Sleeper {
    pub(crate) fn new() -> Result<Self, StartError> {
        let refused = |what| {
            move |e: Errno| StartError::System {
                what,
                detail: format!("{e}; raise `ulimit -n` if files have run out"),
            }
        };
        let all = epoll::create(CreateFlags::CLOEXEC).map_err(refused("an epoll"))?;
        let processes = epoll::create(CreateFlags::CLOEXEC).map_err(refused("an epoll"))?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).map_err(refused("a timer"))?;
        let this = Self { all, processes, timer, set: false, list: Vec::new(), list_number: None };
        this.add(this.processes.as_fd())
            .and_then(|()| this.add(this.timer.as_fd()))
            .map_err(refused("an epoll"))?;
        Ok(this)
    }

    fn add(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        epoll::add(&self.all, fd, EventData::new_u64(0), EventFlags::IN)
    }

    /// Is woken by a queue's descriptor, too.
    ///
    /// # Safety
    /// The descriptor is open, and stays so as long as this value or is closed for good.
    pub(crate) unsafe fn add_queue(&self, descriptor: RawFd) -> bool {
        // SAFETY: the caller's promise.
        self.add(unsafe { BorrowedFd::borrow_raw(descriptor) }).is_ok()
    }

    /// Is woken by the provider's own descriptors, where its queue lists them.
    pub(crate) fn follow(&mut self, completions: &Completions) {
        let before = std::mem::take(&mut self.list);
        let mut now = Vec::with_capacity(before.len().max(16));
        let Some(number) = completions.list(&mut now) else { return };
        let same = |a: &libc::pollfd, b: &libc::pollfd| (a.fd, a.events) == (b.fd, b.events);
        if self.list_number != Some(number)
            || before.len() != now.len()
            || !before.iter().zip(&now).all(|(a, b)| same(a, b))
        {
            for gone in before.iter().filter(|old| !now.iter().any(|new| new.fd == old.fd)) {
                // One that was closed has left by itself.
                // SAFETY: a number that is no descriptor any more is an error, and nothing else.
                let _ = epoll::delete(&self.all, unsafe { BorrowedFd::borrow_raw(gone.fd.max(0)) });
            }
            for entry in now.iter().filter(|entry| entry.fd >= 0) {
                let flags = EventFlags::from_bits_retain(u32::from(entry.events.cast_unsigned()));
                // SAFETY: the provider has just named it as open.
                let fd = unsafe { BorrowedFd::borrow_raw(entry.fd) };
                // The number may be one that was watched, closed, and opened for something else.
                if epoll::modify(&self.all, fd, EventData::new_u64(0), flags).is_err() {
                    let _ = epoll::add(&self.all, fd, EventData::new_u64(0), flags);
                }
            }
        }
        self.list = now;
        self.list_number = Some(number);
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.all.as_raw_fd()
    }

    /// Wakes after so long; never with `None`.
    pub(crate) fn alarm(&mut self, after: Option<Duration>) {
        if after.is_none() && !self.set {
            return;
        }
        self.set = after.is_some();
        // Zero turns the timer off.
        let after = after.map_or(Duration::ZERO, |after| after.max(Duration::from_micros(1)));
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec {
            tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(after.subsec_nanos()),
        };
        // It is our own descriptor and the time is valid, so this cannot fail. It also forgets an alarm that went off.
        let _ = timerfd_settime(
            &self.timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: zero, it_value },
        );
    }

    /// Begins to watch the process of a peer.
    pub(crate) fn watch(&self, peer: u32, pid: u32, started: u64) -> Result<Watched, Unwatched> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Unwatched::Ended)?;
        let pidfd = match rustix::process::pidfd_open(number, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(Errno::SRCH) => return Err(Unwatched::Ended),
            Err(error) => return Err(Unwatched::Refused(error)),
        };
        // The descriptor names one process for good; its start time tells whether it is the one that was meant.
        if start_time(pid) != Some(started) {
            return Err(Unwatched::Ended);
        }
        epoll::add(&self.processes, &pidfd, EventData::new_u64(u64::from(peer)), EventFlags::IN)
            .map_err(Unwatched::Refused)?;
        Ok(Watched { _pidfd: pidfd })
    }

    /// The peers whose process has ended, as long as they are watched.
    pub(crate) fn ended(&self) -> Vec<u32> {
        let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; 16];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        // An interrupted call is made up for by the next.
        let n = epoll::wait(&self.processes, &mut events, Some(&now)).unwrap_or(0);
        events[..n].iter().map(|event| event.data.u64() as u32).collect()
    }
}
