//! Collectives over a simulated network, whose seed decides delays, refusals and deaths: every call against a sequential
//! reference, in any of its forms; and when a rank dies, an error or the right result at every other, and no hang.

mod harness;

use harness::simulated::{Rank, simulate};
use olympi_comm::{CollectiveError, Error, Op, Parts, Request, wait_all};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

const RANKS: [u32; 9] = [1, 2, 3, 4, 5, 7, 8, 13, 17];

/// Affine maps: their composition does not commute.
type Map = [i64; 2];

fn compose(f: &Map, g: &Map) -> Map {
    [f[0].wrapping_mul(g[0]), f[0].wrapping_mul(g[1]).wrapping_add(f[1])]
}

fn maps(rank: i32, call: u64, len: usize) -> Vec<Map> {
    (0..len as i64)
        .map(|i| [i64::from(rank) * 3 + i % 7 + 1, call as i64 * 11 + i + i64::from(rank)])
        .collect()
}

fn composed(ranks: std::ops::Range<i32>, call: u64, len: usize) -> Vec<Map> {
    let mut all = ranks.map(|rank| maps(rank, call, len));
    let first = all.next().expect("one rank at least");
    all.fold(first, |left, right| left.iter().zip(&right).map(|(f, g)| compose(f, g)).collect())
}

fn all_maps(size: i32, call: u64, len: usize) -> Vec<Map> {
    (0..size).flat_map(|rank| maps(rank, call, len)).collect()
}

/// What a collective gave, and what it should have given; `None`: this rank gets nothing.
type Outcome = (Vec<Map>, Option<Vec<Map>>);

/// A collective that is under way, and what it should give.
enum Running {
    One(Request<Vec<Map>>, Option<Vec<Map>>),
    Two(Request<(Vec<Map>, Vec<Map>)>, Option<Vec<Map>>),
    Done(Outcome),
}

impl Running {
    fn wait(self) -> Result<Outcome, Error> {
        match self {
            Self::One(request, expected) => Ok((request.wait()?, expected)),
            Self::Two(request, expected) => Ok((request.wait()?.1, expected)),
            Self::Done(outcome) => Ok(outcome),
        }
    }
}

/// Begins the `call`-th collective of a plan that all ranks compute alike.
fn begin(rank: &Rank<'_>, seed: u64, call: u64) -> Result<Running, Error> {
    let (world, me, size) = (rank.world, rank.me, rank.size);
    let mut rng = Rng::new(seed.wrapping_mul(1000) + call);
    let len = [0, 1, 3, 17, 400, 3000][rng.below(6)];
    let root = rng.below(size as usize) as i32;
    let op = || {
        // Whether it is said to commute or not, the order of ranks is kept where it matters.
        Op::associative(compose)
    };
    let mine = maps(me, call, len);
    let at_root = |value: Vec<Map>| (me == root).then_some(value);
    let all = || all_maps(size, call, len);
    let form = rng.below(3);
    Ok(match rng.below(10) {
        0 => {
            let buffer = if me == root { mine } else { vec![[0; 2]; len] };
            Running::One(world.ibroadcast(buffer, root)?, Some(maps(root, call, len)))
        }
        1 => {
            let into = vec![[0; 2]; if me == root { len * size as usize } else { 0 }];
            Running::Two(world.igather(mine, into, root)?, at_root(all()))
        }
        2 => {
            let source = if me == root { all() } else { Vec::new() };
            Running::Two(world.iscatter(source, vec![[0; 2]; len], root)?, Some(mine))
        }
        3 if form == 0 => Running::Done((world.all_gather(&mine)?, Some(all()))),
        3 => Running::Two(world.iall_gather(mine, vec![[0; 2]; len * size as usize])?, Some(all())),
        4 => {
            let out: Vec<Map> = (0..size).flat_map(|to| maps(me * 100 + to, call, len)).collect();
            let expected = (0..size).flat_map(|from| maps(from * 100 + me, call, len)).collect();
            if form == 0 {
                Running::One(world.iall_to_all_in_place(out)?, Some(expected))
            } else {
                Running::Two(world.iall_to_all(out, vec![[0; 2]; len * size as usize])?, Some(expected))
            }
        }
        5 => {
            let request = world.ireduce(mine, vec![[0; 2]; len], root, op())?;
            Running::Two(request, at_root(composed(0..size, call, len)))
        }
        6 if form == 0 => Running::Done((world.all_reduce(&mine, op())?, Some(composed(0..size, call, len)))),
        6 => Running::One(world.iall_reduce_in_place(mine, op())?, Some(composed(0..size, call, len))),
        7 => Running::Two(world.iscan(mine, vec![[0; 2]; len], op())?, Some(composed(0..me + 1, call, len))),
        8 => {
            let expected = (me > 0).then(|| composed(0..me, call, len));
            Running::Two(world.iexclusive_scan(mine, vec![[0; 2]; len], op())?, expected)
        }
        _ => {
            let counts: Vec<usize> = (0..size).map(|rank| (rank as usize * 5 + len) % 7).collect();
            let parts = Parts::new(&counts);
            let expected = (0..size).flat_map(|rank| maps(rank, call, counts[rank as usize])).collect();
            let own = maps(me, call, counts[me as usize]);
            Running::Two(world.iall_gather_parts(own, vec![[0; 2]; parts.end()], &parts)?, Some(expected))
        }
    })
}

