//! Frames and puts between transports of one process, over IPv4 and IPv6 loopback.

mod common;

use common::{Heard, V4, V6, World};
use olympi_tcp::Config;
use olympi_transport_api::{OpToken, Peer, Post, RecvBuf, RmaError, SendBuf, Transport};

#[test]
fn frames_of_every_size_arrive_once_and_in_order() {
    for family in [V4, V6] {
        let mut world = World::new(2, &Config { family, ..Config::default() });
        world.connect(0, 1);
        let max = world.ranks[0].caps().max_frame;
        let sizes = [0, 1, 8, 1023, 1024, 1025, 4096, max - 64];
        for round in 0..50_u8 {
            for (i, &size) in sizes.iter().enumerate() {
                let header = vec![i as u8; (round as usize) % 65];
                let payload = vec![round; size];
                world.send(0, 1, &header, &payload);
                world.send(1, 0, &header, &payload);
            }
        }
        let total = 50 * sizes.len();
        world.until(|heard| heard[0].len() == total && heard[1].len() == total);
        for rank in 0..2 {
            for (n, heard) in world.heard[rank].iter().enumerate() {
                let (round, i) = (n / sizes.len(), n % sizes.len());
                let expected = Heard::Frame(
                    Peer(1 - rank as u32),
                    vec![i as u8; round % 65],
                    vec![round as u8; sizes[i]],
                );
                assert!(*heard == expected, "rank {rank}, frame {n}");
            }
        }
        let story = world.ranks[0].describe(Peer(1));
        assert!(story.contains(if family == V4 { "127.0.0.1" } else { "[::1]" }), "{story}");
    }
}

#[test]
fn a_put_lies_in_the_region_before_any_later_frame() {
    let mut world = World::new(2, &Config::default());
    world.connect(0, 1);
    for len in [0, 1, 5000, 1 << 20, 5 << 20] {
        let source: Vec<u8> = (0..len).map(|i| (i * 7 + len) as u8).collect();
        let mut target = vec![0_u8; len + 2];
        // SAFETY: both live to the end of this block, and neither is touched before the operation has ended.
        let (from, into) =
            unsafe { (SendBuf::lend(source.as_ptr(), len), RecvBuf::lend(target.as_mut_ptr(), len + 2)) };
        let region = world.ranks[1].register(into.extent()).unwrap();
        let half = len / 2;
        for (part, at) in [(from.part(half, len), half), (from.part(0, half), 0)] {
            world.post(0, |tcp| tcp.put(Peer(1), part, region.key().at(1 + at as u64), OpToken(at as u64)));
        }
        world.send(0, 1, b"there", &[]);
        let frame = Heard::Frame(Peer(0), b"there".to_vec(), Vec::new());
        world.until(|heard| heard[1].contains(&frame) && heard[0].len() == 2);
        let done = |op| Heard::Done(OpToken(op), Ok(()));
        assert_eq!(world.heard[0], [done(half as u64), done(0)]);
        drop(region);
        assert!(target[0] == 0 && target[len + 1] == 0 && target[1..=len] == source[..], "length {len}");
        world.heard.iter_mut().for_each(Vec::clear);
    }
}

#[test]
fn a_put_to_a_dropped_region_is_drained() {
    let mut world = World::new(2, &Config::default());
    world.connect(0, 1);
    let source = vec![9_u8; 3 << 20];
    let mut target = vec![0_u8; 3 << 20];
    // SAFETY: as above; the region is dropped before `target` is read.
    let (from, into) = unsafe {
        (SendBuf::lend(source.as_ptr(), source.len()), RecvBuf::lend(target.as_mut_ptr(), target.len()))
    };
    let region = world.ranks[1].register(into.extent()).unwrap();
    let key = region.key();
    world.post(0, |tcp| tcp.put(Peer(1), from, key, OpToken(1)));
    // Part of it may have been written by now; nothing may be once the region is gone.
    world.turn();
    drop(region);
    let before = target.clone();
    world.send(0, 1, b"after", &[1]);
    world.post(0, |tcp| tcp.put(Peer(1), from.part(0, 100), key, OpToken(2)));
    world.send(0, 1, b"last", &[]);
    world.until(|heard| heard[1].len() == 2 && heard[0].len() == 2);
    assert!(before == target);
    assert_eq!(world.heard[1][1], Heard::Frame(Peer(0), b"last".to_vec(), Vec::new()));
}

