//! An operation, as whoever runs a reduction has it.

use core::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::element::Element;
use crate::function::kernels;
use crate::kernel::{Kernels, Level};

/// Which of two operands is the left one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `into = from ∘ into`
    FromFirst,
    /// `into = into ∘ from`
    IntoFirst,
}

/// The predefined operations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `MPI_SUM`
    Sum,
    /// `MPI_PROD`
    Product,
    /// `MPI_MAX`
    Maximum,
    /// `MPI_MIN`
    Minimum,
    /// `MPI_LAND`
    LogicalAnd,
    /// `MPI_LOR`
    LogicalOr,
    /// `MPI_LXOR`
    LogicalXor,
    /// `MPI_BAND`
    BitwiseAnd,
    /// `MPI_BOR`
    BitwiseOr,
    /// `MPI_BXOR`
    BitwiseXor,
    /// `MPI_MAXLOC`
    MaximumLocation,
    /// `MPI_MINLOC`
    MinimumLocation,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Sum,
        Self::Product,
        Self::Maximum,
        Self::Minimum,
        Self::LogicalAnd,
        Self::LogicalOr,
        Self::LogicalXor,
        Self::BitwiseAnd,
        Self::BitwiseOr,
        Self::BitwiseXor,
        Self::MaximumLocation,
        Self::MinimumLocation,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Product => "product",
            Self::Maximum => "maximum",
            Self::Minimum => "minimum",
            Self::LogicalAnd => "logical and",
            Self::LogicalOr => "logical or",
            Self::LogicalXor => "logical exclusive or",
            Self::BitwiseAnd => "bitwise and",
            Self::BitwiseOr => "bitwise or",
            Self::BitwiseXor => "bitwise exclusive or",
            Self::MaximumLocation => "maximum with its location",
            Self::MinimumLocation => "minimum with its location",
        }
    }
}

/// MPI does not define this operation for these elements (`MPI_ERR_OP`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the {} of {element} is not defined", .kind.name())]
pub struct Undefined {
    /// The operation.
    pub kind: Kind,
    /// The elements.
    pub element: Element,
}

/// An operation on elements of some number of bytes. Cheap to clone; applying a predefined one allocates nothing.
#[derive(Clone)]
pub struct Operation {
    what: What,
    grain: usize,
    commutative: bool,
}

#[derive(Clone)]
enum What {
    Predefined(Kernels),
    User(Arc<User>),
}

type User = dyn Fn(&[u8], &mut [u8]) + Send + Sync;

impl Operation {
    /// A predefined operation on these elements.
    ///
    /// # Errors
    /// [`Undefined`], where MPI defines no such operation.
    pub fn predefined(kind: Kind, element: Element) -> Result<Self, Undefined> {
        Self::at(Level::here(), kind, element)
    }

    pub(crate) fn at(level: Level, kind: Kind, element: Element) -> Result<Self, Undefined> {
        let kernels = kernels(kind, element, level).ok_or(Undefined { kind, element })?;
        Ok(Self { what: What::Predefined(kernels), grain: element.size(), commutative: true })
    }

    /// A user's operation on elements of `grain` bytes: `function(input, inout)` makes `inout = input ∘ inout`, element by
    /// element, of whole elements. It must be associative, and is called with bytes of any alignment.
    pub fn user(
        grain: usize,
        commutative: bool,
        function: impl Fn(&[u8], &mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { what: What::User(Arc::new(function)), grain, commutative }
    }

    /// Bytes of an element.
    pub fn grain(&self) -> usize {
        self.grain
    }

    /// Whether operands may be swapped.
    pub fn commutative(&self) -> bool {
        self.commutative
    }

    /// Combines each element of `from` with that of `into` at the same place.
    ///
    /// # Panics
    /// If the slices are not of one length, or a user's function panics.
    #[inline]
    pub fn apply(&self, from: &[u8], into: &mut [u8], order: Order) {
        assert_eq!(from.len(), into.len(), "operands are of one length");
        match (&self.what, order) {
            (What::Predefined(kernels), Order::FromFirst) => (kernels.from_first)(from, into),
            (What::Predefined(kernels), Order::IntoFirst) => (kernels.into_first)(from, into),
            (What::User(function), Order::FromFirst) => function(from, into),
            (What::User(function), Order::IntoFirst) if self.commutative => function(from, into),
            // `into ∘ from` is made where `from` was, of which there is only a copy to write to.
            (What::User(function), Order::IntoFirst) => {
                let mut result = from.to_vec();
                function(into, &mut result);
                into.copy_from_slice(&result);
            }
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.what {
            What::Predefined(_) => "predefined",
            What::User(_) => "user",
        };
        write!(f, "Operation ({kind}, {} bytes an element)", self.grain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_of_a_processor_gives_the_same() {
        // Zeros and ones, so that a `bool` is one and a float is none that is not a number.
        let bytes =
            |seed: usize, n: usize| -> Vec<u8> { (0..n).map(|i| u8::from((i * 7 + seed) % 5 < 2)).collect() };
        for element in Element::ALL {
            for kind in Kind::ALL {
                let Ok(plain) = Operation::at(Level::Plain, kind, element) else { continue };
                for count in [0, 1, 2, 7, 31, 64, 100] {
                    for order in [Order::FromFirst, Order::IntoFirst] {
                        // One byte off, so that nothing is aligned.
                        let (from, into) =
                            (bytes(1, count * element.size() + 1), bytes(2, count * element.size() + 1));
                        let mut expected = into.clone();
                        plain.apply(&from[1..], &mut expected[1..], order);
                        for level in Level::all() {
                            let operation = Operation::at(level, kind, element).unwrap();
                            let mut result = into.clone();
                            operation.apply(&from[1..], &mut result[1..], order);
                            assert_eq!(result, expected, "{kind:?} of {element} at {level:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn operands_of_a_user_keep_their_sides() {
        // The left operand wins.
        let first = Operation::user(1, false, |input, inout| inout.copy_from_slice(input));
        let mut into = [7];
        first.apply(&[3], &mut into, Order::IntoFirst);
        assert_eq!(into, [7]);
        first.apply(&[3], &mut into, Order::FromFirst);
        assert_eq!((into, first.grain(), first.commutative()), ([3], 1, false));
    }
}
