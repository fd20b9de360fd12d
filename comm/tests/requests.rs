//! Requests: owned, borrowed, persistent, several at once, cancelled, dropped, forgotten, awaited.

mod harness;

use harness::{run, run_at};
use olympi_comm::{
    ANY_SOURCE, BufferError, Error, PersistentError, RecvError, SendError, ThreadError, ThreadLevel,
    start_all, test_all, test_any, test_some, wait_all, wait_any, wait_some,
};

#[test]
fn any_some_and_all_give_each_outcome_once() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                let mut receives: Vec<_> =
                    (0..9).map(|tag| world.irecv_vec::<i32>(1, tag).unwrap()).collect();
                assert!(test_any(&mut receives).unwrap().is_none());
                assert!(test_some(&mut receives).unwrap().is_empty());
                assert!(test_all(&mut receives).unwrap().is_none());
                let mut seen = Vec::new();
                for tag in [3, 1, 4] {
                    world.send(&tag, 1, 100).unwrap(); // Asks for that one.
                    let (index, (data, status)) = wait_any(&mut receives).unwrap().unwrap();
                    assert_eq!((index as i32, data[0], status.tag()), (tag, tag, tag));
                    seen.push(index);
                }
                world.send(&-1, 1, 100).unwrap(); // Asks for the rest.
                while seen.len() < 9 {
                    for (index, (data, _)) in wait_some(&mut receives).unwrap() {
                        assert_eq!(data[0], index as i32);
                        assert!(!seen.contains(&index));
                        seen.push(index);
                    }
                }
                assert!(
                    wait_any(&mut receives).unwrap().is_none()
                        && wait_some(&mut receives).unwrap().is_empty()
                );
                assert!(matches!(receives.remove(0).wait(), Err(Error::Spent)));
            } else {
                let mut rest: Vec<i32> = (0..9).collect();
                loop {
                    let (tag, _) = world.recv::<i32>(0, 100).unwrap();
                    if tag < 0 {
                        break;
                    }
                    rest.retain(|&other| other != tag);
                    world.send(&tag, 0, tag).unwrap();
                }
                rest.iter().for_each(|tag| world.send(tag, 0, *tag).unwrap());
            }
        });
    }
}

#[test]
fn a_scope_ends_when_its_operations_have() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let peer = 1 - world.rank();
            for len in [1, 3000, 150_000] {
                let mine = vec![world.rank() as u64; len];
                let (mut first, mut second) = (vec![9_u64; len], vec![9_u64; len]);
                world
                    .scope(|scope| {
                        scope.irecv(&mut first, peer, 0)?; // Dropped at once: the scope waits for both.
                        // Were it ever to have a destructor, the scope must not need it.
                        #[allow(clippy::forget_non_drop)]
                        std::mem::forget(scope.irecv(&mut second, peer, 1)?);
                        scope.isend(&mine, peer, 0)?;
                        scope.issend(&mine, peer, 1)?;
                        Ok(())
                    })
                    .unwrap();
                assert!(first.iter().chain(&second).all(|&x| x == peer as u64));
            }
        });
    }
}

#[test]
fn a_scope_that_fails_cancels_what_nothing_matched() {
    run("shm", 1, |universe| {
        let world = universe.world();
        let mut never = [0_u8; 4];
        let error = world
            .scope(|scope| {
                scope.irecv(&mut never, 0, 0)?;
                world.send(&0_u8, 9, 0)?;
                Ok(())
            })
            .unwrap_err();
        assert!(matches!(error, Error::Send(SendError::Rank { rank: 9, .. })));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            world.scope(|scope| -> Result<(), Error> {
                scope.irecv(&mut never, 0, 0)?;
                panic!("in the body")
            })
        }));
        assert!(panicked.is_err());
        // The message finds nobody waiting, and keeps until a receive comes.
        let send = world.isend(vec![1_u8; 4], 0, 0).unwrap();
        assert_eq!(world.recv_vec::<u8>(0, 0).unwrap().0, [1; 4]);
        send.wait().unwrap();
        assert_eq!(never, [0; 4]);
    });
}

