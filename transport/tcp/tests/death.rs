//! A rank that is killed: `kill -9` of a child process in the middle of a put, in both directions.

mod common;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use common::{Heard, SECRET, guard};
use olympi_tcp::{Config, Tcp};
use olympi_transport_api::{
    Address, ClosedKind, OpToken, Peer, Post, RecvBuf, RemoteKey, RmaError, SendBuf, Transport,
};

const LEN: usize = 256 << 20;

fn hex(address: &Address) -> String {
    address.0.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Address {
    let digits = text.as_bytes().chunks(2);
    Address(digits.map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect())
}

/// Rank 1, in a process of its own: takes or gives a little of a put, and then polls no more, for ever.
#[test]
#[ignore = "the other process of the tests below"]
fn child() {
    let giving = env::var("OLYMPI_TCP_TEST_GIVES").is_ok();
    let mut lines = std::io::stdin().lock().lines().map(Result::unwrap);
    let mut tcp = Tcp::new(Config::default(), Peer(1), 2, SECRET).unwrap();
    let mut target = vec![0_u8; LEN];
    let first: *const u8 = target.as_mut_ptr();
    let source = vec![6_u8; LEN];
    // SAFETY: neither is touched but by the operation, and this process ends in it.
    let (into, from) = unsafe { (RecvBuf::lend(first.cast_mut(), LEN), SendBuf::lend(source.as_ptr(), LEN)) };
    let region = tcp.register(into.extent()).unwrap();
    tcp.connect(Peer(0), &unhex(&lines.next().unwrap())).unwrap();
    // The harness may have written on the same line before.
    println!("\nchild {} {}", region.key().address, region.key().key);
    let theirs: Vec<u64> = lines.next().unwrap().split(' ').map(|word| word.parse().unwrap()).collect();
    let key = RemoteKey { address: theirs[0], key: theirs[1] };
    if giving {
        guard(|| {
            tcp.poll(&mut |_| {});
            tcp.put(Peer(0), from, key, OpToken(1)) == Post::Accepted
        });
    } else {
        guard(|| {
            tcp.poll(&mut |_| {});
            tcp.send(Peer(0), b"ready", b"") == Post::Accepted
        });
        guard(|| {
            tcp.poll(&mut |_| {});
            // SAFETY: within `target`, which this thread's polls alone write.
            unsafe { first.read_volatile() != 0 }
        });
    }
    println!("\nstuck");
    // Until it is killed, or its parent is gone.
    let _ = std::io::stdin().lock().read(&mut [0]);
}

fn killed_in_the_middle(child_gives: bool) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if child_gives {
        command.env("OLYMPI_TCP_TEST_GIVES", "1");
    }
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);

    let mut tcp = Tcp::new(Config::default(), Peer(0), 2, SECRET).unwrap();
    let source = vec![5_u8; LEN];
    let mut target = vec![0_u8; LEN];
    // SAFETY: both live to the end of this function; the operations end, and the region goes, before that.
    let (into, from) =
        unsafe { (RecvBuf::lend(target.as_mut_ptr(), LEN), SendBuf::lend(source.as_ptr(), LEN)) };
    let region = tcp.register(into.extent()).unwrap();
    writeln!(input, "{}", hex(&tcp.address())).unwrap();
    let key = lines.find(|line| line.starts_with("child ")).unwrap();
    let mut words = key.split(' ').skip(1).map(|word| word.parse().unwrap());
    let key = RemoteKey { address: words.next().unwrap(), key: words.next().unwrap() };
    writeln!(input, "{} {}", region.key().address, region.key().key).unwrap();

    let mut heard: Vec<Heard> = Vec::new();
    if !child_gives {
        guard(|| {
            tcp.poll(&mut |event| heard.push(event.into()));
            tcp.put(Peer(1), from, key, OpToken(8)) == Post::Accepted
        });
    }
    let reader = std::thread::spawn(move || lines.find(|line| line == "stuck").is_some());
    guard(|| {
        tcp.poll(&mut |event| heard.push(event.into()));
        reader.is_finished()
    });
    assert!(reader.join().unwrap());
    child.kill().unwrap();
    guard(|| {
        tcp.poll(&mut |event| heard.push(event.into()));
        heard.iter().any(Heard::closed)
    });
    child.wait().unwrap();
    drop(region);
    for _ in 0..1000 {
        tcp.poll(&mut |event| panic!("after the end: {event:?}"));
    }
    let Some(Heard::Closed(Peer(1), ClosedKind::Died, text)) = heard.last() else { panic!("{heard:?}") };
    assert!(text.contains("rank 1") && text.contains("tcp"), "{text}");
    let done: Vec<&Heard> = heard.iter().filter(|h| matches!(h, Heard::Done(..))).collect();
    if child_gives {
        assert!(done.is_empty());
        assert!(text.contains("in the middle of a message"), "{text}");
        assert!(target[0] == 6 && target[LEN - 1] == 0, "it was not in the middle");
    } else {
        // A put is done with its last byte taken by our own kernel; what that was before the kill is not ours to say.
        let [Heard::Done(OpToken(8), outcome)] = done[..] else { panic!("one Done a put, not {done:?}") };
        assert!(matches!(outcome, Ok(()) | Err(RmaError::PeerGone { peer: Peer(1) })), "{outcome:?}");
    }
    assert_eq!(tcp.send(Peer(1), b"", b""), Post::Closed);
    assert_eq!(tcp.put(Peer(1), from, key, OpToken(9)), Post::Closed);
}

#[test]
fn killed_while_it_takes_a_put() {
    killed_in_the_middle(false);
}

#[test]
fn killed_while_it_gives_a_put() {
    killed_in_the_middle(true);
}
