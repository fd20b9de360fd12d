//! The settings of the collectives by name: what each is called, what it may be, and why it is what it is.
//!
//! This crate reads no environment. Who does hands over names and values: [`Tuning::from_variables`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use thiserror::Error;

use crate::{
    AllGatherAlgorithm, AllReduceAlgorithm, AllToAllAlgorithm, BarrierAlgorithm, BroadcastAlgorithm,
    ExclusiveScanAlgorithm, GatherAlgorithm, NeighbourAlgorithm, ReduceAlgorithm, ReduceScatterAlgorithm,
    ScanAlgorithm, ScatterAlgorithm, Tuning, UnknownAlgorithm,
};

/// Why a setting was refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{variable}={value}: {reason}")]
pub struct TuningError {
    /// The setting.
    pub variable: String,
    /// What it was to be.
    pub value: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// One setting, as `mpiexec --info` tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TuningSetting {
    /// The variable.
    pub variable: &'static str,
    /// What holds when it is not set.
    pub default: String,
    /// What it decides, with its unit.
    pub meaning: String,
    /// Why the default is what it is.
    pub reason: &'static str,
}

impl Tuning {
    /// The settings of variables that are taken from anywhere; one that is set to nothing is not set.
    ///
    /// # Errors
    /// The first variable that makes no sense.
    pub fn from_variables(variables: impl Fn(&str) -> Option<String>) -> Result<Self, TuningError> {
        let mut tuning = Self::default();
        for row in ROWS {
            if let Some(value) = variables(row.variable).filter(|value| !value.trim().is_empty()) {
                tuning.set_row(row, &value)?;
            }
        }
        Ok(tuning)
    }

    /// Sets one of them by its variable's name. An algorithm may be `auto`: the choice by size.
    ///
    /// # Errors
    /// If there is no such setting, or the value makes no sense.
    pub fn set(&mut self, variable: &str, value: &str) -> Result<(), TuningError> {
        let Some(row) = ROWS.iter().find(|row| row.variable == variable) else {
            let reason = "collectives have no such setting; `mpiexec --info` lists those they have".into();
            return Err(TuningError { variable: variable.into(), value: value.into(), reason });
        };
        self.set_row(row, value)
    }

    /// Every setting there is.
    pub fn settings() -> Vec<TuningSetting> {
        let mut default = Self::default();
        let mut setting = |row: &Row| TuningSetting {
            variable: row.variable,
            default: match row.field {
                Field::Algorithm(..) => "auto".into(),
                Field::Bytes(field, _) => field(&mut default).to_string(),
                Field::Ranks(field) => field(&mut default).to_string(),
            },
            meaning: match row.field {
                Field::Algorithm(_, names) => format!("{}: auto, {}", row.meaning, names.join(", ")),
                Field::Bytes(..) | Field::Ranks(_) => row.meaning.into(),
            },
            reason: row.reason,
        };
        ROWS.iter().map(&mut setting).collect()
    }

    fn set_row(&mut self, row: &Row, value: &str) -> Result<(), TuningError> {
        let told = value.trim();
        let number = |least: u64, most: u64| match told.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(format!("must be a whole number from {least} to {most}")),
        };
        let done = match row.field {
            Field::Algorithm(force, names) => {
                force(self, told).map_err(|_| format!("must be auto or one of {}", names.join(", ")))
            }
            // Read within bounds for which every platform has room, or the most there is room for.
            Field::Bytes(field, least) => number(least, 1 << 50)
                .map(|number| *field(self) = usize::try_from(number).unwrap_or(usize::MAX)),
            Field::Ranks(field) => number(0, u32::MAX.into()).map(|number| *field(self) = number as u32),
        };
        done.map_err(|reason| TuningError { variable: row.variable.into(), value: value.into(), reason })
    }
}

/// A setting: its name, what it says, and where it is kept.
struct Row {
    variable: &'static str,
    meaning: &'static str,
    reason: &'static str,
    field: Field,
}

