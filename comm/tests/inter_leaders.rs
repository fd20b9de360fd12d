//! Leaders that do not name each other: who waits for one another in a circle is told, and whoever may be named later waits.

mod harness;

use std::sync::Mutex;
use std::time::Duration;

use harness::sides::{cut, talk};
use harness::simulated::{Rank, simulate};
use harness::{run, run_at, run_leaving, transports};
use olympi_comm::{Communicator, CreateError, ThreadLevel, Universe};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

/// The group that this rank is in, where they have these sizes, and the first ranks of all.
fn divide(world: &Communicator, sizes: &[i32]) -> (usize, Communicator, Vec<i32>) {
    let firsts: Vec<_> = sizes
        .iter()
        .scan(0, |next, size| {
            *next += size;
            Some(*next - size)
        })
        .collect();
    let group = firsts.iter().rposition(|first| *first <= world.rank()).unwrap();
    let local = world.split(Some(group as i32), 0).unwrap().unwrap();
    (group, local, firsts)
}

fn in_a_circle(result: Result<Communicator, CreateError>) {
    match result {
        Err(CreateError::Leaders) => {}
        other => panic!("{other:?}"),
    }
}

/// Runs it over all transports on groups of these sizes.
fn on_groups(
    sizes: &'static [i32],
    body: impl Fn(&Universe, usize, &Communicator, &[i32]) + Copy + Send + Sync + 'static,
) {
    for transport in transports() {
        run(transport, sizes.iter().sum::<i32>() as u32, move |universe| {
            let (group, local, firsts) = divide(universe.world(), sizes);
            body(universe, group, &local, &firsts);
            // What follows is not disturbed.
            talk(&cut(universe, sizes[0]).inter, 1);
        });
    }
}

#[test]
fn two_leaders_with_different_tags_or_communicators_are_told() {
    for sizes in [&[1, 1][..], &[2, 1], &[1, 3], &[3, 2]] {
        on_groups(sizes, |universe, group, local, firsts| {
            let (world, twin) = (universe.world(), universe.world().dup().unwrap());
            let other = firsts[1 - group];
            for _ in 0..3 {
                in_a_circle(local.create_inter(0, Some((world, other)), group as i32));
                in_a_circle(local.create_inter(0, Some((if group == 0 { world } else { &twin }, other)), 7));
            }
            talk(&local.create_inter(0, Some((world, other)), 7).unwrap(), 2);
        });
    }
}

#[test]
fn two_leaders_with_different_strings_are_told() {
    on_groups(&[2, 2], |universe, group, local, firsts| {
        let others = universe.world().group().incl(&[firsts[1 - group], firsts[1 - group] + 1]).unwrap();
        in_a_circle(universe.inter_from_groups(local.group(), 1, &others, 1, ["left", "right"][group]));
        talk(&universe.inter_from_groups(local.group(), 1, &others, 1, "both").unwrap(), 2);
    });
}

#[test]
fn leaders_of_which_each_names_the_next_are_told() {
    for sizes in [&[1, 1, 1][..], &[2, 1, 3], &[1, 2, 1, 2], &[1; 6]] {
        on_groups(sizes, |universe, group, local, firsts| {
            let world = universe.world();
            for _ in 0..2 {
                in_a_circle(local.create_inter(0, Some((world, firsts[(group + 1) % firsts.len()])), 3));
            }
        });
    }
}

#[test]
fn a_leader_that_names_one_who_does_not_lead_is_told() {
    on_groups(&[2, 4], |universe, group, local, firsts| {
        // The last one of the right group does not lead it; the left one names each that does not.
        for wrong in 1..4 {
            let other = firsts[1 - group] + if group == 0 { wrong } else { 0 };
            in_a_circle(local.create_inter(0, Some((universe.world(), other)), 3));
        }
        talk(&local.create_inter(0, Some((universe.world(), firsts[1 - group])), 3).unwrap(), 2);
    });
}

/// The middle of a pipeline names its neighbours one after the other; what comes from the other one meanwhile waits, though
/// it has the same tag.
#[test]
fn who_is_named_later_is_waited_for() {
    on_groups(&[2, 1, 2], |universe, group, local, firsts| {
        let make = |other: usize| local.create_inter(0, Some((universe.world(), firsts[other])), 5).unwrap();
        for round in 0..4 {
            let (first, second) = if round % 2 == 0 { (0, 2) } else { (2, 0) };
            match group {
                1 => {
                    // The second one's proposal is here by now, most of the time.
                    std::thread::sleep(Duration::from_millis(5));
                    talk(&make(first), 3);
                    talk(&make(second), 4);
                }
                _ => talk(&make(1), if group == first { 3 } else { 4 }),
            }
        }
    });
}

