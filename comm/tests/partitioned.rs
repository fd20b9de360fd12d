//! Partitioned communication: how the two sides match, who may touch which partition when, and what goes wrong how.

mod harness;

use harness::{run, run_at};
use olympi_comm::{
    ANY_SOURCE, ANY_TAG, Error, PROC_NULL, PartitionedError, RecvError, SendError, ThreadError, ThreadLevel,
    start_all, test_any, wait_all, wait_any,
};

/// The partitioned error in an error.
fn partitioned<T: std::fmt::Debug>(outcome: Result<T, impl Into<Error>>) -> PartitionedError {
    match outcome.map_err(Into::into) {
        Err(Error::Partitioned(error)) => error,
        other => panic!("no partitioned error: {other:?}"),
    }
}

#[test]
fn sides_may_divide_the_same_total_differently() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            // Partitions of 8 bytes, of some KiB, and long enough for a rendezvous.
            for each in [1_usize, 700, 40_000] {
                for (ours, theirs) in [(1, 1), (6, 6), (4, 6), (6, 4), (1, 12), (12, 1)] {
                    let total = 12 * each;
                    let value = |round: u64, at: usize| round << 32 | at as u64;
                    if world.rank() == 0 {
                        let mut send = world.psend_init(vec![0_u64; total], ours, 1, 5).unwrap();
                        for round in 1..=3 {
                            send.start().unwrap();
                            for partition in (0..ours).rev() {
                                let part = send.partition_mut(partition).unwrap();
                                let first = partition * total / ours;
                                (first..).zip(part).for_each(|(at, item)| *item = value(round, at));
                                send.ready(partition).unwrap();
                            }
                            send.wait().unwrap();
                        }
                    } else {
                        let mut receive = world.precv_init(vec![0_u64; total], theirs, 0, 5).unwrap();
                        for round in 1..=3 {
                            receive.start().unwrap();
                            // Every partition is right as soon as it has arrived.
                            let mut left: Vec<_> = (0..theirs).collect();
                            while !left.is_empty() {
                                left.retain(|&partition| {
                                    let here = receive.arrived(partition).unwrap();
                                    assert_eq!(receive.partition(partition).is_some(), here);
                                    let first = partition * total / theirs;
                                    if let Some(part) = receive.partition(partition) {
                                        assert_eq!(part.len(), total / theirs);
                                        assert!(
                                            (first..).zip(part).all(|(at, &item)| item == value(round, at))
                                        );
                                    }
                                    !here
                                });
                            }
                            let status = receive.wait().unwrap();
                            assert_eq!((status.source(), status.tag()), (0, 5));
                            assert_eq!(status.count::<u64>(), Some(total));
                            let whole = receive.buffer().unwrap();
                            assert!(whole.iter().enumerate().all(|(at, &item)| item == value(round, at)));
                        }
                    }
                }
            }
        });
    }
}

#[test]
fn init_calls_match_in_their_order_whatever_is_started_first() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                let mut sends: Vec<_> =
                    (1..=3_i32).map(|i| world.psend_init(vec![i; 2], 2, 1, 9).unwrap()).collect();
                sends.reverse();
                start_all(&mut sends).unwrap();
                sends.iter().for_each(|send| send.ready_range(..).unwrap());
                wait_all(&mut sends).unwrap();
                // Of the same ranks and tag, but no partition.
                world.send(&[77, 77], 1, 9).unwrap();
            } else {
                let other = world.irecv(vec![0_i32; 2], 0, ANY_TAG).unwrap();
                let mut receives: Vec<_> =
                    (0..3).map(|_| world.precv_init(vec![0_i32; 2], 1, 0, 9).unwrap()).collect();
                start_all(&mut receives[1..2]).unwrap();
                start_all(&mut receives[..1]).unwrap();
                start_all(&mut receives[2..]).unwrap();
                assert_eq!(wait_all(&mut receives).unwrap().len(), 3);
                for (receive, expected) in receives.iter().zip(1..) {
                    assert_eq!(receive.buffer().unwrap(), [expected; 2]);
                }
                assert_eq!(other.wait().unwrap().0, [77; 2], "wildcards see no partitions");
            }
        });
    }
}