enum Field {
    /// How to ask for an algorithm, and the names there are.
    Algorithm(fn(&mut Tuning, &str) -> Result<(), UnknownAlgorithm>, &'static [&'static str]),
    /// A number of bytes, and the least it may be.
    Bytes(fn(&mut Tuning) -> &mut usize, u64),
    /// A number of ranks.
    Ranks(fn(&mut Tuning) -> &mut u32),
}

fn force<A: FromStr>(field: &mut Option<A>, name: &str) -> Result<(), A::Err> {
    *field = if name == "auto" { None } else { Some(name.parse()?) };
    Ok(())
}

const fn row(variable: &'static str, field: Field, meaning: &'static str, reason: &'static str) -> Row {
    Row { variable, meaning, reason, field }
}

const BY_SIZE: &str = "the best one depends on bytes, ranks and nodes; the thresholds below decide";

const ROWS: &[Row] = &[
    row(
        "OLYMPI_COLL_BARRIER",
        Field::Algorithm(|t, v| force(&mut t.barrier, v), BarrierAlgorithm::NAMES),
        "algorithm of barriers",
        "dissemination has the fewest rounds; leaders spare the network where nodes have several ranks",
    ),
    row(
        "OLYMPI_COLL_BROADCAST",
        Field::Algorithm(|t, v| force(&mut t.broadcast, v), BroadcastAlgorithm::NAMES),
        "algorithm of broadcasts",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_REDUCE",
        Field::Algorithm(|t, v| force(&mut t.reduce, v), ReduceAlgorithm::NAMES),
        "algorithm of reductions to a root",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_ALL_REDUCE",
        Field::Algorithm(|t, v| force(&mut t.all_reduce, v), AllReduceAlgorithm::NAMES),
        "algorithm of reductions for all",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_REDUCE_SCATTER",
        Field::Algorithm(|t, v| force(&mut t.reduce_scatter, v), ReduceScatterAlgorithm::NAMES),
        "algorithm of reductions in blocks",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_SCAN",
        Field::Algorithm(|t, v| force(&mut t.scan, v), ScanAlgorithm::NAMES),
        "algorithm of scans",
        "doubling has the fewest rounds",
    ),
    row(
        "OLYMPI_COLL_EXCLUSIVE_SCAN",
        Field::Algorithm(|t, v| force(&mut t.exclusive_scan, v), ExclusiveScanAlgorithm::NAMES),
        "algorithm of exclusive scans",
        "doubling has the fewest rounds",
    ),
    row(
        "OLYMPI_COLL_GATHER",
        Field::Algorithm(|t, v| force(&mut t.gather, v), GatherAlgorithm::NAMES),
        "algorithm of gathers",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_SCATTER",
        Field::Algorithm(|t, v| force(&mut t.scatter, v), ScatterAlgorithm::NAMES),
        "algorithm of scatters",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_ALL_GATHER",
        Field::Algorithm(|t, v| force(&mut t.all_gather, v), AllGatherAlgorithm::NAMES),
        "algorithm of gathers for all",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_ALL_TO_ALL",
        Field::Algorithm(|t, v| force(&mut t.all_to_all, v), AllToAllAlgorithm::NAMES),
        "algorithm of exchanges of all with all",
        BY_SIZE,
    ),
    row(
        "OLYMPI_COLL_NEIGHBOUR",
        Field::Algorithm(|t, v| force(&mut t.neighbour, v), NeighbourAlgorithm::NAMES),
        "algorithm of neighbour collectives",
        "neighbours are few, so all their messages may be under way at once",
    ),
    row(
        "OLYMPI_COLL_BOARD_CELL",
        Field::Bytes(|t| &mut t.board_cell, 0),
        "bytes that each rank can show at a time on the board of its host, of which it has four times as many; 0: no \
         boards, collectives go by messages",
        "four cells of two ranks stay in a core's cache, and a round's overhead is small beside the copying of so many",
    ),
    row(
        "OLYMPI_COLL_BOARD_MAX",
        Field::Bytes(|t| &mut t.board_max, 0),
        "most bytes of a rank with which a collective goes by the board, where there is one",
        "beyond, the board's copies cost as much as those of messages",
    ),
    row(
        "OLYMPI_COLL_BOARD_PAIR_MAX",
        Field::Bytes(|t| &mut t.board_pair_max, 0),
        "the same for two ranks, if it is less",
        "two ranks exchange longer messages in less time, since these go through memory that no core holds any more",
    ),
    row(
        "OLYMPI_COLL_LEADERS_MAX",
        Field::Bytes(|t| &mut t.leaders_max, 0),
        "longest message for which one leader a node does the work between nodes, bytes",
        "one leader saves messages; beyond, one core and one rail cannot fill what a node has",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_FLAT_RANKS",
        Field::Ranks(|t| &mut t.broadcast_flat_ranks),
        "most ranks among which the root of a short broadcast sends to all itself",
        "three sends of the root take less than two hops",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_SHORT_MAX",
        Field::Bytes(|t| &mut t.broadcast_short_max, 0),
        "longest broadcast that goes down a tree, bytes",
        "up to here the number of rounds weighs more than the bytes, as MPICH has measured too",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_SCATTER_RANKS",
        Field::Ranks(|t| &mut t.broadcast_scatter_ranks),
        "fewest ranks among which a broadcast is scattered first and gathered then",
        "among fewer a tree has three levels at most, and scattering saves little",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_DOUBLING_MAX",
        Field::Bytes(|t| &mut t.broadcast_doubling_max, 0),
        "longest scattered broadcast that is gathered by doubling, if the ranks are a power of two, bytes",
        "beyond, a ring's messages between neighbours win over fewer rounds",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_CHAIN_MIN",
        Field::Bytes(|t| &mut t.broadcast_chain_min, 0),
        "shortest broadcast that goes down a chain in pieces, if it has more pieces than there are ranks, bytes",
        "the chain is full for most of the time then, and each rank moves the bytes once",
    ),
    row(
        "OLYMPI_COLL_BROADCAST_PIECE",
        Field::Bytes(|t| &mut t.broadcast_piece, 1),
        "piece of a broadcast that goes down a chain, bytes",
        "large enough for the bandwidth of one message, small enough for a level-2 cache",
    ),
    row(
        "OLYMPI_COLL_REDUCE_SHORT_MAX",
        Field::Bytes(|t| &mut t.reduce_short_max, 0),
        "longest reduction to a root that goes up a tree, bytes",
        "beyond, a tree's inner ranks reduce whole vectors while others are idle",
    ),
    row(
        "OLYMPI_COLL_ALL_REDUCE_SHORT_MAX",
        Field::Bytes(|t| &mut t.all_reduce_short_max, 0),
        "longest reduction for all that exchanges whole vectors, bytes",
        "half the rounds of reducing halves, up to where the bytes weigh more than the rounds",
    ),
    row(
        "OLYMPI_COLL_ALL_REDUCE_EXCHANGE_RANKS",
        Field::Ranks(|t| &mut t.all_reduce_exchange_ranks),
        "most ranks among which a short reduction for all is one exchange of all with all",
        "three need no step before and after the rounds then; among four, twelve messages cost more than the second round",
    ),
    row(
        "OLYMPI_COLL_ALL_REDUCE_RING_BLOCK",
        Field::Bytes(|t| &mut t.all_reduce_ring_block, 0),
        "shortest block with which a reduction for all goes round in a ring, unless the ranks are a power of two, bytes",
        "a ring moves fewer bytes than folding to a power of two does, in more rounds, which such blocks outweigh",
    ),
    row(
        "OLYMPI_COLL_REDUCE_SCATTER_HALVING_MAX",
        Field::Bytes(|t| &mut t.reduce_scatter_halving_max, 0),
        "longest reduction in blocks that halves them, bytes of all blocks",
        "beyond, pairwise exchange reduces straight into the result",
    ),
    row(
        "OLYMPI_COLL_REDUCE_SCATTER_DOUBLING_MAX",
        Field::Bytes(|t| &mut t.reduce_scatter_doubling_max, 0),
        "longest reduction in blocks that exchanges whole vectors if the operation does not commute, bytes of all blocks",
        "few rounds, up to where the bytes weigh more",
    ),
    row(
        "OLYMPI_COLL_GATHER_TREE_MAX",
        Field::Bytes(|t| &mut t.gather_tree_max, 0),
        "longest block that gathers and scatters move along a tree, bytes",
        "a tree moves blocks several times, which short ones do not feel",
    ),
    row(
        "OLYMPI_COLL_ALL_GATHER_DOUBLING_MAX",
        Field::Bytes(|t| &mut t.all_gather_doubling_max, 0),
        "longest gather for all that doubles, if the ranks are a power of two, bytes of all blocks",
        "beyond, a ring's messages between neighbours win over fewer rounds",
    ),
    row(
        "OLYMPI_COLL_ALL_GATHER_BRUCK_MAX",
        Field::Bytes(|t| &mut t.all_gather_bruck_max, 0),
        "longest gather for all that is Bruck's, if the ranks are no power of two, bytes of all blocks",
        "its copies cost more than a ring's rounds beyond",
    ),
    row(
        "OLYMPI_COLL_ALL_TO_ALL_BRUCK_RANKS",
        Field::Ranks(|t| &mut t.all_to_all_bruck_ranks),
        "fewest ranks among which all-to-all is Bruck's",
        "among fewer, all messages at once are few",
    ),
    row(
        "OLYMPI_COLL_ALL_TO_ALL_BRUCK_MAX",
        Field::Bytes(|t| &mut t.all_to_all_bruck_max, 0),
        "longest block with which all-to-all is Bruck's, bytes",
        "each block moves log2(ranks) / 2 times, which only short ones do not feel",
    ),
    row(
        "OLYMPI_COLL_ALL_TO_ALL_SCATTERED_MAX",
        Field::Bytes(|t| &mut t.all_to_all_scattered_max, 0),
        "longest block with which all-to-all has all its messages under way at once, bytes",
        "beyond, one partner at a time keeps links and caches from being overrun",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_gives_the_defaults() {
        assert_eq!(Tuning::from_variables(|_| None), Ok(Tuning::default()));
        assert_eq!(Tuning::from_variables(|_| Some(" ".into())), Ok(Tuning::default()));
    }

    #[test]
    fn every_setting_changes_its_own_field_and_takes_its_default_back() {
        let default = Tuning::default();
        let mut seen = Vec::new();
        for (setting, row) in Tuning::settings().iter().zip(ROWS) {
            let value = match row.field {
                Field::Algorithm(_, names) => names[0],
                Field::Bytes(..) | Field::Ranks(_) => "77",
            };
            let mut tuning = default.clone();
            tuning.set(setting.variable, value).unwrap();
            assert!(
                tuning != default && !seen.contains(&tuning),
                "{} sets a field of its own",
                setting.variable
            );
            seen.push(tuning.clone());
            tuning.set(setting.variable, &setting.default).unwrap();
            assert_eq!(tuning, default, "{}", setting.variable);
            assert!(!setting.meaning.is_empty() && !setting.reason.is_empty());
        }
        assert!(seen.len() > 25, "{}", seen.len());
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_would() {
        let told =
            |variable: &str, value: &str| Tuning::default().set(variable, value).unwrap_err().to_string();
        assert_eq!(
            told("OLYMPI_COLL_SCAN", "fast"),
            "OLYMPI_COLL_SCAN=fast: must be auto or one of linear, recursive_doubling"
        );
        assert_eq!(
            told("OLYMPI_COLL_BROADCAST_PIECE", "0"),
            "OLYMPI_COLL_BROADCAST_PIECE=0: must be a whole number from 1 to 1125899906842624"
        );
        assert!(told("OLYMPI_COLL_NONE", "1").contains("no such setting"));
    }
}
