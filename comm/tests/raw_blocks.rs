//! Blocks of any lengths, datatypes and places in raw memory; neighbours; and the two groups of an intercommunicator.

mod harness;

use harness::raw::{GAP, Layout, Numbers, everywhere, numbers, three_forms};
use harness::sides;
use olympi_comm::raw::{self, Kind, Raw, RawBlocks, RawCollective, RawOp};
use olympi_comm::{Basic, CollectiveError, Communicator, Datatype, PROC_NULL, ROOT};

const RANKS: [u32; 4] = [1, 2, 3, 5];

/// How many elements one rank has for another.
fn len(from: i32, to: i32, most: usize) -> usize {
    (from + 2 * to) as usize % 4 * most / 3
}

/// Blocks in memory, in one of several orders.
struct Spread {
    layout: Layout,
    counts: Vec<i32>,
    displacements: Vec<i32>,
    /// Where displacement 0 is, in elements.
    origin: usize,
    /// Elements in all.
    room: usize,
}

impl Spread {
    /// The last rank's block lowest, and below it the address that displacements count from; or that address is above all.
    fn new(layout: &Layout, counts: Vec<usize>, below: bool) -> Self {
        let gap = 1;
        let room: usize = counts.iter().map(|count| count + gap).sum();
        let origin = if below { 0 } else { room };
        let mut end = room;
        let displacements = counts.iter().map(|count| {
            end -= count + gap;
            end as i32 - origin as i32
        });
        let displacements = displacements.collect();
        Self {
            layout: layout.clone(),
            counts: counts.iter().map(|&count| count as i32).collect(),
            displacements,
            origin,
            room,
        }
    }

    /// All of the memory, with these blocks in it.
    fn lay(&self, blocks: impl Fn(usize) -> Vec<i32>) -> Vec<i32> {
        let (stride, mut memory) = (self.layout.stride, self.layout.room(self.room));
        for at in 0..self.counts.len() {
            let begin = (self.displacements[at] + self.origin as i32) as usize;
            let block = self.layout.lay(&blocks(at));
            memory[begin * stride..][..block.len()].copy_from_slice(&block);
        }
        memory
    }

    fn empty(&self) -> Vec<i32> {
        self.layout.room(self.room)
    }

    fn listed<'a>(&'a self, memory: &Numbers) -> RawBlocks<'a> {
        RawBlocks::Listed {
            start: memory.at(self.origin * self.layout.stride),
            counts: raw::Numbers::I32(&self.counts),
            displacements: raw::Numbers::I32(&self.displacements),
            datatype: &self.layout.datatype,
        }
    }
}

fn layouts() -> impl Iterator<Item = (Layout, Layout, bool)> {
    let pairs =
        Layout::all().into_iter().zip([Layout::strided(), Layout::plain(), Layout::plain(), Layout::apart()]);
    let below = [true, false, true, false, true];
    pairs.chain([(Layout::plain(), Layout::plain())]).zip(below).map(|((a, b), below)| (a, b, below))
}

