//! One byte that names the class of an element type.
//!
//! Both sides of a message must name the same class (MPI's type matching, MPI 5.0, section 3.3.1), or one of them bytes
//! (`u8`, as `MPI_BYTE`). An array has the class of its element, a struct that of its fields if they have one in common;
//! all other structs share one.

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
/// `u8`: bytes, which agree with everything.
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
/// Fortran's `LOGICAL`
pub const LOGICAL: u8 = 19;
/// C's `long double`
pub const LONG_DOUBLE: u8 = 20;
/// C's `long double _Complex`
pub const COMPLEX_LONG_DOUBLE: u8 = 21;
/// What collectives send.
pub const COLLECTIVE: u8 = 253;
/// In a collective's place, the word that there is no data.
pub const POISON: u8 = 254;
/// A struct of different fields.
pub const STRUCT: u8 = 255;

/// Of `isize`, which travels as the integer of its size.
pub const ISIZE: u8 = if size_of::<isize>() == 8 { I64 } else { I32 };
/// Of `usize`, which travels as the integer of its size.
pub const USIZE: u8 = if size_of::<usize>() == 8 { U64 } else { U32 };

/// Whether a message of the one class may be received as the other.
pub const fn agree(sent: u8, expected: u8) -> bool {
    sent == expected || matches!(sent, UNCHECKED | U8) || matches!(expected, UNCHECKED | U8)
}

/// The class of a struct of both.
pub const fn join(one: u8, other: u8) -> u8 {
    if one == UNCHECKED || one == other {
        other
    } else if other == UNCHECKED {
        one
    } else {
        STRUCT
    }
}

/// The class in words. A peer may have told any number.
pub const fn name(class: u8) -> &'static str {
    const NAMES: [&str; 22] = [
        "bytes",
        "i8",
        "i16",
        "i32",
        "i64 or isize",
        "i128",
        "u8",
        "u16",
        "u32",
        "u64 or usize",
        "u128",
        "f32",
        "f64",
        "bool",
        "char",
        "Complex<f32>",
        "Complex<f64>",
        "f16",
        "bf16",
        "LOGICAL",
        "long double",
        "long double _Complex",
    ];
    match class {
        STRUCT => "structs of several types",
        _ if (class as usize) < NAMES.len() => NAMES[class as usize],
        _ => "a type that this version does not know",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_agree_with_themselves_and_with_bytes() {
        assert!(agree(F64, F64) && agree(I32, U8) && agree(U8, STRUCT) && agree(UNCHECKED, BOOL));
        assert!(!agree(I32, F64) && !agree(I32, U32) && !agree(STRUCT, F64));
        assert_eq!([join(UNCHECKED, F64), join(F64, F64), join(F64, UNCHECKED)], [F64; 3]);
        assert_eq!([join(F64, F32), join(STRUCT, F64)], [STRUCT; 2]);
    }

    #[test]
    fn every_class_has_its_name() {
        assert_eq!([name(I8), name(U8), name(F64), name(BF16)], ["i8", "u8", "f64", "bf16"]);
        assert_eq!(
            [name(STRUCT), name(200)],
            ["structs of several types", "a type that this version does not know"]
        );
    }
}
