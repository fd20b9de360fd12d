//! Derived datatypes in messages: every kind of call, over every transport, short and long.

mod harness;

use harness::run;
use harness::simulated::simulate;
use olympi_comm::{
    ANY_SOURCE, ANY_TAG, Datatype, Equivalence, Error, Order, PROC_NULL, RecvError, SendError, start_all,
    wait_all,
};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

/// Rows of the matrices: short messages, those of several frames, and rendezvous.
const ROWS: [usize; 4] = [3, 200, 5000, 200_000];
const COLUMNS: usize = 5;

fn column(rows: usize) -> Datatype {
    Datatype::of::<u32>().vector(rows, 1, COLUMNS as i64).unwrap()
}

fn matrix(rows: usize, salt: u32) -> Vec<u32> {
    (0..(rows * COLUMNS) as u32).map(|i| i.wrapping_mul(2_654_435_761) ^ salt).collect()
}

fn column_of(matrix: &[u32], column: usize) -> Vec<u32> {
    matrix.iter().skip(column).step_by(COLUMNS).copied().collect()
}

/// The matrix with this column in the place of another.
fn with_column(matrix: &[u32], column: usize, values: &[u32]) -> Vec<u32> {
    let mut changed = matrix.to_vec();
    for (place, value) in changed.iter_mut().skip(column).step_by(COLUMNS).zip(values) {
        *place = *value;
    }
    changed
}

#[test]
fn columns_arrive_as_columns_in_every_call() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            universe.attach_buffer(16 << 20).unwrap();
            let (other, sending) = (1 - world.rank(), world.rank() == 0);
            for rows in ROWS {
                let datatype = column(rows);
                let mine = matrix(rows, 7);
                let view = datatype.view(&mine[1..], 1).unwrap();
                let before = matrix(rows, 99);
                let after = with_column(&before, 3, &column_of(&mine, 1));
                if sending {
                    world.send_view(&view, other, 0).unwrap();
                    world.ssend_view(&view, other, 1).unwrap();
                    world.bsend_view(&view, other, 2).unwrap();
                    world.rsend_view(&view, other, 3).unwrap();
                    world.isend_view(&view, other, 4).unwrap().wait().unwrap();
                    world.issend_view(&view, other, 5).unwrap().wait().unwrap();
                    world
                        .scope(|scope| {
                            scope.isend_view(&view, other, 6)?;
                            scope.issend_view(&view, other, 7)?.wait()?;
                            scope.irsend_view(&view, other, 8)?;
                            assert!(scope.ibsend_view(&view, other, 9)?.test()?.is_some());
                            Ok(())
                        })
                        .unwrap();
                    world.irsend_view(&view, other, 10).unwrap().wait().unwrap();
                    assert!(world.ibsend_view(&view, other, 11).unwrap().test().unwrap().is_some());
                    world.send(&column_of(&mine, 1), other, 12).unwrap();
                    continue;
                }
                for tag in 0..13 {
                    let mut data = before.clone();
                    let status = match tag % 4 {
                        0 => {
                            let mut view = datatype.view(&mut data[3..], 1).unwrap();
                            world.recv_view(&mut view, ANY_SOURCE, tag).unwrap()
                        }
                        1 => {
                            let view = datatype.view_at(data, 12, 1).unwrap();
                            let (back, status) = world.irecv_view(view, other, tag).unwrap().wait().unwrap();
                            data = back;
                            status
                        }
                        2 => {
                            let mut view = datatype.view(&mut data[3..], 1).unwrap();
                            world
                                .scope(|scope| {
                                    let mut request = scope.irecv_view(&mut view, other, tag)?;
                                    loop {
                                        if let Some(status) = request.test()? {
                                            break Ok(status);
                                        }
                                    }
                                })
                                .unwrap()
                        }
                        _ => {
                            let message = world.mprobe(other, tag).unwrap();
                            message.recv_view(&mut datatype.view(&mut data[3..], 1).unwrap()).unwrap()
                        }
                    };
                    assert_eq!((status.source(), status.tag(), status.bytes()), (0, tag, 4 * rows));
                    assert_eq!(
                        (status.count_of(&datatype), status.elements(&datatype)),
                        (Some(1), Some(rows))
                    );
                    assert!(data == after, "{rows} rows, tag {tag}");
                }
            }
        });
    }
}