#[test]
fn blocks_lie_in_any_order_and_place() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            for (one, many, below) in layouts() {
                for (most, root) in [(0, 0), (3, size - 1), (1500, 0)] {
                    gather_and_scatter(world, &one, &many, below, most, root);
                    let counts = |of: &dyn Fn(i32) -> usize| (0..size).map(of).collect::<Vec<_>>();
                    let from = Spread::new(&one, counts(&|to| len(me, to, most)), below);
                    let into = Spread::new(&many, counts(&|from| len(from, me, most)), !below);
                    let source =
                        Numbers::new(from.lay(|to| numbers(me, to as i32, len(me, to as i32, most))));
                    let whole = into.lay(|from| numbers(from as i32, me, len(from as i32, me, most)));
                    let result = Numbers::new(into.empty());
                    let call = RawCollective::AllToAll {
                        from: Some(from.listed(&source)),
                        into: into.listed(&result),
                    };
                    let before = || result.set(&into.empty());
                    three_forms(world, call, before, |form| assert_eq!(result.get(), whole, "{form}"));
                    // In place: two ranks exchange as many.
                    let both = |a: i32, b: i32| len(a.min(b), a.max(b), most);
                    let spread = Spread::new(&many, counts(&|other| both(me, other)), below);
                    let there = spread.lay(|to| numbers(me, to as i32, both(me, to as i32)));
                    let whole = spread.lay(|from| numbers(from as i32, me, both(me, from as i32)));
                    let result = Numbers::new(there.clone());
                    let call = RawCollective::AllToAll { from: None, into: spread.listed(&result) };
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

fn gather_and_scatter(
    world: &Communicator,
    one: &Layout,
    many: &Layout,
    below: bool,
    most: usize,
    root: i32,
) {
    let (me, size) = (world.rank(), world.size());
    let counts: Vec<_> = (0..size).map(|rank| len(rank, 1, most)).collect();
    let count = counts[me as usize];
    let spread = Spread::new(many, counts.clone(), below);
    let block = |rank: usize| numbers(rank as i32, 2, counts[rank]);
    let (whole, room) = (spread.lay(block), spread.empty());
    let there =
        spread.lay(|rank| if rank == me as usize { block(rank) } else { vec![GAP; 2 * counts[rank]] });
    let (own, result) = (Numbers::new(one.lay(&block(me as usize))), Numbers::new(room.clone()));
    let into = spread.listed(&result);
    let check = |call, before: &[i32], expected: &[i32]| {
        three_forms(
            world,
            call,
            || result.set(before),
            |form| assert_eq!(result.get(), expected, "{form} {call:?}"),
        );
    };
    check(RawCollective::AllGather { from: Some(one.raw(&own, count)), into }, &room, &whole);
    check(RawCollective::AllGather { from: None, into }, &there, &whole);
    let is_root = me == root;
    let into = if is_root { into } else { RawBlocks::ListedElsewhere };
    let at_root = if is_root { &whole } else { &room };
    check(RawCollective::Gather { from: Some(one.raw(&own, count)), into, root }, &room, at_root);
    let from = (!is_root).then(|| one.raw(&own, count));
    check(RawCollective::Gather { from, into, root }, &there, if is_root { &whole } else { &there });
    // What is given out was gathered.
    let (empty, mine) = (one.room(count), own.get());
    let call = RawCollective::Scatter { from: into, into: Some(one.raw(&own, count)), root };
    result.set(&whole);
    three_forms(world, call, || own.set(&empty), |form| assert_eq!(own.get(), mine, "{form}"));
    let call = RawCollective::Scatter { from: into, into: (!is_root).then(|| one.raw(&own, count)), root };
    three_forms(
        world,
        call,
        || own.set(&empty),
        |form| {
            assert_eq!(own.get(), if is_root { &empty[..] } else { &mine[..] }, "{form}");
        },
    );
    assert_eq!(result.get(), whole);
}

#[test]
fn every_block_may_have_its_own_datatype() {
    for ranks in RANKS {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            // Rank r sends its pairs laid out in way r, and receives in way r + 1, as pairs or as bytes.
            let layout = |at: i32| Layout::all()[at as usize % 4].clone();
            for count in [0, 1, 700] {
                let datatypes =
                    |shift: i32| (0..size).map(|at| layout(at + shift).datatype).collect::<Vec<_>>();
                let place = |shift: i32, at: i32| {
                    (0..at).map(|before| layout(before + shift).stride * count + 1).sum::<usize>()
                };
                let lay = |shift: i32, block: &dyn Fn(i32) -> Vec<i32>| {
                    let mut memory = vec![GAP; place(shift, size)];
                    for at in 0..size {
                        let block = layout(at + shift).lay(&block(at));
                        memory[place(shift, at)..][..block.len()].copy_from_slice(&block);
                    }
                    memory
                };
                let bytes = |shift: i32| (0..size).map(|at| 4 * place(shift, at) as i64).collect::<Vec<_>>();
                let (counts, out, into) =
                    (vec![count as i64; size as usize], datatypes(me), datatypes(me + 1));
                let (out_at, into_at) = (bytes(me), bytes(me + 1));
                let source = Numbers::new(lay(me, &|to| numbers(me, to, count)));
                let whole = lay(me + 1, &|from| numbers(from, me, count));
                let result = Numbers::new(vec![GAP; whole.len()]);
                let counts = raw::Numbers::I64(&counts);
                let typed = |memory: &Numbers, at, datatypes| RawBlocks::Typed {
                    start: memory.at(0),
                    counts,
                    displacements: raw::Numbers::I64(at),
                    datatypes,
                };
                let (from, into) = (Some(typed(&source, &out_at, &out)), typed(&result, &into_at, &into));
                let call = RawCollective::AllToAll { from, into };
                let before = || result.set(&vec![GAP; whole.len()]);
                three_forms(world, call, before, |form| assert_eq!(result.get(), whole, "{form} {count}"));
            }
        });
    }
}

