//! Sum, product, maximum and minimum of numbers.

use core::marker::PhantomData;

use crate::half::{Bf16, F16};
use crate::kernel::{Combine, Lane, lanes};

pub(crate) struct Sum<T>(PhantomData<T>);
pub(crate) struct Product<T>(PhantomData<T>);
pub(crate) struct Maximum<T>(PhantomData<T>);
pub(crate) struct Minimum<T>(PhantomData<T>);

/// What has sums and products.
pub(crate) trait Number: Lane {
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
}

/// What has an order.
pub(crate) trait Ordered: Lane {
    /// Whether of two different values one is less. Not so floats: +0 and -0 are equal, and what is not a number is
    /// neither less than anything nor greater.
    const TOTAL: bool;

    fn less(self, than: Self) -> bool;
    fn is_nan(self) -> bool;

    /// What [`Combine::veil`] is for a choice.
    fn veil(self, zero: u64) -> Self;
}

impl<T: Number> Combine for Sum<T> {
    type Lane = T;
    const SYMMETRIC: bool = true;

    #[inline(always)]
    fn combine(first: T, second: T) -> T {
        first.add(second)
    }
}

impl<T: Number> Combine for Product<T> {
    type Lane = T;
    const SYMMETRIC: bool = true;

    #[inline(always)]
    fn combine(first: T, second: T) -> T {
        first.mul(second)
    }
}

impl<T: Ordered> Combine for Maximum<T> {
    type Lane = T;
    const SYMMETRIC: bool = T::TOTAL;
    const CHOOSES: bool = true;

    #[inline(always)]
    fn combine(first: T, second: T) -> T {
        // In this order the last choice is an instruction of its own for floats.
        let second = if second.is_nan() { first } else { second };
        if second.less(first) { first } else { second }
    }

    #[inline(always)]
    fn veil(into: T, zero: u64) -> T {
        into.veil(zero)
    }
}

impl<T: Ordered> Combine for Minimum<T> {
    type Lane = T;
    const SYMMETRIC: bool = T::TOTAL;
    const CHOOSES: bool = true;

    #[inline(always)]
    fn combine(first: T, second: T) -> T {
        let second = if second.is_nan() { first } else { second };
        if first.less(second) { first } else { second }
    }

    #[inline(always)]
    fn veil(into: T, zero: u64) -> T {
        into.veil(zero)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        lanes! { $type: |bytes| <$type>::from_ne_bytes(bytes), |value| value.to_ne_bytes(); }

        impl Number for $type {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
        }

        impl Ordered for $type {
            const TOTAL: bool = true;

            #[inline(always)]
            fn less(self, than: Self) -> bool {
                self < than
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }

            #[allow(clippy::cast_lossless, clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // It is 0.
            #[inline(always)]
            fn veil(self, zero: u64) -> Self {
                self ^ zero as Self
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 }

macro_rules! floats {
    ($($type:ty, $bits:ty;)*) => {$(
        lanes! { $type: |bytes| <$type>::from_ne_bytes(bytes), |value| value.to_ne_bytes(); }

        impl Number for $type {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
        }

        impl Ordered for $type {
            const TOTAL: bool = false;

            #[inline(always)]
            fn less(self, than: Self) -> bool {
                self < than
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }

            #[allow(clippy::cast_possible_truncation)] // It is 0.
            #[inline(always)]
            fn veil(self, zero: u64) -> Self {
                Self::from_bits(self.to_bits() ^ zero as $bits)
            }
        }
    )*};
}

floats! { f32, u32; f64, u64; }

/// A sum or product of two 16-bit floats, computed in `f32`, is the exact one rounded once: `f32` has more than twice
/// their digits and two.
macro_rules! narrow_floats {
    ($($type:ty)*) => {$(
        lanes! { $type: |bytes| Self(u16::from_ne_bytes(bytes)), |value| value.0.to_ne_bytes(); }

        impl Number for $type {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self::round(self.widen() + other.widen())
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self::round(self.widen() * other.widen())
            }
        }

        impl Ordered for $type {
            const TOTAL: bool = false;

            #[inline(always)]
            fn less(self, than: Self) -> bool {
                self.widen().less(than.widen())
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.widen().is_nan()
            }

            // There are no masked stores of 16 bits.
            #[inline(always)]
            fn veil(self, _zero: u64) -> Self {
                self
            }
        }
    )*};
}

narrow_floats! { F16 Bf16 }

/// A complex number, for its product; a sum of complex numbers is one of their parts.
#[derive(Clone, Copy)]
pub(crate) struct Complex<T> {
    re: T,
    im: T,
}

macro_rules! complex {
    ($($part:ty)*) => {$(
        lanes! {
            Complex<$part>: |bytes| {
                let parts = <$part>::split(&bytes);
                Self { re: <$part>::load(parts[0]), im: <$part>::load(parts[1]) }
            }, |value| {
                let mut bytes = [0; size_of::<Self>()];
                let parts = <$part>::split_mut(&mut bytes);
                parts[0] = value.re.store();
                parts[1] = value.im.store();
                bytes
            };
        }

        impl Number for Complex<$part> {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self { re: self.re + other.re, im: self.im + other.im }
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
            }
        }
    )*};
}

complex! { f32 f64 }
#[cfg(target_arch = "x86_64")]
complex! { crate::x87::Extended }