#[test]
fn the_two_ends_may_lay_out_the_same_elements_otherwise() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let element = Datatype::of::<f64>();
            // A plane of a cube goes out by rows, and comes in by columns: transposed.
            let plane = element.subarray(&[8, 9, 10], &[8, 1, 10], &[0, 4, 0], Order::C).unwrap();
            let columns = element.vector(10, 1, 8).unwrap().resized(0, 8).unwrap();
            let cube: Vec<f64> = (0..720).map(f64::from).collect();
            if world.rank() == 0 {
                world.send_view(&plane.view(&cube, 1).unwrap(), 1, 0).unwrap();
            } else {
                let mut turned = vec![0.0; 80];
                let status = world.recv_view(&mut columns.view(&mut turned, 8).unwrap(), 0, 0).unwrap();
                assert_eq!((status.count_of(&columns), status.count_of(&plane)), (Some(8), Some(1)));
                for (row, values) in turned.chunks(8).enumerate() {
                    for (column, value) in values.iter().enumerate() {
                        assert_eq!(*value, cube[column * 90 + 40 + row]);
                    }
                }
            }
        });
    }
}

#[test]
fn short_long_and_broken_messages_are_counted_to_the_element() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let (int, double) = (Datatype::of::<i32>(), Datatype::of::<f64>());
            let pair = Datatype::structure([(1, 0, int), (1, 8, double)]).unwrap();
            let bytes: Vec<u8> = (1..=60).collect();
            if world.rank() == 0 {
                for len in [16, 48, 6, 36] {
                    world.send(&bytes[..len], 1, 0).unwrap();
                }
                world.send(&[1.0_f32; 2], 1, 0).unwrap();
                world.send(&7_u8, 1, 0).unwrap();
                return;
            }
            let mut memory = [0_u8; 48];
            let mut receive = |tag| {
                memory.fill(0);
                let outcome = world.recv_view(&mut pair.view(&mut memory[..], 3).unwrap(), 0, tag);
                (outcome, memory)
            };
            let (status, memory) = receive(0);
            let status = status.unwrap();
            assert_eq!((status.bytes(), status.count_of(&pair), status.elements(&pair)), (16, None, Some(3)));
            assert_eq!((&memory[..4], &memory[8..20]), (&bytes[..4], &bytes[4..16]));
            assert!(memory[4..8].iter().chain(&memory[20..]).all(|&byte| byte == 0));
            // Longer than the three pairs: what fits is there.
            let (error, memory) = receive(ANY_TAG);
            assert!(matches!(error, Err(RecvError::Truncated { sent: 48, room: 36, .. })), "{error:?}");
            assert_eq!(memory[40..], bytes[28..36]);
            // It ends inside of the double.
            let (error, _) = receive(0);
            assert!(matches!(error, Err(RecvError::Partial { sent: 6, .. })), "{error:?}");
            assert_eq!(receive(0).0.unwrap().count_of(&pair), Some(3));
            let (error, _) = receive(0);
            assert!(matches!(error, Err(RecvError::Type { sent: "f32", .. })), "{error:?}");
            assert_eq!(world.recv::<u8>(0, 0).unwrap().0, 7, "later messages are intact");
        });
    }
}

