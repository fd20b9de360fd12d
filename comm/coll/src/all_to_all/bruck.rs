//! All-to-all after Bruck: a block makes the way to its member in steps of 1, 2, 4, ..., with all others that have the
//! same step to make.
//!
//! Of n members each sends ⌈log2 n⌉ messages in as many rounds; each carries the blocks for members whose distance has
//! that bit, about half of them: n/2 · log2 n blocks where n is a power of two. It is for short blocks, where a message
//! costs more than its bytes.
//!
//! Blocks that have come are not moved to their place: where one is follows from its distance and from the round, so each
//! is copied once before it is sent, and once at the end.
//!
//! Source: Bruck, Ho, Kipnis, Upfal, Weathersby, "Efficient algorithms for all-to-all communications in multiport
//! message-passing systems" (1997), the index operation.

use alloc::vec::Vec;

use crate::{Placed, Plan, Span, Team};

/// Adds the steps. All blocks of all members have one length. `result` may be `source`: nothing is written there before
/// all that leaves is copied.
pub fn bruck(plan: &mut Plan, team: &Team, source: Placed<'_>, result: Placed<'_>) {
    plan.next_round();
    plan.copy(source.span(team.me()), result.span(team.me()));
    let len = source.blocks.len(team.me());
    if team.size() == 1 || len == 0 {
        return plan.next_round();
    }
    let bits = u32::BITS - (team.size() - 1).leading_zeros();
    let arrived = (0..bits).map(|bit| plan.scratch(travelling(team.size(), bit) as usize * len)).collect();
    let way = Way { team, source, len, arrived };
    let most = way.arrived.iter().map(|arrived| arrived.len).max().unwrap_or(0);
    let leaving = plan.scratch(most);
    way.pack(plan, 0, leaving);
    plan.next_round();
    for bit in 0..bits {
        let arrived = way.arrived[bit as usize];
        plan.send(team.rank(team.after(1 << bit)), leaving.part(0, arrived.len));
        plan.recv(team.rank(team.before(1 << bit)), arrived);
        if bit + 1 < bits {
            way.pack(plan, bit + 1, leaving);
            plan.next_round();
        }
    }
    for distance in 1..team.size() {
        plan.copy(way.place(distance, bits), result.span(team.before(distance)));
    }
    plan.next_round();
}

/// How many of the distances below `members` have a bit.
fn travelling(members: u32, bit: u32) -> u32 {
    let (whole, rest) = ((members >> bit) >> 1 << bit, members & ((2 << bit) - 1));
    whole + rest.saturating_sub(1 << bit)
}

/// Where blocks are on their way.
struct Way<'a> {
    team: &'a Team,
    source: Placed<'a>,
    len: usize,
    /// For each bit what its round has brought: the blocks of the distances that have the bit, in their order.
    arrived: Vec<Span>,
}

impl Way<'_> {
    /// Where the block that has so far to go is before the round of a bit: it came in the round of the highest bit below.
    fn place(&self, distance: u32, bit: u32) -> Span {
        let gone = distance & (((1_u64 << bit) - 1) as u32);
        match gone.checked_ilog2() {
            None => self.source.span(self.team.after(distance)),
            Some(last) => {
                let (above, below) = ((distance >> last) >> 1 << last, distance & ((1 << last) - 1));
                self.arrived[last as usize].part((above | below) as usize * self.len, self.len)
            }
        }
    }

    /// Copies what has a step of a bit to make into one message. What lies together is copied in one piece.
    fn pack(&self, plan: &mut Plan, bit: u32, leaving: Span) {
        let mut piece: Option<Span> = None;
        let mut done = 0;
        for distance in (1..self.team.size()).filter(|distance| distance >> bit & 1 == 1) {
            let next = self.place(distance, bit);
            match &mut piece {
                Some(piece) if piece.area == next.area && piece.offset + piece.len == next.offset => {
                    piece.len += next.len;
                }
                _ => {
                    if let Some(piece) = piece.replace(next) {
                        plan.copy(piece, leaving.part(done, piece.len));
                        done += piece.len;
                    }
                }
            }
        }
        if let Some(piece) = piece {
            plan.copy(piece, leaving.part(done, piece.len));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_a_bit_are_counted() {
        for members in 1..100 {
            for bit in 0..8 {
                let counted = (0..members).filter(|distance| distance >> bit & 1 == 1).count();
                assert_eq!(travelling(members, bit) as usize, counted);
            }
        }
    }
}
