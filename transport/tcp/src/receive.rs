//! What comes in on a connection.
//!
//! One read takes as much as there is into a staging buffer, and every whole record in it is told. A buffer
//! belongs to a connection only while part of a record is in it; otherwise it goes back to the pool, so thousands
//! of idle peers need none. The bytes of a put are read straight into its region.

use std::os::fd::BorrowedFd;

use olympi_transport_api::{Inbound, Payload, Peer};
use rustix::io::Errno;

use crate::region::{Arriving, Regions};
use crate::stream::{self, PREFIX, PUT_HEADER, Record};
use crate::sys;

/// The most frames told of one connection at once.
const BATCH: usize = 64;
/// What is read beside a put: a few frames that follow it, and no bytes of the next one that would be copied.
const BESIDE: usize = 4 << 10;
/// A put longer than this makes the next reads short, so that little of the one after it is copied.
const LONG: u64 = 16 << 10;

/// Staging buffers that no connection is using.
pub(crate) struct Pool {
    size: usize,
    spare: Vec<Box<[u8]>>,
}

impl Pool {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, spare: Vec::new() }
    }

    fn take(&mut self) -> Box<[u8]> {
        self.spare.pop().unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }

    fn give(&mut self, buffer: Box<[u8]>) {
        if self.spare.len() < 4 {
            self.spare.push(buffer);
        }
    }
}

/// The receiving end of one connection.
pub(crate) struct Inlet {
    /// Present while `start..end` of it holds bytes that are not told yet.
    buffer: Option<Box<[u8]>>,
    start: usize,
    end: usize,
    /// A put whose bytes are arriving.
    put: Option<Arriving>,
    /// How much to read at once.
    hint: usize,
    /// Whole records may be left in the buffer.
    more: bool,
    /// The peer has said goodbye.
    pub(crate) bye: bool,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The peer's side was closed, in the middle of a record or not.
    Closed { torn: bool },
    /// The system says that it is broken.
    Failed(Errno),
    /// The peer sent what makes no sense.
    Malformed(&'static str),
}

/// What a look at a connection brought.
#[derive(Default)]
pub(crate) struct Seen {
    /// Frames told.
    pub(crate) told: usize,
    /// Bytes read.
    pub(crate) bytes: usize,
    pub(crate) end: Option<End>,
}

impl Inlet {
    pub(crate) fn new() -> Self {
        Self { buffer: None, start: 0, end: 0, put: None, hint: usize::MAX, more: false, bye: false }
    }

    /// Whether something can be told without reading.
    pub(crate) fn pending(&self) -> bool {
        self.more
    }

    /// Reads at most once, and tells at most [`BATCH`] frames.
    #[inline]
    pub(crate) fn look(
        &mut self,
        fd: BorrowedFd<'_>,
        pool: &mut Pool,
        regions: &Regions,
        max_frame: usize,
        from: Peer,
        sink: &mut impl FnMut(Inbound<'_>),
    ) -> Seen {
        let mut seen = Seen::default();
        let mut buffer = self.buffer.take().unwrap_or_else(|| pool.take());
        if !self.more {
            match self.read(fd, &mut buffer, regions) {
                Ok(0) => {
                    let torn = self.end > self.start || self.put.is_some();
                    seen.end = Some(End::Closed { torn });
                }
                Ok(n) => seen.bytes = n,
                Err(Errno::AGAIN) => {}
                Err(e) => seen.end = Some(End::Failed(e)),
            }
        }
        if self.start < self.end && seen.end.is_none() {
            seen.end = self.tell(&mut buffer, regions, max_frame, from, sink, &mut seen.told).err();
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            pool.give(buffer);
        } else {
            self.buffer = Some(buffer);
        }
        seen
    }

    fn read(&mut self, fd: BorrowedFd<'_>, buffer: &mut [u8], regions: &Regions) -> Result<usize, Errno> {
        if let Some(put) = &mut self.put {
            // Everything that was staged has gone to the region, so the buffer is free.
            let beside = BESIDE.min(buffer.len());
            let (after, n) = regions.receive(put, fd, &mut buffer[..beside])?;
            if put.left == 0 {
                self.put = None;
            }
            (self.start, self.end) = (0, after);
            return Ok(n);
        }
        // A record never needs more than the buffer holds, once it lies at the front.
        if self.start > 0 && buffer.len() - self.end < buffer.len() / 2 {
            buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.hint.min(buffer.len() - self.end);
        let n = sys::recv(fd, &mut buffer[self.end..self.end + room])?;
        self.end += n;
        if n == room {
            self.hint = self.hint.saturating_mul(4);
        }
        Ok(n)
    }

    fn tell(
        &mut self,
        buffer: &mut [u8],
        regions: &Regions,
        max_frame: usize,
        from: Peer,
        sink: &mut impl FnMut(Inbound<'_>),
        told: &mut usize,
    ) -> Result<(), End> {
        self.more = false;
        loop {
            let bytes = &buffer[self.start..self.end];
            if let Some(put) = &mut self.put {
                let n = usize::try_from(put.left).unwrap_or(usize::MAX).min(bytes.len());
                regions.copy(put, &bytes[..n]);
                self.start += n;
                if put.left > 0 {
                    return Ok(());
                }
                self.put = None;
                continue;
            }
            if *told == BATCH {
                self.more = self.start < self.end;
                return Ok(());
            }
            match stream::next(bytes, max_frame).map_err(End::Malformed)? {
                None => return Ok(()),
                Some(Record::Frame { header, payload }) => {
                    let body = &bytes[PREFIX..PREFIX + header + payload];
                    let (header, payload) = body.split_at(header);
                    sink(Inbound::Frame { from, header, payload: Payload::from_slice(payload) });
                    self.start += PREFIX + body.len();
                    *told += 1;
                }
                Some(Record::Put { key, offset, len }) => {
                    let put = regions.admit(key, offset, len).map_err(End::Malformed)?;
                    self.start += PREFIX + PUT_HEADER;
                    self.put = (len > 0).then_some(put);
                    if len > LONG {
                        self.hint = BESIDE;
                    }
                }
                Some(Record::Bye) => {
                    self.bye = true;
                    self.start += PREFIX;
                }
            }
        }
    }
}