/// The receiver waits for something else while its partitions, too long to be sent before they are received, come; and
/// each side needs the other's last message to go on.
#[test]
fn partitions_move_while_the_receiver_is_in_another_call() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                // The receiver is set up, started and waits before anything is announced.
                world.recv::<u8>(1, 0).unwrap();
                let mut send = world.psend_init(vec![3_u8; 1 << 20], 4, 1, 0).unwrap();
                for token in 0..3_u8 {
                    send.start().unwrap();
                    send.ready_range(0..=3).unwrap();
                    send.wait().unwrap();
                    world.send(&token, 1, 1).unwrap();
                    world.recv::<u8>(1, 2).unwrap();
                }
                // One partition is answered before the next is ready: neighbours do not hold one another up.
                send.start().unwrap();
                for partition in [2, 0, 3, 1] {
                    send.ready_list(&[partition]).unwrap();
                    assert_eq!(world.recv::<u64>(1, 3).unwrap().0, partition as u64);
                }
                send.wait().unwrap();
            } else {
                let mut receive = world.precv_init(vec![0_u8; 1 << 20], 4, 0, 0).unwrap();
                receive.start().unwrap();
                world.send(&0_u8, 0, 0).unwrap();
                for token in 0..3_u8 {
                    assert_eq!(world.recv::<u8>(0, 1).unwrap().0, token);
                    receive.wait().unwrap();
                    receive.start().unwrap();
                    world.send(&0_u8, 0, 2).unwrap();
                }
                for partition in [2, 0, 3, 1] {
                    while !receive.arrived(partition).unwrap() {}
                    world.send(&(partition as u64), 0, 3).unwrap();
                }
                receive.wait().unwrap();
                assert!(receive.buffer().unwrap().iter().all(|&byte| byte == 3));
            }
        });
    }
}

#[test]
fn several_threads_fill_and_mark_and_read() {
    for transport in harness::transports() {
        run_at(ThreadLevel::Multiple, transport, 2, |universe| {
            let world = universe.world();
            let (threads, each) = (4, 5000);
            if world.rank() == 0 {
                let mut send = world.psend_init(vec![0_u32; 16 * each], 16, 1, 0).unwrap();
                for round in 0..5_u32 {
                    send.start().unwrap();
                    std::thread::scope(|scope| {
                        for thread in 0..threads {
                            let send = &send;
                            scope.spawn(move || {
                                for partition in (thread..16).step_by(threads) {
                                    let mut part = send.claim(partition).unwrap();
                                    part.fill(round * 16 + partition as u32);
                                    if partition % 2 == 0 {
                                        part.ready().unwrap();
                                    } else {
                                        drop(part);
                                        send.ready(partition).unwrap();
                                    }
                                }
                            });
                        }
                    });
                    send.wait().unwrap();
                }
            } else {
                let mut receive = world.precv_init(vec![0_u32; 16 * each], 8, 0, 0).unwrap();
                for round in 0..5_u32 {
                    receive.start().unwrap();
                    std::thread::scope(|scope| {
                        for thread in 0..threads {
                            let receive = &receive;
                            scope.spawn(move || {
                                for partition in (thread..8).step_by(threads) {
                                    while !receive.arrived(partition).unwrap() {
                                        std::thread::yield_now();
                                    }
                                    let part = receive.partition(partition).unwrap();
                                    let first = round * 16 + 2 * partition as u32;
                                    assert!(part[..each].iter().all(|&item| item == first));
                                    assert!(part[each..].iter().all(|&item| item == first + 1));
                                }
                            });
                        }
                    });
                    receive.wait().unwrap();
                }
            }
        });
    }
}

