//! Collectives between two groups: every pair of sizes, every root, against what they should give.

mod cases;
mod common;

use cases::{UNTOUCHED, content, end, holding, lengths, place, planned};
use common::{Buffers, Cost, MATRIX, Op, add, bytes, multiply, run};
use olympi_coll::inter::{self, Root, Sides};
use olympi_coll::{Area, Blocks, Elements, Nodes, Placed, Plan, Schedule, Span, Step, Tuning};

/// Sizes of the two groups. The ranks of the world are first those of the first group.
#[derive(Clone, Copy, Debug)]
struct World {
    sizes: [u32; 2],
}

/// A member of one of the groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Member {
    group: usize,
    me: u32,
}

impl World {
    fn all() -> impl Iterator<Item = Self> {
        (1..=5)
            .flat_map(|a| (1..=5).map(move |b| Self { sizes: [a, b] }))
            .chain([Self { sizes: [9, 7] }, Self { sizes: [3, 16] }])
    }

    fn members(self) -> impl Iterator<Item = Member> {
        (0..2).flat_map(move |group| (0..self.sizes[group]).map(move |me| Member { group, me }))
    }

    fn sides(self, member: Member) -> Sides {
        Sides::new(member.me, self.sizes[member.group], self.sizes[1 - member.group])
    }

    /// Who a member is in a call whose root is a member of a group.
    fn root(root: Member, member: Member) -> Root {
        if member == root {
            Root::Me
        } else if member.group == root.group {
            Root::Beside
        } else {
            Root::Far(root.me)
        }
    }

    /// Runs what all members do, and gives their results.
    fn run(
        self,
        op: Op,
        grain: usize,
        seed: u64,
        buffers: impl Fn(Member) -> Buffers,
        add: impl Fn(&mut Plan, Sides, Member),
    ) -> (Vec<(Member, Vec<u8>)>, Cost) {
        let schedule = |member: Member| {
            let schedule = planned(|plan| add(plan, self.sides(member), member));
            // A member of the second group sees its own group first.
            let [first, second] = self.sizes;
            renumbered(&schedule, |rank| match member.group {
                0 => rank,
                _ if rank < second => first + rank,
                _ => rank - second,
            })
        };
        let schedules = self.members().map(schedule).collect();
        let (after, cost) = run(schedules, self.members().map(buffers).collect(), op, grain, seed);
        (self.members().zip(after.into_iter().map(|after| after.recv)).collect(), cost)
    }

    /// All members that may be the root.
    fn roots(self) -> impl Iterator<Item = Member> {
        self.members()
    }
}

/// The same schedule with other names for the ranks.
fn renumbered(schedule: &Schedule, rank: impl Fn(u32) -> u32) -> Schedule {
    let mut plan = Plan::new();
    plan.scratch(schedule.scratch());
    for round in (0..schedule.rounds()).map(|round| schedule.round(round)) {
        for step in round.messages.iter().chain(round.local) {
            match *step {
                Step::Send { to, from } => plan.send(rank(to), from),
                Step::Recv { from, into } => plan.recv(rank(from), into),
                Step::Copy { from, into } => plan.copy(from, into),
                Step::Reduce { from, into, order } => plan.reduce(from, into, order),
                _ => unreachable!("by messages"),
            }
        }
        plan.next_round();
    }
    plan.finish()
}

/// Everything short, everything long, and what is usual.
fn tunings() -> [Tuning; 3] {
    let short = Tuning::default();
    let long = Tuning {
        broadcast_short_max: 0,
        gather_tree_max: 0,
        all_reduce_short_max: 0,
        all_to_all_scattered_max: 0,
        all_gather_doubling_max: 0,
        all_gather_bruck_max: 0,
        reduce_scatter_halving_max: 0,
        ..short.clone()
    };
    let middle =
        Tuning { broadcast_short_max: 10, gather_tree_max: 3, all_reduce_short_max: 40, ..short.clone() };
    [short, long, middle]
}

/// What the k-th member of a group contributes.
fn contribution(group: usize, me: u32, len: usize) -> Vec<u8> {
    bytes(group as u32 * 20 + me, len)
}

#[test]
fn nobody_leaves_a_barrier_before_the_other_group_has_come() {
    for world in World::all() {
        let (_, cost) =
            world.run(add, 1, 1, |_| Buffers::default(), |plan, sides, _| inter::barrier(plan, sides));
        let [a, b] = world.sizes.map(|size| size as usize);
        assert_eq!(cost.messages, 2 * (a - 1) + 2 * (b - 1) + 2);
        // Let one member be late: none of the other group ends while it has not begun.
        for late in world.members() {
            let ended = ended_without(world, late, inter::barrier);
            assert!(ended.iter().all(|member| member.group == late.group), "{world:?} {late:?} {ended:?}");
        }
    }
}