fn check(outcome: Outcome, seed: u64, call: u64) {
    if let (got, Some(expected)) = outcome {
        assert!(got == expected, "collective {call} of seed {seed}: wrong result");
    }
}

#[test]
fn every_collective_is_as_the_reference_says_in_any_order_of_waiting() {
    with_seeds(45, |seed| {
        let ranks = RANKS[(seed % 9) as usize];
        let all = NetworkConfig::all();
        let network = all[(seed / 9 % all.len() as u64) as usize].clone();
        simulate(seed, ranks, network, move |rank| {
            let mut order = Rng::new(seed ^ rank.me as u64);
            let mut running = Vec::new();
            for call in 0..24 {
                running.push((call, begin(rank, seed, call).unwrap()));
                // Some are waited for at once, others much later, by each rank as it likes.
                while running.len() > 6 || (!running.is_empty() && order.chance(1, 3)) {
                    let (call, next) = running.swap_remove(order.below(running.len()));
                    check(next.wait().unwrap(), seed, call);
                }
            }
            for (call, next) in running {
                check(next.wait().unwrap(), seed, call);
            }
            rank.world.barrier().unwrap();
        });
    });
}

#[test]
fn persistent_collectives_and_messages_do_not_meet() {
    with_seeds(10, |seed| {
        let ranks = RANKS[1 + (seed % 6) as usize];
        simulate(seed, ranks, NetworkConfig::all()[(seed % 5) as usize].clone(), move |rank| {
            let (world, me, size) = (rank.world, rank.me, rank.size);
            let mut sum = world.all_reduce_init(vec![0_i64; 300], vec![0; 300], Op::sum()).unwrap();
            let mut spread = world.broadcast_init(vec![0_i64; 5], size - 1).unwrap();
            for step in 0..10 {
                sum.data_mut().unwrap().fill(step + i64::from(me));
                spread.result_mut().unwrap().fill(if me == size - 1 { step } else { -1 });
                sum.start().unwrap();
                spread.start().unwrap();
                // Messages with whatever tag, to oneself and the next, under way at the same time.
                let (next, before) = ((me + 1) % size, (me + size - 1) % size);
                let receive = world.irecv_vec::<i64>(before, olympi_comm::ANY_TAG).unwrap();
                let send = world.isend(vec![step; 500], next, step as i32).unwrap();
                assert_eq!(receive.wait().unwrap().0, vec![step; 500]);
                send.wait().unwrap();
                spread.wait().unwrap();
                sum.wait().unwrap();
                assert_eq!(spread.result().unwrap(), [step; 5]);
                let total = step * i64::from(size) + i64::from(size * (size - 1) / 2);
                assert_eq!(sum.result().unwrap(), [total; 300]);
            }
        });
    });
}

