//! All-gather: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Ranks, UNTOUCHED, content, end, holding, lengths, log2, place, planned, put};
use common::{Buffers, Cost};
use olympi_coll::{Area, Blocks, Placed, Plan, Span, Team, all_gather};

type Algorithm = fn(&mut Plan, &Team, Span, Placed<'_>);

const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("ring", all_gather::ring),
    ("recursive_doubling", all_gather::recursive_doubling),
    ("bruck", all_gather::bruck),
];

/// Gathers blocks of these lengths, which lie where `blocks` says with each member.
fn gathers(ranks: &Ranks, lengths: &[usize], blocks: &[Blocks], in_place: bool, seed: u64) {
    let size = ranks.size();
    let contents: Vec<_> = (0..size).map(|member| content(member, 0, lengths[member as usize])).collect();
    let buffers: Vec<Buffers> = (0..size)
        .map(|member| {
            let (blocks, content) = (&blocks[member as usize], &contents[member as usize]);
            let mut recv = vec![UNTOUCHED; end(blocks, size)];
            if in_place {
                put(&mut recv, blocks, member, content);
                return Buffers { send: Vec::new(), recv };
            }
            Buffers { send: content.clone(), recv }
        })
        .collect();
    for (name, algorithm) in ALGORITHMS {
        if name == "recursive_doubling" && !size.is_power_of_two() {
            continue;
        }
        let (after, cost) = ranks.run(&buffers, seed, |team| {
            let result = Placed::recv(&blocks[team.me() as usize]);
            let own = result.span(team.me());
            let own = if in_place { own } else { Span::send(own.len) };
            planned(|plan| algorithm(plan, team, own, result))
        });
        for (blocks, after) in blocks.iter().zip(&after) {
            assert_eq!(after.recv, holding(blocks, &contents), "{name}, {lengths:?}");
        }
        if lengths.iter().all(|&len| len == lengths[0] && len > 0) {
            let depth = if name == "ring" { size as usize - 1 } else { log2(size) };
            let bytes = lengths[0] * (size * (size - 1)) as usize;
            assert_eq!(cost, Cost { messages: size as usize * depth, bytes, depth }, "{name} of {size}");
        }
    }
}

#[test]
fn every_algorithm_gives_all_blocks_to_all() {
    for size in 1..=17 {
        for ranks in Ranks::of(size) {
            for in_place in [false, true] {
                for len in [0, 1, 5] {
                    let even = vec![Blocks::Even { len }; size as usize];
                    gathers(&ranks, &vec![len; size as usize], &even, in_place, 1);
                }
                for seed in 0..6 {
                    let lengths = lengths(size, seed);
                    // Each member has its own places for them.
                    let blocks: Vec<_> =
                        (0..size).map(|member| place(&lengths, seed * u64::from(member))).collect();
                    gathers(&ranks, &lengths, &blocks, in_place, seed);
                }
            }
        }
    }
}

#[test]
fn even_blocks_need_no_table() {
    let blocks = Blocks::Even { len: 8 };
    let team = Team::all(70_000, 1 << 17);
    let schedule = planned(|plan| {
        all_gather::recursive_doubling(plan, &team, Span::new(Area::Send, 0, 8), Placed::recv(&blocks));
    });
    assert_eq!((schedule.rounds(), schedule.scratch()), (17, 0));
    assert!(schedule.memory() < 8 << 10, "{}", schedule.memory());
}
