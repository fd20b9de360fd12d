//! Intercommunicators over a simulated network: whatever it delays, and whoever dies while they are made or used.

mod harness;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::sides::talk;
use harness::simulated::{Rank, simulate};
use olympi_comm::{CollectiveError, Communicator, CreateError, Group, Op};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

fn network(seed: u64, rng: &mut Rng) -> NetworkConfig {
    let all = NetworkConfig::all();
    let mut network = all[(seed % all.len() as u64) as usize].clone();
    if rng.chance(1, 3) {
        (network.delay, network.rma_delay) = (0..=2000, 0..=2000);
    }
    network
}

/// Some of the ranks in two groups, in any order; none of them is empty.
fn groups(rng: &mut Rng, ranks: u32) -> [Vec<i32>; 2] {
    let mut rest: Vec<_> = (0..ranks as i32).collect();
    let mut take = |most: usize| -> Vec<i32> {
        (0..1 + rng.below(most)).map(|_| rest.swap_remove(rng.below(rest.len()))).collect()
    };
    let first = take(ranks as usize - 1);
    [take(ranks as usize - first.len()), first]
}

/// Two groups of the world with their leaders, seen from one rank of either.
struct Plan {
    mine: Group,
    theirs: Group,
    leader: i32,
    other: i32,
}

impl Plan {
    /// The same at all ranks; `None` at those that are in neither group.
    fn new(rank: &Rank<'_>, seed: u64) -> Option<Self> {
        let mut rng = Rng::new(seed);
        let [mut mine, mut theirs] = groups(&mut rng, rank.size as u32);
        let (mut leader, mut other) = (rng.below(mine.len()) as i32, rng.below(theirs.len()) as i32);
        if theirs.contains(&rank.me) {
            std::mem::swap(&mut mine, &mut theirs);
            std::mem::swap(&mut leader, &mut other);
        }
        let group = |ranks: &[i32]| rank.world.group().incl(ranks).unwrap();
        mine.contains(&rank.me).then(|| Self { mine: group(&mine), theirs: group(&theirs), leader, other })
    }

    /// By a communicator of the group, or without.
    fn make(&self, rank: &Rank<'_>, local: Option<&Communicator>) -> Result<Communicator, CreateError> {
        let Self { mine, theirs, leader, other } = self;
        let Some(local) = local else {
            return rank.universe.inter_from_groups(mine, *leader, theirs, *other, "plan");
        };
        let other = theirs.translate_ranks(&[*other], rank.world.group()).unwrap()[0].unwrap();
        local.create_inter(*leader, Some((rank.world, other)), 3)
    }
}

#[test]
fn intercommunicators_of_any_groups_carry_messages_and_collectives() {
    with_seeds(60, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        simulate(seed, ranks, network(seed / 4, &mut rng), move |rank| {
            for round in 0..4 {
                let Some(plan) = Plan::new(rank, seed << 8 | round) else { continue };
                let local = rank.world.create_group(&plan.mine, round as i32).unwrap();
                for local in [Some(&local), None] {
                    let inter = plan.make(rank, local).unwrap();
                    assert_eq!((inter.group(), inter.remote_group()), (&plan.mine, Some(&plan.theirs)));
                    talk(&inter, round as i32);
                    let sum = inter.all_reduce(&1, Op::sum()).unwrap();
                    assert_eq!(sum, plan.theirs.size());
                    let part = inter.split(Some(inter.rank() % 2), -inter.rank()).unwrap();
                    part.iter().for_each(|part| talk(part, 9));
                    let both = inter.merge(round == 0).unwrap();
                    assert_eq!(both.size(), plan.mine.size() + plan.theirs.size());
                    both.barrier().unwrap();
                }
            }
            // What is not in use any more is gone.
            rank.world.barrier().unwrap();
            let [used, _, reserved, ..] = rank.universe.table_sizes().unwrap();
            assert_eq!((used, reserved), (3, 0));
        });
    });
}

/// Kills a rank at a moment of the network's time, or soon.
fn kill(rank: &Rank<'_>, victim: i32, moment: u64, dead: &Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let (network, dead) = (rank.network.clone(), Arc::clone(dead));
    std::thread::spawn(move || {
        let begin = Instant::now();
        while network.now() < moment && begin.elapsed() < Duration::from_millis(20) {
            std::thread::yield_now();
        }
        network.kill(victim as usize);
        dead.store(true, Ordering::Release);
    })
}

/// Who dies, and when: a leader of one of the groups as often as anyone else.
struct Death {
    victim: i32,
    moment: u64,
    dead: Arc<AtomicBool>,
}

