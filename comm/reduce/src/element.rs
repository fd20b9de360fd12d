//! What elements are made of.

use core::fmt;

/// The class of an element: what kernels are made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // they are the types of these names
pub enum Element {
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F16,
    Bf16,
    F32,
    F64,
    Bool,
    ComplexF32,
    ComplexF64,
    /// A value of the first type, then an index of the second, without a gap: what `MPI_MINLOC` compares.
    F32I32,
    F64I32,
    I16I32,
    I32I32,
    I64I32,
    F32F32,
    F64F64,
    F64I64,
    I64I64,
}

impl Element {
    /// All of them.
    pub const ALL: [Self; 26] = [
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
        Self::ComplexF32,
        Self::ComplexF64,
        Self::F32I32,
        Self::F64I32,
        Self::I16I32,
        Self::I32I32,
        Self::I64I32,
        Self::F32F32,
        Self::F64F64,
        Self::F64I64,
        Self::I64I64,
    ];

    /// Its size in bytes. Pairs have no padding.
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I16I32 => 6,
            Self::I64
            | Self::U64
            | Self::F64
            | Self::ComplexF32
            | Self::F32I32
            | Self::I32I32
            | Self::F32F32 => 8,
            Self::F64I32 | Self::I64I32 => 12,
            Self::I128 | Self::U128 | Self::ComplexF64 | Self::F64F64 | Self::F64I64 | Self::I64I64 => 16,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bool => "bool",
            Self::ComplexF32 => "Complex<f32>",
            Self::ComplexF64 => "Complex<f64>",
            Self::F32I32 => "(f32, i32)",
            Self::F64I32 => "(f64, i32)",
            Self::I16I32 => "(i16, i32)",
            Self::I32I32 => "(i32, i32)",
            Self::I64I32 => "(i64, i32)",
            Self::F32F32 => "(f32, f32)",
            Self::F64F64 => "(f64, f64)",
            Self::F64I64 => "(f64, i64)",
            Self::I64I64 => "(i64, i64)",
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
