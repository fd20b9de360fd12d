//! The end: what was accepted arrives, although the process goes.
//!
//! Closing a socket that holds unread bytes makes the kernel reset the connection and throw away what it has yet to
//! send. So the sending side is closed first, what still comes in is thrown away, and the socket goes when the
//! peer's host has acknowledged everything. That needs the peer's kernel, not the peer: a rank that computes does
//! not hold up one that leaves, unless its receive window is full. All of it is bounded by `OLYMPI_TCP_LINGER_MS`.

use std::time::{Duration, Instant};

use rustix::net::{self, Shutdown};

use crate::link::{Connection, Link};
use crate::{Tcp, stream, sys};

const PAUSE: Duration = Duration::from_micros(200);

impl Drop for Tcp {
    fn drop(&mut self) {
        let end = Instant::now() + self.config.linger;
        let links = std::mem::take(&mut self.links);
        let mut leaving: Vec<Leaving> = links
            .into_iter()
            .filter_map(|link| match link {
                Link::Up(connection) => Some(Leaving { connection, said: false }),
                _ => None,
            })
            .collect();
        let mut scrap = vec![0; 16 << 10];
        loop {
            leaving.retain_mut(|peer| !peer.left(&mut scrap));
            if leaving.is_empty() || Instant::now() >= end {
                return;
            }
            // Acknowledgements wake no one, so a look now and then.
            std::thread::sleep(PAUSE);
        }
    }
}

struct Leaving {
    connection: Box<Connection>,
    /// Goodbye is said and the sending side is closed.
    said: bool,
}

impl Leaving {
    /// Moves on; whether the socket may go.
    fn left(&mut self, scrap: &mut [u8]) -> bool {
        let (fd, outbox) = self.connection.split_out();
        if !self.said {
            if !outbox.is_empty() {
                outbox.flush(fd, |_| {});
            }
            if outbox.broken.is_some() {
                return true;
            }
            if outbox.is_empty() {
                // A goodbye for which there is no room is left out; it only makes the message kinder.
                let _ = sys::send(fd, &stream::GOODBYE);
                self.said = net::shutdown(fd, Shutdown::Write).is_ok();
                if !self.said {
                    return true;
                }
            }
        }
        for _ in 0..16 {
            match sys::recv(fd, scrap) {
                Ok(0) => return self.said && sys::unacknowledged(fd) == 0,
                Ok(_) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                Err(_) => return true,
            }
        }
        self.said && sys::unacknowledged(fd) == 0
    }
}
