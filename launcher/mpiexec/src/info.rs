//! What `--help` and `--info` print.

use std::fmt::Write as _;

use olympi_coll::{Tuning, TuningSetting};
use olympi_pmi::{SETTINGS, Setting};
use olympi_transport::Setting as Below;

/// Every `OLYMPI_*` variable, with its default and its meaning. Each crate that reads settings keeps its own
/// table; this list joins them.
pub fn settings() -> Vec<Setting> {
    let mut settings = SETTINGS.to_vec();
    for Below { variable, default, meaning } in olympi_transport::settings() {
        // What the launcher tells the ranks is in its own table already.
        if settings.iter().all(|known| known.variable != variable) {
            settings.push(Setting { variable, default: default.into(), meaning });
        }
    }
    for TuningSetting { variable, default, meaning, reason } in Tuning::settings() {
        let meaning = format!("{meaning} ({reason})").leak();
        settings.push(Setting { variable, default: default.into(), meaning });
    }
    settings
}

/// The table of settings, with the value that each has in the environment now.
pub(crate) fn table(settings: &[Setting], env: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::from("Settings (environment variables), their defaults and meanings:\n");
    for setting in settings {
        let now = env(setting.variable).map_or(String::new(), |value| format!("; now {value:?}"));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n{}  [{}{now}]", setting.variable, setting.default);
        let _ = writeln!(text, "    {}", setting.meaning);
    }
    text
}

/// The text of `mpiexec --help`.
pub(crate) fn help() -> &'static str {
    "\
mpiexec [options] program [arguments] [: [options] program [arguments]]...

Starts the ranks of a job on this host and serves them PMI-1.1: programs of Olympi, MPICH and Intel MPI.

Options of each program, before its name:
  -n, -np N          number of ranks [1]
  -env NAME VALUE    sets a variable for this program's ranks
  -wdir DIRECTORY    where they run, and what a relative path of the program starts from

Options of the whole job:
  -genv NAME VALUE   sets a variable for all ranks
  -l                 begins each line of output with its rank: `[3] text`
  --bind-to core     rank i runs on the i-th allowed CPU only; none: wherever it likes [none]
  --timeout SECONDS  ends the job after this time, with exit code 124
  --report           the job tells which transport each pair of ranks uses, and why no other: a line for each class of
                     pairs that are alike
  --transport LIST   the ranks may use these transports only, of shm, verbs, ofi and tcp, best first; ^LIST: all others
  --no-python        does not set MPI4PY_LIBMPI, by which mpi4py of pip finds Olympi's libmpi.so.12 (nor is it set where
                     MPI4PY_LIBMPI or MPI4PY_MPIABI are)
  --info             prints every setting and ends
  -V, --version      prints the version and ends
  -h, --help         prints this and ends

Standard input goes to rank 0. Output comes by whole lines. A rank that fails ends the job within a second; the
exit code is that of the first rank that failed, 128 + n if signal n killed it. Ctrl-C ends the job, a second one
at once. When a rank's process ends, the processes that it leaves behind end too.
"
}

/// The text of `cargo mpiexec --help`.
pub(crate) fn cargo_help() -> String {
    format!(
        "\
cargo mpiexec [options] [--example NAME | --bin NAME] [--] [arguments]

Builds an example or a program with cargo, then starts it as mpiexec does. Builds in release mode unless --dev is
given. Without --example and --bin the package's only program is taken.

Options for cargo build: --dev, --profile, -p/--package, -F/--features, --all-features, --no-default-features,
  --target, --target-dir, --manifest-path, --config, -j/--jobs, --locked, --offline, --frozen, -q, -v

Options are taken up to the first word that is none of them, also after the name; an argument that looks like one of
them goes behind `--`. All options of mpiexec:

{}",
        help()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_there_once_with_its_meaning() {
        let settings = settings();
        let text = table(&settings, &|name| (name == "OLYMPI_REPORT").then(|| "1".to_owned()));
        for setting in &settings {
            assert!(setting.variable.starts_with("OLYMPI_") && !setting.meaning.is_empty());
            assert_eq!(settings.iter().filter(|other| other.variable == setting.variable).count(), 1);
            assert!(text.contains(setting.variable) && text.contains(setting.meaning));
        }
        assert!(text.contains("[0; now \"1\"]"), "{text}");
    }
}
