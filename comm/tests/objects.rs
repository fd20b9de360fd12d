//! Objects between ranks, and what happens when the types do not meet.

mod harness;

use std::collections::BTreeMap;

use harness::run;
use olympi_comm::{ANY_SOURCE, ANY_TAG, DecodeError, PROC_NULL, RecvError, wait_all};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Path(Vec<(f32, f32)>),
}

fn shapes(len: usize) -> Vec<Shape> {
    let shape = |i: usize| match i % 3 {
        0 => Shape::Point,
        1 => Shape::Circle { radius: i as f64 },
        _ => Shape::Path((0..i % 50).map(|x| (x as f32, 1.5)).collect()),
    };
    (0..len).map(shape).collect()
}

#[test]
fn objects_of_every_length_arrive_in_every_mode() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            universe.attach_buffer(1 << 24).unwrap();
            for len in [0, 1, 10, 1000, 30_000] {
                let object = shapes(len);
                if world.rank() == 0 {
                    world.send_object(&object, 1, 0).unwrap();
                    world.ssend_object(&object, 1, 0).unwrap();
                    world.bsend_object(&object, 1, 0).unwrap();
                    world.rsend_object(&object[..], 1, 0).unwrap();
                    wait_all([
                        world.isend_object(&object, 1, 0).unwrap(),
                        world.issend_object(&object, 1, 0).unwrap(),
                        world.ibsend_object(&object, 1, 0).unwrap(),
                    ])
                    .unwrap();
                } else {
                    for _ in 0..6 {
                        let (received, status) =
                            world.recv_object::<Vec<Shape>>(ANY_SOURCE, ANY_TAG).unwrap();
                        assert!(received == object && status.source() == 0);
                    }
                    let request = world.irecv_object::<Vec<Shape>>(0, 0).unwrap();
                    assert!(request.wait().unwrap().0 == object);
                }
            }
            universe.detach_buffer().unwrap();
        });
    }
}

#[test]
fn another_type_than_was_sent_is_an_error_that_names_both() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            world.send_object(&vec![1.5_f64], 1, 0).unwrap();
            world.send_object(&7_i32, 1, 0).unwrap();
            world.send_object("text", 1, 0).unwrap();
            world.send_object(&BTreeMap::from([(1, "one")]), 1, 0).unwrap();
        } else {
            match world.recv_object::<String>(0, 0) {
                Err(error @ RecvError::Decode { source: DecodeError::TypeMismatch { .. }, .. }) => {
                    let text = error.to_string();
                    assert!(text.contains("f64") && text.contains("String"), "{text}");
                }
                other => panic!("{other:?}"),
            }
            assert!(world.recv_object::<u32>(0, 0).is_err());
            assert_eq!(world.recv_object::<String>(0, 0).unwrap().0, "text");
            let (map, _) = world.recv_object::<BTreeMap<i32, String>>(0, 0).unwrap();
            assert_eq!(map[&1], "one");
        }
    });
}

#[test]
fn objects_and_buffers_never_meet() {
    run("shm", 2, |universe| {
        let world = universe.world();
        if world.rank() == 0 {
            world.send_object(&1_u64, 1, 0).unwrap();
            world.send(&2_u64, 1, 0).unwrap();
        } else {
            assert_eq!(world.recv::<u64>(ANY_SOURCE, ANY_TAG).unwrap().0, 2);
            assert!(world.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
            assert!(world.probe_object(ANY_SOURCE, ANY_TAG).unwrap().bytes() > 8);
            let message = world.mprobe_object(0, 0).unwrap();
            assert!(world.iprobe_object(ANY_SOURCE, ANY_TAG).unwrap().is_none());
            assert_eq!(message.recv::<u64>().unwrap().0, 1);
        }
    });
}

#[test]
fn objects_shift_round_a_ring() {
    for transport in harness::transports() {
        run(transport, 4, |universe| {
            let world = universe.world();
            let (left, right) = ((world.rank() + 3) % 4, (world.rank() + 1) % 4);
            let mine = format!("rank {}", world.rank()).repeat(5000);
            let (theirs, status) = world.sendrecv_object::<_, String>(&mine, right, 3, left, 3).unwrap();
            assert_eq!((theirs, status.source()), (format!("rank {left}").repeat(5000), left));
        });
    }
}

#[test]
fn proc_null_has_no_object_to_give() {
    run("shm", 1, |universe| {
        universe.world().send_object("nobody", PROC_NULL, 0).unwrap();
        assert!(matches!(universe.world().recv_object::<String>(PROC_NULL, 0), Err(RecvError::NoObject)));
    });
}
