//! What reductions and scans cost, beside the formulas in the heads of their files.

mod cases;
mod common;

use cases::kinds::{Kind, contribution, folded, way};
use cases::{Ranks, hops, log2, planned};
use common::Cost;
use olympi_coll::{
    AllReduceAlgorithm, ExclusiveScanAlgorithm, Nodes, Plan, ReduceAlgorithm, ScanAlgorithm, Span, Team,
    Tuning, all_reduce, exclusive_scan, reduce, scan,
};

fn cost(size: u32, len: usize, add: impl Fn(&mut Plan, &Team)) -> Cost {
    Ranks::all(size).play(add, |member| contribution(member, len, len, false), Kind::Add, 11).1
}

/// `2^k + r` members: `k`, `2^k`, `r`.
fn power(size: u32) -> (usize, usize, usize) {
    let k = size.ilog2() as usize;
    (k, 1 << k, size as usize - (1 << k))
}

#[test]
fn reductions_to_a_root() {
    for size in 1..=17_u32 {
        let (p, len) = (size as usize, 2 * 16 * 17);
        for root in 0..size {
            let by = |algorithm| {
                cost(size, len, |plan, team| {
                    let tuning = Tuning { reduce: Some(algorithm), ..Tuning::default() };
                    let (own, result) = (Span::send(len), Span::recv(len));
                    reduce::reduce(plan, team, root, own, result, Kind::Add.elements(), None, &tuning);
                })
            };
            let (messages, bytes) = (p - 1, (p - 1) * len);
            assert_eq!(by(ReduceAlgorithm::Linear), Cost { messages, bytes, depth: usize::from(p > 1) });
            let up = by(ReduceAlgorithm::Binomial);
            assert_eq!((up.messages, up.bytes), (messages, bytes));
            assert!((way(size)..=log2(size)).contains(&up.depth) && (root > 0 || up.depth == way(size)));
            let (k, power, rest) = power(size);
            let parts = by(ReduceAlgorithm::ReduceScatterGather);
            assert_eq!(parts.messages, power * k + power - 1 + rest);
            assert_eq!(parts.bytes, len * (power - 1) + len * k / 2 + rest * len);
            assert_eq!(parts.depth, 2 * k + usize::from((root as usize) < 2 * rest));
        }
    }
}

#[test]
fn reductions_for_all() {
    for size in 1..=17_u32 {
        let (p, len) = (size as usize, 2 * 16 * size as usize);
        let by = |algorithm| {
            cost(size, len, |plan, team| {
                let tuning = Tuning { all_reduce: Some(algorithm), ..Tuning::default() };
                let (own, result) = (Span::send(len), Span::recv(len));
                all_reduce::all_reduce(plan, team, own, result, Kind::Add.elements(), None, &tuning);
            })
        };
        let (k, power, rest) = power(size);
        let more = if rest > 0 { 2 } else { 0 };
        let messages = p * (p - 1);
        let depth = usize::from(p > 1);
        assert_eq!(by(AllReduceAlgorithm::Exchange), Cost { messages, bytes: messages * len, depth });
        let messages = power * k + 2 * rest;
        let depth = folded(size);
        assert_eq!(
            by(AllReduceAlgorithm::RecursiveDoubling),
            Cost { messages, bytes: messages * len, depth }
        );
        let parts = by(AllReduceAlgorithm::ReduceScatterAllGather);
        assert_eq!((parts.messages, parts.depth), (2 * power * k + 2 * rest, 2 * k + more));
        assert_eq!(parts.bytes, 2 * len * (power - 1) + 2 * rest * len);
        let (messages, bytes) = (2 * p * (p - 1), 2 * len * (p - 1));
        assert_eq!(by(AllReduceAlgorithm::Ring), Cost { messages, bytes, depth: 2 * (p - 1) });
        let (messages, bytes) = (2 * (p - 1), 2 * len * (p - 1));
        let depth = way(size) + hops(size);
        assert_eq!(by(AllReduceAlgorithm::ReduceBroadcast), Cost { messages, bytes, depth });
    }
}