#[test]
fn what_is_out_of_turn_is_refused_and_changes_nothing() {
    run("shm", 1, |universe| {
        let me = universe.self_comm();
        let mut receive = me.precv_init(vec![0_i16; 6], 2, 0, 0).unwrap();
        let mut send = me.psend_init(vec![7_i16; 6], 3, 0, 0).unwrap();
        assert_eq!(partitioned(send.ready(0)), PartitionedError::Inactive);
        assert_eq!(partitioned(send.claim(0)), PartitionedError::Inactive);
        // Inactive: as MPI has it, waiting ends at once, and all partitions are there.
        assert_eq!(send.wait().unwrap().source(), ANY_SOURCE);
        assert!(send.test().unwrap().is_some() && receive.test().unwrap().is_some());
        assert!(receive.arrived(1).unwrap() && receive.partition(1) == Some(&[0, 0, 0][..]));

        send.start().unwrap();
        receive.start().unwrap();
        assert_eq!(partitioned(send.start()), PartitionedError::Active);
        assert_eq!(partitioned(receive.start()), PartitionedError::Active);
        assert_eq!(partitioned(send.buffer()), PartitionedError::Active);
        assert_eq!(partitioned(send.buffer_mut()), PartitionedError::Active);
        assert_eq!(partitioned(receive.buffer()), PartitionedError::Active);
        assert_eq!(partitioned(receive.buffer_mut()), PartitionedError::Active);
        let third = PartitionedError::Partition { partition: 3, partitions: 3 };
        assert_eq!(partitioned(send.ready(3)), third);
        assert_eq!(partitioned(send.ready_range(1..=3)), third);
        assert_eq!(partitioned(send.ready_list(&[0, 3])), third);
        assert_eq!(partitioned(send.partition_mut(3).map(|_| ())), third);
        assert_eq!(
            partitioned(receive.arrived(2)),
            PartitionedError::Partition { partition: 2, partitions: 2 }
        );
        assert!(receive.partition(2).is_none() && receive.partition(0).is_none());

        let claim = send.claim(1).unwrap();
        assert_eq!(partitioned(send.claim(1)), PartitionedError::Claimed { partition: 1 });
        assert_eq!(partitioned(send.ready(1)), PartitionedError::Claimed { partition: 1 });
        drop(claim);
        send.ready(1).unwrap();
        assert_eq!(partitioned(send.ready(1)), PartitionedError::Ready { partition: 1 });
        assert_eq!(partitioned(send.claim(1)), PartitionedError::Ready { partition: 1 });
        assert_eq!(partitioned(send.partition_mut(1).map(|_| ())), PartitionedError::Ready { partition: 1 });

        let not_ready = PartitionedError::NotReady { partition: 0, missing: 2, partitions: 3 };
        assert_eq!(partitioned(send.wait()), not_ready);
        assert_eq!(partitioned(wait_any(&mut [&mut send])), not_ready);
        assert!(send.test().unwrap().is_none() && test_any(&mut [&mut send]).unwrap().is_none());
        assert!(receive.test().unwrap().is_none() && !receive.arrived(0).unwrap());
        // A claim that is forgotten is an error to wait for, no hang.
        std::mem::forget(send.claim(0).unwrap());
        send.ready_range(2..).unwrap();
        assert_eq!(partitioned(send.ready_range(..1)), PartitionedError::Claimed { partition: 0 });
        assert_eq!(
            partitioned(send.wait()),
            PartitionedError::NotReady { partition: 0, missing: 1, partitions: 3 }
        );
        send.partition_mut(0).unwrap().fill(1); // That claim cannot be used any more.
        assert!(receive.arrived(1).unwrap() && !receive.arrived(0).unwrap());
        drop(send);
        let gone = PartitionedError::Abandoned { source_rank: 0, tag: 0, partition: 0 };
        assert_eq!(partitioned(receive.arrived(0)), gone);
        assert_eq!(receive.partition(1), Some(&[7; 3][..]));
        assert_eq!(partitioned(receive.wait()), gone);
        assert!(!receive.is_active());
    });
}

