//! Access modes of files (MPI 5.0, section 14.2.1).

use std::fmt;
use std::ops::BitOr;

use crate::file::FileError;

/// How a file is opened (the `amode` of `MPI_File_open`): one of [`READ_ONLY`](Self::READ_ONLY),
/// [`READ_WRITE`](Self::READ_WRITE) and [`WRITE_ONLY`](Self::WRITE_ONLY), and what else is to be, joined by `|`.
///
/// ```
/// use olympi_comm::FileMode;
///
/// let mode = FileMode::READ_WRITE | FileMode::CREATE;
/// assert!(mode.has(FileMode::CREATE) && !mode.has(FileMode::EXCLUSIVE));
/// assert_eq!(FileMode::from_bits(mode.bits()), Some(mode));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileMode(u32);

impl FileMode {
    /// The pointers begin at the end of the file (`MPI_MODE_APPEND`).
    pub const APPEND: Self = Self(1);
    /// The file is made if it is not there (`MPI_MODE_CREATE`).
    pub const CREATE: Self = Self(2);
    /// The file is deleted when it is closed (`MPI_MODE_DELETE_ON_CLOSE`).
    pub const DELETE_ON_CLOSE: Self = Self(4);
    /// It is an error if the file is there already (`MPI_MODE_EXCL`): together with [`CREATE`](Self::CREATE).
    pub const EXCLUSIVE: Self = Self(8);
    /// The file is read (`MPI_MODE_RDONLY`).
    pub const READ_ONLY: Self = Self(16);
    /// The file is read and written (`MPI_MODE_RDWR`).
    pub const READ_WRITE: Self = Self(32);
    /// The file is accessed at the shared pointer alone, as a tape is (`MPI_MODE_SEQUENTIAL`).
    pub const SEQUENTIAL: Self = Self(64);
    /// Nobody else opens the file meanwhile (`MPI_MODE_UNIQUE_OPEN`): a promise of the program, of which nothing is made.
    pub const UNIQUE_OPEN: Self = Self(128);
    /// The file is written (`MPI_MODE_WRONLY`).
    pub const WRITE_ONLY: Self = Self(256);

    const NAMES: [(Self, &str); 9] = [
        (Self::APPEND, "APPEND"),
        (Self::CREATE, "CREATE"),
        (Self::DELETE_ON_CLOSE, "DELETE_ON_CLOSE"),
        (Self::EXCLUSIVE, "EXCLUSIVE"),
        (Self::READ_ONLY, "READ_ONLY"),
        (Self::READ_WRITE, "READ_WRITE"),
        (Self::SEQUENTIAL, "SEQUENTIAL"),
        (Self::UNIQUE_OPEN, "UNIQUE_OPEN"),
        (Self::WRITE_ONLY, "WRITE_ONLY"),
    ];

    /// The mode of a number, which is that of the standard ABI; `None`: it has bits that are no mode's.
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits < 512 { Some(Self(bits)) } else { None }
    }

    /// Its number in the standard ABI.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of another one is in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it lets read.
    pub(crate) const fn reads(self) -> bool {
        !self.has(Self::WRITE_ONLY)
    }

    /// Whether it lets write.
    pub(crate) const fn writes(self) -> bool {
        !self.has(Self::READ_ONLY)
    }

    /// Whether its parts go together.
    pub(crate) fn check(self) -> Result<(), FileError> {
        let access = [Self::READ_ONLY, Self::READ_WRITE, Self::WRITE_ONLY];
        let detail = if access.iter().filter(|access| self.has(**access)).count() != 1 {
            "a file is opened with exactly one of READ_ONLY, READ_WRITE and WRITE_ONLY"
        } else if self.has(Self::READ_ONLY) && (self.has(Self::CREATE) || self.has(Self::EXCLUSIVE)) {
            "a file that is read only cannot be made: CREATE and EXCLUSIVE do not go with READ_ONLY"
        } else if self.has(Self::READ_WRITE) && self.has(Self::SEQUENTIAL) {
            "a file that is accessed in sequence is either read or written: SEQUENTIAL does not go with READ_WRITE"
        } else {
            return Ok(());
        };
        Err(FileError::Mode { mode: self, detail })
    }
}

impl BitOr for FileMode {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            Self::NAMES.iter().filter(|(part, _)| self.has(*part)).map(|(_, name)| *name).collect();
        if names.is_empty() { f.write_str("no mode") } else { f.write_str(&names.join(" | ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_together_or_not() {
        let good = [
            FileMode::READ_ONLY,
            FileMode::READ_WRITE | FileMode::CREATE | FileMode::EXCLUSIVE,
            FileMode::WRITE_ONLY | FileMode::SEQUENTIAL | FileMode::APPEND,
            FileMode::READ_ONLY | FileMode::DELETE_ON_CLOSE | FileMode::UNIQUE_OPEN,
        ];
        assert!(good.iter().all(|mode| mode.check().is_ok()));
        let bad = [
            FileMode::CREATE,
            FileMode::READ_ONLY | FileMode::WRITE_ONLY,
            FileMode::READ_ONLY | FileMode::CREATE,
            FileMode::READ_ONLY | FileMode::EXCLUSIVE,
            FileMode::READ_WRITE | FileMode::SEQUENTIAL,
        ];
        assert!(bad.iter().all(|mode| mode.check().is_err()));
        assert_eq!(format!("{:?}", bad[2]), "CREATE | READ_ONLY");
        assert_eq!(FileMode::from_bits(512), None);
    }
}
