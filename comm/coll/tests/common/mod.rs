//! All ranks of a collective at once, without a network: runs every rank's schedule and checks what no result shows.

#![allow(dead_code, unreachable_pub)]

use std::collections::{HashMap, VecDeque};

use olympi_coll::{Area, Order, Round, Schedule, Span, Step};

/// A rank's buffers.
#[derive(Clone, Debug, Default)]
pub struct Buffers {
    pub send: Vec<u8>,
    pub recv: Vec<u8>,
}

/// What a run has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Messages of all ranks.
    pub messages: usize,
    /// Bytes in them.
    pub bytes: usize,
    /// The longest chain of messages that wait for one another.
    pub depth: usize,
}

/// What has been sent and not received, from whom to whom, each with the length of the chain of messages that led to it.
type Wires = HashMap<(u32, u32), VecDeque<(Vec<u8>, usize)>>;

/// Combines elements: `(left, right)` gives the result.
pub type Op = fn(&[u8], &[u8]) -> Vec<u8>;

struct Rank {
    schedule: Schedule,
    buffers: Buffers,
    scratch: Vec<u8>,
    /// The round that it is in; its sends have been made.
    round: usize,
    begun: bool,
    /// Receives of this round that are not over, by step.
    missing: Vec<usize>,
    depth: usize,
}

/// Runs the schedules of all ranks, in an order that `seed` decides, and gives their buffers and the cost.
///
/// # Panics
/// Where ranks wait for one another for ever, a message has another length than its receive, is never received, or a
/// round uses bytes that the same round receives or reads what it writes.
pub fn run(
    schedules: Vec<Schedule>,
    buffers: Vec<Buffers>,
    op: Op,
    grain: usize,
    seed: u64,
) -> (Vec<Buffers>, Cost) {
    assert_eq!(schedules.len(), buffers.len());
    let mut wires = Wires::new();
    let mut cost = Cost::default();
    let mut ranks: Vec<Rank> = schedules
        .into_iter()
        .zip(buffers)
        .map(|(schedule, buffers)| {
            // Garbage, so that nobody relies on zeros.
            let scratch = vec![0xA5; schedule.scratch()];
            Rank { schedule, buffers, scratch, round: 0, begun: false, missing: Vec::new(), depth: 0 }
        })
        .collect();
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    let mut random = seed | 1;
    loop {
        for i in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(i, (random >> 33) as usize % (i + 1));
        }
        let mut moved = false;
        for &me in &order {
            moved |= advance(me as u32, &mut ranks[me], &mut wires, op, grain, &mut cost);
        }
        if !moved {
            break;
        }
    }
    for (me, rank) in ranks.iter().enumerate() {
        assert_eq!(rank.round, rank.schedule.rounds(), "rank {me} waits for ever in round {}", rank.round);
    }
    for ((from, to), left) in &wires {
        assert!(left.is_empty(), "rank {to} does not receive {} message(s) of rank {from}", left.len());
    }
    cost.depth = ranks.iter().map(|rank| rank.depth).max().unwrap_or(0);
    (ranks.into_iter().map(|rank| rank.buffers).collect(), cost)
}

