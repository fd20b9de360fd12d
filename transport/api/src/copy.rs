//! Copies between processes, by how the memory behind them works.
//!
//! The bytes may be written by another process meanwhile: whatever they are, they are only bytes.

use core::ptr;

/// Bytes of a cache line.
const LINE: usize = 64;
/// From this length on, memory is copied in two streams.
const TWO_STREAMS: usize = 4 << 10;
/// Two streams begin so many bytes apart: more than a page, and no multiple of one, as lines that lie whole pages apart
/// share a place in the first-level cache.
const APART: usize = 5 << 10;

/// How a long run of bytes is copied. Which way is the quickest depends on whether the two cores share a cache; who moves
/// many finds out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyBy {
    /// Two streams at once: between cores that share a cache, what is not longer than the caches of one.
    Streams,
    /// The processor's own string move, where that is quick: between others, and what is longer.
    Strings,
    /// Stores to memory, past the caches, ordered before what this thread stores next: what no cache holds until it is
    /// used.
    PastCaches,
}

impl CopyBy {
    /// Copies so.
    ///
    /// # Safety
    /// `src` readable and `dst` writable for `n` bytes, without overlap.
    #[inline]
    pub unsafe fn copy(self, src: *const u8, dst: *mut u8, n: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Streams => copy_streams(src, dst, n),
                Self::Strings => copy_long(src, dst, n),
                Self::PastCaches => copy_past_caches(src, dst, n),
            }
        }
    }
}

/// Copies bytes that another process may be writing meanwhile. The shortest copies, which latency is made of, are done
/// inline, as two moves that may overlap.
///
/// # Safety
/// `src` readable and `dst` writable for `n` bytes, without overlap.
#[inline]
pub(crate) unsafe fn copy(src: *const u8, dst: *mut u8, n: usize) {
    // SAFETY: every access below lies within the first `n` bytes of either side.
    unsafe {
        match n {
            8..=16 => {
                let a = ptr::read_unaligned(src.cast::<u64>());
                let b = ptr::read_unaligned(src.add(n - 8).cast::<u64>());
                ptr::write_unaligned(dst.cast::<u64>(), a);
                ptr::write_unaligned(dst.add(n - 8).cast::<u64>(), b);
            }
            4..=7 => {
                let a = ptr::read_unaligned(src.cast::<u32>());
                let b = ptr::read_unaligned(src.add(n - 4).cast::<u32>());
                ptr::write_unaligned(dst.cast::<u32>(), a);
                ptr::write_unaligned(dst.add(n - 4).cast::<u32>(), b);
            }
            _ => copy_streams(src, dst, n),
        }
    }
}

/// Copies memory that another core has touched last, on either side of a transport.
///
/// `memcpy` asks for one line after the other, in pages one behind the other; each page begins with lines that nothing
/// has foreseen, and each line comes from another core's cache, which takes long. Two streams, in two pages, keep twice
/// as many lines under way: 4 KiB take half the time, and long messages a fifth less. Four streams are no better than
/// two, and what is shorter than a page goes by `memcpy`. (`olympi-bench latency --sizes 4K,64K,1M`.)
///
/// # Safety
/// `src` readable and `dst` writable for `n` bytes, without overlap.
#[inline]
unsafe fn copy_streams(src: *const u8, dst: *mut u8, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { if n < TWO_STREAMS { ptr::copy_nonoverlapping(src, dst, n) } else { two_streams(src, dst, n) } }
}

/// As [`copy_streams`], of a part of a long message, which may lie in memory rather than in a cache: by the processor's own
/// string move where that is quick. It reads ahead beyond the end of a page, and what it overwrites it does not fetch
/// first, while what it has written stays in the caches.
///
/// # Safety
/// As for [`copy_streams`].
#[inline]
unsafe fn copy_long(src: *const u8, dst: *mut u8, n: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if std::is_x86_feature_detected!("ermsb") {
        // SAFETY: it reads and writes the caller's bytes. The direction flag is clear, as between all functions.
        unsafe {
            core::arch::asm!(
                "rep movsb",
                inout("rcx") n => _, inout("rsi") src => _, inout("rdi") dst => _,
                options(nostack, preserves_flags)
            );
        }
        return;
    }
    // SAFETY: the caller's promise.
    unsafe { copy_streams(src, dst, n) }
}

/// # Safety
/// As for [`copy_streams`].
unsafe fn two_streams(src: *const u8, dst: *mut u8, n: usize) {
    // Stores that cross lines cost more than loads that do.
    let head = dst.align_offset(LINE).min(n);
    // SAFETY: the two parts are the `n` bytes.
    unsafe {
        ptr::copy_nonoverlapping(src, dst, head);
        let (src, dst, n) = (src.add(head), dst.add(head), n - head);
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx") {
            return by_wide_moves(src, dst, n);
        }
        by_lines(src, dst, n);
    }
}

