//! `cargo mpiexec`: which words are for cargo, which for mpiexec, and which executable came out of the build.

use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};

use thiserror::Error;

use crate::args::{as_option, option_values};

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Resolved {
    /// Everything is built: the words for mpiexec.
    Run(Vec<OsString>),
    Help,
}

/// Why nothing can be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CargoError {
    #[error("{0} needs a value after it")]
    MissingValue(String),
    #[error("--example and --bin exclude each other, and are given once for each program")]
    TwoTargets,
    #[error("cannot run {program:?}: {source}")]
    NoCargo { program: OsString, source: io::Error },
    #[error("the build failed, so nothing was started")]
    Failed(u8),
    #[error("the build gave no executable{0}; name one with --example or --bin")]
    NoExecutable(String),
    #[error("the build gave several executables ({0}); choose one with --example or --bin")]
    Several(String),
}

impl CargoError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            CargoError::Failed(code) => *code,
            CargoError::NoCargo { .. } => 127,
            _ => 2,
        }
    }
}

/// One program of the command line.
#[derive(Debug, Default, PartialEq)]
struct Segment {
    cargo: Vec<OsString>,
    mpiexec: Vec<OsString>,
    target: Option<(Kind, String)>,
    arguments: Vec<OsString>,
    debug: bool,
    help: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Example,
    Bin,
}

/// Builds what the words ask for, and gives the words for mpiexec.
pub(crate) fn resolve(words: Vec<OsString>) -> Result<Resolved, CargoError> {
    let mut out = Vec::new();
    for (number, words) in words.split(|word| word == ":").enumerate() {
        let segment = split(words)?;
        if segment.help {
            return Ok(Resolved::Help);
        }
        if number > 0 {
            out.push(":".into());
        }
        let asks_only = segment
            .mpiexec
            .iter()
            .any(|word| as_option(word).is_some_and(|(name, _)| matches!(name, "info" | "version" | "V")));
        out.extend(segment.mpiexec.iter().cloned());
        if !asks_only {
            out.push("--".into());
            out.push(build(&segment)?);
            out.extend(segment.arguments);
        }
    }
    Ok(Resolved::Run(out))
}

/// Options of `cargo build` that are passed on, and how many words follow each.
fn cargo_values(name: &str) -> Option<usize> {
    Some(match name {
        "all-features"
        | "no-default-features"
        | "locked"
        | "offline"
        | "frozen"
        | "q"
        | "quiet"
        | "v"
        | "vv"
        | "verbose"
        | "release"
        | "r" => 0,
        "p" | "package" | "F" | "features" | "profile" | "target" | "target-dir" | "manifest-path"
        | "config" | "j" | "jobs" | "color" => 1,
        _ => return None,
    })
}

fn split(words: &[OsString]) -> Result<Segment, CargoError> {
    let mut segment = Segment::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let Some((name, inline)) = as_option(word) else {
            segment.arguments.push(word.clone());
            break;
        };
        let missing = || CargoError::MissingValue(word.to_string_lossy().into_owned());
        match name {
            "help" | "h" => segment.help = true,
            "dev" | "debug" => segment.debug = true,
            "example" | "bin" => {
                let kind = if name == "bin" { Kind::Bin } else { Kind::Example };
                let value = inline.map(str::to_owned);
                let value = value.or_else(|| words.next().map(|value| value.to_string_lossy().into_owned()));
                if segment.target.replace((kind, value.ok_or_else(missing)?)).is_some() {
                    return Err(CargoError::TwoTargets);
                }
            }
            _ => {
                let (list, count) = match (option_values(name), cargo_values(name)) {
                    (Some(count), _) => (&mut segment.mpiexec, count),
                    (None, Some(count)) => (&mut segment.cargo, count),
                    (None, None) => {
                        // The program's own, from here to the end.
                        segment.arguments.push(word.clone());
                        break;
                    }
                };
                list.push(word.clone());
                for _ in usize::from(inline.is_some())..count {
                    list.push(words.next().ok_or_else(missing)?.clone());
                }
            }
        }
    }
    segment.arguments.extend(words.cloned());
    Ok(segment)
}