#[test]
fn a_setup_that_makes_no_sense_is_refused() {
    run("shm", 2, |universe| {
        let world = universe.world();
        for partitions in [0, 3, 1 << 21, usize::MAX] {
            let division = PartitionedError::Division { len: 8, partitions };
            assert_eq!(partitioned(world.psend_init(vec![0_u8; 8], partitions, 1, 0).map(drop)), division);
            assert_eq!(partitioned(world.precv_init(vec![0_u8; 8], partitions, 1, 0).map(drop)), division);
        }
        let rank = world.psend_init(vec![0_u8; 8], 1, 2, 0).map(drop);
        assert!(matches!(rank, Err(Error::Send(SendError::Rank { rank: 2, size: 2 }))));
        let tag = world.psend_init(vec![0_u8; 8], 1, 1, ANY_TAG).map(drop);
        assert!(matches!(tag, Err(Error::Send(SendError::Tag { .. }))));
        let rank = world.precv_init(vec![0_u8; 8], 1, 2, 0).map(drop);
        assert!(matches!(rank, Err(Error::Recv(RecvError::Rank { rank: 2, size: 2 }))));
        for (source, tag) in [(ANY_SOURCE, 0), (1, ANY_TAG)] {
            let wild = world.precv_init(vec![0_u8; 8], 1, source, tag).map(drop);
            assert_eq!(partitioned(wild), PartitionedError::Wildcard);
        }
        // None of these has been announced: the first that is right is the first to be matched.
        let peer = 1 - world.rank();
        let mut receive = world.precv_init(vec![0_u8; 8], 1, peer, 0).unwrap();
        let mut send = world.psend_init(vec![9_u8; 8], 1, peer, 0).unwrap();
        receive.start().unwrap();
        send.start().unwrap();
        send.ready(0).unwrap();
        send.wait().unwrap();
        receive.wait().unwrap();
        assert_eq!(receive.buffer().unwrap(), [9; 8]);

        let mut send = world.psend_init(vec![1_u8; 4], 2, PROC_NULL, 0).unwrap();
        let mut receive = world.precv_init(vec![1_u8; 4], 2, PROC_NULL, ANY_TAG).unwrap();
        for _ in 0..2 {
            send.start().unwrap();
            receive.start().unwrap();
            send.ready_range(..).unwrap();
            send.wait().unwrap();
            assert!(receive.arrived(1).unwrap() && receive.partition(1).is_some());
            assert_eq!(receive.wait().unwrap().source(), PROC_NULL);
        }
    });
}

#[test]
fn sizes_and_types_that_differ_are_errors_and_nobody_waits() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            // 1: too long, 2: too short, 3: of another type. Rendezvous: the sender waits for the receives.
            let total = 1_usize << 17;
            if world.rank() == 0 {
                let mut sends = [2 * total, total / 2, total]
                    .map(|len| world.psend_init(vec![5_i32; len], 4, 1, 0).unwrap());
                for _ in 0..2 {
                    start_all(&mut sends).unwrap();
                    sends.iter().for_each(|send| send.ready_range(..).unwrap());
                    wait_all(&mut sends).unwrap();
                }
                let mut empty = world.psend_init(Vec::<f64>::new(), 3, 1, 1).unwrap();
                empty.start().unwrap();
                empty.ready_range(..).unwrap();
                empty.wait().unwrap();
            } else {
                let mut long = world.precv_init(vec![0_i32; total], 2, 0, 0).unwrap();
                let mut short = world.precv_init(vec![0_i32; total], 2, 0, 0).unwrap();
                let mut other = world.precv_init(vec![0_f32; total], 2, 0, 0).unwrap();
                for _ in 0..2 {
                    long.start().unwrap();
                    short.start().unwrap();
                    other.start().unwrap();
                    for (receive, sent) in [(&mut long, 8 * total), (&mut short, 2 * total)] {
                        let size = PartitionedError::Size {
                            source_rank: 0,
                            tag: 0,
                            sent: sent as u64,
                            room: 4 * total,
                        };
                        assert_eq!(partitioned(receive.wait()), size);
                    }
                    let Err(Error::Recv(RecvError::Type { sent, expected, .. })) = other.wait() else {
                        panic!("integers are no floats")
                    };
                    assert_eq!((sent, expected), ("i32", "f32"));
                }
                assert!(long.buffer().unwrap().iter().all(|&item| item == 5), "what fits is there");
                assert!(other.buffer().unwrap().iter().all(|&item| item == 0.0));
                let mut empty = world.precv_init(Vec::<f64>::new(), 2, 0, 1).unwrap();
                empty.start().unwrap();
                assert_eq!(empty.wait().unwrap().bytes(), 0);
            }
        });
    }
}

