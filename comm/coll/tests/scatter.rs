//! Scatter: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Ranks, UNTOUCHED, content, end, holding, lengths, log2, place, planned};
use common::{Buffers, Cost};
use olympi_coll::{Area, Blocks, Placed, ScatterAlgorithm, Span, Tuning, scatter};

/// Scatters blocks of these lengths from where `blocks` says at the root.
fn scatters(
    ranks: &Ranks,
    root: u32,
    lengths: &[usize],
    blocks: &Blocks,
    in_place: bool,
    tuning: &Tuning,
) -> Cost {
    let size = ranks.size();
    let contents: Vec<_> = (0..size).map(|member| content(root, member, lengths[member as usize])).collect();
    let untouched = |member: u32| vec![UNTOUCHED; lengths[member as usize]];
    let buffers: Vec<Buffers> = (0..size)
        .map(|member| Buffers {
            send: if member == root { holding(blocks, &contents) } else { Vec::new() },
            recv: untouched(member),
        })
        .collect();
    let (after, cost) = ranks.run(&buffers, u64::from(root) + 3, |team| {
        let source = Some(Placed::send(blocks)).filter(|_| team.me() == root);
        let own = match source {
            Some(source) if in_place => source.span(root),
            _ => Span::recv(lengths[team.me() as usize]),
        };
        let even = matches!(blocks, Blocks::Even { .. });
        planned(|plan| scatter::scatter(plan, team, root, source, own, even, tuning))
    });
    for (member, after) in (0..).zip(&after) {
        let content = &contents[member as usize];
        let expected = if in_place && member == root { &untouched(member) } else { content };
        assert_eq!(&after.recv, expected, "member {member} of {size}, root {root}, {tuning:?}");
    }
    cost
}

#[test]
fn every_algorithm_gives_each_member_its_even_block() {
    for &algorithm in ScatterAlgorithm::ALL {
        let tuning = Tuning { scatter: Some(algorithm), ..Tuning::default() };
        for size in 1..=17 {
            for ranks in Ranks::of(size) {
                for (root, len) in (0..size).flat_map(|root| [(root, 0), (root, 1), (root, 5)]) {
                    for in_place in [false, true] {
                        let lengths = vec![len; size as usize];
                        let cost = scatters(&ranks, root, &lengths, &Blocks::Even { len }, in_place, &tuning);
                        let least = size as usize - 1;
                        let hops = |member: u32| member.count_ones() as usize;
                        match algorithm {
                            ScatterAlgorithm::Linear => {
                                let depth = least.min(1);
                                assert_eq!(cost, Cost { messages: least, bytes: least * len, depth });
                            }
                            ScatterAlgorithm::Binomial => {
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
fn blocks_of_any_lengths_come_from_where_the_root_has_them() {
    for size in 1..=17 {
        for ranks in Ranks::of(size) {
            for (root, seed) in (0..size).flat_map(|root| [(root, 0), (root, 1), (root, 2), (root, 3)]) {
                let lengths = lengths(size, seed);
                let blocks = place(&lengths, seed);
                // A tree that is asked for cannot serve this.
                let scatter = [None, Some(ScatterAlgorithm::Binomial)][seed as usize % 2];
                let tuning = Tuning { scatter, ..Tuning::default() };
                scatters(&ranks, root, &lengths, &blocks, seed > 1, &tuning);
            }
        }
    }
}

#[test]
fn long_blocks_come_straight_from_the_root() {
    let tuning = Tuning::default();
    assert_eq!(scatter::choose(8, true, 16, &tuning), ScatterAlgorithm::Binomial);
    assert_eq!(scatter::choose(1 << 20, true, 16, &tuning), ScatterAlgorithm::Linear);
    assert_eq!(scatter::choose(8, false, 16, &tuning), ScatterAlgorithm::Linear);
}

#[test]
fn inside_memory_that_all_have_each_gets_its_block_where_it_lies() {
    for size in 1..=17 {
        for ranks in Ranks::of(size) {
            for (root, seed) in (0..size).flat_map(|root| [(root, 1), (root, 2)]) {
                let lengths = lengths(size, seed);
                let blocks = place(&lengths, 0);
                let contents: Vec<_> = (0..size).map(|m| content(root, m, lengths[m as usize])).collect();
                let buffers: Vec<Buffers> = (0..size)
                    .map(|member| Buffers {
                        send: Vec::new(),
                        recv: if member == root {
                            holding(&blocks, &contents)
                        } else {
                            vec![UNTOUCHED; end(&blocks, size)]
                        },
                    })
                    .collect();
                let (after, _) = ranks.run(&buffers, seed, |team| {
                    planned(|plan| scatter::binomial_within(plan, team, root, Placed::recv(&blocks)))
                });
                for (member, after) in (0..).zip(&after) {
                    let Span { offset, len, .. } = blocks.span(Area::Recv, member);
                    assert_eq!(after.recv[offset..offset + len], contents[member as usize]);
                }
            }
        }
    }
}