/// The words for `cargo build`.
fn build_words(segment: &Segment) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["build".into(), "--message-format=json-render-diagnostics".into()];
    let chosen = segment
        .cargo
        .iter()
        .any(|word| as_option(word).is_some_and(|(name, _)| matches!(name, "profile" | "release" | "r")));
    if !segment.debug && !chosen {
        words.push("--release".into());
    }
    match &segment.target {
        Some((Kind::Example, name)) => words.extend(["--example".into(), name.into()]),
        Some((Kind::Bin, name)) => words.extend(["--bin".into(), name.into()]),
        None => words.push("--bins".into()),
    }
    words.extend(segment.cargo.iter().cloned());
    words
}

/// Builds one program; cargo's own words go to standard error as always.
fn build(segment: &Segment) -> Result<OsString, CargoError> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&program)
        .args(build_words(segment))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| CargoError::NoCargo { program: program.clone(), source })?;
    if !output.status.success() {
        let code = output.status.code().and_then(|code| u8::try_from(code).ok());
        return Err(CargoError::Failed(code.filter(|code| *code != 0).unwrap_or(101)));
    }
    choose(&String::from_utf8_lossy(&output.stdout), segment.target.as_ref())
}

/// Picks the executable out of cargo's messages, one JSON object a line.
fn choose(messages: &str, target: Option<&(Kind, String)>) -> Result<OsString, CargoError> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let (Some(file), Some(name)) = (message["executable"].as_str(), message["target"]["name"].as_str())
        else {
            continue;
        };
        let is = |kind: &str| {
            message["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind))
        };
        let wanted = match target {
            Some((Kind::Example, wanted)) => is("example") && name == wanted,
            Some((Kind::Bin, wanted)) => is("bin") && name == wanted,
            None => is("bin"),
        };
        if wanted {
            found.push((name.to_owned(), file.to_owned()));
        }
    }
    match found.as_slice() {
        [(_, file)] => Ok(file.into()),
        [] => Err(CargoError::NoExecutable(
            target.map_or_else(String::new, |(_, name)| format!(" of the name {name}")),
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            Err(CargoError::Several(names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(line: &str) -> Segment {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        split(&words).unwrap()
    }

    #[test]
    fn words_are_dealt_out() {
        let segment = segment("-p olympi -n 4 --example ring -l --features=a,b -env A --dev 10 --example");
        assert_eq!(segment.cargo, ["-p", "olympi", "--features=a,b"]);
        assert_eq!(segment.mpiexec, ["-n", "4", "-l", "-env", "A", "--dev"]);
        assert_eq!(segment.target, Some((Kind::Example, "ring".into())));
        assert_eq!(segment.arguments, ["10", "--example"], "from the first word that is no option");
        assert!(!segment.debug);
    }

    #[test]
    fn what_looks_like_an_option_goes_behind_two_dashes() {
        let first = segment("--bin tool -- -n 3");
        assert_eq!((first.arguments, first.mpiexec), (vec!["-n".into(), "3".into()], vec![]));
        let second = segment("--bin tool --size 3 -n 2");
        assert_eq!(second.arguments, ["--size", "3", "-n", "2"]);
    }

    #[test]
    fn release_unless_told_otherwise() {
        let has = |line: &str| build_words(&segment(line)).contains(&"--release".into());
        assert!(has("--example a"));
        assert!(!has("--example a --dev"));
        assert!(!has("--profile bench --example a"));
        assert!(build_words(&segment("-n 2")).contains(&"--bins".into()));
    }

    #[test]
    fn the_executable_is_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"ring"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"kind":["example"],"name":"ring"},"executable":"/t/examples/ring"}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"ring"},"executable":"/t/ring"}
{"reason":"build-finished","success":true}"#;
        let target = |kind| Some((kind, "ring".to_owned()));
        assert_eq!(choose(messages, target(Kind::Example).as_ref()).unwrap(), "/t/examples/ring");
        assert_eq!(choose(messages, target(Kind::Bin).as_ref()).unwrap(), "/t/ring");
        assert_eq!(choose(messages, None).unwrap(), "/t/ring");
        assert!(matches!(choose("", None), Err(CargoError::NoExecutable(_))));
        let twice = messages.replace("\"example\"", "\"bin\"");
        assert!(matches!(choose(&twice, None), Err(CargoError::Several(_))));
    }
}