#[test]
fn fields_of_structs_travel_and_the_others_stay() {
    #[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
    #[equivalence(crate = "olympi_comm")]
    #[repr(C)]
    struct Particle {
        position: [f64; 2],
        cache: u64,
        alive: bool,
        marks: [bool; 7],
    }
    run("shm", 2, |universe| {
        let world = universe.world();
        let wanted = Datatype::structure([
            (1, 0, Datatype::of::<[f64; 2]>()),
            (1, std::mem::offset_of!(Particle, alive) as i64, Datatype::of::<bool>()),
        ])
        .unwrap()
        .resized(0, size_of::<Particle>() as i64)
        .unwrap();
        let particle = |x: f64, cache, alive| Particle { position: [x, -x], cache, alive, marks: [true; 7] };
        if world.rank() == 0 {
            let sent: Vec<_> = (0..100).map(|i| particle(f64::from(i), 1, i % 3 == 0)).collect();
            world.send_view(&wanted.view(&sent, 100).unwrap(), 1, 0).unwrap();
            // As bytes, of which one is no bool.
            let mut bytes = vec![0_u8; 34];
            bytes[33] = 9;
            world.send(&bytes, 1, 1).unwrap();
            return;
        }
        let mut got = vec![particle(-1.0, 2, true); 100];
        world.recv_view(&mut wanted.view(&mut got, 100).unwrap(), 0, 0).unwrap();
        for (i, got) in got.iter().enumerate() {
            assert_eq!(*got, particle(i as f64, 2, i % 3 == 0));
        }
        let error = world.recv_view(&mut wanted.view(&mut got, 2).unwrap(), 0, 1).unwrap_err();
        assert!(matches!(error, RecvError::Value { source, .. } if source.index == 1), "{error}");
        assert_eq!((got[1].alive, got[1].cache, got[2]), (false, 0, particle(2.0, 2, false)));
    });
}

#[test]
fn persistent_columns_go_round_again_and_again() {
    for transport in harness::transports() {
        run(transport, 3, |universe| {
            let world = universe.world();
            let (rank, size) = (world.rank(), world.size());
            let rows = 3000;
            let datatype = column(rows);
            let data = matrix(rows, rank as u32);
            let whole = Datatype::of::<u32>().contiguous(rows).unwrap();
            let mut requests = vec![
                world.recv_view_init(
                    datatype.view_at(vec![0_u32; data.len()], 8, 1).unwrap(),
                    (rank + 1) % size,
                    0,
                ),
                // In one piece: it lands straight in the memory of the view.
                world.recv_view_init(
                    whole.view_at(vec![0_u32; rows + 2], 4, 1).unwrap(),
                    (rank + 1) % size,
                    1,
                ),
            ]
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
            for tag in 0..2 {
                let view = datatype.view(data.clone(), 1).unwrap();
                requests.push(world.send_view_init(view, (rank + size - 1) % size, tag).unwrap());
            }
            for step in 0..4 {
                for request in &mut requests[2..] {
                    request.buffer_mut().unwrap()[0] = step;
                }
                start_all(&mut requests).unwrap();
                let statuses = wait_all(&mut requests).unwrap();
                assert_eq!(statuses[0].elements(&datatype), Some(rows));
                let mut expected = matrix(rows, ((rank + 1) % size) as u32);
                expected[0] = step;
                let expected = column_of(&expected, 0);
                let got = requests[0].buffer().unwrap();
                assert!(*got == with_column(&vec![0; data.len()], 2, &expected));
                let got = requests[1].buffer().unwrap();
                assert!(got[1..=rows] == expected && got[0] == 0 && got[rows + 1] == 0);
            }
            // Dropped while they are under way: the operations keep what they need.
            world.barrier().unwrap();
            start_all(&mut requests).unwrap();
            drop(requests);
            world.barrier().unwrap();
        });
    }
}

