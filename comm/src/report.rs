//! `OLYMPI_REPORT`: which transport each pair of ranks uses, and why the others were not chosen.

use std::fmt::Write as _;

use olympi_transport::PairReport;
use olympi_transport_api::Peer;

use crate::{InitError, Universe};

/// Whether the environment asks for it: `mpiexec --report` sets the variable.
pub(crate) fn wanted() -> bool {
    std::env::var_os("OLYMPI_REPORT").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Writes this rank's pairs to standard error, one line for each class of pairs that are alike. A pair is told
/// by its lower rank.
pub(crate) fn print(universe: &Universe) -> Result<(), InitError> {
    let (me, size) = (universe.world().rank() as u32, universe.world().size() as u32);
    let mut classes: Vec<(PairReport, Vec<u32>)> = Vec::new();
    let mut inside = universe.shared().door.enter()?;
    for peer in me..size {
        let report = inside.progress.describe(Peer(peer));
        match classes.iter_mut().find(|(known, _)| {
            (known.transport, &known.line, &known.others) == (report.transport, &report.line, &report.others)
        }) {
            Some((_, peers)) => peers.push(peer),
            None => classes.push((report, vec![peer])),
        }
    }
    drop(inside);
    let mut text = String::new();
    for (report, peers) in classes {
        // Writing to a string does not fail.
        let _ = write!(text, "olympi: rank {me} with {}: {}", ranges(&peers), report.line);
        for other in &report.others {
            let _ = write!(text, "; not {}: {}", other.transport, other.reason);
        }
        text.push('\n');
    }
    eprint!("{text}");
    Ok(())
}

/// `1, 3-5` for 1, 3, 4, 5.
fn ranges(ranks: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &rank in ranks {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == rank => *last = rank,
            _ => runs.push((rank, rank)),
        }
    }
    let run = |&(first, last): &(u32, u32)| {
        if first == last { format!("rank {first}") } else { format!("ranks {first}-{last}") }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn neighbouring_ranks_are_told_as_one_range() {
        assert_eq!(super::ranges(&[0]), "rank 0");
        assert_eq!(super::ranges(&[1, 3, 4, 5, 9]), "rank 1, ranks 3-5, rank 9");
    }
}
