//! Collectives of real ranks: over shared memory with and without a board, and over TCP.

mod harness;

use std::sync::Arc;

use harness::{run, run_with};
use olympi_comm::{CollectiveError, Communicator, Config, Error, Located, Op, Parts, Universe, wait_all};

/// Where ranks may meet: with all on one host there is a board; without shared memory there are messages alone.
fn everywhere(ranks: u32, body: impl Fn(&Communicator) + Send + Sync + Copy + 'static) {
    let whole = move |universe: &Universe| {
        // Often enough that a board is asked for on the way.
        (0..3).for_each(|_| body(universe.world()));
    };
    let board = Config { local_size: Some(ranks), transports: "shm".parse().unwrap(), ..Config::default() };
    run_with(board.clone(), ranks, whole);
    let crowded = Config { oversubscribed: Some(true), ..board };
    run_with(crowded, ranks, whole);
    for transport in harness::transports() {
        run(transport, ranks, whole);
    }
}

const RANKS: [u32; 4] = [1, 2, 3, 5];
const LENGTHS: [usize; 4] = [0, 1, 1000, 40_000];

fn numbers(rank: i32, len: usize) -> Vec<i64> {
    (0..len).map(|i| i64::from(rank) * 1_000_003 + i as i64).collect()
}

#[test]
fn barriers_let_nobody_through_too_early() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COME: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];
    for ranks in RANKS {
        everywhere(ranks, move |world| {
            for _ in 0..20 {
                let counter = &COME[ranks as usize];
                let before = counter.fetch_add(1, Ordering::SeqCst);
                world.barrier().unwrap();
                let after = counter.load(Ordering::SeqCst);
                assert!(after >= before / ranks * ranks + ranks, "{before} {after} of {ranks}");
                world.barrier().unwrap();
            }
        });
    }
}

#[test]
fn data_comes_to_where_it_belongs() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for len in LENGTHS {
                for root in [0, size - 1] {
                    let mut data = if me == root { numbers(root, len) } else { vec![0; len] };
                    world.broadcast(&mut data, root).unwrap();
                    assert_eq!(data, numbers(root, len));

                    let all: Vec<i64> = (0..size).flat_map(|rank| numbers(rank, len)).collect();
                    let gathered = world.gather(&numbers(me, len), root).unwrap();
                    assert_eq!(gathered, (me == root).then(|| all.clone()));
                    let mut place = if me == root { vec![-1; all.len()] } else { numbers(me, len) };
                    if me == root {
                        place[len * me as usize..len * (me as usize + 1)].copy_from_slice(&numbers(me, len));
                    }
                    world.gather_in_place(&mut place, root).unwrap();
                    assert!(me != root || place == all);

                    let source = if me == root { all.clone() } else { Vec::new() };
                    let mut mine = vec![0; len];
                    world.scatter_into(&source, &mut mine, root).unwrap();
                    assert_eq!(mine, numbers(me, len));
                    let mut place = if me == root { all.clone() } else { vec![0; len] };
                    world.scatter_in_place(&mut place, root).unwrap();
                    assert_eq!(place, if me == root { all.clone() } else { numbers(me, len) });

                    assert_eq!(world.all_gather(&numbers(me, len)).unwrap(), all);
                    let mut place = vec![0; all.len()];
                    place[len * me as usize..len * (me as usize + 1)].copy_from_slice(&numbers(me, len));
                    world.all_gather_in_place(&mut place).unwrap();
                    assert_eq!(place, all);
                }
                let len = len.min(3000);
                let block = |from: i32, to: i32| numbers(from * 100 + to, len);
                let mut out: Vec<i64> = (0..size).flat_map(|to| block(me, to)).collect();
                let expected: Vec<i64> = (0..size).flat_map(|from| block(from, me)).collect();
                assert_eq!(world.all_to_all(&out).unwrap(), expected);
                world.all_to_all_in_place(&mut out).unwrap();
                assert_eq!(out, expected);
            }
        });
    }
}

