//! All-to-all: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Random, Ranks, UNTOUCHED, content, end, holding, log2, place, planned};
use common::{Buffers, Cost};
use olympi_coll::{AllToAllAlgorithm, Blocks, Placed, Team, Tuning, all_to_all};

/// Exchanges blocks: member i has `lengths[i][j]` bytes for member j. They lie in any order, or evenly.
fn exchanges(
    ranks: &Ranks,
    lengths: &[Vec<usize>],
    even: bool,
    in_place: bool,
    tuning: &Tuning,
    seed: u64,
) -> Cost {
    let size = ranks.size();
    let outgoing: Vec<Vec<_>> = (0..size)
        .map(|i| (0..size).map(|j| content(i, j, lengths[i as usize][j as usize])).collect())
        .collect();
    let incoming: Vec<Vec<_>> =
        (0..size as usize).map(|i| (0..size as usize).map(|j| outgoing[j][i].clone()).collect()).collect();
    let blocks = |contents: &[Vec<u8>], seed: u64| {
        let lengths: Vec<usize> = contents.iter().map(Vec::len).collect();
        if even { Blocks::Even { len: lengths[0] } } else { place(&lengths, seed) }
    };
    let sources: Vec<Blocks> = (seed..).zip(&outgoing).map(|(seed, out)| blocks(out, seed)).collect();
    // In place the blocks lie where they lay.
    let begin = if in_place { seed } else { seed + 100 };
    let results: Vec<Blocks> =
        (begin..).zip(&incoming).map(|(seed, incoming)| blocks(incoming, seed)).collect();
    let buffers: Vec<Buffers> = (0..size as usize)
        .map(|i| {
            let held = holding(&sources[i], &outgoing[i]);
            if in_place {
                return Buffers { send: Vec::new(), recv: held };
            }
            Buffers { send: held, recv: vec![UNTOUCHED; end(&results[i], size)] }
        })
        .collect();
    let (after, cost) = ranks.run(&buffers, seed, |team| {
        let me = team.me() as usize;
        let result = Placed::recv(&results[me]);
        let source = if in_place { Placed::recv(&sources[me]) } else { Placed::send(&sources[me]) };
        planned(|plan| all_to_all::all_to_all(plan, team, source, result, tuning))
    });
    for ((after, blocks), incoming) in after.iter().zip(&results).zip(&incoming) {
        assert_eq!(after.recv, holding(blocks, incoming), "{size} members, {lengths:?}, {tuning:?}");
    }
    cost
}

/// What an exchange of even blocks takes.
fn expected(algorithm: AllToAllAlgorithm, size: u32, len: usize) -> Cost {
    let (members, others) = (size as usize, size as usize - 1);
    if others == 0 || len == 0 {
        return Cost::default();
    }
    match algorithm {
        AllToAllAlgorithm::Bruck => {
            let blocks: u32 = (0..size).map(u32::count_ones).sum();
            let bytes = members * blocks as usize * len;
            Cost { messages: members * log2(size), bytes, depth: log2(size) }
        }
        AllToAllAlgorithm::Scattered => {
            Cost { messages: members * others, bytes: members * others * len, depth: 1 }
        }
        AllToAllAlgorithm::Pairwise => {
            Cost { messages: members * others, bytes: members * others * len, depth: others }
        }
    }
}

#[test]
fn every_algorithm_exchanges_even_blocks() {
    for &algorithm in AllToAllAlgorithm::ALL {
        let tuning = Tuning { all_to_all: Some(algorithm), ..Tuning::default() };
        for size in 1..=17 {
            for ranks in Ranks::of(size) {
                for (len, in_place) in [(0, false), (1, false), (6, false), (0, true), (5, true)] {
                    let lengths = vec![vec![len; size as usize]; size as usize];
                    let cost = exchanges(&ranks, &lengths, true, in_place, &tuning, u64::from(size));
                    if !in_place || algorithm != AllToAllAlgorithm::Pairwise {
                        assert_eq!(cost, expected(algorithm, size, len), "{algorithm} of {size}");
                    } else if len > 0 {
                        assert_eq!(cost.messages, (size * (size - 1)) as usize);
                    }
                }
            }
        }
    }
}

#[test]
fn every_algorithm_exchanges_blocks_of_any_lengths() {
    for asked in [None, Some(AllToAllAlgorithm::Scattered), Some(AllToAllAlgorithm::Pairwise)] {
        let tuning = Tuning { all_to_all: asked, ..Tuning::default() };
        for size in 1..=17 {
            for ranks in Ranks::of(size) {
                for (seed, in_place) in [(1, false), (2, false), (3, true), (4, true)] {
                    let mut random = Random(seed);
                    let mut lengths = vec![vec![0; size as usize]; size as usize];
                    for (i, j) in (0..size as usize).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                        lengths[i][j] = [0, 0, 1, 4, 9][random.below(5)];
                        // In place, what two members exchange has one length.
                        lengths[j][i] = if in_place { lengths[i][j] } else { random.below(7) };
                    }
                    exchanges(&ranks, &lengths, false, in_place, &tuning, seed);
                }
            }
        }
    }
}

#[test]
fn members_that_know_different_lengths_may_choose_differently() {
    let tuning = Tuning { all_to_all_scattered_max: 4, ..Tuning::default() };
    for size in [2, 5, 8] {
        for in_place in [false, true] {
            // Between the first two members blocks are long, so these two go pairwise.
            let length = |i, j| if i + j == 1 { 100 } else { 1 };
            let lengths: Vec<Vec<_>> = (0..size).map(|i| (0..size).map(|j| length(i, j)).collect()).collect();
            exchanges(&Ranks::all(size), &lengths, false, in_place, &tuning, 5);
        }
    }
}

#[test]
fn many_members_exchange_in_batches() {
    let tuning = Tuning { all_to_all: Some(AllToAllAlgorithm::Scattered), ..Tuning::default() };
    let blocks = Blocks::Even { len: 3 };
    let (team, source, result) = (Team::all(5, 600), Placed::send(&blocks), Placed::recv(&blocks));
    let schedule = planned(|plan| all_to_all::all_to_all(plan, &team, source, result, &tuning));
    let messages: Vec<_> = (0..schedule.rounds()).map(|round| schedule.round(round).messages.len()).collect();
    assert_eq!(messages, [512, 512, 2 * (599 - 512)]);
}

#[test]
fn the_choice_goes_by_length_and_members() {
    let tuning = Tuning::default();
    let choose = |blocks: &Blocks, members| all_to_all::choose(blocks, members, &tuning);
    assert_eq!(choose(&Blocks::Even { len: 8 }, 16), AllToAllAlgorithm::Bruck);
    assert_eq!(choose(&Blocks::Even { len: 8 }, 4), AllToAllAlgorithm::Scattered);
    assert_eq!(choose(&Blocks::Even { len: 1024 }, 16), AllToAllAlgorithm::Scattered);
    assert_eq!(choose(&Blocks::Even { len: 1 << 20 }, 16), AllToAllAlgorithm::Pairwise);
    assert_eq!(choose(&place(&[8; 16], 0), 16), AllToAllAlgorithm::Scattered);
}
