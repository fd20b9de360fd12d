//! What only separate processes show: sleeping and waking, a peer that is stopped, a peer that is killed.
//!
//! The other process is this test's own program, which runs the test `child` with its part in the environment.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use olympi_shm::{Config, Shm};
use olympi_transport_api::{
    Address, ClosedKind, Inbound, OpToken, Peer, Post, RecvBuf, RemoteKey, SendBuf, Transport, Wake, WakeBy,
};
use rustix::process::{Pid, Signal, kill_process};

const PART: &str = "OLYMPI_SHM_TEST_PART";
const OTHER: Peer = Peer(1);
/// Far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the part `memory` offers to be read.
const MEMORY: usize = 32 << 20;

/// The bytes of a frame that can be checked: its number, and a payload whose length and content follow from it.
fn frame(number: u64) -> ([u8; 8], Vec<u8>) {
    let len = [8, 40, 300, 2000, 9000, 16_384][number as usize % 6] + number as usize % 7;
    (number.to_le_bytes(), (0..len as u64).map(|i| (i + number) as u8).collect())
}

fn send(shm: &mut Shm, to: Peer, header: &[u8], payload: &[u8]) -> Post {
    let start = Instant::now();
    loop {
        match shm.send(to, header, payload) {
            Post::Busy => {
                shm.poll(&mut |_| ());
                assert!(start.elapsed() < PATIENCE, "no room for a frame");
            }
            post => return post,
        }
    }
}

/// The other process's side of every test; as a test of its own it does nothing.
#[test]
fn child() {
    let Ok(part) = std::env::var(PART) else { return };
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
    let mut shm = Shm::new(Config::default(), OTHER, 2).unwrap();
    println!("\naddress {}", hex(&shm.address()));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    shm.connect(Peer(0), &unhex(line.trim())).unwrap();
    match part.as_str() {
        "flood" => {
            for number in 0.. {
                let (header, payload) = frame(number);
                if send(&mut shm, Peer(0), &header, &payload) == Post::Closed {
                    return;
                }
            }
        }
        "memory" => {
            let memory: Vec<u8> = (0..MEMORY).map(|i| (i % 251) as u8).collect();
            // SAFETY: the memory lives, unwritten, until this process is killed.
            let region = shm.register(unsafe { SendBuf::lend(memory.as_ptr(), MEMORY) }.extent()).unwrap();
            let (address, key) = (region.key().address.to_le_bytes(), region.key().key.to_le_bytes());
            assert_eq!(send(&mut shm, Peer(0), &address, &key), Post::Accepted);
            loop {
                shm.poll(&mut |_| ());
            }
        }
        "answer" => loop {
            let mut frames = Vec::new();
            shm.poll(&mut |event| match event {
                Inbound::Frame { header, payload, .. } => frames.push((header.to_vec(), payload.to_vec())),
                Inbound::Closed(_) => std::process::exit(0),
                Inbound::Done { .. } => unreachable!("nothing was asked for"),
            });
            for (header, payload) in frames {
                // Long enough for the one who asked to be asleep by then, mostly.
                if header == b"slowly" {
                    std::thread::sleep(Duration::from_millis(100));
                }
                let _ = send(&mut shm, Peer(0), &header, &payload);
            }
        },
        "leave" => {
            let _ = send(&mut shm, Peer(0), b"last", b"words");
        }
        other => panic!("no such part: {other}"),
    }
}