/// # Safety
/// As for [`copy_streams`]; the processor has AVX.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn by_wide_moves(src: *const u8, dst: *mut u8, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { by_lines(src, dst, n) }
}

/// # Safety
/// As for [`copy_streams`].
#[inline(always)]
#[allow(clippy::inline_always)] // so that it is compiled for what the caller says of the processor
unsafe fn by_lines(src: *const u8, dst: *mut u8, n: usize) {
    let mut done = 0;
    while n - done >= 2 * LINE {
        let piece = (n - done).min(2 * APART);
        let half = piece / 2 / LINE * LINE;
        // SAFETY: `done + 2 * half <= n`.
        unsafe {
            let (from, to) = (src.add(done), dst.add(done));
            let mut at = 0;
            while at < half {
                ptr::copy_nonoverlapping(from.add(at), to.add(at), LINE);
                ptr::copy_nonoverlapping(from.add(half + at), to.add(half + at), LINE);
                at += LINE;
            }
        }
        done += 2 * half;
    }
    // SAFETY: what is left of the `n` bytes.
    unsafe { ptr::copy_nonoverlapping(src.add(done), dst.add(done), n - done) }
}

/// Copies by stores that go past the caches, whole lines as far as there are any; on a processor that has no such stores
/// that are known here, as [`copy_streams`]. They are ordered before what this thread stores next.
///
/// # Safety
/// `src` readable and `dst` writable for `n` bytes, without overlap.
unsafe fn copy_past_caches(src: *const u8, dst: *mut u8, n: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the three parts are the `n` bytes. The middle one is whole lines and aligned; the others go by ordinary
    // stores, which are ordered anyway.
    unsafe {
        let head = dst.align_offset(16).min(n);
        let tail = head + (n - head) / LINE * LINE;
        ptr::copy_nonoverlapping(src, dst, head);
        stream_lines(src.add(head), dst.add(head), tail - head);
        ptr::copy_nonoverlapping(src.add(tail), dst.add(tail), n - tail);
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: the caller's promise.
    unsafe {
        copy_streams(src, dst, n);
    }
}

/// # Safety
/// As for [`copy_past_caches`]; `n` a multiple of 64, `dst` aligned to 16.
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(clippy::cast_ptr_alignment)] // The source is read unaligned; the target is aligned by the caller's promise.
unsafe fn stream_lines(src: *const u8, dst: *mut u8, n: usize) {
    use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};
    // SAFETY: all of it within the `n` bytes; every x86-64 processor has these instructions.
    unsafe {
        for at in (0..n).step_by(LINE) {
            let (from, to) = (src.add(at).cast::<__m128i>(), dst.add(at).cast::<__m128i>());
            let line = [0, 1, 2, 3].map(|i| _mm_loadu_si128(from.add(i)));
            for (i, part) in line.into_iter().enumerate() {
                _mm_stream_si128(to.add(i), part);
            }
        }
        // Ordered before whatever tells another thread that the bytes are there.
        _mm_sfence();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    /// Runs a copy of every length and alignment that could matter, and checks each byte, and those around.
    fn check(copy: unsafe fn(*const u8, *mut u8, usize), lengths: &[usize]) {
        let source: Vec<u8> = (0..=250).cycle().take(20_100).collect();
        let mut memory = vec![0xAA_u8; 20_300];
        let base = memory.as_ptr().align_offset(LINE);
        for &n in lengths {
            for (from, to) in [(0, 0), (16, 16), (3, 0), (0, 16), (1, 48)] {
                let to = base + to;
                memory.fill(0xAA);
                // SAFETY: both are long enough, and apart.
                unsafe { copy(source.as_ptr().add(from), memory.as_mut_ptr().add(to), n) };
                assert!(memory[to..to + n] == source[from..from + n], "{n} bytes from {from} to {to}");
                assert!(memory[..to].iter().chain(&memory[to + n..]).all(|&byte| byte == 0xAA), "{n} {to}");
            }
        }
    }

    #[test]
    fn every_byte_is_copied_and_no_other() {
        let short: Vec<usize> = (0..80).collect();
        let long = [4095, 4096, 4097, 4159, 4223, 8191, 8192, 8300, 12_289, 16_384, 19_999];
        for copy in [super::copy, copy_streams, copy_long, two_streams, by_lines, copy_past_caches] {
            check(copy, &short);
            check(copy, &[128]);
            check(copy, &long);
        }
    }
}
