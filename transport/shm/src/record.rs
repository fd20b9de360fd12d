//! What a record's head says besides its tag, and how short copies are made.

use core::ptr;

use crate::ring::{HEAD, LINE, SLOT};

/// Bytes of a frame's header at most, by the contract.
pub(crate) const HEADER_MAX: usize = 64;
/// Bytes of a record with its head at most. The payload of a longer frame goes by the window.
pub(crate) const RECORD_MAX: usize = 1024;
/// How much longer the longest frame is than its longest payload should be, so that a payload of a round
/// length leaves room for a header.
pub(crate) const FRAME_SLACK: usize = 64;
/// Bytes behind a record's head that say where in the window the payload lies, if it lies there.
pub(crate) const PLACE: usize = 4;

/// The content of a record's head: 7 bits for the length of the frame's header, 17 for that of its payload,
/// the top one for whether the payload lies in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Content(pub(crate) u32);

impl Content {
    /// No frame at all: fills the rest of a line.
    pub(crate) const PAD: Self = Self(0x7f);

    /// A frame that lies in the record as a whole.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn inline(header: usize, payload: usize) -> Self {
        debug_assert!(header <= HEADER_MAX && HEAD + header + payload <= RECORD_MAX);
        Self(header as u32 | (payload as u32) << 7)
    }

    /// A frame whose payload lies in the window.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn window(header: usize, payload: usize) -> Self {
        debug_assert!(header <= HEADER_MAX && payload < 1 << 17);
        Self(header as u32 | (payload as u32) << 7 | 1 << 31)
    }

    /// Length of the frame's header, as the peer claims.
    #[inline]
    pub(crate) fn header(self) -> usize {
        (self.0 & 0x7f) as usize
    }

    /// Length of the frame's payload, as the peer claims.
    #[inline]
    pub(crate) fn payload(self) -> usize {
        (self.0 >> 7 & 0x1_ffff) as usize
    }

    /// Whether the payload lies in the window.
    #[inline]
    pub(crate) fn in_window(self) -> bool {
        self.0 >> 31 == 1
    }
}

/// Slots of a record with so many bytes behind its head: one, or whole lines.
#[inline]
pub(crate) fn slots(bytes: usize) -> usize {
    if HEAD + bytes <= SLOT { 1 } else { (HEAD + bytes).div_ceil(LINE) * (LINE / SLOT) }
}

/// Where the payload of a record longer than a line begins: so that wide stores cross no lines, which would
/// wait for two at a time.
#[inline]
pub(crate) fn long_payload(header: usize) -> usize {
    (HEAD + header).next_multiple_of(32)
}

/// Reads up to eight bytes into a word, the first byte lowest; what is beyond them is zero.
///
/// # Safety
/// `from` readable for `n <= 8` bytes.
#[inline]
pub(crate) unsafe fn read_word(from: *const u8, n: usize) -> u64 {
    debug_assert!(n <= 8);
    // SAFETY: each branch reads only bytes in `0..n`, for the lengths that it is for.
    unsafe {
        if n == 8 {
            from.cast::<u64>().read_unaligned()
        } else if n >= 4 {
            let low = u64::from(from.cast::<u32>().read_unaligned().to_le());
            let high = u64::from(from.add(n - 4).cast::<u32>().read_unaligned().to_le());
            (low | high << (8 * (n - 4))).to_le()
        } else if n > 0 {
            let byte = |i: usize| u64::from(*from.add(i)) << (8 * i);
            (byte(0) | byte(n / 2) | byte(n - 1)).to_le()
        } else {
            0
        }
    }
}

