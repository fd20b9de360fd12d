//! Bytes between a buffer and the file, through a view (MPI 5.0, sections 14.4 and 14.6).

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use rustix::io::{Errno, pread, pwrite};

use crate::error_class::ErrorClass;
use crate::file::agree::agree;
use crate::file::view::Tiling;
use crate::file::{File, FileError, FileMode, FilePosition, stream_position};

/// Runs that are shorter are read together with what lies between them.
const LONG_RUN: usize = 1 << 14;
/// So much is read at once then.
const WINDOW: usize = 1 << 18;

/// An access that is allowed, and where it begins.
pub(crate) struct Claim {
    /// Of the stream.
    pub(crate) position: u64,
}

impl File {
    /// An error, unless it is open for reading.
    pub(crate) fn may_read(&self) -> Result<(), FileError> {
        if self.mode.reads() { Ok(()) } else { Err(self.refused("be read", ErrorClass::Access)) }
    }

    /// How many etypes so many bytes of the stream are.
    pub(crate) fn etypes(tiling: &Tiling, bytes: u64, call: &'static str) -> Result<u64, FileError> {
        if bytes.is_multiple_of(tiling.unit) {
            return Ok(bytes / tiling.unit);
        }
        let unit = tiling.unit;
        let detail = format!("{bytes} bytes are no whole number of etypes of {unit} bytes");
        Err(FileError::Argument { call, detail })
    }

    /// Where an access of this rank alone begins, of so many etypes. The pointer moves on.
    pub(crate) fn claim(
        &self,
        call: &'static str,
        tiling: &Tiling,
        at: FilePosition,
        etypes: u64,
    ) -> Result<Claim, FileError> {
        if at != FilePosition::Shared && self.mode.has(FileMode::SEQUENTIAL) {
            let what = "be accessed elsewhere than at the shared pointer";
            return Err(self.refused(what, ErrorClass::UnsupportedOperation));
        }
        let offset = match at {
            FilePosition::At(offset) => offset,
            FilePosition::Own => self.advance(etypes) as i64,
            FilePosition::Shared => self.shared.change(|here| Some(here.saturating_add(etypes)))? as i64,
        };
        Ok(Claim { position: stream_position(tiling, offset, call)? })
    }

    /// Where this rank's part of an access in the order of ranks begins. `valid` says how many etypes it has, or why this
    /// rank cannot; the pointer moves on only if all can.
    pub(crate) fn claim_in_turn(
        &self,
        call: &'static str,
        tiling: &Tiling,
        valid: Result<u64, FileError>,
    ) -> Result<Claim, FileError> {
        let etypes = agree(&self.comm, call, valid)?;
        let all = self.comm.all_gather(&etypes)?;
        let before: u64 = all[..self.comm.rank() as usize].iter().sum();
        let total: u64 = all.iter().sum();
        let first = if self.comm.rank() == 0 {
            self.shared.change(|here| Some(here.saturating_add(total)))
        } else {
            Ok(0)
        };
        let mut first = [agree(&self.comm, call, first)?];
        self.comm.broadcast(&mut first, 0)?;
        Ok(Claim { position: stream_position(tiling, (first[0] + before) as i64, call)? })
    }

