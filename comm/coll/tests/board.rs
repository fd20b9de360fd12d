//! Collectives on a board, all ranks at once: what each shows and reads, with as few slots as a real board has.

mod common;

use common::{MATRIX, Op, add, bytes, multiply};
use olympi_coll::{Area, Blocks, Order, Placed, Plan, Schedule, Span, Step, Team, board};

/// Slots of a member; a real board has as many.
const SLOTS: usize = 4;

struct Rank {
    schedule: Schedule,
    send: Vec<u8>,
    recv: Vec<u8>,
    scratch: Vec<u8>,
    round: usize,
    done: usize,
    shown: bool,
    /// What it shows: for each slot the round, and the bytes.
    slots: Vec<(usize, Vec<u8>)>,
}

impl Rank {
    fn bytes(&self, span: Span) -> &[u8] {
        let area = match span.area {
            Area::Send => &self.send,
            Area::Recv => &self.recv,
            Area::Scratch => &self.scratch,
        };
        &area[span.offset..span.offset + span.len]
    }

    fn write(&mut self, span: Span, bytes: &[u8]) {
        let area = match span.area {
            Area::Send => panic!("writes to what the caller contributes"),
            Area::Recv => &mut self.recv,
            Area::Scratch => &mut self.scratch,
        };
        area[span.offset..span.offset + span.len].copy_from_slice(bytes);
    }
}

fn combine(op: Op, grain: usize, from: &[u8], into: &[u8], order: Order) -> Vec<u8> {
    assert!(from.len().is_multiple_of(grain), "cuts an element");
    let pairs = from.chunks(grain).zip(into.chunks(grain));
    pairs.flat_map(|(a, b)| if order == Order::FromFirst { op(a, b) } else { op(b, a) }).collect()
}

/// Runs all schedules, in an order that `seed` decides, and gives what each has received.
fn run(
    schedules: Vec<Schedule>,
    data: Vec<(Vec<u8>, Vec<u8>)>,
    op: Op,
    grain: usize,
    seed: u64,
) -> Vec<Vec<u8>> {
    let rounds: Vec<_> = schedules.iter().map(Schedule::rounds).collect();
    assert!(rounds.iter().all(|n| *n == rounds[0]), "all come to the same rounds: {rounds:?}");
    let mut ranks: Vec<Rank> = schedules
        .into_iter()
        .zip(data)
        .map(|(schedule, (send, recv))| {
            assert!(schedule.is_for_board());
            let scratch = vec![0xA5; schedule.scratch()];
            let slots = vec![(usize::MAX, Vec::new()); SLOTS];
            Rank { schedule, send, recv, scratch, round: 0, done: 0, shown: false, slots }
        })
        .collect();
    let (mut random, mut idle) = (seed | 1, 0);
    while ranks.iter().any(|rank| rank.round < rank.schedule.rounds()) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let me = (random >> 33) as usize % ranks.len();
        idle = if advance(me, &mut ranks, op, grain) { 0 } else { idle + 1 };
        assert!(idle < 10_000, "ranks wait for one another for ever");
    }
    ranks.into_iter().map(|rank| rank.recv).collect()
}

/// One step of a rank; whether it could do any.
fn advance(me: usize, ranks: &mut [Rank], op: Op, grain: usize) -> bool {
    let schedule = ranks[me].schedule.clone();
    let round = ranks[me].round;
    if round == schedule.rounds() {
        return false;
    }
    let steps = schedule.round(round).messages;
    if !ranks[me].shown {
        // A slot is free once all have come to the round after the one it was used in.
        let begun = |rank: &Rank| rank.round + usize::from(rank.shown);
        if round >= SLOTS && ranks.iter().any(|rank| begun(rank) + SLOTS < round + 2) {
            return false;
        }
        let posts = steps.iter().map_while(|step| match *step {
            Step::Post { from, at } => Some((from, at)),
            _ => None,
        });
        let mut shown = vec![0xEE; posts.clone().map(|(from, at)| at + from.len).max().unwrap_or(0)];
        posts.clone().for_each(|(from, at)| shown[at..at + from.len].copy_from_slice(ranks[me].bytes(from)));
        ranks[me].slots[round % SLOTS] = (round, shown);
        ranks[me].shown = true;
        ranks[me].done = posts.count();
        return true;
    }
    if let Some(step) = steps.get(ranks[me].done) {
        let shown = |from: u32| {
            let (at, bytes) = &ranks[from as usize].slots[round % SLOTS];
            assert!(*at == usize::MAX || *at <= round, "rank {from} has written over what rank {me} reads");
            (*at == round).then(|| bytes.clone())
        };
        match *step {
            Step::Post { .. } => panic!("shows after it has read"),
            Step::Await { from } => {
                if shown(from).is_none() {
                    return false;
                }
            }
            Step::Fetch { from, at, into, whole } => {
                let Some(bytes) = shown(from) else { return false };
                assert!(!whole || bytes.len() == into.len);
                ranks[me].write(into, &bytes[at..at + into.len]);
            }
            Step::Combine { from, at, into, order, whole } => {
                let Some(bytes) = shown(from) else { return false };
                assert!(!whole || bytes.len() == into.len);
                let result = combine(op, grain, &bytes[at..at + into.len], ranks[me].bytes(into), order);
                ranks[me].write(into, &result);
            }
            Step::Copy { from, into } => {
                let bytes = ranks[me].bytes(from).to_vec();
                ranks[me].write(into, &bytes);
            }
            Step::Reduce { from, into, order } => {
                let result = combine(op, grain, ranks[me].bytes(from), ranks[me].bytes(into), order);
                ranks[me].write(into, &result);
            }
            Step::Send { .. } | Step::Recv { .. } => panic!("messages on a board"),
        }
        ranks[me].done += 1;
        return true;
    }
    ranks[me].round += 1;
    ranks[me].shown = false;
    true
}