#[test]
fn bytes_that_are_no_values_are_found_before_they_are_read() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            let mut send = world.psend_init(vec![0_u8, 1, 2, 1, 9, 1], 3, 1, 0).unwrap();
            for _ in 0..2 {
                send.start().unwrap();
                send.ready_range(..).unwrap();
                send.wait().unwrap();
            }
        } else {
            // Bytes agree with every type, so that nothing but the values is wrong.
            let mut receive = world.precv_init(vec![true; 6], 3, 0, 0).unwrap();
            receive.start().unwrap();
            let Err(Error::Recv(RecvError::Value { source, .. })) = receive.wait() else {
                panic!("2 is no bool")
            };
            assert_eq!((source.index, source.count), (2, 1));
            assert_eq!(receive.buffer().unwrap(), [false, true, false, true, false, true]);
            receive.start().unwrap();
            let error = loop {
                match receive.arrived(2) {
                    Ok(here) => assert!(!here),
                    Err(error) => break error,
                }
            };
            let Error::Recv(RecvError::Value { source, .. }) = error else { panic!("9 is no bool") };
            assert_eq!(source.index, 4);
            assert_eq!(receive.partition(2), Some(&[false, true][..]));
            assert!(receive.wait().is_err(), "partition 1 is wrong too");
        }
    });
}

#[test]
fn other_threads_than_the_one_may_fill_and_not_call() {
    run("shm", 1, |universe| {
        let me = universe.self_comm();
        let mut receive = me.precv_init(vec![0_u64; 4], 1, 0, 0).unwrap();
        let mut send = me.psend_init(vec![0_u64; 4], 2, 0, 0).unwrap();
        receive.start().unwrap();
        send.start().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut claim = send.claim(1).unwrap();
                claim.fill(4);
                assert!(matches!(claim.ready(), Err(Error::Thread(ThreadError::WrongThread))));
                assert!(matches!(send.ready(0), Err(Error::Thread(ThreadError::WrongThread))));
            });
        });
        send.ready_range(..).unwrap();
        send.wait().unwrap();
        receive.wait().unwrap();
        assert_eq!(receive.buffer().unwrap(), [0, 0, 4, 4]);
    });
}

#[test]
fn operations_that_are_dropped_or_forgotten_while_active_keep_their_memory() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let len = 1 << 18;
            if world.rank() == 0 {
                for forget in [false, true] {
                    let mut send = world.psend_init(vec![0x0101_u16; len], 8, 1, 0).unwrap();
                    send.start().unwrap();
                    send.ready_range(..).unwrap();
                    if forget {
                        std::mem::forget(send)
                    } else {
                        drop(send)
                    }
                    drop(vec![0xEEEE_u16; len]); // Would take that memory, were it free.
                }
                // Dropped before it is started, before it is matched, and while it is under way.
                drop(world.precv_init(vec![0_u8; 8], 2, 1, 1).unwrap());
                let mut under_way = world.precv_init(vec![0_u16; len], 2, 1, 1).unwrap();
                let mut last = world.precv_init(vec![0_u8; 8], 2, 1, 1).unwrap();
                under_way.start().unwrap();
                last.start().unwrap();
                last.wait().unwrap();
                assert_eq!(last.buffer().unwrap(), [3; 8], "dropped receives keep their turn");
                drop(under_way);
                drop(vec![0xEEEE_u16; len]);
                world.send(&0_u8, 1, 9).unwrap();
            } else {
                for _ in 0..2 {
                    let mut receive = world.precv_init(vec![0_u16; len], 4, 0, 0).unwrap();
                    receive.start().unwrap();
                    receive.wait().unwrap();
                    assert!(receive.buffer().unwrap().iter().all(|&item| item == 0x0101));
                }
                let mut first = world.psend_init(vec![1_u8; 8], 2, 0, 1).unwrap();
                let mut second = world.psend_init(vec![2_u16; len], 2, 0, 1).unwrap();
                let mut third = world.psend_init(vec![3_u8; 8], 2, 0, 1).unwrap();
                for send in [&mut first, &mut third] {
                    send.start().unwrap();
                    send.ready_range(..).unwrap();
                    send.wait().unwrap();
                }
                second.start().unwrap();
                second.ready(0).unwrap();
                world.recv::<u8>(0, 9).unwrap();
                drop(second);
            }
        });
    }
}