#[test]
fn neighbours_exchange_what_lies_anywhere() {
    for ranks in [1, 2, 4] {
        everywhere(ranks, |world| {
            let dims = [world.size() as usize, 1];
            for periodic in [false, true] {
                let grid = world.cartesian(&dims, &[periodic, false], false).unwrap().unwrap();
                let (me, size) = (grid.rank(), grid.size());
                assert_eq!(grid.neighbour_counts().unwrap(), (4, 4));
                // The second dimension has nobody else.
                let neighbour = |at: usize| {
                    let other = if at == 0 { me - 1 } else { me + 1 };
                    let there = at < 2 && (periodic || (0..size).contains(&other));
                    there.then(|| other.rem_euclid(size))
                };
                for (one, many, below) in layouts() {
                    for count in [0, 1, 50] {
                        let from = Spread::new(&one, vec![count; 4], below);
                        let into = Spread::new(&many, vec![count; 4], !below);
                        // What I send up comes down there.
                        let come = |at: usize| match neighbour(at) {
                            Some(other) => numbers(other, 1 - at as i32, count),
                            None => vec![GAP; 2 * count],
                        };
                        let source = Numbers::new(from.lay(|at| numbers(me, at as i32, count)));
                        let whole = into.lay(come);
                        let result = Numbers::new(into.empty());
                        let call = RawCollective::NeighbourAllToAll {
                            from: from.listed(&source),
                            into: into.listed(&result),
                        };
                        let before = || result.set(&into.empty());
                        three_forms(&grid, call, before, |form| assert_eq!(result.get(), whole, "{form}"));

                        let out: Vec<_> = (0..4).flat_map(|at| numbers(me, at, count)).collect();
                        let (source, room) = (Numbers::new(one.lay(&out)), many.room(4 * count));
                        let whole = many.lay(&(0..4).flat_map(come).collect::<Vec<_>>());
                        let result = Numbers::new(room.clone());
                        let (from, into) = (one.even(&source, count), many.even(&result, count));
                        let call = RawCollective::NeighbourAllToAll { from, into };
                        let after = |form: &str| assert_eq!(result.get(), whole, "{form}");
                        three_forms(&grid, call, || result.set(&room), after);

                        let own = Numbers::new(one.lay(&numbers(me, 0, count)));
                        let come = |at: usize| {
                            neighbour(at).map_or(vec![GAP; 2 * count], |other| numbers(other, 0, count))
                        };
                        let whole = many.lay(&(0..4).flat_map(come).collect::<Vec<_>>());
                        let call = RawCollective::NeighbourAllGather { from: one.raw(&own, count), into };
                        let after = |form: &str| assert_eq!(result.get(), whole, "{form}");
                        three_forms(&grid, call, || result.set(&room), after);
                    }
                }
            }
        });
    }
}

/// What each of a side names as the root, which is the last rank of the left or the right side.
fn root_of(side: &sides::Side<'_>, left: bool) -> i32 {
    match (side.is_left == left, side.inter.rank() + 1 == side.inter.size()) {
        (false, _) => side.theirs.len() as i32 - 1,
        (true, true) => ROOT,
        (true, false) => PROC_NULL,
    }
}

