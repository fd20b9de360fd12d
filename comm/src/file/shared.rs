//! The pointer that all ranks share: a number in a file of its own, which they lock in turns.
//!
//! A number in the memory of one rank would need that rank to answer while it computes, and there is no thread that does. A
//! file needs nobody. Where all ranks see the same `/dev/shm` (or temporary folder) it lies there, else beside the file
//! itself, on the file system that the ranks share anyway. It is made when a rank first needs it, and removed when the file
//! is closed.
//!
//! The lock is that of `flock`, which goes with the descriptor and not with the process, so that ranks in one process have
//! locks of their own.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::file::FileError;

/// The shared pointer of a file, in etypes.
pub(super) struct SharedPointer {
    path: PathBuf,
    /// The descriptor, once it was needed.
    descriptor: Mutex<Option<fs::File>>,
    /// Where it is as long as nothing is written in it.
    initial: AtomicU64,
}

/// Where the pointers of files lie that are open on one host.
fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// A number that ranks have in common if they see the same folder on the same host. It is not negative.
pub(super) fn folder_mark() -> i64 {
    // FNV-1a: nothing is kept from anybody here.
    let mut mark = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            mark = (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(&fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default());
    if let Ok(about) = fs::metadata(folder()) {
        take(&about.dev().to_le_bytes());
        take(&about.ino().to_le_bytes());
    }
    (mark >> 1) as i64
}

impl SharedPointer {
    /// That of a file which all ranks have opened: `number` is the opening's own, and `local` says that they have one
    /// folder for such things.
    pub(super) fn new(file: &Path, number: i64, local: bool) -> Self {
        let beside = || file.parent().map_or_else(PathBuf::new, Path::to_owned);
        let folder = if local { folder() } else { beside() };
        let path = folder.join(format!(".olympi-{number:016x}.pointer"));
        Self { path, descriptor: Mutex::new(None), initial: AtomicU64::new(0) }
    }

    /// Where it is as long as nobody has moved it: the same at all ranks.
    pub(super) fn begin_at(&self, etypes: u64) {
        self.initial.store(etypes, Ordering::Relaxed);
    }

    /// Tells where it is, and moves it if `change` says where to.
    pub(super) fn change(&self, change: impl FnOnce(u64) -> Option<u64>) -> Result<u64, FileError> {
        self.try_change(change)
            .map_err(|error| FileError::system("keep the shared pointer in", &self.path, &error))
    }

    fn try_change(&self, change: impl FnOnce(u64) -> Option<u64>) -> io::Result<u64> {
        let mut descriptor = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *descriptor {
            Some(file) => file,
            none => none.insert(
                fs::OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(&self.path)?,
            ),
        };
        file.lock()?;
        let changed = (|| {
            let mut bytes = [0; 8];
            let here = match file.read_at(&mut bytes, 0)? {
                8 => u64::from_le_bytes(bytes),
                _ => self.initial.load(Ordering::Relaxed),
            };
            if let Some(there) = change(here) {
                file.write_all_at(&there.to_le_bytes(), 0)?;
            }
            Ok(here)
        })();
        file.unlock()?;
        changed
    }

    /// Puts it where it began; one rank does, while the others wait.
    pub(super) fn forget(&self) -> Result<(), FileError> {
        let emptied = match fs::OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => file.set_len(0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        emptied.map_err(|error| FileError::system("put back the shared pointer in", &self.path, &error))
    }

    /// Takes it away; one rank does, when nobody uses it any more.
    pub(super) fn remove(&self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "the file of a shared pointer stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_is_moved_by_one_at_a_time() {
        let number = 0x7e57_0000_0000_0000 | i64::from(std::process::id());
        let pointers = [(); 3].map(|()| SharedPointer::new(Path::new("x"), number, true));
        for pointer in &pointers {
            pointer.begin_at(5);
        }
        std::thread::scope(|scope| {
            for pointer in &pointers {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pointer.change(|here| Some(here + 3)).unwrap();
                    }
                });
            }
        });
        assert_eq!(pointers[0].change(|_| None).unwrap(), 5 + 3 * 600);
        pointers[1].forget().unwrap();
        assert_eq!(pointers[2].change(|_| None).unwrap(), 5);
        pointers[0].remove();
        pointers[0].remove();
        assert_eq!(folder_mark(), folder_mark());
    }
}