/// Moves a rank on as far as it goes; whether it moved.
fn advance(me: u32, rank: &mut Rank, wires: &mut Wires, op: Op, grain: usize, cost: &mut Cost) -> bool {
    let mut moved = false;
    let schedule = rank.schedule.clone();
    while rank.round < schedule.rounds() {
        let Round { messages, local } = schedule.round(rank.round);
        if !rank.begun {
            check(messages, local, rank, grain);
            for (at, step) in messages.iter().enumerate() {
                match *step {
                    Step::Send { to, from } => {
                        let bytes = slice(rank, from).to_vec();
                        cost.messages += 1;
                        cost.bytes += bytes.len();
                        wires.entry((me, to)).or_default().push_back((bytes, rank.depth + 1));
                    }
                    _ => rank.missing.push(at), // boards are run elsewhere
                }
            }
            rank.begun = true;
            moved = true;
        }
        let mut depth = rank.depth;
        let mut blocked: Vec<u32> = Vec::new();
        rank.missing.retain(|&at| {
            let Step::Recv { from, into } = messages[at] else { unreachable!("receives are missing") };
            // Those of one source are taken in their order.
            if blocked.contains(&from) {
                return true;
            }
            let Some((bytes, chain)) = wires.get_mut(&(from, me)).and_then(VecDeque::pop_front) else {
                blocked.push(from);
                return true;
            };
            assert_eq!(bytes.len(), into.len, "rank {me} receives from {from}: lengths differ");
            depth = depth.max(chain);
            target(&mut rank.buffers, &mut rank.scratch, into).copy_from_slice(&bytes);
            moved = true;
            false
        });
        rank.depth = depth;
        if !rank.missing.is_empty() {
            return moved;
        }
        for step in local {
            match *step {
                Step::Copy { from, into } => {
                    let bytes = slice(rank, from).to_vec();
                    target(&mut rank.buffers, &mut rank.scratch, into).copy_from_slice(&bytes);
                }
                Step::Reduce { from, into, order } => {
                    let (from_bytes, into_bytes) = (slice(rank, from).to_vec(), slice(rank, into).to_vec());
                    let mut result = Vec::new();
                    for (a, b) in from_bytes.chunks(grain).zip(into_bytes.chunks(grain)) {
                        result.extend(if order == Order::FromFirst { op(a, b) } else { op(b, a) });
                    }
                    target(&mut rank.buffers, &mut rank.scratch, into).copy_from_slice(&result);
                }
                _ => panic!("a message among the local steps"),
            }
        }
        rank.round += 1;
        rank.begun = false;
        moved = true;
    }
    moved
}

/// Nothing that a round receives overlaps anything else of its messages; local steps do not overlap themselves; only
/// whole elements are reduced; nothing is written to what the caller sends.
fn check(messages: &[Step], local: &[Step], rank: &Rank, grain: usize) {
    let overlap = |a: Span, b: Span| {
        a.area == b.area
            && a.offset < b.offset + b.len
            && b.offset < a.offset + a.len
            && a.len > 0
            && b.len > 0
    };
    for (i, step) in messages.iter().enumerate() {
        let Step::Recv { into, .. } = *step else { continue };
        assert!(into.area != Area::Send || into.len == 0, "receives into what the caller sends");
        for (j, other) in messages.iter().enumerate() {
            let (Step::Send { from: span, .. } | Step::Recv { into: span, .. }) = *other else { continue };
            assert!(i == j || !overlap(into, span), "{step:?} and {other:?} overlap in round {}", rank.round);
        }
    }
    for step in local {
        let (Step::Copy { from, into } | Step::Reduce { from, into, .. }) = *step else { continue };
        assert!(from.len == into.len && !overlap(from, into), "{step:?}");
        assert!(into.area != Area::Send, "writes to what the caller sends");
        if matches!(step, Step::Reduce { .. }) {
            assert!(from.len.is_multiple_of(grain), "{step:?} cuts an element of {grain} bytes");
        }
    }
}

fn slice(rank: &Rank, span: Span) -> &[u8] {
    let area = match span.area {
        Area::Send => &rank.buffers.send,
        Area::Recv => &rank.buffers.recv,
        Area::Scratch => &rank.scratch,
    };
    &area[span.offset..span.offset + span.len]
}

fn target<'a>(buffers: &'a mut Buffers, scratch: &'a mut [u8], span: Span) -> &'a mut [u8] {
    let area = match span.area {
        Area::Send => &mut buffers.send[..],
        Area::Recv => &mut buffers.recv[..],
        Area::Scratch => scratch,
    };
    &mut area[span.offset..span.offset + span.len]
}

/// Bytes of an element of [`multiply`].
pub const MATRIX: usize = 4;

/// An operation that is associative and does not commute: 2 x 2 matrices of bytes, modulo 251.
pub fn multiply(a: &[u8], b: &[u8]) -> Vec<u8> {
    let entry = |i: usize, j: usize| {
        ((u32::from(a[2 * i]) * u32::from(b[j]) + u32::from(a[2 * i + 1]) * u32::from(b[2 + j])) % 251) as u8
    };
    vec![entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)]
}

/// An operation that commutes: sums of bytes.
pub fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a.wrapping_add(*b)).collect()
}

/// Bytes that differ from rank to rank and from place to place.
pub fn bytes(rank: u32, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31 + i / 251 + rank as usize * 97 + 7) % 251) as u8).collect()
}
