//! What communicators carry: attributes with their callbacks, hints, and error handlers.

mod harness;

use std::process::Command;
use std::sync::{Arc, Mutex};

use harness::run;
use olympi_comm::{
    AttributeError, CreateError, Error, ErrorClass, ErrorHandler, Info, Keyval, Universe, clone_copy,
    null_copy, null_delete,
};

/// What callbacks have written down.
type Log = Arc<Mutex<Vec<String>>>;

fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

/// A key whose callbacks write down what they are called with. A copy is one more, and of 13 there is none; 99
/// cannot be copied, and what is 50 or more cannot be deleted.
fn key(universe: &Universe, log: &Log) -> Keyval<u32> {
    let (copies, deletes) = (Arc::clone(log), Arc::clone(log));
    universe.keyval(
        move |comm, value: &u32| {
            copies.lock().unwrap().push(format!("copy {value} of {}", comm.name()));
            match value {
                99 => Err("99 is not copied".into()),
                13 => Ok(None),
                _ => Ok(Some(value + 1)),
            }
        },
        move |comm, value: &u32| {
            deletes.lock().unwrap().push(format!("delete {value} of {}", comm.name()));
            if *value >= 50 { Err(format!("{value} is too large").into()) } else { Ok(()) }
        },
    )
}

#[test]
fn callbacks_are_called_in_order_and_outside_of_every_lock() {
    let universe = Universe::init().unwrap();
    let log = Log::default();
    let [a, b, c] = [(); 3].map(|()| key(&universe, &log));
    let comm = universe.world().dup().unwrap();
    comm.set_name("old");
    comm.set_attr(&b, 1).unwrap();
    comm.set_attr(&a, 10).unwrap();
    comm.set_attr(&c, 13).unwrap();
    assert_eq!(comm.attr(&a).as_deref(), Some(&10));
    assert!(take(&log).is_empty());
    let dup = comm.dup().unwrap();
    assert_eq!(take(&log), ["copy 1 of old", "copy 10 of old", "copy 13 of old"]);
    let values = [&a, &b, &c].map(|key| dup.attr(key).map(|value| *value));
    assert_eq!(values, [Some(11), Some(2), None]);
    // A split inherits none.
    assert!(comm.split(Some(0), 0).unwrap().unwrap().attr(&a).is_none());
    dup.set_name("new");
    drop(dup);
    assert_eq!(take(&log), ["delete 11 of new", "delete 2 of new"], "the last one first");
    comm.set_attr(&b, 3).unwrap();
    assert_eq!(take(&log), ["delete 1 of old"]);
    assert!(comm.delete_attr(&a).unwrap() && !comm.delete_attr(&a).unwrap());
    drop(comm);
    assert_eq!(take(&log), ["delete 10 of old", "delete 3 of old", "delete 13 of old"]);
}

#[test]
fn a_callback_may_use_the_communicator_and_a_dropped_key_lives_on() {
    let universe = Universe::init().unwrap();
    let counter = universe.keyval(
        |comm, depth: &i32| {
            // Duplicates itself once more, and speaks with itself.
            let inner = if *depth > 0 { Some(comm.split(Some(0), 0)?.ok_or("a colour")?) } else { None };
            let comm = inner.as_ref().unwrap_or(comm);
            let request = comm.isend(vec![*depth], 0, 0)?;
            let got = comm.recv::<i32>(0, 0)?.0;
            request.wait()?;
            Ok(Some(got - 1))
        },
        null_delete,
    );
    let comm = universe.self_comm().dup().unwrap();
    comm.set_attr(&counter, 2).unwrap();
    let kept = counter.clone();
    drop(counter);
    let last = comm.dup().unwrap().dup().unwrap().dup().unwrap();
    assert_eq!(last.attr(&kept).as_deref(), Some(&-1));
}

#[test]
fn what_a_callback_refuses_does_not_happen() {
    run("shm", 2, |universe| {
        let log = Log::default();
        let (good, bad) = (key(universe, &log), key(universe, &log));
        let comm = universe.world().dup().unwrap();
        comm.set_attr(&good, 1).unwrap();
        if comm.rank() == 1 {
            comm.set_attr(&bad, 99).unwrap();
        }
        for request in [false, true] {
            let result = if request {
                comm.idup().unwrap().wait().map_err(|error| error.to_string())
            } else {
                comm.dup().map_err(|error| match error {
                    CreateError::CalledOff { rank: 1 } if comm.rank() == 0 => "called off".to_owned(),
                    CreateError::Attribute(AttributeError::Copy(_)) if comm.rank() == 1 => {
                        "refused".to_owned()
                    }
                    error => panic!("{error}"),
                })
            };
            let error = result.map(drop).unwrap_err();
            let deleted = format!("delete 2 of {}", comm.name());
            assert!(take(&log).contains(&deleted), "a copy that was made for nothing: {error}");
        }
        if comm.rank() == 1 {
            let refused = comm.delete_attr(&bad).unwrap_err();
            assert_eq!(refused.to_string(), "the delete callback of an attribute failed: 99 is too large");
            assert!(comm.set_attr(&bad, 5).is_err() && comm.attr(&bad).as_deref() == Some(&99));
            take(&log);
            assert!(comm.free().is_err());
            assert_eq!(take(&log), ["delete 99 of ", "delete 1 of "]);
        }
    });
}