#[test]
fn reductions_combine_in_the_order_of_ranks() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for len in LENGTHS {
                let sum = |upto: i32| -> Vec<i64> {
                    let all: Vec<_> = (0..upto).map(|rank| numbers(rank, len)).collect();
                    (0..len).map(|i| all.iter().map(|numbers| numbers[i]).sum()).collect()
                };
                assert_eq!(world.all_reduce(&numbers(me, len), Op::sum()).unwrap(), sum(size));
                for root in [0, size - 1] {
                    let result = world.reduce(&numbers(me, len), root, Op::sum()).unwrap();
                    assert_eq!(result, (me == root).then(|| sum(size)));
                }
                assert_eq!(world.scan(&numbers(me, len), Op::sum()).unwrap(), sum(me + 1));
                let before = world.exclusive_scan(&numbers(me, len), Op::sum()).unwrap();
                assert_eq!(before, (me > 0).then(|| sum(me)));
            }
            // Composition of affine maps does not commute.
            let compose = || Op::associative(|f: &[i64; 2], g: &[i64; 2]| [f[0] * g[0], f[0] * g[1] + f[1]]);
            let map = |rank: i32| [i64::from(rank % 3) + 1, i64::from(rank) + 1];
            let expected = (1..size).fold(map(0), |f, rank| {
                let g = map(rank);
                [f[0] * g[0], f[0] * g[1] + f[1]]
            });
            for len in [1_usize, 100, 3000] {
                let all = world.all_reduce(&vec![map(me); len], compose()).unwrap();
                assert!(all.iter().all(|result| *result == expected), "{len} maps");
                let one = world.reduce(&vec![map(me); len], size - 1, compose()).unwrap();
                assert!(one.is_none_or(|one| one.iter().all(|result| *result == expected)));
            }
            let blocks: Vec<i64> = (0..size).flat_map(|to| numbers(to + me, 50)).collect();
            let mut mine = vec![0; 50];
            world.reduce_scatter_block_into(&blocks, &mut mine, Op::max()).unwrap();
            assert_eq!(mine, numbers(me + size - 1, 50));
            let place = Located { value: f64::from((me * 7) % size), location: i64::from(me) };
            let smallest = world.all_reduce(&place, Op::min_location()).unwrap();
            assert_eq!(smallest, Located { value: 0.0, location: 0 });
            assert!(world.all_reduce(&(me < size), Op::logical_and()).unwrap());
        });
    }
}

#[test]
fn the_same_sums_are_the_same_bits() {
    for ranks in [3, 4] {
        let values = move |universe: &Universe| -> Vec<Vec<u64>> {
            let world = universe.world();
            let terms: Vec<f64> = (0..5000).map(|i| 1.0 / f64::from(i * 7 + world.rank() * 13 + 1)).collect();
            let sums = (0..6).map(|_| world.all_reduce(&terms, Op::sum()).unwrap());
            sums.map(|sum| sum.iter().map(|x| x.to_bits()).collect()).collect()
        };
        let config =
            Config { local_size: Some(ranks), transports: "shm".parse().unwrap(), ..Config::default() };
        let all = run_with(config, ranks, values);
        assert!(all.iter().all(|ranks| ranks == &all[0]), "all ranks get the same bits");
        // On the board from the third on.
        assert!(all[0][3..].iter().all(|sum| *sum == all[0][3]), "and the same each time");
    }
}

