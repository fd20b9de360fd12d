//! Opening, closing and deleting files (MPI 5.0, sections 14.2.1 to 14.2.3).

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::communicator::Communicator;
use crate::error_class::ErrorClass;
use crate::file::agree::{agree, agree_in};
use crate::file::pointer::Sight;
use crate::file::shared::{SharedPointer, folder_mark};
use crate::file::{File, FileError, FileMode, FileView, Tiling};
use crate::info::Info;
use crate::reduction::Op;

impl File {
    /// Opens a file (`MPI_File_open`, MPI 5.0, section 14.2.1). All ranks of the communicator call it, with the same mode and
    /// with names of the same file. Where the mode says [`CREATE`](FileMode::CREATE), rank 0 makes the file if it is not
    /// there.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: a wrong mode, or different ones; a rank that cannot open the file. The
    /// file that rank 0 has made stays, even if another rank does not find it.
    pub fn open(
        comm: &Communicator,
        path: impl AsRef<Path>,
        mode: FileMode,
        info: &Info,
    ) -> Result<Self, FileError> {
        const CALL: &str = "File::open";
        // The name is used again at the end, wherever the process is then.
        let path = std::path::absolute(path.as_ref()).unwrap_or_else(|_| path.as_ref().to_owned());
        let comm = comm.dup_bare(CALL)?;
        agree_in(&comm, CALL, mode.check(), [("mode", i64::from(mode.bits()))])?;
        let shared = shared_pointer(&comm, &path)?;
        let mut opened = None;
        if mode.has(FileMode::CREATE) {
            let first = if comm.rank() == 0 { open_here(&path, mode, true).map(Some) } else { Ok(None) };
            opened = agree(&comm, CALL, first)?;
        }
        let own = opened.map_or_else(|| open_here(&path, mode, false), Ok);
        let sized = own.and_then(|file| {
            let about = file.metadata().map_err(|error| FileError::system("open", &path, &error))?;
            Ok((file, about.len()))
        });
        let (file, size) = agree(&comm, CALL, sized)?;
        // Nobody writes before all have opened it, so all see the same size here.
        let pointer = if mode.has(FileMode::APPEND) { size } else { 0 };
        shared.begin_at(pointer);
        let tiling = Arc::new(Tiling::new(FileView::default(), 0)?);
        Ok(Self {
            comm,
            descriptor: file,
            path,
            mode,
            info: Mutex::new(info.clone()),
            atomic: AtomicBool::new(false),
            written: AtomicBool::new(false),
            turns: Mutex::new(()),
            sight: Mutex::new(Sight { tiling, pointer }),
            shared,
            closed: false,
        })
    }

    /// Takes part in the opening of a file that this rank cannot even name, so that no other waits for it.
    pub fn excuse_open(comm: &Communicator, class: ErrorClass) {
        const CALL: &str = "File::open";
        if let Ok(comm) = comm.dup_bare(CALL) {
            let wrong = FileError::Elsewhere { call: CALL, rank: comm.rank(), class };
            let _known: Result<(), FileError> = agree_in(&comm, CALL, Err(wrong), [("mode", 0)]);
        }
    }

    /// Closes it (`MPI_File_close`): what was written is on the device, and where the mode says
    /// [`DELETE_ON_CLOSE`](FileMode::DELETE_ON_CLOSE) the file is no longer there. All ranks call it.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: something could not be written, or the file not be deleted. It is
    /// closed all the same.
    pub fn close(mut self) -> Result<(), FileError> {
        const CALL: &str = "File::close";
        self.closed = true;
        let at_end = self.mode.has(FileMode::DELETE_ON_CLOSE);
        let written = if at_end { Ok(()) } else { self.flush() };
        // From here on nobody uses it any more.
        let ended = agree(&self.comm, CALL, written);
        if self.comm.rank() == 0 {
            self.shared.remove();
        }
        if !at_end {
            return ended;
        }
        let deleted = if self.comm.rank() == 0 { remove(&self.path) } else { Ok(()) };
        ended.and(agree(&self.comm, CALL, deleted))
    }

    /// Deletes a file (`MPI_File_delete`). This is a call of one process; others that have the file open keep it.
    ///
    /// # Errors
    /// [`FileError`]: there is no such file, or it cannot be deleted.
    ///
    /// ```
    /// use olympi_comm::{ErrorClass, File, Info};
    ///
    /// let error = File::delete("/no/such/file", &Info::new()).unwrap_err();
    /// assert_eq!(error.class(), ErrorClass::NoSuchFile);
    /// ```
    pub fn delete(path: impl AsRef<Path>, _info: &Info) -> Result<(), FileError> {
        remove(path.as_ref())
    }

    /// Puts on the device what this process has written.
    pub(super) fn flush(&self) -> Result<(), FileError> {
        if self.written.swap(false, Ordering::Relaxed) {
            self.descriptor.sync_data().map_err(|error| self.failed("write to", &error))?;
        }
        Ok(())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.closed || self.comm.rank() != 0 {
            return;
        }
        self.shared.remove();
        if self.mode.has(FileMode::DELETE_ON_CLOSE) {
            // Nobody is there to be told.
            if let Err(error) = remove(&self.path) {
                tracing::warn!(%error, "a file that was to be deleted is not");
            }
        }
    }
}

/// Where the shared pointer will be, if it is needed.
fn shared_pointer(comm: &Communicator, path: &Path) -> Result<SharedPointer, FileError> {
    let mut number = [0; 8];
    if comm.rank() == 0 {
        // Where there is no randomness, the time will do.
        if getrandom::fill(&mut number).is_err() {
            let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
            number.copy_from_slice(&(now as u64).to_ne_bytes());
        }
    }
    let number = i64::from_ne_bytes(number) & i64::MAX;
    let mark = folder_mark();
    // The others have the number 0, and `!x` is greatest where `x` is least.
    let all = comm.all_reduce(&[number, mark, !mark], Op::max())?;
    Ok(SharedPointer::new(path, all[0], all[1] == !all[2]))
}

fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(|error| FileError::system("delete", path, &error))
}

/// This process's own descriptor.
fn open_here(path: &Path, mode: FileMode, create: bool) -> Result<fs::File, FileError> {
    let mut options = fs::OpenOptions::new();
    options.read(mode.reads()).write(mode.writes());
    if create {
        options.create(true).create_new(mode.has(FileMode::EXCLUSIVE));
    }
    let failed = |error: &std::io::Error| FileError::system("open", path, error);
    let file = options.open(path).map_err(|error| failed(&error))?;
    // A directory can be opened for reading, but it is no file.
    if file.metadata().map_err(|error| failed(&error))?.is_dir() {
        return Err(failed(&rustix::io::Errno::ISDIR.into()));
    }
    Ok(file)
}
