//! Reductions and scans: every algorithm against a sequential reference, and against the cost that its file tells.

mod cases;
mod common;

use cases::{Ranks, hops, log2};
use common::{Buffers, Cost, MATRIX, Op, add, bytes, multiply, run};
use olympi_coll::{
    Area, Blocks, Elements, Nodes, Placed, Plan, Schedule, Span, Team, Tuning, all_reduce, exclusive_scan,
    reduce, reduce_scatter, scan,
};

const ELEMENTS: [usize; 7] = [0, 1, 2, 3, 7, 16, 33];

type Add<'a> = Box<dyn Fn(&mut Plan, &Team, Span, Span) + 'a>;

/// Runs an algorithm among the members of some ranks, apart or in place, and gives the results of the members.
fn results(
    ranks: &Ranks,
    contributions: &[Vec<u8>],
    op: Op,
    in_place: bool,
    seed: u64,
    algorithm: Add,
) -> (Vec<Vec<u8>>, Cost) {
    let len = contributions[0].len();
    let own = if in_place { Span::recv(len) } else { Span::send(len) };
    let mut schedules = vec![Schedule::default(); ranks.world as usize];
    let mut buffers = vec![Buffers::default(); ranks.world as usize];
    for (member, &rank) in (0..).zip(&ranks.ranks) {
        let mut plan = Plan::new();
        algorithm(&mut plan, &ranks.team(member), own, Span::recv(len));
        schedules[rank as usize] = plan.finish();
        let mine = contributions[member as usize].clone();
        let (send, recv) = if in_place { (Vec::new(), mine) } else { (mine, vec![0xDD; len]) };
        buffers[rank as usize] = Buffers { send, recv };
    }
    let (mut after, cost) = run(schedules, buffers, op, MATRIX, seed);
    (ranks.ranks.iter().map(|&rank| std::mem::take(&mut after[rank as usize].recv)).collect(), cost)
}

fn reduced(op: Op, contributions: &[Vec<u8>]) -> Vec<u8> {
    let both = |a: Vec<u8>, b: &Vec<u8>| {
        a.chunks(MATRIX).zip(b.chunks(MATRIX)).flat_map(|(a, b)| op(a, b)).collect()
    };
    contributions[1..].iter().fold(contributions[0].clone(), both)
}

/// All cases: ranks, contributions, operation, whether it commutes, in place or not, a seed.
fn each(mut check: impl FnMut(&Ranks, &[Vec<u8>], Op, bool, bool, u64)) {
    let mut seed = 11;
    for members in 1..=17 {
        for ranks in Ranks::of(members) {
            for elements in ELEMENTS {
                let contributions: Vec<_> = (0..members).map(|r| bytes(r, elements * MATRIX)).collect();
                for (op, commutes) in [(multiply as Op, false), (add, true)] {
                    for in_place in [false, true] {
                        seed += 1;
                        check(&ranks, &contributions, op, commutes, in_place, seed);
                    }
                }
            }
        }
    }
}

#[test]
fn reductions_for_all_reach_all() {
    each(|ranks, contributions, op, commutes, in_place, seed| {
        let mut algorithms: Vec<(&str, Add)> = vec![
            ("recursive doubling", Box::new(all_reduce::recursive_doubling)),
            (
                "reduce and broadcast",
                Box::new(|plan, team, own, result| {
                    all_reduce::reduce_broadcast(plan, team, own, result);
                }),
            ),
        ];
        if commutes {
            algorithms.push((
                "halving",
                Box::new(|plan, team, own, result| {
                    all_reduce::reduce_scatter_all_gather(plan, team, own, result, MATRIX);
                }),
            ));
            algorithms.push((
                "ring",
                Box::new(|plan, team, own, result| all_reduce::ring(plan, team, own, result, MATRIX)),
            ));
            algorithms.push((
                "reduce and broadcast, swapped",
                Box::new(|plan, team, own, result| {
                    all_reduce::reduce_broadcast(plan, team, own, result);
                }),
            ));
        }
        let expected = reduced(op, contributions);
        for (name, algorithm) in algorithms {
            let (results, _) = results(ranks, contributions, op, in_place, seed, algorithm);
            assert!(results.iter().all(|r| *r == expected), "{name} among {ranks:?}, in place: {in_place}");
        }
    });
}

