//! Collectives on a board: among the ranks of one host, in memory that all of them see.
//!
//! There is one pattern: everyone shows what the others may need, and reads what it needs itself. One round costs as
//! much as one cache line that goes from one core to another; what does not fit a cell takes several rounds, which overlap,
//! since a rank that has shown the next piece may do so while others still read the last.
//!
//! All members must come to the same rounds, so what decides their number must be known to all of them: calls whose
//! counts only some know go by messages.

mod exchange;
mod reduce;
mod rooted;

pub use exchange::{all_gather, all_to_all, barrier};
pub use reduce::{all_reduce, exclusive_scan, reduce, reduce_scatter, scan};
pub use rooted::{broadcast, gather, scatter};

use crate::Span;

/// The pieces of so many bytes, each of at most `most` bytes, as offsets and lengths.
fn pieces(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len.div_ceil(most.max(1))).map(move |i| (i * most, most.min(len - i * most)))
}

/// The piece of a span that begins `offset` bytes in, of at most `len` bytes; nothing where there is nothing left.
fn piece_of(span: Span, offset: usize, len: usize) -> Span {
    let offset = offset.min(span.len);
    span.part(offset, len.min(span.len - offset))
}