#[test]
fn non_blocking_ones_run_at_once_and_in_any_order_of_waiting() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let sums: Vec<_> =
                (0..10).map(|i| world.iall_reduce(vec![i, me], vec![0; 2], Op::sum()).unwrap()).collect();
            let broadcast = world.ibroadcast(vec![if me == 0 { 42 } else { 0 }; 30_000], 0).unwrap();
            let barrier = world.ibarrier().unwrap();
            barrier.wait().unwrap();
            assert!(broadcast.wait().unwrap().iter().all(|x| *x == 42));
            for (i, (_, sum)) in wait_all(sums).unwrap().into_iter().enumerate() {
                assert_eq!(sum, [i as i32 * size, size * (size - 1) / 2]);
            }
            let (mine, mut all) = (vec![me; 3], vec![0; 3 * size as usize]);
            let (own, mut total) = ([i64::from(me)], [0_i64]);
            world
                .scope(|scope| {
                    scope.iall_gather(&mine, &mut all)?;
                    let sum = scope.iall_reduce(&own, &mut total, Op::sum())?;
                    sum.wait()?;
                    Ok(())
                })
                .unwrap();
            assert_eq!(all, (0..size).flat_map(|rank| [rank; 3]).collect::<Vec<_>>());
            assert_eq!(total, [i64::from(size * (size - 1) / 2)]);
        });
    }
}

/// The standard asks for one order at all ranks (MPI 5.0, section 6.14); but a request that is begun before a barrier here and
/// behind it there can mean but one thing.
#[test]
fn requests_on_either_side_of_a_barrier_meet() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            for root in 0..world.size() {
                let sum = if world.rank() == root {
                    let mut sum = world.iall_reduce(vec![1_i32], vec![0], Op::sum()).unwrap();
                    // Of one rank alone it is over, and its outcome would be given here.
                    assert!(world.size() == 1 || sum.test().unwrap().is_none(), "the others have not begun");
                    world.barrier().unwrap();
                    sum
                } else {
                    world.barrier().unwrap();
                    world.iall_reduce(vec![1_i32], vec![0], Op::sum()).unwrap()
                };
                assert_eq!(sum.wait().unwrap().1, [world.size()]);
            }
        });
    }
}

#[test]
fn persistent_ones_are_started_again_and_again() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let mut sum = world.all_reduce_init(vec![0_i32; 100], vec![0; 100], Op::sum()).unwrap();
            let mut spread = world.broadcast_init(vec![0_i32; 5], size - 1).unwrap();
            for step in 0..8 {
                sum.data_mut().unwrap().fill(step + me);
                if me == size - 1 {
                    spread.result_mut().unwrap().fill(step);
                }
                sum.start().unwrap();
                spread.start().unwrap();
                assert!(sum.is_active() && sum.result().is_err());
                spread.wait().unwrap();
                while !sum.test().unwrap() {}
                assert_eq!(spread.result().unwrap(), [step; 5]);
                assert_eq!(sum.result().unwrap(), [step * size + size * (size - 1) / 2; 100]);
            }
        });
    }
}

#[test]
fn wrong_arguments_are_errors_at_once() {
    run("shm", 2, |universe| {
        let world = universe.world();
        let error = world.broadcast(&mut [0], 2).unwrap_err();
        assert!(matches!(error, CollectiveError::Root { rank: 2, size: 2, .. }));
        assert_eq!(
            error.to_string(),
            "rank 2 cannot be the root of broadcast: the communicator has ranks 0 to 1"
        );
        let error = world.all_gather_into(&[1, 2][..], &mut [0; 3][..]).unwrap_err();
        assert_eq!(error.to_string(), "all_gather needs 4 element(s) in the result, which has 3");
        let error = world.all_to_all(&[1, 2, 3][..]).unwrap_err();
        assert!(matches!(error, CollectiveError::Buffer { needed: 4, len: 3, .. }));
        assert!(world.all_reduce_into(&[1][..], &mut [0; 2][..], Op::sum()).is_err());
        // Nothing was sent: what comes next is as it should be.
        assert_eq!(world.all_reduce(&1, Op::sum()).unwrap(), 2);
    });
}

#[test]
fn ranks_that_disagree_get_errors_and_go_on() {
    for board in [false, true] {
        let config = Config {
            local_size: board.then_some(3),
            transports: "shm".parse().unwrap(),
            ..Config::default()
        };
        run_with(config, 3, |universe| {
            let world = universe.world();
            for _ in 0..4 {
                world.barrier().unwrap();
            }
            let mut data = vec![0_u8; if world.rank() == 2 { 10 } else { 20 }];
            let result = world.broadcast(&mut data, 0);
            if world.rank() == 2 {
                let error = result.unwrap_err();
                assert!(
                    matches!(error, CollectiveError::Length { rank: 0, sent: 20, expected: 10, .. }),
                    "{error}"
                );
            }
            assert_eq!(world.all_reduce(&1, Op::sum()).unwrap(), 3);
        });
    }
}

