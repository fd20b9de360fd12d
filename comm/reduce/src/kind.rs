//! Which operations there are, and on which elements MPI defines them (MPI 5.0, section 6.9.2).

use crate::element::{Class, Element};

/// A predefined operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `MPI_SUM`. Integers wrap.
    Sum,
    /// `MPI_PROD`. Integers wrap.
    Product,
    /// `MPI_MAX`. Of a float and what is not a number it is the float; of +0 and -0 the second, that is the one of the
    /// higher rank.
    Maximum,
    /// `MPI_MIN`, likewise.
    Minimum,
    /// `MPI_LAND`. What is not 0 is true; the result is 0 or 1.
    LogicalAnd,
    /// `MPI_LOR`, likewise.
    LogicalOr,
    /// `MPI_LXOR`, likewise.
    LogicalXor,
    /// `MPI_BAND`
    BitwiseAnd,
    /// `MPI_BOR`
    BitwiseOr,
    /// `MPI_BXOR`
    BitwiseXor,
    /// `MPI_MAXLOC`: the larger value with its location, of equal values the one with the lower location. What is not a
    /// number loses to what is one.
    MaximumLocation,
    /// `MPI_MINLOC`: the smaller value with its location, likewise.
    MinimumLocation,
    /// `MPI_REPLACE`: the second operand. MPI defines it for one-sided communication only, where the second operand is
    /// what the origin sends: [`Order::IntoFirst`](crate::Order::IntoFirst).
    Replace,
    /// `MPI_NO_OP`: the first operand, for one-sided communication likewise.
    NoOp,
}

/// MPI does not define this operation on such elements (`MPI_ERR_OP`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the {} ({}) is not defined on elements of type {element}, only on {}", .kind.name(), .kind.mpi_name(), .kind.domain()
)]
pub struct Undefined {
    /// The operation.
    pub kind: Kind,
    /// The elements.
    pub element: Element,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
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
        Self::Replace,
        Self::NoOp,
    ];

    /// Whether the operation is defined on such elements: as MPI says, and bitwise operations on `bool` too.
    pub const fn allows(self, element: Element) -> bool {
        let class = element.class();
        match self {
            Self::Sum | Self::Product => matches!(class, Class::Integer | Class::Float | Class::Complex),
            Self::Maximum | Self::Minimum => matches!(class, Class::Integer | Class::Float),
            Self::LogicalAnd | Self::LogicalOr | Self::LogicalXor => {
                matches!(class, Class::Integer | Class::Logical)
            }
            Self::BitwiseAnd | Self::BitwiseOr | Self::BitwiseXor => {
                matches!(class, Class::Integer | Class::Byte) || matches!(element, Element::Bool)
            }
            Self::MaximumLocation | Self::MinimumLocation => matches!(class, Class::Pair),
            Self::Replace | Self::NoOp => true,
        }
    }

    /// Whether the operands may be swapped. All may but for `MPI_REPLACE` and `MPI_NO_OP`, which take one of them.
    pub const fn commutative(self) -> bool {
        !matches!(self, Self::Replace | Self::NoOp)
    }

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
            Self::Replace => "replacement",
            Self::NoOp => "operation that does nothing",
        }
    }

    /// MPI's name.
    pub const fn mpi_name(self) -> &'static str {
        match self {
            Self::Sum => "MPI_SUM",
            Self::Product => "MPI_PROD",
            Self::Maximum => "MPI_MAX",
            Self::Minimum => "MPI_MIN",
            Self::LogicalAnd => "MPI_LAND",
            Self::LogicalOr => "MPI_LOR",
            Self::LogicalXor => "MPI_LXOR",
            Self::BitwiseAnd => "MPI_BAND",
            Self::BitwiseOr => "MPI_BOR",
            Self::BitwiseXor => "MPI_BXOR",
            Self::MaximumLocation => "MPI_MAXLOC",
            Self::MinimumLocation => "MPI_MINLOC",
            Self::Replace => "MPI_REPLACE",
            Self::NoOp => "MPI_NO_OP",
        }
    }

    /// What it is defined on, in words.
    const fn domain(self) -> &'static str {
        match self {
            Self::Sum | Self::Product => "integers, floats and complex numbers",
            Self::Maximum | Self::Minimum => "integers and floats",
            Self::LogicalAnd | Self::LogicalOr | Self::LogicalXor => "integers and logical values",
            Self::BitwiseAnd | Self::BitwiseOr | Self::BitwiseXor => "integers and bytes",
            Self::MaximumLocation | Self::MinimumLocation => "pairs of a value and a location",
            Self::Replace | Self::NoOp => "anything",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_error_names_both_and_the_remedy() {
        let error = Undefined { kind: Kind::Maximum, element: Element::ComplexF64 };
        assert_eq!(
            error.to_string(),
            "the maximum (MPI_MAX) is not defined on elements of type Complex<f64>, only on integers and floats"
        );
    }
}