#[test]
fn persistent_columns_go_in_every_mode() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let (rows, other) = (700, 1 - world.rank());
            let datatype = column(rows);
            if world.rank() == 0 {
                let view = || datatype.view(matrix(rows, 0), 1).unwrap();
                let mut synchronous = world.ssend_view_init(view(), other, 0).unwrap();
                let mut buffered = world.bsend_view_init(view(), other, 1).unwrap();
                let mut ready = world.rsend_view_init(view(), other, 2).unwrap();
                let refused = buffered.start().unwrap_err();
                assert!(matches!(refused, Error::Send(SendError::Buffer { attached: 0, .. })), "{refused}");
                assert!(!buffered.is_active());
                universe.attach_buffer(1 << 20).unwrap();
                for step in 0..3 {
                    for send in [&mut synchronous, &mut buffered, &mut ready] {
                        send.buffer_mut().unwrap()[0] = step;
                    }
                    synchronous.start().unwrap();
                    buffered.start().unwrap();
                    assert!(buffered.test().unwrap().is_some(), "it is over at once");
                    assert!(synchronous.test().unwrap().is_none(), "nobody receives it yet");
                    world.recv::<u8>(other, 9).unwrap(); // The receive of the ready send is posted.
                    ready.start().unwrap();
                    wait_all([&mut synchronous, &mut ready]).unwrap();
                }
                universe.detach_buffer().unwrap();
            } else {
                for step in 0..3 {
                    let posted = world.irecv_vec::<u32>(other, 2).unwrap();
                    world.send(&0_u8, other, 9).unwrap();
                    let mut expected = column_of(&matrix(rows, 0), 0);
                    expected[0] = step;
                    assert!(posted.wait().unwrap().0 == expected);
                    assert!(world.recv_vec::<u32>(other, 1).unwrap().0 == expected);
                    assert!(world.recv_vec::<u32>(other, 0).unwrap().0 == expected);
                }
            }
        });
    }
}

#[test]
fn both_ways_at_once_and_in_place() {
    for transport in harness::transports() {
        run(transport, 2, |universe| {
            let world = universe.world();
            let (me, other) = (world.rank() as u32, 1 - world.rank());
            let datatype = column(40_000);
            let (mine, theirs) = (matrix(40_000, me), matrix(40_000, other as u32));
            let mut into = vec![0; mine.len()];
            let status = world
                .sendrecv_view(
                    &datatype.view(&mine[2..], 1).unwrap(),
                    other,
                    0,
                    &mut datatype.view(&mut into[4..], 1).unwrap(),
                    other,
                    0,
                )
                .unwrap();
            assert_eq!(status.count_of(&datatype), Some(1));
            assert!(into == with_column(&vec![0; mine.len()], 4, &column_of(&theirs, 2)));
            let mut same = mine.clone();
            let mut view = datatype.view(&mut same[1..], 1).unwrap();
            world.sendrecv_replace_view(&mut view, other, 1, other, 1).unwrap();
            assert!(same == with_column(&mine, 1, &column_of(&theirs, 1)));
            let mut nothing = datatype.view(&mut same, 1).unwrap();
            let status = world.sendrecv_replace_view(&mut nothing, PROC_NULL, 0, PROC_NULL, 0).unwrap();
            assert_eq!((status.source(), status.bytes()), (PROC_NULL, 0));
        });
    }
}

#[test]
fn a_scope_distributes_what_nobody_waited_for_and_forgets_what_is_cancelled() {
    run("shm", 2, |universe| {
        let world = universe.world();
        let datatype = column(1000);
        let mine = matrix(1000, 1);
        if world.rank() == 0 {
            for tag in 0..50 {
                world.send_view(&datatype.view(&mine, 1).unwrap(), 1, tag).unwrap();
            }
            return;
        }
        let mut all = vec![vec![0_u32; mine.len()]; 50];
        let mut views: Vec<_> = all.iter_mut().map(|data| datatype.view(data, 1).unwrap()).collect();
        let mut others = vec![0_u32; mine.len()];
        let mut unmatched = datatype.view(&mut others, 1).unwrap();
        world
            .scope(|scope| {
                for (tag, view) in (0..).zip(&mut views) {
                    let request = scope.irecv_view(view, 0, tag)?;
                    if tag % 7 == 0 {
                        request.wait()?;
                    }
                }
                let mut request = scope.irecv_view(&mut unmatched, 0, 77)?;
                assert!(request.cancel()?);
                assert!(request.wait()?.is_cancelled());
                Ok(())
            })
            .unwrap();
        let expected = with_column(&vec![0; mine.len()], 0, &column_of(&mine, 0));
        assert!(all.iter().all(|data| *data == expected) && others.iter().all(|&value| value == 0));
        // A body that fails: its receive is cancelled, and the memory is free.
        let mut view = datatype.view(&mut others, 1).unwrap();
        let failed = world.scope(|scope| {
            scope.irecv_view(&mut view, 0, 78)?;
            Err::<(), _>(Error::Spent)
        });
        assert!(matches!(failed, Err(Error::Spent)));
    });
}