/// Copies up to 64 bytes inline, as few moves that may overlap: a call of `memcpy` costs more than they do.
///
/// # Safety
/// `src` readable and `dst` writable for `n <= 64` bytes, without overlap.
#[inline]
pub(crate) unsafe fn copy_short(src: *const u8, dst: *mut u8, n: usize) {
    type Half = [u64; 2];
    debug_assert!(n <= 64);
    // SAFETY: each branch touches only bytes in `0..n` of either side, for the lengths that it is for.
    unsafe {
        if n > 32 {
            let a = ptr::read_unaligned(src.cast::<Half>());
            let b = ptr::read_unaligned(src.add(16).cast::<Half>());
            let c = ptr::read_unaligned(src.add(n - 32).cast::<Half>());
            let d = ptr::read_unaligned(src.add(n - 16).cast::<Half>());
            ptr::write_unaligned(dst.cast::<Half>(), a);
            ptr::write_unaligned(dst.add(16).cast::<Half>(), b);
            ptr::write_unaligned(dst.add(n - 32).cast::<Half>(), c);
            ptr::write_unaligned(dst.add(n - 16).cast::<Half>(), d);
        } else if n == 16 {
            // An eager header, just made of two words: read as such, or the read waits for the stores.
            let a = ptr::read_unaligned(src.cast::<u64>());
            let b = ptr::read_unaligned(src.add(8).cast::<u64>());
            ptr::write_unaligned(dst.cast::<u64>(), a);
            ptr::write_unaligned(dst.add(8).cast::<u64>(), b);
        } else if n > 16 {
            let a = ptr::read_unaligned(src.cast::<Half>());
            let b = ptr::read_unaligned(src.add(n - 16).cast::<Half>());
            ptr::write_unaligned(dst.cast::<Half>(), a);
            ptr::write_unaligned(dst.add(n - 16).cast::<Half>(), b);
        } else if n >= 8 {
            let a = ptr::read_unaligned(src.cast::<u64>());
            let b = ptr::read_unaligned(src.add(n - 8).cast::<u64>());
            ptr::write_unaligned(dst.cast::<u64>(), a);
            ptr::write_unaligned(dst.add(n - 8).cast::<u64>(), b);
        } else if n >= 4 {
            let a = ptr::read_unaligned(src.cast::<u32>());
            let b = ptr::read_unaligned(src.add(n - 4).cast::<u32>());
            ptr::write_unaligned(dst.cast::<u32>(), a);
            ptr::write_unaligned(dst.add(n - 4).cast::<u32>(), b);
        } else if n > 0 {
            *dst = *src;
            *dst.add(n / 2) = *src.add(n / 2);
            *dst.add(n - 1) = *src.add(n - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_was_put_in() {
        for header in [0, 1, 24, 63, 64] {
            for payload in [0, 1, 56, 900] {
                let content = Content::inline(header, payload);
                assert_eq!((content.header(), content.payload()), (header, payload));
                assert!(!content.in_window() && content != Content::PAD);
            }
            for payload in [0, 65_600, 4096] {
                let content = Content::window(header, payload);
                assert_eq!((content.header(), content.payload()), (header, payload));
                assert!(content.in_window());
            }
        }
        assert_eq!([slots(0), slots(24), slots(25), slots(56), slots(57)], [1, 1, 2, 2, 4]);
    }

    #[test]
    fn words_hold_exactly_what_was_read() {
        let source = [0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18, 0x29];
        for n in 0..=8 {
            let mut expected = [0_u8; 8];
            expected[..n].copy_from_slice(&source[..n]);
            // SAFETY: the source is longer.
            assert_eq!(unsafe { read_word(source.as_ptr(), n) }.to_ne_bytes(), expected, "{n}");
        }
    }

    #[test]
    fn short_copies_are_exact() {
        let source: Vec<u8> = (1..=80).collect();
        for n in 0..=64 {
            let mut target = [0_u8; 72];
            // SAFETY: both arrays are longer than `n`.
            unsafe { copy_short(source.as_ptr(), target.as_mut_ptr(), n) };
            assert_eq!(&target[..n], &source[..n]);
            assert!(target[n..].iter().all(|&byte| byte == 0), "{n}");
        }
    }
}
