//! Scatter: every algorithm against what it should give.

mod cases;
mod common;

use cases::{Ranks, UNTOUCHED, content, end, holding, lengths, log2, place, planned};
use common::Buffers;
use olympi_coll::{Area, Blocks, Placed, Span, scatter};

#[test]
fn a_tree_gives_each_member_its_block() {
    for size in 1..=17 {
        for ranks in Ranks::of(size) {
            for (root, len, in_place) in (0..size)
                .flat_map(|root| [(root, 0, false), (root, 1, true), (root, 5, false), (root, 5, true)])
            {
                let blocks = Blocks::Even { len };
                let contents: Vec<_> = (0..size).map(|member| content(root, member, len)).collect();
                let buffers: Vec<Buffers> = (0..size)
                    .map(|member| Buffers {
                        send: if member == root { contents.concat() } else { Vec::new() },
                        recv: vec![UNTOUCHED; len],
                    })
                    .collect();
                let (after, cost) = ranks.run(&buffers, 3, |team| {
                    let source = Placed::send(&blocks);
                    let at_root = team.me() == root && in_place;
                    let own = if at_root { source.span(root) } else { Span::recv(len) };
                    planned(|plan| scatter::binomial(plan, team, root, source, own))
                });
                for (member, after) in (0..).zip(&after) {
                    let untouched = vec![UNTOUCHED; len];
                    let expected =
                        if in_place && member == root { &untouched } else { &contents[member as usize] };
                    assert_eq!(&after.recv, expected, "member {member} of {size}, root {root}");
                }
                if len > 0 {
                    let (least, depth) = (size as usize - 1, log2(size));
                    assert!(
                        (least..=least + depth).contains(&cost.messages),
                        "{cost:?} of {size}, root {root}"
                    );
                    let hops = |member: u32| member.count_ones() as usize;
                    let depth = (0..size).map(hops).max();
                    assert_eq!(
                        (Some(cost.depth), cost.bytes),
                        (depth, (0..size).map(hops).sum::<usize>() * len)
                    );
                }
            }
        }
    }
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
