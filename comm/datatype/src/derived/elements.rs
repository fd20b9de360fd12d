//! Which elements a datatype has: its type signature (MPI 5.0, section 5.1).

use super::basic::Basic;
use super::program::{Program, Step};
use crate::signature;

/// The modulus of the hash, a Mersenne prime.
const PRIME: u64 = (1 << 61) - 1;
/// The base of the hash: a number without a pattern, below the modulus.
const BASE: u64 = 0x0d5c_f3a1_7e94_b26f;

/// The type signature of a datatype: the sequence of its basic elements, as far as two of them need to be compared.
///
/// Two signatures that are equal belong to equal sequences but for a chance of one in 2^60; those of equal sequences
/// are equal, however the datatypes were built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    class: u8,
    elements: u64,
    hash: u64,
    /// `BASE` to the power of `elements`, so that a sequence can be put before another one.
    power: u64,
    /// Size in `external32`, if there is one.
    external: Option<u64>,
}

impl Signature {
    /// Of no elements.
    pub(crate) const EMPTY: Self =
        Self { class: signature::UNCHECKED, elements: 0, hash: 0, power: 1, external: Some(0) };

    /// Of one element.
    pub(crate) fn of(basic: Basic) -> Self {
        if basic.size() == 0 {
            return Self::EMPTY;
        }
        // A record is told from others by its size; whatever else has a class has that class's size.
        let letter = u64::from(basic.class()) << 32 | basic.size() as u64;
        let external = basic.external_size().map(|size| size as u64);
        Self { class: basic.class(), elements: 1, hash: letter + 1, power: BASE, external }
    }

    /// This sequence, and then the other. The caller has checked that the sizes do not overflow.
    pub(crate) fn then(&self, other: &Self) -> Self {
        Self {
            class: if self.elements == 0 || other.elements == 0 {
                if self.elements == 0 { other.class } else { self.class }
            } else {
                signature::join(self.class, other.class)
            },
            elements: self.elements.wrapping_add(other.elements),
            hash: add(multiply(self.hash, other.power), other.hash),
            power: multiply(self.power, other.power),
            external: self.external.zip(other.external).and_then(|(a, b)| a.checked_add(b)),
        }
    }

    /// This sequence `count` times, in O(log count).
    pub(crate) fn repeat(&self, mut count: u64) -> Self {
        let (mut square, mut result) = (*self, Self::EMPTY);
        while count > 0 {
            if count & 1 == 1 {
                result = result.then(&square);
            }
            count >>= 1;
            if count > 0 {
                square = square.then(&square);
            }
        }
        result
    }

    /// The class that goes into a message's envelope: that of all elements, or [`STRUCT`](signature::STRUCT).
    pub fn class(&self) -> u8 {
        self.class
    }

    /// How many basic elements.
    pub fn elements(&self) -> u64 {
        self.elements
    }

    /// Size in bytes in `external32`; `None` where a part has no such form.
    pub fn external_size(&self) -> Option<u64> {
        self.external
    }
}

fn multiply(one: u64, other: u64) -> u64 {
    // The remainder is below the modulus, which 64 bits hold.
    (u128::from(one) * u128::from(other) % u128::from(PRIME)) as u64
}

fn add(one: u64, other: u64) -> u64 {
    (one + other) % PRIME
}

impl Program<Basic> {
    /// How many basic elements.
    fn elements(&self) -> u64 {
        match &self.step {
            Step::Empty => 0,
            Step::Run(basic) => self.size / basic.size() as u64,
            Step::Loop { count, body, .. } => count * body.elements(),
            Step::Table(table) => table.runs.iter().map(|run| run.len / run.kind.size() as u64).sum(),
            Step::Sequence(parts) => parts.iter().map(|part| part.program.elements()).sum(),
        }
    }

    /// How many basic elements the first `bytes` bytes of the packed stream are; `None` where they end inside of one.
    pub(crate) fn elements_in(&self, bytes: u64) -> Option<u64> {
        if bytes == 0 {
            return Some(0);
        }
        match &self.step {
            Step::Empty => None,
            Step::Run(basic) => {
                let size = basic.size() as u64;
                bytes.is_multiple_of(size).then_some(bytes / size)
            }
            Step::Loop { body, .. } => {
                let rest = body.elements_in(bytes % body.size)?;
                Some(bytes / body.size * body.elements() + rest)
            }
            Step::Table(table) => {
                let mut elements = 0;
                for run in table.runs.iter().take_while(|run| run.start < bytes) {
                    let (len, size) = (run.len.min(bytes - run.start), run.kind.size() as u64);
                    if !len.is_multiple_of(size) {
                        return None;
                    }
                    elements += len / size;
                }
                Some(elements)
            }
            Step::Sequence(parts) => {
                let mut elements = 0;
                for part in parts.iter().take_while(|part| part.start < bytes) {
                    elements += part.program.elements_in(part.program.size.min(bytes - part.start))?;
                }
                Some(elements)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sequences_have_equal_signatures_however_they_were_built() {
        let (int, double) = (Signature::of(Basic::I32), Signature::of(Basic::F64));
        let pair = int.then(&double);
        assert_eq!(pair.repeat(3), pair.then(&pair).then(&int).then(&double));
        assert_eq!(int.repeat(6), int.repeat(2).repeat(3));
        assert_ne!(pair.repeat(2), int.repeat(2).then(&double.repeat(2)));
        assert_ne!(int.repeat(2), Signature::of(Basic::U32).repeat(2));
        assert_eq!(int.then(&Signature::EMPTY), int);
        assert_eq!(int, Signature::of(Basic::I32.named(3)));
    }

    #[test]
    fn a_class_is_that_of_all_elements() {
        let (int, double) = (Signature::of(Basic::I32), Signature::of(Basic::F64));
        assert_eq!((int.repeat(9).class(), int.then(&double).class()), (signature::I32, signature::STRUCT));
        assert_eq!(Signature::of(Basic::PACKED).class(), signature::UNCHECKED);
        assert_eq!(Signature::EMPTY.then(&double).class(), signature::F64);
        assert_eq!(int.then(&double).repeat(2).external_size(), Some(24));
        assert_eq!(int.then(&Signature::of(Basic::record(12, 4, signature::STRUCT))).external_size(), None);
    }

    #[test]
    fn elements_are_counted_to_the_byte() {
        let pair = Program::sequence([
            Program::run(4, Basic::I32),
            Program::run(16, Basic::F64).at(8),
            Program::run(2, Basic::I16).at(40),
        ]);
        let three = pair.repeat(3, 48);
        let expected = [(0, Some(0)), (4, Some(1)), (5, None), (12, Some(2)), (20, Some(3)), (22, Some(4))];
        for (bytes, elements) in expected {
            assert_eq!(pair.elements_in(bytes), elements, "{bytes}");
            assert_eq!(three.elements_in(bytes + 44), elements.map(|n| n + 8), "{bytes}");
        }
    }
}