/// Which members end although one never begins.
fn ended_without(world: World, late: Member, add: impl Fn(&mut Plan, Sides)) -> Vec<Member> {
    let number = |member: Member| if member.group == 0 { member.me } else { world.sizes[0] + member.me };
    let members: Vec<Member> = world.members().collect();
    let schedules: Vec<Schedule> =
        members.iter().map(|&member| planned(|plan| add(plan, world.sides(member)))).collect();
    let (mut round, mut begun) = (vec![0; members.len()], vec![false; members.len()]);
    let mut wires = std::collections::HashMap::new();
    let mut moved = true;
    while std::mem::take(&mut moved) {
        for (i, &member) in members.iter().enumerate().filter(|(_, member)| **member != late) {
            let other = |rank: u32| {
                let local = world.sizes[member.group];
                let (group, me) =
                    if rank < local { (member.group, rank) } else { (1 - member.group, rank - local) };
                number(Member { group, me })
            };
            while round[i] < schedules[i].rounds() {
                let messages = schedules[i].round(round[i]).messages;
                if !std::mem::replace(&mut begun[i], true) {
                    for step in messages {
                        if let Step::Send { to, .. } = step {
                            *wires.entry((i as u32, other(*to))).or_insert(0) += 1;
                        }
                    }
                }
                let mut needed = std::collections::HashMap::new();
                for step in messages {
                    if let Step::Recv { from, .. } = step {
                        *needed.entry((other(*from), i as u32)).or_insert(0) += 1;
                    }
                }
                if needed.iter().any(|(wire, count)| wires.get(wire).unwrap_or(&0) < count) {
                    break;
                }
                needed.iter().for_each(|(wire, count)| *wires.get_mut(wire).unwrap() -= count);
                (round[i], begun[i], moved) = (round[i] + 1, false, true);
            }
        }
    }
    let ended = |i: &usize| members[*i] != late && round[*i] == schedules[*i].rounds();
    (0..members.len()).filter(ended).map(|i| members[i]).collect()
}

#[test]
fn a_broadcast_reaches_all_of_the_other_group() {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for (root, len) in world.roots().flat_map(|root| [0, 1, 17].map(|len| (root, len))) {
            let data = content(root.me, 0, len);
            let untouched = vec![UNTOUCHED; len];
            let buffer = |member| if member == root { data.clone() } else { untouched.clone() };
            let (after, cost) = world.run(
                add,
                1,
                5,
                |member| Buffers { send: Vec::new(), recv: buffer(member) },
                |plan, sides, member| {
                    inter::broadcast(plan, sides, World::root(root, member), Span::recv(len), None, &tuning);
                },
            );
            for (member, after) in after {
                let expected = if member.group == root.group { &buffer(member) } else { &data };
                assert_eq!(&after, expected, "{world:?}, {root:?}, {member:?}");
            }
            let receivers = world.sizes[1 - root.group] as usize;
            if (1..=tuning.broadcast_short_max).contains(&len) {
                assert_eq!((cost.messages, cost.bytes), (receivers, receivers * len));
            } else if receivers > 1 {
                assert!(cost.bytes <= 2 * receivers * len, "{cost:?}");
            }
        }
    }
}

/// The blocks of a rooted call: even ones, or any.
fn shapes(size: u32) -> [(Vec<usize>, Blocks, bool); 5] {
    let even = |len: usize| (vec![len; size as usize], Blocks::Even { len }, true);
    let any = |seed| {
        let lengths = lengths(size, seed);
        let blocks = place(&lengths, seed);
        (lengths, blocks, false)
    };
    [even(0), even(3), even(5), any(0), any(4)]
}

#[test]
fn the_root_gathers_the_blocks_of_the_other_group() {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for root in world.roots() {
            for (lengths, blocks, even) in shapes(world.sizes[1 - root.group]) {
                let contents: Vec<_> = (0..).zip(&lengths).map(|(me, &len)| content(me, 1, len)).collect();
                let (after, cost) = world.run(
                    add,
                    1,
                    7,
                    |member| Buffers {
                        send: if member.group == root.group {
                            Vec::new()
                        } else {
                            contents[member.me as usize].clone()
                        },
                        recv: vec![
                            UNTOUCHED;
                            if member == root { end(&blocks, lengths.len() as u32) } else { 0 }
                        ],
                    },
                    |plan, sides, member| {
                        let result = (member == root).then(|| Placed::recv(&blocks));
                        let len = if member.group == root.group { 0 } else { lengths[member.me as usize] };
                        let role = World::root(root, member);
                        inter::gather(plan, sides, role, Span::send(len), result, even, &tuning);
                    },
                );
                let (_, result) = after.into_iter().find(|(member, _)| *member == root).unwrap();
                assert!(even || cost.messages == lengths.len() && cost.depth == 1);
                assert_eq!(result, holding(&blocks, &contents), "{world:?}, {root:?}, {lengths:?}");
            }
        }
    }
}

