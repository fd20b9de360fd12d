//! Sizes of files, and what is on the device (MPI 5.0, sections 14.2.4 to 14.2.6 and 14.6.1).

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::file::agree::{agree, agree_in};
use crate::file::{File, FileError};

/// Where the file system cannot reserve space, so many bytes are written at once.
const ZEROS: usize = 1 << 16;

impl File {
    /// Its size in bytes (`MPI_File_get_size`).
    ///
    /// # Errors
    /// [`FileError`]: the system does not tell.
    pub fn size(&self) -> Result<u64, FileError> {
        self.descriptor
            .metadata()
            .map(|data| data.len())
            .map_err(|error| self.failed("tell the size of", &error))
    }

    /// Cuts it off, or lengthens it by zeros (`MPI_File_set_size`). All ranks call it, with the same size, and have it when
    /// the call returns. Pointers stay where they are.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: the ranks do not give the same size; the file cannot be written, or
    /// the size not be had.
    pub fn set_size(&self, size: u64) -> Result<(), FileError> {
        const CALL: &str = "File::set_size";
        self.resize(CALL, size, || {
            self.descriptor.set_len(size).map_err(|error| self.failed("set the size of", &error))
        })
    }

    /// Reserves space for so many bytes from the beginning (`MPI_File_preallocate`): writing them will not fail for want of
    /// space. A file that is shorter becomes as long; what was there stays. All ranks call it, with the same size.
    ///
    /// # Errors
    /// As for [`set_size`](Self::set_size).
    pub fn preallocate(&self, size: u64) -> Result<(), FileError> {
        const CALL: &str = "File::preallocate";
        self.resize(CALL, size, || {
            self.reserve(size).map_err(|error| self.failed("reserve space for", &error))
        })
    }

    /// Rank 0 does it for all.
    fn resize(
        &self,
        call: &'static str,
        size: u64,
        act: impl FnOnce() -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let valid = self.may_write().and_then(|()| self.not_in_sequence("change its size")).and_then(|()| {
            i64::try_from(size).map_err(|_| FileError::Argument {
                call,
                detail: format!("no file has {} bytes", size as i64),
            })
        });
        agree_in(&self.comm, call, valid, [("size", size as i64)])?;
        let done = if self.comm.rank() == 0 { act() } else { Ok(()) };
        agree(&self.comm, call, done)
    }

    fn reserve(&self, size: u64) -> std::io::Result<()> {
        use std::os::unix::fs::FileExt;
        if size == 0 {
            return Ok(());
        }
        match fallocate(&self.descriptor, FallocateFlags::empty(), 0, size) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            done => return Ok(done?),
        }
        // What is there is written again, so that holes have space too.
        let len = self.descriptor.metadata()?.len();
        let mut block = vec![0; ZEROS];
        let mut at = 0;
        while at < size {
            let room = (size - at).min(ZEROS as u64) as usize;
            block[..room].fill(0);
            let known = len.saturating_sub(at).min(room as u64) as usize;
            if known > 0 && self.mode.reads() {
                self.descriptor.read_exact_at(&mut block[..known], at)?;
            } else if known > 0 {
                at += known as u64; // It cannot be read, so it stays as it is.
                continue;
            }
            self.descriptor.write_all_at(&block[..room], at)?;
            at += room as u64;
        }
        Ok(())
    }

    /// Puts on the device what was written, and lets see what others have put there (`MPI_File_sync`). All ranks call it,
    /// though no rank waits until all others have written. A rank that has written nothing has nothing to put there; a size
    /// that was set goes with what is written.
    ///
    /// # Errors
    /// [`FileError`], of the same class at all ranks: something could not be written.
    pub fn sync(&self) -> Result<(), FileError> {
        agree(&self.comm, "File::sync", self.flush())
    }
}
