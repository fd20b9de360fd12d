//! Why a datatype was not made, does not fit its memory, or could not be packed.

use alloc::string::String;

use crate::InvalidValue;

/// Why a datatype was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatatypeError {
    /// A size, an extent or a displacement is more than 63 bits hold.
    #[error(
        "{constructor}: the {what} of the datatype does not fit in 63 bits: make it smaller, or use it in parts"
    )]
    Overflow {
        /// Which constructor.
        constructor: &'static str,
        /// Which of the datatype's numbers.
        what: &'static str,
    },
    /// Constructors are nested deeper than any program needs.
    #[error(
        "{constructor}: datatypes are nested at most {} deep: build the same layout in fewer steps",
        super::DEPTH_MAX
    )]
    TooDeep {
        /// Which constructor.
        constructor: &'static str,
    },
    /// An argument makes no sense.
    #[error("{constructor}: {detail}")]
    Argument {
        /// Which constructor.
        constructor: &'static str,
        /// What is wrong, and with which argument.
        detail: String,
    },
}

/// Why a datatype cannot be laid over a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Some of the elements lie outside.
    #[error(
        "{count} element(s) of the datatype need the bytes from {first} to {end} of a memory of {room} bytes: check \
         count, extent and origin"
    )]
    OutOfBounds {
        /// How many elements.
        count: usize,
        /// Where the first byte lies, seen from the start of the memory.
        first: i128,
        /// Where the last byte ends.
        end: i128,
        /// The length of the memory in bytes.
        room: usize,
    },
    /// The packed elements are more than the address space holds.
    #[error("{count} elements of {size} bytes are more than this machine can address")]
    TooLarge {
        /// How many elements.
        count: usize,
        /// The size of one.
        size: u64,
    },
}

/// Why packed data was not made or not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// There are fewer packed bytes than the elements need.
    #[error(
        "the elements need {needed} packed bytes, and there are {found}: was the whole message passed on?"
    )]
    Short {
        /// How many bytes the elements have when packed.
        needed: u64,
        /// How many there were.
        found: usize,
    },
    /// A part of the datatype has no `external32` form.
    #[error(
        "the datatype has a part that external32 cannot express (a struct of undescribed fields): describe its fields with Datatype::structure"
    )]
    NotExternal,
    /// An integer does not fit in the size that `external32` has for it.
    #[error("the integer {value} does not fit in the {size} bytes that external32 has for its type")]
    Range {
        /// The integer.
        value: i128,
        /// The size in bytes.
        size: usize,
    },
    /// Bytes that are no values of the type of the memory.
    #[error(transparent)]
    Value(#[from] InvalidValue),
}
