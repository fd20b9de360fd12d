//! Reductions to a root and for all, and scans, beside a sequential reference.

mod cases;
mod common;

use cases::kinds::{COUNTS, Kind, contribution};
use cases::{Ranks, planned};
use common::bytes;
use olympi_coll::{
    AllReduceAlgorithm, ExclusiveScanAlgorithm, Nodes, ReduceAlgorithm, ScanAlgorithm, Span, Team, Tuning,
    all_reduce, exclusive_scan, reduce, scan,
};

fn own(len: usize, in_place: bool) -> Span {
    if in_place { Span::recv(len) } else { Span::send(len) }
}

/// Node layouts, and none.
fn layouts(size: u32) -> Vec<Option<Nodes>> {
    vec![
        None,
        Some(Nodes::Consecutive(2)),
        Some(Nodes::Consecutive(3)),
        Some(Nodes::Listed((0..size).map(|member| u32::from(member > 0) + u32::from(member > 4)).collect())),
        Some(Nodes::Listed((0..size).map(|member| member % 3).collect())),
    ]
}

#[test]
fn the_root_has_all_in_their_order() {
    let mut seed = 0;
    for size in 1..=17 {
        for root in 0..size {
            for (kind, in_place) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
                for count in COUNTS {
                    for &algorithm in ReduceAlgorithm::ALL {
                        let tuning = Tuning { reduce: Some(algorithm), ..Tuning::default() };
                        seed += 1;
                        check_reduce(
                            &Ranks::like(size, seed),
                            root,
                            kind,
                            count,
                            in_place,
                            None,
                            &tuning,
                            seed,
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn leaders_lead_to_the_root() {
    let mut seed = 0;
    for size in 2..=17 {
        for root in 0..size {
            for nodes in layouts(size) {
                for (kind, in_place) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
                    seed += 1;
                    // By trees, and by halves.
                    let tuning = Tuning { reduce_short_max: 20, ..Tuning::default() };
                    for count in [1, 16] {
                        let ranks = Ranks::like(size, seed);
                        check_reduce(&ranks, root, kind, count, in_place, nodes.as_ref(), &tuning, seed);
                    }
                }
            }
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn check_reduce(
    ranks: &Ranks,
    root: u32,
    kind: Kind,
    count: usize,
    in_place: bool,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
    seed: u64,
) {
    let len = count * kind.grain();
    let (after, _) = ranks.play(
        |plan, team| {
            // The others have no result, and nothing of theirs is written to.
            let own = own(len, in_place && team.me() == root);
            reduce::reduce(plan, team, root, own, Span::recv(len), kind.elements(), nodes, tuning);
        },
        |member| match member == root {
            true => contribution(member, len, len, in_place),
            false => contribution(member, len, 0, false),
        },
        kind,
        seed,
    );
    let expected = kind.combined(0, ranks.size(), len);
    let what =
        format!("{} members, root {root}, {count} x {kind:?}, in place {in_place}, {tuning:?}", ranks.size());
    assert!(after[root as usize].recv == expected, "{what}");
    for (member, buffers) in (0..).zip(&after) {
        assert!(buffers.send.is_empty() || buffers.send == bytes(member, len), "{what}");
    }
}

#[test]
fn all_have_the_same() {
    let mut seed = 0;
    for size in 1..=17 {
        for (kind, in_place) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            for count in COUNTS {
                for &algorithm in AllReduceAlgorithm::ALL {
                    let tuning = Tuning { all_reduce: Some(algorithm), ..Tuning::default() };
                    for _ in 0..3 {
                        seed += 1;
                        check_all_reduce(
                            &Ranks::like(size, seed),
                            kind,
                            count,
                            in_place,
                            None,
                            &tuning,
                            seed,
                        );
                    }
                }
                for nodes in layouts(size) {
                    for tuning in [
                        Tuning::default(),
                        Tuning { all_reduce_short_max: 8, reduce_short_max: 8, ..Tuning::default() },
                    ] {
                        seed += 1;
                        let ranks = Ranks::like(size, seed);
                        check_all_reduce(&ranks, kind, count, in_place, nodes.as_ref(), &tuning, seed);
                    }
                }
            }
        }
    }
}

fn check_all_reduce(
    ranks: &Ranks,
    kind: Kind,
    count: usize,
    in_place: bool,
    nodes: Option<&Nodes>,
    tuning: &Tuning,
    seed: u64,
) {
    let len = count * kind.grain();
    let (after, _) = ranks.play(
        |plan, team| {
            let (own, result) = (own(len, in_place), Span::recv(len));
            all_reduce::all_reduce(plan, team, own, result, kind.elements(), nodes, tuning);
        },
        |member| contribution(member, len, len, in_place),
        kind,
        seed,
    );
    let expected = kind.combined(0, ranks.size(), len);
    for (member, buffers) in after.iter().enumerate() {
        assert!(
            buffers.recv == expected,
            "member {member} of {}, {count} x {kind:?}, in place {in_place}, {nodes:?}, {tuning:?}",
            ranks.size()
        );
    }
}

#[test]
fn scans_have_all_up_to_themselves() {
    let mut seed = 0;
    for size in 1..=17 {
        for (kind, in_place) in Kind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            for count in COUNTS {
                let len = count * kind.grain();
                for &algorithm in ScanAlgorithm::ALL {
                    let tuning = Tuning { scan: Some(algorithm), ..Tuning::default() };
                    seed += 1;
                    let (after, _) = Ranks::like(size, seed).play(
                        |plan, team| scan::scan(plan, team, own(len, in_place), Span::recv(len), &tuning),
                        |member| contribution(member, len, len, in_place),
                        kind,
                        seed,
                    );
                    for (member, buffers) in (0..).zip(&after) {
                        assert!(
                            buffers.recv == kind.combined(0, member + 1, len),
                            "member {member} of {size}, {tuning:?}"
                        );
                    }
                }
                for &algorithm in ExclusiveScanAlgorithm::ALL {
                    let tuning = Tuning { exclusive_scan: Some(algorithm), ..Tuning::default() };
                    seed += 1;
                    let (after, _) = Ranks::like(size, seed).play(
                        |plan, team| {
                            let (own, result) = (own(len, in_place), Span::recv(len));
                            exclusive_scan::exclusive_scan(plan, team, own, result, &tuning);
                        },
                        |member| contribution(member, len, len, in_place),
                        kind,
                        seed,
                    );
                    assert_eq!(
                        after[0].recv,
                        contribution(0, len, len, in_place).recv,
                        "nothing is before the first"
                    );
                    for (member, buffers) in (0..).zip(&after).skip(1) {
                        assert!(
                            buffers.recv == kind.combined(0, member, len),
                            "member {member} of {size}, {tuning:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_short_reduction_of_two_is_one_round_without_copies() {
    for me in 0..2 {
        for in_place in [false, true] {
            let schedule = planned(|plan| {
                let (own, result, team) = (own(8, in_place), Span::recv(8), Team::all(me, 2));
                let elements = Kind::Multiply.elements();
                all_reduce::all_reduce(plan, &team, own, result, elements, None, &Tuning::default());
            });
            let round = schedule.round(0);
            assert_eq!((schedule.rounds(), round.messages.len(), round.local.len()), (1, 2, 1));
            assert_eq!(schedule.scratch(), if in_place { 8 } else { 0 });
        }
    }
}
