//! Numbers of communicators that are neither in use nor free.

use std::collections::{HashSet, VecDeque};

use super::{END, FIRST};

/// So many numbers that were freed last are not used again, and what comes for them is discarded.
const QUARANTINE: usize = 4096;

/// Which numbers are reserved, and which were retired.
#[derive(Default)]
pub(crate) struct Numbers {
    /// By creations that are under way: few, mostly none.
    reserved: Vec<u32>,
    /// In the order in which they were.
    retired: VecDeque<u32>,
    is_retired: HashSet<u32>,
}

impl Numbers {
    /// Reserves a number that no communicator has; whether nothing else stands against it.
    pub(crate) fn reserve(&mut self, number: u32) -> bool {
        let free = !self.reserved.contains(&number) && !self.is_retired(number);
        if free {
            self.reserved.push(number);
        }
        free
    }

    /// It is not reserved any more.
    pub(crate) fn release(&mut self, number: u32) {
        self.reserved.retain(|&reserved| reserved != number);
    }

    /// It was in use, or its creation has failed here; the others may not know yet.
    pub(crate) fn retire(&mut self, number: u32) {
        self.release(number);
        if self.is_retired.insert(number) {
            self.retired.push_back(number);
        }
        if self.retired.len() > QUARANTINE
            && let Some(oldest) = self.retired.pop_front()
        {
            self.is_retired.remove(&oldest);
        }
    }

    pub(crate) fn is_retired(&self, number: u32) -> bool {
        self.is_retired.contains(&number)
    }

    /// How many are reserved, and retired.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.reserved.len(), self.retired.len())
    }
}

/// The number that this seed stands for: the same wherever it is asked, and far from that of the next seed.
pub(crate) fn candidate(seed: u64) -> u32 {
    FIRST + (mix(seed) % u64::from(END - FIRST)) as u32
}

/// Spreads every bit over all of them (the finalizer of `SplitMix64`: Steele, Lea and Flood, OOPSLA 2014).
pub(crate) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_used_again_too_early_and_not_remembered_for_ever() {
        let mut numbers = Numbers::default();
        assert!(numbers.reserve(7) && !numbers.reserve(7));
        numbers.release(7);
        assert!(numbers.reserve(7));
        numbers.retire(7);
        for other in 8..8 + QUARANTINE as u32 - 1 {
            numbers.retire(other);
            assert!(numbers.is_retired(7) && !numbers.reserve(7));
        }
        numbers.retire(3);
        numbers.retire(3); // Twice is once.
        assert!(!numbers.is_retired(7) && numbers.reserve(7));
        assert_eq!(numbers.sizes(), (1, QUARANTINE));
    }

    #[test]
    fn candidates_are_numbers_of_communicators() {
        let numbers: HashSet<_> = (0..10_000).map(candidate).collect();
        assert!(numbers.iter().all(|&number| (FIRST..END).contains(&number)));
        assert!(numbers.len() > 9_990, "they hardly ever meet");
    }
}
