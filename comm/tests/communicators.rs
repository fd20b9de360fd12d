//! Communicators are made of others and freed again, over real transports: who is in them, that their messages do not
//! meet, and that nothing is left of them.

mod harness;

use harness::{run, run_at, transports};
use olympi_comm::{
    ANY_SOURCE, ANY_TAG, Communicator, Comparison, CreateError, Error, ErrorClass, Group, Info, RecvError,
    SendError, SplitType, ThreadLevel, Universe,
};

/// Runs it over every transport, with 1 to 5 ranks.
fn everywhere(body: impl Fn(&Universe) + Copy + Send + Sync + 'static) {
    for transport in transports() {
        for ranks in 1..=5 {
            run(transport, ranks, body);
        }
    }
}

/// Passes a value round; every rank must get that of the one before.
fn ring(comm: &Communicator, mark: i32) {
    let (me, size) = (comm.rank(), comm.size());
    let send = comm.isend(vec![mark, me], (me + 1) % size, 7).unwrap();
    let before = (me + size - 1) % size;
    let (got, status) = comm.recv_vec::<i32>(ANY_SOURCE, ANY_TAG).unwrap();
    assert_eq!((&got[..], status.source()), (&[mark, before][..], before), "{comm:?}");
    send.wait().unwrap();
}

