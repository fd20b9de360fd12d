//! The ring's protocol: one producer, one consumer, slots of half a cache line.
//!
//! A *record* is one or more neighbouring slots. (Half a line is just enough for a message of eight bytes with
//! its header, and what a burst of small messages costs is the number of lines that move. Records of two slots
//! and more are whole lines, so that they touch no line more than they must; their producer puts a pad of one
//! slot before them where needed.) The first 64-bit word of its first slot is the record's
//! head: 32 bits of *tag*, which say in which lap it was written, and 32 bits about the content. The producer
//! fills the record and then stores the head with `Release`; the consumer looks at the head of the slot where
//! the next record must begin, and takes it when the tag is that of its lap. So a small message moves one
//! line, and the consumer never reads an index of the producer.
//!
//! Bytes of a long record lie where heads lie in other laps, and might look like one. Therefore the producer
//! keeps note of the lines that it filled with bytes (`spoiled`), and before it counts a line as free again it
//! clears the heads there. It keeps one free, clean slot behind the newest record, since that is where the
//! consumer looks next.
//!
//! The consumer tells how far it came once every quarter ring; the producer reads it only when it believes
//! the ring to be full.

use crate::sync::{AtomicU64, Ordering};

/// Bytes in a slot.
pub(crate) const SLOT: usize = 32;
/// Bytes in a cache line.
pub(crate) const LINE: usize = 64;
/// Bytes of a record's head.
pub(crate) const HEAD: usize = 8;

/// Where a ring lives: in a mapped segment, or in a test.
pub(crate) trait Memory {
    /// The head of a slot; `slot` is below the number of slots.
    fn head(&self, slot: usize) -> &AtomicU64;
    /// How far the consumer came, as it tells.
    fn consumed(&self) -> &AtomicU64;
}

/// The consumer told a position that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadCredit;

/// The head's content and the tag of its lap.
#[inline]
fn tagged(content: u32, position: u64, shift: u32) -> u64 {
    u64::from(content) << 32 | u64::from(tag(position, shift))
}

/// The lap's number with the top bit set, so that it is never that of a clean slot, which is zero.
#[inline]
#[allow(clippy::cast_possible_truncation)] // 2^31 laps apart no stale head survives: every lap visits a slot
fn tag(position: u64, shift: u32) -> u32 {
    (position >> shift) as u32 | 1 << 31
}

/// Where it is noted that the line of that slot holds bytes.
#[inline]
fn spoiled_bit(slot: usize) -> (usize, u64) {
    (slot / 128, 1 << (slot / 2 % 64))
}

/// The writing end.
#[derive(Debug)]
pub(crate) struct Producer {
    position: u64,
    /// Slots before this are free and clean.
    clean: u64,
    /// What the consumer told last.
    consumed: u64,
    shift: u32,
    spoiled_any: bool,
    spoiled: Box<[u64]>,
}

impl Producer {
    /// A producer at the start of an all-zero ring of `slots` (a power of two, at least 64).
    pub(crate) fn new(slots: usize) -> Self {
        debug_assert!(slots.is_power_of_two());
        Self {
            position: 0,
            clean: slots as u64,
            consumed: 0,
            shift: slots.trailing_zeros(),
            spoiled_any: false,
            spoiled: vec![0; slots.div_ceil(128)].into(),
        }
    }

    /// The slot where the next record begins.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn slot(&self) -> usize {
        (self.position & ((1 << self.shift) - 1)) as usize
    }

    /// Whether `n` slots are free for the next record, and one behind it.
    #[inline]
    pub(crate) fn reserve(&mut self, n: usize, memory: &impl Memory) -> Result<bool, BadCredit> {
        if self.position + (n as u64) < self.clean {
            return Ok(true);
        }
        self.refill(memory)?;
        Ok(self.position + (n as u64) < self.clean)
    }

    /// Asks the consumer how far it came, and cleans what became free.
    #[cold]
    fn refill(&mut self, memory: &impl Memory) -> Result<(), BadCredit> {
        let consumed = memory.consumed().load(Ordering::Acquire);
        if consumed < self.consumed || consumed > self.position {
            return Err(BadCredit);
        }
        self.consumed = consumed;
        let slots = 1_u64 << self.shift;
        let free = consumed + slots;
        if self.spoiled_any {
            for position in self.clean..free {
                #[allow(clippy::cast_possible_truncation)]
                let slot = (position & (slots - 1)) as usize;
                let (word, bit) = spoiled_bit(slot);
                if self.spoiled[word] & bit != 0 {
                    // The store of the next head, a `Release`, comes after this one.
                    memory.head(slot).store(0, Ordering::Relaxed);
                    if slot % 2 == 1 {
                        self.spoiled[word] &= !bit;
                    }
                }
            }
            self.spoiled_any = self.spoiled.iter().any(|&word| word != 0);
        }
        self.clean = free;
        Ok(())
    }

    /// Shows the record of `n` reserved, filled slots to the consumer. `n` is one, or even and at a line's
    /// beginning.
    #[inline]
    pub(crate) fn publish(&mut self, n: usize, content: u32, memory: &impl Memory) {
        let slot = self.slot();
        memory.head(slot).store(tagged(content, self.position, self.shift), Ordering::Release);
        if n > 1 {
            self.spoil(n);
        }
        self.position += n as u64;
    }

    /// Notes that the lines of the record hold bytes.
    #[inline]
    fn spoil(&mut self, n: usize) {
        self.spoiled_any = true;
        let first = self.slot();
        let mask = (1 << self.shift) - 1;
        for i in (0..n).step_by(2) {
            let (word, bit) = spoiled_bit((first + i) & mask);
            self.spoiled[word] |= bit;
        }
    }
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct Consumer {
    position: u64,
    told: u64,
    shift: u32,
}

impl Consumer {
    /// A consumer at the start of an all-zero ring of `slots`.
    pub(crate) fn new(slots: usize) -> Self {
        debug_assert!(slots.is_power_of_two());
        Self { position: 0, told: 0, shift: slots.trailing_zeros() }
    }

    /// The slot where the next record begins.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn slot(&self) -> usize {
        (self.position & ((1 << self.shift) - 1)) as usize
    }

    /// The content of the next record's head, if it is there.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn peek(&self, memory: &impl Memory) -> Option<u32> {
        let head = memory.head(self.slot()).load(Ordering::Acquire);
        (head as u32 == tag(self.position, self.shift)).then_some((head >> 32) as u32)
    }

    /// Gives back the `n` slots of the record that was looked at, and tells so now and then.
    #[inline]
    pub(crate) fn release(&mut self, n: usize, memory: &impl Memory) {
        self.position += n as u64;
        if self.position - self.told >= 1 << (self.shift - 2) {
            self.told = self.position;
            memory.consumed().store(self.position, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests;