#[test]
fn two_groups_give_each_other_what_they_have() {
    sides::everywhere(|side| {
        let (inter, theirs) = (&side.inter, side.theirs.len() as i32);
        let me = inter.rank();
        // Ranks of the left side are told apart from those of the right one.
        let mark = |left: bool, rank: i32| rank + if left { 100 } else { 0 };
        let (mine, other) = (mark(side.is_left, me), |rank| mark(!side.is_left, rank));
        for (one, many) in [(Layout::plain(), Layout::plain()), (Layout::strided(), Layout::apart())] {
            let count = 3;
            let own = Numbers::new(one.lay(&numbers(mine, 1, count)));
            let all: Vec<_> = (0..theirs).flat_map(|rank| numbers(other(rank), 1, count)).collect();
            let (room, whole) = (many.room(count * theirs as usize), many.lay(&all));
            let result = Numbers::new(room.clone());
            let into = many.even(&result, count);
            let check = |call, expected: &[i32]| {
                three_forms(
                    inter,
                    call,
                    || result.set(&room),
                    |form| assert_eq!(result.get(), expected, "{form}"),
                );
            };
            check(RawCollective::Barrier, &room);
            check(RawCollective::AllGather { from: Some(one.raw(&own, count)), into }, &whole);
            let op = RawOp::of(Kind::Sum, &one.datatype).unwrap();
            let block = many.raw(&result, count);
            let sums =
                (0..2 * count).map(|at| (0..theirs).map(|rank| numbers(other(rank), 1, count)[at]).sum());
            let mut sum = room.clone();
            sum[..many.stride * count].copy_from_slice(&many.lay(&sums.collect::<Vec<_>>()));
            check(
                RawCollective::AllReduce { from: Some(one.raw(&own, count)), into: block, operation: &op },
                &sum,
            );
            for root in [true, false].map(|left| root_of(side, left)) {
                let is_root = root == ROOT;
                let got = |expected: &[i32]| if is_root { expected.to_vec() } else { room.clone() };
                let from = if root >= 0 { one.raw(&own, count) } else { Raw::NONE };
                let there = if is_root { into } else { RawBlocks::EvenElsewhere };
                check(RawCollective::Gather { from: Some(from), into: there, root }, &got(&whole));
                let into = if is_root { block } else { Raw::NONE };
                check(RawCollective::Reduce { from: Some(from), into, operation: &op, root }, &got(&sum));
                let source = Numbers::new(
                    many.lay(&(0..theirs).flat_map(|to| numbers(mine, to, count)).collect::<Vec<_>>()),
                );
                let scattered =
                    if root >= 0 { one.lay(&numbers(other(root), me, count)) } else { one.room(count) };
                let target = Numbers::new(one.room(count));
                let from = if is_root { many.even(&source, count) } else { RawBlocks::EvenElsewhere };
                let call = RawCollective::Scatter { from, into: Some(one.raw(&target, count)), root };
                let before = || target.set(&one.room(count));
                three_forms(inter, call, before, |form| assert_eq!(target.get(), scattered, "{form}"));
                let data = if is_root { one.raw(&own, count) } else { one.raw(&target, count) };
                let cast = if root >= 0 { one.lay(&numbers(other(root), 1, count)) } else { one.room(count) };
                let call = RawCollective::Broadcast { data, root };
                three_forms(inter, call, before, |form| assert_eq!(target.get(), cast, "{form}"));
            }
            let error = |call| {
                // SAFETY: wrong arguments are found before memory is looked at.
                unsafe { inter.collective_raw(call) }.unwrap_err().class().name()
            };
            assert_eq!(error(RawCollective::AllGather { from: None, into }), "MPI_ERR_COMM");
            let call = RawCollective::Scan { from: None, into: block, operation: &op };
            assert_eq!(error(call), "MPI_ERR_COMM");
        }
    });
}

#[test]
fn ranks_that_disagree_are_told() {
    everywhere(2, |world| {
        let memory = Numbers::new(vec![0; 64]);
        let datatype = Datatype::basic(Basic::I32);
        // Rank 0 sends two numbers, where rank 1 expects one.
        let data = Raw::new(memory.at(0), if world.rank() == 0 { 2 } else { 1 }, &datatype);
        // SAFETY: the memory is there.
        let outcome = unsafe { world.collective_raw(RawCollective::Broadcast { data, root: 0 }) };
        if world.rank() == 1 {
            assert!(matches!(outcome, Err(CollectiveError::Length { rank: 0, .. })), "{outcome:?}");
        }
        // As many bytes in other words are the same.
        let [bytes, shorts] = [Basic::BYTE, Basic::I16].map(Datatype::basic);
        let from = if world.rank() == 0 {
            Raw::new(memory.at(0), 8, &bytes)
        } else {
            Raw::new(memory.at(0), 4, &shorts)
        };
        let into = RawBlocks::Even { start: memory.at(32), count: 2, datatype: &datatype };
        // SAFETY: as above.
        unsafe { world.collective_raw(RawCollective::AllGather { from: Some(from), into }) }.unwrap();
    });
}

#[test]
fn requests_that_are_dropped_run_on() {
    everywhere(3, |world| {
        for layout in [Layout::plain(), Layout::strided()] {
            let count = 400;
            let mine = layout.lay(&numbers(0, 0, count));
            let memory = Numbers::new(if world.rank() == 0 { mine.clone() } else { layout.room(count) });
            let call = RawCollective::Broadcast { data: layout.raw(&memory, count), root: 0 };
            // SAFETY: the memory is there until the barrier at the end, by which the broadcast is over everywhere.
            unsafe {
                drop(world.icollective_raw(call).unwrap());
                let mut again = world.collective_raw_init(call).unwrap();
                again.start().unwrap();
                assert!(again.start().is_err());
                while again.test().unwrap().is_none() {}
                assert_eq!(memory.get(), mine);
            }
            world.barrier().unwrap();
        }
    });
}
