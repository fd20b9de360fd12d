//! `OLYMPI_REPORT`: which transport each pair of ranks uses, and why the others were not chosen.
//!
//! Each rank asks its own [`Progress`](olympi_transport::Progress) about its pairs and tells rank 0, which writes one line
//! for each class of pairs that are alike. A pair is told by its lower rank. Ranks that rank 0 does not hear of are
//! named; a rank that cannot reach rank 0 writes its lines itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use olympi_transport::{NotTaken, PairReport};
use olympi_transport_api::Peer;

use crate::communicator::{About, Communicator};
use crate::context;
use crate::group::Group;
use crate::{InitError, Job, Request, Status};

/// The communicator that carries reports: a number that is not given to any other.
const REPORTS: u32 = context::END;
/// How long rank 0 waits for the others. They are all past the fence that comes before.
const PATIENCE: Duration = Duration::from_secs(10);
/// In larger jobs each rank asks about some of its pairs only, so that a report does not connect all with all.
const ALL_PAIRS: u32 = 64;
/// Longer descriptions of which ranks are meant are cut.
const ITEMS: usize = 8;

/// Whether the environment asks for it: `mpiexec --report` sets the variable.
pub(crate) fn wanted() -> bool {
    std::env::var_os("OLYMPI_REPORT").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Writes the report of the job to standard error of rank 0. All ranks call it.
pub(crate) fn print(job: &Job) -> Result<(), InitError> {
    let everyone = job.everyone();
    let (me, size) = (everyone.me().0, everyone.len());
    let mut inside = job.shared().door.enter()?;
    inside.enroll(REPORTS, &everyone, &Group::empty());
    let mut mine = Classes::default();
    for peer in asked(me, size) {
        mine.add(text(&inside.progress.describe(Peer(peer))), me, [(peer, peer)], size);
    }
    drop(inside);
    let reports = Communicator::new(job.shared(), REPORTS, everyone, None, me, About::default());
    if me == 0 {
        gather(&reports, &mut mine, size);
        eprint!("{}{}", mine.lines(size), reports.tell_collectives()?);
    } else if let Err(error) = reports.send_object(&mine.told(), 0, 0) {
        eprintln!("{}olympi: rank {me} tells its own part, since it {error}", mine.lines(size));
    }
    Ok(())
}

/// The ranks, from `me` on, that `me` asks about: all of them, or in large jobs those 0, 1, 2, 4, 8, ... further on.
fn asked(me: u32, size: u32) -> Vec<u32> {
    if size <= ALL_PAIRS {
        return (me..size).collect();
    }
    let steps = std::iter::once(0).chain((0..u32::BITS).map(|bit| 1 << bit));
    steps.map_while(|step| me.checked_add(step)).take_while(|&peer| peer < size).collect()
}

/// What a line says behind the ranks. Reasons that several transports share are told once.
fn text(report: &PairReport) -> String {
    let mut text = report.line.clone();
    if report.transport.is_none() {
        // Then the line has the reasons already.
        return text;
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for NotTaken { transport, reason } in &report.others {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, transports)) => transports.push(transport),
            None => reasons.push((reason, vec![transport])),
        }
    }
    for (reason, transports) in reasons {
        // Writing to a string does not fail.
        let _ = write!(text, "; not {}: {reason}", transports.join(", "));
    }
    text
}