impl Death {
    fn new(seed: u64, ranks: u32) -> Self {
        let mut rng = Rng::new(seed ^ 0xDEAD);
        let [first, _] = groups(&mut Rng::new(seed), ranks);
        let victim =
            if rng.chance(1, 2) { first[rng.below(first.len())] } else { rng.below(ranks as usize) as i32 };
        Self { victim, moment: rng.below(3000) as u64, dead: Arc::default() }
    }
}

/// A leader, or anyone else, dies in the course of creations: all others come to an end, and go on without it.
#[test]
fn a_death_ends_creations_at_both_groups() {
    with_seeds(120, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        let network = network(seed / 4, &mut rng);
        let death = Death::new(seed, ranks);
        // Whether it was dead when the first rank began a round: the same for all.
        let decided = Mutex::new(Vec::new());
        simulate(seed, ranks, network, move |rank| {
            let Death { victim, moment, dead } = &death;
            let plan = Plan::new(rank, seed);
            let local = plan.as_ref().map(|plan| rank.world.create_group(&plan.mine, 0).unwrap());
            rank.meet();
            let killer = (rank.me == *victim).then(|| kill(rank, *victim, *moment, dead));
            if let Some(plan) = &plan {
                plan.make_until_dead(
                    rank,
                    local.as_ref(),
                    *victim,
                    || dead.load(Ordering::Acquire),
                    &decided,
                );
            }
            killer.into_iter().for_each(|killer| killer.join().unwrap());
            let Some(plan) = plan.filter(|_| rank.me != *victim) else { return };
            let alive = |group: &Group| {
                let victim = rank.world.group().incl(&[*victim]).unwrap();
                group.difference(&victim)
            };
            let (mine, theirs) = (alive(&plan.mine), alive(&plan.theirs));
            if !theirs.is_empty() {
                let inter = rank.universe.inter_from_groups(&mine, 0, &theirs, 0, "alive").unwrap();
                talk(&inter, 7);
                drop(inter);
            }
            drop(local);
            let [used, _, reserved, ..] = rank.universe.table_sizes().unwrap();
            assert_eq!((used, reserved), (3, 0));
        });
    });
}

impl Plan {
    fn make_until_dead(
        &self,
        rank: &Rank<'_>,
        local: Option<&Communicator>,
        victim: i32,
        is_dead: impl Fn() -> bool,
        decided: &Mutex<Vec<bool>>,
    ) {
        let one = rank.world.group().incl(&[victim]).unwrap();
        let concerned = [&self.mine, &self.theirs].iter().any(|group| !group.intersection(&one).is_empty());
        // The last two rounds are after its death.
        let (mut round, mut left) = (0, 2);
        while left > 0 {
            let was_dead = {
                let mut decided = decided.lock().unwrap();
                if decided.len() == round {
                    decided.push(is_dead());
                }
                decided[round]
            };
            left -= i32::from(was_dead);
            round += 1;
            match self.make(rank, local.filter(|_| round % 2 == 0)) {
                Ok(_) => assert!(!was_dead || !concerned, "it was dead before"),
                // Who hears of it from the other group has no reason of its own.
                Err(CreateError::PeerGone { .. } | CreateError::CalledOff { .. }) => assert!(concerned),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Whoever dies while the groups compute together, nobody waits for ever.
#[test]
fn a_death_ends_collectives_at_both_groups() {
    with_seeds(60, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        let network = network(seed / 4, &mut rng);
        let death = Death::new(seed, ranks);
        simulate(seed, ranks, network, move |rank| {
            let Death { victim, moment, dead } = &death;
            let plan = Plan::new(rank, seed);
            let inter = plan.as_ref().map(|plan| (plan, plan.make(rank, None).unwrap()));
            rank.meet();
            let killer = (rank.me == *victim).then(|| kill(rank, *victim, *moment, dead));
            for round in 0..20 {
                let Some((plan, inter)) = &inter else { break };
                let long = vec![1; if round % 3 == 0 { 20_000 } else { 1 }];
                let outcome = match round % 6 {
                    0 => inter.barrier(),
                    1 => inter.all_gather(&long).map(drop),
                    2 => inter.all_gather_objects(&long).map(drop),
                    3 => {
                        let each = vec![long; plan.theirs.size() as usize];
                        inter.all_to_all_objects(&each).map(drop)
                    }
                    _ => inter.all_reduce(&long, Op::sum()).map(|sums| {
                        assert!(sums.iter().all(|sum| *sum == plan.theirs.size()));
                    }),
                };
                match outcome {
                    Ok(()) | Err(CollectiveError::PeerGone { .. } | CollectiveError::Failed { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            killer.into_iter().for_each(|killer| killer.join().unwrap());
        });
    });
}
