//! The wire: what precedes a frame's payload. Checked once, here.
//!
//! A frame is a [`Prefix`], a header and a payload. Both sides keep some of the headers that went over the connection. Where
//! one comes again, as that of a message with the same tag does, only the payload is sent, with a [`Repeat`] as the
//! immediate data: a payload of a page is one packet then, and eight bytes are the shortest request there is.

/// Bytes of the prefix.
pub(crate) const PREFIX: usize = 8;
/// Longest header.
pub(crate) const MAX_HEADER: usize = 64;
/// What a receive buffer holds beside the longest payload: the prefix, and a header as long as they mostly are.
pub(crate) const BEFORE_PAYLOAD: usize = 64;

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

/// The immediate data of a frame without a header: where the header is kept, the sender's count of granted frames, its
/// low 24 bits, and whether credits have stopped it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Repeat {
    pub(crate) place: Place,
    pub(crate) granted: u32,
    pub(crate) starved: bool,
}

impl Repeat {
    #[inline]
    pub(crate) fn encode(self) -> u32 {
        let flags = u32::from(self.starved) << 24 | u32::from(self.place.0) << 25;
        ((self.granted & 0xFF_FFFF) | flags).to_be()
    }

    /// Reads immediate data; `before` is the count that was told last, which the new one is near.
    #[inline]
    pub(crate) fn decode(immediate: u32, before: u32) -> Option<Self> {
        let word = u32::from_be(immediate);
        // The difference of 24 bits, with its sign.
        let more = (word.wrapping_sub(before) << 8).cast_signed() >> 8;
        let place = (word >> 25) as u8;
        (usize::from(place) < KEPT).then_some(Self {
            place: Place(place),
            granted: before.wrapping_add_signed(more),
            starved: word >> 24 & 1 == 1,
        })
    }
}

/// How many headers a side keeps of those that went one way, a power of two: as many as the tags of a program's inner
/// loop.
const KEPT: usize = 8;

/// One of the places for headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place(u8);

/// The one place where this header may be kept, at both sides.
#[inline]
pub(crate) fn place_of(header: &[u8]) -> Place {
    // What tells messages apart stands in the first sixteen bytes.
    let word = |at: usize| {
        header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    };
    let mixed = (word(0) ^ word(8).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Place((mixed >> (u64::BITS - KEPT.ilog2())) as u8)
}

/// The headers that are kept of those that went one way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers {
    kept: [[u8; MAX_HEADER]; KEPT],
    /// How long each is; more than there is room for: there is none.
    lens: [u8; KEPT],
}

impl Headers {
    pub(crate) const fn none() -> Self {
        Self { kept: [[0; MAX_HEADER]; KEPT], lens: [u8::MAX; KEPT] }
    }

    /// The header that is kept there, if there is one.
    #[inline]
    pub(crate) fn at(&self, place: Place) -> Option<&[u8]> {
        let at = usize::from(place.0) % KEPT;
        self.kept[at].get(..usize::from(self.lens[at]))
    }

    /// Keeps a header of at most [`MAX_HEADER`] bytes in its place, instead of the one that is there.
    #[inline]
    pub(crate) fn keep(&mut self, place: Place, header: &[u8]) {
        let at = usize::from(place.0) % KEPT;
        if let Some(room) = self.kept[at].get_mut(..header.len()) {
            room.copy_from_slice(header);
            self.lens[at] = header.len() as u8;
        }
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

    #[test]
    fn a_count_in_24_bits_is_the_nearest_to_the_one_before() {
        for before in [0, 5, 0xFF_FFFE, 0x100_0001, u32::MAX - 3, 1 << 31] {
            for more in [-(1 << 20), -1, 0, 1, 8192] {
                let place = Place(before as u8 % KEPT as u8);
                let granted = before.wrapping_add_signed(more);
                let repeat = Repeat { place, granted, starved: more == 0 };
                assert_eq!(Repeat::decode(repeat.encode(), before), Some(repeat), "{before} {more}");
            }
        }
        assert_eq!(Repeat::decode(((KEPT as u32) << 25).to_be(), 0), None, "no such place");
    }

    #[test]
    fn a_header_is_kept_until_another_takes_its_place() {
        let mut headers = Headers::none();
        let long = [7; MAX_HEADER];
        for header in [&[1, 2, 3][..], &[], &long, &[0; 8]] {
            headers.keep(place_of(header), header);
            assert_eq!(headers.at(place_of(header)), Some(header));
        }
        assert!(
            (0..KEPT as u8).any(|place| headers.at(Place(place)).is_none()),
            "four headers, eight places"
        );
        // The tags of an inner loop spread over the places.
        let places = (0..64_u64).map(|tag| {
            let mut header = [0; 16];
            header[..8].copy_from_slice(&0x5_0000_0001_u64.to_le_bytes());
            header[8..].copy_from_slice(&(tag << 32 | 3).to_le_bytes());
            place_of(&header).0
        });
        let used: std::collections::BTreeSet<u8> = places.collect();
        assert_eq!(used.len(), KEPT);
    }
}
