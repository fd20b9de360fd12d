//! What the pages behind an address are, as `/proc/self/pagemap` tells.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::allocation::page_size;

/// The page is in memory.
const PRESENT: u64 = 1 << 63;
/// It is a file's, or shared.
const FILE_OR_SHARED: u64 = 1 << 61;

/// Whether all pages are there, and nobody's but ours. Shared pages can go without an event (`shmdt`, a file that is
/// truncated), so they are not kept.
pub(crate) fn private(start: usize, len: usize) -> bool {
    let page = page_size();
    let Ok(file) = File::open("/proc/self/pagemap") else { return false };
    let (mut at, end) = (start / page, (start + len).div_ceil(page));
    let mut entries = [0_u8; 4096];
    while at < end {
        let n = (end - at).min(entries.len() / 8);
        let bytes = &mut entries[..n * 8];
        if file.read_exact_at(bytes, at as u64 * 8).is_err() {
            return false;
        }
        let good = |entry: &[u8]| {
            let entry = entry.try_into().map_or(0, u64::from_ne_bytes);
            entry & PRESENT != 0 && entry & FILE_OR_SHARED == 0
        };
        if !bytes.chunks_exact(8).all(good) {
            return false;
        }
        at += n;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_are_there_and_ours_are_private() {
        let page = page_size();
        let map = |flags| {
            // SAFETY: new anonymous mappings, which this test leaves alone but for one byte.
            unsafe {
                libc::mmap(std::ptr::null_mut(), 2 * page, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
                    as usize
            }
        };
        let own = map(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let shared = map(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        for start in [own, shared] {
            // SAFETY: the first byte of a mapping that was just made.
            unsafe { *(start as *mut u8) = 1 };
        }
        assert!(private(own, page));
        assert!(!private(own, 2 * page), "the second page is not there");
        assert!(!private(shared, page));
        for start in [own, shared] {
            // SAFETY: what was mapped above.
            unsafe { libc::munmap(start as *mut libc::c_void, 2 * page) };
        }
    }
}
