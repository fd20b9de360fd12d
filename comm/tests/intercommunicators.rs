//! Intercommunicators over real transports: who is in them, and that messages go to the other group and come from there.

mod harness;

use harness::sides::{Side, cut, everywhere, talk, world_ranks};
use harness::{run, transports};
use olympi_comm::{ANY_SOURCE, ANY_TAG, Comparison, CreateError, Info, PROC_NULL, SendError, Universe};

#[test]
fn each_side_sees_its_own_group_and_the_other_one() {
    everywhere(|Side { world, mine, theirs, local, inter, .. }| {
        assert!(inter.is_inter() && !world.is_inter());
        assert_eq!((inter.rank(), inter.size()), (local.rank(), mine.len() as i32));
        assert_eq!(inter.remote_size(), Some(theirs.len() as i32));
        assert_eq!(world_ranks(inter.group(), world), *mine);
        assert_eq!(world_ranks(inter.remote_group().unwrap(), world), *theirs);
        assert_eq!((world.remote_size(), world.remote_group()), (None, None));
        talk(inter, 1);
    });
}

#[test]
fn every_way_to_send_and_to_receive_goes_across() {
    everywhere(|Side { theirs, is_left, inter, .. }| {
        // The pairs of equal ranks; the left one sends first.
        let to = inter.rank();
        if to >= theirs.len() as i32 {
            let wrong = SendError::Rank { rank: to, size: theirs.len() as i32 };
            assert_eq!(inter.send(&1, to, 0).unwrap_err().to_string(), wrong.to_string());
            assert_eq!(inter.recv::<i32>(PROC_NULL, 0).unwrap().1.source(), PROC_NULL);
            return;
        }
        if *is_left {
            inter.send(&1, to, 0).unwrap();
            inter.ssend(&[2.5; 3], to, 0).unwrap();
            inter.rsend(&3_u8, to, 0).unwrap();
            inter.send(&vec![4_u64; 30_000], to, 1).unwrap();
            inter.send_object(&("five", vec![5]), to, 0).unwrap();
            inter.scope(|scope| scope.isend(&[6, 7], to, 2)?.wait()).unwrap();
            let mut persistent = inter.send_init(vec![8_i64], to, 3).unwrap();
            for _ in 0..2 {
                persistent.start().unwrap();
                persistent.wait().unwrap();
            }
            let mut parts = inter.psend_init(vec![9_i32; 4], 2, to, 4).unwrap();
            parts.start().unwrap();
            parts.ready(0).unwrap();
            parts.ready(1).unwrap();
            parts.wait().unwrap();
        } else {
            assert_eq!(inter.recv::<i32>(to, 0).unwrap().0, 1);
            assert_eq!(inter.recv_vec::<f64>(to, 0).unwrap().0, [2.5; 3]);
            assert_eq!(inter.irecv(vec![0_u8], to, 0).unwrap().wait().unwrap().0, [3]);
            let message = loop {
                if let Some(found) = inter.improbe(ANY_SOURCE, 1).unwrap() {
                    break found;
                }
            };
            assert_eq!(message.recv_vec::<u64>().unwrap().0, [4; 30_000]);
            let (object, _) = inter.recv_object::<(String, Vec<i32>)>(to, 0).unwrap();
            assert_eq!(object, ("five".to_owned(), vec![5]));
            assert_eq!(inter.probe(to, 2).unwrap().count::<i32>(), Some(2));
            let mut pair = [0; 2];
            inter.recv_into(&mut pair, ANY_SOURCE, 2).unwrap();
            assert_eq!(pair, [6, 7]);
            let mut persistent = inter.recv_init(vec![0_i64], to, 3).unwrap();
            for _ in 0..2 {
                persistent.start().unwrap();
                assert_eq!(persistent.wait().unwrap().source(), to);
            }
            let mut parts = inter.precv_init(vec![0_i32; 4], 4, to, 4).unwrap();
            parts.start().unwrap();
            parts.wait().unwrap();
            assert_eq!(parts.buffer().unwrap(), [9; 4]);
        }
        let (back, status) = {
            let mut back = 0;
            let status = inter.sendrecv(&to, to, 6, &mut back, to, 6).unwrap();
            (back, status)
        };
        assert_eq!((back, status.source()), (to, to));
    });
}

