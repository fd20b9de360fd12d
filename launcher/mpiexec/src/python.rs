//! Python programs: which MPI library mpi4py loads.
//!
//! The mpi4py that pip installs holds modules for the ABIs of MPICH and of Open MPI, and looks for a library at its start:
//! first what `MPI4PY_LIBMPI` names. So a rank is told of ours, unless the user has named one, or the kind of one, or has
//! said `--no-python`. An mpi4py that was built for one library does not look, and is not concerned.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What mpi4py reads: the file of the library.
const LIBRARY: &str = "MPI4PY_LIBMPI";
/// The same: the kind of ABI.
const KIND: &str = "MPI4PY_MPIABI";

/// Tells mpi4py of our library, if there is one and nobody has told it anything.
pub(crate) fn tell(env: &mut BTreeMap<OsString, OsString>, executable: Option<&Path>) {
    if [LIBRARY, KIND].iter().any(|name| env.contains_key(&OsString::from(name))) {
        return;
    }
    if let Some(library) = executable.and_then(library) {
        env.insert(LIBRARY.into(), library.into());
    }
}

/// Our library with the ABI of MPICH: where an installation has it, or beside this executable, where cargo builds it.
fn library(executable: &Path) -> Option<PathBuf> {
    let folder = executable.parent()?;
    [folder.parent().map(|prefix| prefix.join("lib/libmpi.so.12")), Some(folder.join("libmpi.so"))]
        .into_iter()
        .flatten()
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[&str], given: &[(&str, &str)]) -> Option<String> {
        let prefix = tempfile::tempdir().unwrap();
        for file in files {
            let file = prefix.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let mut env = given.iter().map(|(name, value)| (name.into(), value.into())).collect();
        tell(&mut env, Some(&prefix.path().join("bin/mpiexec")));
        let told = env.get(&OsString::from(LIBRARY))?.to_str().unwrap().to_owned();
        Some(told.replace(prefix.path().to_str().unwrap(), "PREFIX"))
    }

    #[test]
    fn the_library_of_the_installation_comes_first() {
        assert_eq!(
            told(&["lib/libmpi.so.12", "bin/libmpi.so"], &[]).as_deref(),
            Some("PREFIX/lib/libmpi.so.12")
        );
        assert_eq!(told(&["bin/libmpi.so"], &[]).as_deref(), Some("PREFIX/bin/libmpi.so"));
        assert_eq!(told(&[], &[]), None);
    }

    #[test]
    fn what_the_user_says_stays() {
        let files = ["lib/libmpi.so.12"];
        assert_eq!(told(&files, &[(LIBRARY, "mine.so")]).as_deref(), Some("mine.so"));
        assert_eq!(told(&files, &[(KIND, "openmpi")]), None);
    }
}