#[test]
fn the_root_scatters_its_blocks_in_the_other_group() {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for root in world.roots() {
            for (lengths, blocks, even) in shapes(world.sizes[1 - root.group]) {
                let contents: Vec<_> = (0..).zip(&lengths).map(|(me, &len)| content(me, 1, len)).collect();
                let length =
                    |member: Member| if member.group == root.group { 0 } else { lengths[member.me as usize] };
                let (after, cost) = world.run(
                    add,
                    1,
                    8,
                    |member| Buffers {
                        send: if member == root { holding(&blocks, &contents) } else { Vec::new() },
                        recv: vec![UNTOUCHED; length(member)],
                    },
                    |plan, sides, member| {
                        let source = (member == root).then(|| Placed::send(&blocks));
                        let (role, own) = (World::root(root, member), Span::recv(length(member)));
                        inter::scatter(plan, sides, role, source, own, even, &tuning);
                    },
                );
                assert!(even || cost.messages == lengths.len() && cost.depth == 1);
                for (member, after) in after.iter().filter(|(member, _)| member.group != root.group) {
                    assert_eq!(*after, contents[member.me as usize], "{world:?}, {root:?}, {lengths:?}");
                }
            }
        }
    }
}

#[test]
fn everyone_gathers_the_blocks_of_the_other_group() {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for seed in 0..5 {
            // Seeds 0 and 1: even blocks, of another length in each group. Else each member places them for itself.
            let lengths = [0, 1].map(|group| match seed {
                0 | 1 => vec![[0, 3, 5][seed as usize + group]; world.sizes[group] as usize],
                _ => lengths(world.sizes[group], seed + 10 * group as u64),
            });
            let contents = [0, 1].map(|group: usize| {
                let content = |(me, &len)| content(me, group as u32, len);
                (0..).zip(&lengths[group]).map(content).collect::<Vec<_>>()
            });
            let blocks = |member: Member| match (seed, &lengths[1 - member.group]) {
                (0 | 1, lengths) => Blocks::Even { len: lengths[0] },
                (_, lengths) => place(lengths, (seed - 2) * u64::from(member.me + 1)),
            };
            let (after, _) = world.run(
                add,
                1,
                seed,
                |member| Buffers {
                    send: contents[member.group][member.me as usize].clone(),
                    recv: vec![UNTOUCHED; end(&blocks(member), world.sizes[1 - member.group])],
                },
                |plan, sides, member| {
                    let own = Span::send(lengths[member.group][member.me as usize]);
                    inter::all_gather(plan, sides, own, Placed::recv(&blocks(member)), &tuning);
                },
            );
            for (member, after) in after {
                let expected = holding(&blocks(member), &contents[1 - member.group]);
                assert_eq!(after, expected, "{world:?}, {member:?}, {lengths:?}");
            }
        }
    }
}

#[test]
fn all_exchange_blocks_with_all_of_the_other_group() {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for even in [false, true] {
            let block = |from: Member, to: u32| {
                let len =
                    if even { 4 } else { [0, 2, 7][(from.me * 5 + to + from.group as u32) as usize % 3] };
                content(from.me * 2 + from.group as u32, to, len)
            };
            let others = |member: Member| 0..world.sizes[1 - member.group];
            let outgoing = |member: Member| others(member).map(|to| block(member, to)).collect::<Vec<_>>();
            let incoming = |member: Member| {
                let from = |me| Member { group: 1 - member.group, me };
                others(member).map(|me| block(from(me), member.me)).collect::<Vec<_>>()
            };
            let placed = |contents: &[Vec<u8>], seed| {
                let lengths: Vec<usize> = contents.iter().map(Vec::len).collect();
                if even { Blocks::Even { len: 4 } } else { place(&lengths, seed) }
            };
            let source = |member: Member| placed(&outgoing(member), 3 + u64::from(member.me));
            let result = |member: Member| placed(&incoming(member), 30 + u64::from(member.me));
            let (after, cost) = world.run(
                add,
                1,
                9,
                |member| Buffers {
                    send: holding(&source(member), &outgoing(member)),
                    recv: vec![UNTOUCHED; end(&result(member), others(member).end)],
                },
                |plan, sides, member| {
                    let (source, result) = (source(member), result(member));
                    inter::all_to_all(plan, sides, Placed::send(&source), Placed::recv(&result), &tuning);
                },
            );
            for (member, after) in after {
                assert_eq!(after, holding(&result(member), &incoming(member)), "{world:?}, {member:?}");
            }
            assert!(!even || cost.messages == (2 * world.sizes[0] * world.sizes[1]) as usize);
        }
    }
}

