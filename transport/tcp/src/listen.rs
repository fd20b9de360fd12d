//! The door: the listening socket, and what is let through it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use crate::config::Family;
use crate::sys;

/// How many connections are accepted at one look, so that a flood of them cannot hold up the peers.
pub(crate) const ACCEPTS: usize = 8;
/// The kernel keeps so many for us meanwhile (and fewer if it is configured so).
const BACKLOG: i32 = 4096;
/// How long the door stays shut when the process has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// The listening socket.
pub(crate) struct Listener {
    socket: OwnedFd,
    pub(crate) port: u16,
    /// What this host does against congestion by default.
    congestion: String,
    /// Shut until then, for want of descriptors.
    pub(crate) shut_until: Option<Instant>,
}

impl Listener {
    /// Listens on every address of this host, on a port of the kernel's choice: on IPv6 and IPv4 with one socket, or
    /// on IPv4 alone where there is no IPv6. What it accepts begins with `local_congestion`, since that can only be
    /// chosen before the connection is made.
    pub(crate) fn open(family: Family, local_congestion: &str) -> io::Result<Self> {
        let socket = match family {
            Family::V4 => bound_v4()?,
            Family::V6 => bound_v6(true)?,
            Family::Any => bound_v6(false).or_else(|_| bound_v4())?,
        };
        let congestion = sockopt::tcp_congestion(&socket).unwrap_or_default();
        sys::control(socket.as_fd(), local_congestion);
        net::listen(&socket, BACKLOG)?;
        let port = SocketAddr::try_from(net::getsockname(&socket)?)?.port();
        Ok(Self { socket, port, congestion, shut_until: None })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(crate) fn congestion(&self) -> &str {
        &self.congestion
    }

    /// The next connection that waits, if any.
    pub(crate) fn accept(&mut self) -> Accepted {
        // Each round takes a connection from the queue that was lost before it could be accepted.
        for _ in 0..ACCEPTS {
            match net::acceptfrom_with(&self.socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok((fd, from)) => {
                    let Some(Ok(from)) = from.map(SocketAddr::try_from) else { continue };
                    return Accepted::One(fd, SocketAddr::new(from.ip().to_canonical(), from.port()));
                }
                Err(Errno::AGAIN) => return Accepted::None,
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => return Accepted::Full,
                // Errors of the connection that was to be accepted, not of the listener (accept(2)).
                Err(_) => {}
            }
        }
        Accepted::None
    }

    /// Shuts the door for a moment.
    pub(crate) fn shut(&mut self, now: Instant) {
        self.shut_until = Some(now + PAUSE);
    }
}

/// What was at the door.
pub(crate) enum Accepted {
    One(OwnedFd, SocketAddr),
    None,
    /// This process or this host has no room for another connection now.
    Full,
}

fn bound_v4() -> Result<OwnedFd, Errno> {
    let socket = socket(AddressFamily::INET)?;
    net::bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    Ok(socket)
}

fn bound_v6(only: bool) -> Result<OwnedFd, Errno> {
    let socket = socket(AddressFamily::INET6)?;
    sockopt::set_ipv6_v6only(&socket, only)?;
    net::bind(&socket, &SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))?;
    Ok(socket)
}

/// A non-blocking stream socket that no child inherits.
pub(crate) fn socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    net::socket_with(family, SocketType::STREAM, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_algorithm_is_the_listeners_and_the_default_is_remembered() {
        let default = sockopt::tcp_congestion(socket(AddressFamily::INET).unwrap()).unwrap();
        for (asked, has) in [("reno", "reno"), ("", default.as_str()), ("no_such", default.as_str())] {
            let listener = Listener::open(Family::V4, asked).unwrap();
            assert_eq!(sockopt::tcp_congestion(&listener.socket).unwrap(), has, "asked for {asked:?}");
            assert_eq!(listener.congestion(), default);
        }
    }
}