fn world_ranks(comm: &Communicator, world: &Communicator) -> Vec<i32> {
    let ranks: Vec<_> = (0..comm.size()).collect();
    let names = comm.group().translate_ranks(&ranks, world.group()).unwrap();
    names.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_duplicate_is_congruent_and_its_messages_are_its_own() {
    everywhere(|universe| {
        let world = universe.world();
        let dup = world.dup().unwrap();
        assert_eq!((dup.rank(), dup.size()), (world.rank(), world.size()));
        assert_eq!(dup.compare(world), Comparison::Congruent);
        assert_eq!(dup.compare(&dup), Comparison::Ident);
        let alike = if world.size() == 1 { Comparison::Congruent } else { Comparison::Unequal };
        assert_eq!(universe.self_comm().compare(world), alike);
        // The same tag and rank, received the other way round than sent, wildcards included.
        let (next, before) =
            ((world.rank() + 1) % world.size(), (world.rank() + world.size() - 1) % world.size());
        let one = world.isend(vec![1_u8], next, 0).unwrap();
        let other = dup.isend(vec![2_u8], next, 0).unwrap();
        assert_eq!(dup.recv_vec::<u8>(ANY_SOURCE, ANY_TAG).unwrap().0, [2]);
        assert!(dup.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
        assert_eq!(world.recv_vec::<u8>(before, 0).unwrap().0, [1]);
        one.wait().unwrap();
        other.wait().unwrap();
        let again = dup.dup().unwrap();
        drop(dup);
        ring(&again, 3);
        ring(world, 4);
    });
}

#[test]
fn names_are_those_of_the_standard_until_they_are_set() {
    let universe = Universe::init().unwrap();
    let (world, alone) = (universe.world(), universe.self_comm());
    assert_eq!((world.name(), alone.name()), ("MPI_COMM_WORLD".into(), "MPI_COMM_SELF".into()));
    let dup = world.dup().unwrap();
    assert_eq!(dup.name(), "");
    dup.set_name("solver");
    assert_eq!(dup.name(), "solver");
    dup.set_name(&"\u{e4}".repeat(100));
    assert_eq!(dup.name(), "\u{e4}".repeat(63), "cut off between two characters");
}

#[test]
fn a_split_orders_by_key_and_leaves_out_who_has_no_colour() {
    everywhere(|universe| {
        let world = universe.world();
        let (me, size) = (world.rank(), world.size());
        let color = |rank: i32| if rank % 3 == 2 { None } else { Some(rank % 3) };
        let key = |rank: i32| -(rank / 2);
        let part = world.split(color(me), key(me)).unwrap();
        let mut expected: Vec<_> = (0..size).filter(|&rank| color(rank) == color(me)).collect();
        expected.sort_by_key(|&rank| key(rank));
        match part {
            None => assert_eq!(color(me), None),
            Some(part) => {
                assert_eq!(world_ranks(&part, world), expected);
                assert_eq!(expected[part.rank() as usize], me);
                ring(&part, color(me).unwrap());
            }
        }
        let backwards = world.split(Some(0), -me).unwrap().unwrap();
        let alike = if size == 1 { Comparison::Congruent } else { Comparison::Similar };
        assert_eq!(backwards.compare(world), alike);
        ring(&backwards, 9);
    });
}

#[test]
fn threads_of_one_process_share_a_host() {
    everywhere(|universe| {
        let world = universe.world();
        let host = world.split_type(Some(SplitType::Shared), -world.rank(), &Info::new()).unwrap().unwrap();
        assert_eq!(host.size(), world.size());
        assert_eq!(host.rank(), world.size() - 1 - world.rank());
        assert_eq!(host.info().get("mpi_hw_resource_type"), Some("mpi_shared_memory"));
        let some = (world.rank() == 0).then_some(SplitType::Shared);
        assert_eq!(world.split_type(some, 0, &Info::new()).unwrap().is_some(), world.rank() == 0);
        let mut info = Info::new();
        assert!(world.split_type(Some(SplitType::HwGuided), 0, &info).unwrap().is_none());
        info.set("mpi_hw_resource_type", "mpi_shared_memory").unwrap();
        let guided = world.split_type(Some(SplitType::HwGuided), 0, &info).unwrap().unwrap();
        assert_eq!(guided.compare(world), Comparison::Congruent);
        // Whatever the machine has: a part is smaller than the whole.
        let part = world.split_type(Some(SplitType::HwUnguided), 0, &Info::new()).unwrap();
        assert!(part.is_none_or(|part| part.size() < world.size()));
    });
}

#[test]
fn groups_become_communicators_together_or_alone() {
    everywhere(|universe| {
        let world = universe.world();
        let (me, everyone) = (world.rank(), world.group());
        let even = everyone.range_incl(&[(0, everyone.size() - 1, 2).into()]).unwrap();
        let odd = everyone.difference(&even);
        let (mine, other) = if me % 2 == 0 { (&even, &odd) } else { (&odd, &even) };
        // Both at once, by all.
        let half = world.create(mine).unwrap().unwrap();
        assert_eq!(half.group(), mine);
        ring(&half, 1);
        assert!(world.create(&Group::empty()).unwrap().is_none());
        // One of them, by all: the others get nothing.
        let leader = everyone.incl(&[0]).unwrap();
        assert_eq!(world.create(&leader).unwrap().is_some(), me == 0);
        // Each by its own members, as often as they like, and each time anew.
        let made: Vec<_> = (0..1 + me % 2).map(|_| world.create_group(mine, 5).unwrap()).collect();
        made.iter().for_each(|comm| ring(comm, 2));
        assert!(matches!(world.create_group(other, 5), Err(CreateError::NotMember)));
        // Without a parent; ranks that have made other things before propose other numbers.
        for _ in 0..me {
            drop(universe.keyval(olympi_comm::null_copy::<i32>, olympi_comm::null_delete));
        }
        let far = universe.create_from_group(everyone, "everyone").unwrap();
        let near = universe.create_from_group(mine, "half").unwrap();
        assert_eq!((far.compare(world), near.group()), (Comparison::Congruent, mine));
        ring(&far, 3);
        ring(&near, 4);
    });
}

#[test]
fn wrong_arguments_are_errors_at_all_ranks_and_the_next_call_works() {
    everywhere(|universe| {
        let world = universe.world();
        let (me, size) = (world.rank(), world.size());
        let result = world.split(Some(if me == 0 { -5 } else { 1 }), 0).map(drop);
        match result.unwrap_err() {
            CreateError::Color { color } => assert_eq!((me, color), (0, -5)),
            CreateError::CalledOff { rank } => assert!(me > 0 && rank == 0),
            error => panic!("{error}"),
        }
        // The ranks do different things: all find out.
        if size > 1 {
            let error = if me == 0 { world.dup().map(drop) } else { world.split(None, 0).map(drop) };
            let error = Error::from(error.unwrap_err());
            assert_eq!(error.class(), ErrorClass::NotSame, "{error}");
            let half = world.split(Some(i32::from(me == 0)), 0).unwrap().unwrap();
            let error = half.create(world.group()).unwrap_err();
            let missing = if me == 0 { size - 1 } else { 1 } as usize;
            assert!(matches!(error, CreateError::NotSubset { missing: m } if m == missing), "{error}");
            let wrong = if me == 0 { Group::empty() } else { world.group().clone() };
            assert!(world.create(&wrong).is_ok_and(|comm| comm.is_none()) == (me == 0));
        }
        assert!(matches!(world.create_group(world.group(), -1), Err(CreateError::Tag { tag: -1 })));
        ring(&world.dup().unwrap(), 1);
    });
}

#[test]
fn ten_thousand_communicators_come_and_go_and_leave_nothing() {
    for transport in transports() {
        // The system calls of the others take long on a busy machine.
        let cycles = if transport == "shm" { 5_000 } else { 500 };
        run(transport, 2, move |universe| {
            let world = universe.world();
            let cycle = |count: usize| {
                for at in 0..count {
                    let dup = world.dup().unwrap();
                    if at % 1000 == 0 {
                        ring(&dup, at as i32);
                    }
                    drop(universe.self_comm().dup().unwrap());
                }
                universe.table_sizes().unwrap()
            };
            let [used, room, reserved, retired, _] = cycle(cycles);
            let remembered = |freed: usize| freed.min(4096);
            assert_eq!((used, reserved), (3, 0), "what there is from the beginning");
            assert_eq!(retired, remembered(2 * cycles));
            assert_eq!(cycle(cycles)[..4], [used, room, reserved, remembered(4 * cycles)]);
            assert!(room <= 6, "{room}");
        });
    }
}

#[test]
fn many_communicators_live_at_once() {
    run("shm", 2, |universe| {
        let comms: Vec<_> = (0..500).map(|_| universe.world().dup().unwrap()).collect();
        for (at, comm) in comms.iter().enumerate().rev() {
            ring(comm, at as i32);
        }
        drop(comms);
        assert_eq!(universe.table_sizes().unwrap()[0], 3);
    });
}

#[test]
fn duplicates_that_are_begun_in_any_order_do_not_wait_for_each_other() {
    for transport in transports() {
        for ranks in 2..=5 {
            run(transport, ranks, |universe| {
                let world = universe.world();
                let [a, b, c] = [(); 3].map(|()| world.dup().unwrap());
                let mut order = [&a, &b, &c];
                order.rotate_left(world.rank() as usize % 3);
                if world.rank() % 2 == 1 {
                    order.reverse();
                }
                let requests: Vec<_> = order.iter().map(|comm| comm.idup().unwrap()).collect();
                // Two of the same communicator, too; and they may be waited for in another order.
                let twice = (a.idup().unwrap(), a.idup().unwrap());
                let dups = olympi_comm::wait_all(requests.into_iter().rev()).unwrap();
                let (second, first) = (twice.1.wait().unwrap(), twice.0.wait().unwrap());
                for (mark, parent) in [&a, &b, &c].into_iter().enumerate() {
                    let of = |other: &&Communicator| other.compare(parent) == Comparison::Ident;
                    let at = order.iter().rev().position(of).unwrap();
                    ring(&dups[at], mark as i32);
                }
                ring(&second, 20);
                ring(&first, 10);
            });
        }
    }
}

/// A rank that waits in another call passes on what the agreement needs; and a member that knows the new communicator
/// first may use it at once.
#[test]
fn a_duplicate_comes_to_be_while_its_ranks_do_something_else() {
    for transport in transports() {
        for ranks in 2..=5 {
            run(transport, ranks, |universe| {
                let world = universe.world();
                let (me, last) = (world.rank(), world.size() - 1);
                let request = world.idup().unwrap();
                if me == last {
                    let dup = request.wait().unwrap();
                    for rank in 0..last {
                        dup.send(&[rank], rank, 1).unwrap();
                        world.send(&[rank], rank, 1).unwrap();
                    }
                    ring(&dup, 5);
                } else {
                    // It is not asked for before what was sent on it has come.
                    assert_eq!(world.recv::<i32>(last, 1).unwrap().0, me);
                    let dup = request.wait().unwrap();
                    assert_eq!(dup.recv::<i32>(last, 1).unwrap().0, me);
                    ring(&dup, 5);
                }
            });
        }
    }
}

#[test]
fn a_request_that_is_dropped_leaves_no_number_behind() {
    run("shm", 2, |universe| {
        let world = universe.world();
        drop(world.idup().unwrap());
        let mut request = world.idup().unwrap();
        while request.test().unwrap().is_none() {}
        drop(request);
        // It is over before anyone looks.
        let over = world.idup().unwrap();
        ring(&world.dup().unwrap(), 0);
        ring(world, 1);
        drop(over);
        ring(&world.dup().unwrap(), 2);
        ring(world, 3);
        let [used, _, reserved, ..] = universe.table_sizes().unwrap();
        assert_eq!((used, reserved), (3, 0));
    });
}

#[test]
fn what_comes_for_a_freed_communicator_is_discarded_and_its_sender_told() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let dup = world.dup().unwrap();
            if world.rank() == 1 {
                // One message has come before the end, others come after it; a receive that is under way goes on.
                let receive = dup.irecv(vec![0_u8; 4], 0, 9).unwrap();
                assert_eq!(world.recv::<u8>(0, 0).unwrap().0, 1);
                drop(dup);
                world.send(&2_u8, 0, 0).unwrap();
                assert_eq!(receive.wait().unwrap().0, [9; 4]);
                // The last handle is gone only now.
                world.send(&3_u8, 0, 0).unwrap();
                assert_eq!(world.recv::<u8>(0, 4).unwrap().0, 4);
            } else {
                let early = dup.issend(vec![1_u8; 100_000], 1, 1).unwrap();
                dup.send(&[1_u8], 1, 1).unwrap();
                world.send(&1_u8, 1, 0).unwrap();
                assert_eq!(world.recv::<u8>(1, 0).unwrap().0, 2);
                dup.send(&[9_u8; 4], 1, 9).unwrap();
                assert_eq!(world.recv::<u8>(1, 0).unwrap().0, 3);
                for late in [dup.ssend(&[2_u8], 1, 1), dup.ssend(&vec![2_u8; 100_000], 1, 1)] {
                    assert!(matches!(late, Err(SendError::PeerGone { rank: 1, .. })), "{late:?}");
                }
                dup.send(&[3_u8], 1, 1).unwrap();
                assert!(early.wait().is_err(), "nobody has received it");
                world.send(&4_u8, 1, 4).unwrap();
            }
            assert_eq!(universe.table_sizes().unwrap()[4], 0, "nothing is kept");
        });
    }
}