/// What a group contributes, combined in the order of its members.
fn reduced(world: World, group: usize, len: usize, op: Op) -> Vec<u8> {
    let both =
        |a: Vec<u8>, b: Vec<u8>| a.chunks(MATRIX).zip(b.chunks(MATRIX)).flat_map(|(a, b)| op(a, b)).collect();
    (0..world.sizes[group]).map(|me| contribution(group, me, len)).reduce(both).unwrap()
}

/// All cases of a reduction.
fn reductions(mut check: impl FnMut(World, &Tuning, usize, Op, Elements, Option<&Nodes>)) {
    for (world, tuning) in World::all().flat_map(|world| tunings().map(|tuning| (world, tuning))) {
        for elements in [0, 1, 7, 20] {
            for (op, commutative) in [(multiply as Op, false), (add as Op, true)] {
                let nodes = Some(Nodes::Consecutive(2)).filter(|_| elements == 7);
                let shape = Elements { grain: MATRIX, commutative };
                check(world, &tuning, elements * MATRIX, op, shape, nodes.as_ref());
            }
        }
    }
}

#[test]
fn the_root_reduces_what_the_other_group_contributes() {
    reductions(|world, tuning, len, op, elements, nodes| {
        for root in world.roots() {
            let (after, cost) = world.run(
                op,
                MATRIX,
                3,
                |member| Buffers {
                    send: if member.group == root.group {
                        Vec::new()
                    } else {
                        contribution(member.group, member.me, len)
                    },
                    recv: vec![UNTOUCHED; if member == root { len } else { 0 }],
                },
                |plan, sides, member| {
                    let (role, own, result) = (World::root(root, member), Span::send(len), Span::recv(len));
                    inter::reduce(plan, sides, role, own, result, elements, nodes, tuning);
                },
            );
            assert!(len == 0 || cost.messages == world.sizes[1 - root.group] as usize, "{cost:?}");
            let (_, result) = after.into_iter().find(|(member, _)| *member == root).unwrap();
            assert_eq!(result, reduced(world, 1 - root.group, len, op), "{world:?}, {root:?}, {tuning:?}");
        }
    });
}

#[test]
fn everyone_gets_the_reduction_of_the_other_group() {
    reductions(|world, tuning, len, op, elements, nodes| {
        let (after, _) = world.run(
            op,
            MATRIX,
            4,
            |member| Buffers { send: contribution(member.group, member.me, len), recv: vec![UNTOUCHED; len] },
            |plan, sides, _| {
                inter::all_reduce(plan, sides, Span::send(len), Span::recv(len), elements, nodes, tuning);
            },
        );
        for (member, after) in after {
            assert_eq!(after, reduced(world, 1 - member.group, len, op), "{world:?}, {member:?}, {tuning:?}");
        }
    });
}

#[test]
fn each_gets_its_block_of_the_reduction_of_the_other_group() {
    reductions(|world, tuning, len, op, elements, nodes| {
        for seed in 0..3_usize {
            // Blocks of any number of elements, as many in both groups together: the last one takes what is left.
            let blocks = [0, 1].map(|group| {
                let (size, mut left) = (world.sizes[group] as usize, len / MATRIX);
                let mut lengths = vec![0; size];
                for (i, length) in lengths.iter_mut().enumerate() {
                    let some = if seed == 0 { left.div_ceil(size - i) } else { (i * 3 + seed + group) % 4 };
                    let elements = if i + 1 == size { left } else { some.min(left) };
                    (*length, left) = (elements * MATRIX, left - elements);
                }
                place(&lengths, 0)
            });
            let length = |member: Member| blocks[member.group].len(member.me);
            let (after, _) = world.run(
                op,
                MATRIX,
                6,
                |member| Buffers {
                    send: contribution(member.group, member.me, len),
                    recv: vec![UNTOUCHED; length(member)],
                },
                |plan, sides, member| {
                    let (own, result) = (Span::send(len), Span::recv(length(member)));
                    let lengths = &blocks[member.group];
                    inter::reduce_scatter(plan, sides, own, lengths, result, elements, nodes, tuning);
                },
            );
            for (member, after) in after {
                let Span { offset, len: block, .. } = blocks[member.group].span(Area::Recv, member.me);
                let expected = reduced(world, 1 - member.group, len, op);
                assert_eq!(after, expected[offset..offset + block], "{world:?}, {member:?}, {tuning:?}");
            }
        }
    });
}
