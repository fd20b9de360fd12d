//! The predefined datatypes: what every derived one is made of in the end.

use crate::signature;

/// A predefined datatype (MPI 5.0, section 3.2.2): one element as it lies in memory, and as `external32` writes it.
///
/// The constants cover what Rust, C and Fortran have on this machine. Those of the same class match each other in
/// messages; a [name](Self::named) tells apart what the C interface calls differently (`MPI_INT`, `MPI_INT32_T`).
///
/// ```
/// use olympi_datatype::{Basic, Datatype};
///
/// assert_eq!((Basic::C_LONG.size(), Basic::C_LONG.external_size()), (8, Some(4)));
/// assert_eq!(Datatype::basic(Basic::F64).extent(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Basic {
    size: usize,
    align: usize,
    external: usize,
    class: u8,
    pub(crate) encoding: Encoding,
    name: u32,
}

/// How an element becomes `external32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// Parts of so many bytes, each with its most significant byte first.
    Parts(u8),
    /// A signed integer whose size differs.
    Signed,
    /// An unsigned integer whose size differs.
    Unsigned,
    /// Floats of the x87, in 16 bytes each.
    Extended,
    /// There is no such form.
    None,
}

impl Basic {
    /// `MPI_BYTE`: matches everything.
    pub const BYTE: Self = Self::plain(1, signature::U8, 1);
    /// `MPI_PACKED`: matches everything.
    pub const PACKED: Self = Self::plain(1, signature::UNCHECKED, 1);
    /// `i8`, `MPI_INT8_T`, `MPI_CHAR`, `MPI_SIGNED_CHAR`
    pub const I8: Self = Self::plain(1, signature::I8, 1);
    /// `i16`, `MPI_INT16_T`, `MPI_SHORT`
    pub const I16: Self = Self::plain(2, signature::I16, 2);
    /// `i32`, `MPI_INT32_T`, `MPI_INT`
    pub const I32: Self = Self::plain(4, signature::I32, 4);
    /// `i64`, `MPI_INT64_T`, `MPI_LONG_LONG`, `MPI_AINT`, `MPI_COUNT`, `MPI_OFFSET`
    pub const I64: Self = Self::plain(8, signature::I64, 8);
    /// `i128`, `MPI_INTEGER16`
    pub const I128: Self = Self::plain(16, signature::I128, 16);
    /// `u8`, `MPI_UINT8_T`, `MPI_UNSIGNED_CHAR`
    pub const U8: Self = Self::BYTE;
    /// `u16`, `MPI_UINT16_T`, `MPI_UNSIGNED_SHORT`
    pub const U16: Self = Self::plain(2, signature::U16, 2);
    /// `u32`, `MPI_UINT32_T`, `MPI_UNSIGNED`
    pub const U32: Self = Self::plain(4, signature::U32, 4);
    /// `u64`, `MPI_UINT64_T`, `MPI_UNSIGNED_LONG_LONG`
    pub const U64: Self = Self::plain(8, signature::U64, 8);
    /// `u128`
    pub const U128: Self = Self::plain(16, signature::U128, 16);
    /// `f32`, `MPI_FLOAT`, `MPI_REAL`
    pub const F32: Self = Self::plain(4, signature::F32, 4);
    /// `f64`, `MPI_DOUBLE`, `MPI_DOUBLE_PRECISION`
    pub const F64: Self = Self::plain(8, signature::F64, 8);
    /// `half::f16`, `MPI_REAL2`
    pub const F16: Self = Self::plain(2, signature::F16, 2);
    /// `half::bf16`
    pub const BF16: Self = Self::plain(2, signature::BF16, 2);
    /// `bool`, `MPI_C_BOOL`
    pub const BOOL: Self = Self::plain(1, signature::BOOL, 1);
    /// Rust's `char`
    pub const CHAR: Self = Self::plain(4, signature::CHAR, 4);
    /// `Complex<f32>`, `MPI_C_FLOAT_COMPLEX`, `MPI_COMPLEX`
    pub const COMPLEX_F32: Self = Self::plain(8, signature::COMPLEX_F32, 4);
    /// `Complex<f64>`, `MPI_C_DOUBLE_COMPLEX`, `MPI_DOUBLE_COMPLEX`
    pub const COMPLEX_F64: Self = Self::plain(16, signature::COMPLEX_F64, 8);
    /// C's `long` (`MPI_LONG`), which `external32` writes in four bytes
    pub const C_LONG: Self = Self::integer(size_of::<core::ffi::c_long>(), signature::ISIZE, 4, true);
    /// C's `unsigned long` (`MPI_UNSIGNED_LONG`), likewise
    pub const C_ULONG: Self = Self::integer(size_of::<core::ffi::c_ulong>(), signature::USIZE, 4, false);
    /// C's `wchar_t` (`MPI_WCHAR`), which `external32` writes in two bytes
    pub const C_WCHAR: Self = Self::integer(4, signature::I32, 2, false);
    /// Fortran's `LOGICAL` (`MPI_LOGICAL`)
    pub const LOGICAL: Self = Self::plain(4, signature::LOGICAL, 4);
    /// C's `long double` (`MPI_LONG_DOUBLE`)
    pub const C_LONG_DOUBLE: Self = Self::long_double(1, signature::LONG_DOUBLE);
    /// C's `long double _Complex` (`MPI_C_LONG_DOUBLE_COMPLEX`)
    pub const C_LONG_DOUBLE_COMPLEX: Self = Self::long_double(2, signature::COMPLEX_LONG_DOUBLE);

