//! What there is to tell of how collectives are done: for `mpiexec --report`.

use std::fmt::Write as _;

use olympi_coll::{Elements, all_gather, all_reduce, all_to_all, broadcast, reduce};

use crate::collective::boarding;
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::ThreadError;

/// The sizes that are told of.
const SIZES: [(usize, &str); 3] = [(8, "8 B"), (64 << 10, "64 KiB"), (1 << 20, "1 MiB")];

impl Communicator {
    /// Lines that tell by which algorithm this communicator's collectives go, by size.
    pub(crate) fn tell_collectives(&self) -> Result<String, ThreadError> {
        let mut inside = self.shared.door.enter()?;
        let context = self.context(Traffic::Collective);
        let ranks = self.size() as u32;
        let mail = &mut inside.mail;
        let collectives = &mail.collectives;
        let tuning = &collectives.tuning;
        let nodes = mail.contexts.calls(context).nodes(collectives.nodes.as_ref(), self.group()).is_some();
        let board = collectives.everyone_here && ranks > 1 && boarding::may_share(ranks, tuning);
        let elements = Elements { grain: 8, commutative: true };
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "olympi: collectives of {ranks} ranks: {}",
            match (board, nodes) {
                (true, _) => format!(
                    "by a board in shared memory from the third one on, in cells of {} KiB, up to {} KiB a rank",
                    tuning.board_cell >> 10,
                    tuning.board_limit(ranks) >> 10
                ),
                (false, true) =>
                    format!("by messages, by leaders of the nodes up to {} KiB", tuning.leaders_max >> 10),
                (false, false) => "by messages".to_owned(),
            }
        );
        let mut line = |call: &str, asked: bool, name: &dyn Fn(usize) -> &'static str| {
            let each = SIZES.map(|(bytes, size)| {
                let on_board = board && tuning.board_serves(ranks, bytes, asked);
                format!("{size} {}", if on_board { "board" } else { name(bytes) })
            });
            let _ = writeln!(text, "olympi: {call}: {}", each.join(", "));
        };
        line("broadcast", tuning.broadcast.is_some(), &|bytes| {
            tuning.broadcast.unwrap_or_else(|| broadcast::choose(ranks, bytes, nodes, tuning)).name()
        });
        line("reduce", tuning.reduce.is_some(), &|bytes| {
            tuning.reduce.unwrap_or_else(|| reduce::choose(ranks, bytes, elements, nodes, tuning)).name()
        });
        line("all_reduce", tuning.all_reduce.is_some(), &|bytes| {
            tuning
                .all_reduce
                .unwrap_or_else(|| all_reduce::choose(ranks, bytes, elements, nodes, tuning))
                .name()
        });
        line("all_gather", tuning.all_gather.is_some(), &|bytes| {
            all_gather::choose(bytes * ranks as usize, ranks, tuning).name()
        });
        line("all_to_all", tuning.all_to_all.is_some(), &|bytes| {
            let block = olympi_coll::Blocks::Even { len: bytes / ranks as usize };
            all_to_all::choose(&block, ranks, tuning).name()
        });
        Ok(text)
    }
}