#[test]
fn persistent_requests_start_again_and_again() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            universe.attach_buffer(1 << 20).unwrap();
            let len = 5000;
            if world.rank() == 0 {
                let mut sends = vec![
                    world.send_init(vec![0_u32; len], 1, 0).unwrap(),
                    world.ssend_init(vec![0_u32; len], 1, 1).unwrap(),
                    world.bsend_init(vec![0_u32; len], 1, 2).unwrap(),
                    world.rsend_init(vec![0_u32; len], 1, 3).unwrap(),
                ];
                for round in 0..20 {
                    for send in &mut sends {
                        send.buffer_mut().unwrap().fill(round);
                    }
                    start_all(&mut sends).unwrap();
                    assert!(matches!(sends[1].buffer_mut(), Err(PersistentError::Active)));
                    assert!(matches!(sends[1].start(), Err(Error::Persistent(PersistentError::Active))));
                    while test_all(&mut sends).unwrap().is_none() {}
                }
            } else {
                let mut receives: Vec<_> =
                    (0..4).map(|tag| world.recv_init(vec![0_u32; len], 0, tag).unwrap()).collect();
                for round in 0..20 {
                    start_all(&mut receives).unwrap();
                    for receive in &mut receives {
                        assert_eq!(receive.wait().unwrap().count::<u32>(), Some(len));
                        assert!(receive.buffer().unwrap().iter().all(|&x| x == round));
                    }
                }
                assert_eq!(receives[0].wait().unwrap().bytes(), 0); // Inactive: an empty status.
            }
            universe.detach_buffer().unwrap();
        });
    }
}

#[test]
fn persistent_requests_survive_waiting_for_all_of_them() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let other = 1 - world.rank();
            let mut receives: Vec<_> =
                (0..3).map(|tag| world.recv_init(vec![0_u32; 100], other, tag).unwrap()).collect();
            let mut sends: Vec<_> =
                (0..3).map(|tag| world.send_init(vec![0_u32; 100], other, tag).unwrap()).collect();
            for round in 1..=20 {
                for send in &mut sends {
                    send.buffer_mut().unwrap().fill(round);
                }
                start_all(receives.iter_mut().chain(&mut sends)).unwrap();
                let statuses = wait_all(receives.iter_mut().chain(&mut sends)).unwrap();
                let counts: Vec<_> = statuses.iter().map(|status| status.count::<u32>().unwrap()).collect();
                assert_eq!(counts, [100, 100, 100, 0, 0, 0]);
                assert!(receives.iter().all(|receive| receive.buffer().unwrap() == [round; 100]));
            }
            // Inactive: empty statuses.
            assert!(wait_all(&mut receives).unwrap().iter().all(|status| status.bytes() == 0));

            // Kinds that are lent one by one; one of them is never started.
            let [first, second, _] = &mut receives[..] else { unreachable!() };
            first.start().unwrap();
            sends[0].start().unwrap();
            let (index, status) = wait_any(&mut [second, first]).unwrap().unwrap();
            assert_eq!((index, status.count::<u32>()), (1, Some(100)));
            sends[0].wait().unwrap();

            // One that is too short is an error, after all have ended; all can be started again.
            let mut short = [
                world.recv_init(vec![0_u32; 1], other, 0).unwrap(),
                world.recv_init(vec![0; 100], other, 1).unwrap(),
            ];
            start_all(short.iter_mut().chain(&mut sends[..2])).unwrap();
            assert!(matches!(wait_all(&mut short), Err(Error::Recv(RecvError::Truncated { sent: 400, .. }))));
            assert!(short.iter().all(|request| !request.is_active()));
            wait_all(&mut sends).unwrap();
            start_all(receives.iter_mut().chain(&mut sends)).unwrap();
            wait_all(receives.iter_mut().chain(&mut sends)).unwrap();
        });
    }
}

#[test]
fn a_cancelled_receive_is_either_cancelled_or_matched() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                let mut receive = world.irecv(vec![5_u8; 3], 1, 0).unwrap();
                assert!(receive.cancel().unwrap());
                let (data, status) = receive.wait().unwrap();
                assert!(status.is_cancelled() && data == [5; 3]);
                drop(world.irecv(vec![0_u8; 3], 1, 0).unwrap()); // Cancelled too.
                world.send(&0_u8, 1, 1).unwrap();
                let mut receive = world.irecv(vec![0_u8; 3], 1, 0).unwrap();
                world.recv::<u8>(1, 2).unwrap(); // What was sent before it has matched.
                assert!(!receive.cancel().unwrap());
                assert_eq!(receive.wait().unwrap().0, [1, 2, 3]);
            } else {
                world.recv::<u8>(0, 1).unwrap();
                world.send(&[1_u8, 2, 3], 0, 0).unwrap();
                world.send(&0_u8, 0, 2).unwrap();
            }
        });
    }
}

#[test]
fn dropped_and_forgotten_sends_arrive_all_the_same() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let len = 300_000;
            if world.rank() == 0 {
                drop(world.isend(vec![1_u16; len], 1, 0).unwrap());
                std::mem::forget(world.isend(vec![2_u16; len], 1, 0).unwrap());
                let mut persistent = world.send_init(vec![3_u16; len], 1, 0).unwrap();
                persistent.start().unwrap();
                drop(persistent);
                world.recv::<u8>(1, 1).unwrap();
            } else {
                for value in 1..=3 {
                    let (data, _) = world.recv_vec::<u16>(0, 0).unwrap();
                    assert!(data.len() == len && data.iter().all(|&x| x == value));
                }
                world.send(&0_u8, 0, 1).unwrap();
            }
        });
    }
}