#[test]
fn bytes_that_are_no_values_do_not_become_values() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            world.broadcast(&mut [1_u8, 7][..], 0).unwrap();
        } else {
            let mut truths = vec![true; 2];
            let error = world.broadcast(&mut truths, 0).unwrap_err();
            assert!(matches!(error, CollectiveError::Value { .. }));
            assert_eq!(truths, [true, false]);
        }
    });
}

#[test]
fn dropped_requests_run_on() {
    everywhere(3, |world| {
        for i in 0..5 {
            drop(world.iall_reduce(vec![i; 5000], vec![0; 5000], Op::sum()).unwrap());
        }
        let mut lost = world.all_reduce_init(vec![1_u8; 10], vec![0; 10], Op::sum()).unwrap();
        lost.start().unwrap();
        drop(lost);
        assert_eq!(world.all_reduce(&1, Op::sum()).unwrap(), 3);
    });
}

#[test]
fn every_algorithm_that_is_asked_for_serves() {
    for (variable, names) in [
        ("OLYMPI_COLL_ALL_REDUCE", &["recursive_doubling", "ring", "reduce_scatter_all_gather"][..]),
        ("OLYMPI_COLL_BROADCAST", &["flat", "binomial", "chain", "scatter_ring"]),
        ("OLYMPI_COLL_ALL_TO_ALL", &["bruck", "scattered", "pairwise"]),
    ] {
        for name in names {
            let name = Arc::new((*name).to_owned());
            run("shm", 5, move |universe| {
                universe.set_tuning(variable, &name).unwrap();
                let world = universe.world();
                let sum = world.all_reduce(&vec![1_i32; 10_000], Op::sum()).unwrap();
                assert!(sum.iter().all(|x| *x == 5));
                let mut data = vec![world.rank(); 10_000];
                world.broadcast(&mut data, 3).unwrap();
                assert!(data.iter().all(|x| *x == 3));
                let blocks: Vec<i32> = (0..5).collect();
                assert_eq!(world.all_to_all(&blocks).unwrap(), [world.rank(); 5]);
            });
        }
    }
    run("shm", 1, |universe| {
        let error = universe.set_tuning("OLYMPI_COLL_BROADCAST", "pigeons").unwrap_err();
        assert!(matches!(error, Error::Tuning(_)) && error.to_string().contains("one of"), "{error}");
    });
}