    /// Keeps accesses that overlap apart, if the program has asked for that.
    fn turn(&self, exclusive: bool) -> io::Result<Option<Turn<'_>>> {
        if !self.atomic.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // Threads of this process share the descriptor, and so its lock.
        let threads = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if exclusive {
            self.descriptor.lock()?;
        } else {
            self.descriptor.lock_shared()?;
        }
        Ok(Some(Turn { descriptor: &self.descriptor, _threads: threads }))
    }

    /// Reads what the stream has from `position` on. Returns how many bytes these were, the first of the room: fewer than
    /// there is room for only where the file ends.
    pub(crate) fn read_stream(
        &self,
        tiling: &Tiling,
        position: u64,
        room: &mut [MaybeUninit<u8>],
    ) -> Result<usize, FileError> {
        self.try_read(tiling, position, room).map_err(|error| self.failed("read", &error))
    }

    fn try_read(&self, tiling: &Tiling, position: u64, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        let _turn = self.turn(false)?;
        let (len, thick) = (room.len(), tiling.is_thick());
        let (mut done, mut window) = (0, Window::default());
        let ended = tiling.each_run(position, len as u64, &mut |offset, range: Range<usize>| {
            let whole = range.len() == len;
            let into = &mut room[range];
            let wanted = into.len();
            let got = if whole || wanted >= LONG_RUN || !thick {
                self.read_run(offset, into).map_err(Stop::Failed)?
            } else {
                window.read(self, offset, into, (len - done).saturating_mul(8)).map_err(Stop::Failed)?
            };
            done += got;
            if got < wanted { Err(Stop::End) } else { Ok(()) }
        });
        match ended {
            Err(Stop::Failed(error)) => Err(error),
            Ok(()) | Err(Stop::End) => Ok(done),
        }
    }

    /// Reads a run of neighbouring bytes, or as many as there are.
    fn read_run(&self, offset: u64, into: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        filled(into.len(), |done| {
            pread(&self.descriptor, &mut into[done..], offset + done as u64).map(|(got, _)| got.len())
        })
    }

    /// The same where there are bytes already.
    fn read_bytes(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        filled(into.len(), |done| pread(&self.descriptor, &mut into[done..], offset + done as u64))
    }

    /// Writes bytes to the stream from `position` on.
    pub(crate) fn write_stream(&self, tiling: &Tiling, position: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.try_write(tiling, position, bytes).map_err(|error| self.failed("write to", &error))
    }

    fn try_write(&self, tiling: &Tiling, position: u64, bytes: &[u8]) -> io::Result<()> {
        let _turn = self.turn(true)?;
        self.written.store(true, Ordering::Relaxed);
        tiling.each_run(position, bytes.len() as u64, &mut |mut offset, range| {
            let mut rest = &bytes[range];
            while !rest.is_empty() {
                match pwrite(&self.descriptor, rest, offset) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(put) => (rest, offset) = (&rest[put..], offset + put as u64),
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        })
    }
}

/// Reads until so many bytes are there, or no more come.
fn filled(len: usize, mut read: impl FnMut(usize) -> Result<usize, Errno>) -> io::Result<usize> {
    let mut done = 0;
    while done < len {
        match read(done) {
            Ok(0) => break,
            Ok(got) => done += got,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// The right to access the file, while others wait.
struct Turn<'a> {
    descriptor: &'a std::fs::File,
    _threads: MutexGuard<'a, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.descriptor.unlock() {
            tracing::warn!(%error, "a lock on a file stays");
        }
    }
}

/// Why reading went no further.
enum Stop {
    End,
    Failed(io::Error),
}

/// A part of the file, for short runs in it.
#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
    /// The file ends behind it.
    last: bool,
}

impl Window {
    /// Reads a run through the window. `left` is about how much of the file is still to be looked at.
    fn read(
        &mut self,
        file: &File,
        offset: u64,
        into: &mut [MaybeUninit<u8>],
        left: usize,
    ) -> io::Result<usize> {
        let end = self.start + self.bytes.len() as u64;
        let inside = self.start <= offset && (offset + into.len() as u64 <= end || self.last);
        if !inside {
            let room = left.clamp(into.len(), WINDOW);
            self.bytes.resize(room, 0);
            let got = file.read_bytes(offset, &mut self.bytes)?;
            self.bytes.truncate(got);
            (self.start, self.last) = (offset, got < room);
        }
        let from = ((offset - self.start) as usize).min(self.bytes.len());
        let here = &self.bytes[from..];
        let len = here.len().min(into.len());
        into[..len].write_copy_of_slice(&here[..len]);
        Ok(len)
    }
}