#[test]
fn leaders_of_nodes() {
    for (count, each) in [(2_u32, 2_u32), (4, 2), (2, 8), (3, 3), (5, 3)] {
        let (size, len) = (count * each, 8);
        let nodes = Nodes::Consecutive(each);
        let (own, result, elements) = (Span::send(len), Span::recv(len), Kind::Add.elements());
        let by_leaders = cost(size, len, |plan, team| {
            all_reduce::all_reduce(plan, team, own, result, elements, Some(&nodes), &Tuning::default());
        });
        let between = cost(count, len, |plan, team| {
            all_reduce::all_reduce(plan, team, own, result, elements, None, &Tuning::default());
        });
        assert_eq!(by_leaders.messages, between.messages + 2 * (size - count) as usize);
        // A few inside a node are sent to by their leader in one round.
        let down = if each <= Tuning::default().broadcast_flat_ranks { 1 } else { hops(each) };
        assert_eq!(by_leaders.depth, between.depth + way(each) + down);
        let to_root = cost(size, len, |plan, team| {
            reduce::reduce(plan, team, 1, own, result, elements, Some(&nodes), &Tuning::default());
        });
        assert_eq!((to_root.messages, to_root.bytes), (size as usize - 1, (size as usize - 1) * len));
        assert!(to_root.depth <= log2(count) + log2(each));
    }
}

#[test]
fn scans() {
    for size in 2..=40_u32 {
        let (p, len) = (size as usize, 6);
        let by = |algorithm| {
            let tuning = Tuning { scan: Some(algorithm), ..Tuning::default() };
            cost(size, len, |plan, team| scan::scan(plan, team, Span::send(len), Span::recv(len), &tuning))
        };
        let depth = p - 1;
        assert_eq!(by(ScanAlgorithm::Linear), Cost { messages: p - 1, bytes: (p - 1) * len, depth });
        let messages: usize = (0..log2(size)).map(|k| p - (1 << k)).sum();
        let depth = way(size);
        assert_eq!(by(ScanAlgorithm::RecursiveDoubling), Cost { messages, bytes: messages * len, depth });
        let last = Team::all(size - 1, size);
        assert_eq!(
            planned(|plan| scan::scan(plan, &last, Span::send(len), Span::recv(len), &Tuning::default()))
                .rounds(),
            log2(size)
        );

        let by = |algorithm| {
            let tuning = Tuning { exclusive_scan: Some(algorithm), ..Tuning::default() };
            cost(size, len, |plan, team| {
                exclusive_scan::exclusive_scan(plan, team, Span::send(len), Span::recv(len), &tuning);
            })
        };
        let depth = p - 1;
        assert_eq!(by(ExclusiveScanAlgorithm::Linear), Cost { messages: p - 1, bytes: (p - 1) * len, depth });
        // 1, 3, 6, 12, ... members are covered after each round; the last one has p - 1 before it.
        let (mut rounds, mut covered, mut messages) = (1, 1, p - 1);
        while covered < p - 1 {
            messages += if rounds == 1 { p - 2 } else { p - 1 - covered };
            covered = if rounds == 1 { 3 } else { 2 * covered };
            rounds += 1;
        }
        let doubling = by(ExclusiveScanAlgorithm::RecursiveDoubling);
        assert_eq!((doubling.messages, doubling.bytes), (messages, messages * len));
        assert!(doubling.depth <= rounds);
        let last = Team::all(size - 1, size);
        assert_eq!(
            planned(|plan| exclusive_scan::exclusive_scan(
                plan,
                &last,
                Span::send(len),
                Span::recv(len),
                &Tuning::default()
            ))
            .rounds(),
            rounds
        );
        // ceil(log2(p - 1) + log2(4 / 3)): the least q with 2^q >= 4 (p - 1) / 3.
        if p > 2 {
            assert!((3 << rounds) >= 4 * (p - 1) && (3 << (rounds - 1)) < 4 * (p - 1));
        }
    }
}
