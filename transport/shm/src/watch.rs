//! Noticing that a peer's process has ended, and sleeping on a descriptor.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use olympi_transport_api::Peer;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, PidfdFlags};

use crate::StartError;
use crate::address::start_time;

/// What the pipe's events carry instead of a peer.
const PIPE: u64 = u64::MAX;

/// A set of processes and, once somebody sleeps by a descriptor, a pipe through which peers wake.
#[derive(Debug)]
pub(crate) struct Watch {
    epoll: OwnedFd,
    pipe: Option<(OwnedFd, OwnedFd)>,
}

/// A watched process; dropping it ends the watch.
#[derive(Debug)]
pub(crate) struct Watched {
    _pidfd: OwnedFd,
}

/// Why a process is not watched.
#[derive(Debug)]
pub(crate) enum Unwatched {
    /// It has ended.
    Ended,
    /// The system refuses, in words.
    Refused(String),
}

impl Watch {
    pub(crate) fn new() -> Result<Self, StartError> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)
            .map_err(|error| StartError::segment("create an epoll instance", 0, error))?;
        Ok(Self { epoll, pipe: None })
    }

    /// Begins to watch the process of a peer.
    pub(crate) fn add(&self, peer: Peer, pid: u32, started: u64) -> Result<Watched, Unwatched> {
        let refused = |what: &str, error: Errno| {
            let remedy = match error {
                Errno::MFILE | Errno::NFILE => "; raise the limit on open files (ulimit -n)",
                Errno::NOSYS => "; Linux 5.3 or newer is needed",
                _ => "",
            };
            Unwatched::Refused(format!("cannot {what} process {pid}: {error}{remedy}"))
        };
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Unwatched::Ended)?;
        let pidfd = match rustix::process::pidfd_open(number, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(Errno::SRCH) => return Err(Unwatched::Ended),
            Err(error) => return Err(refused("open", error)),
        };
        // The descriptor names one process for good; its start time tells whether it is the one that was meant.
        if start_time(pid) != Some(started) {
            return Err(Unwatched::Ended);
        }
        epoll::add(&self.epoll, &pidfd, EventData::new_u64(u64::from(peer.0)), EventFlags::IN)
            .map_err(|error| refused("watch", error))?;
        Ok(Watched { _pidfd: pidfd })
    }

    /// Tells of peers whose process has ended, as long as they are watched.
    pub(crate) fn ended(&self, mut tell: impl FnMut(Peer)) {
        let mut events = [const { core::mem::MaybeUninit::<Event>::uninit() }; 16];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        // An interrupted call is made up for by the next.
        let Ok((events, _)) = epoll::wait(&self.epoll, &mut events, Some(&now)) else { return };
        for event in events {
            match event.data.u64() {
                PIPE => self.drain_pipe(),
                #[allow(clippy::cast_possible_truncation)] // it was made from a peer's number
                peer => tell(Peer(peer as u32)),
            }
        }
    }

    /// The descriptor to sleep on, which a byte in the pipe and the end of a peer make readable; and the
    /// number of the pipe's write end, which peers open.
    pub(crate) fn descriptor(&mut self) -> Result<(RawFd, RawFd), Errno> {
        if self.pipe.is_none() {
            let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
            epoll::add(&self.epoll, &read, EventData::new_u64(PIPE), EventFlags::IN)?;
            self.pipe = Some((read, write));
        }
        let write = self.pipe.as_ref().map_or(-1, |(_, write)| write.as_raw_fd());
        Ok((self.epoll.as_raw_fd(), write))
    }

    /// Takes all bytes out of the pipe.
    pub(crate) fn drain_pipe(&self) {
        if let Some((read, _)) = &self.pipe {
            let mut bytes = [0_u8; 64];
            while rustix::io::read(read.as_fd(), &mut bytes).is_ok_and(|n| n == bytes.len()) {}
        }
    }
}
