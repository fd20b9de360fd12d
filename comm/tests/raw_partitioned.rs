//! Partitioned messages of raw memory: in one piece and in pieces, over every transport, and left in the middle.

mod harness;

use harness::{run, run_at, transports};
use olympi_comm::raw::{RawPartitions, RawRequest, Side};
use olympi_comm::{Communicator, Datatype, Error, PartitionedError, ThreadLevel};

const LEN: usize = 24_000;

fn send(comm: &Communicator, from: &[u32], parts: usize, each: &Datatype) -> (RawRequest, RawPartitions) {
    let count = LEN / parts;
    // SAFETY: the callers keep the memory, and change it between rounds alone.
    unsafe {
        let start = from.as_ptr().cast_mut().cast();
        comm.psend_raw_init(start, parts, count, each, (comm.rank() + 1) % comm.size(), 1).unwrap()
    }
}

fn receive(
    comm: &Communicator,
    into: &mut [u32],
    parts: usize,
    each: &Datatype,
) -> (RawRequest, RawPartitions) {
    let count = LEN / parts;
    let source = (comm.rank() + comm.size() - 1) % comm.size();
    // SAFETY: the callers keep the memory, and read what has arrived alone.
    unsafe { comm.precv_raw_init(into.as_mut_ptr().cast(), parts, count, each, source, 1).unwrap() }
}

#[test]
fn partitions_come_in_one_piece_and_in_pieces() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let int = Datatype::of::<u32>();
            let spread = int.resized(0, 12).unwrap();
            for (there, here) in [(&int, &int), (&spread, &int), (&int, &spread), (&spread, &spread)] {
                let step = |datatype: &Datatype| datatype.extent() as usize / 4;
                let mut data = vec![0_u32; 3 * LEN];
                let mut landed = vec![u32::MAX; 3 * LEN];
                let (mut send, marks) = send(world, &data, 6, there);
                let (mut receive, arrivals) = receive(world, &mut landed, 8, here);
                assert_eq!((marks.side(), arrivals.side()), (Side::Send, Side::Receive));
                for round in 0..3 {
                    for i in 0..LEN {
                        // SAFETY: within the vector, whose messages of the round before are over.
                        unsafe { data.as_mut_ptr().add(i * step(there)).write(i as u32 + round) };
                    }
                    // SAFETY: as promised above.
                    unsafe {
                        receive.start().unwrap();
                        send.start().unwrap();
                    }
                    assert!(send.test().unwrap().is_none());
                    assert!(matches!(
                        send.wait(),
                        Err(Error::Partitioned(PartitionedError::NotReady { missing: 6, .. }))
                    ));
                    marks.ready(4..6).unwrap();
                    while !arrivals.arrived(7).unwrap() {}
                    // SAFETY: within the vector, and arrived.
                    let last = unsafe { landed.as_ptr().add((LEN - 1) * step(here)).read() };
                    assert_eq!(last, LEN as u32 - 1 + round);
                    marks.ready(0..4).unwrap();
                    assert_eq!(send.wait().unwrap().bytes(), 0);
                    assert_eq!(receive.wait().unwrap().bytes(), 4 * LEN);
                    for i in 0..LEN {
                        assert_eq!(landed[i * step(here)], i as u32 + round);
                    }
                }
                drop((send, receive));
                assert!(marks.is_gone() && arrivals.is_gone());
                assert!(arrivals.arrived(0).unwrap());
                assert!(marks.ready(0..1).is_err());
            }
        });
    }
}

#[test]
fn a_send_that_is_dropped_in_its_round_tells_the_receiver() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let int = Datatype::of::<u32>();
            let (data, mut landed) = (vec![7_u32; LEN], vec![0_u32; LEN]);
            let (mut send, marks) = send(world, &data, 6, &int);
            let (mut receive, _) = receive(world, &mut landed, 8, &int);
            // SAFETY: as promised above: the memory is there to the end of this function, and the barrier says that all
            // messages have come.
            unsafe {
                receive.start().unwrap();
                send.start().unwrap();
            }
            marks.ready([0, 1, 2, 4, 5].into_iter()).unwrap();
            drop(send);
            let error = receive.wait().unwrap_err();
            assert!(matches!(error, Error::Partitioned(PartitionedError::Abandoned { partition: 3, .. })));
            world.barrier().unwrap();
        });
    }
}

#[test]
fn threads_mark_while_another_waits() {
    for transport in transports() {
        run_at(ThreadLevel::Multiple, transport, 2, |universe| {
            let world = universe.world();
            let int = Datatype::of::<u32>();
            let (data, mut landed) = ((0..LEN as u32).collect::<Vec<_>>(), vec![0_u32; LEN]);
            let (mut send, marks) = send(world, &data, 6, &int);
            let (mut receive, arrivals) = receive(world, &mut landed, 8, &int);
            for _ in 0..10 {
                // SAFETY: as promised above.
                unsafe {
                    receive.start().unwrap();
                    send.start().unwrap();
                }
                std::thread::scope(|threads| {
                    for first in 0..3 {
                        let marks = &marks;
                        threads.spawn(move || marks.ready((first..6).step_by(3)).unwrap());
                    }
                    threads.spawn(|| while !arrivals.arrived(4).unwrap() {});
                    send.wait().unwrap();
                    receive.wait().unwrap();
                });
                assert!(landed == data);
            }
        });
    }
}
