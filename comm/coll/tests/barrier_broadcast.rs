//! Barrier and broadcast: every algorithm, and among very many ranks.

mod cases;
mod common;

use std::collections::HashMap;

use cases::{Ranks, hops, log2, planned};
use common::{Buffers, bytes};
use olympi_coll::{
    Elements, Nodes, Plan, Schedule, Span, Step, Team, Tuning, all_reduce, barrier, broadcast,
};

type Add<'a> = Box<dyn Fn(&mut Plan, &Team) + 'a>;

#[test]
fn broadcasts_reach_all() {
    let tuning = Tuning { leaders_max: 20, broadcast_piece: 7, broadcast_chain_min: 60, ..Tuning::default() };
    for size in 1..=17_u32 {
        for ranks in Ranks::of(size) {
            for (root, len) in (0..size).flat_map(|root| [0, 1, 5, 17, 64].map(move |len| (root, len))) {
                let data = Span::recv(len);
                let nodes = Nodes::Consecutive(3);
                let mut algorithms: Vec<(&str, Add)> = vec![
                    ("flat", Box::new(|plan, team| broadcast::flat(plan, team, root, data))),
                    ("binomial", Box::new(|plan, team| broadcast::binomial(plan, team, root, data))),
                    ("ring", Box::new(|plan, team| broadcast::scatter_ring(plan, team, root, data))),
                    ("chain", Box::new(|plan, team| broadcast::chain(plan, team, root, data, 7))),
                    (
                        "chosen",
                        Box::new(|plan, team| broadcast::broadcast(plan, team, root, data, None, &tuning)),
                    ),
                    (
                        "leaders",
                        Box::new(|plan, team| {
                            broadcast::broadcast(plan, team, root, data, Some(&nodes), &tuning)
                        }),
                    ),
                ];
                if size.is_power_of_two() {
                    algorithms.push((
                        "doubling",
                        Box::new(|plan, team| broadcast::scatter_doubling(plan, team, root, data)),
                    ));
                }
                let buffers: Vec<Buffers> = (0..size)
                    .map(|member| {
                        let recv = if member == root { bytes(root, len) } else { vec![0xEE; len] };
                        Buffers { send: Vec::new(), recv }
                    })
                    .collect();
                for (name, algorithm) in algorithms {
                    let (after, _) =
                        ranks.run(&buffers, u64::from(root), |team| planned(|plan| algorithm(plan, team)));
                    let all = after.iter().all(|after| after.recv == bytes(root, len));
                    assert!(all, "{name} of {len} bytes from {root} among {ranks:?}");
                }
            }
        }
    }
}

/// Whether every rank's end depends on every rank's beginning, by the messages alone.
fn is_barrier(schedules: &[Schedule]) -> bool {
    let n = schedules.len();
    let mut wires: HashMap<(u32, u32), Vec<Vec<bool>>> = HashMap::new();
    let mut knows: Vec<Vec<bool>> = (0..n).map(|me| (0..n).map(|other| me == other).collect()).collect();
    let (mut round, mut sent) = (vec![0; n], vec![false; n]);
    let mut moved = true;
    while std::mem::take(&mut moved) {
        for me in 0..n {
            while round[me] < schedules[me].rounds() {
                let messages = schedules[me].round(round[me]).messages;
                if !sent[me] {
                    for step in messages {
                        if let Step::Send { to, .. } = step {
                            wires.entry((me as u32, *to)).or_default().push(knows[me].clone());
                        }
                    }
                    sent[me] = true;
                    moved = true;
                }
                let sources: Vec<u32> = messages
                    .iter()
                    .filter_map(|step| if let Step::Recv { from, .. } = step { Some(*from) } else { None })
                    .collect();
                if !sources.iter().all(|from| wires.get(&(*from, me as u32)).is_some_and(|w| !w.is_empty())) {
                    break;
                }
                for from in sources {
                    let heard = wires.get_mut(&(from, me as u32)).unwrap().remove(0);
                    knows[me].iter_mut().zip(heard).for_each(|(mine, theirs)| *mine |= theirs);
                }
                round[me] += 1;
                sent[me] = false;
                moved = true;
            }
        }
    }
    (0..n).all(|me| round[me] == schedules[me].rounds() && knows[me].iter().all(|known| *known))
}

