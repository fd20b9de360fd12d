//! One peer, from nothing to gone.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use olympi_transport_api::{Closed, ClosedKind, Peer};
use rustix::io::Errno;
use rustix::net::{self, sockopt};

use crate::config::Config;
use crate::dial::Dial;
use crate::receive::{End, Inlet};
use crate::send::Outbox;
use crate::sys::{self, Interface};

/// What there is between this rank and one other.
pub(crate) enum Link {
    /// Nothing yet.
    None,
    /// Its addresses are being tried.
    Dialling(Box<Dial>),
    /// A proven connection.
    Up(Box<Connection>),
    /// Gone for good.
    Gone,
}

/// A proven connection.
pub(crate) struct Connection {
    fd: OwnedFd,
    pub(crate) inlet: Inlet,
    pub(crate) outbox: Outbox,
    /// Looks in a row that brought nothing.
    pub(crate) idle: u32,
    /// It is among those that are read from directly.
    pub(crate) active: bool,
    /// The event loop watches for room to send, too.
    pub(crate) watched: bool,
    /// How it was made, for people.
    story: Box<str>,
    /// Since when the peer's host has owed an acknowledgement.
    owing_since: Option<Instant>,
}

impl Connection {
    /// Takes a connection that has just been proven. `failures` tells of addresses that did not lead to it.
    pub(crate) fn new(
        fd: OwnedFd,
        remote: SocketAddr,
        dialled: bool,
        failures: &str,
        interfaces: &[Interface],
        config: &Config,
    ) -> Self {
        let local = net::getsockname(&fd).ok().and_then(|a| SocketAddr::try_from(a).ok());
        let local = local.map_or_else(
            || "an unknown address".into(),
            |a| {
                let a = SocketAddr::new(a.ip().to_canonical(), a.port());
                let name = interfaces.iter().find(|i| i.address == a.ip()).map_or("?", |i| &i.name);
                format!("{name} {a}")
            },
        );
        let arrow = if dialled { "->" } else { "<-" };
        let mut story = format!("{local} {arrow} {remote}");
        if !failures.is_empty() {
            story += &format!(", after failures at {failures}");
        }
        // Where the kernel refuses one of these, the connection still works: a dead host is noticed later.
        let quarter = (config.dead_after / 4).max(Duration::from_secs(1));
        let _ = sockopt::set_socket_keepalive(&fd, true);
        let _ = sockopt::set_tcp_keepidle(&fd, quarter);
        let _ = sockopt::set_tcp_keepintvl(&fd, quarter);
        let _ = sockopt::set_tcp_keepcnt(&fd, 3);
        Self {
            fd,
            inlet: Inlet::new(),
            outbox: Outbox::default(),
            idle: 0,
            active: false,
            watched: false,
            story: story.into(),
            owing_since: None,
        }
    }

    #[inline]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn story(&self) -> &str {
        &self.story
    }

    /// Whether the peer's host has left the kernel without any answer for `limit`. Looked at now and then; a host
    /// that was merely idle before owes only from the first look on.
    pub(crate) fn silent(&mut self, now: Instant, limit: Duration) -> bool {
        let Some(last) = sys::owing(self.fd.as_fd()) else {
            self.owing_since = None;
            return false;
        };
        let since = *self.owing_since.get_or_insert(now);
        let owed = now.duration_since(since);
        if owed > Duration::from_millis(last.into()) {
            self.owing_since = Some(now);
            return false;
        }
        owed >= limit
    }

    /// What its end means.
    pub(crate) fn explain(&self, peer: Peer, end: &End) -> Closed {
        let story = &self.story;
        let (kind, detail) = match *end {
            End::Closed { torn: true } => {
                (ClosedKind::Died, "its process ended in the middle of a message".to_owned())
            }
            End::Closed { torn: false } if self.inlet.bye => {
                (ClosedKind::Died, "its process closed this transport".to_owned())
            }
            End::Closed { torn: false } => (ClosedKind::Died, "its process ended".to_owned()),
            End::Malformed(what) => {
                (ClosedKind::Malformed, format!("it sent what makes no sense and was cut off: {what}"))
            }
            End::Failed(e @ (Errno::CONNRESET | Errno::PIPE)) => {
                (ClosedKind::Died, format!("its process ended ({e})"))
            }
            End::Failed(Errno::TIMEDOUT) => {
                (ClosedKind::Died, "its host stopped answering (OLYMPI_TCP_DEAD_AFTER_MS)".to_owned())
            }
            End::Failed(e) => (ClosedKind::Fabric, format!("the network failed: {e}")),
        };
        Closed { transport: crate::NAME, peer, kind, detail: format!("{detail}; the connection was {story}") }
    }
}

impl Connection {
    #[inline]
    pub(crate) fn split(&mut self) -> (BorrowedFd<'_>, &mut Inlet) {
        (self.fd.as_fd(), &mut self.inlet)
    }

    #[inline]
    pub(crate) fn split_out(&mut self) -> (BorrowedFd<'_>, &mut Outbox) {
        (self.fd.as_fd(), &mut self.outbox)
    }
}
