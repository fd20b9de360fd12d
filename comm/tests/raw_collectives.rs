//! Collectives on raw memory, in their three forms, of elements that lie in many ways.

mod harness;

use harness::raw::{GAP, Layout, Numbers, everywhere, numbers, three_forms};
use olympi_comm::Communicator;
use olympi_comm::raw::{self, Kind, Raw, RawBlocks, RawCollective, RawOp};

const RANKS: [u32; 4] = [1, 2, 3, 5];
const COUNTS: [usize; 4] = [0, 1, 3, 2500];

/// Ways to lay out what a rank contributes, and what it gets.
fn pairs() -> Vec<(Layout, Layout)> {
    let others = [Layout::swapped(), Layout::plain(), Layout::strided(), Layout::plain()];
    Layout::all().into_iter().zip(others).chain([(Layout::plain(), Layout::plain())]).collect()
}

/// What a rank's numbers are when all are added.
fn sums(ranks: i32, to: i32, count: usize) -> Vec<i32> {
    let all: Vec<_> = (0..ranks).map(|rank| numbers(rank, to, count)).collect();
    (0..2 * count).map(|at| all.iter().map(|numbers| numbers[at]).sum()).collect()
}

fn sum(layout: &Layout) -> RawOp {
    RawOp::of(Kind::Sum, &layout.datatype).unwrap()
}

#[test]
fn barriers_and_broadcasts() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            three_forms(world, RawCollective::Barrier, || {}, |_| {});
            for (layout, root) in
                Layout::all().iter().flat_map(|layout| [(layout, 0), (layout, world.size() - 1)])
            {
                for count in COUNTS {
                    let is_root = world.rank() == root;
                    let memory = Numbers::new(layout.room(count));
                    let (has, gets) = (layout.lay(&numbers(root, 9, count)), layout.room(count));
                    let call = RawCollective::Broadcast { data: layout.raw(&memory, count), root };
                    let before = || memory.set(if is_root { &has } else { &gets });
                    three_forms(world, call, before, |form| {
                        assert_eq!(memory.get(), has, "{form} {layout:?}")
                    });
                }
            }
        });
    }
}

#[test]
fn roots_gather_and_scatter() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            for (one, many) in pairs() {
                for (count, root) in
                    COUNTS.into_iter().flat_map(|count| [(count, 0), (count, world.size() - 1)])
                {
                    gather_and_scatter(world, &one, &many, count, root);
                }
            }
        });
    }
}

fn gather_and_scatter(world: &Communicator, one: &Layout, many: &Layout, count: usize, root: i32) {
    let (me, size) = (world.rank(), world.size());
    let is_root = me == root;
    let all: Vec<_> = (0..size).flat_map(|rank| numbers(rank, 5, count)).collect();
    let own = Numbers::new(one.lay(&numbers(me, 5, count)));
    let result = Numbers::new(if is_root { many.room(count * size as usize) } else { vec![] });
    let into = if is_root { many.even(&result, count) } else { RawBlocks::EvenElsewhere };
    let room = result.get();
    let whole = if is_root { many.lay(&all) } else { vec![] };
    let call = RawCollective::Gather { from: Some(one.raw(&own, count)), into, root };
    three_forms(world, call, || result.set(&room), |form| assert_eq!(result.get(), whole, "{form}"));
    // In place, the root's own block is there already.
    let mut there = room.clone();
    if is_root {
        let block = many.stride * count;
        there[me as usize * block..][..block].copy_from_slice(&many.lay(&numbers(me, 5, count)));
    }
    let from = (!is_root).then(|| one.raw(&own, count));
    let call = RawCollective::Gather { from, into, root };
    three_forms(world, call, || result.set(&there), |form| assert_eq!(result.get(), whole, "{form}"));
    // And back again.
    let (empty, mine) = (one.room(count), own.get());
    let call = RawCollective::Scatter { from: into, into: Some(one.raw(&own, count)), root };
    three_forms(world, call, || own.set(&empty), |form| assert_eq!(own.get(), mine, "{form}"));
    let call = RawCollective::Scatter { from: into, into: (!is_root).then(|| one.raw(&own, count)), root };
    let expected = if is_root { &empty } else { &mine };
    three_forms(world, call, || own.set(&empty), |form| assert_eq!(&own.get(), expected, "{form}"));
    assert_eq!(result.get(), whole);
}

