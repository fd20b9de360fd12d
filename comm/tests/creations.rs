//! Communicators are made and freed over a simulated network: whatever it delays, and whoever dies meanwhile.

mod harness;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::simulated::{Rank, simulate};
use olympi_comm::{ANY_SOURCE, ANY_TAG, Communicator, CreateError, Group};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

fn network(seed: u64, rng: &mut Rng) -> NetworkConfig {
    let all = NetworkConfig::all();
    let mut network = all[(seed % all.len() as u64) as usize].clone();
    if rng.chance(1, 3) {
        (network.delay, network.rma_delay) = (0..=2000, 0..=2000);
    }
    network
}

/// A communicator of the plan: its ranks of the world, and this rank's handle, if it is a member.
struct Known {
    members: Vec<i32>,
    comm: Option<Communicator>,
}

impl Known {
    /// Passes round what only this communicator's members know, with a tag that all use.
    fn ring(&self, mark: usize) {
        let Some(comm) = &self.comm else { return };
        let ranks: Vec<_> = (0..comm.size()).collect();
        assert_eq!(ranks.len(), self.members.len());
        let (me, size) = (comm.rank(), comm.size());
        let send = comm.isend(vec![mark, me as usize], (me + 1) % size, 3).unwrap();
        let before = (me + size - 1) % size;
        let (got, status) = comm.recv_vec::<usize>(ANY_SOURCE, ANY_TAG).unwrap();
        assert_eq!((&got[..], status.source()), (&[mark, before as usize][..], before));
        send.wait().unwrap();
    }
}

/// Some of them, in any order.
fn subset(rng: &mut Rng, of: &[i32]) -> Vec<i32> {
    let mut rest = of.to_vec();
    (0..1 + rng.below(of.len())).map(|_| rest.swap_remove(rng.below(rest.len()))).collect()
}

/// One step of the plan; gives the communicators that come of it.
fn step(rank: &Rank<'_>, rng: &mut Rng, known: &mut Vec<Known>) -> Vec<Known> {
    let at = rng.below(known.len());
    let members = known[at].members.clone();
    let parent = known[at].comm.as_ref();
    match rng.below(6) {
        0 => vec![Known { comm: parent.map(|parent| parent.dup().unwrap()), members }],
        1 => {
            let colors: Vec<_> =
                members.iter().map(|_| Some(rng.below(4) as i32).filter(|&c| c < 3)).collect();
            let keys: Vec<_> = members.iter().map(|_| rng.below(3) as i32).collect();
            let place = members.iter().position(|&member| member == rank.me);
            let mut mine = place.and_then(|at| parent.unwrap().split(colors[at], keys[at]).unwrap());
            let parts = (0..3).map(|color| {
                let mut part: Vec<_> = (0..members.len()).filter(|&at| colors[at] == Some(color)).collect();
                part.sort_by_key(|&at| keys[at]);
                let part: Vec<_> = part.into_iter().map(|at| members[at]).collect();
                let comm = if part.contains(&rank.me) { mine.take() } else { None };
                Known { members: part, comm }
            });
            parts.filter(|part| !part.members.is_empty()).collect()
        }
        2 => {
            let chosen = subset(rng, &members);
            let comm = chosen.contains(&rank.me).then(|| {
                let parent = parent.unwrap();
                let group = rank.world.group().incl(&chosen).unwrap();
                parent.create_group(&group, rng.below(2) as i32).unwrap()
            });
            vec![Known { members: chosen, comm }]
        }
        3 => {
            let chosen = subset(rng, &members);
            let group = rank.world.group().incl(&chosen).unwrap();
            let comm = parent.and_then(|parent| {
                let group = if chosen.contains(&rank.me) { group } else { Group::empty() };
                parent.create(&group).unwrap()
            });
            vec![Known { members: chosen, comm }]
        }
        4 => {
            // Two at once, which the ranks begin in different orders.
            let other = rng.below(known.len());
            let mut pair = [at, other];
            if rank.me % 2 == 1 && at != other {
                pair.reverse();
            }
            let requests: Vec<_> =
                pair.iter().map(|&at| Some((at, known[at].comm.as_ref()?.idup().unwrap()))).collect();
            let mut made: Vec<_> =
                requests.into_iter().flatten().map(|(at, request)| (at, request.wait().unwrap())).collect();
            let mut take = |of: usize| {
                let found = made.iter().position(|(parent, _)| *parent == of);
                Known { members: known[of].members.clone(), comm: found.map(|found| made.remove(found).1) }
            };
            vec![take(at), take(other)]
        }
        _ => {
            if at > 0 {
                known.remove(at);
            }
            Vec::new()
        }
    }
}

#[test]
fn whatever_is_made_of_whatever_has_the_right_members_and_its_own_messages() {
    with_seeds(40, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        simulate(seed, ranks, network(seed / 4, &mut rng), move |rank| {
            let world: Vec<_> = (0..rank.size).collect();
            let mut known = vec![Known { comm: Some(rank.world.dup().unwrap()), members: world.clone() }];
            for at in 0..25 {
                // Each step has its own dice, so that it does not matter who threw how many.
                let mut rng = Rng::new(seed << 8 | at);
                let made = step(rank, &mut rng, &mut known);
                made.iter().for_each(|new| new.ring(at as usize));
                known.extend(made);
            }
            for (mark, comm) in known.iter().enumerate() {
                let names = comm.comm.as_ref().map(|comm| {
                    let ranks: Vec<_> = (0..comm.size()).collect();
                    let names = comm.group().translate_ranks(&ranks, rank.world.group()).unwrap();
                    names.into_iter().map(Option::unwrap).collect::<Vec<_>>()
                });
                assert!(names.is_none_or(|names| names == comm.members));
                comm.ring(mark);
            }
            drop(known);
            let [used, _, reserved, ..] = rank.universe.table_sizes().unwrap();
            assert_eq!((used, reserved), (3, 0));
        });
    });
}