fn plans(members: u32, plan: impl Fn(&mut Plan, &Team)) -> Vec<Schedule> {
    let one = |me| {
        let mut board = Plan::for_board();
        plan(&mut board, &Team::all(me, members));
        board.finish()
    };
    (0..members).map(one).collect()
}

const CELLS: [usize; 3] = [128, 320, 8192];
const ELEMENTS: [usize; 6] = [0, 1, 2, 7, 40, 1500];

/// What the operation makes of the contributions of these members.
fn reduced(op: Op, contributions: &[Vec<u8>]) -> Vec<u8> {
    let first = contributions[0].clone();
    contributions[1..].iter().fold(first, |all, next| combine(op, MATRIX, &all, next, Order::FromFirst))
}

/// Calls `check` with everything that a reduction depends on: members, cell, contributions, operation.
fn for_reductions(mut check: impl FnMut(u32, usize, &[Vec<u8>], Op, u64)) {
    let mut seed = 1;
    for members in 1..=9 {
        for cell in CELLS {
            for elements in ELEMENTS {
                for op in [multiply as Op, add] {
                    let contributions: Vec<_> = (0..members).map(|r| bytes(r, elements * MATRIX)).collect();
                    check(members, cell, &contributions, op, seed);
                    seed += 1;
                }
            }
        }
    }
}

/// Buffers of a call: apart, or in place.
fn buffers(contributions: &[Vec<u8>], in_place: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let apart = |own: &Vec<u8>| (own.clone(), vec![0xDD; own.len()]);
    contributions.iter().map(|own| if in_place { (Vec::new(), own.clone()) } else { apart(own) }).collect()
}

#[test]
fn reductions_for_all_give_all_the_same() {
    for_reductions(|members, cell, contributions, op, seed| {
        let len = contributions[0].len();
        let expected = reduced(op, contributions);
        for in_place in [false, true] {
            let own = if in_place { Span::recv(len) } else { Span::send(len) };
            let schedules = plans(members, |plan, team| {
                assert!(board::all_reduce(plan, team, cell, own, Span::recv(len), MATRIX));
            });
            let results = run(schedules, buffers(contributions, in_place), op, MATRIX, seed);
            assert!(results.iter().all(|r| *r == expected), "{members} members, {len} bytes in {cell}");
        }
    });
}

#[test]
fn reductions_to_a_root_reach_it() {
    for_reductions(|members, cell, contributions, op, seed| {
        let (len, root) = (contributions[0].len(), seed as u32 % members);
        for in_place in [false, true] {
            let schedules = plans(members, |plan, team| {
                let is_root = team.me() == root;
                let own = if in_place && is_root { Span::recv(len) } else { Span::send(len) };
                let result = is_root.then_some(Span::recv(len));
                assert!(board::reduce(plan, team, cell, root, own, result, MATRIX));
            });
            let mut data = buffers(contributions, false);
            if in_place {
                data[root as usize].1 = contributions[root as usize].clone();
            }
            let results = run(schedules, data, op, MATRIX, seed);
            assert_eq!(results[root as usize], reduced(op, contributions), "{members} members, root {root}");
        }
    });
}

#[test]
fn scans_combine_those_below() {
    for_reductions(|members, cell, contributions, op, seed| {
        let len = contributions[0].len();
        for in_place in [false, true] {
            let own = if in_place { Span::recv(len) } else { Span::send(len) };
            let result = Span::recv(len);
            let schedules = plans(members, |plan, team| {
                assert!(board::scan(plan, team, cell, own, result, MATRIX));
            });
            let results = run(schedules, buffers(contributions, in_place), op, MATRIX, seed);
            for (rank, result) in results.iter().enumerate() {
                assert_eq!(*result, reduced(op, &contributions[..=rank]), "rank {rank} of {members}");
            }
            let schedules = plans(members, |plan, team| {
                assert!(board::exclusive_scan(plan, team, cell, own, result, MATRIX));
            });
            let results = run(schedules, buffers(contributions, in_place), op, MATRIX, seed);
            for (rank, result) in results.iter().enumerate().skip(1) {
                assert_eq!(*result, reduced(op, &contributions[..rank]), "before rank {rank} of {members}");
            }
        }
    });
}