#[test]
fn messages_of_both_sides_and_of_the_world_do_not_meet() {
    everywhere(|Side { world, theirs, local, inter, .. }| {
        let dup = inter.dup().unwrap();
        assert_eq!(dup.compare(inter), Comparison::Congruent);
        assert_eq!(inter.compare(local), Comparison::Unequal);
        assert_eq!(inter.compare(inter), Comparison::Ident);
        let later = inter.idup().unwrap();
        talk(&dup, 2);
        talk(inter, 3);
        let later = later.wait().unwrap();
        drop(dup);
        talk(&later, 4);
        assert!(inter.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
        assert!(world.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
        assert_eq!(later.remote_size(), Some(theirs.len() as i32));
    });
}

#[test]
fn merged_the_low_side_comes_first() {
    everywhere(|Side { world, mine, theirs, is_left, inter, .. }| {
        let low_first = inter.merge(!is_left).unwrap();
        let high_first = inter.merge(*is_left).unwrap();
        let whichever = inter.merge(true).unwrap();
        let (left, right) = if *is_left { (mine, theirs) } else { (theirs, mine) };
        assert_eq!(world_ranks(low_first.group(), world), [&left[..], &right[..]].concat());
        assert_eq!(world_ranks(high_first.group(), world), [&right[..], &left[..]].concat());
        assert_eq!(whichever.group(), world.group());
        for comm in [low_first, high_first, whichever] {
            assert!(!comm.is_inter());
            let sum = comm.all_reduce(&comm.rank(), olympi_comm::Op::sum()).unwrap();
            assert_eq!(sum, comm.size() * (comm.size() - 1) / 2);
        }
        let wrong = world.merge(true).unwrap_err();
        assert_eq!(wrong.class().name(), "MPI_ERR_COMM");
    });
}

#[test]
fn a_side_that_does_not_agree_where_it_comes_is_told() {
    everywhere(|Side { mine, theirs, inter, .. }| {
        let merged = inter.merge(inter.rank() == 0);
        if mine.len() == 1 && theirs.len() == 1 {
            assert!(merged.is_ok());
        } else {
            assert!(matches!(merged, Err(CreateError::Confused { rank: 1 })), "{merged:?}");
        }
        talk(inter, 5);
    });
}

#[test]
fn a_split_makes_one_of_each_colour_that_both_sides_have() {
    everywhere(|Side { mine, theirs, inter, world, .. }| {
        // Backwards, and rank 2 of each side without a colour.
        let color = |rank: i32| if rank == 2 { None } else { Some(rank % 2) };
        let part = inter.split(color(inter.rank()), -inter.rank()).unwrap();
        let of = |side: &[i32]| -> Vec<i32> {
            let ranks = (0..side.len() as i32).rev().filter(|&rank| color(rank) == color(inter.rank()));
            ranks.map(|rank| side[rank as usize]).collect()
        };
        let expected = color(inter.rank()).is_some() && !of(theirs).is_empty();
        assert_eq!(part.is_some(), expected);
        if let Some(part) = part {
            assert_eq!(world_ranks(part.group(), world), of(mine));
            assert_eq!(world_ranks(part.remote_group().unwrap(), world), of(theirs));
            talk(&part, 6);
        }
        let here = inter.split_type(Some(olympi_comm::SplitType::Shared), 0, &Info::new()).unwrap().unwrap();
        assert_eq!(here.compare(inter), Comparison::Congruent);
        talk(&here, 7);
    });
}

#[test]
fn create_takes_a_part_of_each_side() {
    everywhere(|Side { mine, theirs, inter, world, .. }| {
        // The last two of each side, the other way round.
        let last = |side: &[i32]| side.iter().rev().take(2).copied().collect::<Vec<_>>();
        let ranks: Vec<_> = (0..mine.len() as i32).rev().take(2).collect();
        let part = inter.create(&inter.group().incl(&ranks).unwrap()).unwrap();
        assert_eq!(part.is_some(), ranks.contains(&inter.rank()));
        if let Some(part) = part {
            assert_eq!(world_ranks(part.group(), world), last(mine));
            assert_eq!(world_ranks(part.remote_group().unwrap(), world), last(theirs));
            talk(&part, 8);
        }
        // One side names nobody.
        let nobody = olympi_comm::Group::empty();
        let group = if mine[0] == 0 { &nobody } else { inter.group() };
        assert!(inter.create(group).unwrap().is_none());
        // Not all of a side name the same.
        let alone = inter.group().incl(&[inter.rank()]).unwrap();
        let apart = inter.create(&alone);
        if mine.len() == 1 && theirs.len() == 1 {
            assert!(apart.unwrap().is_some());
        } else {
            assert!(matches!(apart, Err(CreateError::Confused { rank: 1 })), "{apart:?}");
        }
        // Foreign processes.
        let foreign = inter.create(inter.remote_group().unwrap());
        assert!(matches!(foreign, Err(CreateError::NotSubset { .. })), "{foreign:?}");
        assert!(matches!(
            inter.create_group(inter.group(), 0),
            Err(CreateError::Intercommunicator { call: "create_group" })
        ));
        talk(inter, 9);
    });
}

/// A creation that fails by a mistake of the left side.
fn mistaken(universe: &Universe, left: i32, mistake: usize) -> CreateError {
    let world = universe.world();
    let is_left = world.rank() < left;
    let local = world.split(Some(i32::from(is_left)), 0).unwrap().unwrap();
    let leads = local.rank() == 0;
    let result = match (is_left, mistake) {
        // A leader who is no rank, while all say where the other one is.
        (true, 0) => local.create_inter(local.size(), Some((world, left)), 1),
        // The leader does not say where the other one is; it names nobody, or one of its own side.
        (true, 1) => local.create_inter(0, Some((world, world.size())).filter(|_| leads), 1),
        (true, 2) => local.create_inter(0, leads.then_some((world, 0)), 1),
        // Each thinks that it leads.
        (true, 3) => local.create_inter(local.rank(), Some((world, left)), 1),
        // A negative tag, on both sides.
        (true, _) => local.create_inter(0, Some((world, left)), -1),
        (false, 4) => local.create_inter(0, Some((world, 0)), -1),
        (false, _) => local.create_inter(0, leads.then_some((world, 0)), 1),
    };
    result.expect_err("a mistake was made")
}

#[test]
fn whoever_is_mistaken_both_sides_are_told() {
    for transport in transports() {
        for (left, right) in [(1, 1), (2, 1), (1, 2), (3, 2)] {
            for mistake in 0..5 {
                if mistake == 3 && left == 1 {
                    continue; // It does lead.
                }
                run(transport, left + right, move |universe| {
                    let error = mistaken(universe, left as i32, mistake);
                    let is_left = universe.world().rank() < left as i32;
                    match (mistake, &error) {
                        (0, CreateError::Leader { .. }) => assert!(is_left),
                        (1, CreateError::Leader { .. }) | (2, CreateError::Overlap { .. }) => {
                            assert!(is_left)
                        }
                        (3, CreateError::Confused { rank: 1 }) => assert!(is_left),
                        (4, CreateError::Tag { tag: -1 }) => {}
                        (0..4, CreateError::CalledOff { .. }) => assert!(!is_left || mistake > 0),
                        _ => panic!("mistake {mistake}: {error}"),
                    }
                    // What follows is not disturbed.
                    talk(&cut(universe, left as i32).inter, 9);
                    talk(&cut(universe, left as i32).inter, 10);
                });
            }
        }
    }
}

#[test]
fn a_leader_says_where_the_other_one_is() {
    run("shm", 1, |universe| {
        let alone = universe.self_comm();
        assert!(matches!(alone.create_inter(0, None, 0), Err(CreateError::NoBridge)));
        let itself = alone.create_inter(0, Some((universe.world(), 0)), 0);
        assert!(matches!(itself, Err(CreateError::Overlap { common: 1 })), "{itself:?}");
    });
}
