//! Raw buffers between ranks: the modes, the wildcards, the orders, the errors.

mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::{run, run_with};
use olympi_comm::{ANY_SOURCE, ANY_TAG, Config, Error, PROC_NULL, RecvError, SendError, wait_all};

/// Lengths around every border: the line, the slots, the frame, the train, the rendezvous.
const LENGTHS: [usize; 18] = [
    0,
    1,
    7,
    8,
    39,
    40,
    41,
    255,
    1000,
    2048,
    4095,
    8192,
    33_000,
    65_536,
    100_000,
    262_144,
    1_000_003,
    5 << 20,
];

fn pattern(len: usize, salt: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + (i >> 8) * 7 + salt) as u8).collect()
}

#[test]
fn every_length_arrives_whole_in_every_mode() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            universe.attach_buffer(64 << 20).unwrap();
            for len in LENGTHS {
                if world.rank() == 0 {
                    world.send(&pattern(len, 0), 1, 0).unwrap();
                    world.bsend(&pattern(len, 1), 1, 1).unwrap();
                    world.ssend(&pattern(len, 2), 1, 2).unwrap();
                    world.rsend(&pattern(len, 3), 1, 3).unwrap();
                    for (tag, request) in [
                        (4, world.isend(pattern(len, 4), 1, 4)),
                        (5, world.issend(pattern(len, 5), 1, 5)),
                        (6, world.ibsend(pattern(len, 6), 1, 6)),
                        (7, world.irsend(pattern(len, 7), 1, 7)),
                    ] {
                        assert_eq!(request.unwrap().wait().unwrap(), pattern(len, tag));
                    }
                } else {
                    for tag in 0..8 {
                        let mut data = vec![0; len];
                        let status = world.recv_into(&mut data, 0, tag).unwrap();
                        assert_eq!((status.bytes(), status.source(), status.tag()), (len, 0, tag));
                        assert!(data == pattern(len, tag as usize), "{len} bytes with tag {tag} are wrong");
                    }
                }
            }
            assert_eq!(universe.detach_buffer().unwrap(), 64 << 20);
        });
    }
}

#[test]
fn unexpected_messages_keep_until_they_are_received_in_another_order() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                let sends: Vec<_> = LENGTHS
                    .iter()
                    .zip(0..)
                    .map(|(&len, tag)| world.isend(pattern(len, 9), 1, tag).unwrap())
                    .collect();
                world.send(&1_u8, 1, 99).unwrap();
                wait_all(sends).unwrap();
            } else {
                world.recv::<u8>(0, 99).unwrap();
                for (tag, &len) in LENGTHS.iter().enumerate().rev() {
                    let (data, status) = world.recv_vec::<u8>(0, tag as i32).unwrap();
                    assert_eq!(status.bytes(), len);
                    assert!(data == pattern(len, 9));
                }
            }
        });
    }
}

#[test]
fn messages_of_one_sender_do_not_overtake_whatever_their_lengths() {
    for transport in harness::transports() {
        run(transport, 3, |universe| {
            let world = universe.world();
            let count = 300_u32;
            let len = |i: u32| LENGTHS[(i as usize * 7) % 14];
            if world.rank() > 0 {
                let sends: Vec<_> = (0..count)
                    .map(|i| {
                        let mut data = pattern(len(i).max(8), 0);
                        data[..4].copy_from_slice(&i.to_le_bytes());
                        world.isend(data, 0, (i % 3) as i32).unwrap()
                    })
                    .collect();
                wait_all(sends).unwrap();
            } else {
                let mut next = [0_u32; 3];
                for _ in 0..2 * count {
                    let (data, status) = world.recv_vec::<u8>(ANY_SOURCE, ANY_TAG).unwrap();
                    let i = u32::from_le_bytes(data[..4].try_into().unwrap());
                    let source = status.source() as usize;
                    assert_eq!(i, next[source], "rank {source} was overtaken");
                    assert_eq!((status.tag(), data.len()), ((i % 3) as i32, len(i).max(8)));
                    next[source] += 1;
                }
            }
        });
    }
}

