//! A rank dies at any moment, over a simulated network: whatever waits for it ends in an error that names it, nothing
//! hangs, and the others' messages stay right.

mod harness;

use std::time::{Duration, Instant};

use harness::simulated::{Rank, simulate};
use olympi_comm::{ANY_SOURCE, ANY_TAG, Error, RecvError, SendError};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

/// Steps of the survivors' ring in which they also deal with the rank that dies.
const STEPS: i32 = 8;
/// Receives of these tags wait until their source is dead.
const NEVER: [i32; 2] = [90, 91];

#[test]
fn whatever_waits_for_a_dead_rank_ends_in_an_error_that_names_it() {
    with_seeds(60, |seed| {
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        let all = NetworkConfig::all();
        let mut network = all[(seed / 4 % all.len() as u64) as usize].clone();
        let mut rng = Rng::new(seed);
        let victim = rng.below(ranks as usize) as i32;
        let moment = rng.below(3000) as u64;
        if rng.chance(1, 3) {
            (network.delay, network.rma_delay) = (0..=2000, 0..=2000);
        }
        simulate(seed, ranks, network, move |rank| {
            rank.universe.attach_buffer(4 << 20).unwrap();
            if rank.me == victim {
                let network = rank.network.clone();
                let killer = std::thread::spawn(move || kill_at(&network, moment, victim));
                deal_until_dead(rank, seed);
                killer.join().unwrap();
            } else {
                survive(rank, victim, seed);
            }
        });
    });
}

/// A link breaks between two that live: they are dead to each other only.
#[test]
fn a_cut_link_parts_its_two_ends_and_nobody_else() {
    with_seeds(20, |seed| {
        let network = NetworkConfig::all()[(seed % 5) as usize].clone();
        simulate(seed, 4, network, |rank| {
            let (world, me) = (rank.world, rank.me);
            let whole =
                |data: &[u8], of: i32| data.len() == 9000 && data.iter().all(|&byte| byte == of as u8);
            rank.meet();
            let before = world.irecv_vec::<u8>(me ^ 1, 0).unwrap();
            // Rank 0 may have cut the link by now.
            let sent = world.isend(vec![me as u8; 9000], me ^ 1, 0).map_err(Error::from);
            if me == 0 {
                rank.network.cut(0, 1);
            }
            match (before.wait(), me) {
                (Ok((data, _)), _) => assert!(whole(&data, me ^ 1)),
                (Err(error), 0 | 1) => assert_eq!(named(&error), Some(me ^ 1), "{error}"),
                (Err(error), _) => panic!("{error}"),
            }
            if let Err(error) = sent.and_then(olympi_comm::Request::wait) {
                assert!(me < 2 && named(&error) == Some(me ^ 1), "{error}");
            }
            if me < 2 {
                assert_eq!(named(&world.recv_vec::<u8>(me ^ 1, 1).unwrap_err().into()), Some(me ^ 1));
            }
            for other in [me ^ 2, me ^ 3] {
                let receive = world.irecv_vec::<u8>(other, 2).unwrap();
                let send = world.issend(vec![me as u8; 9000], other, 2).unwrap();
                assert!(whole(&receive.wait().unwrap().0, other));
                send.wait().unwrap();
            }
        });
    });
}