#[test]
fn every_thread_makes_its_own_and_a_handle_may_end_anywhere() {
    run_at(ThreadLevel::Multiple, "shm", 2, |universe| {
        let parents: Vec<_> = (0..3).map(|_| universe.world().dup().unwrap()).collect();
        std::thread::scope(|scope| {
            for parent in &parents {
                scope.spawn(|| (0..100).for_each(|at| ring(&parent.dup().unwrap(), at)));
            }
        });
    });
    run("shm", 1, |universe| {
        // A thread that may not call drops it; one that may frees it.
        let dup = universe.world().dup().unwrap();
        std::thread::spawn(move || {
            assert!(matches!(dup.dup(), Err(CreateError::Thread(_))));
            drop(dup);
        })
        .join()
        .unwrap();
        drop(universe.world().dup().unwrap());
        assert_eq!(universe.table_sizes().unwrap()[0], 3);
    });
}

#[test]
fn errors_on_a_communicator_name_its_own_ranks() {
    run("shm", 3, |universe| {
        let world = universe.world();
        let reversed = world.split(Some(0), -world.rank()).unwrap().unwrap();
        assert!(matches!(reversed.send(&[1], 3, 0), Err(SendError::Rank { rank: 3, size: 3 })));
        let mine = reversed.rank();
        reversed.send(&[1_u8, 2], mine, 0).unwrap();
        let cut = reversed.recv::<u8>(mine, 0).unwrap_err();
        assert!(matches!(cut, RecvError::Truncated { source_rank, .. } if source_rank == mine), "{cut}");
        universe.world().dup().unwrap();
    });
}
