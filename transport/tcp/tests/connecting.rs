//! How a connection comes to be: both at once, by whichever address leads there, or not at all.

mod common;

use std::net::TcpListener;

use common::{Heard, SECRET, V4, V6, World, guard};
use olympi_tcp::fuzz::Reach;
use olympi_tcp::{Config, Tcp};
use olympi_transport_api::{Address, ClosedKind, ConnectError, Peer, Post, Transport, Wake, WakeBy};

/// Polls a chosen rank `n` times, so that the two get ahead of each other in many ways.
fn turns(world: &mut World, rank: usize, n: usize) {
    for _ in 0..n {
        let heard = &mut world.heard[rank];
        world.ranks[rank].poll(&mut |event| heard.push(event.into()));
    }
}

#[test]
fn a_simultaneous_connect_leaves_one_connection_and_every_frame() {
    let config = Config::default();
    for round in 0..200_usize {
        let mut world = World::new(2, &config);
        let first = round % 2;
        world.connect(first, 1 - first);
        turns(&mut world, 0, round / 2 % 4);
        turns(&mut world, 1, round / 8 % 4);
        world.connect(1 - first, first);
        turns(&mut world, first, round / 32 % 4);
        let mut next = [0_u8; 2];
        guard(|| {
            for (rank, next) in next.iter_mut().enumerate() {
                let to = Peer(1 - rank as u32);
                if *next < 20 && world.ranks[rank].send(to, &[*next], b"x") == Post::Accepted {
                    *next += 1;
                }
                turns(&mut world, (rank + round) % 2, 1 + round % 3);
            }
            world.heard.iter().all(|h| h.len() == 20)
        });
        // Nothing else follows, a loser's end least of all.
        for _ in 0..100 {
            world.turn();
        }
        for (rank, heard) in world.heard.iter().enumerate() {
            let expected: Vec<Heard> =
                (0..20).map(|n| Heard::Frame(Peer(1 - rank as u32), vec![n], b"x".to_vec())).collect();
            assert_eq!(*heard, expected, "round {round}, rank {rank}");
        }
    }
}

#[test]
fn a_simultaneous_connect_of_two_threads() {
    for _ in 0..50 {
        let mut world = World::new(2, &Config::default());
        let addresses = [world.ranks[1].address(), world.ranks[0].address()];
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for (mut tcp, address) in world.ranks.drain(..).zip(addresses) {
                let start = &start;
                scope.spawn(move || {
                    let peer = Peer(u32::from(tcp.describe(Peer(0)).contains("no connection")));
                    let peer = if tcp.connect(peer, &address).is_ok() { peer } else { Peer(1 - peer.0) };
                    start.wait();
                    let _ = tcp.connect(peer, &address);
                    let (mut sent, mut heard) = (0_u8, 0_u8);
                    guard(|| {
                        if sent < 50 && tcp.send(peer, &[sent], b"") == Post::Accepted {
                            sent += 1;
                        }
                        tcp.poll(&mut |event| match Heard::from(event) {
                            Heard::Frame(_, header, _) => {
                                assert_eq!(header, [heard]);
                                heard += 1;
                            }
                            other => assert!(heard == 50, "{other:?}"),
                        });
                        sent == 50 && heard == 50 && tcp.drained()
                    });
                });
            }
        });
    }
}

#[test]
fn only_one_side_connects_and_both_may_send() {
    for (from, to) in [(0, 1), (1, 0)] {
        let mut world = World::new(2, &Config::default());
        world.connect(from, to);
        world.send(to, from, b"a", b"");
        // Now it stands; connecting as well changes nothing.
        world.connect(to, from);
        world.send(from, to, b"b", b"");
        world.until(|heard| heard.iter().all(|h| h.len() == 1));
    }
}

#[test]
fn a_rank_of_another_job_is_not_taken_for_the_peer() {
    let config = Config { connect_rounds: 2, ..Config::default() };
    let mut zero = Tcp::new(config, Peer(0), 2, SECRET).unwrap();
    let mut other = Tcp::new(Config::default(), Peer(1), 2, [1; 32]).unwrap();
    zero.connect(Peer(1), &other.address()).unwrap();
    let mut heard = Vec::new();
    guard(|| {
        other.poll(&mut |event| panic!("{event:?}"));
        zero.poll(&mut |event| heard.push(Heard::from(event)));
        // It cannot say no for certain (a peer may close a connection for another one), so it goes on for a while.
        zero.describe(Peer(1)).contains("closed the connection before it was proven")
    });
    assert!(heard.is_empty());
    assert_eq!(zero.send(Peer(1), b"", b""), Post::Busy);
}

