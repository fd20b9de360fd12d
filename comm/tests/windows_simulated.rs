//! Windows over a simulated network: random accesses beside a model, under delays, refusals, losses and deaths from one seed.

mod harness;

use harness::simulated::{Rank, simulate};
use olympi_comm::raw::{Raw, Target};
use olympi_comm::{Asserts, Datatype, ErrorClass, Info, LockKind, Op, Window, WindowError};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

/// Elements of a rank's part.
const CELLS: usize = 100_000;
const PHASES: u64 = 4;

/// What one rank does in a phase.
#[derive(Clone, Debug)]
struct Access {
    target: i32,
    at: usize,
    len: usize,
    what: What,
    salt: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Put,
    Add,
    Swap,
}

impl Access {
    fn value(&self, i: usize) -> i64 {
        self.salt * 10_000 + i as i64
    }
}

/// What a rank does in a phase: puts to cells that are its own there, sums anywhere in the cells for sums.
fn accesses(seed: u64, phase: u64, rank: i32, ranks: i32) -> Vec<Access> {
    let mut rng = Rng::new(seed ^ (phase << 8) ^ ((rank as u64 + 1) << 32));
    let slice = CELLS / 2 / ranks as usize;
    let access = |number: usize| {
        let len = [1, 3, 40, slice.min(12_000)][rng.below(4)];
        let what = [What::Put, What::Add, What::Swap][rng.below(3)];
        let at = match what {
            What::Add => CELLS / 2 + rng.below(CELLS / 2 - len),
            _ => rank as usize * slice + rng.below(slice - len + 1),
        };
        let len = if what == What::Swap { 1 } else { len };
        let salt = (phase as i64 * 100 + i64::from(rank)) * 100 + number as i64;
        Access { target: rng.below(ranks as usize) as i32, at, len, what, salt }
    };
    (0..12).map(access).collect()
}

/// The parts of all ranks after a phase. Accesses of one rank to one place are not in order, so what it puts comes once.
fn play(model: &mut [Vec<i64>], access: &Access) {
    let part = &mut model[access.target as usize];
    for i in 0..access.len {
        match access.what {
            What::Put | What::Swap => part[access.at + i] = access.value(i),
            What::Add => part[access.at + i] += access.value(i),
        }
    }
}

fn network(seed: u64) -> NetworkConfig {
    let all = NetworkConfig::all();
    let mut network = all[(seed / 4 % all.len() as u64) as usize].clone();
    if seed.is_multiple_of(3) {
        (network.delay, network.rma_delay, network.done_delay) = (0..=2000, 0..=2000, 0..=1000);
    }
    network
}

/// In which epochs the accesses of a phase lie.
fn epoch(rank: &Rank<'_>, window: &Window, kind: u64, mine: &[Access], model: &[Vec<i64>]) {
    let long = Datatype::of::<i64>();
    let all: Vec<Vec<i64>> =
        mine.iter().map(|access| (0..access.len).map(|i| access.value(i)).collect()).collect();
    let act = || {
        for (access, data) in mine.iter().zip(&all) {
            let (target, at) = (access.target, access.at as i64);
            match access.what {
                What::Put => {
                    let from = Raw::new(data.as_ptr().cast_mut().cast(), data.len(), &long);
                    let target =
                        Target { rank: target, displacement: at, count: data.len(), datatype: &long };
                    // SAFETY: the data are there until the epoch has ended.
                    unsafe { window.put_raw(&from, &target) }.unwrap();
                }
                What::Add => window.accumulate(data, target, at, &Op::sum()).unwrap(),
                What::Swap => loop {
                    // Whatever was there, it is replaced.
                    let mut old = [0];
                    window.get(&mut old, target, at).unwrap();
                    if window.compare_and_swap(old[0], data[0], target, at).unwrap() == old[0] {
                        break;
                    }
                },
            }
            // Accesses to one place are in no order by themselves, so each is ended before the next.
            if kind > 1 {
                window.flush(target).unwrap();
            }
        }
    };
    match kind {
        0 => {
            window.fence(Asserts::NO_PRECEDE).unwrap();
            act();
            window.fence(Asserts::NO_SUCCEED).unwrap();
        }
        1 => {
            window.post(window.group(), Asserts::NONE).unwrap();
            window.start(window.group(), Asserts::NONE).unwrap();
            act();
            window.complete().unwrap();
            window.wait().unwrap();
        }
        2 => {
            window.lock_all(Asserts::NONE).unwrap();
            act();
            window.unlock_all().unwrap();
        }
        _ => {
            for (access, data) in mine.iter().zip(&all) {
                window.lock(LockKind::Exclusive, access.target, Asserts::NONE).unwrap();
                match access.what {
                    What::Add => {
                        // By hand, which only a lock makes right.
                        let mut there = vec![0; access.len];
                        window.get(&mut there[..], access.target, access.at as i64).unwrap();
                        there.iter_mut().zip(data).for_each(|(there, more)| *there += more);
                        window.put(&there, access.target, access.at as i64).unwrap();
                    }
                    _ => window.put(data, access.target, access.at as i64).unwrap(),
                }
                window.unlock(access.target).unwrap();
            }
        }
    }
    rank.world.barrier().unwrap();
    let part = window.read::<i64>(0, CELLS).unwrap();
    let first = part.iter().zip(&model[rank.me as usize]).position(|(is, should)| is != should);
    assert_eq!(first, None, "kind {kind}: cell, of {}", rank.me);
    rank.world.barrier().unwrap();
}

