//! Standard output, error and input of ranks.

mod common;

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use common::{mpiexec, mpiexec_with, probe, run};

#[test]
fn lines_of_many_ranks_are_never_torn() {
    let ran = mpiexec(&["-n", "16", probe(), "lines", "200"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut next = [0; 16];
    for line in ran.out.lines() {
        let inner = line.strip_prefix('<').and_then(|line| line.strip_suffix('>')).expect(line);
        let mut parts = inner.split(':');
        let rank: usize = parts.next().expect(line).parse().expect(line);
        assert_eq!(parts.next(), Some(next[rank].to_string().as_str()), "{line}");
        assert_eq!(parts.next(), Some("x".repeat(50).as_str()), "{line}");
        next[rank] += 1;
    }
    assert_eq!(next, [200; 16]);
}

#[test]
fn labels_name_the_rank_on_both_streams() {
    let ran = mpiexec(&["-l", "-n", "2", "sh", "-c", "echo out; printf 'a\\n\\nb' >&2"]);
    assert_eq!(ran.code, Some(0));
    let mut out: Vec<&str> = ran.out.lines().collect();
    out.sort_unstable();
    assert_eq!(out, ["[0] out", "[1] out"]);
    for rank in 0..2 {
        let own: Vec<&str> =
            ran.err.lines().filter_map(|line| line.strip_prefix(&format!("[{rank}] "))).collect();
        assert_eq!(own, ["a", "", "b"], "{}", ran.err);
    }
}

#[test]
fn one_rank_passes_unchanged() {
    // Not even a line end is added, and no byte is text for us.
    let bytes: String = (1..127u8).map(char::from).cycle().take(100_000).collect();
    let ran = mpiexec_with(&["cat"], bytes.as_bytes());
    assert_eq!((ran.code, ran.out == bytes), (Some(0), true));
}

#[test]
fn the_end_of_a_line_that_never_comes_is_flushed() {
    let ran = mpiexec(&["-n", "3", "printf", "no end"]);
    assert_eq!(ran.out, "no end\nno end\nno end");
}

#[test]
fn standard_input_goes_to_rank_0_whole() {
    let input: String = (0..200_000).map(|line| format!("{line}\n")).collect();
    let ran = mpiexec_with(&["-l", "-n", "3", "wc", "-c"], input.as_bytes());
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [format!("[0] {}", input.len()).as_str(), "[1] 0", "[2] 0"]);
}

#[test]
fn what_rank_0_leaves_unread_stays_for_others() {
    let mpiexec = env!("CARGO_BIN_EXE_mpiexec");
    let script = format!("while read -r line; do {mpiexec} -n 2 true; echo \"$line\"; done");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    assert_eq!(run(shell, b"a\nb\nc\n").out, "a\nb\nc\n");
}

#[test]
fn much_output_of_several_ranks_arrives() {
    let ran = mpiexec(&["-n", "4", "sh", "-c", "yes 0123456789 | head -n 500000"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.out.len(), 4 * 500_000 * 11);
    assert!(ran.out.lines().all(|line| line == "0123456789"));
}

#[test]
fn both_streams_to_one_pipe_stay_whole_lines() {
    let mpiexec = env!("CARGO_BIN_EXE_mpiexec");
    let rank = "i=0; while [ $i -lt 300 ]; do echo out-$i; echo err-$i >&2; i=$((i+1)); done";
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{mpiexec} -n 4 sh -c '{rank}' 2>&1")]);
    let ran = run(shell, b"");
    assert_eq!(ran.out.lines().count(), 4 * 600);
    let whole = |line: &str| {
        let number = line.strip_prefix("out-").or_else(|| line.strip_prefix("err-"));
        number.is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number < 300))
    };
    assert!(ran.out.lines().all(whole), "{}", ran.out);
}

#[test]
fn a_reader_that_leaves_ends_the_job_without_a_word() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mpiexec"))
        .args(["-n", "2", "yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start");
    let mut first = [0; 2];
    let mut out = child.stdout.take().expect("stdout");
    out.read_exact(&mut first).expect("read");
    assert_eq!(&first, b"y\n");
    drop(out);
    let output = child.wait_with_output().expect("wait");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_slow_reader_holds_the_ranks_back_and_loses_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mpiexec"))
        .args(["-n", "2", "sh", "-c", "yes abc | head -n 1000000"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let mut out = child.stdout.take().expect("stdout");
    // Nothing is read until the job has filled every buffer on its way; then its memory is still small.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 64 * 1024, "{peak} kB, although nobody reads");
    let mut text = String::new();
    out.read_to_string(&mut text).expect("read");
    assert_eq!(text.len(), 2 * 1_000_000 * 4);
    assert!(child.wait().expect("wait").success());
}

#[test]
fn a_line_longer_than_any_buffer_is_not_mixed() {
    // Rank 0 writes one line of 4 MB, the others short ones meanwhile.
    let rank = "if [ $PMI_RANK = 0 ]; then head -c 4000000 /dev/zero | tr '\\0' x; echo; \
                else i=0; while [ $i -lt 500 ]; do echo short; i=$((i+1)); done; fi";
    let ran = mpiexec(&["-n", "3", "sh", "-c", rank]);
    let (short, long): (Vec<&str>, Vec<&str>) = ran.out.lines().partition(|line| *line == "short");
    assert_eq!(short.len(), 1000);
    assert_eq!(long, ["x".repeat(4_000_000)]);
}

#[test]
fn a_question_without_line_end_reaches_a_terminal() {
    // `script` gives mpiexec a terminal; without it there is nothing to show.
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no `script` command, which gives a test its terminal");
        return;
    }
    let mpiexec = env!("CARGO_BIN_EXE_mpiexec");
    let mut child = Command::new("script")
        .args(["-qec", &format!("{mpiexec} -n 2 sh -c 'if [ $PMI_RANK = 0 ]; then printf \"name? \"; read n; echo \"hello $n\"; fi'")])
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let mut out = child.stdout.take().expect("stdout");
    let mut seen = String::new();
    let mut bytes = [0; 256];
    while !seen.contains("name? ") {
        let count = out.read(&mut bytes).expect("read");
        assert_ne!(count, 0, "{seen:?}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(b"world\n").expect("write");
    while !seen.contains("hello world") {
        let count = out.read(&mut bytes).expect("read");
        assert_ne!(count, 0, "{seen:?}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    drop(stdin);
    assert!(child.wait().expect("wait").success(), "{seen:?}");
}

#[test]
fn a_full_disk_is_told() {
    let mpiexec = env!("CARGO_BIN_EXE_mpiexec");
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" -n 2 echo words > /dev/full", mpiexec]);
    let ran = run(shell, b"");
    assert_ne!(ran.code, Some(0));
    assert!(ran.err.contains("cannot write the ranks' output: No space left"), "{}", ran.err);
}