#[test]
fn a_synchronous_send_does_not_end_before_its_receive_begins() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                for len in [0, 5, 100_000] {
                    let mut request = world.issend(pattern(len, 0), 1, 1).unwrap();
                    for _ in 0..100 {
                        assert!(request.test().unwrap().is_none(), "{len} bytes: no receive has begun");
                    }
                    world.send(&0_u8, 1, 2).unwrap();
                    assert_eq!(request.wait().unwrap().len(), len);
                }
            } else {
                for len in [0, 5, 100_000] {
                    world.recv::<u8>(0, 2).unwrap();
                    assert_eq!(world.recv_vec::<u8>(0, 1).unwrap().0.len(), len);
                }
            }
        });
    }
}

#[test]
fn a_truncated_message_is_an_error_and_later_ones_are_intact() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            for len in LENGTHS.into_iter().filter(|&len| len > 1) {
                if world.rank() == 0 {
                    world.send(&pattern(len, 1), 1, 0).unwrap();
                    world.ssend(&pattern(len, 2), 1, 0).unwrap();
                    world.send(&pattern(len, 3), 1, 0).unwrap();
                } else {
                    for salt in [1, 2] {
                        let mut data = vec![0xEE; len / 2];
                        match world.recv_into(&mut data, 0, 0) {
                            Err(RecvError::Truncated { source_rank: 0, tag: 0, sent, room }) => {
                                assert_eq!((sent, room), (len, len / 2));
                            }
                            other => panic!("{other:?}"),
                        }
                        assert!(data == pattern(len, salt)[..len / 2], "what fits is there");
                    }
                    assert!(world.recv_vec::<u8>(0, 0).unwrap().0 == pattern(len, 3));
                }
            }
        });
    }
}

#[test]
fn wrong_arguments_are_errors_at_once() {
    run("shm", 1, |universe| {
        let world = universe.world();
        assert!(matches!(world.send(&0_u8, 1, 0), Err(SendError::Rank { rank: 1, size: 1 })));
        assert!(matches!(world.send(&0_u8, ANY_SOURCE, 0), Err(SendError::Rank { rank: -1, .. })));
        assert!(matches!(world.send(&0_u8, 0, -2), Err(SendError::Tag { tag: -2 })));
        assert!(matches!(world.recv::<u8>(7, 0), Err(RecvError::Rank { rank: 7, size: 1 })));
        assert!(matches!(world.recv::<u8>(0, -5), Err(RecvError::Tag { tag: -5 })));
        let error = world.sendrecv(&1_u8, 3, 0, &mut 0_u8, 0, 0).unwrap_err();
        assert!(matches!(error, Error::Send(SendError::Rank { rank: 3, .. })));
        // After all these nothing is left behind.
        let request = world.isend(vec![5_u8], 0, 0).unwrap();
        assert_eq!(world.recv::<u8>(0, 0).unwrap().0, 5);
        request.wait().unwrap();
    });
}

#[test]
fn proc_null_takes_and_gives_nothing() {
    run("shm", 1, |universe| {
        let world = universe.world();
        world.send(&[1, 2, 3], PROC_NULL, 0).unwrap();
        world.ssend(&[1, 2, 3], PROC_NULL, 0).unwrap();
        let mut data = [7, 7];
        let status = world.recv_into(&mut data, PROC_NULL, 0).unwrap();
        assert_eq!((status.source(), status.tag(), status.count::<i32>()), (PROC_NULL, ANY_TAG, Some(0)));
        assert_eq!(data, [7, 7]);
        assert_eq!(world.irecv(vec![9_u8], PROC_NULL, 0).unwrap().wait().unwrap().0, [9]);
        assert_eq!(world.probe(PROC_NULL, 3).unwrap().source(), PROC_NULL);
        let message = world.mprobe(PROC_NULL, 3).unwrap();
        assert_eq!(message.recv_into(&mut data).unwrap().source(), PROC_NULL);
    });
}

