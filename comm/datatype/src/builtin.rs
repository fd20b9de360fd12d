//! The types that travel without a derive.

use core::marker::PhantomData;

use crate::{Equivalence, signature};

macro_rules! any_bits {
    ($($type:ty: $signature:ident),* $(,)?) => {$(
        // SAFETY: a plain number: no padding, no pointers, and any bits are a value.
        unsafe impl Equivalence for $type {
            const ANY_BITS: bool = true;
            const SIGNATURE: u8 = signature::$signature;

            #[inline]
            fn is_valid(_bytes: &[u8]) -> bool {
                true
            }
        }
    )*};
}

any_bits! {
    i8: I8, i16: I16, i32: I32, i64: I64, i128: I128, isize: ISIZE,
    u8: U8, u16: U16, u32: U32, u64: U64, u128: U128, usize: USIZE,
    f32: F32, f64: F64,
}

// `Complex` is `repr(C)`: real and imaginary part, of the same type.
#[cfg(feature = "complex")]
any_bits! { num_complex::Complex<f32>: COMPLEX_F32, num_complex::Complex<f64>: COMPLEX_F64 }

// Both are `repr(transparent)` around a `u16`.
#[cfg(feature = "half")]
any_bits! { half::f16: F16, half::bf16: BF16 }

// SAFETY: one byte, of which 0 and 1 are values.
unsafe impl Equivalence for bool {
    const ANY_BITS: bool = false;
    const SIGNATURE: u8 = signature::BOOL;

    #[inline]
    fn is_valid(bytes: &[u8]) -> bool {
        // Without an early end, so that the compiler uses vector instructions.
        bytes.iter().fold(0, |all, byte| all | byte) <= 1
    }
}

// SAFETY: a `u32` without padding, of which `char::from_u32` knows the values; zero is one.
unsafe impl Equivalence for char {
    const ANY_BITS: bool = false;
    const SIGNATURE: u8 = signature::CHAR;

    #[inline]
    fn is_valid(bytes: &[u8]) -> bool {
        let (words, rest) = bytes.as_chunks::<4>();
        rest.is_empty() && words.iter().all(|word| char::from_u32(u32::from_ne_bytes(*word)).is_some())
    }
}

// SAFETY: an array is its elements and nothing between them.
unsafe impl<T: Equivalence, const N: usize> Equivalence for [T; N] {
    const ANY_BITS: bool = T::ANY_BITS;
    const GRAIN: usize = T::GRAIN;
    const SIGNATURE: u8 = T::SIGNATURE;

    #[inline]
    fn is_valid(bytes: &[u8]) -> bool {
        T::is_valid(bytes)
    }
}

// SAFETY: no bytes at all.
unsafe impl<T: Send + 'static> Equivalence for PhantomData<T> {
    const ANY_BITS: bool = true;
    const SIGNATURE: u8 = signature::UNCHECKED;

    #[inline]
    fn is_valid(_bytes: &[u8]) -> bool {
        true
    }
}
