//! Barriers: nobody leaves before all have come, in as many messages as the formulas say.

mod cases;
mod common;

use cases::{Ranks, hops, lean, log2, planned};
use common::Cost;
use olympi_coll::{BarrierAlgorithm, Nodes, Plan, Schedule, Team, Tuning, barrier};

/// Each rank knows of every member in the end: each has waited for all.
fn all_have_waited(ranks: &Ranks, add: impl Fn(&mut Plan, &Team)) -> Cost {
    let size = ranks.size();
    let mut schedules = vec![Schedule::default(); ranks.world as usize];
    let mut bits = vec![0; ranks.world as usize];
    for member in 0..size {
        let team = ranks.team(member);
        schedules[team.rank(member) as usize] = planned(|plan| add(plan, &team));
        bits[team.rank(member) as usize] = 1 << member;
    }
    let (cost, known) = lean::run(schedules.into_iter(), |rank| bits[rank as usize]);
    for (known, own) in known.iter().zip(bits) {
        assert!(own == 0 || *known == (1 << size) - 1, "someone has not waited for all: {known:b}");
    }
    cost
}

#[test]
fn nobody_leaves_before_all_have_come() {
    for size in 1..=17 {
        for kind in 0..3 {
            let ranks = Ranks::like(size, kind);
            let asked = |algorithm| Tuning { barrier: Some(algorithm), ..Tuning::default() };
            let by = |algorithm| {
                all_have_waited(&ranks, |plan, team| barrier::barrier(plan, team, None, &asked(algorithm)))
            };
            let rounds = log2(size);
            let cost = by(BarrierAlgorithm::Dissemination);
            assert_eq!((cost.messages, cost.bytes, cost.depth), (size as usize * rounds, 0, rounds));
            let cost = by(BarrierAlgorithm::Tree);
            assert_eq!((cost.messages, cost.bytes, cost.depth), (2 * (size as usize - 1), 0, 2 * hops(size)));
            // Nobody knows of nodes: the choice is another one.
            let cost = by(BarrierAlgorithm::Leaders);
            assert_eq!(cost.messages, size as usize * rounds);
        }
    }
}

#[test]
fn leaders_speak_for_their_nodes() {
    for size in 2..=17_u32 {
        for each in 1..=size {
            let ranks = Ranks::like(size, u64::from(each));
            let nodes = Nodes::Consecutive(each);
            let cost = all_have_waited(&ranks, |plan, team| {
                barrier::barrier(plan, team, Some(&nodes), &Tuning::default())
            });
            if nodes.place(&ranks.team(0)).is_some() {
                let count = size.div_ceil(each);
                let messages = count as usize * log2(count) + 2 * (size - count) as usize;
                assert_eq!(cost.messages, messages, "{size} in nodes of {each}");
                if size % each == 0 {
                    assert_eq!(cost.depth, log2(count) + 2 * hops(each));
                }
            }
            let mixed: Vec<u32> = (0..size).map(|member| member * 7 % 5 % each).collect();
            let nodes = Nodes::Listed(mixed.into());
            all_have_waited(&ranks, |plan, team| {
                barrier::barrier(plan, team, Some(&nodes), &Tuning::default())
            });
        }
    }
}
