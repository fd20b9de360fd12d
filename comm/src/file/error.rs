//! Why a call on a file failed.

use std::io;
use std::path::Path;

use olympi_datatype::{InvalidValue, PackError};
use thiserror::Error;

use crate::error_class::ErrorClass;
use crate::file::FileMode;
use crate::{CollectiveError, CreateError};

/// Why a call on a file failed (MPI 5.0, section 14.7). Where a call is one of all ranks, all have an error of the same
/// [class](Self::class), and those that did not fail themselves are told who did.
#[derive(Debug, Clone, Error)]
pub enum FileError {
    /// Parts of the mode do not go together (`MPI_ERR_AMODE`).
    #[error("wrong mode ({mode:?}): {detail}")]
    Mode {
        /// The mode that was asked for.
        mode: FileMode,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The system has refused.
    #[error("cannot {what} {path}: {detail}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// With which file.
        path: String,
        /// The system's reason.
        detail: String,
        /// What class of error that is.
        class: ErrorClass,
    },
    /// Another rank has failed in the same call.
    #[error("{call}: rank {rank} has failed ({}: {}); its own error says why", .class.name(), .class.text())]
    Elsewhere {
        /// The call.
        call: &'static str,
        /// The first rank that has.
        rank: i32,
        /// Its class of error.
        class: ErrorClass,
    },
    /// The ranks do not give the same (`MPI_ERR_NOT_SAME`).
    #[error("{call}: the ranks do not all give the same {what}")]
    NotSame {
        /// The call.
        call: &'static str,
        /// What they have to agree in.
        what: &'static str,
    },
    /// The mode in which the file is open does not allow it.
    #[error("{path} is open with {mode:?}, so it cannot {what}")]
    Refused {
        /// The file.
        path: String,
        /// Its mode.
        mode: FileMode,
        /// What was asked for.
        what: &'static str,
        /// What class of error that is.
        class: ErrorClass,
    },
    /// A number that makes no sense (`MPI_ERR_ARG`).
    #[error("{call}: {detail}")]
    Argument {
        /// The call.
        call: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A view that cannot be (`MPI_ERR_TYPE`).
    #[error("wrong view: {detail}")]
    Layout {
        /// What is wrong.
        detail: String,
    },
    /// A representation that is not there for this view (`MPI_ERR_UNSUPPORTED_DATAREP`).
    #[error("{detail}")]
    Representation {
        /// Why not.
        detail: String,
    },
    /// The ranks could not agree.
    #[error(transparent)]
    Collective(#[from] CollectiveError),
    /// The communicator of the file could not be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// What is read or written cannot be converted.
    #[error(transparent)]
    Conversion(#[from] PackError),
    /// What was read is no value of the memory's type.
    #[error(transparent)]
    Value(#[from] InvalidValue),
}

impl FileError {
    /// The system's answer about a file.
    #[cold]
    pub(crate) fn system(what: &'static str, path: &Path, error: &io::Error) -> Self {
        let class = class_of(error);
        Self::System { what, path: path.display().to_string(), detail: error.to_string(), class }
    }

    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Mode { .. } => ErrorClass::Amode,
            Self::System { class, .. } | Self::Elsewhere { class, .. } | Self::Refused { class, .. } => {
                *class
            }
            Self::NotSame { .. } => ErrorClass::NotSame,
            Self::Argument { .. } => ErrorClass::Arg,
            Self::Layout { .. } | Self::Value(_) => ErrorClass::Type,
            Self::Representation { .. } => ErrorClass::UnsupportedDatarep,
            Self::Collective(error) => error.class(),
            Self::Create(error) => error.class(),
            Self::Conversion(_) => ErrorClass::Conversion,
        }
    }
}

/// The class of an error of the system.
fn class_of(error: &io::Error) -> ErrorClass {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => ErrorClass::NoSuchFile,
        Some(Errno::EXIST) => ErrorClass::FileExists,
        Some(Errno::ACCESS | Errno::PERM) => ErrorClass::Access,
        Some(Errno::ROFS) => ErrorClass::ReadOnly,
        Some(Errno::NOSPC) => ErrorClass::NoSpace,
        Some(Errno::DQUOT) => ErrorClass::Quota,
        Some(Errno::NAMETOOLONG | Errno::NOTDIR | Errno::ISDIR | Errno::LOOP) => ErrorClass::BadFile,
        Some(Errno::BUSY | Errno::TXTBSY) => ErrorClass::FileInUse,
        // A name with a zero in it.
        None if error.kind() == io::ErrorKind::InvalidInput => ErrorClass::BadFile,
        _ => ErrorClass::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_classes() {
        let class = |errno: rustix::io::Errno| class_of(&errno.into());
        assert_eq!(class(rustix::io::Errno::NOENT), ErrorClass::NoSuchFile);
        assert_eq!(class(rustix::io::Errno::ROFS), ErrorClass::ReadOnly);
        assert_eq!(class(rustix::io::Errno::ISDIR), ErrorClass::BadFile);
        assert_eq!(class(rustix::io::Errno::IO), ErrorClass::Io);
        let named = std::fs::File::open("a\0b").unwrap_err();
        assert_eq!(FileError::system("open", Path::new("a"), &named).class(), ErrorClass::BadFile);
    }
}
