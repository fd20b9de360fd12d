//! Broadcasts: all have what the root had, by every algorithm, for as much as the formulas say.

mod cases;
mod common;

use cases::kinds::{COUNTS, Kind};
use cases::{Ranks, hops, log2, planned};
use common::{Buffers, Cost, bytes};
use olympi_coll::{BroadcastAlgorithm as By, Nodes, Span, Tuning, broadcast};

fn check(ranks: &Ranks, root: u32, len: usize, nodes: Option<&Nodes>, tuning: &Tuning, seed: u64) -> Cost {
    let (after, cost) = ranks.play(
        |plan, team| broadcast::broadcast(plan, team, root, Span::recv(len), nodes, tuning),
        |member| Buffers {
            send: Vec::new(),
            recv: if member == root { bytes(root, len) } else { vec![0xEE; len] },
        },
        Kind::Add,
        seed,
    );
    for (member, buffers) in after.iter().enumerate() {
        assert!(buffers.recv == bytes(root, len), "member {member}, root {root}, {len} bytes, {tuning:?}");
    }
    cost
}

#[test]
fn all_have_what_the_root_had() {
    for size in 1..=17 {
        for (root, seed) in (0..size).zip(1..) {
            for len in COUNTS {
                for &algorithm in By::ALL {
                    let tuning =
                        Tuning { broadcast: Some(algorithm), broadcast_piece: 5, ..Tuning::default() };
                    check(&Ranks::like(size, seed + len as u64), root, len, None, &tuning, seed);
                }
            }
        }
    }
}

#[test]
fn leaders_lead_to_all() {
    for size in 2..=17_u32 {
        for (root, seed) in (0..size).zip(1..) {
            let layouts = [
                Nodes::Consecutive(2),
                Nodes::Consecutive(5),
                Nodes::Listed((0..size).map(|member| member % 3).collect()),
                Nodes::Listed((0..size).map(|member| member * member % 7 % 4).collect()),
            ];
            for nodes in layouts {
                for len in [0, 1, 33] {
                    let cost =
                        check(&Ranks::like(size, seed), root, len, Some(&nodes), &Tuning::default(), seed);
                    assert_eq!(cost.messages, if len == 0 { 0 } else { size as usize - 1 });
                }
                // Long enough for other algorithms in both layers.
                let tuning = Tuning {
                    broadcast_short_max: 8,
                    broadcast_chain_min: 300,
                    broadcast_piece: 32,
                    broadcast_scatter_ranks: 3,
                    broadcast_doubling_max: 200,
                    ..Tuning::default()
                };
                for len in [9, 100, 250, 1000] {
                    check(&Ranks::like(size, seed), root, len, Some(&nodes), &tuning, seed);
                }
            }
        }
    }
}

#[test]
fn each_costs_what_its_formula_says() {
    for size in 2..=17_u32 {
        let (p, len) = (size as usize, 64 * size as usize);
        for root in [0, size - 1] {
            let by = |algorithm| {
                let tuning = Tuning { broadcast: Some(algorithm), broadcast_piece: 48, ..Tuning::default() };
                check(&Ranks::all(size), root, len, None, &tuning, 3)
            };
            assert_eq!(by(By::Flat), Cost { messages: p - 1, bytes: (p - 1) * len, depth: 1 });
            let cost = by(By::Binomial);
            assert_eq!((cost.messages, cost.bytes), (p - 1, (p - 1) * len));
            assert!(cost.depth == hops(size));
            let pieces = len.div_ceil(48);
            let depth = p - 2 + pieces;
            let cost = by(By::Chain);
            assert_eq!((cost.messages, cost.bytes), ((p - 1) * pieces, (p - 1) * len));
            // A round is over when its sends are under way; the chain of messages is as long as the team or less.
            assert!(cost.depth <= depth, "{} {depth}", cost.depth);
            let ring = by(By::ScatterRing);
            assert_eq!(ring.bytes, (p - 1) * len, "each receives each byte once");
            assert!(ring.depth < log2(size) + p);
            if size.is_power_of_two() {
                let k = log2(size);
                assert_eq!(2 * ring.messages, 2 * (p - 1) + p * (2 * p - 2 - k));
                let doubling = by(By::ScatterDoubling);
                assert_eq!((doubling.messages, doubling.bytes), (p - 1 + p * k - (p - 1), (p - 1) * len));
                assert!(doubling.depth <= 2 * k);
            }
        }
    }
}

#[test]
fn a_very_long_broadcast_has_no_more_rounds_than_a_long_one() {
    let team = olympi_coll::Team::all(1, 3);
    let schedule = planned(|plan| {
        broadcast::broadcast(plan, &team, 0, Span::recv(1 << 40), None, &Tuning::default());
    });
    assert!((100..=1025).contains(&schedule.rounds()));
}
