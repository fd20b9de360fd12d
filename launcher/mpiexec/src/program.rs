//! Which file a program's name means, found once before anything starts.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use thiserror::Error;

/// Why a program cannot be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ProgramError {
    #[error("no program {name:?} in PATH{hint}")]
    NotInPath { name: PathBuf, hint: &'static str },
    #[error("cannot start {path:?}: {source}")]
    NotExecutable { path: PathBuf, source: io::Error },
    #[error("cannot use {path:?} as the working directory: {source}")]
    Directory { path: PathBuf, source: io::Error },
}

/// The file to execute for `name`, for ranks that run in `directory`.
///
/// A name with a slash is a path, relative to `directory`; another is looked up in `path`, the `PATH` of the
/// ranks.
pub(crate) fn find(
    name: &OsStr,
    directory: Option<&Path>,
    path: Option<&OsStr>,
) -> Result<PathBuf, ProgramError> {
    let here = std::env::current_dir().unwrap_or_default();
    let directory = directory.map_or_else(|| here.clone(), |directory| here.join(directory));
    if let Err(source) = std::fs::metadata(&directory).and_then(|entry| match entry.is_dir() {
        true => Ok(()),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }) {
        return Err(ProgramError::Directory { path: directory, source });
    }
    if name.as_bytes().contains(&b'/') {
        let path = directory.join(name);
        return match executable(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(ProgramError::NotExecutable { path, source }),
        };
    }
    let path = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let found = std::env::split_paths(path)
        .map(|folder| directory.join(folder).join(name))
        .find(|candidate| executable(candidate).is_ok());
    found.ok_or_else(|| {
        let beside = executable(&directory.join(name)).is_ok();
        let hint = if beside { "; one lies in the working directory: write ./ before it" } else { "" };
        ProgramError::NotInPath { name: name.into(), hint }
    })
}

fn executable(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(path, Access::EXEC_OK)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_a_path_is_taken() {
        let path = OsStr::new("/nowhere:/bin:/usr/bin");
        assert_eq!(find(OsStr::new("sh"), None, Some(path)).unwrap(), Path::new("/bin/sh"));
        assert_eq!(find(OsStr::new("./sh"), Some(Path::new("/bin")), None).unwrap(), Path::new("/bin/./sh"));
        let error = find(OsStr::new("no-such-program"), None, Some(path)).unwrap_err();
        assert!(matches!(error, ProgramError::NotInPath { .. }));
        let error = find(OsStr::new("/"), None, None).unwrap_err();
        assert!(matches!(error, ProgramError::NotExecutable { .. }));
        let error = find(OsStr::new("sh"), Some(Path::new("/nowhere")), Some(path)).unwrap_err();
        assert!(matches!(error, ProgramError::Directory { .. }));
    }

    #[test]
    fn a_program_that_lies_here_gets_a_hint() {
        let error =
            find(OsStr::new("sh"), Some(Path::new("/bin")), Some(OsStr::new("/nowhere"))).unwrap_err();
        assert!(error.to_string().contains("./"), "{error}");
    }
}
