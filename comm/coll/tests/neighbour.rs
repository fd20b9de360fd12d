//! Neighbour collectives on grids and graphs, of which the small periodic ones have several edges between two members.

mod cases;
mod common;

use cases::{Random, Ranks, UNTOUCHED, content, end, holding, place, planned};
use common::Buffers;
use olympi_coll::{Blocks, NeighbourAlgorithm, Neighbours, Placed, Span, Tuning, neighbour};

/// The neighbours of all members, in lists.
#[derive(Clone, Debug)]
enum Lists {
    Grid(Vec<Vec<[Option<u32>; 2]>>),
    Graph { sources: Vec<Vec<Option<u32>>>, targets: Vec<Vec<Option<u32>>> },
}

impl Lists {
    fn of(&self, member: u32) -> Neighbours<'_> {
        let member = member as usize;
        match self {
            Self::Grid(dimensions) => Neighbours::Grid(&dimensions[member]),
            Self::Graph { sources, targets } => {
                Neighbours::Graph { sources: &sources[member], targets: &targets[member] }
            }
        }
    }

    /// For each member and each place in its list of sources: the source, and the place in that one's list of targets.
    fn expected(&self) -> Vec<Vec<Option<(u32, u32)>>> {
        match self {
            // MPI 5.0, 8.6: what is sent in one direction arrives as coming from the other one.
            Self::Grid(members) => members
                .iter()
                .map(|dimensions| {
                    (0..)
                        .zip(dimensions.as_flattened())
                        .map(|(at, source)| source.map(|source| (source, at ^ 1)))
                        .collect()
                })
                .collect(),
            Self::Graph { sources, targets } => (0..)
                .zip(sources)
                .map(|(me, sources)| {
                    let nth = |at: usize, source: Option<u32>| {
                        let before = sources[..at].iter().filter(|other| **other == source).count();
                        let targets = (0..).zip(&targets[source? as usize]);
                        targets
                            .filter(|(_, target)| **target == Some(me))
                            .nth(before)
                            .map(|(at, _)| (source.unwrap(), at))
                    };
                    sources.iter().enumerate().map(|(at, &source)| nth(at, source)).collect()
                })
                .collect(),
        }
    }
}

/// A grid of these extents; a dimension is periodic if its bit is set.
fn grid(extents: &[u32], periodic: u32) -> (u32, Lists) {
    let size: u32 = extents.iter().product();
    let neighbours = |member: u32| {
        let mut stride = size;
        (0..)
            .zip(extents)
            .map(|(dimension, &extent)| {
                stride /= extent;
                let at = member / stride % extent;
                let round = periodic >> dimension & 1 == 1;
                let to = |coordinate: u32| member - at * stride + coordinate * stride;
                let lower = (at > 0 || round).then(|| to((at + extent - 1) % extent));
                let higher = (at + 1 < extent || round).then(|| to((at + 1) % extent));
                [lower, higher]
            })
            .collect()
    };
    (size, Lists::Grid((0..size).map(neighbours).collect()))
}

/// A graph of any edges, some of them several times, some to their own member, in any order.
fn graph(size: u32, seed: u64) -> Lists {
    let mut random = Random(seed);
    let (mut sources, mut targets) = (vec![Vec::new(); size as usize], vec![Vec::new(); size as usize]);
    for _ in 0..random.below(4 * size as usize) {
        let (from, to) = (random.below(size as usize), random.below(size as usize));
        let at = random.below(targets[from].len() + 1);
        targets[from].insert(at, Some(to as u32));
        let at = random.below(sources[to].len() + 1);
        sources[to].insert(at, Some(from as u32));
    }
    for list in sources.iter_mut().chain(&mut targets) {
        if random.below(3) == 0 {
            list.insert(random.below(list.len() + 1), None);
        }
    }
    Lists::Graph { sources, targets }
}

/// How long the block at a place is: any length, which only its member knows, or the same for all.
fn length(even: bool, member: u32, at: u32) -> usize {
    if even { 4 } else { [0, 1, 5, 12][(member * 7 + at * 3) as usize % 4] }
}

