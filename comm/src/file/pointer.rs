//! Where accesses go: offsets, this process's pointer, and the shared one (MPI 5.0, sections 14.4.1 to 14.4.4).

use std::io::SeekFrom;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::file::agree::{agree, agree_in};
use crate::file::view::Tiling;
use crate::file::{File, FileError};

/// Where in the file an access begins. All count in etypes of the view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilePosition {
    /// At an offset (`MPI_File_read_at` and its kin). No pointer moves.
    At(i64),
    /// At this process's own pointer (`MPI_File_read` and its kin), which moves on by what is asked for.
    Own,
    /// At the pointer that all ranks share (`MPI_File_read_shared`, `MPI_File_read_ordered` and their kin).
    Shared,
}

/// What a process sees of the file, and where it is there.
pub(super) struct Sight {
    pub(super) tiling: Arc<Tiling>,
    /// The own pointer, in etypes.
    pub(super) pointer: u64,
}

impl File {
    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The view, as accesses use it.
    pub(crate) fn tiling(&self) -> Arc<Tiling> {
        Arc::clone(&self.sight().tiling)
    }

    /// Changes it, and puts the pointer to its beginning.
    pub(super) fn see(&self, tiling: Arc<Tiling>) {
        *self.sight() = Sight { tiling, pointer: 0 };
    }

    /// Moves the own pointer on by so many etypes, and tells where it was.
    pub(crate) fn advance(&self, etypes: u64) -> u64 {
        let mut sight = self.sight();
        let before = sight.pointer;
        sight.pointer = before.saturating_add(etypes);
        before
    }

    /// Where this process's own pointer is, in etypes (`MPI_File_get_position`).
    ///
    /// # Errors
    /// [`FileError::Refused`]: the file is accessed in sequence.
    pub fn position(&self) -> Result<u64, FileError> {
        self.not_in_sequence("tell a position that is this process's own")?;
        Ok(self.sight().pointer)
    }

    /// Moves this process's own pointer (`MPI_File_seek`), in etypes. The end is that of what the view shows of the file.
    ///
    /// # Errors
    /// [`FileError`]: a place before the beginning of the view; the file is accessed in sequence.
    pub fn seek(&self, to: SeekFrom) -> Result<(), FileError> {
        self.not_in_sequence("be sought in by one process")?;
        let mut sight = self.sight();
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => sight.pointer.checked_add_signed(offset),
            SeekFrom::End(offset) => self.end(&sight.tiling)?.checked_add_signed(offset),
        };
        sight.pointer = target.ok_or_else(|| before_the_beginning("File::seek", to))?;
        Ok(())
    }

    /// Where the byte of the file is at which a place of the view begins (`MPI_File_get_byte_offset`).
    ///
    /// # Errors
    /// [`FileError`]: a place before the beginning of the view; the file is accessed in sequence.
    pub fn byte_offset(&self, offset: i64) -> Result<u64, FileError> {
        self.not_in_sequence("tell of places of the view")?;
        let tiling = self.tiling();
        Ok(tiling.place(stream_position(&tiling, offset, "File::byte_offset")?))
    }

    /// How many etypes of the view lie in the file, the last maybe in part.
    pub(super) fn end(&self, tiling: &Tiling) -> Result<u64, FileError> {
        Ok(tiling.seen(self.size()?).div_ceil(tiling.unit))
    }

    /// Where the shared pointer is, in etypes (`MPI_File_get_position_shared`).
    ///
    /// # Errors
    /// [`FileError`]: it cannot be read.
    pub fn shared_position(&self) -> Result<u64, FileError> {
        self.shared.change(|_| None)
    }

    /// Moves the shared pointer (`MPI_File_seek_shared`), as [`seek`](Self::seek) does. All ranks call it, with the same
    /// target.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: a place before the beginning of the view; different targets.
    pub fn seek_shared(&self, to: SeekFrom) -> Result<(), FileError> {
        const CALL: &str = "File::seek_shared";
        let (whence, offset) = match to {
            SeekFrom::Start(offset) => (0, offset as i64),
            SeekFrom::Current(offset) => (1, offset),
            SeekFrom::End(offset) => (2, offset),
        };
        agree_in(&self.comm, CALL, Ok(()), [("kind of target", whence), ("target", offset)])?;
        let moved = if self.comm.rank() == 0 { self.move_shared(CALL, to) } else { Ok(()) };
        agree(&self.comm, CALL, moved)
    }

    fn move_shared(&self, call: &'static str, to: SeekFrom) -> Result<(), FileError> {
        let tiling = self.tiling();
        let end = self.end(&tiling)?;
        let mut valid = true;
        self.shared.change(|here| {
            let target = match to {
                SeekFrom::Start(offset) => Some(offset),
                SeekFrom::Current(offset) => here.checked_add_signed(offset),
                SeekFrom::End(offset) => end.checked_add_signed(offset),
            };
            valid = target.is_some();
            target
        })?;
        if valid { Ok(()) } else { Err(before_the_beginning(call, to)) }
    }

    /// Puts the shared pointer to the beginning of the view, for all ranks.
    pub(super) fn restart_shared(&self, call: &'static str) -> Result<(), FileError> {
        self.shared.begin_at(0);
        let done = if self.comm.rank() == 0 { self.shared.forget() } else { Ok(()) };
        agree(&self.comm, call, done)
    }
}

/// The byte of the stream at which an etype begins.
pub(crate) fn stream_position(tiling: &Tiling, offset: i64, call: &'static str) -> Result<u64, FileError> {
    let position = u64::try_from(offset).ok().and_then(|offset| offset.checked_mul(tiling.unit));
    position.filter(|position| i64::try_from(*position).is_ok()).ok_or_else(|| {
        let detail = format!("there is no place {offset} in a view of a file");
        FileError::Argument { call, detail }
    })
}

#[cold]
fn before_the_beginning(call: &'static str, to: SeekFrom) -> FileError {
    FileError::Argument { call, detail: format!("{to:?} is before the beginning of the view") }
}