#[test]
fn reductions_to_a_root_reach_it() {
    each(|ranks, contributions, op, commutes, in_place, seed| {
        let root = seed as u32 % ranks.size();
        let mut algorithms: Vec<(&str, Add)> = vec![
            ("linear", Box::new(|plan, team, own, result| reduce::linear(plan, team, root, own, result))),
            ("binomial", Box::new(|plan, team, own, result| reduce::binomial(plan, team, root, own, result))),
        ];
        if commutes {
            algorithms.push((
                "binomial, swapped",
                Box::new(|plan, team, own, result| {
                    reduce::binomial(plan, team, root, own, result);
                }),
            ));
            algorithms.push((
                "halving",
                Box::new(|plan, team, own, result| {
                    reduce::reduce_scatter_gather(plan, team, root, own, result, MATRIX);
                }),
            ));
        }
        for (name, algorithm) in algorithms {
            let (results, _) = results(ranks, contributions, op, in_place, seed, algorithm);
            assert_eq!(
                results[root as usize],
                reduced(op, contributions),
                "{name} to {root} among {ranks:?}"
            );
        }
    });
}

#[test]
fn scans_combine_those_below() {
    each(|ranks, contributions, op, _, in_place, seed| {
        let inclusive: [Add; 2] = [Box::new(scan::linear), Box::new(scan::recursive_doubling)];
        for (at, algorithm) in inclusive.into_iter().enumerate() {
            let (results, _) = results(ranks, contributions, op, in_place, seed, algorithm);
            for (member, result) in results.iter().enumerate() {
                assert_eq!(
                    *result,
                    reduced(op, &contributions[..=member]),
                    "scan {at}, {member} of {ranks:?}"
                );
            }
        }
        let exclusive: [Add; 2] =
            [Box::new(exclusive_scan::linear), Box::new(exclusive_scan::recursive_doubling)];
        for (at, algorithm) in exclusive.into_iter().enumerate() {
            let (results, _) = results(ranks, contributions, op, in_place, seed, algorithm);
            for (member, result) in results.iter().enumerate().skip(1) {
                assert_eq!(
                    *result,
                    reduced(op, &contributions[..member]),
                    "exclusive {at}, {member} of {ranks:?}"
                );
            }
        }
    });
}

#[test]
fn reductions_in_blocks_give_each_its_own() {
    each(|ranks, contributions, op, commutes, in_place, seed| {
        let (len, members) = (contributions[0].len(), ranks.size());
        let blocks = Blocks::divide(len, MATRIX, members);
        let blocks = &blocks;
        let place = |own: Span| Placed::new(own.area, 0, blocks);
        let mine = |team: &Team, result: Span| result.part(0, blocks.len(team.me()));
        let mut algorithms: Vec<Add> = vec![Box::new(|plan, team, own, result| {
            reduce_scatter::recursive_doubling(plan, team, place(own), mine(team, result));
        })];
        if commutes {
            algorithms.push(Box::new(|plan, team, own, result| {
                reduce_scatter::recursive_halving(plan, team, place(own), mine(team, result));
            }));
            algorithms.push(Box::new(|plan, team, own, result| {
                reduce_scatter::pairwise(plan, team, place(own), mine(team, result), true);
            }));
        }
        let expected = reduced(op, contributions);
        for (at, algorithm) in algorithms.into_iter().enumerate() {
            let (results, _) = results(ranks, contributions, op, in_place, seed, algorithm);
            for (member, result) in (0..).zip(&results) {
                let block = blocks.span(Area::Recv, member);
                let wanted = &expected[block.offset..block.offset + block.len];
                assert_eq!(&result[..block.len], wanted, "algorithm {at}, {member} of {ranks:?}");
            }
        }
    });
}

