//! 65,536 ranks: messages, depth and memory of a barrier and a reduction of 8 bytes for all.

mod cases;
mod common;

use cases::{lean, planned};
use common::Cost;
use olympi_coll::{Elements, Nodes, Plan, Span, Team, Tuning, all_reduce, barrier};

const RANKS: u32 = 65_536;
const PER_RANK: usize = 64 << 10;

/// Runs all ranks' messages; every rank must hear of 64 witnesses all over the job.
fn run(add: impl Fn(&mut Plan, &Team)) -> Cost {
    let schedules = (0..RANKS).map(|me| {
        let schedule = planned(|plan| add(plan, &Team::all(me, RANKS)));
        let memory = schedule.memory() + schedule.scratch();
        assert!(memory < PER_RANK, "rank {me} needs {memory} bytes");
        schedule
    });
    let witness = |rank: u32| if rank % 1024 == rank / 1024 * 7 % 1024 { 1 << (rank / 1024) } else { 0 };
    let (cost, known) = lean::run(schedules, witness);
    assert!(known.iter().all(|&known| known == u64::MAX), "someone has not heard of all");
    cost
}

fn sum(plan: &mut Plan, team: &Team, nodes: Option<&Nodes>) {
    let elements = Elements { grain: 8, commutative: true };
    let data = Span::recv(8);
    all_reduce::all_reduce(plan, team, data, data, elements, nodes, &Tuning::default());
}

#[test]
fn a_barrier_is_16_rounds() {
    let cost = run(|plan, team| barrier::barrier(plan, team, None, &Tuning::default()));
    assert_eq!(cost, Cost { messages: 65_536 * 16, bytes: 0, depth: 16 });
}

#[test]
fn a_reduction_is_16_rounds() {
    let cost = run(|plan, team| sum(plan, team, None));
    assert_eq!(cost, Cost { messages: 65_536 * 16, bytes: 65_536 * 16 * 8, depth: 16 });
}

#[test]
fn nodes_of_64_need_a_fraction_of_the_messages() {
    let nodes = Nodes::Consecutive(64);
    // 1,024 leaders meet in 10 rounds; 6 levels in a node, up and down.
    let messages = 1024 * 10 + 2 * (65_536 - 1024);
    let cost = run(|plan, team| barrier::barrier(plan, team, Some(&nodes), &Tuning::default()));
    assert_eq!(cost, Cost { messages, bytes: 0, depth: 22 });
    let cost = run(|plan, team| sum(plan, team, Some(&nodes)));
    assert_eq!(cost, Cost { messages, bytes: messages * 8, depth: 22 });
}