#[test]
fn all_gather_and_exchange() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for (one, many) in pairs() {
                for count in COUNTS {
                    let total = count * size as usize;
                    let all: Vec<_> = (0..size).flat_map(|rank| numbers(rank, 3, count)).collect();
                    let own = Numbers::new(one.lay(&numbers(me, 3, count)));
                    let (room, whole) = (many.room(total), many.lay(&all));
                    let result = Numbers::new(room.clone());
                    let into = many.even(&result, count);
                    let call = RawCollective::AllGather { from: Some(one.raw(&own, count)), into };
                    three_forms(
                        world,
                        call,
                        || result.set(&room),
                        |form| assert_eq!(result.get(), whole, "{form}"),
                    );
                    let mut there = room.clone();
                    let block = many.stride * count;
                    there[me as usize * block..][..block].copy_from_slice(&many.lay(&numbers(me, 3, count)));
                    let call = RawCollective::AllGather { from: None, into };
                    three_forms(
                        world,
                        call,
                        || result.set(&there),
                        |form| assert_eq!(result.get(), whole, "{form}"),
                    );

                    let count = count.min(1000);
                    let total = count * size as usize;
                    let out: Vec<_> = (0..size).flat_map(|to| numbers(me, to, count)).collect();
                    let come: Vec<_> = (0..size).flat_map(|from| numbers(from, me, count)).collect();
                    let (source, result) = (Numbers::new(one.lay(&out)), Numbers::new(many.room(total)));
                    let (room, whole) = (many.room(total), many.lay(&come));
                    let (from, into) = (Some(one.even(&source, count)), many.even(&result, count));
                    let call = RawCollective::AllToAll { from, into };
                    three_forms(
                        world,
                        call,
                        || result.set(&room),
                        |form| assert_eq!(result.get(), whole, "{form}"),
                    );
                    let call = RawCollective::AllToAll { from: None, into };
                    let there = many.lay(&out);
                    three_forms(
                        world,
                        call,
                        || result.set(&there),
                        |form| assert_eq!(result.get(), whole, "{form}"),
                    );
                }
            }
        });
    }
}

#[test]
fn reductions_of_every_kind() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for (one, many) in pairs() {
                // Not all ranks need lay their elements out alike.
                let op = sum(&one);
                for count in COUNTS {
                    let (room, mine) = (many.room(count), numbers(me, 1, count));
                    let (own, result) = (Numbers::new(one.lay(&mine)), Numbers::new(room.clone()));
                    let (from, into) = (one.raw(&own, count), many.raw(&result, count));
                    let check = |call, there: &[i32], expected: &[i32]| {
                        three_forms(
                            world,
                            call,
                            || result.set(there),
                            |form| {
                                assert_eq!(result.get(), expected, "{form} {call:?}");
                            },
                        );
                    };
                    let (all, there) = (many.lay(&sums(size, 1, count)), many.lay(&mine));
                    check(RawCollective::AllReduce { from: Some(from), into, operation: &op }, &room, &all);
                    check(RawCollective::AllReduce { from: None, into, operation: &op }, &there, &all);
                    let root = size - 1;
                    let at_root = if me == root { &all } else { &room };
                    let call = RawCollective::Reduce { from: Some(from), into, operation: &op, root };
                    check(call, &room, at_root);
                    let call = RawCollective::Reduce {
                        from: (me != root).then_some(from),
                        into,
                        operation: &op,
                        root,
                    };
                    check(call, if me == root { &there } else { &room }, at_root);
                    let upto = many.lay(&sums(me + 1, 1, count));
                    check(RawCollective::Scan { from: Some(from), into, operation: &op }, &room, &upto);
                    check(RawCollective::Scan { from: None, into, operation: &op }, &there, &upto);
                    let below = if me == 0 { room.clone() } else { many.lay(&sums(me, 1, count)) };
                    check(
                        RawCollective::ExclusiveScan { from: Some(from), into, operation: &op },
                        &room,
                        &below,
                    );
                    let below = if me == 0 { &there } else { &below };
                    check(RawCollective::ExclusiveScan { from: None, into, operation: &op }, &there, below);
                }
            }
        });
    }
}

