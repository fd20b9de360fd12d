//! Sleeping and waking, leaving and dying.
#![allow(clippy::cast_possible_truncation)]

mod rank;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use olympi_transport::{Config, Mode, Peer, SendError, Sent};
use rank::{Book, Rank, config, pattern, run};

/// Patience at an end: whoever waits sleeps.
const SLEEPY: (&str, &str) = ("OLYMPI_OVERSUBSCRIBED", "1");

#[test]
fn sleepers_are_woken_over_each_transport() {
    for transports in ["shm", "tcp", "shm,tcp"] {
        let with = config(&[SLEEPY, ("OLYMPI_TRANSPORTS", transports)]);
        let mut ranks = Rank::some(&[with.clone(), with]);
        assert!(ranks[0].progress.patience().spin.is_zero());
        let mut b = ranks.pop().expect("two ranks");
        let mut a = ranks.pop().expect("two ranks");
        let rounds: Vec<usize> = (0..60).map(|round| [1, 30_000, 200_000][round % 3]).collect();
        thread::scope(|scope| {
            let (there, back) = (rounds.clone(), rounds);
            scope.spawn(move || {
                for (round, len) in there.into_iter().enumerate() {
                    let (bytes, mut got) = (pattern(len, round), vec![0; len]);
                    let (send, begun) = a.send(1, round as i32, Mode::Standard, &bytes);
                    if begun.expect("it lives") == Sent::Pending {
                        a.wait(|mail| mail.sent.contains_key(&send));
                    }
                    let receive = a.receive(round as i32, &mut got);
                    a.wait(|mail| mail.received.contains_key(&receive));
                    assert!(got == bytes);
                }
            });
            scope.spawn(move || {
                for (round, len) in back.into_iter().enumerate() {
                    let mut got = vec![0; len];
                    let receive = b.receive(round as i32, &mut got);
                    b.wait(|mail| mail.received.contains_key(&receive));
                    let (send, begun) = b.send(0, round as i32, Mode::Synchronous, &got);
                    assert_eq!(begun, Ok(Sent::Pending));
                    b.wait(|mail| mail.sent.contains_key(&send));
                }
            });
        });
    }
}

#[test]
fn the_end_of_a_peer_ends_what_waits_for_it_and_is_told_once() {
    for transports in ["shm", "tcp"] {
        let with = config(&[SLEEPY, ("OLYMPI_TRANSPORTS", transports)]);
        let mut ranks = Rank::some(&[with.clone(), with.clone(), with]);
        let bytes = pattern(500_000, 3);
        let (hello, begun) = ranks[0].send(1, 1, Mode::Synchronous, &bytes[..1]);
        assert_eq!(begun, Ok(Sent::Pending));
        run(&mut ranks, |ranks| ranks[1].has_unexpected(1));
        let (long, begun) = ranks[0].send(1, 2, Mode::Standard, &bytes);
        assert_eq!(begun, Ok(Sent::Pending));
        drop(ranks.remove(1));
        ranks[0].wait(|mail| mail.closed.iter().any(|closed| closed.peer == Peer(1)));
        for send in [hello, long] {
            let ended = ranks[0].mail.sent.remove(&send);
            assert!(matches!(ended, Some(Err(SendError::PeerGone(_)))), "{ended:?}");
        }
        let (_, refused) = ranks[0].send(1, 3, Mode::Standard, b"x");
        assert!(matches!(refused, Err(SendError::PeerGone(_))));
        // The third is still there.
        let mut got = [0; 1];
        let receive = ranks[1].receive(4, &mut got);
        let (_, begun) = ranks[0].send(2, 4, Mode::Standard, b"x");
        assert!(begun.is_ok());
        run(&mut ranks, |ranks| ranks[1].mail.received.contains_key(&receive));
        assert_eq!(got, *b"x");
    }
}

/// The environment that makes a process of this test the other rank: transports, and the first rank's address.
const OTHER: &str = "OLYMPI_TEST_OTHER";

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("digits")).collect()
}

/// Started by the test below as another process; alone it has nothing to do.
#[test]
fn other_process() {
    let Ok(told) = std::env::var(OTHER) else { return };
    let (transports, address) = told.split_once(' ').expect("two words");
    let book = Book::default();
    book.lock().unwrap().insert(Peer(0), from_hex(address));
    let with = config(&[SLEEPY, ("OLYMPI_TRANSPORTS", transports)]);
    let mut rank = Rank::start(1, 2, with, &book).expect("starts");
    // The test harness writes to standard output too, without a line's end.
    println!("\naddress {}", to_hex(&rank.progress.address()));
    std::io::stdout().flush().expect("the parent reads");
    let mut got = vec![0; 1_000_000];
    let receive = rank.receive(1, &mut got);
    rank.wait(|mail| mail.received.contains_key(&receive));
    let (send, begun) = rank.send(0, 2, Mode::Synchronous, &got);
    assert_eq!(begun, Ok(Sent::Pending));
    rank.wait(|mail| mail.sent.contains_key(&send));
    // Until it is killed.
    rank.wait(|mail| !mail.closed.is_empty());
}

#[test]
fn two_processes_talk_and_a_killed_one_is_noticed() {
    for transports in ["shm", "tcp"] {
        let book = Book::default();
        let with = config(&[SLEEPY, ("OLYMPI_TRANSPORTS", transports)]);
        let mut rank = Rank::start(0, 2, with, &book).expect("starts");
        let mut other = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "other_process", "--nocapture"])
            .env(OTHER, format!("{transports} {}", to_hex(&rank.progress.address())))
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test starts again");
        let lines = BufReader::new(other.stdout.take().expect("a pipe")).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("address ").map(from_hex))
            .expect("the other process publishes");
        book.lock().unwrap().insert(Peer(1), address);
        let (bytes, mut got) = (pattern(1_000_000, 9), vec![0; 1_000_000]);
        let (send, begun) = rank.send(1, 1, Mode::Standard, &bytes);
        assert_eq!(begun, Ok(Sent::Pending));
        let receive = rank.receive(2, &mut got);
        rank.wait(|mail| mail.sent.contains_key(&send) && mail.received.contains_key(&receive));
        assert!(got == bytes);
        let (orphan, begun) = rank.send(1, 3, Mode::Synchronous, &bytes);
        assert_eq!(begun, Ok(Sent::Pending));
        other.kill().expect("it still runs");
        other.wait().expect("it has ended");
        rank.wait(|mail| !mail.closed.is_empty());
        assert!(matches!(rank.mail.sent.get(&orphan), Some(Err(SendError::PeerGone(_)))));
    }
}

#[test]
fn an_idle_rank_sleeps_on_what_it_has() {
    let mut alone = Rank::some(&[Config::default()]).remove(0);
    assert!(alone.progress.arm().is_some(), "nothing is pending");
    alone.progress.disarm();
    let (_, begun) = alone.send(0, 1, Mode::Standard, b"x");
    assert_eq!(begun, Ok(Sent::Done));
    assert!(alone.progress.arm().is_none(), "a message waits");
    assert!(!alone.progress.drained());
    alone.poll();
    assert!(alone.progress.arm().is_some() && alone.progress.drained());
    alone.progress.disarm();
}
