//! The wire: what precedes a frame's header. Checked once, here.

/// Bytes of the prefix.
pub(crate) const PREFIX: usize = 8;
/// Longest header.
pub(crate) const MAX_HEADER: usize = 64;
/// What a receive buffer holds beside the longest payload: the prefix, and a header as long as they mostly are.
pub(crate) const HEADERS: usize = 64;

/// What precedes the header: the sender's count of granted frames, the header's length, and whether its own credits have
/// stopped it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prefix {
    pub(crate) granted: u32,
    pub(crate) header: u8,
    pub(crate) starved: bool,
}

impl Prefix {
    #[inline]
    pub(crate) fn encode(self) -> [u8; PREFIX] {
        (u64::from(self.granted) | u64::from(self.header) << 32 | u64::from(self.starved) << 40).to_le_bytes()
    }

    /// Reads the prefix of a frame of `len` bytes in all.
    #[inline]
    pub(crate) fn decode(bytes: [u8; PREFIX], len: usize) -> Option<Self> {
        let word = u64::from_le_bytes(bytes);
        let header = (word >> 32) as u8;
        let flags = word >> 40;
        let fits = usize::from(header) <= MAX_HEADER && PREFIX + usize::from(header) <= len && flags <= 1;
        fits.then_some(Self { granted: word as u32, header, starved: flags == 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        for prefix in [
            Prefix { granted: u32::MAX, header: 64, starved: true },
            Prefix { granted: 0, header: 0, starved: false },
        ] {
            assert_eq!(Prefix::decode(prefix.encode(), 8 + usize::from(prefix.header)), Some(prefix));
        }
        let good = Prefix { granted: 1, header: 16, starved: false }.encode();
        assert_eq!(Prefix::decode(good, 23), None, "the header does not fit");
        for (at, byte) in [(4, 65), (5, 2), (6, 1), (7, 1)] {
            let mut bad = good;
            bad[at] = byte;
            assert_eq!(Prefix::decode(bad, 4096), None, "byte {at}");
        }
    }
}
