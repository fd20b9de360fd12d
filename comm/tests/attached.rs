//! Buffers for buffered sends: of the process, of sessions, of communicators; with and without a limit; flushed while more
//! comes.

mod harness;

use harness::{run, run_jobs, transports};
use olympi_comm::{BufferError, Communicator, SendError, ThreadLevel};

/// So long that it stays in the buffer until it is received.
const LONG: usize = 600_000;

fn receive(comm: &Communicator, tag: i32, value: u8) {
    assert_eq!(comm.recv_vec::<u8>(0, tag).unwrap().0, vec![value; LONG]);
}

#[test]
fn a_communicators_own_buffer_comes_before_that_of_the_process() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let mine = world.dup().unwrap();
            universe.attach_buffer(2 * LONG).unwrap();
            mine.attach_buffer(1000).unwrap();
            assert!(matches!(
                mine.attach_automatic_buffer(),
                Err(BufferError::AlreadyAttached { attached: 1000 })
            ));
            if world.rank() == 0 {
                // There is room in the process's, which is not this one's.
                let refused = mine.bsend(&vec![1_u8; LONG], 1, 0);
                assert!(matches!(refused, Err(SendError::Buffer { attached: 1000, free: 1000, .. })));
                assert_eq!(mine.detach_buffer().unwrap(), 1000);
                mine.bsend(&vec![1_u8; LONG], 1, 0).unwrap();
                // A duplicate has none of its own.
                world.bsend(&vec![2_u8; 10], 1, 0).unwrap();
            } else {
                receive(&mine, 0, 1);
                world.recv_vec::<u8>(0, 0).unwrap();
                assert_eq!(mine.detach_buffer().unwrap(), 1000);
            }
            assert!(matches!(mine.detach_buffer(), Err(BufferError::NotAttached)));
            assert!(matches!(mine.flush_buffer(), Err(BufferError::NotAttached)));
            assert_eq!(universe.detach_buffer().unwrap(), 2 * LONG);
        });
    }
}

#[test]
fn communicators_that_come_from_a_session_take_its_buffer() {
    for transport in transports() {
        run_jobs(transport, 2, |job| {
            let (session, other) = (job.session(), job.session());
            let everyone = session.group_from_pset("mpi://WORLD").unwrap();
            // Through groups, and through communicators.
            let turned = everyone.incl(&[1, 0]).unwrap().union(&everyone);
            let comm = session.create_from_group(&turned, "one").unwrap();
            let grandchild = comm.split(Some(0), comm.rank()).unwrap().unwrap().dup().unwrap();
            let strangers = other.group_from_pset("mpi://WORLD").unwrap();
            let stranger = other.create_from_group(&strangers, "two").unwrap();
            session.attach_buffer(100).unwrap();
            for comm in [&comm, &grandchild] {
                comm.bsend(&[1_u8; 10], 1 - comm.rank(), 0).unwrap();
                comm.recv_vec::<u8>(1 - comm.rank(), 0).unwrap();
                let refused = comm.bsend(&[1_u8; 1000], 1 - comm.rank(), 0);
                assert!(matches!(refused, Err(SendError::Buffer { attached: 100, .. })));
            }
            let refused = stranger.bsend(&[1_u8; 10], 0, 0);
            assert!(matches!(refused, Err(SendError::Buffer { attached: 0, .. })));
            comm.attach_automatic_buffer().unwrap();
            comm.bsend(&[1_u8; 1000], 1 - comm.rank(), 0).unwrap();
            comm.recv_vec::<u8>(1 - comm.rank(), 0).unwrap();
            assert_eq!(session.detach_buffer().unwrap(), 100);
            assert_eq!(comm.detach_buffer().unwrap(), 0);
            comm.barrier().unwrap();
        });
    }
}

#[test]
fn a_flush_waits_for_what_came_before_it_alone() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            if world.rank() == 0 {
                universe.attach_automatic_buffer().unwrap();
                world.bsend(&vec![1_u8; LONG], 1, 1).unwrap();
                let mut first = universe.iflush_buffer().unwrap();
                world.bsend(&vec![2_u8; LONG], 1, 2).unwrap();
                let mut second = universe.iflush_buffer().unwrap();
                assert!(!first.test().unwrap() && !second.test().unwrap());
                world.send(&0_u8, 1, 0).unwrap();
                first.wait().unwrap();
                assert!(!second.test().unwrap());
                world.send(&0_u8, 1, 0).unwrap();
                second.wait().unwrap();
                universe.flush_buffer().unwrap();
                assert_eq!(universe.detach_buffer().unwrap(), 0);
            } else {
                for value in 1..=2 {
                    world.recv::<u8>(0, 0).unwrap();
                    receive(world, i32::from(value), value);
                }
            }
        });
    }
}

#[test]
fn threads_share_a_buffer_and_never_take_more_than_there_is() {
    harness::run_at(ThreadLevel::Multiple, "shm", 1, |universe| {
        let me = universe.self_comm();
        universe.attach_buffer(5000).unwrap();
        std::thread::scope(|scope| {
            for tag in 0..4 {
                scope.spawn(move || {
                    for _ in 0..200 {
                        while me.bsend(&[7_u8; 1000], 0, tag).is_err() {
                            std::thread::yield_now();
                        }
                        assert_eq!(me.recv_vec::<u8>(0, tag).unwrap().0.len(), 1000);
                    }
                });
            }
        });
        assert_eq!(universe.detach_buffer().unwrap(), 5000);
    });
}