fn all_to_all(ranks: &Ranks, lists: &Lists, even: bool, tuning: &Tuning) {
    let expected = lists.expected();
    let outgoing: Vec<Vec<Vec<u8>>> = (0..ranks.size())
        .map(|member| {
            let targets = match lists.of(member) {
                Neighbours::Grid(dimensions) => 2 * dimensions.len(),
                Neighbours::Graph { targets, .. } => targets.len(),
            };
            (0..targets as u32).map(|at| content(member, at, length(even, member, at))).collect()
        })
        .collect();
    let incoming: Vec<Vec<Vec<u8>>> = expected
        .iter()
        .map(|edges| {
            let from = |edge: &Option<(u32, u32)>| match *edge {
                Some((source, at)) => outgoing[source as usize][at as usize].clone(),
                // What nobody sends stays as it is.
                None => vec![UNTOUCHED; 4],
            };
            edges.iter().map(from).collect()
        })
        .collect();
    let blocks = |contents: &[Vec<u8>], seed| {
        let lengths: Vec<usize> = contents.iter().map(Vec::len).collect();
        if even { Blocks::Even { len: 4 } } else { place(&lengths, seed) }
    };
    let sources: Vec<Blocks> = (1..).zip(&outgoing).map(|(seed, contents)| blocks(contents, seed)).collect();
    let results: Vec<Blocks> = (50..).zip(&incoming).map(|(seed, contents)| blocks(contents, seed)).collect();
    let buffers: Vec<Buffers> = (0..ranks.size() as usize)
        .map(|i| Buffers {
            send: holding(&sources[i], &outgoing[i]),
            recv: vec![UNTOUCHED; end(&results[i], incoming[i].len() as u32)],
        })
        .collect();
    let (after, cost) = ranks.run(&buffers, 11, |team| {
        let me = team.me() as usize;
        let (source, result) = (Placed::send(&sources[me]), Placed::recv(&results[me]));
        planned(|plan| neighbour::all_to_all(plan, team, &lists.of(team.me()), source, result, tuning))
    });
    for ((after, blocks), incoming) in after.iter().zip(&results).zip(&incoming) {
        assert_eq!(after.recv, holding(blocks, incoming), "{lists:?}");
    }
    // Edges to others are one message each; members do not write to themselves.
    let edges = (0..).zip(&expected).flat_map(|(me, edges)| {
        edges.iter().filter(move |edge| edge.is_some_and(|(source, _)| source != me))
    });
    assert_eq!(cost.messages, edges.count());
    let in_turn =
        matches!(lists, Lists::Grid(_)) && tuning.neighbour == Some(NeighbourAlgorithm::ByDimension);
    assert!(in_turn || cost.depth <= 1);
}

fn all_gather(ranks: &Ranks, lists: &Lists, tuning: &Tuning) {
    let contents: Vec<_> =
        (0..ranks.size()).map(|member| content(member, 0, length(false, member, 1))).collect();
    let incoming: Vec<Vec<Vec<u8>>> = lists
        .expected()
        .iter()
        .map(|edges| {
            let from = |edge: &Option<(u32, u32)>| match *edge {
                Some((source, _)) => contents[source as usize].clone(),
                None => vec![UNTOUCHED; 3],
            };
            edges.iter().map(from).collect()
        })
        .collect();
    let results: Vec<Blocks> = (1..)
        .zip(&incoming)
        .map(|(seed, incoming)| place(&incoming.iter().map(Vec::len).collect::<Vec<_>>(), seed))
        .collect();
    let buffers: Vec<Buffers> = (0..ranks.size() as usize)
        .map(|i| Buffers {
            send: contents[i].clone(),
            recv: vec![UNTOUCHED; end(&results[i], incoming[i].len() as u32)],
        })
        .collect();
    let (after, _) = ranks.run(&buffers, 12, |team| {
        let own = Span::send(contents[team.me() as usize].len());
        let result = Placed::recv(&results[team.me() as usize]);
        planned(|plan| neighbour::all_gather(plan, team, &lists.of(team.me()), own, result, tuning))
    });
    for ((after, blocks), incoming) in after.iter().zip(&results).zip(&incoming) {
        assert_eq!(after.recv, holding(blocks, incoming), "{lists:?}");
    }
}

#[test]
fn on_a_grid_what_goes_one_way_comes_from_the_other() {
    let grids: [&[u32]; 12] =
        [&[], &[1], &[2], &[3], &[5], &[1, 1], &[2, 1], &[1, 4], &[2, 2], &[3, 4], &[2, 1, 3], &[1, 2, 2, 1]];
    for extents in grids {
        for periodic in 0..1 << extents.len() {
            let (size, lists) = grid(extents, periodic);
            for ranks in Ranks::of(size) {
                for neighbour in
                    [None, Some(NeighbourAlgorithm::Scattered), Some(NeighbourAlgorithm::ByDimension)]
                {
                    let tuning = Tuning { neighbour, ..Tuning::default() };
                    all_to_all(&ranks, &lists, false, &tuning);
                    all_to_all(&ranks, &lists, true, &tuning);
                    all_gather(&ranks, &lists, &tuning);
                }
            }
        }
    }
}

#[test]
fn on_a_ring_of_two_left_and_right_are_the_same_member_and_are_not_confused() {
    // Each sends "L" to its left and "R" to its right: from the left an "R" comes, and the other way round.
    for size in [1, 2] {
        let other = |member: u32| Some((member + 1) % size);
        let blocks = Blocks::Even { len: 1 };
        let buffers = vec![Buffers { send: b"LR".to_vec(), recv: vec![0; 2] }; size as usize];
        let (after, _) = Ranks::all(size).run(&buffers, 1, |team| {
            let ring = [[other(team.me()), other(team.me())]];
            let (source, result) = (Placed::send(&blocks), Placed::recv(&blocks));
            let (ring, tuning) = (Neighbours::Grid(&ring), Tuning::default());
            planned(|plan| neighbour::all_to_all(plan, team, &ring, source, result, &tuning))
        });
        assert!(after.iter().all(|after| after.recv == b"RL"), "{size}");
    }
}

#[test]
fn on_a_graph_edges_between_two_members_match_in_order() {
    for size in 1..=17 {
        for seed in 0..8 {
            let lists = graph(size, seed * 100 + u64::from(size));
            let ranks = &Ranks::of(size)[seed as usize % 3];
            // On a graph there is nothing to go by dimension.
            let neighbour = [None, Some(NeighbourAlgorithm::ByDimension)][seed as usize % 2];
            let tuning = Tuning { neighbour, ..Tuning::default() };
            all_to_all(ranks, &lists, seed % 3 == 0, &tuning);
            all_gather(ranks, &lists, &tuning);
        }
    }
}
