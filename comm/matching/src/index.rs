//! A hash index: key -> the two ends of a list whose links live in the entries.
//!
//! Open addressing. A key whose list has run empty keeps its place, because programs use the same sources and tags again
//! and again. Emptied keys count as taken until too much of the table is, and are then swept out (or left behind, when
//! the table must grow). A sweep leaves at most half of what may be taken, so it is paid for by the keys that came
//! since the last one, and a probe never meets a fuller table than [`FULL_EIGHTHS`] says.

use alloc::{vec, vec::Vec};

/// "No entry", where a slot number is expected.
pub(crate) const NIL: u32 = u32::MAX;

/// In the place of a tail: this bucket never had a key.
const VACANT: u32 = u32::MAX - 1;

/// The number of the newest of so many slots.
pub(crate) fn newest(slots: usize, what: &str) -> u32 {
    match u32::try_from(slots - 1) {
        Ok(slot) if slot < VACANT => slot,
        _ => panic!("4,294,967,294 {what} wait in one communicator: no program needs more"),
    }
}

/// First and last entry of a list; both [`NIL`] when it is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) head: u32,
    pub(crate) tail: u32,
}

impl Place {
    /// For a list that needs no index, because it is the only one of its kind.
    #[inline(always)]
    pub(crate) fn of_one_list(head: u32) -> Self {
        Self { at: 0, head }
    }
}

impl Ends {
    pub(crate) const EMPTY: Self = Self { head: NIL, tail: NIL };
}

/// One place of the table.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    key: u64,
    ends: Ends,
}

impl Bucket {
    const VACANT: Self = Self { key: 0, ends: Ends { head: NIL, tail: VACANT } };

    #[inline(always)]
    fn is_vacant(&self) -> bool {
        self.ends.tail == VACANT
    }
}

/// A list that has entries; holds until the index next changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    at: usize,
    /// The first entry.
    pub(crate) head: u32,
}

/// Neighbouring keys share a block of this many buckets (two cache lines), because tags and ranks are most often used
/// in sequence. Keys that differ by a multiple of it lose the locality, not the constant cost: blocks are hashed.
const BLOCK_BITS: u32 = 3;
/// From a bucket that another key has to the next one to try: in the next block, for when two blocks hash alike their
/// neighbours in the block are taken too. Odd, so that it comes round to every bucket.
const STEP: usize = (1 << BLOCK_BITS) + 1;
/// So many eighths of the buckets may be taken.
const FULL_EIGHTHS: usize = 5;
const FIRST_CAPACITY: usize = 32;

/// From keys to lists.
#[derive(Debug)]
pub(crate) struct Index {
    /// None at first, then a power of two.
    buckets: Vec<Bucket>,
    /// `64 - log2(blocks)`: how far a hash is shifted to number a block.
    shift: u32,
    /// How many lists are not empty.
    live: usize,
    /// How many buckets have a key, with or without entries.
    taken: usize,
    /// Where the lists stand while the table is swept.
    aside: Vec<Bucket>,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { buckets: Vec::new(), shift: 0, live: 0, taken: 0, aside: Vec::new() }
    }

    /// Where the key's list stands, if it has entries.
    #[inline]
    pub(crate) fn find(&self, key: u64) -> Option<Place> {
        if self.live == 0 {
            return None;
        }
        let last = self.buckets.len() - 1;
        let mut at = self.home(key);
        loop {
            let bucket = &self.buckets[at & last];
            if bucket.key == key || bucket.is_vacant() {
                let head = bucket.ends.head;
                return (head != NIL).then_some(Place { at: at & last, head });
            }
            at += STEP;
        }
    }

    /// Makes `slot` the last entry of the key's list and returns the entry that was last before, or [`NIL`].
    #[inline]
    pub(crate) fn append(&mut self, key: u64, slot: u32) -> u32 {
        if self.taken * 8 >= self.buckets.len() * FULL_EIGHTHS {
            self.make_room();
        }
        let last = self.buckets.len() - 1;
        let mut at = self.home(key);
        loop {
            let bucket = &mut self.buckets[at & last];
            if bucket.key == key || bucket.is_vacant() {
                let tail = bucket.ends.tail;
                bucket.ends.tail = slot;
                if bucket.ends.head != NIL {
                    return tail;
                }
                bucket.key = key;
                bucket.ends.head = slot;
                self.live += 1;
                self.taken += usize::from(tail == VACANT);
                return NIL;
            }
            at += STEP;
        }
    }

    /// The list at this place lost an entry that stood between `prev` and `next`, of which at least one is [`NIL`].
    #[inline]
    pub(crate) fn close(&mut self, place: Place, next: u32, prev: u32) {
        let ends = &mut self.buckets[place.at].ends;
        ends.close(next, prev);
        self.live -= usize::from(ends.head == NIL);
    }

    /// Forgets all lists; the memory stays.
    pub(crate) fn clear(&mut self) {
        self.buckets.fill(Bucket::VACANT);
        self.live = 0;
        self.taken = 0;
    }

    /// Where a key is looked for first. A folded multiplication numbers the block; the low bits, turned by as much as the
    /// hash says, the place in it.
    #[inline(always)]
    fn home(&self, key: u64) -> usize {
        let product = u128::from((key >> BLOCK_BITS) ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        let hash = (product >> 64) as u64 ^ product as u64;
        let place = key.wrapping_add(hash) & ((1 << BLOCK_BITS) - 1);
        ((hash >> self.shift) << BLOCK_BITS | place) as usize
    }

    /// Frees the buckets of keys without entries, and takes more memory if that is not enough.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        let capacity = self.buckets.len();
        self.aside.extend(self.buckets.iter().filter(|bucket| bucket.ends.head != NIL));
        if capacity == 0 || self.live * 16 > capacity * FULL_EIGHTHS {
            let capacity = (capacity * 2).max(FIRST_CAPACITY);
            self.buckets = vec![Bucket::VACANT; capacity];
            self.shift = 64 - (capacity.trailing_zeros() - BLOCK_BITS);
        } else {
            self.buckets.fill(Bucket::VACANT);
        }
        self.taken = self.live;
        let last = self.buckets.len() - 1;
        let mut aside = core::mem::take(&mut self.aside);
        for bucket in aside.drain(..) {
            let mut at = self.home(bucket.key);
            while !self.buckets[at & last].is_vacant() {
                at += STEP;
            }
            self.buckets[at & last] = bucket;
        }
        self.aside = aside;
    }
}

impl Ends {
    /// The list lost an entry that stood between `prev` and `next`: its first, its last, or both.
    #[inline(always)]
    pub(crate) fn close(&mut self, next: u32, prev: u32) {
        if prev == NIL {
            self.head = next;
        }
        if next == NIL {
            self.tail = prev;
        }
    }
}
