//! What the choices of the collectives go by: which algorithm serves which size, and which one is asked for by name. Their
//! names are in `settings.rs`.

use crate::{
    AllGatherAlgorithm, AllReduceAlgorithm, AllToAllAlgorithm, BarrierAlgorithm, BroadcastAlgorithm,
    ExclusiveScanAlgorithm, GatherAlgorithm, NeighbourAlgorithm, ReduceAlgorithm, ReduceScatterAlgorithm,
    ScanAlgorithm, ScatterAlgorithm,
};

/// Where one algorithm ends and the next begins, and which algorithms are asked for by name. All ranks of a
/// communicator must have the same. [`Tuning::settings`] lists each field's variable, default, meaning and reason.
///
/// An algorithm that is asked for and cannot serve a call (one for powers of two among five ranks, one that swaps
/// operands for an operation that does not commute) leaves that call to the choice by size.
///
/// ```
/// use olympi_coll::{BroadcastAlgorithm, Tuning};
///
/// let tuning = Tuning::from_variables(|name| (name == "OLYMPI_COLL_BROADCAST").then(|| "chain".to_owned()))?;
/// assert_eq!(tuning.broadcast, Some(BroadcastAlgorithm::Chain));
/// # Ok::<(), olympi_coll::TuningError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// The algorithm of barriers that is asked for.
    pub barrier: Option<BarrierAlgorithm>,
    /// The algorithm of broadcasts that is asked for.
    pub broadcast: Option<BroadcastAlgorithm>,
    /// The algorithm of reductions to a root that is asked for.
    pub reduce: Option<ReduceAlgorithm>,
    /// The algorithm of reductions for all that is asked for.
    pub all_reduce: Option<AllReduceAlgorithm>,
    /// The algorithm of reductions in blocks that is asked for.
    pub reduce_scatter: Option<ReduceScatterAlgorithm>,
    /// The algorithm of scans that is asked for.
    pub scan: Option<ScanAlgorithm>,
    /// The algorithm of exclusive scans that is asked for.
    pub exclusive_scan: Option<ExclusiveScanAlgorithm>,
    /// The algorithm of gathers that is asked for.
    pub gather: Option<GatherAlgorithm>,
    /// The algorithm of scatters that is asked for.
    pub scatter: Option<ScatterAlgorithm>,
    /// The algorithm of gathers for all that is asked for.
    pub all_gather: Option<AllGatherAlgorithm>,
    /// The algorithm of exchanges of all with all that is asked for.
    pub all_to_all: Option<AllToAllAlgorithm>,
    /// The algorithm of neighbour collectives that is asked for.
    pub neighbour: Option<NeighbourAlgorithm>,

    /// Bytes that each rank can show at a time on the board of a host; 0: no boards.
    pub board_cell: usize,
    /// Up to so many bytes a rank collectives go by the board.
    pub board_max: usize,
    /// The same of two ranks, each with a CPU of its own to copy by, where it is less.
    pub board_pair_max: usize,
    /// Up to so many bytes leaders do the work between nodes.
    pub leaders_max: usize,
    /// Among up to so many ranks the root of a short broadcast sends to all.
    pub broadcast_flat_ranks: u32,
    /// Up to so many bytes a broadcast is short: a tree.
    pub broadcast_short_max: usize,
    /// From so many ranks on a longer broadcast is scattered first.
    pub broadcast_scatter_ranks: u32,
    /// Up to so many bytes a scattered broadcast is gathered by doubling, if the ranks are a power of two.
    pub broadcast_doubling_max: usize,
    /// From so many bytes on a broadcast goes down a chain, if it has more pieces than there are ranks.
    pub broadcast_chain_min: usize,
    /// A piece of a broadcast that goes down a chain, in bytes.
    pub broadcast_piece: usize,
    /// Up to so many bytes a reduction to a root goes up a tree.
    pub reduce_short_max: usize,
    /// Up to so many bytes a reduction for all exchanges whole vectors.
    pub all_reduce_short_max: usize,
    /// Among up to so many ranks a short reduction for all is one exchange of all with all.
    pub all_reduce_exchange_ranks: u32,
    /// From blocks of so many bytes on a reduction for all goes round in a ring, unless the ranks are a power of two.
    pub all_reduce_ring_block: usize,
    /// Up to so many bytes of all blocks a reduction in blocks halves them.
    pub reduce_scatter_halving_max: usize,
    /// Up to so many bytes of all blocks a reduction in blocks whose operation does not commute exchanges whole vectors.
    pub reduce_scatter_doubling_max: usize,
    /// Up to so many bytes a block gathers and scatters use a tree.
    pub gather_tree_max: usize,
    /// Below so many bytes of all blocks a gather for all exchanges at distances that double.
    pub all_gather_doubling_max: usize,
    /// Below so many bytes of all blocks a gather for all is Bruck's, if the ranks are no power of two.
    pub all_gather_bruck_max: usize,
    /// From so many ranks on all-to-all may be Bruck's.
    pub all_to_all_bruck_ranks: u32,
    /// Up to so many bytes a block all-to-all is Bruck's.
    pub all_to_all_bruck_max: usize,
    /// Up to so many bytes a block all-to-all has all its messages under way at once.
    pub all_to_all_scattered_max: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            barrier: None,
            broadcast: None,
            reduce: None,
            all_reduce: None,
            reduce_scatter: None,
            scan: None,
            exclusive_scan: None,
            gather: None,
            scatter: None,
            all_gather: None,
            all_to_all: None,
            neighbour: None,
            board_cell: 64 << 10,
            board_max: 64 << 20,
            board_pair_max: 2 << 10,
            leaders_max: 64 << 10,
            broadcast_flat_ranks: 4,
            broadcast_short_max: 12 << 10,
            broadcast_scatter_ranks: 8,
            broadcast_doubling_max: 512 << 10,
            broadcast_chain_min: 512 << 10,
            broadcast_piece: 64 << 10,
            reduce_short_max: 2 << 10,
            all_reduce_short_max: 8 << 10,
            all_reduce_exchange_ranks: 3,
            all_reduce_ring_block: 16 << 10,
            reduce_scatter_halving_max: 512 << 10,
            reduce_scatter_doubling_max: 8 << 10,
            gather_tree_max: 2 << 10,
            all_gather_doubling_max: 512 << 10,
            all_gather_bruck_max: 80 << 10,
            all_to_all_bruck_ranks: 8,
            all_to_all_bruck_max: 256,
            all_to_all_scattered_max: 32 << 10,
        }
    }
}