/// Adds what the other ranks tell.
fn gather(reports: &Communicator, classes: &mut Classes, size: u32) {
    let mut awaited: Vec<(u32, Request<(Told, Status)>)> = Vec::new();
    for rank in 1..size {
        match reports.irecv_object::<Told>(rank as i32, 0) {
            Ok(request) => awaited.push((rank, request)),
            Err(error) => classes.missing(rank, &error.to_string()),
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while !awaited.is_empty() {
        awaited.retain_mut(|(rank, request)| match request.test() {
            Ok(None) => true,
            Ok(Some((told, _))) => {
                for (text, peers) in told {
                    classes.add(text, *rank, peers, size);
                }
                false
            }
            Err(error) => {
                classes.missing(*rank, &error.to_string());
                false
            }
        });
        if Instant::now() >= deadline {
            break;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    for (rank, _) in awaited {
        let why =
            format!("it told nothing within {} seconds: is OLYMPI_REPORT set there?", PATIENCE.as_secs());
        classes.missing(rank, &why);
    }
}

/// What a rank tells: for each class its text, and the peers as first and last of each run.
type Told = Vec<(String, Vec<(u32, u32)>)>;

/// Pairs by what is said of them, in the order in which that came.
#[derive(Default)]
struct Classes {
    pairs: Vec<(String, Pairs)>,
    missing: BTreeMap<String, BTreeSet<u32>>,
}

impl Classes {
    /// Notes that this is said of a rank and these peers. What no rank can have is left out.
    fn add(&mut self, text: String, rank: u32, peers: impl IntoIterator<Item = (u32, u32)>, size: u32) {
        let at = self.pairs.iter().position(|(known, _)| *known == text).unwrap_or_else(|| {
            self.pairs.push((text, Pairs::default()));
            self.pairs.len() - 1
        });
        let pairs = &mut self.pairs[at].1;
        for (first, last) in peers {
            for peer in first..=last.min(size.saturating_sub(1)) {
                pairs.insert(rank, peer);
            }
        }
    }

    fn missing(&mut self, rank: u32, why: &str) {
        self.missing.entry(why.to_owned()).or_default().insert(rank);
    }

    /// As it is sent to rank 0, by a rank that knows of its own pairs only.
    fn told(&self) -> Told {
        let told = |(text, pairs): &(String, Pairs)| (text.clone(), runs(pairs.all().map(|(_, peer)| peer)));
        self.pairs.iter().map(told).collect()
    }

    /// One line a class.
    fn lines(&self, size: u32) -> String {
        let mut lines = String::new();
        // Writing to a string does not fail.
        if size > ALL_PAIRS {
            let _ = writeln!(
                lines,
                "olympi: {size} ranks: each was asked about those 0, 1, 2, 4, 8, ... further on"
            );
        }
        for (text, pairs) in &self.pairs {
            let _ = writeln!(lines, "olympi: {}: {text}", pairs.words());
        }
        for (why, ranks) in &self.missing {
            let _ = writeln!(lines, "olympi: nothing is known of {}: {why}", ranges(ranks.iter().copied()));
        }
        lines
    }
}

/// A set of pairs of ranks.
#[derive(Default)]
struct Pairs {
    /// For each rank all that it is paired with, both ways.
    of: BTreeMap<u32, BTreeSet<u32>>,
}

impl Pairs {
    fn insert(&mut self, rank: u32, peer: u32) {
        self.of.entry(rank).or_default().insert(peer);
        self.of.entry(peer).or_default().insert(rank);
    }

    /// Each pair, lower rank first.
    fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        self.of.iter().flat_map(|(&rank, peers)| peers.range(rank..).map(move |&peer| (rank, peer)))
    }

    /// Who is meant, in words: groups of ranks that are paired with each other or with another group.
    fn words(&self) -> String {
        let mut left = self.of.clone();
        let mut items: Vec<String> = Vec::new();
        let alone = |(&rank, peers): (&u32, &mut BTreeSet<u32>)| peers.remove(&rank).then_some(rank);
        let selves: Vec<u32> = left.iter_mut().filter_map(alone).collect();
        match selves[..] {
            [] => {}
            [rank] => items.push(format!("rank {rank} with itself")),
            _ => items.push(format!("{}, each with itself", ranges(selves.into_iter()))),
        }
        while let Some((&rank, peers)) = left.iter().find(|(_, peers)| !peers.is_empty()) {
            let peers = peers.clone();
            let mut all = peers.clone();
            all.insert(rank);
            let knows_rest = |member: &u32| {
                let others = left.get(member);
                others.is_some_and(|others| all.iter().all(|other| other == member || others.contains(other)))
            };
            if peers.len() > 1 && all.iter().all(knows_rest) {
                items.push(format!("{} with each other", ranges(all.iter().copied())));
                for member in &all {
                    if let Some(others) = left.get_mut(member) {
                        others.retain(|other| !all.contains(other));
                    }
                }
                continue;
            }
            let alike = left.iter().filter(|(_, others)| **others == peers).map(|(&member, _)| member);
            let alike: BTreeSet<u32> = alike.collect();
            items.push(format!("{} with {}", ranges(alike.iter().copied()), ranges(peers.iter().copied())));
            for member in &alike {
                left.remove(member);
            }
            for peer in &peers {
                if let Some(others) = left.get_mut(peer) {
                    others.retain(|other| !alike.contains(other));
                }
            }
        }
        if items.len() <= ITEMS {
            return items.join(", ");
        }
        let others = || self.all().filter(|(rank, peer)| rank != peer);
        let (count, first) = (others().count(), others().next().unwrap_or_default());
        format!(
            "{count} pairs among {}, rank {} with rank {} the first",
            ranges(self.of.keys().copied()),
            first.0,
            first.1
        )
    }
}

/// The first and last of each run of neighbours, of ranks in ascending order.
fn runs(ranks: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for rank in ranks {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == rank => *last = rank,
            _ => runs.push((rank, rank)),
        }
    }
    runs
}

/// `ranks 1, 3-5` for 1, 3, 4, 5.
fn ranges(ranks: impl Iterator<Item = u32>) -> String {
    let runs = runs(ranks);
    if let [(rank, last)] = runs[..]
        && rank == last
    {
        return format!("rank {rank}");
    }
    let run = |&(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let shown: Vec<String> = runs.iter().take(ITEMS).map(run).collect();
    let more = if runs.len() > ITEMS { ", ..." } else { "" };
    format!("ranks {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In words, what all pairs are of which this holds.
    fn words(size: u32, holds: impl Fn(u32, u32) -> bool) -> String {
        let mut pairs = Pairs::default();
        for rank in 0..size {
            for peer in (rank..size).filter(|&peer| holds(rank, peer)) {
                pairs.insert(rank, peer);
            }
        }
        pairs.words()
    }

    #[test]
    fn ranks_are_told_in_ranges() {
        assert_eq!(ranges([0].into_iter()), "rank 0");
        assert_eq!(ranges([1, 3, 4, 5, 9].into_iter()), "ranks 1, 3-5, 9");
        assert_eq!(ranges((0..100).step_by(2)), "ranks 0, 2, 4, 6, 8, 10, 12, 14, ...");
    }

    #[test]
    fn pairs_are_told_in_groups() {
        assert_eq!(words(1, |_, _| true), "rank 0 with itself");
        assert_eq!(words(4, |a, b| a == b), "ranks 0-3, each with itself");
        assert_eq!(words(2, |a, b| a != b), "rank 0 with rank 1");
        assert_eq!(words(4, |a, b| a != b), "ranks 0-3 with each other");
        assert_eq!(words(3, |_, _| true), "ranks 0-2, each with itself, ranks 0-2 with each other");
        // Two ranks a host, in a row and in turn.
        assert_eq!(words(4, |a, b| a < b && a / 2 == b / 2), "rank 0 with rank 1, rank 2 with rank 3");
        assert_eq!(words(4, |a, b| a / 2 != b / 2), "ranks 0-1 with ranks 2-3");
        assert_eq!(words(6, |a, b| a / 2 != b / 2), "ranks 0-1 with ranks 2-5, ranks 2-3 with ranks 4-5");
        assert_eq!(words(6, |a, b| a % 2 != b % 2), "ranks 0, 2, 4 with ranks 1, 3, 5");
        // A chain, and too much to tell.
        assert_eq!(words(3, |a, b| a + 1 == b), "ranks 0, 2 with rank 1");
        assert_eq!(words(40, |a, b| a + 1 == b), "39 pairs among ranks 0-39, rank 0 with rank 1 the first");
    }

    #[test]
    fn classes_of_all_ranks_are_joined() {
        let mut others = Classes::default();
        others.add("shm: ring".into(), 1, [(2, 2)], 3);
        others.add("self".into(), 1, [(1, 1)], 3);
        let mut all = Classes::default();
        all.add("self".into(), 0, [(0, 0)], 3);
        all.add("shm: ring".into(), 0, [(1, 2)], 3);
        for (text, peers) in others.told() {
            all.add(text, 1, peers, 3);
        }
        all.missing(2, "it died");
        let lines = "olympi: ranks 0-1, each with itself: self\nolympi: ranks 0-2 with each other: shm: ring\n\
                     olympi: nothing is known of rank 2: it died\n";
        assert_eq!(all.lines(3), lines);
    }

    #[test]
    fn what_a_rank_tells_cannot_claim_memory() {
        let mut classes = Classes::default();
        classes.add("lies".into(), 1, [(0, u32::MAX), (5, 2), (7, 9)], 3);
        assert_eq!(classes.pairs[0].1.all().collect::<Vec<_>>(), [(0, 1), (1, 1), (1, 2)]);
    }

    #[test]
    fn large_jobs_are_asked_in_part() {
        assert_eq!(asked(61, 64), [61, 62, 63]);
        assert_eq!(asked(1, 100), [1, 2, 3, 5, 9, 17, 33, 65]);
        assert_eq!(asked(99, 100), [99]);
    }

    #[test]
    fn a_reason_is_told_once() {
        let not = |transport, reason: &str| NotTaken { transport, reason: reason.to_owned() };
        let report = PairReport {
            peer: Peer(1),
            transport: Some("shm"),
            line: "shm: ring".to_owned(),
            others: vec![not("verbs", "no device"), not("ofi", "near"), not("tcp", "near")],
        };
        assert_eq!(text(&report), "shm: ring; not verbs: no device; not ofi, tcp: near");
    }
}
