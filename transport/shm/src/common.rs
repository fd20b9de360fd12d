//! Memory that some processes of one host share as they like: what windows of shared memory are made of. Some words come
//! before it, by which they agree who may do what.

use std::os::fd::{AsFd, OwnedFd};

use olympi_transport_api::Address;
use rustix::fs::FallocateFlags;

use crate::address::{Host, Whereabouts};
use crate::memfd::{self, Mapping};
use crate::sync::AtomicU32;

/// The name shown in `/proc/<pid>/fd`.
const NAME: &str = "olympi-common";
/// Words of a line.
const WORDS: usize = 4;
/// Bytes of a line: processors fetch two cache lines at a time.
const LINE: usize = 128;
const PAGE: usize = 4096;

/// Memory of several processes, zeroed in the beginning. It is there until the last of them has dropped it.
#[derive(Debug)]
pub struct CommonMemory {
    map: Mapping,
    lines: usize,
    /// Kept until every process has opened it.
    file: Option<OwnedFd>,
}

// SAFETY: a mapping belongs to the process, not to a thread; this value gives out addresses and atomics alone.
unsafe impl Sync for CommonMemory {}

/// Where the memory begins, behind so many lines of words.
fn front(lines: usize) -> usize {
    (lines * LINE).next_multiple_of(PAGE)
}

impl CommonMemory {
    /// Makes `len` bytes, and so many lines of four words; the bytes tell other processes of this host where it is, until
    /// [`settle`](Self::settle). The memory comes to be where it is first [touched](Self::touch).
    ///
    /// # Errors
    /// The reason in words: there is not as much memory.
    pub fn create(lines: usize, len: usize) -> Result<(Self, Vec<u8>), String> {
        let all = front(lines).checked_add(len).filter(|all| i64::try_from(*all).is_ok());
        let all = all.ok_or_else(|| format!("{len} bytes are more than a process can have"))?;
        let file = memfd::create(NAME, all.max(1)).map_err(|error| error.to_string())?;
        // A lack of memory is an error here, and no SIGBUS later.
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, front(lines).max(1) as u64)
            .map_err(|error| format!("cannot allocate shared memory: {error}"))?;
        let address = Whereabouts::of(&file).map_err(|error| error.to_string())?.encode().0;
        let map =
            Mapping::of(file.as_fd(), 0, all.max(1)).map_err(|error| format!("cannot map it: {error}"))?;
        Ok((Self { map, lines, file: Some(file) }, address))
    }

    /// Opens what another process has made.
    ///
    /// # Errors
    /// The reason in words: it is on another host, or not as long.
    pub fn open(address: &[u8], lines: usize, len: usize) -> Result<Self, String> {
        let all = front(lines).saturating_add(len).max(1);
        let to = Whereabouts::decode(&Address(address.to_vec()))
            .map_err(|why| format!("its address is malformed: {why}"))?;
        let host = Host::here().map_err(|error| error.to_string())?;
        let file = memfd::open(&host, &to, NAME)?;
        let stat = rustix::fs::fstat(&file).map_err(|error| format!("cannot examine it: {error}"))?;
        if usize::try_from(stat.st_size) != Ok(all) {
            return Err(format!("it has {} bytes instead of {all}", stat.st_size));
        }
        let map = Mapping::of(file.as_fd(), 0, all).map_err(|error| format!("cannot map it: {error}"))?;
        Ok(Self { map, lines, file: None })
    }

    /// Makes a part of the memory come to be, near this process: so that a lack of memory is an error here.
    ///
    /// # Errors
    /// The reason in words.
    pub fn touch(&self, at: usize, len: usize) -> Result<(), String> {
        let (start, end) =
            (front(self.lines).saturating_add(at), front(self.lines).saturating_add(at).saturating_add(len));
        if end > self.map.len || len == 0 {
            return if len == 0 { Ok(()) } else { Err("it is not part of the memory".to_owned()) };
        }
        let first = start / PAGE * PAGE;
        match memfd::populate(self.map.base.wrapping_add(first), end - first) {
            // A kernel before 5.14 cannot: the memory comes to be when it is used.
            Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
            Err(error) => Err(format!("cannot allocate {len} bytes of shared memory: {error}")),
        }
    }

    /// To be called when every process has opened it.
    pub fn settle(&mut self) {
        self.file = None;
    }

    /// The first byte. Other processes may write at any time.
    pub fn start(&self) -> *mut u8 {
        self.map.base.wrapping_add(front(self.lines))
    }

    /// A word of a line, both counted from 0.
    ///
    /// # Panics
    /// If there is no such word.
    #[inline]
    pub fn word(&self, line: usize, word: usize) -> &AtomicU32 {
        assert!(line < self.lines && word < WORDS, "a word of the memory");
        let at = self.map.base.wrapping_add(line * LINE + word * size_of::<AtomicU32>());
        // SAFETY: inside the mapping, aligned, and only ever accessed as an atomic; any bits are a number.
        unsafe { &*at.cast::<AtomicU32>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Ordering;

    #[test]
    fn both_see_what_either_writes_and_a_wrong_length_is_refused() {
        let (mut mine, address) = CommonMemory::create(3, 10_000).unwrap();
        let theirs = CommonMemory::open(&address, 3, 10_000).unwrap();
        assert!(CommonMemory::open(&address, 3, 5_000).unwrap_err().contains("14096"));
        assert!(CommonMemory::open(&address[..20], 3, 10_000).unwrap_err().contains("malformed"));
        mine.touch(4_000, 6_000).unwrap();
        assert!(theirs.touch(4_000, 6_001).is_err());
        mine.settle();
        assert!(CommonMemory::open(&address, 3, 10_000).is_err(), "nobody opens it later");
        assert_ne!(mine.start(), theirs.start());
        mine.word(2, 3).store(9, Ordering::Release);
        assert_eq!(theirs.word(2, 3).load(Ordering::Acquire), 9);
        // SAFETY: both mappings hold 10,000 bytes behind their words, and no other thread knows them.
        unsafe {
            mine.start().add(9_999).write(7);
            assert_eq!(theirs.start().add(9_999).read(), 7);
            assert_eq!(theirs.start().read(), 0);
        }
    }
}