/// Drops what one rank writes twice in a phase, since those have no order in epochs of the first two kinds.
fn once(all: Vec<Access>) -> Vec<Access> {
    let mut kept: Vec<Access> = Vec::new();
    for access in all {
        let apart = |other: &Access| {
            other.target != access.target
                || (other.what == What::Add) != (access.what == What::Add)
                || access.what == What::Add
                || other.at + other.len <= access.at
                || access.at + access.len <= other.at
        };
        if kept.iter().all(apart) {
            kept.push(access);
        }
    }
    kept
}

#[test]
fn random_accesses_leave_what_the_model_says() {
    with_seeds(40, |seed| {
        let ranks = [1, 2, 3, 5][(seed % 4) as usize];
        simulate(seed, ranks, network(seed), move |rank| {
            let window = Window::allocate::<i64>(rank.world, CELLS, &Info::new()).unwrap();
            let mut model = vec![vec![0_i64; CELLS]; ranks as usize];
            for phase in 0..PHASES {
                let of = |who: i32| once(accesses(seed, phase, who, rank.size));
                (0..rank.size).for_each(|who| of(who).iter().for_each(|access| play(&mut model, access)));
                epoch(rank, &window, (seed + phase) % 4, &of(rank.me), &model);
            }
            window.free().unwrap();
        });
    });
}

#[test]
fn a_rank_that_dies_leaves_nobody_waiting() {
    with_seeds(60, |seed| {
        let ranks = [2, 3, 5][(seed % 3) as usize];
        let mut rng = Rng::new(seed);
        let victim = rng.below(ranks as usize) as i32;
        let moment = rng.below(2000) as u64;
        simulate(seed, ranks, network(seed), move |rank| {
            let window = Window::allocate::<i64>(rank.world, 10_000, &Info::new()).unwrap();
            rank.meet();
            let killer = (rank.me == victim).then(|| {
                let network = rank.network.clone();
                std::thread::spawn(move || {
                    let start = network.now();
                    while network.now() < start + moment {
                        std::thread::sleep(std::time::Duration::from_micros(50));
                        network.advance(10);
                    }
                    network.kill(victim as usize);
                })
            });
            let mut mine = Rng::new(seed ^ (rank.me as u64) << 20);
            let result = loop {
                if let Err(error) = deal(&window, &mut mine, rank.size) {
                    break error;
                }
            };
            if rank.me != victim {
                assert_eq!(result.class(), ErrorClass::ProcAborted, "{result}");
            }
            killer.into_iter().for_each(|killer| killer.join().unwrap());
            // Those that live still have one another.
            if rank.me != victim {
                for other in (0..rank.size).filter(|other| *other != victim && *other != rank.me) {
                    rank.world.send(&rank.me, other, 7).unwrap();
                }
                for other in (0..rank.size).filter(|other| *other != victim && *other != rank.me) {
                    assert_eq!(rank.world.recv::<i32>(other, 7).unwrap().0, other);
                }
            }
        });
    });
}

/// Something of every kind that waits for others.
fn deal(window: &Window, rng: &mut Rng, ranks: i32) -> Result<(), WindowError> {
    let target = rng.below(ranks as usize) as i32;
    let kind = if rng.chance(1, 2) { LockKind::Exclusive } else { LockKind::Shared };
    window.lock(kind, target, Asserts::NONE)?;
    let mut first = Ok(());
    for _ in 0..rng.below(4) {
        let data = vec![1_i64; [1, 5000][rng.below(2)]];
        let done = match rng.below(4) {
            0 => window.put(&data, target, 0),
            1 => window.get(&mut vec![0_i64; 3000][..], target, 0),
            2 => window.accumulate(&data, target, 5000, &Op::sum()),
            _ => window.fetch_and_op(1_i64, target, 0, &Op::sum()).map(|_| ()),
        };
        first = first.and(done);
    }
    // What was locked is given back, come what may.
    first.and(window.unlock(target))
}
