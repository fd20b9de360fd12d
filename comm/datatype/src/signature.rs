//! One byte that names the class of an element type.
//!
//! Both sides of a message should name the same class (MPI's type matching, MPI 5.0, section 3.3.1). An array has the
//! class of its element; all structs share one.

/// Bytes of no known type: agrees with everything.
pub const UNCHECKED: u8 = 0;
/// `i8`
pub const I8: u8 = 1;
/// `i16`
pub const I16: u8 = 2;
/// `i32`
pub const I32: u8 = 3;
/// `i64`
pub const I64: u8 = 4;
/// `i128`
pub const I128: u8 = 5;
/// `u8`
pub const U8: u8 = 6;
/// `u16`
pub const U16: u8 = 7;
/// `u32`
pub const U32: u8 = 8;
/// `u64`
pub const U64: u8 = 9;
/// `u128`
pub const U128: u8 = 10;
/// `f32`
pub const F32: u8 = 11;
/// `f64`
pub const F64: u8 = 12;
/// `bool`
pub const BOOL: u8 = 13;
/// `char`
pub const CHAR: u8 = 14;
/// `num_complex::Complex<f32>`
pub const COMPLEX_F32: u8 = 15;
/// `num_complex::Complex<f64>`
pub const COMPLEX_F64: u8 = 16;
/// `half::f16`
pub const F16: u8 = 17;
/// `half::bf16`
pub const BF16: u8 = 18;
/// Any struct.
pub const STRUCT: u8 = 255;

/// Of `isize`, which travels as the integer of its size.
pub const ISIZE: u8 = if size_of::<isize>() == 8 { I64 } else { I32 };
/// Of `usize`, which travels as the integer of its size.
pub const USIZE: u8 = if size_of::<usize>() == 8 { U64 } else { U32 };

/// Whether a message of the one class may be received as the other.
pub const fn agree(sent: u8, expected: u8) -> bool {
    sent == expected || sent == UNCHECKED || expected == UNCHECKED
}
