//! Gather: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Ranks, UNTOUCHED, content, end, holding, lengths, log2, place, planned, put};
use common::{Buffers, Cost};
use olympi_coll::{Blocks, GatherAlgorithm, Placed, Span, Tuning, gather};

/// Gathers blocks of these lengths to where `blocks` says at the root.
fn gathers(
    ranks: &Ranks,
    root: u32,
    lengths: &[usize],
    blocks: &Blocks,
    in_place: bool,
    tuning: &Tuning,
) -> Cost {
    let size = ranks.size();
    let contents: Vec<_> = (0..size).map(|member| content(member, root, lengths[member as usize])).collect();
    let buffers: Vec<Buffers> = (0..size)
        .map(|member| {
            let content = contents[member as usize].clone();
            if member != root {
                return Buffers { send: content, recv: Vec::new() };
            }
            let mut recv = vec![UNTOUCHED; end(blocks, size)];
            if in_place {
                put(&mut recv, blocks, root, &content);
            }
            Buffers { send: if in_place { Vec::new() } else { content }, recv }
        })
        .collect();
    let (after, cost) = ranks.run(&buffers, u64::from(root) + 7, |team| {
        let result = Some(Placed::recv(blocks)).filter(|_| team.me() == root);
        let own = match result {
            Some(result) if in_place => result.span(root),
            _ => Span::send(lengths[team.me() as usize]),
        };
        let even = matches!(blocks, Blocks::Even { .. });
        planned(|plan| gather::gather(plan, team, root, own, result, even, tuning))
    });
    assert_eq!(
        after[root as usize].recv,
        holding(blocks, &contents),
        "{size}, {root}, {lengths:?}, {tuning:?}"
    );
    cost
}

#[test]
fn every_algorithm_gives_the_root_all_even_blocks() {
    for &algorithm in GatherAlgorithm::ALL {
        let tuning = Tuning { gather: Some(algorithm), ..Tuning::default() };
        for size in 1..=17 {
            for ranks in Ranks::of(size) {
                for (root, len) in (0..size).flat_map(|root| [(root, 0), (root, 1), (root, 5)]) {
                    for in_place in [false, true] {
                        let lengths = vec![len; size as usize];
                        let cost = gathers(&ranks, root, &lengths, &Blocks::Even { len }, in_place, &tuning);
                        let least = size as usize - 1;
                        let hops = |member: u32| member.count_ones() as usize;
                        match algorithm {
                            GatherAlgorithm::Linear => {
                                let depth = least.min(1);
                                assert_eq!(cost, Cost { messages: least, bytes: least * len, depth });
                            }
                            GatherAlgorithm::Binomial => {
                                assert!((least..=least + log2(size)).contains(&cost.messages), "{cost:?}");
                                assert_eq!(cost.bytes, (0..size).map(hops).sum::<usize>() * len);
                                assert_eq!(Some(cost.depth), (0..size).map(hops).max());
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_root_gets_blocks_of_any_lengths_where_it_wants_them() {
    for size in 1..=17 {
        for ranks in Ranks::of(size) {
            for (root, seed) in (0..size).flat_map(|root| [(root, 0), (root, 1), (root, 2), (root, 3)]) {
                let lengths = lengths(size, seed);
                let blocks = place(&lengths, seed);
                // A tree that is asked for cannot serve this.
                let gather = [None, Some(GatherAlgorithm::Binomial)][seed as usize % 2];
                gathers(&ranks, root, &lengths, &blocks, seed > 1, &Tuning { gather, ..Tuning::default() });
            }
        }
    }
}

#[test]
fn long_blocks_go_straight_to_the_root() {
    let tuning = Tuning::default();
    assert_eq!(gather::choose(8, true, 16, &tuning), GatherAlgorithm::Binomial);
    assert_eq!(gather::choose(1 << 20, true, 16, &tuning), GatherAlgorithm::Linear);
    assert_eq!(gather::choose(8, false, 16, &tuning), GatherAlgorithm::Linear);
}

#[test]
fn a_root_of_many_receives_in_batches() {
    let ranks = Ranks::all(600);
    let cost = gathers(
        &ranks,
        77,
        &[2; 600],
        &Blocks::Even { len: 2 },
        false,
        &Tuning { gather: Some(GatherAlgorithm::Linear), ..Tuning::default() },
    );
    assert_eq!(cost.messages, 599);
}