#[test]
fn nobody_there_is_told_with_every_address() {
    // Ports that were just free; nobody listens on them now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut zero = Tcp::new(Config { connect_rounds: 2, ..Config::default() }, Peer(0), 2, SECRET).unwrap();
    let mut reach = Reach::decode(&zero.address().0).unwrap();
    reach.port = port;
    zero.connect(Peer(1), &Address(reach.encode())).unwrap();
    let mut heard = Vec::new();
    guard(|| {
        // Asleep between the polls, as a rank that waits is.
        if let Wake::Descriptor(fd) = zero.arm(WakeBy::Descriptor) {
            wait(fd);
        }
        zero.disarm();
        zero.poll(&mut |event| heard.push(Heard::from(event)));
        !heard.is_empty()
    });
    let [Heard::Closed(Peer(1), ClosedKind::Unreachable, text)] = &heard[..] else { panic!("{heard:?}") };
    for (address, _) in &reach.addresses {
        assert!(text.contains(&address.to_string()), "{address} is not in: {text}");
    }
    assert!(text.contains("refused") && text.contains("(2 times)"), "{text}");
    assert_eq!(zero.send(Peer(1), b"", b""), Post::Closed);
    assert!(zero.describe(Peer(1)).contains("gone"));
}

#[test]
fn a_malformed_address_is_refused_with_its_reason() {
    let mut zero = Tcp::new(Config::default(), Peer(0), 2, SECRET).unwrap();
    let good = zero.address();
    for bytes in [Vec::new(), vec![9; 20], good.0[..good.0.len() - 1].to_vec(), vec![1; 300]] {
        let answer = zero.connect(Peer(1), &Address(bytes));
        assert!(matches!(answer, Err(ConnectError::BadAddress { peer: Peer(1), .. })), "{answer:?}");
    }
    assert!(zero.connect(Peer(0), &good).is_err(), "itself");
    assert!(zero.connect(Peer(2), &good).is_err(), "beyond the job");
}

#[test]
fn families_that_do_not_meet_are_an_error_at_once() {
    let six = Tcp::new(Config { family: V6, ..Config::default() }, Peer(1), 2, SECRET).unwrap();
    let mut four = Tcp::new(Config { family: V4, ..Config::default() }, Peer(0), 2, SECRET).unwrap();
    let answer = four.connect(Peer(1), &six.address());
    assert!(matches!(answer, Err(ConnectError::Unreachable { .. })), "{answer:?}");
}

#[test]
fn a_sleeper_is_woken_by_a_connection_and_by_a_frame_and_by_room() {
    let config = Config { queue: 1024, ..Config::default() };
    let mut world = World::new(2, &config);
    let mut one = world.ranks.remove(1);
    let mut zero = world.ranks.remove(0);
    let address = one.address();
    const FRAMES: usize = 2000;
    let sender = std::thread::spawn(move || {
        zero.connect(Peer(1), &address).unwrap();
        let mut sent = 0;
        guard(|| {
            while sent < FRAMES && zero.send(Peer(1), &[7], &[1; 10_000]) == Post::Accepted {
                sent += 1;
            }
            // Told to sleep, it sleeps: only the descriptor brings it back.
            if let Wake::Descriptor(fd) = zero.arm(WakeBy::Any)
                && !(sent == FRAMES && zero.drained())
            {
                wait(fd);
            }
            zero.disarm();
            zero.poll(&mut |event| panic!("{event:?}"));
            sent == FRAMES && zero.drained()
        });
    });
    let mut heard = 0;
    guard(|| {
        if let Wake::Descriptor(fd) = one.arm(WakeBy::Descriptor) {
            wait(fd);
        }
        one.disarm();
        one.poll(&mut |event| heard += usize::from(matches!(Heard::from(event), Heard::Frame(..))));
        heard == FRAMES
    });
    sender.join().unwrap();
}

/// Sleeps until the descriptor is readable; half a minute is a hang.
fn wait(fd: i32) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    // SAFETY: the transport that gave it lives on.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    let mut set = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let n = poll(&mut set, Some(&Timespec { tv_sec: 30, tv_nsec: 0 })).unwrap();
    assert_eq!(n, 1, "nobody wakes the sleeper");
}