/// Messages get lost, which cuts links: every operation ends all the same, and what is received is right.
#[test]
fn a_lossy_network_ends_links_and_not_the_job() {
    with_seeds(20, |seed| {
        let network =
            NetworkConfig { loss_per_million: 5000, ..NetworkConfig::all()[(seed % 5) as usize].clone() };
        simulate(seed, 4, network, move |rank| {
            let world = rank.world;
            let (mut rng, mut deaf) = (Rng::new(seed), false);
            for step in 0..40_u8 {
                let len = rng.below(20_000);
                let (next, last) = ((rank.me + 1) % rank.size, (rank.me + rank.size - 1) % rank.size);
                let receive = (!deaf).then(|| world.irecv_vec::<u8>(last, 0).unwrap());
                match world.send(&vec![step; len], next, 0) {
                    Err(SendError::PeerGone { rank, .. }) => assert_eq!(rank, next),
                    other => other.unwrap(),
                }
                match receive.map_or(Ok(None), |receive| receive.wait().map(Some)) {
                    Ok(None) => {}
                    // As long as all of them arrive, each is the one of its step.
                    Ok(Some((data, _))) => {
                        assert!(data.len() == len && data.iter().all(|&byte| byte == step))
                    }
                    Err(error) => {
                        assert_eq!(named(&error), Some(last), "{error}");
                        deaf = true;
                    }
                }
            }
        });
    });
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

/// Kills it at this tick, or a little later in wall time, since the clock stands while all sleep.
fn kill_at(network: &olympi_sim::Network, moment: u64, victim: i32) {
    let begin = Instant::now();
    while network.now() < moment && begin.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    network.kill(victim as usize);
}

/// What the rank that dies does: anything, with anyone, until it is dead.
fn deal_until_dead(rank: &Rank<'_>, seed: u64) {
    let mut rng = Rng::new(seed ^ 0xDEAD);
    loop {
        let other = rng.below(rank.size as usize) as i32;
        if other == rank.me {
            continue;
        }
        if let Err(error) = deal(rank, other, &mut rng) {
            let gone = named(&error).unwrap_or_else(|| panic!("{error}"));
            assert_ne!(gone, rank.me, "{error}");
            return;
        }
    }
}

/// Something that may wait for another rank for ever, unless that dies.
fn deal(rank: &Rank<'_>, other: i32, rng: &mut Rng) -> Result<(), Error> {
    let world = rank.world;
    let data = vec![rank.me as u8; [0, 10, 600, 3000, 30_000, 200_000][rng.below(6)]];
    let (tag, mut room) = (rng.below(2) as i32, vec![0_u8; 300_000]);
    match rng.below(14) {
        0 => world.send(&data, other, tag)?,
        1 => world.ssend(&data, other, tag)?,
        2 => drop(world.isend(data, other, tag)?),
        3 => drop(world.issend(data, other, tag)?.wait()?),
        4 => drop(world.irecv_vec::<u8>(other, tag)?.wait()?),
        5 => drop(untruncated(world.recv_into(&mut room[..20_000], other, tag))?),
        6 => drop(world.probe(other, tag)?),
        7 => drop(world.mprobe(other, tag)?),
        8 => {
            world.sendrecv(&data, other, tag, &mut room, other, tag)?;
        }
        9 => world.scope(|scope| {
            scope.isend(&data, other, tag)?;
            scope.irecv(&mut room, other, tag)?;
            Ok(())
        })?,
        10 => {
            let mut receive = world.recv_init(room, other, tag)?;
            receive.start()?;
            receive.wait()?;
        }
        11 => world.ssend_object(&data, other, tag)?,
        12 => drop(world.recv_object::<Vec<u8>>(other, tag)?),
        _ => {
            let receive = world.irecv_vec::<u8>(other, tag)?;
            rank.universe.block_on(receive)??;
        }
    }
    Ok(())
}

fn untruncated<T>(outcome: Result<T, RecvError>) -> Result<(), RecvError> {
    match outcome {
        Ok(_) | Err(RecvError::Truncated { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn survive(rank: &Rank<'_>, victim: i32, seed: u64) {
    let world = rank.world;
    let mut rng = Rng::new(seed ^ (rank.me as u64 + 1) << 32);
    // These wait from before the death; a wildcard too, since nobody knows who would have answered.
    let exact = world.irecv_vec::<u8>(victim, NEVER[0]).unwrap();
    let wild = world.irecv_vec::<u8>(ANY_SOURCE, NEVER[0]).unwrap();
    let object = world.irecv_object::<u8>(ANY_SOURCE, ANY_TAG);
    let synchronous = world.issend(vec![1_u8; 5000], victim, NEVER[1]).map_err(Error::from);
    let mut errors = Vec::new();
    for step in 0..STEPS {
        ring(rank, victim, 100 + step, &mut errors, |errors| {
            if let Err(error) = deal(rank, victim, &mut rng) {
                errors.push(error);
            }
        });
    }
    // A probe sees the end when it has come; a receive waits for it.
    while world.iprobe(victim, NEVER[0]).is_ok() {
        errors.extend(world.recv_vec::<u8>(victim, NEVER[0]).err().map(Error::from));
    }
    errors.push(exact.wait().unwrap_err());
    errors.push(wild.wait().unwrap_err());
    match object.unwrap().wait() {
        Err(error @ Error::Recv(RecvError::PeerGone { .. })) => errors.push(error),
        // It got an object that was sent before the death.
        Ok(_) | Err(Error::Recv(RecvError::Decode { .. })) => {}
        Err(error) => panic!("{error}"),
    }
    errors.push(synchronous.and_then(|request| request.wait()).map(drop).unwrap_err());
    errors.extend(refused(rank, victim));
    for error in errors {
        assert_eq!(named(&error), Some(victim), "{error}");
        assert!(error.to_string().contains(&format!("rank {victim}")), "{error}");
    }
    for step in 0..3 {
        ring(rank, victim, 200 + step, &mut Vec::new(), |_| {});
    }
}

/// Survivors pass data round, exactly sourced; `meanwhile` runs while it is under way.
fn ring(
    rank: &Rank<'_>,
    victim: i32,
    tag: i32,
    errors: &mut Vec<Error>,
    meanwhile: impl FnOnce(&mut Vec<Error>),
) {
    let alive: Vec<_> = (0..rank.size).filter(|&rank| rank != victim).collect();
    let at = alive.iter().position(|&of| of == rank.me).unwrap();
    let (next, last) = (alive[(at + 1) % alive.len()], alive[(at + alive.len() - 1) % alive.len()]);
    let len = |from: i32| [3, 900, 2500, 12_000, 50_000][((from + tag) % 5) as usize];
    let bytes = |from: i32| (0..len(from)).map(|i| (i * 13 + from + tag) as u8).collect::<Vec<_>>();
    let receive = rank.world.irecv_vec::<u8>(last, tag).unwrap();
    let send = if tag % 2 == 0 {
        rank.world.isend(bytes(rank.me), next, tag).unwrap()
    } else {
        rank.world.issend(bytes(rank.me), next, tag).unwrap()
    };
    meanwhile(errors);
    assert!(receive.wait().unwrap().0 == bytes(last), "rank {last} sent something else with tag {tag}");
    assert!(send.wait().unwrap() == bytes(rank.me));
}

/// Every call that needs a rank which is known to be dead: all fail.
fn refused(rank: &Rank<'_>, victim: i32) -> Vec<Error> {
    let world = rank.world;
    let (data, mut room) = (vec![1_u8; 100], vec![0_u8; 100]);
    let mut errors: Vec<Error> = vec![
        world.send(&data, victim, 0).unwrap_err().into(),
        world.ssend(&data, victim, 0).unwrap_err().into(),
        world.rsend(&data, victim, 0).unwrap_err().into(),
        world.bsend(&data, victim, 0).unwrap_err().into(),
        world.isend(data.clone(), victim, 0).unwrap_err().into(),
        world.send_object(&data, victim, 0).unwrap_err().into(),
        world.send_init(data.clone(), victim, 0).unwrap().start().unwrap_err(),
        world.scope(|scope| scope.isend(&data, victim, 0)?.wait()).unwrap_err(),
    ];
    for source in [victim, ANY_SOURCE] {
        let tag = NEVER[0];
        errors.push(world.recv_into(&mut room, source, tag).unwrap_err().into());
        errors.push(world.recv_vec::<u8>(source, tag).unwrap_err().into());
        errors.push(world.recv_object::<u8>(source, tag).unwrap_err().into());
        errors.push(world.irecv_vec::<u8>(source, tag).unwrap().wait().unwrap_err());
        errors.push(world.probe(source, tag).unwrap_err().into());
        errors.push(world.iprobe(source, tag).unwrap_err().into());
        errors.push(world.mprobe(source, tag).unwrap_err().into());
        errors.push(world.improbe(source, tag).unwrap_err().into());
        errors.push(world.improbe_object(source, tag).unwrap_err().into());
        errors.push(world.sendrecv(&data, rank.me, NEVER[1], &mut room, source, tag).unwrap_err());
        errors.push(world.scope(|scope| scope.irecv(&mut room, source, tag)?.wait()).unwrap_err());
        let mut receive = world.recv_init(vec![0_u8; 8], source, tag).unwrap();
        receive.start().unwrap();
        errors.push(receive.wait().unwrap_err());
        let receive = world.irecv_vec::<u8>(source, tag).unwrap();
        errors.push(rank.universe.block_on(receive).unwrap().unwrap_err());
    }
    errors
}