#[test]
fn values_that_are_none_of_their_type_are_errors() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            world.send(&[1_u8, 0, 2], 1, 0).unwrap();
            world.send(&[1_u8, 0, 3], 1, 0).unwrap();
            world.send(&[0x61_u32, 0xD800].map(u32::to_le_bytes), 1, 0).unwrap();
            world.send(&[1_u8; 7], 1, 0).unwrap();
            world.send(&[1_u8; 7], 1, 0).unwrap();
            world.send(&[true, false], 1, 0).unwrap();
        } else {
            let mut flags = [true; 3];
            assert!(matches!(world.recv_into(&mut flags, 0, 0), Err(RecvError::Value { .. })));
            assert!(matches!(world.recv_vec::<bool>(0, 0), Err(RecvError::Value { .. })));
            assert!(matches!(world.recv_vec::<char>(0, 0), Err(RecvError::Value { .. })));
            assert!(matches!(world.recv_vec::<u32>(0, 0), Err(RecvError::Partial { sent: 7, size: 4, .. })));
            assert!(matches!(
                world.recv_into(&mut [0_u32; 4], 0, 0),
                Err(RecvError::Partial { sent: 7, size: 4, .. })
            ));
            assert_eq!(world.recv_vec::<bool>(0, 0).unwrap().0, [true, false]);
        }
    });
}

/// A message of `len` 64-bit integers, received in every way as something else: an error that names both, and the next
/// message is intact.
fn mistaken(world: &olympi_comm::Communicator, len: usize) {
    let told = |error: &dyn std::fmt::Display| {
        let text = error.to_string();
        assert!(text.contains("rank 0 with tag 4 is made of i64 or isize, but f64 was asked for"), "{text}");
    };
    let is = |error: &RecvError| {
        assert!(matches!(error, RecvError::Type { source_rank: 0, tag: 4, .. }), "{error}");
        told(error);
    };
    let mut data = vec![0.0_f64; len];
    is(&world.recv_into(&mut data[..], 0, 4).unwrap_err());
    is(&world.recv_vec::<f64>(0, 4).unwrap_err());
    is(&world.mprobe(0, 4).unwrap().recv_into(&mut data[..]).unwrap_err());
    is(&world.mprobe(0, 4).unwrap().recv_vec::<f64>().unwrap_err());
    told(&world.irecv(std::mem::take(&mut data), 0, 4).unwrap().wait().unwrap_err());
    told(&world.irecv_vec::<f64>(0, 4).unwrap().wait().unwrap_err());
    let mut persistent = world.recv_init(vec![0.0_f64; len], 0, 4).unwrap();
    persistent.start().unwrap();
    told(&persistent.wait().unwrap_err());
    let mut data = vec![0.0_f64; len];
    told(&world.scope(|scope| scope.irecv(&mut data[..], 0, 4)?.wait()).unwrap_err());
    // Too short for it besides: the type comes first, since it is the reason.
    is(&world.recv_into(&mut [0.0_f64; 0], 0, 4).unwrap_err());
    assert_eq!(world.recv_vec::<i64>(0, 4).unwrap().0, vec![7; len]);
    assert_eq!(world.recv_vec::<u8>(0, 4).unwrap().0.len(), 8 * len);
    assert_eq!(world.recv_vec::<[i64; 1]>(0, 4).unwrap().0.len(), len);
    let mut bytes = vec![0.0_f64; len];
    world.recv_into(&mut bytes[..], 0, 5).unwrap();
}

#[test]
fn a_message_of_another_type_is_an_error_that_names_both() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            // In one frame, in a train, as a rendezvous; before its receive, and after.
            for len in [1, 4, 3000, 100_000] {
                for late in [false, true] {
                    if world.rank() == 0 {
                        if late {
                            world.recv::<u8>(1, 6).unwrap();
                        }
                        let data = vec![7_i64; len];
                        let sends =
                            (0..12).map(|_| world.isend(data.clone(), 1, 4).unwrap()).collect::<Vec<_>>();
                        world.send(&vec![0_u8; 8 * len], 1, 5).unwrap();
                        wait_all(sends).unwrap();
                        world.ssend(&data, 1, 7).unwrap();
                    } else {
                        if late {
                            world.send(&0_u8, 0, 6).unwrap();
                        }
                        mistaken(world, len);
                        let error = world.recv_vec::<u64>(0, 7).unwrap_err();
                        assert!(matches!(error, RecvError::Type { .. }), "{error}");
                    }
                }
            }
        });
    }
}