#[test]
fn reductions_in_blocks() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for layout in Layout::all() {
                let (op, datatype) = (sum(&layout), &layout.datatype);
                for count in [0, 1, 60] {
                    // Of one length, and rank r r elements more than the others.
                    let counts: Vec<i32> = (0..size).map(|rank| count + rank).collect();
                    for listed in [false, true] {
                        let len = |rank: i32| (count + if listed { rank } else { 0 }) as usize;
                        let out: Vec<_> = (0..size).flat_map(|to| numbers(me, to, len(to))).collect();
                        let (there, total) = (layout.lay(&out), out.len() / 2);
                        let (source, result) =
                            (Numbers::new(there.clone()), Numbers::new(layout.room(total)));
                        let got = layout.lay(&sums(size, me, len(me)));
                        for in_place in [false, true] {
                            let (from, into) = ((!in_place).then(|| source.at(0)), result.at(0));
                            let before = if in_place { &there } else { &layout.room(total) };
                            // In place the rest of the buffer is left as it is, or not: nobody knows.
                            let after = |form: &str| {
                                assert_eq!(result.get()[..got.len()], got[..], "{form}");
                                assert!(
                                    in_place || result.get()[got.len()..].iter().all(|&rest| rest == GAP)
                                );
                            };
                            let call = if listed {
                                let counts = raw::Numbers::I32(&counts);
                                RawCollective::ReduceScatter { from, into, counts, datatype, operation: &op }
                            } else {
                                let count = count as usize;
                                RawCollective::ReduceScatterBlock {
                                    from,
                                    into,
                                    count,
                                    datatype,
                                    operation: &op,
                                }
                            };
                            three_forms(world, call, || result.set(before), after);
                        }
                    }
                }
            }
        });
    }
}

#[test]
fn arguments_that_are_wrong() {
    everywhere(2, |world| {
        let memory = Numbers::new(vec![0; 8]);
        let layout = Layout::plain();
        let class = |call| {
            // SAFETY: wrong arguments are found before memory is looked at.
            let error = unsafe { world.collective_raw(call) }.unwrap_err();
            error.class().name()
        };
        let (data, op) = (layout.raw(&memory, 2), sum(&layout));
        assert_eq!(class(RawCollective::Broadcast { data, root: 2 }), "MPI_ERR_ROOT");
        let call = RawCollective::AllReduce { from: Some(data), into: data, operation: &op };
        assert_eq!(class(call), "MPI_ERR_BUFFER");
        let into = layout.raw(&memory, 4);
        let call = RawCollective::AllReduce { from: Some(data), into, operation: &op };
        assert_eq!(class(call), "MPI_ERR_BUFFER");
        let pair = raw::RawOp::predefined(Kind::MaximumLocation, raw::Element::F64I32).unwrap();
        let call = RawCollective::AllReduce { from: None, into: data, operation: &pair };
        assert_eq!(class(call), "MPI_ERR_OP");
        let counts = raw::Numbers::I32(&[1, -1]);
        let datatype = &layout.datatype;
        let (from, start) = (Some(Raw::NONE), memory.at(0));
        let into = RawBlocks::Listed { start, counts, displacements: raw::Numbers::I64(&[0, 1]), datatype };
        assert_eq!(class(RawCollective::AllGather { from, into }), "MPI_ERR_COUNT");
        let into = RawBlocks::Even { start, count: usize::MAX / 2, datatype };
        assert_eq!(class(RawCollective::AllGather { from, into }), "MPI_ERR_COUNT");
        world.barrier().unwrap();
    });
}