#[test]
fn a_put_to_other_memory_cuts_the_peer_off() {
    for wrong in 0..4 {
        let mut world = World::new(3, &Config::default());
        world.connect(0, 1);
        world.connect(2, 1);
        let mut target = [0_u8; 64];
        // SAFETY: `target` outlives the regions and is not touched while they live.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), 64) };
        let from = SendBuf::from_static(&[1; 64]);
        let writable = world.ranks[1].register(into.extent()).unwrap();
        let readable = world.ranks[1].register(from.extent()).unwrap();
        let mut key = writable.key();
        match wrong {
            0 => key.key += 5,
            1 => key.key += 1 << 32,
            2 => key = key.at(1),
            _ => key = readable.key(),
        }
        world.post(0, |tcp| tcp.put(Peer(1), from, key, OpToken(3)));
        world.until(|heard| heard[1].iter().any(Heard::closed) && heard[0].iter().any(Heard::closed));
        let Heard::Closed(peer, kind, _) = &world.heard[1][0] else { panic!("{:?}", world.heard[1]) };
        assert_eq!((*peer, *kind), (Peer(0), olympi_transport_api::ClosedKind::Malformed));
        assert_eq!(world.ranks[1].send(Peer(0), b"", b""), Post::Closed);
        // Others go on.
        world.send(2, 1, b"on", b"and on");
        world.until(|heard| heard[1].len() == 2);
        drop((writable, readable));
        assert_eq!(target, [0; 64]);
    }
}

#[test]
fn back_pressure_is_busy_and_loses_nothing() {
    let config = Config { queue: 64 << 10, socket_buffer: 16 << 10, ..Config::default() };
    let mut world = World::new(2, &config);
    world.connect(0, 1);
    world.send(0, 1, &0_u32.to_le_bytes(), &[3; 5000]);
    let mut accepted = 1_u32;
    let payload = [3_u8; 5000];
    loop {
        match world.ranks[0].send(Peer(1), &accepted.to_le_bytes(), &payload) {
            Post::Accepted => accepted += 1,
            Post::Busy => break,
            Post::Closed => panic!("closed"),
        }
        assert!(accepted < 10_000, "a queue without a bound");
    }
    assert!(!world.ranks[0].drained());
    world.until(|heard| heard[1].len() == accepted as usize);
    for (n, heard) in (0_u32..).zip(&world.heard[1]) {
        assert!(*heard == Heard::Frame(Peer(0), n.to_le_bytes().to_vec(), payload.to_vec()), "frame {n}");
    }
    world.turn();
    assert!(world.ranks[0].drained());
}

#[test]
fn what_was_accepted_arrives_although_the_sender_leaves_with_unread_bytes() {
    let mut world = World::new(2, &Config::default());
    world.connect(0, 1);
    for n in 0..100_u8 {
        world.send(1, 0, &[n], &[n; 1000]);
        world.send(0, 1, &[n], &[n; 3000]);
    }
    // Rank 0 has not polled since, so what rank 1 sent is unread.
    let zero = world.ranks.remove(0);
    drop(zero);
    let one = &mut world.ranks[0];
    let mut frames = 0;
    let mut closed = None;
    common::guard(|| {
        one.poll(&mut |event| match Heard::from(event) {
            Heard::Frame(..) => frames += 1,
            other => closed = Some(other),
        });
        closed.is_some()
    });
    assert_eq!(frames, 100);
    assert!(matches!(closed, Some(Heard::Closed(Peer(0), olympi_transport_api::ClosedKind::Died, _))));
}

#[test]
fn a_put_under_way_to_a_peer_that_leaves_is_told_once_and_before_the_end() {
    let mut world = World::new(2, &Config::default());
    world.connect(0, 1);
    let source = vec![1_u8; 64 << 20];
    let mut target = vec![0_u8; 64 << 20];
    // SAFETY: both outlive the transports, which are dropped first.
    let (from, into) = unsafe {
        (SendBuf::lend(source.as_ptr(), source.len()), RecvBuf::lend(target.as_mut_ptr(), target.len()))
    };
    let region = world.ranks[1].register(into.extent()).unwrap();
    for op in 0..3 {
        world.post(0, |tcp| tcp.put(Peer(1), from, region.key(), OpToken(op)));
    }
    let one = world.ranks.remove(1);
    let leaving = std::thread::spawn(move || drop(one));
    world.until(|heard| heard[0].iter().any(Heard::closed));
    leaving.join().unwrap();
    let gone = Err(RmaError::PeerGone { peer: Peer(1) });
    let told: Vec<_> = world.heard[0].iter().take(3).cloned().collect();
    for (op, heard) in told.iter().enumerate() {
        let Heard::Done(token, outcome) = heard else { panic!("{heard:?}") };
        assert_eq!(*token, OpToken(op as u64));
        // The peer reads on until its linger ends, so the first may have got through.
        assert!(*outcome == gone || outcome.is_ok());
    }
    assert_eq!(world.heard[0].len(), 4);
    assert_eq!(world.ranks[0].put(Peer(1), from, region.key(), OpToken(9)), Post::Closed);
    drop(region);
}