impl Tuning {
    /// Up to so many bytes a rank a collective of so many ranks goes by the board, where there is one.
    pub fn board_limit(&self, ranks: u32) -> usize {
        if ranks == 2 { self.board_pair_max.min(self.board_max) } else { self.board_max }
    }

    /// Whether a collective of so many ranks with so many bytes a rank goes by the board, where there is one; never if an
    /// algorithm is asked for by name, since those go by messages.
    pub fn board_serves(&self, ranks: u32, bytes: usize, asked: bool) -> bool {
        !asked && bytes <= self.board_limit(ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ranks_keep_to_both_limits_of_a_board() {
        let limits = |board_max, board_pair_max| {
            let tuning = Tuning { board_max, board_pair_max, ..Tuning::default() };
            [2, 3, 64].map(|ranks| tuning.board_limit(ranks))
        };
        assert_eq!(limits(100, 10), [10, 100, 100]);
        assert_eq!(limits(5, 10), [5, 5, 5]);
        assert_eq!(limits(0, 10), [0, 0, 0]);
    }

    #[test]
    fn a_board_serves_up_to_its_limit_what_no_algorithm_is_asked_for() {
        let tuning = Tuning { board_max: 100, board_pair_max: 10, ..Tuning::default() };
        let serves = |ranks, bytes| tuning.board_serves(ranks, bytes, false);
        assert_eq!(
            [serves(2, 10), serves(2, 11), serves(3, 100), serves(3, 101)],
            [true, false, true, false]
        );
        assert!(!tuning.board_serves(3, 0, true));
    }
}
