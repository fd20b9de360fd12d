//! Sessions over real transports: several at once, before, beside and after a universe, and without one.

mod harness;

use harness::{run_jobs, transports};
use olympi_comm::{
    ANY_SOURCE, Communicator, CreateError, Error, ErrorClass, ErrorHandler, Group, Info, InitError, Job, Op,
    Session, SessionError,
};

/// Runs it over every transport, with 1 to 4 processes.
fn everywhere(body: impl Fn(&Job) + Copy + Send + Sync + 'static) {
    for transport in transports() {
        for ranks in 1..=4 {
            run_jobs(transport, ranks, body);
        }
    }
}

fn world_of(session: &Session) -> Group {
    session.group_from_pset("mpi://WORLD").unwrap()
}

/// Passes a value round; every rank must get that of the one before.
fn ring(comm: &Communicator, mark: i32) {
    let (me, size) = (comm.rank(), comm.size());
    let send = comm.isend(vec![mark, me], (me + 1) % size, 7).unwrap();
    let before = (me + size - 1) % size;
    assert_eq!(comm.recv_vec::<i32>(ANY_SOURCE, 7).unwrap().0, [mark, before]);
    send.wait().unwrap();
    assert_eq!(comm.all_reduce(&mark, Op::sum()).unwrap(), mark * size);
}

#[test]
fn process_sets_have_names_sizes_and_groups() {
    everywhere(|job| {
        let session = job.session();
        assert_eq!(session.psets(), ["mpi://WORLD", "mpi://SELF"]);
        let (world, alone) = (world_of(&session), session.group_from_pset("mpi://self").unwrap());
        assert_eq!(alone.size(), 1);
        assert_eq!(alone.translate_ranks(&[0], &world).unwrap(), [world.rank()]);
        for (name, group) in [("mpi://WORLD", &world), ("mpi://SELF", &alone)] {
            let size = session.pset_info(name).unwrap();
            assert_eq!(size.get("mpi_size"), Some(group.size().to_string().as_str()));
        }
        let unknown = session.group_from_pset("mpi://WORLDS").unwrap_err();
        assert_eq!(session.pset_info("mpi://WORLDS").unwrap_err(), unknown);
        let SessionError::UnknownPset { name, known } = unknown;
        assert_eq!((name.as_str(), known), ("mpi://WORLDS", session.psets()));
        let error = Error::from(session.group_from_pset("").unwrap_err());
        assert_eq!(error.class(), ErrorClass::Arg);
    });
}

#[test]
fn a_process_alone_has_sessions_too_and_all_processes_on_its_host() {
    let (one, other) = (Session::init().unwrap(), Session::init().unwrap());
    for session in [&one, &other] {
        let host = session.group_from_pset("olympi://HOST").unwrap();
        assert_eq!((host.size(), session.psets().len()), (1, 3));
        let comm = session.create_from_group(&host, "alone").unwrap();
        ring(&comm, 1);
    }
    one.finalize();
    ring(&other.create_from_group(&world_of(&other), "alone").unwrap(), 2);
}

#[test]
fn sessions_come_and_go_beside_a_universe() {
    everywhere(|job| {
        let first = job.session();
        let early = first.create_from_group(&world_of(&first), "a").unwrap();
        let universe = job.universe().unwrap();
        let second = universe.session();
        // The same name twice, one after the other, and the same processes: their messages do not meet.
        let late = second.create_from_group(&world_of(&second), "a").unwrap();
        assert_eq!(early.group(), universe.world().group());
        let to_late = late.isend(vec![2], 0, 0).unwrap();
        let to_early = early.isend(vec![1], 0, 0).unwrap();
        if early.rank() == 0 {
            for from in 0..early.size() {
                assert_eq!(early.recv_vec::<i32>(from, 0).unwrap().0, [1]);
                assert_eq!(late.recv_vec::<i32>(from, 0).unwrap().0, [2]);
            }
        }
        to_late.wait().unwrap();
        to_early.wait().unwrap();
        ring(universe.world(), 3);
        // Each end leaves the others as they are.
        first.finalize();
        ring(&early, 4);
        drop(universe);
        ring(&early, 5);
        ring(&late, 6);
        assert!(matches!(job.universe(), Err(InitError::Twice)));
        drop(second);
        ring(&job.session().create_from_group(late.group(), "b").unwrap(), 7);
    });
}

#[test]
fn groups_that_are_apart_make_communicators_of_one_name_at_once() {
    everywhere(|job| {
        let session = job.session();
        let world = world_of(&session);
        let (me, size) = (world.rank().unwrap(), world.size());
        let mine = world.range_incl(&[(me % 2, size - 1, 2).into()]).unwrap();
        let comm = session.create_from_group(&mine, "half").unwrap();
        assert_eq!(comm.group(), &mine);
        ring(&comm, 1);
        let none = session.create_from_group(&Group::empty(), "half").unwrap_err();
        assert!(matches!(none, CreateError::NotMember));
    });
}