    /// A number or pair of numbers of `part` bytes each, which `external32` but turns round.
    const fn plain(size: usize, class: u8, part: u8) -> Self {
        let align = if size < part as usize { size } else { part as usize };
        Self { size, align, external: size, class, encoding: Encoding::Parts(part), name: 0 }
    }

    const fn integer(size: usize, class: u8, external: usize, signed: bool) -> Self {
        let encoding = match signed {
            _ if size == external => Encoding::Parts(external as u8),
            true => Encoding::Signed,
            false => Encoding::Unsigned,
        };
        Self { size, align: size, external, class, encoding, name: 0 }
    }

    /// On x86-64 the ten bytes of the x87 in sixteen; elsewhere `binary128`.
    const fn long_double(parts: usize, class: u8) -> Self {
        let encoding = if cfg!(target_arch = "x86_64") { Encoding::Extended } else { Encoding::Parts(16) };
        Self { size: 16 * parts, align: 16, external: 16 * parts, class, encoding, name: 0 }
    }

    /// A value of which only its size is known: a struct, to be moved as it is. It has no `external32` form.
    pub const fn record(size: usize, align: usize, class: u8) -> Self {
        Self { size, align, external: 0, class, encoding: Encoding::None, name: 0 }
    }

    /// The same, under a name of the caller's: two of different names are not equal, though they match in messages.
    #[must_use]
    pub const fn named(self, name: u32) -> Self {
        Self { name, ..self }
    }

    /// The name that [`named`](Self::named) gave; 0 for the constants.
    pub const fn name(&self) -> u32 {
        self.name
    }

    /// Size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Alignment in bytes, which the extent of a struct is rounded to (MPI 5.0, section 5.1.6).
    pub const fn align(&self) -> usize {
        self.align
    }

    /// Its class in the [signature](crate::signature) of a message.
    pub const fn class(&self) -> u8 {
        self.class
    }

    /// Size in bytes in `external32`; `None` where it has no such form.
    pub const fn external_size(&self) -> Option<usize> {
        match self.encoding {
            Encoding::None => None,
            _ => Some(self.external),
        }
    }

    /// The element of a class, if the class tells what it is.
    pub(crate) const fn of_class(class: u8) -> Option<Self> {
        Some(match class {
            signature::I8 => Self::I8,
            signature::I16 => Self::I16,
            signature::I32 => Self::I32,
            signature::I64 => Self::I64,
            signature::I128 => Self::I128,
            signature::U8 => Self::U8,
            signature::U16 => Self::U16,
            signature::U32 => Self::U32,
            signature::U64 => Self::U64,
            signature::U128 => Self::U128,
            signature::F32 => Self::F32,
            signature::F64 => Self::F64,
            signature::BOOL => Self::BOOL,
            signature::CHAR => Self::CHAR,
            signature::COMPLEX_F32 => Self::COMPLEX_F32,
            signature::COMPLEX_F64 => Self::COMPLEX_F64,
            signature::F16 => Self::F16,
            signature::BF16 => Self::BF16,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_this_machine() {
        for (basic, size, align) in [
            (Basic::I128, size_of::<i128>(), align_of::<i128>()),
            (Basic::F64, size_of::<f64>(), align_of::<f64>()),
            (Basic::COMPLEX_F32, 8, align_of::<f32>()),
            (Basic::C_LONG, size_of::<core::ffi::c_long>(), align_of::<core::ffi::c_long>()),
            (Basic::CHAR, size_of::<char>(), align_of::<char>()),
            (Basic::BOOL, 1, 1),
        ] {
            assert_eq!((basic.size(), basic.align()), (size, align), "{basic:?}");
        }
    }

    #[test]
    fn every_class_of_a_number_is_found() {
        for class in signature::I8..=signature::BF16 {
            assert_eq!(Basic::of_class(class).map(|basic| basic.class()), Some(class));
        }
        assert_eq!([signature::UNCHECKED, signature::STRUCT].map(Basic::of_class), [None; 2]);
    }

    #[test]
    fn a_name_tells_apart_what_matches() {
        let int = Basic::I32.named(7);
        assert!(int != Basic::I32 && int.class() == Basic::I32.class() && int.name() == 7);
    }
}
