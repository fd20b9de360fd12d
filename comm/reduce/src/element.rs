//! The elements that predefined operations combine (MPI 5.0, sections 6.9.2 and 6.9.4).

use core::fmt;

/// The type of an element, as it lies in memory: in the machine's byte order, aligned or not.
///
/// Pairs are elements as they are packed: what C has between a value and its location, or behind both, is no part of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Element {
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `i128`
    I128,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `u128`
    U128,
    /// A half-precision float (IEEE 754 binary16), rounded to nearest after each operation.
    F16,
    /// The upper half of an `f32`, rounded likewise.
    Bf16,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `bool`: a byte, 0 or 1. Any other that a peer may send is taken as true and never made.
    Bool,
    /// `MPI_BYTE`: a byte that is no number.
    Byte,
    /// A logical value of 8 bits (`LOGICAL` of Fortran): what is not 0 is true, and what is made is 0 or 1.
    Logical8,
    /// A logical value of 16 bits, likewise.
    Logical16,
    /// A logical value of 32 bits, likewise.
    Logical32,
    /// A logical value of 64 bits, likewise.
    Logical64,
    /// Real and imaginary part in `f32`.
    ComplexF32,
    /// Real and imaginary part in `f64`.
    ComplexF64,
    /// C's `long double` on x86-64: a float of the x87 in 16 bytes. Elsewhere it is only moved.
    LongDouble,
    /// Real and imaginary part in `long double`, likewise.
    ComplexLongDouble,
    /// A value and its location, without padding: `MPI_SHORT_INT`, packed.
    I16I32,
    /// `MPI_2INT`, `MPI_2INTEGER`
    I32I32,
    /// `MPI_LONG_INT`, packed.
    I64I32,
    /// `MPI_FLOAT_INT`
    F32I32,
    /// `MPI_DOUBLE_INT`, packed.
    F64I32,
    /// `MPI_LONG_DOUBLE_INT`, packed; likewise.
    LongDoubleI32,
    /// `MPI_2REAL`
    F32F32,
    /// `MPI_2DOUBLE_PRECISION`
    F64F64,
    /// A pair of equal sizes that C has no name for.
    U32I32,
    /// Likewise.
    I64I64,
    /// Likewise.
    U64I64,
    /// Likewise.
    F64I64,
}

/// What the rules of MPI tell apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Integer,
    Float,
    Logical,
    Byte,
    Complex,
    Pair,
    /// Known by its size alone.
    #[cfg_attr(target_arch = "x86_64", allow(dead_code))]
    Opaque,
}

impl Element {
    /// All of them.
    pub const ALL: [Self; 36] = [
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::I128,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::U128,
        Self::F16,
        Self::Bf16,
        Self::F32,
        Self::F64,
        Self::Bool,
        Self::Byte,
        Self::Logical8,
        Self::Logical16,
        Self::Logical32,
        Self::Logical64,
        Self::ComplexF32,
        Self::ComplexF64,
        Self::LongDouble,
        Self::ComplexLongDouble,
        Self::I16I32,
        Self::I32I32,
        Self::I64I32,
        Self::F32I32,
        Self::F64I32,
        Self::LongDoubleI32,
        Self::F32F32,
        Self::F64F64,
        Self::U32I32,
        Self::I64I64,
        Self::U64I64,
        Self::F64I64,
    ];

    /// The size of an element in bytes.
    pub const fn size(self) -> usize {
        self.description().0
    }

    /// Its type in words.
    pub const fn name(self) -> &'static str {
        self.description().2
    }

    pub(crate) const fn class(self) -> Class {
        self.description().1
    }

    const fn description(self) -> (usize, Class, &'static str) {
        use Class::{Byte, Complex, Float, Integer, Logical, Pair};
        match self {
            Self::I8 => (1, Integer, "i8"),
            Self::I16 => (2, Integer, "i16"),
            Self::I32 => (4, Integer, "i32"),
            Self::I64 => (8, Integer, "i64"),
            Self::I128 => (16, Integer, "i128"),
            Self::U8 => (1, Integer, "u8"),
            Self::U16 => (2, Integer, "u16"),
            Self::U32 => (4, Integer, "u32"),
            Self::U64 => (8, Integer, "u64"),
            Self::U128 => (16, Integer, "u128"),
            Self::F16 => (2, Float, "f16"),
            Self::Bf16 => (2, Float, "bf16"),
            Self::F32 => (4, Float, "f32"),
            Self::F64 => (8, Float, "f64"),
            Self::Bool => (1, Logical, "bool"),
            Self::Byte => (1, Byte, "byte"),
            Self::Logical8 => (1, Logical, "logical of 8 bits"),
            Self::Logical16 => (2, Logical, "logical of 16 bits"),
            Self::Logical32 => (4, Logical, "logical of 32 bits"),
            Self::Logical64 => (8, Logical, "logical of 64 bits"),
            Self::ComplexF32 => (8, Complex, "Complex<f32>"),
            Self::ComplexF64 => (16, Complex, "Complex<f64>"),
            Self::LongDouble => (16, of_long_double(Float), "long double"),
            Self::ComplexLongDouble => (32, of_long_double(Complex), "complex of long double"),
            Self::I16I32 => (6, Pair, "pair of i16 and i32"),
            Self::I32I32 => (8, Pair, "pair of i32 and i32"),
            Self::I64I32 => (12, Pair, "pair of i64 and i32"),
            Self::F32I32 => (8, Pair, "pair of f32 and i32"),
            Self::F64I32 => (12, Pair, "pair of f64 and i32"),
            Self::LongDoubleI32 => (20, of_long_double(Pair), "pair of long double and i32"),
            Self::F32F32 => (8, Pair, "pair of f32 and f32"),
            Self::F64F64 => (16, Pair, "pair of f64 and f64"),
            Self::U32I32 => (8, Pair, "pair of u32 and i32"),
            Self::I64I64 => (16, Pair, "pair of i64 and i64"),
            Self::U64I64 => (16, Pair, "pair of u64 and i64"),
            Self::F64I64 => (16, Pair, "pair of f64 and i64"),
        }
    }
}

/// The class of what is made of `long double`, which is known on one architecture.
const fn of_long_double(class: Class) -> Class {
    if cfg!(target_arch = "x86_64") { class } else { Class::Opaque }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