#[test]
fn hints_and_handlers_go_along() {
    everywhere(|job| {
        let mut hints = Info::new();
        hints.set("mood", "calm").unwrap();
        hints.set("thread_level", "MPI_THREAD_MULTIPLE").unwrap();
        let session = job.session_with_info(&hints);
        assert_eq!(session.info().get("mood"), Some("calm"));
        assert_eq!(session.info().get("thread_level"), Some("MPI_THREAD_FUNNELED"), "what the job has");
        let world = world_of(&session);
        let heard = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let ear = std::sync::Arc::clone(&heard);
        let handler = ErrorHandler::user(move |_, _| {
            ear.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        let comm = session.create_from_group_with(&world, "h", &hints, handler).unwrap();
        assert_eq!(comm.info().get("mood"), Some("calm"));
        let result = comm.handle_error(comm.send(&1, comm.size(), 0));
        assert!(result.is_err() && heard.load(std::sync::atomic::Ordering::Relaxed) == 1);
    });
}

/// Two groups of a world that leave out its last process, where there are enough.
fn sides(world: &Group) -> Option<[Group; 2]> {
    let size = world.size();
    let part = |first, last| world.range_incl(&[(first, last, 1).into()]).unwrap();
    match size {
        1 => None,
        2 => Some([part(0, 0), part(1, 1)]),
        _ => Some([part(0, size - 3), part(size - 2, size - 2)]),
    }
}

#[test]
fn an_intercommunicator_comes_of_two_groups() {
    everywhere(|job| {
        let session = job.session();
        let world = world_of(&session);
        let Some([low, high]) = sides(&world) else { return };
        if low.rank().is_none() && high.rank().is_none() {
            let foreign = session.inter_from_groups(&low, 0, &high, 0, "sides").unwrap_err();
            assert!(matches!(foreign, CreateError::NotMember));
            return;
        }
        let (mine, theirs) = if low.rank().is_some() { (&low, &high) } else { (&high, &low) };
        let (leader, other) = (mine.size() - 1, theirs.size() - 1);
        for mark in 1..3 {
            // What others than the leader say of the other group is not looked at.
            let said = if mine.rank() == Some(leader) { theirs } else { &Group::empty() };
            let inter = session.inter_from_groups(mine, leader, said, other, "sides").unwrap();
            assert_eq!((inter.group(), inter.remote_group()), (mine, Some(theirs)));
            assert_eq!(inter.all_reduce(&mark, Op::sum()).unwrap(), mark * theirs.size());
            ring(&inter.merge(low.rank().is_none()).unwrap(), mark);
        }
    });
}

#[test]
fn groups_that_make_no_intercommunicator_are_told_so() {
    everywhere(|job| {
        let session = job.session();
        let world = world_of(&session);
        let Some([low, high]) = sides(&world) else {
            // This process is in both.
            let both = session.inter_from_groups(&world, 0, &world, 0, "both").unwrap_err();
            assert!(matches!(both, CreateError::Overlap { common: 1 }), "{both}");
            return;
        };
        let is_low = low.rank().is_some();
        let (mine, theirs) = if is_low { (&low, &high) } else { (&high, &low) };
        if mine.rank().is_none() {
            return;
        }
        let make = |leader, remote: &Group, other, tag: &str| {
            session.inter_from_groups(mine, leader, remote, other, tag).unwrap_err()
        };
        // The low side names a leader who is none; the other one hears of it.
        match make(if is_low { mine.size() } else { 0 }, theirs, 0, "no leader") {
            CreateError::Leader { .. } => assert!(is_low),
            error => assert!(!is_low && matches!(error, CreateError::CalledOff { .. }), "{error}"),
        }
        match make(0, theirs, if is_low { theirs.size() } else { 0 }, "no other leader") {
            CreateError::Leader { .. } => assert!(is_low && mine.rank() == Some(0)),
            error => assert!(matches!(error, CreateError::CalledOff { .. }), "{error}"),
        }
        // The high side takes the low one for another group, or for a part of itself.
        if low.size() == 2 {
            let wrong = if is_low { theirs } else { &low.range_incl(&[(1, 0, -1).into()]).unwrap() };
            let other = i32::from(!is_low);
            let error = make(0, wrong, other, "not those");
            assert!(matches!(error, CreateError::Confused { .. }), "{error}");
        }
        let inter = session.inter_from_groups(mine, 0, theirs, 0, "right").unwrap();
        inter.barrier().unwrap();
    });
}