/// Whatever the network delays, refuses or does by itself: each rank passes columns of random lengths on in a ring, in a
/// random form of call.
#[test]
fn columns_go_round_over_every_simulated_network() {
    with_seeds(20, |seed| {
        let all = NetworkConfig::all();
        let network = all[(seed % all.len() as u64) as usize].clone();
        simulate(seed, 3, network, move |rank| {
            let (world, next, before) =
                (rank.world, (rank.me + 1) % rank.size, (rank.me + rank.size - 1) % rank.size);
            // The same at all ranks: how long the columns are. Each for itself: how it sends and receives them.
            let mut lengths = Rng::new(seed);
            let mut forms = Rng::new(seed ^ (rank.me as u64) << 32);
            for tag in 0..8 {
                let rows = 1 + lengths.below(6000);
                let datatype = column(rows);
                let (mine, theirs) = (matrix(rows, rank.me as u32), matrix(rows, before as u32));
                let (view, mut data) = (datatype.view(&mine[2..], 1).unwrap(), vec![0; mine.len()]);
                let send = match forms.chance(1, 2) {
                    true => world.isend_view(&view, next, tag).unwrap(),
                    false => world.issend_view(&view, next, tag).unwrap(),
                };
                let status = if forms.chance(1, 2) {
                    world.recv_view(&mut datatype.view(&mut data, 1).unwrap(), before, tag).unwrap()
                } else {
                    let receive = world.irecv_view(datatype.view(data, 1).unwrap(), before, tag).unwrap();
                    let (back, status) = receive.wait().unwrap();
                    data = back;
                    status
                };
                send.wait().unwrap();
                assert_eq!(status.elements(&datatype), Some(rows));
                assert!(data == with_column(&vec![0; mine.len()], 0, &column_of(&theirs, 2)));
            }
        });
    });
}

/// How much memory the system would give us.
fn available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

#[test]
fn more_than_two_gibibytes_go_in_one_message() {
    const LEN: usize = (2 << 30) + 65_541;
    if available() < 3 * LEN as u64 {
        eprintln!(
            "skipped: {} MiB of memory are available, {} are wanted",
            available() >> 20,
            (3 * LEN) >> 20
        );
        return;
    }
    /// Where bytes are looked at: both ends, and around the border of 31 bits.
    const PLACES: [usize; 7] = [0, 1, LEN / 3, (1 << 31) - 1, 1 << 31, (1 << 31) + 1, LEN - 1];
    let marked = || {
        let mut data = vec![0_u8; LEN];
        (1..).zip(PLACES).for_each(|(value, place)| data[place] = value);
        data
    };
    let is_marked = |data: &[u8]| (1..).zip(PLACES).all(|(value, place)| data[place] == value);
    run("shm", 2, move |universe| {
        let world = universe.world();
        let datatype = Datatype::of::<u8>().contiguous(LEN).unwrap();
        if world.rank() == 0 {
            world.send_view(&datatype.view(&marked(), 1).unwrap(), 1, 0).unwrap();
            return;
        }
        let mut data = vec![0_u8; LEN];
        let status = world.recv_view(&mut datatype.view(&mut data, 1).unwrap(), 0, 0).unwrap();
        assert_eq!((status.bytes(), status.elements(&datatype)), (LEN, Some(LEN)));
        assert_eq!((status.count_of(&datatype), status.count::<u8>()), (Some(1), Some(LEN)));
        assert!(is_marked(&data));
    });
    // To itself. Not under the harness: frame by frame it takes long in a debug build.
    let universe = olympi_comm::Universe::init().unwrap();
    let (data, mut copy) = (marked(), vec![0_u8; LEN]);
    universe
        .self_comm()
        .scope(|scope| {
            let receive = scope.irecv(&mut copy, 0, 0)?;
            scope.isend(&data, 0, 0)?;
            assert_eq!(receive.wait()?.count::<u8>(), Some(LEN));
            Ok(())
        })
        .unwrap();
    assert!(is_marked(&copy));
}
