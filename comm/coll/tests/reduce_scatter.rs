//! Reductions in blocks beside a sequential reference, with blocks of any lengths.

mod cases;
mod common;

use cases::Ranks;
use cases::kinds::{Kind, contribution, folded};
use common::{Cost, bytes};
use olympi_coll::{Area, Blocks, Placed, ReduceScatterAlgorithm as By, Span, Tuning, reduce_scatter};

/// Blocks one after another of so many elements.
fn blocks(lens: &[usize], grain: usize) -> Blocks {
    let mut at = 0;
    let block = |&len: &usize| {
        at += len * grain;
        (at - len * grain, len * grain)
    };
    Blocks::Listed(lens.iter().map(block).collect())
}

fn check(ranks: &Ranks, kind: Kind, blocks: &Blocks, in_place: bool, tuning: &Tuning, seed: u64) -> Cost {
    let size = ranks.size();
    let len = blocks.total(size);
    let own = Placed::new(if in_place { Area::Recv } else { Area::Send }, 0, blocks);
    let (after, cost) = ranks.play(
        |plan, team| {
            let result = Span::recv(blocks.len(team.me()));
            reduce_scatter::reduce_scatter(plan, team, own, result, kind.elements(), tuning);
        },
        |member| contribution(member, len, blocks.len(member), in_place),
        kind,
        seed,
    );
    let expected = kind.combined(0, size, len);
    for (member, buffers) in (0..).zip(&after) {
        let own = blocks.span(Area::Recv, member);
        let what =
            format!("member {member} of {size}, {kind:?}, in place {in_place}, {blocks:?}, {tuning:?}");
        assert!(buffers.recv[..own.len] == expected[own.offset..own.offset + own.len], "{what}");
        if in_place {
            assert!(
                buffers.recv[own.len..] == bytes(member, len)[own.len..],
                "{what}: the rest is not touched"
            );
        }
    }
    cost
}

#[test]
fn each_has_its_block() {
    let mut seed = 0;
    for size in 1..=17_usize {
        for (kind, in_place) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            let grain = kind.grain();
            let uneven = |seed: usize| (0..size).map(|i| (i * 5 + seed) * 7 % 11 % 6).collect::<Vec<_>>();
            let mut cases: Vec<Blocks> =
                [0, 1, 2, 3, 7].map(|count| Blocks::Even { len: count * grain }).into();
            cases.extend([1, 2, 3].map(|seed| blocks(&uneven(seed), grain)));
            cases.push(blocks(
                &(0..size).map(|i| if i == size / 2 { 16 } else { 0 }).collect::<Vec<_>>(),
                grain,
            ));
            for blocks in &cases {
                for algorithm in [None].into_iter().chain(By::ALL.iter().copied().map(Some)) {
                    let tuning = Tuning { reduce_scatter: algorithm, ..Tuning::default() };
                    for _ in 0..3 {
                        seed += 1;
                        check(&Ranks::like(size as u32, seed), kind, blocks, in_place, &tuning, seed);
                    }
                }
            }
        }
    }
}

#[test]
fn each_costs_what_its_formula_says() {
    for size in 2..=17_u32 {
        let (p, block) = (size as usize, 6);
        let (len, k) = (block * p, size.ilog2() as usize);
        let (power, rest) = (1 << k, p - (1 << k));
        let by = |algorithm| {
            let tuning = Tuning { reduce_scatter: Some(algorithm), ..Tuning::default() };
            check(&Ranks::all(size), Kind::Add, &Blocks::Even { len: block }, false, &tuning, 5)
        };
        let halving = by(By::RecursiveHalving);
        assert_eq!((halving.messages, halving.depth), (power * k + 2 * rest, folded(size)));
        assert_eq!(halving.bytes, len * (power - 1) + rest * (len + block));
        let cost = Cost { messages: p * (p - 1), bytes: len * (p - 1), depth: by(By::Pairwise).depth };
        assert_eq!(by(By::Pairwise), cost);
        assert!(cost.depth < p);
        let messages = power * k + 2 * rest;
        assert_eq!(by(By::RecursiveDoubling), Cost { messages, bytes: messages * len, depth: folded(size) });
    }
}
