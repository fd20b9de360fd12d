//! What goes out on a connection.
//!
//! A frame that finds nothing before it goes from the caller's slices to the kernel in one system call. What the
//! kernel does not take is copied and waits in the outbox, behind which everything later queues; a put waits there
//! without a copy. The order on the connection is the order of acceptance.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::BorrowedFd;

use olympi_transport_api::{OpToken, Post, RemoteKey, SendBuf};
use rustix::io::Errno;

use crate::stream::{self, MAX_HEADER, PREFIX, PUT_HEADER};
use crate::sys;

/// Frames up to this length are gathered in one piece; the kernel takes one piece faster than two.
const GATHER: usize = 256;
/// How many puts wait for one connection.
const PUTS: usize = 1024;
/// How many pieces go to the kernel at once.
const PIECES: usize = 16;
/// Waiting frames are copied together up to this length.
const CHUNK: usize = 64 << 10;

/// What one connection has yet to send.
#[derive(Default)]
pub(crate) struct Outbox {
    items: VecDeque<Item>,
    /// Bytes of frames among them.
    frames: usize,
    puts: usize,
    /// The kernel has refused to send; what can still be read decides what that means.
    pub(crate) broken: Option<Errno>,
}

enum Item {
    Frames { bytes: Vec<u8>, sent: usize },
    Put { prefix: [u8; PREFIX + PUT_HEADER], from: SendBuf, sent: usize, op: OpToken },
}

impl Outbox {
    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Sends a frame, or queues it while that does not exceed `bound`.
    #[inline]
    pub(crate) fn frame(&mut self, fd: BorrowedFd<'_>, header: &[u8], payload: &[u8], bound: usize) -> Post {
        if self.broken.is_some() {
            return Post::Closed;
        }
        let prefix = stream::frame_prefix(header.len(), payload.len());
        if !self.items.is_empty() {
            return self.queue(&[&prefix, header, payload], 0, bound);
        }
        let head = PREFIX + header.len();
        let total = head + payload.len();
        let mut front = [0_u8; PREFIX + MAX_HEADER + GATHER];
        front[..PREFIX].copy_from_slice(&prefix);
        front[PREFIX..head].copy_from_slice(header);
        let answer = if payload.len() <= GATHER {
            front[head..total].copy_from_slice(payload);
            sys::send(fd, &front[..total])
        } else {
            sys::send_all(fd, &[IoSlice::new(&front[..head]), IoSlice::new(payload)])
        };
        match answer {
            Ok(sent) if sent == total => Post::Accepted,
            Ok(sent) => self.queue(&[&prefix, header, payload], sent, usize::MAX),
            Err(Errno::AGAIN) => self.queue(&[&prefix, header, payload], 0, bound),
            Err(Errno::NOBUFS | Errno::NOMEM) => Post::Busy,
            Err(e) => {
                self.broken = Some(e);
                Post::Closed
            }
        }
    }

    /// Queues a put; the caller then flushes. Its bytes stay where they are.
    pub(crate) fn put(&mut self, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        if self.broken.is_some() {
            return Post::Closed;
        }
        if self.puts >= PUTS {
            return Post::Busy;
        }
        let prefix = stream::put_prefix(key.key, key.address, from.len() as u64);
        self.puts += 1;
        self.items.push_back(Item::Put { prefix, from, sent: 0, op });
        Post::Accepted
    }

    /// Offers to the kernel what waits, at most twice; tells each put that has been taken whole.
    pub(crate) fn flush(&mut self, fd: BorrowedFd<'_>, mut done: impl FnMut(OpToken)) {
        for _ in 0..2 {
            if self.items.is_empty() || self.broken.is_some() {
                return;
            }
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let mut count = 0;
            let mut offered = 0;
            for item in &self.items {
                if count + 2 > PIECES {
                    break;
                }
                let (first, second) = item.rest();
                for part in [first, second] {
                    if !part.is_empty() {
                        pieces[count] = IoSlice::new(part);
                        count += 1;
                        offered += part.len();
                    }
                }
            }
            let answer = sys::send_all(fd, &pieces[..count]);
            match answer {
                Ok(sent) => {
                    self.advance(sent, &mut done);
                    if sent < offered {
                        return;
                    }
                }
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => return,
                Err(e) => self.broken = Some(e),
            }
        }
    }

    /// The puts that never ended, in order.
    pub(crate) fn abandon(&mut self) -> impl Iterator<Item = OpToken> {
        self.frames = 0;
        self.puts = 0;
        std::mem::take(&mut self.items).into_iter().filter_map(|item| match item {
            Item::Put { op, .. } => Some(op),
            Item::Frames { .. } => None,
        })
    }

    /// Queues a frame, but for its first `skip` bytes, which have been sent.
    #[cold]
    fn queue(&mut self, parts: &[&[u8]; 3], mut skip: usize, bound: usize) -> Post {
        let total: usize = parts.iter().map(|p| p.len()).sum();
        // An empty outbox takes any frame, so that no bound is too small.
        if self.frames > 0 && self.frames + total > bound {
            return Post::Busy;
        }
        if let Some(Item::Frames { bytes, .. }) = self.items.back_mut()
            && bytes.len() + total <= CHUNK
        {
            parts.iter().for_each(|p| bytes.extend_from_slice(p));
            self.frames += total;
            return Post::Accepted;
        }
        let mut bytes = Vec::with_capacity(total - skip);
        for part in parts {
            let cut = skip.min(part.len());
            bytes.extend_from_slice(&part[cut..]);
            skip -= cut;
        }
        self.frames += bytes.len();
        self.items.push_back(Item::Frames { bytes, sent: 0 });
        Post::Accepted
    }

    /// Strikes off `n` bytes that the kernel has taken.
    fn advance(&mut self, mut n: usize, done: &mut impl FnMut(OpToken)) {
        while let Some(item) = self.items.front_mut() {
            let left = item.left();
            let taken = left.min(n);
            n -= taken;
            match item {
                Item::Frames { sent, .. } => {
                    *sent += taken;
                    self.frames -= taken;
                }
                Item::Put { sent, op, .. } => {
                    *sent += taken;
                    if taken == left {
                        self.puts -= 1;
                        done(*op);
                    }
                }
            }
            if taken < left {
                return;
            }
            self.items.pop_front();
            if n == 0 && self.items.front().is_none_or(|next| next.left() > 0) {
                return;
            }
        }
    }
}

impl Item {
    /// What of it is still to be sent, in two pieces.
    fn rest(&self) -> (&[u8], &[u8]) {
        match self {
            Self::Frames { bytes, sent } => (&bytes[*sent..], &[]),
            Self::Put { prefix, from, sent, .. } => {
                let head = (*sent).min(prefix.len());
                (&prefix[head..], &from.as_slice()[sent - head..])
            }
        }
    }

    fn left(&self) -> usize {
        let (a, b) = self.rest();
        a.len() + b.len()
    }
}