#[test]
fn the_attached_buffer_is_an_allowance_that_comes_back() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                assert!(matches!(world.bsend(&1_u8, 1, 0), Err(SendError::Buffer { attached: 0, .. })));
                assert!(matches!(universe.detach_buffer(), Err(BufferError::NotAttached)));
                universe.attach_buffer(1_000_000).unwrap();
                assert!(matches!(
                    universe.attach_buffer(5),
                    Err(BufferError::AlreadyAttached { attached: 1_000_000 })
                ));
                world.bsend(&vec![1_u8; 600_000], 1, 0).unwrap(); // A rendezvous: it cannot leave by itself.
                assert!(matches!(world.bsend(&vec![1_u8; 600_000], 1, 0), Err(SendError::Buffer { .. })));
                world.send(&0_u8, 1, 1).unwrap();
                universe.flush_buffer().unwrap();
                world.bsend(&vec![2_u8; 600_000], 1, 0).unwrap();
                world.send(&0_u8, 1, 1).unwrap();
                assert_eq!(universe.detach_buffer().unwrap(), 1_000_000);
            } else {
                for value in 1..=2 {
                    world.recv::<u8>(0, 1).unwrap();
                    assert_eq!(world.recv_vec::<u8>(0, 0).unwrap().0, vec![value; 600_000]);
                }
            }
        });
    }
}

#[test]
fn requests_can_be_awaited() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let peer = 1 - world.rank();
            let sum = universe
                .block_on(async {
                    let mut sum = 0;
                    for step in 0..50_u64 {
                        let receive = world.irecv_vec::<u64>(peer, 0)?;
                        let send = world.isend(vec![step; 1 + 997 * step as usize], peer, 0)?;
                        sum += receive.await?.0.iter().sum::<u64>();
                        send.await?;
                    }
                    Ok::<_, Error>(sum)
                })
                .unwrap()
                .unwrap();
            assert_eq!(sum, (0..50).map(|step| step * (1 + 997 * step)).sum());
        });
    }
}

#[test]
fn every_thread_may_call_at_level_multiple() {
    for transport in harness::transports() {
        run_at(ThreadLevel::Multiple, transport, 2, |universe| {
            let world = universe.world();
            let peer = 1 - world.rank();
            std::thread::scope(|threads| {
                for tag in 0..4 {
                    threads.spawn(move || {
                        for step in 0..200_u32 {
                            let len = if step % 20 == 19 { 100_000 } else { 10 };
                            let send = world.isend(vec![step; len], peer, tag).unwrap();
                            let (data, _) = world.recv_vec::<u32>(peer, tag).unwrap();
                            assert!(data.len() == len && data.iter().all(|&x| x == step));
                            send.wait().unwrap();
                        }
                    });
                }
            });
        });
    }
}

#[test]
fn another_thread_is_refused_below_that() {
    run("shm", 1, |universe| {
        std::thread::scope(|threads| {
            threads.spawn(|| {
                let error = universe.world().send(&0_u8, 0, 0).unwrap_err();
                assert!(matches!(error, SendError::Thread(ThreadError::WrongThread)));
            });
        });
    });
}

#[test]
fn many_ranks_exchange_with_all_at_once() {
    for transport in harness::transports() {
        run(transport, 8, |universe| {
            let world = universe.world();
            let (me, size) = (world.rank(), world.size());
            for round in 0..10 {
                let receives: Vec<_> =
                    (0..size).map(|_| world.irecv_vec::<i32>(ANY_SOURCE, round).unwrap()).collect();
                let sends: Vec<_> = (0..size)
                    .map(|to| world.isend(vec![me; 1 + (me * 3000) as usize], to, round).unwrap())
                    .collect();
                let mut sources: Vec<i32> = wait_all(receives)
                    .unwrap()
                    .into_iter()
                    .map(|(data, status)| {
                        assert_eq!(data, vec![status.source(); 1 + (status.source() * 3000) as usize]);
                        status.source()
                    })
                    .collect();
                sources.sort_unstable();
                assert_eq!(sources, (0..size).collect::<Vec<_>>());
                wait_all(sends).unwrap();
            }
        });
    }
}

#[test]
fn messages_that_nobody_receives_keep_no_rank_from_leaving() {
    for transport in harness::transports() {
        run(transport, 3, |universe| {
            let world = universe.world();
            let peer = (world.rank() + 1) % 3;
            drop(world.isend(vec![1_u8; 1 << 20], peer, 0).unwrap());
            drop(world.issend(vec![1_u8; 10], peer, 1).unwrap());
            world.send(&[1_u8, 2], peer, 2).unwrap();
            drop(world.irecv(vec![0_u8; 5], ANY_SOURCE, 77).unwrap());
            std::mem::forget(world.irecv(vec![0_u8; 5], ANY_SOURCE, 78).unwrap());
        });
    }
}
