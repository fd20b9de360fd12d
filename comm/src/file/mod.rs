//! Files that all ranks of a communicator access together (MPI 5.0, chapter 14), on the file systems of the machine.
//!
//! A [`File`] is this process's own descriptor of the file, and a communicator of its own for agreements: what one rank
//! cannot do fails at all (`agree.rs`). Each rank reads and writes for itself; there is no server and no copy in between,
//! so that what has been written is there for all ranks that see the same file system. The pointer that they share is a number
//! in a small file of its own (`shared.rs`).

mod access;
mod agree;
mod error;
mod mode;
mod open;
mod pointer;
mod shared;
mod size;
mod view;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use error::FileError;
pub use mode::FileMode;
pub use pointer::FilePosition;
pub(crate) use pointer::stream_position;
pub(crate) use view::Tiling;
pub use view::{FileView, Representation};

use crate::communicator::Communicator;
use crate::error_class::ErrorClass;
use crate::group::Group;
use crate::info::Info;

/// A file that the ranks of a communicator have opened together (`MPI_File`).
///
/// Where an access begins, a [`FilePosition`] says, in etypes of the [view](Self::set_view): at an offset, at this process's
/// own pointer, or at the one that all share. [`read`](Self::read) and [`write`](Self::write) are calls of one rank,
/// [`read_all`](Self::read_all) and [`write_all`](Self::write_all) are made by all together.
///
/// Dropping it closes it on this process alone, without waiting for the others, who keep theirs;
/// [`close`](Self::close) is the call of all ranks.
///
/// ```
/// # let universe = olympi_comm::Universe::init()?;
/// use olympi_comm::{File, FileMode, Info};
///
/// let path = std::env::temp_dir().join(format!("olympi-{}", std::process::id()));
/// let mode = FileMode::READ_WRITE | FileMode::CREATE | FileMode::DELETE_ON_CLOSE;
/// let file = File::open(universe.world(), &path, mode, &Info::new())?;
/// file.set_size(1000)?;
/// assert_eq!((file.size()?, file.mode()), (1000, mode));
/// file.close()?;
/// assert!(!path.exists());
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct File {
    /// A duplicate of the one that the file was opened with.
    comm: Communicator,
    descriptor: std::fs::File,
    path: PathBuf,
    mode: FileMode,
    info: Mutex<Info>,
    atomic: AtomicBool,
    /// Something was written since the last [`sync`](Self::sync).
    written: AtomicBool,
    /// For threads of this process that access it, where their accesses are to be kept apart.
    turns: Mutex<()>,
    /// What this process sees, and where it is there.
    sight: Mutex<pointer::Sight>,
    shared: shared::SharedPointer,
    /// [`close`](Self::close) was called.
    closed: bool,
}

impl File {
    /// Who has opened it (`MPI_File_get_group`).
    pub fn group(&self) -> &Group {
        self.comm.group()
    }

    /// How it was opened (`MPI_File_get_amode`).
    pub fn mode(&self) -> FileMode {
        self.mode
    }

    /// Its name, as this process has given it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its hints (`MPI_File_get_info`). All are kept, and so far none is acted on.
    pub fn info(&self) -> Info {
        self.hints().clone()
    }

    /// Adds hints, or changes them (`MPI_File_set_info`). All ranks call it, though none waits for another.
    pub fn set_info(&self, info: &Info) {
        self.add_hints(info);
    }

    fn add_hints(&self, info: &Info) {
        let mut hints = self.hints();
        for (key, value) in info.iter() {
            // They were short enough for the one, so they are for the other.
            let _ = hints.set(key, value);
        }
    }

    fn hints(&self) -> MutexGuard<'_, Info> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether accesses that overlap come one after the other (`MPI_File_get_atomicity`): not until it is asked for.
    pub fn atomicity(&self) -> bool {
        self.atomic.load(Ordering::Relaxed)
    }

    /// Sets that (`MPI_File_set_atomicity`, MPI 5.0, section 14.6.1). All ranks call it, with the same value.
    ///
    /// # Errors
    /// [`FileError`]: the ranks do not give the same; a rank is gone.
    pub fn set_atomicity(&self, atomic: bool) -> Result<(), FileError> {
        agree::agree_in(&self.comm, "set_atomicity", Ok(()), [("flag", i64::from(atomic))])?;
        self.atomic.store(atomic, Ordering::Relaxed);
        Ok(())
    }

    /// This process's rank among those that have it open.
    pub(crate) fn rank(&self) -> i32 {
        self.comm.rank()
    }

    /// One verdict for all ranks.
    pub(crate) fn agree<T>(&self, call: &'static str, result: Result<T, FileError>) -> Result<T, FileError> {
        agree::agree(&self.comm, call, result)
    }

    /// An error, unless it is open for writing.
    pub(crate) fn may_write(&self) -> Result<(), FileError> {
        if self.mode.writes() {
            return Ok(());
        }
        Err(self.refused("be written", ErrorClass::ReadOnly))
    }

    /// An error, if it is accessed in sequence.
    fn not_in_sequence(&self, what: &'static str) -> Result<(), FileError> {
        if !self.mode.has(FileMode::SEQUENTIAL) {
            return Ok(());
        }
        Err(self.refused(what, ErrorClass::UnsupportedOperation))
    }

    #[cold]
    fn refused(&self, what: &'static str, class: ErrorClass) -> FileError {
        FileError::Refused { path: self.path.display().to_string(), mode: self.mode, what, class }
    }

    #[cold]
    fn failed(&self, what: &'static str, error: &std::io::Error) -> FileError {
        FileError::system(what, &self.path, error)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File {} ({:?}, {:?})", self.path.display(), self.mode, self.comm)
    }
}