#[test]
fn reductions_in_blocks_give_each_its_own() {
    for_reductions(|members, cell, contributions, op, seed| {
        let len = contributions[0].len();
        let blocks = Blocks::divide(len, MATRIX, members);
        let expected = reduced(op, contributions);
        for in_place in [false, true] {
            let area = if in_place { Area::Recv } else { Area::Send };
            let schedules = plans(members, |plan, team| {
                let own = Placed::new(area, 0, &blocks);
                let result = Span::recv(blocks.len(team.me()));
                assert!(board::reduce_scatter(plan, team, cell, own, result, MATRIX));
            });
            let results = run(schedules, buffers(contributions, in_place), op, MATRIX, seed);
            for (rank, result) in results.iter().enumerate() {
                let block = blocks.span(Area::Recv, rank as u32);
                assert_eq!(
                    result[..block.len],
                    expected[block.offset..block.offset + block.len],
                    "rank {rank}"
                );
            }
        }
    });
}

#[test]
fn data_comes_to_where_it_belongs() {
    let mut seed = 7;
    for members in 1..=9_u32 {
        for cell in CELLS {
            for len in ELEMENTS {
                seed += 1;
                let (root, n) = (seed as u32 % members, members as usize);
                let blocks = Blocks::Even { len };
                let all = |who: u32| bytes(who, len * n);
                let none = |_: u32| Vec::new();
                let go = |plan: &dyn Fn(&mut Plan, &Team), send: &dyn Fn(u32) -> Vec<u8>, recv: usize| {
                    let data = (0..members).map(|r| (send(r), vec![0xDD; recv])).collect();
                    run(plans(members, plan), data, add, 1, seed)
                };
                let data =
                    (0..members).map(|r| (none(r), if r == root { bytes(r, len) } else { vec![0; len] }));
                let schedules =
                    plans(members, |plan, team| board::broadcast(plan, team, cell, root, Span::recv(len)));
                let got = run(schedules, data.collect(), add, 1, seed);
                assert!(got.iter().all(|bytes| *bytes == common::bytes(root, len)), "broadcast");

                let own = Span::send(len);
                let each = |who: u32| bytes(who, len);
                let expected: Vec<u8> = (0..members).flat_map(each).collect();
                let gather = |plan: &mut Plan, team: &Team| {
                    let result = (team.me() == root).then_some(Placed::recv(&blocks));
                    board::gather(plan, team, cell, root, own, result);
                };
                assert_eq!(go(&gather, &each, len * n)[root as usize], expected, "gather");
                let all_gather = |plan: &mut Plan, team: &Team| {
                    board::all_gather(plan, team, cell, own, Placed::recv(&blocks));
                };
                assert!(go(&all_gather, &each, len * n).iter().all(|got| *got == expected), "all_gather");

                let scatter = |plan: &mut Plan, team: &Team| {
                    let from = (team.me() == root).then_some(Placed::send(&blocks));
                    board::scatter(plan, team, cell, root, from, Span::recv(len));
                };
                for (rank, got) in go(&scatter, &all, len).iter().enumerate() {
                    assert_eq!(*got, all(root)[rank * len..(rank + 1) * len], "scatter");
                }
                let all_to_all = |plan: &mut Plan, team: &Team| {
                    board::all_to_all(plan, team, cell, Placed::send(&blocks), Placed::recv(&blocks));
                };
                for (rank, got) in go(&all_to_all, &all, len * n).iter().enumerate() {
                    let expected: Vec<u8> =
                        (0..members).flat_map(|r| all(r)[rank * len..(rank + 1) * len].to_vec()).collect();
                    assert_eq!(*got, expected, "all_to_all");
                }
            }
        }
        let barrier = plans(members, board::barrier);
        run(barrier, vec![(Vec::new(), Vec::new()); members as usize], add, 1, seed);
    }
}

#[test]
fn a_barrier_and_a_short_reduction_are_one_round() {
    for schedule in plans(8, board::barrier) {
        assert_eq!(schedule.rounds(), 1);
    }
    for schedule in plans(2, |plan, team| {
        assert!(board::all_reduce(plan, team, 8192, Span::send(8), Span::recv(8), 8));
    }) {
        assert_eq!((schedule.rounds(), schedule.scratch(), schedule.round(0).messages.len()), (1, 0, 3));
    }
    let mut plan = Plan::for_board();
    assert!(!board::all_reduce(&mut plan, &Team::all(0, 4), 128, Span::send(64), Span::recv(64), 64));
    assert_eq!(plan.finish().rounds(), 0);
}