/// Whether an error is one that the death of a rank explains.
fn explained(error: &Error) -> bool {
    matches!(error, Error::Collective(CollectiveError::PeerGone { .. } | CollectiveError::Failed { .. }))
}

#[test]
fn a_rank_that_dies_ends_what_depends_on_it_and_nothing_hangs() {
    with_seeds(60, |seed| {
        let ranks = [2, 3, 5, 8, 12][(seed % 5) as usize];
        let all = NetworkConfig::all();
        let network = all[(seed / 5 % all.len() as u64) as usize].clone();
        let mut rng = Rng::new(seed);
        let victim = rng.below(ranks as usize) as i32;
        let moment = rng.below(4000) as u64;
        simulate(seed, ranks, network, move |rank| {
            let killer = (rank.me == victim).then(|| {
                let network = rank.network.clone();
                std::thread::spawn(move || {
                    let begin = std::time::Instant::now();
                    while network.now() < moment && begin.elapsed().as_secs() < 5 {
                        std::thread::yield_now();
                    }
                    network.kill(victim as usize);
                })
            });
            let mut failures = 0;
            for call in 0..30 {
                match begin(rank, seed, call).and_then(Running::wait) {
                    Ok(outcome) => check(outcome, seed, call),
                    Err(error) => {
                        assert!(explained(&error), "{error}");
                        failures += 1;
                    }
                }
            }
            // Once it is dead for sure, nothing that needs all can succeed.
            if let Some(killer) = killer {
                killer.join().unwrap();
            }
            rank.meet();
            let pending: Vec<_> = (0..3).map(|_| rank.world.ibarrier()).collect::<Result<_, _>>().unwrap();
            let error = wait_all(pending).expect_err("a barrier with a dead rank");
            assert!(explained(&error), "{error}");
            failures
        });
    });
}

/// Whoever dies, and whoever does not hear of all lengths: everyone takes part to the end, and nobody waits for ever, though
/// some objects are longer than any eager message.
#[test]
fn a_rank_that_dies_ends_exchanges_of_objects_and_nothing_hangs() {
    with_seeds(120, |seed| {
        let ranks = [2, 3, 5, 8, 9][(seed % 5) as usize];
        let all = NetworkConfig::all();
        let network = all[(seed / 5 % all.len() as u64) as usize].clone();
        let mut rng = Rng::new(seed);
        let victim = rng.below(ranks as usize) as i32;
        let moment = rng.below(4000) as u64;
        simulate(seed, ranks, network, move |rank| {
            let (world, me, size) = (rank.world, rank.me, rank.size);
            let killer = (me == victim).then(|| {
                let network = rank.network.clone();
                std::thread::spawn(move || {
                    let begin = std::time::Instant::now();
                    while network.now() < moment && begin.elapsed().as_millis() < 50 {
                        std::thread::yield_now();
                    }
                    network.kill(victim as usize);
                })
            });
            let word = |rank: i32| rank.to_string().repeat(if rank % 2 == 0 { 30_000 } else { 3 });
            let words: Vec<_> = (0..size).map(word).collect();
            let mine = &words[me as usize];
            let mut dice = Rng::new(seed ^ 0x0B1E);
            for _ in 0..20 {
                let root = dice.below(size as usize) as i32;
                let given = (me == root).then_some(&words[..]);
                let outcome = match dice.below(5) {
                    0 => world
                        .broadcast_object(given.map(|_| mine), root)
                        .map(|got| assert!(got == words[root as usize])),
                    1 => world.scatter_objects(given, root).map(|got| assert!(got == *mine)),
                    2 => world
                        .gather_objects(mine, root)
                        .map(|got| assert!(got.is_none_or(|got| got == words))),
                    3 => world.all_gather_objects(mine).map(|got| assert!(got == words)),
                    _ => world
                        .all_to_all_objects(&words)
                        .map(|got| assert!(got == vec![mine.clone(); size as usize])),
                };
                if let Err(error) = outcome.map_err(Error::from) {
                    assert!(explained(&error), "{error}");
                }
            }
            killer.into_iter().for_each(|killer| killer.join().unwrap());
        });
    });
}
