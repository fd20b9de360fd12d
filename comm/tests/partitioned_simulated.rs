//! Partitioned communication over a simulated network: random divisions, orders and sizes, under delays, refusals, losses
//! and deaths from one seed.

mod harness;

use harness::simulated::{Rank, simulate};
use olympi_comm::{
    Error, PartitionedRecv, PartitionedSend, RecvError, SendError, start_all, test_some, wait_all,
};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

/// One pair of a send and its receive, the same at all ranks.
#[derive(Clone, Debug)]
struct Pair {
    from: i32,
    to: i32,
    tag: i32,
    /// How many partitions the sender and the receiver have, and elements in all.
    theirs: usize,
    ours: usize,
    total: usize,
}

const ROUNDS: u32 = 3;

fn pairs(seed: u64, ranks: usize) -> Vec<Pair> {
    let mut rng = Rng::new(seed);
    let pair = |_| {
        let counts = [1, 2, 3, 4, 6, 12];
        let each = [0, 1, 5, 300, 2000][rng.below(5)];
        Pair {
            from: rng.below(ranks) as i32,
            to: rng.below(ranks) as i32,
            tag: rng.below(2) as i32,
            theirs: counts[rng.below(6)],
            ours: counts[rng.below(6)],
            total: 12 * each,
        }
    };
    (0..ranks * 4).map(pair).collect()
}

/// What an element is, in a round of the pair of that number.
fn value(pair: usize, round: u32, at: usize) -> u32 {
    (pair as u32) << 24 | round << 20 | at as u32
}

#[test]
fn every_partition_arrives_in_its_place_and_round() {
    with_seeds(40, |seed| {
        let ranks = [1, 2, 3, 5][(seed % 4) as usize];
        let all = NetworkConfig::all();
        let mut network = all[(seed / 4 % all.len() as u64) as usize].clone();
        if seed % 3 == 0 {
            (network.delay, network.rma_delay, network.done_delay) = (0..=3000, 0..=3000, 0..=2000);
        }
        simulate(seed, ranks, network, move |rank| play(rank, &pairs(seed, ranks as usize), seed));
    });
}

fn play(rank: &Rank<'_>, pairs: &[Pair], seed: u64) {
    let mut rng = Rng::new(seed ^ (rank.me as u64 + 1) << 32);
    let world = rank.world;
    let (mut sends, mut receives) = (Vec::new(), Vec::new());
    for (number, pair) in pairs.iter().enumerate() {
        if pair.from == rank.me {
            sends.push((
                number,
                world.psend_init(vec![0; pair.total], pair.theirs, pair.to, pair.tag).unwrap(),
            ));
        }
        if pair.to == rank.me {
            receives.push((
                number,
                world.precv_init(vec![0; pair.total], pair.ours, pair.from, pair.tag).unwrap(),
            ));
        }
        if rng.chance(1, 3) {
            let _ = world.iprobe(rank.me, 99).unwrap();
        }
    }
    for round in 1..=ROUNDS {
        shuffle(&mut sends, &mut rng);
        shuffle(&mut receives, &mut rng);
        if rng.chance(1, 2) {
            start_all(receives.iter_mut().map(|(_, receive)| receive)).unwrap();
            start_all(sends.iter_mut().map(|(_, send)| send)).unwrap();
        } else {
            start_all(sends.iter_mut().map(|(_, send)| send)).unwrap();
            start_all(receives.iter_mut().map(|(_, receive)| receive)).unwrap();
        }
        let mut unready: Vec<_> = sends
            .iter()
            .enumerate()
            .flat_map(|(which, (_, send))| (0..send.partitions()).map(move |partition| (which, partition)))
            .collect();
        shuffle(&mut unready, &mut rng);
        for (which, partition) in unready {
            let (number, send) = &mut sends[which];
            make_ready(send, *number, round, partition, &mut rng);
            look(&receives, pairs, round, &mut rng);
        }
        finish(&mut sends, &mut receives, &mut rng);
        for (number, receive) in &receives {
            let whole = receive.buffer().unwrap();
            assert!(
                (0..).zip(whole).all(|(at, &item)| item == value(*number, round, at)),
                "{:?}",
                pairs[*number]
            );
        }
    }
}

fn make_ready(send: &mut PartitionedSend<u32>, number: usize, round: u32, partition: usize, rng: &mut Rng) {
    let fill = |part: &mut [u32]| {
        let first = partition * part.len();
        (first..).zip(part).for_each(|(at, item)| *item = value(number, round, at));
    };
    if rng.chance(1, 2) {
        fill(send.partition_mut(partition).unwrap());
        send.ready(partition).unwrap();
    } else {
        let mut claim = send.claim(partition).unwrap();
        fill(&mut claim);
        claim.ready().unwrap();
    }
}

/// Asks for a partition, which is right if it is there.
fn look(receives: &[(usize, PartitionedRecv<u32>)], pairs: &[Pair], round: u32, rng: &mut Rng) {
    if receives.is_empty() {
        return;
    }
    let (number, receive) = &receives[rng.below(receives.len())];
    let partition = rng.below(receive.partitions());
    if receive.arrived(partition).unwrap() {
        let part = receive.partition(partition).unwrap();
        let first = partition * pairs[*number].total / receive.partitions();
        assert!(
            (first..).zip(part).all(|(at, &item)| item == value(*number, round, at)),
            "{:?}",
            pairs[*number]
        );
    }
}

