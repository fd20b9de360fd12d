//! What is not of the job changes nothing for it.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Heard, SECRET, World, guard};
use olympi_tcp::{Config, Tcp};
use olympi_transport_api::{Peer, Post, Transport};

fn quick() -> Config {
    Config { proof_timeout: Duration::from_millis(200), strangers: 8, ..Config::default() }
}

fn knock(world: &World, rank: usize) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", world.ranks[rank].port())).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

/// Polls the world until the other end has closed this connection, without having said a word.
fn shown_the_door(world: &mut World, stream: &mut TcpStream) {
    let mut byte = [0; 256];
    guard(|| {
        world.turn();
        match stream.read(&mut byte) {
            Ok(0) => true,
            Ok(n) => panic!("it was answered with {n} bytes"),
            Err(e) if e.kind() == ErrorKind::WouldBlock => false,
            Err(_) => true,
        }
    });
}

/// Two ranks that talk still do.
fn alive(world: &mut World) {
    world.heard.iter_mut().for_each(Vec::clear);
    world.send(0, 1, b"still", b"here");
    world.send(1, 0, b"still", b"here");
    world.until(|heard| heard.iter().all(|h| h.len() == 1));
    assert!(world.heard.iter().flatten().all(|h| matches!(h, Heard::Frame(..))));
}

#[test]
fn garbage_partial_hellos_and_silence_get_no_answer() {
    let mut world = World::new(2, &quick());
    let garbage = [0xA5; 4096];
    let http = b"GET / HTTP/1.1\r\nHost: rank\r\nUser-Agent: somebody who scans ports all day long\r\n\r\n";
    for connected in [false, true] {
        if connected {
            world.connect(0, 1);
            alive(&mut world);
        }
        for bytes in [&garbage[..], &garbage[..40], http, b"OLYMPI-T", b"OLYMPI-T\x01", b""] {
            for leave in [false, true] {
                let mut stream = knock(&world, 1);
                stream.write_all(bytes).unwrap();
                if leave {
                    stream.shutdown(Shutdown::Write).unwrap();
                }
                shown_the_door(&mut world, &mut stream);
            }
        }
        assert!(world.heard.iter().all(|h| h.is_empty() || connected));
    }
    alive(&mut world);
}

/// A hello as a member of the job makes it, caught by a listener of ours.
fn caught_hello() -> Vec<u8> {
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut member = Tcp::new(Config::default(), Peer(0), 2, SECRET).unwrap();
    let mut reach = olympi_tcp::fuzz::Reach::decode(&member.address().0).unwrap();
    reach.port = trap.local_addr().unwrap().port();
    reach.addresses.retain(|(a, _)| a.is_loopback() && a.is_ipv4());
    member.connect(Peer(1), &olympi_transport_api::Address(reach.encode())).unwrap();
    let (mut stream, _) = trap.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut hello = Vec::new();
    guard(|| {
        member.poll(&mut |_| {});
        let mut bytes = [0; 256];
        if let Ok(n) = stream.read(&mut bytes) {
            hello.extend(&bytes[..n]);
        }
        hello.len() >= 88
    });
    hello
}

#[test]
fn a_replayed_hello_earns_a_challenge_and_nothing_more() {
    let hello = caught_hello();
    let mut world = World::new(2, &quick());
    for stage in 0..2 {
        let mut stream = knock(&world, 1);
        stream.write_all(&hello).unwrap();
        let mut answer = Vec::new();
        guard(|| {
            world.turn();
            let mut bytes = [0; 256];
            match stream.read(&mut bytes) {
                // Once the two are connected, there is nothing to prove any more.
                Ok(0) => stage == 1,
                Ok(n) => {
                    answer.extend(&bytes[..n]);
                    answer.len() == 64
                }
                Err(e) => e.kind() != ErrorKind::WouldBlock,
            }
        });
        assert_eq!(answer.len(), if stage == 0 { 64 } else { 0 });
        if stage == 0 {
            // A second one at the same time is a replay by its nonce, and gets nothing.
            let mut again = knock(&world, 1);
            again.write_all(&hello).unwrap();
            shown_the_door(&mut world, &mut again);
            // The challenge reflected, or a guess, is no proof.
            stream.write_all(&answer[32..]).unwrap();
            stream.write_all(&[0x55]).unwrap();
            shown_the_door(&mut world, &mut stream);
            world.connect(0, 1);
            alive(&mut world);
        }
    }
    alive(&mut world);
}

#[test]
fn a_member_of_another_job_stays_outside() {
    let mut world = World::new(2, &quick());
    let mut thief = Tcp::new(Config::default(), Peer(0), 2, [1; 32]).unwrap();
    thief.connect(Peer(1), &world.ranks[1].address()).unwrap();
    for _ in 0..500 {
        thief.poll(&mut |event| panic!("{event:?}"));
        world.turn();
        assert_eq!(thief.send(Peer(1), b"", b""), Post::Busy);
    }
    assert!(world.heard.iter().all(Vec::is_empty));
    world.connect(0, 1);
    alive(&mut world);
}

#[test]
fn thousands_of_strangers_do_not_disturb_a_running_exchange() {
    let mut world = World::new(2, &Config::default());
    let port = world.ranks[1].port();
    world.connect(0, 1);
    alive(&mut world);
    world.heard.iter_mut().for_each(Vec::clear);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Some stall with half a hello, some pour out garbage, some leave at once.
            let mut stalling = std::collections::VecDeque::new();
            for n in 0..2500_usize {
                let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = stream.set_nonblocking(true);
                match n % 3 {
                    0 => drop(stream.write(&[n as u8; 2000])),
                    1 => {
                        let _ = stream.write(b"OLYMPI-T");
                        stalling.push_back(stream);
                    }
                    _ => {}
                }
                if stalling.len() > 200 {
                    stalling.pop_front();
                }
            }
            over.store(true, Ordering::Release);
        });
        let mut sent = 0_u32;
        guard(|| {
            let done = over.load(Ordering::Acquire);
            for _ in 0..20 {
                if world.ranks[0].send(Peer(1), &sent.to_le_bytes(), &[5; 2000]) == Post::Accepted {
                    sent += 1;
                }
                world.turn();
            }
            done
        });
        world.until(|heard| heard[1].len() == sent as usize);
        for (n, heard) in (0_u32..).zip(&world.heard[1]) {
            assert!(*heard == Heard::Frame(Peer(0), n.to_le_bytes().to_vec(), vec![5; 2000]), "frame {n}");
        }
    });
    alive(&mut world);
    // And a newcomer still gets in.
    let mut world = World::new(3, &Config::default());
    let crowd: Vec<TcpStream> = (0..150).map(|_| knock(&world, 1)).collect();
    world.connect(0, 1);
    alive_between(&mut world);
    drop(crowd);
}

fn alive_between(world: &mut World) {
    world.send(0, 1, b"through", b"the crowd");
    world.until(|heard| heard[1].len() == 1);
}