fn hex(address: &Address) -> String {
    address.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Address {
    Address((0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect())
}

/// Two ranks: this process, and another that plays a part.
struct Pair {
    shm: Shm,
    child: Child,
    address: Address,
    _out: BufReader<ChildStdout>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pair {
    fn with(part: &str) -> Self {
        let mut shm = Shm::new(Config::default(), Peer(0), 2).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(PART, part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "the other process ended early");
            if let Some(address) = line.trim().strip_prefix("address ") {
                break unhex(address);
            }
        };
        shm.connect(OTHER, &address).unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{}", hex(&shm.address())).unwrap();
        Self { shm, child, address, _out: out }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Stops the peer, and comes back when it stands: a signal takes a moment to arrive.
    fn stop(&self) {
        self.signal(Signal::STOP);
        let start = Instant::now();
        let status = format!("/proc/{}/status", self.child.id());
        while !std::fs::read_to_string(&status).unwrap().contains("State:\tT") {
            assert!(start.elapsed() < PATIENCE, "the peer does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Polls until `done`, which is asked after each poll, says so.
    fn poll_until(&mut self, what: &str, mut sink: impl FnMut(Inbound<'_>), mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            self.shm.poll(&mut sink);
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        }
    }

    /// Polls, and sleeps as a caller does who has nothing else to do, until a frame comes; how often it slept.
    fn sleep_until_a_frame(&mut self, by: WakeBy) -> usize {
        let (start, mut sleeps, mut frames) = (Instant::now(), 0, 0);
        loop {
            self.shm.poll(&mut |event| frames += usize::from(matches!(event, Inbound::Frame { .. })));
            if frames > 0 {
                return sleeps;
            }
            assert!(start.elapsed() < PATIENCE, "slept over a frame");
            let nap = rustix::event::Timespec { tv_sec: 30, tv_nsec: 0 };
            match self.shm.arm(by) {
                Wake::Pending => {}
                Wake::Word { address, expected } => {
                    sleeps += 1;
                    // SAFETY: the word lives as long as the transport, which outlives this call.
                    let word = unsafe { &*(address as *const AtomicU32) };
                    let flags = rustix::thread::futex::Flags::empty();
                    let _ = rustix::thread::futex::wait(word, flags, expected, Some(&nap));
                }
                Wake::Descriptor(fd) => {
                    sleeps += 1;
                    // SAFETY: the descriptor stays open as long as the transport, which outlives this call.
                    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
                    let mut fds = [rustix::event::PollFd::new(&fd, rustix::event::PollFlags::IN)];
                    let _ = rustix::event::poll(&mut fds, Some(&nap));
                }
                Wake::Never => panic!("a peer can always come"),
            }
            self.shm.disarm();
        }
    }
}

#[test]
fn a_killed_sender_is_told_of_after_all_that_it_sent() {
    let mut pair = Pair::with("flood");
    let (next, closed) = (std::cell::Cell::new(0_u64), std::cell::Cell::new(0));
    let sink = |event: Inbound<'_>| match event {
        Inbound::Frame { from, header, payload } => {
            assert_eq!((from, closed.get()), (OTHER, 0));
            let expected = frame(next.get());
            assert!(header == expected.0 && payload.to_vec() == expected.1, "frame {}", next.get());
            next.set(next.get() + 1);
        }
        Inbound::Closed(why) => {
            assert_eq!((why.peer, why.kind), (OTHER, ClosedKind::Died));
            closed.set(closed.get() + 1);
        }
        Inbound::Done { .. } => panic!("nothing was asked for"),
    };
    pair.poll_until("frames", sink, || next.get() > 20_000);
    pair.child.kill().unwrap();
    pair.poll_until("the end", sink, || closed.get() > 0);
    for _ in 0..100_000 {
        pair.shm.poll(&mut |event| panic!("after the end: {event:?}"));
    }
    assert_eq!(pair.shm.send(OTHER, b"x", b""), Post::Closed);
    assert!(pair.shm.describe(OTHER).contains("gone"));
    let error = pair.shm.connect(OTHER, &pair.address).unwrap_err().to_string();
    assert!(error.contains("rank 1") && error.contains("gone"), "{error}");
}

#[test]
fn each_get_ends_once_when_its_peer_is_killed_in_the_middle() {
    let mut pair = Pair::with("memory");
    if pair.shm.caps().get_from.is_none() {
        eprintln!("left out: {}", pair.shm.describe(OTHER));
        return;
    }
    let key = std::cell::Cell::new(None);
    let sink = |event: Inbound<'_>| {
        let Inbound::Frame { header, payload, .. } = event else { panic!("{event:?}") };
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        key.set(Some(RemoteKey { address: number(header), key: number(&payload.to_vec()) }));
    };
    pair.poll_until("the key", sink, || key.get().is_some());
    let key = key.get().unwrap();
    let mut targets: Vec<Vec<u8>> = (0..40).map(|_| vec![0_u8; MEMORY / 2]).collect();
    for (target, op) in targets.iter_mut().zip(0..) {
        // SAFETY: the target is not used while this is lent, which ends with the last `Done` below.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), target.len()) };
        assert_eq!(pair.shm.get(OTHER, into, key.at(op * 1000), OpToken(op)), Post::Accepted);
    }
    let (mut ended, mut good, mut closed) = (HashSet::new(), Vec::new(), false);
    let start = Instant::now();
    while !closed {
        pair.shm.poll(&mut |event| match event {
            Inbound::Done { op, outcome } => {
                assert!(!closed && ended.insert(op.0), "{op:?} ended twice, or after the end");
                if outcome.is_ok() {
                    good.push(op.0);
                }
            }
            Inbound::Closed(why) => {
                assert_eq!((why.kind, closed), (ClosedKind::Died, false));
                closed = true;
            }
            Inbound::Frame { .. } => panic!("nothing more was sent"),
        });
        if good.len() == 3 {
            let _ = pair.child.kill();
        }
        assert!(start.elapsed() < PATIENCE, "{} ended", ended.len());
    }
    assert_eq!(ended.len(), targets.len());
    assert!(good.len() < targets.len(), "it was killed in the middle");
    for op in good {
        let target = &targets[op as usize];
        assert!((0..target.len()).all(|i| target[i] == ((i + op as usize * 1000) % 251) as u8), "{op}");
    }
}

#[test]
fn a_frame_wakes_whoever_sleeps_by_a_word_or_a_descriptor() {
    let mut pair = Pair::with("answer");
    for by in [WakeBy::Any, WakeBy::Descriptor, WakeBy::Descriptor, WakeBy::Any] {
        let mut slept = 0;
        for _ in 0..5 {
            assert_eq!(pair.shm.send(OTHER, b"slowly", b"?"), Post::Accepted);
            slept += pair.sleep_until_a_frame(by);
        }
        assert!(slept > 0, "{by:?}: it never slept");
        for _ in 0..2000 {
            assert_eq!(pair.shm.send(OTHER, b"at once", b"?"), Post::Accepted);
            pair.sleep_until_a_frame(by);
        }
    }
}

#[test]
fn a_stopped_peer_makes_busy_and_then_gets_everything() {
    let mut pair = Pair::with("answer");
    // It must have begun, lest it misses the signal to go on.
    assert_eq!(pair.shm.send(OTHER, b"at once", b"?"), Post::Accepted);
    pair.sleep_until_a_frame(WakeBy::Any);
    pair.stop();
    let mut accepted = 0;
    loop {
        let (header, payload) = frame(accepted);
        match pair.shm.send(OTHER, &header, &payload) {
            Post::Accepted => accepted += 1,
            Post::Busy => break,
            Post::Closed => panic!("a stopped peer is not a dead one"),
        }
        assert!(accepted < 1_000_000, "there must be an end of the room");
    }
    for _ in 0..100 {
        assert_eq!(pair.shm.send(OTHER, &[0; 64], &[0; 16_384]), Post::Busy);
        pair.shm.poll(&mut |event| panic!("{event:?}"));
    }
    pair.signal(Signal::CONT);
    let next = std::cell::Cell::new(0);
    let sink = |event: Inbound<'_>| {
        let Inbound::Frame { header, payload, .. } = event else { panic!("{event:?}") };
        let expected = frame(next.get());
        assert!(header == expected.0 && payload.to_vec() == expected.1, "answer {}", next.get());
        next.set(next.get() + 1);
    };
    pair.poll_until("the answers", sink, || next.get() == accepted);
}

#[test]
fn a_sender_that_waits_for_room_learns_of_the_death() {
    let mut pair = Pair::with("answer");
    pair.stop();
    while pair.shm.send(OTHER, b"header", &[7; 10_000]) == Post::Accepted {}
    pair.child.kill().unwrap();
    let start = Instant::now();
    let mut closed = 0;
    while pair.shm.send(OTHER, b"header", &[7; 10_000]) != Post::Closed {
        pair.shm.poll(&mut |event| closed += usize::from(matches!(event, Inbound::Closed(_))));
        assert!(start.elapsed() < PATIENCE, "the death was not noticed");
    }
    while closed == 0 {
        pair.shm.poll(&mut |event| closed += usize::from(matches!(event, Inbound::Closed(_))));
        assert!(start.elapsed() < PATIENCE, "the death was not told");
    }
    assert_eq!(closed, 1);
}

#[test]
fn the_last_words_of_a_process_that_left_are_heard() {
    for _ in 0..20 {
        let mut pair = Pair::with("leave");
        let _ = pair.child.wait();
        let events = std::cell::RefCell::new(Vec::new());
        let sink = |event: Inbound<'_>| match event {
            Inbound::Frame { header, payload, .. } => {
                events.borrow_mut().push([header, &payload.to_vec()].concat());
            }
            Inbound::Closed(closed) => events.borrow_mut().push(format!("{:?}", closed.kind).into_bytes()),
            Inbound::Done { .. } => panic!("nothing was asked for"),
        };
        pair.poll_until("the end", sink, || events.borrow().len() == 2);
        assert_eq!(*events.borrow(), [b"lastwords".to_vec(), b"Died".to_vec()]);
    }
}

#[test]
fn an_address_whose_process_has_ended_is_refused() {
    let mut pair = Pair::with("leave");
    let address = pair.address.clone();
    let _ = pair.child.wait();
    let other = Shm::new(Config::default(), Peer(0), 2).unwrap();
    assert!(other.reaches(&address).unwrap_err().contains("has ended"));
}