fn finish(
    sends: &mut [(usize, PartitionedSend<u32>)],
    receives: &mut [(usize, PartitionedRecv<u32>)],
    rng: &mut Rng,
) {
    if rng.chance(1, 2) {
        let mut left: Vec<_> = receives.iter_mut().map(|(_, receive)| receive).collect();
        let mut given = 0;
        while given < left.len() {
            given += test_some(&mut left).unwrap().len();
        }
    } else {
        wait_all(receives.iter_mut().map(|(_, receive)| receive)).unwrap();
    }
    wait_all(sends.iter_mut().map(|(_, send)| send)).unwrap();
}

fn shuffle<X>(items: &mut [X], rng: &mut Rng) {
    for at in (1..items.len()).rev() {
        items.swap(at, rng.below(at + 1));
    }
}

/// Rank 0 exchanges partitions with all others in both directions, and one of these, or rank 0, dies at some moment.
#[test]
fn a_death_ends_partitioned_operations_in_errors() {
    with_seeds(60, |seed| {
        let ranks = [2, 3, 4][(seed % 3) as usize];
        let network = NetworkConfig::all()[(seed / 3 % 5) as usize].clone();
        let mut rng = Rng::new(seed);
        let victim = rng.below(ranks as usize) as i32;
        let moment = rng.below(8) as u32;
        simulate(seed, ranks, network, move |rank| {
            let others = if rank.me == 0 { 1..rank.size } else { 0..1 };
            for other in others {
                let outcome = exchange(rank, other, victim, moment);
                match outcome {
                    Ok(()) => assert!(rank.me != victim && other != victim, "{} and {other}", rank.me),
                    Err(error) => {
                        let gone = named(&error).unwrap_or_else(|| panic!("{error}"));
                        assert!(rank.me == victim || gone == victim, "{error}");
                        assert_eq!(gone, other, "{error}");
                    }
                }
            }
        });
    });
}

/// Ten rounds with one other; the victim dies in the middle of the one of that number.
fn exchange(rank: &Rank<'_>, other: i32, victim: i32, moment: u32) -> Result<(), Error> {
    let mut receive = rank.world.precv_init(vec![0_u64; 6000], 2, other, 0)?;
    let mut send = rank.world.psend_init(vec![0_u64; 6000], 3, other, 0)?;
    for round in 0..10_u32 {
        receive.start()?;
        send.start()?;
        for partition in 0..3 {
            send.partition_mut(partition)?.fill(round.into());
            send.ready(partition)?;
            if rank.me == victim && round == moment && partition == 1 {
                rank.network.kill(victim as usize);
            }
        }
        if round % 2 == 0 {
            while !(receive.arrived(0)? && receive.arrived(1)?) {}
        }
        receive.wait()?;
        assert!(receive.buffer()?.iter().all(|&item| item == round.into()));
        send.wait()?;
    }
    Ok(())
}

/// The rank that an error says is gone.
fn named(error: &Error) -> Option<i32> {
    match error {
        Error::Send(SendError::PeerGone { rank, .. }) | Error::Recv(RecvError::PeerGone { rank, .. }) => {
            Some(*rank)
        }
        _ => None,
    }
}

/// Messages get lost, which cuts links: a round ends all the same, and is right or an error.
#[test]
fn a_lossy_network_gives_whole_rounds_or_errors() {
    with_seeds(20, |seed| {
        let network =
            NetworkConfig { loss_per_million: 5000, ..NetworkConfig::all()[(seed % 5) as usize].clone() };
        simulate(seed, 3, network, |rank| {
            let (next, last) = ((rank.me + 1) % rank.size, (rank.me + rank.size - 1) % rank.size);
            let mut receive = rank.world.precv_init(vec![0_u32; 9000], 3, last, 0).unwrap();
            let mut send = rank.world.psend_init(vec![0_u32; 9000], 9, next, 0).ok();
            let mut deaf = false;
            // Whoever cannot do the one goes on with the other, for which the rank on that side waits.
            for round in 0..20_u32 {
                let sent = send.as_mut().map(|send| {
                    send.start().unwrap();
                    (0..9).for_each(|partition| send.partition_mut(partition).unwrap().fill(round));
                    send.ready_range(..)
                });
                if !deaf {
                    receive.start().unwrap();
                    match receive.wait() {
                        Ok(_) => assert!(receive.buffer().unwrap().iter().all(|&item| item == round)),
                        Err(error) => {
                            assert_eq!(named(&error), Some(last), "{error}");
                            deaf = true;
                        }
                    }
                }
                let ended = sent.map(|sent| sent.and_then(|()| send.as_mut().unwrap().wait().map(drop)));
                if let Some(Err(error)) = ended {
                    assert_eq!(named(&error), Some(next), "{error}");
                    send = None;
                }
            }
        });
    });
}
