//! From the number of a communicator to its place: asked of every message outside of the world.
//!
//! Open addressing with linear probes, at most half full; a removal moves back what had to give way, so that there are
//! no tombstones. A look-up is a multiplication and, nearly always, one cache line.

/// A map from numbers to places.
#[derive(Default)]
pub(crate) struct Index {
    /// A power of two of them, or none.
    entries: Vec<Entry>,
    used: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    number: u32,
    place: u32,
}

impl Entry {
    /// No communicator has this number, which is too long for one.
    const NONE: Self = Self { number: u32::MAX, place: 0 };
}

const SMALLEST: usize = 16;

impl Index {
    /// Where a number's entry would be, were nothing in the way.
    #[inline]
    fn home(&self, number: u32) -> usize {
        // The upper half of the product depends on all bits of the number.
        ((u64::from(number) * 0x9E37_79B9) >> 16) as usize & (self.entries.len() - 1)
    }

    /// The entry of a number, or the free one at which it would be inserted.
    #[inline]
    fn probe(&self, number: u32) -> usize {
        let mut at = self.home(number);
        while self.entries[at].number != number && self.entries[at].number != Entry::NONE.number {
            at = (at + 1) & (self.entries.len() - 1);
        }
        at
    }

    /// The place of a number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let entry = &self.entries[self.probe(number)];
        (entry.number == number && number != Entry::NONE.number).then_some(entry.place)
    }

    /// Gives a number a place.
    pub(crate) fn insert(&mut self, number: u32, place: u32) {
        if (self.used + 1) * 2 > self.entries.len() {
            let larger = vec![Entry::NONE; SMALLEST.max(self.entries.len() * 2)];
            let old = std::mem::replace(&mut self.entries, larger);
            for entry in old.into_iter().filter(|entry| entry.number != Entry::NONE.number) {
                let at = self.probe(entry.number);
                self.entries[at] = entry;
            }
        }
        let at = self.probe(number);
        self.used += usize::from(self.entries[at].number != number);
        self.entries[at] = Entry { number, place };
    }

    /// Takes a number's place away.
    pub(crate) fn remove(&mut self, number: u32) -> Option<u32> {
        let place = self.get(number)?;
        let mask = self.entries.len() - 1;
        let mut hole = self.probe(number);
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let next = self.entries[at];
            if next.number == Entry::NONE.number {
                break;
            }
            // It may move into the hole, unless its home lies behind that.
            let (distance, gap) =
                (at.wrapping_sub(self.home(next.number)) & mask, at.wrapping_sub(hole) & mask);
            if distance >= gap {
                self.entries[hole] = next;
                hole = at;
            }
        }
        self.entries[hole] = Entry::NONE;
        self.used -= 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use olympi_sim::{Rng, with_seeds};
    use std::collections::HashMap;

    #[test]
    fn it_is_a_map() {
        with_seeds(50, |seed| {
            let mut rng = Rng::new(seed);
            let (mut index, mut model) = (Index::default(), HashMap::new());
            // Few numbers, so that they meet again; some of them crowd at one place.
            let numbers: Vec<u32> =
                (0..64).map(|at| if at % 2 == 0 { rng.bits() as u32 >> 2 } else { at << 16 }).collect();
            for place in 0..2000 {
                let number = numbers[rng.below(numbers.len())];
                if rng.chance(1, 2) {
                    index.insert(number, place);
                    model.insert(number, place);
                } else {
                    assert_eq!(index.remove(number), model.remove(&number));
                }
                for number in &numbers {
                    assert_eq!(index.get(*number), model.get(number).copied());
                }
            }
            assert!(index.used == model.len() && index.entries.len() <= 256);
            assert_eq!(index.get(u32::MAX), None);
        });
    }
}