#[test]
fn nobody_leaves_a_barrier_before_all_have_come() {
    let tuning = Tuning::default();
    for size in 1..=17_u32 {
        let nodes = Nodes::Consecutive(4);
        let algorithms: [Add; 4] = [
            Box::new(barrier::dissemination),
            Box::new(barrier::tree),
            Box::new(|plan, team| barrier::barrier(plan, team, None, &tuning)),
            Box::new(|plan, team| barrier::barrier(plan, team, Some(&nodes), &tuning)),
        ];
        for (at, algorithm) in algorithms.into_iter().enumerate() {
            let all: Vec<_> =
                (0..size).map(|me| planned(|plan| algorithm(plan, &Team::all(me, size)))).collect();
            assert!(is_barrier(&all), "algorithm {at} among {size}");
            let (_, cost) = Ranks::all(size).run(&vec![Buffers::default(); size as usize], 1, |team| {
                planned(|plan| algorithm(plan, team))
            });
            let (n, rounds) = (size as usize, log2(size));
            match at {
                0 => assert_eq!((cost.messages, cost.depth), (n * rounds, rounds)),
                1 => assert_eq!((cost.messages, cost.depth), (2 * (n - 1), 2 * hops(size))),
                _ => {}
            }
        }
    }
}

/// Checks every schedule of very many ranks without running them: round by round each send of a rank meets the receive of
/// another, and a rank's memory stays small. Gives messages and rounds.
fn scale(size: u32, plan: impl Fn(&mut Plan, &Team)) -> (usize, usize) {
    let mut balance: HashMap<(u32, u32, usize), i64> = HashMap::new();
    let (mut messages, mut rounds) = (0, 0);
    for me in 0..size {
        let schedule = planned(|p| plan(p, &Team::all(me, size)));
        let memory = schedule.memory() + schedule.scratch();
        assert!(memory < 64 << 10, "rank {me} takes {memory} bytes");
        rounds = rounds.max(schedule.rounds());
        for round in 0..schedule.rounds() {
            for step in schedule.round(round).messages {
                let (key, count) = match *step {
                    Step::Send { to, from } => ((me, to, from.len), 1),
                    Step::Recv { from, into } => ((from, me, into.len), -1),
                    _ => panic!("only messages"),
                };
                messages += usize::from(count == 1);
                let left = balance.entry(key).or_default();
                *left += count;
                if *left == 0 {
                    balance.remove(&key);
                }
            }
        }
    }
    assert!(balance.is_empty(), "{} messages and receives do not meet", balance.len());
    (messages, rounds)
}

#[test]
fn among_65536_ranks_the_formulas_hold_and_memory_is_small() {
    const RANKS: u32 = 65_536;
    let tuning = Tuning::default();
    let barriers = scale(RANKS, |plan, team| barrier::barrier(plan, team, None, &tuning));
    assert_eq!(barriers, (RANKS as usize * 16, 16));
    let elements = Elements { grain: 8, commutative: true };
    let reductions = scale(RANKS, |plan, team| {
        all_reduce::all_reduce(plan, team, Span::send(8), Span::recv(8), elements, None, &tuning);
    });
    assert_eq!(reductions, (RANKS as usize * 16, 16));
    // 64 ranks a node: one message up and one down inside, and the leaders among themselves.
    let nodes = Nodes::Consecutive(64);
    let (messages, _) = scale(RANKS, |plan, team| barrier::barrier(plan, team, Some(&nodes), &tuning));
    assert_eq!(messages, 1024 * 63 * 2 + 1024 * 10);
    let (messages, _) = scale(RANKS, |plan, team| {
        all_reduce::all_reduce(plan, team, Span::send(8), Span::recv(8), elements, Some(&nodes), &tuning);
    });
    assert_eq!(messages, 1024 * 63 * 2 + 1024 * 10);
}