#[test]
fn who_has_not_copied_gets_no_duplicate() {
    run("shm", 3, |universe| {
        let (world, info) = (universe.world(), Info::new());
        let willing = world.rank() != 1;
        assert!(matches!(world.dup_if(&info, willing), Err(CreateError::CalledOff { rank: 1 })));
        let error = world.idup_if(&info, willing).unwrap().wait().unwrap_err();
        assert!(matches!(error, Error::Create(CreateError::CalledOff { rank: 1 })), "{error}");
        world.dup_if(&info, true).unwrap().barrier().unwrap();
    });
}

#[test]
fn attributes_of_the_first_communicators_end_first() {
    let log = Log::default();
    let universe = Universe::init().unwrap();
    let shared = Arc::new(5_u8);
    let (cloned, fresh) = (universe.keyval(clone_copy, null_delete), universe.keyval(null_copy, null_delete));
    universe.self_comm().set_attr(&cloned, Arc::clone(&shared)).unwrap();
    universe.self_comm().set_attr(&fresh, Arc::clone(&shared)).unwrap();
    let dup = universe.self_comm().dup().unwrap();
    assert!(dup.attr(&cloned).is_some() && dup.attr(&fresh).is_none());
    let written = key(&universe, &log);
    universe.world().set_attr(&written, 1).unwrap();
    universe.self_comm().set_attr(&written, 2).unwrap();
    universe.self_comm().set_attr(&key(&universe, &log), 3).unwrap();
    drop(dup);
    drop(universe);
    assert_eq!(
        take(&log),
        ["delete 3 of MPI_COMM_SELF", "delete 2 of MPI_COMM_SELF", "delete 1 of MPI_COMM_WORLD"]
    );
    assert_eq!(Arc::strong_count(&shared), 1);
}

#[test]
fn hints_and_handlers_are_inherited_as_the_standard_says() {
    let universe = Universe::init().unwrap();
    let log = Log::default();
    let comm = universe.world().dup().unwrap();
    assert!(matches!(comm.error_handler(), ErrorHandler::Return));
    let written = Arc::clone(&log);
    let handler = move |of: &olympi_comm::Communicator, error: &olympi_comm::Error| {
        written.lock().unwrap().push(format!("{} of {}", error.class().name(), of.name()));
    };
    comm.set_error_handler(ErrorHandler::user(handler));
    let mut info = Info::new();
    info.set("a", "1").unwrap();
    comm.set_info(&info);
    info.set("b", "2").unwrap();
    let dup = comm.dup_with_info(&info).unwrap();
    let part = comm.split(Some(0), 0).unwrap().unwrap();
    assert_eq!((comm.info().len(), dup.info(), part.info()), (1, info, Info::new()));
    for (name, comm) in [("dup", dup), ("part", part)] {
        comm.set_name(name);
        assert!(comm.handle_error(comm.send(&[1], comm.rank(), -1)).is_err());
        let error = comm.call_error_handler(olympi_comm::Error::Spent);
        assert_eq!(error.class(), ErrorClass::Request);
        assert_eq!(take(&log), [format!("MPI_ERR_TAG of {name}"), format!("MPI_ERR_REQUEST of {name}")]);
        assert_eq!(comm.handle_error(Ok::<_, olympi_comm::Error>(5)).unwrap(), 5);
    }
}

#[test]
fn a_fatal_error_ends_the_process() {
    const CHILD: &str = "OLYMPI_TEST_FATAL";
    if std::env::var_os(CHILD).is_some() {
        let universe = Universe::init().unwrap();
        let world = universe.world();
        world.set_error_handler(ErrorHandler::Fatal);
        let _ = world.handle_error(world.send(&[1], 99, 0));
        unreachable!("it goes on");
    }
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "a_fatal_error_ends_the_process", "--nocapture"];
    let output = Command::new(program).args(arguments).env(CHILD, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line = "rank 0 of \"MPI_COMM_WORLD\" ends the job: cannot send to rank 99: the communicator has ranks 0 to 0";
    assert!(told.contains(line), "{told}");
}
