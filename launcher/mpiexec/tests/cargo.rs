//! `cargo mpiexec`: builds a package of its own, and starts what came out.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Ran, run};

/// A package without dependencies, with one binary and two examples.
fn package(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("create");
        fs::write(path, text).expect("write");
    };
    write("Cargo.toml", "[package]\nname = \"sample\"\nedition = \"2024\"\n[workspace]\n");
    let show = |name: &str| {
        format!(
            "fn main() {{
                let rank = std::env::var(\"PMI_RANK\").unwrap();
                let words: Vec<String> = std::env::args().skip(1).collect();
                println!(\"{name} {{rank}} {{words:?}} debug {{}}\", cfg!(debug_assertions));
            }}"
        )
    };
    write("src/main.rs", &show("sample"));
    write("examples/one.rs", &show("one"));
    write("examples/broken.rs", "fn main() { no_such_function() }");
}

fn cargo_mpiexec(folder: &Path, words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-mpiexec"));
    command.arg("mpiexec").args(words).current_dir(folder);
    // A build of its own, whatever this test runs in.
    command.env("CARGO_TARGET_DIR", folder.join("target")).env("CARGO", env!("CARGO"));
    run(command, b"")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn examples_and_programs_are_built_and_started() {
    let folder = tempfile::tempdir().expect("a folder");
    package(folder.path());
    let ran = cargo_mpiexec(folder.path(), &["-n", "2", "--example", "one", "a", "-n"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(sorted(&ran.out), ["one 0 [\"a\", \"-n\"] debug false", "one 1 [\"a\", \"-n\"] debug false"]);

    let ran = cargo_mpiexec(
        folder.path(),
        &["--dev", "--bin", "sample", ":", "--dev", "--example", "one", "-n", "2"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(sorted(&ran.out), ["one 1 [] debug true", "one 2 [] debug true", "sample 0 [] debug true"]);

    let ran = cargo_mpiexec(folder.path(), &["-l"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "[0] sample 0 [] debug false\n"), "{}", ran.err);

    let ran = cargo_mpiexec(folder.path(), &["--example", "broken"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(101), ""));
    assert!(ran.err.contains("no_such_function") && ran.err.contains("nothing was started"), "{}", ran.err);
}

#[test]
fn questions_build_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(cargo_mpiexec(folder.path(), &["--help"]).out.contains("--example"));
    assert!(cargo_mpiexec(folder.path(), &["--version"]).out.contains("Olympi"));
    assert!(cargo_mpiexec(folder.path(), &["--info"]).out.contains("OLYMPI_"));
    let ran = cargo_mpiexec(folder.path(), &["--example"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--example needs a value"), "{}", ran.err);
}