#[test]
fn the_choice_by_size_is_right_with_and_without_nodes() {
    let tuning = Tuning { leaders_max: 100, all_reduce_short_max: 8, ..Tuning::default() };
    for members in 1..=13 {
        let listed: Vec<u32> = (0..members).map(|member| member % 3).collect();
        let layouts = [
            None,
            Some(Nodes::Consecutive(3)),
            Some(Nodes::Consecutive(5)),
            Some(Nodes::Listed(listed.into())),
        ];
        for (nodes, elements) in layouts.iter().flat_map(|nodes| ELEMENTS.map(|n| (nodes.as_ref(), n))) {
            let contributions: Vec<_> = (0..members).map(|r| bytes(r, elements * MATRIX)).collect();
            for (op, commutative) in [(multiply as Op, false), (add, true)] {
                let kind = Elements { grain: MATRIX, commutative };
                let (ranks, expected) = (Ranks::all(members), reduced(op, &contributions));
                let all: Add = Box::new(|plan, team, own, result| {
                    all_reduce::all_reduce(plan, team, own, result, kind, nodes, &tuning);
                });
                let (got, _) = results(&ranks, &contributions, op, false, 5, all);
                assert!(got.iter().all(|result| *result == expected), "{members} on {nodes:?}");
                for root in [0, members / 2, members - 1] {
                    let one: Add = Box::new(|plan, team, own, result| {
                        reduce::reduce(plan, team, root, own, result, kind, nodes, &tuning);
                    });
                    let (got, _) = results(&ranks, &contributions, op, true, 5, one);
                    assert_eq!(got[root as usize], expected, "{members} on {nodes:?}, root {root}");
                }
            }
        }
    }
}

#[test]
fn costs_are_what_the_files_tell() {
    for members in 1..=17_u32 {
        let (n, rounds, len) = (members as usize, log2(members), 64 * MATRIX);
        let contributions: Vec<_> = (0..members).map(|r| bytes(r, len)).collect();
        let cost = |algorithm: Add| results(&Ranks::all(members), &contributions, add, false, 3, algorithm).1;
        let doubling = cost(Box::new(all_reduce::recursive_doubling));
        let power = 1 << members.ilog2();
        let folded = n - power;
        let depth = power.ilog2() as usize + if folded > 0 { 2 } else { 0 };
        assert_eq!(doubling.messages, power * power.ilog2() as usize + 2 * folded);
        assert!((rounds..=depth).contains(&doubling.depth), "{doubling:?} among {members}");
        let tree = cost(Box::new(|plan, team, own, result| reduce::binomial(plan, team, 0, own, result)));
        assert_eq!((tree.messages, tree.depth, tree.bytes), (n - 1, hops(members), (n - 1) * len));
        let scanned = cost(Box::new(scan::recursive_doubling));
        assert!(scanned.depth <= rounds && scanned.messages <= n * rounds);
        if members.is_power_of_two() {
            let halves = cost(Box::new(|plan, team, own, result| {
                all_reduce::reduce_scatter_all_gather(plan, team, own, result, MATRIX);
            }));
            assert_eq!((halves.messages, halves.depth), (2 * n * rounds, 2 * rounds));
            assert_eq!(halves.bytes, 2 * (n - 1) * len);
        }
        let ring =
            cost(Box::new(|plan, team, own, result| all_reduce::ring(plan, team, own, result, MATRIX)));
        assert_eq!((ring.messages, ring.bytes), (2 * n * (n - 1), 2 * (n - 1) * len));
    }
}

#[test]
fn eight_bytes_between_two_ranks_take_one_round() {
    let mut plan = Plan::new();
    all_reduce::recursive_doubling(&mut plan, &Team::all(1, 2), Span::recv(8), Span::recv(8));
    let schedule = plan.finish();
    assert_eq!(schedule.rounds(), 1);
    assert_eq!((schedule.round(0).messages.len(), schedule.round(0).local.len()), (2, 1));
}
