//! Registered buffers: they travel as any buffer does, and what lay in their memory before never does.

mod harness;

use std::thread;

use harness::{run, run_with, transports};
use olympi_comm::{Config, Equivalence, Registered, Universe};
use olympi_transport::Registration;

/// Elements around every border: a frame, a page, the rendezvous, several pieces.
const LENGTHS: [usize; 9] = [0, 1, 100, 511, 512, 1000, 8192, 100_001, 1 << 19];

fn filled(universe: &Universe, len: usize, salt: usize) -> Registered<u64> {
    let mut buffer = universe.alloc(len).unwrap();
    for (index, item) in buffer.iter_mut().enumerate() {
        *item = expected(index, salt);
    }
    buffer
}

fn expected(index: usize, salt: usize) -> u64 {
    (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(salt as u32) ^ salt as u64
}

fn check(items: &[u64], salt: usize, len: usize) {
    let wrong = (0..len).find(|&index| items[index] != expected(index, salt));
    assert_eq!(wrong, None, "the first wrong element of {len}, salt {salt}");
}

#[test]
fn they_are_sent_and_received_into_like_any_buffer() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            for (salt, len) in LENGTHS.into_iter().enumerate() {
                if world.rank() == 0 {
                    let data = filled(universe, len, salt);
                    world.send(&data, 1, 0).unwrap();
                    world.ssend(&data[len / 2..], 1, 1).unwrap();
                    check(&data, salt, len);
                } else {
                    let mut data = universe.alloc::<u64>(len + 1).unwrap();
                    let status = world.recv_into(&mut data, 0, 0).unwrap();
                    assert_eq!(status.count::<u64>(), Some(len));
                    check(&data, salt, len);
                    assert_eq!(data[len], 0, "beyond the message nothing is written");
                    let half = len - len / 2;
                    world.recv_into(&mut data[1..=half], 0, 1).unwrap();
                    assert!((0..half).all(|at| data[1 + at] == expected(len / 2 + at, salt)));
                }
            }
        });
    }
}

#[test]
fn a_scope_borrows_them() {
    for transport in transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let (me, other) = (world.rank() as usize, 1 - world.rank());
            let sent = filled(universe, 1 << 17, me);
            let mut received = universe.alloc::<u64>(1 << 17).unwrap();
            let (left, right) = received.split_at_mut(1 << 16);
            world
                .scope(|scope| {
                    scope.irecv(left, other, 0)?;
                    scope.irecv(right, other, 1)?;
                    scope.isend(&sent[..1 << 16], other, 0)?;
                    scope.isend(&sent[1 << 16..], other, 1)?;
                    Ok::<_, olympi_comm::Error>(())
                })
                .unwrap();
            check(&received, 1 - me, 1 << 17);
        });
    }
}

/// The system likes to give a new allocation the addresses of one that was let go of, whose registration must be gone
/// with it.
fn renewed(universe: &Universe) {
    const LEN: usize = 1 << 17;
    let world = universe.world();
    for salt in 0..12 {
        if world.rank() == 0 {
            let data = filled(universe, LEN, salt);
            world.send(&data, 1, 0).unwrap();
        } else {
            let mut data = universe.alloc::<u64>(LEN).unwrap();
            assert!(data.iter().all(|item| *item == 0), "a new allocation is all zeros");
            world.recv_into(&mut data, 0, 0).unwrap();
            check(&data, salt, LEN);
        }
    }
}

#[test]
fn a_new_one_at_the_place_of_an_old_one_holds_its_own_bytes() {
    for transport in transports() {
        run(transport, 2, renewed);
    }
}

#[test]
fn they_need_no_watch_over_memory() {
    for transport in transports() {
        let transports = transport.parse().unwrap();
        let config = Config { transports, registration: Registration::Off, ..Config::default() };
        run_with(config, 2, renewed);
    }
}

#[test]
fn they_outlive_the_universe_and_change_threads() {
    let buffers = run("shm", 1, |universe| {
        let mut buffer = universe.alloc::<f64>(3).unwrap();
        thread::scope(|scope| scope.spawn(|| buffer[1] = 0.5).join()).unwrap();
        buffer
    });
    assert_eq!(format!("{:?}", buffers[0]), "[0.0, 0.5, 0.0]");
}

#[test]
fn every_length_is_given_or_refused() {
    #[derive(Clone, Copy, Equivalence)]
    #[equivalence(crate = "olympi_comm")]
    #[repr(C)]
    struct Nothing;

    run("shm", 1, |universe| {
        assert!(universe.alloc::<u8>(0).unwrap().is_empty());
        assert_eq!(universe.alloc::<Nothing>(usize::MAX).unwrap().len(), usize::MAX);
        for len in [usize::MAX, usize::MAX / 8, 1 << 58] {
            let refused = universe.alloc::<u64>(len).unwrap_err();
            assert!(refused.to_string().starts_with("cannot allocate "), "{refused}");
        }
    });
}
