//! All-gather: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Ranks, UNTOUCHED, content, end, holding, lengths, log2, place, planned, put};
use common::{Buffers, Cost};
use olympi_coll::{AllGatherAlgorithm, Blocks, Placed, Span, Team, Tuning, all_gather};

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
    for &algorithm in AllGatherAlgorithm::ALL {
        let tuning = Tuning { all_gather: Some(algorithm), ..Tuning::default() };
        let (after, cost) = ranks.run(&buffers, seed, |team| {
            let result = Placed::recv(&blocks[team.me() as usize]);
            let own = result.span(team.me());
            let own = if in_place { own } else { Span::send(own.len) };
            planned(|plan| all_gather::all_gather(plan, team, own, result, &tuning))
        });
        for (blocks, after) in blocks.iter().zip(&after) {
            assert_eq!(after.recv, holding(blocks, &contents), "{algorithm}, {lengths:?}");
        }
        if lengths.iter().all(|&len| len == lengths[0] && len > 0) {
            let depth = if algorithm == AllGatherAlgorithm::Ring { size as usize - 1 } else { log2(size) };
            let bytes = lengths[0] * (size * (size - 1)) as usize;
            assert_eq!(cost, Cost { messages: size as usize * depth, bytes, depth }, "{algorithm} of {size}");
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
    let tuning = Tuning { all_gather_doubling_max: usize::MAX, ..Tuning::default() };
    let schedule = planned(|plan| {
        all_gather::all_gather(plan, &team, Span::send(8), Placed::recv(&blocks), &tuning);
    });
    assert_eq!((schedule.rounds(), schedule.scratch()), (17, 0));
    assert!(schedule.memory() < 8 << 10, "{}", schedule.memory());
}

#[test]
fn the_choice_goes_by_bytes_and_members() {
    let tuning = Tuning::default();
    for (total, members, expected) in [
        (64, 8, AllGatherAlgorithm::RecursiveDoubling),
        (1 << 30, 2, AllGatherAlgorithm::RecursiveDoubling),
        (1 << 20, 8, AllGatherAlgorithm::Ring),
        (64, 7, AllGatherAlgorithm::Bruck),
        (1 << 20, 7, AllGatherAlgorithm::Ring),
    ] {
        assert_eq!(all_gather::choose(total, members, &tuning), expected);
    }
    let asked = Tuning { all_gather: Some(AllGatherAlgorithm::RecursiveDoubling), ..tuning };
    assert_eq!(all_gather::choose(64, 7, &asked), AllGatherAlgorithm::Bruck);
}
