//! The messages of very many ranks, without their bytes: what is sent is received, in which depth, and who hears of whom.

use std::collections::{HashMap, VecDeque};

use olympi_coll::{Schedule, Step};

use crate::common::Cost;

/// A rank's messages: whom with, whether sent, how many bytes; and where its rounds end.
struct Rank {
    messages: Vec<(u32, bool, u32)>,
    ends: Vec<u32>,
    round: usize,
    begun: bool,
    missing: Vec<u32>,
    depth: usize,
    known: u64,
}

/// What is under way: bytes, the length of its chain, what its sender knew.
type Message = (u32, usize, u64);

/// Runs the messages of all ranks' schedules. `witness` gives the bits that a rank knows at the beginning; messages carry
/// all that their sender knows. Gives the cost, and what each rank knows in the end.
///
/// # Panics
/// Where ranks wait for ever, lengths differ, or a message is never received.
pub fn run(schedules: impl Iterator<Item = Schedule>, witness: impl Fn(u32) -> u64) -> (Cost, Vec<u64>) {
    let mut ranks: Vec<Rank> =
        (0..).zip(schedules).map(|(rank, schedule)| lean(&schedule, witness(rank))).collect();
    let mut wires: HashMap<(u32, u32), VecDeque<Message>> = HashMap::new();
    let mut cost = Cost::default();
    // The last first: not the order in which most algorithms would like it.
    let mut ready: Vec<u32> = (0..ranks.len() as u32).collect();
    while let Some(me) = ready.pop() {
        let rank = &mut ranks[me as usize];
        while rank.round < rank.ends.len() {
            let begin = rank.round.checked_sub(1).map_or(0, |before| rank.ends[before] as usize);
            let messages = &rank.messages[begin..rank.ends[rank.round] as usize];
            if !rank.begun {
                rank.begun = true;
                for (at, &(peer, sent, len)) in (0..).zip(messages) {
                    if sent {
                        cost.messages += 1;
                        cost.bytes += len as usize;
                        wires.entry((me, peer)).or_default().push_back((len, rank.depth + 1, rank.known));
                        ready.push(peer);
                    } else {
                        rank.missing.push(at);
                    }
                }
            }
            let mut depth = rank.depth;
            let mut known = rank.known;
            rank.missing.retain(|&at| {
                let (peer, _, expected) = messages[at as usize];
                let Some(wire) = wires.get_mut(&(peer, me)) else { return true };
                let Some((len, chain, told)) = wire.pop_front() else { return true };
                if wire.is_empty() {
                    wires.remove(&(peer, me));
                }
                assert_eq!(len, expected, "rank {me} receives from {peer}: lengths differ");
                depth = depth.max(chain);
                known |= told;
                false
            });
            (rank.depth, rank.known) = (depth, known);
            if !rank.missing.is_empty() {
                break;
            }
            rank.round += 1;
            rank.begun = false;
        }
    }
    for (me, rank) in ranks.iter().enumerate() {
        assert_eq!(rank.round, rank.ends.len(), "rank {me} waits for ever in round {}", rank.round);
    }
    assert!(wires.is_empty(), "{} messages are never received", wires.len());
    cost.depth = ranks.iter().map(|rank| rank.depth).max().unwrap_or(0);
    (cost, ranks.into_iter().map(|rank| rank.known).collect())
}

fn lean(schedule: &Schedule, known: u64) -> Rank {
    let (mut messages, mut ends) = (Vec::new(), Vec::new());
    for round in 0..schedule.rounds() {
        for step in schedule.round(round).messages {
            messages.push(match *step {
                Step::Send { to, from } => (to, true, from.len as u32),
                Step::Recv { from, into } => (from, false, into.len as u32),
                _ => panic!("{step:?} is no message"),
            });
        }
        ends.push(messages.len() as u32);
    }
    Rank { messages, ends, round: 0, begun: false, missing: Vec::new(), depth: 0, known }
}
