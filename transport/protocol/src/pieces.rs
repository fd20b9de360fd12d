//! A `get` or a `put` of any length, piece by piece.

use crate::Thresholds;

/// How far a `get` or a `put` has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces {
    wanted: usize,
    posted: usize,
    in_flight: usize,
    refused: bool,
    /// Whether it stands in its peer's queue of what can be moved on.
    pub(crate) queued: bool,
}

/// What to do next about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Wait for a `Done`.
    Wait,
    /// Post more.
    Post,
    /// All bytes are moved.
    Ended,
    /// A piece was refused, and none is under way any more: move all bytes in another way.
    Refused,
}

impl Pieces {
    pub(crate) fn of(wanted: usize) -> Self {
        Self { wanted, posted: 0, in_flight: 0, refused: false, queued: false }
    }

    /// How many bytes there are in all.
    pub(crate) fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether the transport still has the buffer.
    pub(crate) fn under_way(&self) -> bool {
        self.in_flight > 0
    }

    /// Offset and length of the piece to post next, if there is one and the window has room.
    pub(crate) fn next(&self, thresholds: &Thresholds) -> Option<(usize, usize)> {
        let left = self.wanted - self.posted;
        let room = self.in_flight < thresholds.rma_window.max(1);
        (left > 0 && room && !self.refused).then(|| (self.posted, left.min(thresholds.rma_piece.max(1))))
    }

    /// The piece of `len` bytes was accepted.
    pub(crate) fn posted(&mut self, len: usize) {
        self.posted += len;
        self.in_flight += 1;
    }

    /// A piece ended.
    pub(crate) fn done(&mut self, moved: bool) -> Next {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.refused |= !moved;
        if self.refused {
            return if self.under_way() { Next::Wait } else { Next::Refused };
        }
        if self.posted < self.wanted {
            return Next::Post;
        }
        if self.under_way() { Next::Wait } else { Next::Ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_posted_once_within_the_window() {
        let thresholds = Thresholds { rma_piece: 10, rma_window: 2, ..Thresholds::default() };
        let mut pieces = Pieces::of(25);
        assert_eq!(pieces.next(&thresholds), Some((0, 10)));
        pieces.posted(10);
        assert_eq!(pieces.next(&thresholds), Some((10, 10)));
        pieces.posted(10);
        assert_eq!(pieces.next(&thresholds), None, "the window is full");
        assert_eq!(pieces.done(true), Next::Post);
        assert_eq!(pieces.next(&thresholds), Some((20, 5)));
        pieces.posted(5);
        assert_eq!((pieces.done(true), pieces.done(true)), (Next::Wait, Next::Ended));
        assert!(!pieces.under_way());
    }

    #[test]
    fn a_refusal_waits_for_the_pieces_under_way() {
        let thresholds = Thresholds { rma_piece: 10, rma_window: 2, ..Thresholds::default() };
        let mut pieces = Pieces::of(40);
        pieces.posted(10);
        pieces.posted(10);
        assert_eq!(pieces.done(false), Next::Wait);
        assert_eq!(pieces.next(&thresholds), None);
        assert_eq!(pieces.done(true), Next::Refused);
    }
}
