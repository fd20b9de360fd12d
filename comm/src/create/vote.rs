//! What travels in an agreement: a member's vote, or all that are counted so far in one.

use olympi_transport_api::Peer;

/// How it stands. The worst of all votes is the result.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    /// The number is free.
    Agreed = 0,
    /// It is not.
    Taken = 1,
    /// A member cannot take part: its arguments are wrong, or a callback failed.
    CalledOff = 2,
    /// The members are not doing the same thing.
    Confused = 3,
    /// The leaders of groups wait for one another in a circle.
    Circular = 4,
    /// A member is gone.
    Dead = 5,
}

/// What travels before the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Vote {
    pub(super) key: u64,
    pub(super) verdict: Verdict,
    /// The highest number that was proposed, and the lowest.
    pub(super) highest: u32,
    pub(super) lowest: u32,
    /// Who is gone, or called it off.
    pub(super) culprit: Peer,
}

pub(super) const HEADER: usize = 24;

impl Vote {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&self.key.to_le_bytes());
        let words = [self.verdict as u32, self.highest, self.lowest, self.culprit.0];
        for (at, word) in words.into_iter().enumerate() {
            bytes[8 + 4 * at..12 + 4 * at].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, table) = bytes.split_first_chunk::<HEADER>()?;
        let word =
            |at: usize| header[at..at + 4].iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
        let verdict = match word(8) {
            0 => Verdict::Agreed,
            1 => Verdict::Taken,
            2 => Verdict::CalledOff,
            3 => Verdict::Confused,
            4 => Verdict::Circular,
            5 => Verdict::Dead,
            _ => return None,
        };
        let key = u64::from(word(4)) << 32 | u64::from(word(0));
        let vote = Self { key, verdict, highest: word(12), lowest: word(16), culprit: Peer(word(20)) };
        Some((vote, table))
    }

    /// Both votes in one.
    pub(super) fn merge(&mut self, other: &Self) {
        let same = other.key == self.key;
        let verdict = if same { other.verdict } else { other.verdict.max(Verdict::Confused) };
        if verdict > self.verdict {
            (self.verdict, self.culprit) = (verdict, other.culprit);
        }
        self.highest = self.highest.max(other.highest);
        self.lowest = self.lowest.min(other.lowest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_is_read_as_it_was_written_and_nonsense_is_none() {
        let vote = Vote {
            key: 0x0123_4567_89AB_CDEF,
            verdict: Verdict::Confused,
            highest: 9,
            lowest: u32::MAX - 3,
            culprit: Peer(70_000),
        };
        let mut bytes = vote.encode().to_vec();
        bytes.extend(b"table");
        assert_eq!(Vote::decode(&bytes), Some((vote, &b"table"[..])));
        assert!((0..HEADER).all(|len| Vote::decode(&bytes[..len]).is_none()));
        bytes[8] = 6;
        assert_eq!(Vote::decode(&bytes), None);
    }

    #[test]
    fn the_worst_vote_wins_and_another_call_is_worse_than_a_bad_one() {
        let vote = |key, verdict, number, culprit| Vote {
            key,
            verdict,
            highest: number,
            lowest: number,
            culprit: Peer(culprit),
        };
        let mut all = vote(1, Verdict::Agreed, 5, 0);
        all.merge(&vote(1, Verdict::CalledOff, 7, 1));
        all.merge(&vote(1, Verdict::Taken, 3, 2));
        assert_eq!(all, Vote { highest: 7, lowest: 3, ..vote(1, Verdict::CalledOff, 0, 1) });
        all.merge(&vote(2, Verdict::Agreed, 5, 3));
        assert_eq!((all.verdict, all.culprit), (Verdict::Confused, Peer(3)));
        all.merge(&vote(1, Verdict::Dead, 5, 4));
        assert_eq!((all.verdict, all.culprit), (Verdict::Dead, Peer(4)));
    }
}