#[test]
fn sendrecv_shifts_round_a_ring() {
    for transport in harness::transports() {
        run(transport, 5, |universe| {
            let world = universe.world();
            let (left, right) = ((world.rank() + 4) % 5, (world.rank() + 1) % 5);
            for len in [1, 1000, 200_000] {
                let mine = vec![world.rank(); len];
                let mut theirs = vec![-1; len];
                let status = world.sendrecv(&mine, right, 1, &mut theirs, left, 1).unwrap();
                assert_eq!((status.source(), status.count::<i32>()), (left, Some(len)));
                assert!(theirs.iter().all(|&x| x == left));
                let mut both = mine;
                world.sendrecv_replace(&mut both, right, 2, left, ANY_TAG).unwrap();
                assert_eq!(both, theirs);
            }
        });
    }
}

#[test]
fn probes_see_and_matched_probes_take() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            for len in [0, 10, 300_000] {
                if world.rank() == 0 {
                    let tags = [(1, 4), (2, 5), (3, 5), (4, 6)];
                    wait_all(tags.map(|(salt, tag)| world.isend(pattern(len, salt), 1, tag).unwrap()))
                        .unwrap();
                    world.recv::<u8>(1, 9).unwrap(); // The next length's messages would match too.
                } else {
                    let status = world.probe(ANY_SOURCE, 5).unwrap();
                    assert_eq!((status.source(), status.tag(), status.bytes()), (0, 5, len));
                    let first = world.mprobe(0, 5).unwrap();
                    // The earlier of the two is taken, so a receive gets the later one.
                    assert!(world.recv_vec::<u8>(0, 5).unwrap().0 == pattern(len, 3));
                    assert!(first.recv_vec::<u8>().unwrap().0 == pattern(len, 2));
                    assert!(world.improbe(0, 5).unwrap().is_none() && world.iprobe(0, 5).unwrap().is_none());
                    let fourth = world.mprobe(ANY_SOURCE, ANY_TAG).unwrap();
                    assert_eq!(fourth.status().tag(), 4);
                    let (data, _) = fourth.irecv(vec![0_u8; len]).unwrap().wait().unwrap();
                    assert!(data == pattern(len, 1));
                    drop(world.mprobe(0, 6).unwrap()); // Discarded.
                    assert!(world.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
                    world.send(&0_u8, 0, 9).unwrap();
                }
            }
        });
    }
}

/// Rank 0 waits for rank 2, and rank 1 sends it, eagerly, what it does not ask for yet: the most of it must stay where it
/// is, although nothing ever refuses it, and the sends are blocking ones that never poll.
#[test]
fn what_nobody_asks_for_yet_stays_with_its_sender() {
    const MESSAGES: usize = 60_000;
    const LEN: usize = 1000;
    for transport in harness::transports() {
        let mut config = Config { transports: transport.parse().unwrap(), ..Config::default() };
        config.thresholds.unexpected_max = 1 << 20;
        let gone = Arc::new(AtomicUsize::new(0));
        run_with(config, 3, move |universe| {
            let world = universe.world();
            match world.rank() {
                0 => {
                    let before: u64 = world.recv(2, 9).unwrap().0;
                    assert!(
                        before * (LEN as u64) < 30 << 20,
                        "{before} messages were taken in over {transport}"
                    );
                    for number in 0..MESSAGES {
                        let (message, _) = world.recv_vec::<u64>(1, 0).unwrap();
                        assert_eq!((message.len() * 8, message[7]), (LEN, number as u64));
                    }
                }
                1 => {
                    for number in 0..MESSAGES {
                        world.send(&[number as u64; LEN / 8], 0, 0).unwrap();
                        gone.store(number + 1, Ordering::Relaxed);
                    }
                }
                _ => {
                    // Until rank 1 has begun, and has come to a halt.
                    let mut before = 0;
                    loop {
                        let now = gone.load(Ordering::Relaxed);
                        if now > 0 && now == before {
                            break;
                        }
                        before = now;
                        std::thread::sleep(Duration::from_millis(300));
                    }
                    world.send(&(before as u64), 0, 9).unwrap();
                }
            }
        });
    }
}
