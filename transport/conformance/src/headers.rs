//! Checked-in types of a C library beside the headers that are installed: every size, every offset, every constant.

use std::io::Write;
use std::process::{Command, Stdio};

/// The sizes and offsets of the types of a module, each as a C expression with its value here. Of the types that the
/// list names only the beginning is checked in: their sizes are left out.
#[macro_export]
macro_rules! layouts {
    ($ffi:ident, $shorter:expr, $($type:ident { $($field:ident),* })*) => {{
        let mut all: Vec<(String, u64)> = Vec::new();
        $(
            let name = stringify!($type);
            if !$shorter.contains(&name) {
                all.push((format!("sizeof(struct {name})"), size_of::<$ffi::$type>() as u64));
            }
            $(
                let field = stringify!($field).trim_end_matches('_');
                let offset = ::std::mem::offset_of!($ffi::$type, $field) as u64;
                all.push((format!("offsetof(struct {name}, {field})"), offset));
            )*
        )*
        all
    }};
}

/// The constants of a module, each as a C expression with its value here.
#[macro_export]
macro_rules! constants {
    ($ffi:ident, $($name:ident)*) => { vec![$((stringify!($name).to_owned(), $ffi::$name as u64)),*] };
}

/// Has a C compiler evaluate the expressions under these headers, the first of which is the library's own, and compares.
/// Without a compiler or the headers (of `package`) that is skipped, loudly, unless `OLYMPI_TEST_RDMA=1` asks for it.
pub fn agree(library: &str, package: &str, headers: &[&str], all: &[(String, u64)]) {
    let must = std::env::var("OLYMPI_TEST_RDMA").is_ok_and(|value| value == "1");
    let includes = ["stddef.h", "stdint.h", "stdio.h"].iter().chain(headers);
    let mut lines: Vec<String> = includes.map(|header| format!("#include <{header}>")).collect();
    lines.push("int main(void) {".to_owned());
    let print =
        |(expression, _): &(String, u64)| format!("printf(\"%llu\\n\", (unsigned long long)({expression}));");
    lines.extend(all.iter().map(print));
    lines.push("return 0; }\n".to_owned());
    let source = lines.join("\n");
    let program = std::env::temp_dir().join(format!("olympi-{library}-layout-{}", std::process::id()));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let outcome = Command::new(&compiler)
        .args(["-x", "c", "-", "-o"])
        .arg(&program)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            child.stdin.take().expect("it is piped").write_all(source.as_bytes())?;
            child.wait_with_output()
        });
    match outcome {
        Ok(output) if output.status.success() => {}
        other => {
            let why = other
                .map_or_else(|e| format!("{compiler}: {e}"), |o| String::from_utf8_lossy(&o.stderr).into());
            let missing = why.contains(headers[0]) || why.contains("No such file");
            assert!(missing && !must, "{why}");
            eprintln!("\nSKIPPED: no C compiler or no headers of {library} ({package}): {why}\n");
            return;
        }
    }
    let output = Command::new(&program).output().expect("it was just compiled");
    let _ = std::fs::remove_file(&program);
    let theirs: Vec<u64> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().expect("a number")).collect();
    assert_eq!(theirs.len(), all.len());
    let wrong: Vec<String> = all
        .iter()
        .zip(&theirs)
        .filter(|((_, ours), theirs)| ours != *theirs)
        .map(|((what, ours), theirs)| format!("{what} is {theirs} in C and {ours} here"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
