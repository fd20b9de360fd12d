//! A rank that is killed: `kill -9` of a child process in the middle of its peer's `get`s.

mod common;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use olympi_transport_api::{
    Address, Closed, ClosedKind, Inbound, OpToken, Peer, Post, RecvBuf, RemoteKey, Transport,
};

const LEN: usize = 64 << 20;
const PIECE: usize = 1 << 20;

fn hex(address: &Address) -> String {
    address.0.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Address {
    let digits = text.as_bytes().chunks(2);
    Address(digits.map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect())
}

/// Rank 1, in a process of its own: speaks, lends memory, and polls until it is killed.
#[test]
#[ignore = "the other process of the test below"]
fn child() {
    let provider = env::var("OLYMPI_OFI_TEST_PROVIDER").unwrap();
    let mut lines = std::io::stdin().lock().lines().map(Result::unwrap);
    let mut ofi = common::open(&common::config(&provider), 1, 2);
    let mut memory = vec![6_u8; LEN];
    // SAFETY: it is not touched but by the operations, and this process ends in them.
    let lent = unsafe { RecvBuf::lend(memory.as_mut_ptr(), LEN) };
    let region = ofi.caps().get_from.map(|_| ofi.register(lent.extent()).unwrap());
    let key = region.as_ref().map(|region| region.key()).unwrap_or_default();
    ofi.connect(Peer(0), &unhex(&lines.next().unwrap())).unwrap();
    // The harness may have written on the same line before.
    println!("\nchild {} {} {}", hex(&ofi.address()), key.address, key.key);
    std::thread::spawn(|| {
        // When its parent is gone, so is this.
        let _ = std::io::stdin().lock().read(&mut [0]);
        std::process::exit(1);
    });
    let mut said = false;
    loop {
        ofi.poll(&mut |_| {});
        said = said || ofi.send(Peer(0), b"alive", &[]) == Post::Accepted;
    }
}

fn killed(provider: &str) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env("OLYMPI_OFI_TEST_PROVIDER", provider)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut ofi = common::open(&common::config(provider), 0, 2);
    let mut target = vec![0_u8; LEN];
    // SAFETY: it lives to the end of this function, and the operations end before that.
    let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), LEN) };
    writeln!(input, "{}", hex(&ofi.address())).unwrap();
    let line = lines.find(|line| line.starts_with("child ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let key = RemoteKey { address: words[2].parse().unwrap(), key: words[3].parse().unwrap() };
    ofi.connect(Peer(1), &unhex(words[1])).unwrap();

    let gets = ofi.caps().get_from.is_some();
    let (mut posted, mut done, mut alive, mut well) = (0_u64, 0_u64, false, 0);
    let mut closed: Option<Closed> = None;
    let begin = Instant::now();
    let mut killed_at = None;
    let mut after = 0;
    while after < 1000 {
        ofi.poll(&mut |event| match event {
            Inbound::Frame { .. } => {
                assert!(closed.is_none());
                alive = true;
            }
            Inbound::Done { outcome, .. } => {
                assert!(closed.is_none(), "{provider}: a Done after the Closed");
                done += 1;
                well += u32::from(outcome.is_ok());
            }
            Inbound::Closed(end) => assert!(closed.replace(end).is_none(), "{provider}: told twice"),
        });
        let at = posted as usize * PIECE % LEN;
        if gets && alive && posted - done < 8 && closed.is_none() {
            let post = ofi.get(Peer(1), into.part(at, PIECE), key.at(at as u64), OpToken(posted));
            posted += u64::from(post == Post::Accepted);
        }
        if alive && killed_at.is_none() && (well > 8 || !gets) {
            child.kill().unwrap();
            killed_at = Some(Instant::now());
        }
        after += u32::from(closed.is_some());
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{provider}: alive {alive}, {posted} posted, {done} done, {closed:?}"
        );
    }
    child.wait().unwrap();
    let closed = closed.unwrap();
    assert_eq!(posted, done, "{provider}: one Done for each get");
    assert_eq!((closed.peer, closed.kind), (Peer(1), ClosedKind::Died), "{provider}: {closed}");
    assert!(closed.detail.contains(provider), "{closed}");
    assert_eq!(ofi.send(Peer(1), b"", b""), Post::Closed);
    assert!(ofi.drained());
    eprintln!("{provider}: {closed}; {well} of {done} gets were through");
}

#[test]
fn killed_in_the_middle_of_a_get() {
    for provider in common::PROVIDERS.into_iter().chain(["verbs", "verbs;ofi_rxm"]) {
        if common::there(provider) {
            killed(provider);
        }
    }
}