#[test]
fn a_member_that_dies_ends_the_creation_at_all_others_and_they_go_on_without_it() {
    with_seeds(60, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        let network = network(seed / 4, &mut rng);
        let (victim, moment) = (rng.below(ranks as usize) as i32, rng.below(3000) as u64);
        let dead = Arc::new(AtomicBool::new(false));
        // Whether it was dead when the first rank began a round: the same for all.
        let decided = Arc::new(Mutex::new(Vec::new()));
        simulate(seed, ranks, network, move |rank| {
            let (world, me) = (rank.world, rank.me);
            let killer = (me == victim).then(|| {
                let (network, dead) = (rank.network.clone(), Arc::clone(&dead));
                std::thread::spawn(move || {
                    let begin = Instant::now();
                    while network.now() < moment && begin.elapsed() < Duration::from_millis(20) {
                        std::thread::yield_now();
                    }
                    network.kill(victim as usize);
                    dead.store(true, Ordering::Release);
                })
            });
            // The last two rounds are after its death.
            let (mut round, mut left) = (0, 2);
            while left > 0 {
                let was_dead = {
                    let mut decided = decided.lock().unwrap();
                    if decided.len() == round {
                        decided.push(dead.load(Ordering::Acquire));
                    }
                    decided[round]
                };
                left -= i32::from(was_dead);
                round += 1;
                let result = match (round + seed as usize) % 4 {
                    0 => world.dup().map(drop),
                    1 => world.split(Some(me % 2), 0).map(drop),
                    2 => world.create(world.group()).map(drop),
                    _ => match world.idup().and_then(|request| request.wait().map_err(created)) {
                        // The error of a request says the same.
                        Ok(_) => Ok(()),
                        Err(error) => Err(error),
                    },
                };
                match result {
                    Ok(()) => assert!(!was_dead, "it was dead before"),
                    Err(CreateError::PeerGone { rank, .. }) => assert!(rank == victim || me == victim),
                    Err(error) => panic!("{error}"),
                }
            }
            killer.into_iter().for_each(|killer| killer.join().unwrap());
            if me != victim {
                let alive = world.group().excl(&[victim]).unwrap();
                let comm = world.create_group(&alive, 0).unwrap();
                Known { members: (0..comm.size()).collect(), comm: Some(comm) }.ring(7);
                let [used, _, reserved, ..] = rank.universe.table_sizes().unwrap();
                assert_eq!((used, reserved), (3, 0));
            }
        });
    });
}

/// One dies in the course of a creation: whoever has the communicator can exchange messages in it with all others who have it,
/// and whoever has not goes on with the parent.
#[test]
fn who_has_a_communicator_has_it_with_all_others_who_do() {
    let mixed = Arc::new(Mutex::new(0));
    with_seeds(120, |seed| {
        let mut rng = Rng::new(seed);
        let ranks = [4, 5, 8, 9][(seed % 4) as usize];
        let network = network(seed / 4, &mut rng);
        let (victim, moment) = (rng.below(ranks as usize) as i32, rng.below(1500) as u64);
        let made = Mutex::new(Vec::new());
        let counted = Arc::clone(&mixed);
        simulate(seed, ranks, network, move |rank| {
            let (world, me) = (rank.world, rank.me);
            rank.meet();
            let killer = (me == victim).then(|| {
                let network = rank.network.clone();
                let until = network.now() + moment;
                std::thread::spawn(move || {
                    let begin = Instant::now();
                    while network.now() < until && begin.elapsed() < Duration::from_millis(20) {
                        std::thread::yield_now();
                    }
                    network.kill(victim as usize);
                })
            });
            let dup = world.dup();
            killer.into_iter().for_each(|killer| killer.join().unwrap());
            if me == victim {
                rank.meet();
                return;
            }
            if dup.is_ok() {
                made.lock().unwrap().push(me);
            }
            rank.meet();
            let having = made.lock().unwrap().clone();
            if me == (victim + 1) % rank.size && !having.is_empty() && having.len() + 1 < ranks as usize {
                *counted.lock().unwrap() += 1;
            }
            let talk = |comm: &Communicator, with: &[i32]| {
                let others = || with.iter().copied().filter(|other| *other != me);
                let sends: Vec<_> =
                    others().map(|other| comm.isend(vec![me; 1000], other, 5).unwrap()).collect();
                others().for_each(|other| {
                    assert_eq!(comm.recv_vec::<i32>(other, 5).unwrap().0, vec![other; 1000]);
                });
                sends.into_iter().for_each(|send| drop(send.wait().unwrap()));
            };
            match &dup {
                Ok(dup) => talk(dup, &having),
                Err(CreateError::PeerGone { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            let alive: Vec<_> = (0..rank.size).filter(|rank| *rank != victim).collect();
            talk(world, &alive);
        });
    });
    assert!(*mixed.lock().unwrap() > 0, "no seed has parted the ranks");
}

fn created(error: olympi_comm::Error) -> CreateError {
    match error {
        olympi_comm::Error::Create(error) => error,
        error => panic!("{error}"),
    }
}