#[test]
fn parts_of_any_lengths_come_to_where_they_belong() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let n = size as usize;
            let counts: Vec<usize> = (0..n).map(|rank| rank * 3 % 5).collect();
            // Backwards, with gaps.
            let displacements: Vec<usize> = (0..n).map(|rank| (n - 1 - rank) * 6 + 1).collect();
            let parts = Parts::at(&counts, &displacements);
            let mine = numbers(me, counts[me as usize]);
            let mut expected = vec![-1; parts.end()];
            for rank in 0..n {
                let place = displacements[rank]..displacements[rank] + counts[rank];
                expected[place].copy_from_slice(&numbers(rank as i32, counts[rank]));
            }
            let mut all = vec![-1; parts.end()];
            world.all_gather_parts_into(&mine, &mut all, &parts).unwrap();
            assert_eq!(all, expected);
            let root = size - 1;
            let mut all = vec![-1; parts.end()];
            world.gather_parts_into(&mine, &mut all, &parts, root).unwrap();
            assert!(me != root || all == expected);
            let mut back = vec![0; counts[me as usize]];
            world.scatter_parts_into(&expected, &mut back, &parts, root).unwrap();
            assert_eq!(back, mine);

            // Rank a sends a + 2b elements to rank b.
            let sent = |from: usize, to: usize| numbers((from * 100 + to) as i32, from + 2 * to);
            let from = Parts::new(&(0..n).map(|to| sent(me as usize, to).len()).collect::<Vec<_>>());
            let to = Parts::new(&(0..n).map(|from| sent(from, me as usize).len()).collect::<Vec<_>>());
            let data: Vec<i64> = (0..n).flat_map(|to| sent(me as usize, to)).collect();
            let mut into = vec![0; to.end()];
            world.all_to_all_parts_into(&data, &mut into, &from, &to).unwrap();
            assert_eq!(into, (0..n).flat_map(|from| sent(from, me as usize)).collect::<Vec<_>>());

            let total: usize = counts.iter().sum();
            let mut block = vec![0; counts[me as usize]];
            world.reduce_scatter_into(&vec![1_i64; total], &mut block, &counts, Op::sum()).unwrap();
            assert!(block.iter().all(|x| *x == i64::from(size)));
        });
    }
    run("shm", 2, |universe| {
        let world = universe.world();
        let error = world.all_gather_parts_into(&[1, 2][..], &mut [0; 3][..], &Parts::at(&[2, 2], &[0, 1]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "all_gather_parts: the result has parts that overlap, at elements 0 and 1"
        );
        let error = world.all_gather_parts_into(&[1][..], &mut [0; 3][..], &Parts::new(&[1])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "all_gather_parts: the result has 1 parts instead of 2, one for each rank"
        );
        assert!(world.all_gather_parts_into(&[1][..], &mut [0; 1][..], &Parts::new(&[1, 1])).is_err());
    });
}

#[test]
fn objects_travel_too() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let word = |rank: i32| "x".repeat(rank as usize * 7) + &rank.to_string();
            let words: Vec<String> = (0..size).map(word).collect();
            for root in [0, size - 1] {
                let given = (me == root).then(|| word(root));
                assert_eq!(world.broadcast_object(given.as_ref(), root).unwrap(), word(root));
                assert_eq!(
                    world.gather_objects(&word(me), root).unwrap(),
                    (me == root).then(|| words.clone())
                );
                let given = (me == root).then_some(&words[..]);
                assert_eq!(world.scatter_objects(given, root).unwrap(), word(me));
                let joined = world.reduce_objects(&word(me), root, |a, b| a + &b).unwrap();
                assert_eq!(joined, (me == root).then(|| words.concat()));
            }
            assert_eq!(world.all_gather_objects(&word(me)).unwrap(), words);
            let mine: Vec<String> = (0..size).map(|to| word(me) + &word(to)).collect();
            let expected: Vec<String> = (0..size).map(|from| word(from) + &word(me)).collect();
            assert_eq!(world.all_to_all_objects(&mine).unwrap(), expected);
            assert_eq!(world.all_reduce_objects(&word(me), |a, b| a + &b).unwrap(), words.concat());
            assert_eq!(world.scan_objects(&word(me), |a, b| a + &b).unwrap(), words[..=me as usize].concat());
            let before = world.exclusive_scan_objects(&word(me), |a, b| a + &b).unwrap();
            assert_eq!(before, (me > 0).then(|| words[..me as usize].concat()));
        });
    }
}

#[test]
fn who_asks_for_another_type_of_object_is_told() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            world.broadcast_object(Some(&7_i32), 0).unwrap();
        } else {
            let error = world.broadcast_object::<String>(None, 0).unwrap_err();
            assert!(matches!(error, CollectiveError::Decode { rank: 0, .. }), "{error}");
        }
        // A root without an object is an error everywhere, and nobody waits.
        let error = world.broadcast_object::<i32>(None, 0).unwrap_err();
        match world.rank() {
            0 => assert!(matches!(error, CollectiveError::Counts { .. }), "{error}"),
            _ => assert!(matches!(error, CollectiveError::Failed { rank: 0, .. }), "{error}"),
        }
        assert_eq!(world.all_reduce(&1, Op::sum()).unwrap(), 2);
    });
}