/// Two threads make two intercommunicators of the same leaders, in different orders: nobody waits in vain.
#[test]
fn where_threads_make_several_at_once_nothing_is_a_circle() {
    for transport in transports() {
        run_at(ThreadLevel::Multiple, transport, 2, |universe| {
            let (world, alone) = (universe.world(), universe.self_comm());
            let other = 1 - world.rank();
            let locals = [alone.dup().unwrap(), alone.dup().unwrap()];
            for _ in 0..10 {
                std::thread::scope(|threads| {
                    let first = world.rank();
                    let make = |tag: i32| {
                        let inter = locals[tag as usize].create_inter(0, Some((world, other)), tag).unwrap();
                        talk(&inter, tag);
                    };
                    threads.spawn(move || make(first));
                    // The other thread comes when both wait with different tags, most of the time.
                    std::thread::sleep(Duration::from_millis(2));
                    threads.spawn(move || make(1 - first));
                });
            }
        });
    }
}

/// A process that leaves, or has left, will make no call: whoever names it is told.
#[test]
fn who_names_one_that_leaves_is_told() {
    for transport in transports() {
        run_leaving(transport, 3, |job| {
            let universe = job.universe().unwrap();
            let (world, alone) = (universe.world(), universe.self_comm());
            world.barrier().unwrap();
            match world.rank() {
                0 => {
                    let gone = |result| match result {
                        Err(CreateError::PeerGone { .. }) => {}
                        other => panic!("{other:?}"),
                    };
                    // While it leaves: it waits for its message to be received.
                    gone(alone.create_inter(0, Some((world, 1)), 0));
                    world.send(&1_u8, 2, 0).unwrap();
                    for tag in 0..3 {
                        gone(alone.create_inter(0, Some((world, 1)), tag));
                    }
                    world.send(&1_u8, 2, 0).unwrap();
                }
                1 => drop(world.isend(vec![7_u8; 4_000_000], 2, 0).unwrap()),
                _ => {
                    world.recv::<u8>(0, 0).unwrap();
                    assert_eq!(world.recv_vec::<u8>(1, 0).unwrap().0.len(), 4_000_000);
                    world.recv::<u8>(0, 0).unwrap();
                }
            }
        });
    }
}

/// Whom each names first, at random: which of these calls have an end by themselves, and how.
struct Naming(Vec<(usize, i32)>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Made,
    Circle,
    /// It waits until it is named.
    Named,
}

impl Naming {
    fn new(rng: &mut Rng, ranks: usize) -> Self {
        let names = (0..ranks).map(|me| ((me + 1 + rng.below(ranks - 1)) % ranks, rng.below(2) as i32));
        Self(names.collect())
    }

    fn end(&self, me: usize) -> End {
        let (other, tag) = self.0[me];
        if self.0[other] == (me, tag) {
            return End::Made;
        }
        let mut at = other;
        for _ in 0..self.0.len() {
            if at == me {
                return End::Circle;
            }
            if self.end_is_made(at) {
                break;
            }
            at = self.0[at].0;
        }
        End::Named
    }

    fn end_is_made(&self, me: usize) -> bool {
        let (other, tag) = self.0[me];
        self.0[other] == (me, tag)
    }
}

/// Each makes the call that it names at random, and then those in which others wait for it: whoever is in a circle is told, and
/// everyone else gets what it asks for, whatever the network delays.
#[test]
fn circles_are_told_and_nothing_else_over_every_simulated_network() {
    with_seeds(100, |seed| {
        let ranks = [2, 3, 4, 6, 9][(seed % 5) as usize];
        let all = NetworkConfig::all();
        let mut network = all[(seed / 5 % all.len() as u64) as usize].clone();
        let mut rng = Rng::new(seed);
        if rng.chance(1, 2) {
            (network.delay, network.rma_delay) = (0..=2000, 0..=2000);
        }
        let ends = simulate(seed, ranks, network, move |rank: &Rank<'_>| {
            let me = rank.me as usize;
            let make = |(other, tag): (usize, i32)| {
                rank.universe.self_comm().create_inter(0, Some((rank.world, other as i32)), tag)
            };
            let mut ends = Vec::new();
            for round in 0..6 {
                let naming = Naming::new(&mut Rng::new(seed << 8 | round), ranks as usize);
                match (naming.end(me), make(naming.0[me])) {
                    (End::Made | End::Named, Ok(inter)) => talk(&inter, round as i32),
                    (End::Circle, Err(CreateError::Leaders)) => {}
                    (expected, result) => panic!("{me} in {:?}: {expected:?}, and {result:?}", naming.0),
                }
                for (who, &(named, tag)) in naming.0.iter().enumerate() {
                    if named == me && naming.end(who) == End::Named {
                        talk(&make((who, tag)).unwrap(), round as i32);
                    }
                }
                ends.push(naming.end(me));
            }
            rank.world.barrier().unwrap();
            let [used, _, reserved, ..] = rank.universe.table_sizes().unwrap();
            assert_eq!((used, reserved), (3, 0));
            ends
        });
        SEEN.lock().unwrap().extend(ends.into_iter().flatten());
    });
    let seen = SEEN.lock().unwrap();
    for end in [End::Made, End::Circle, End::Named] {
        assert!(seen.iter().filter(|seen| **seen == end).count() > 100, "the test sees {end:?}");
    }
}

static SEEN: Mutex<Vec<End>> = Mutex::new(Vec::new());
