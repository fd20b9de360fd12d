//! The maximum and the minimum together with where they are (MPI 5.0, section 6.9.4).

use core::marker::PhantomData;

use crate::arithmetic::Ordered;
use crate::kernel::{Combine, Lane};

/// A value and its location, one after the other without padding.
#[derive(Clone, Copy)]
pub(crate) struct Pair<V, L> {
    value: V,
    location: L,
}

pub(crate) struct MaximumLocation<P>(PhantomData<P>);
pub(crate) struct MinimumLocation<P>(PhantomData<P>);

/// A pair as an operand.
pub(crate) trait Located: Lane {
    /// Whether swapping the operands never changes the result.
    const TOTAL: bool;

    /// Whether this, as the first operand, is the maximum of both.
    fn is_maximum(self, other: Self) -> bool;
    /// Whether this, as the first operand, is the minimum of both.
    fn is_minimum(self, other: Self) -> bool;
}

impl<P: Located> Combine for MaximumLocation<P> {
    type Lane = P;
    const SYMMETRIC: bool = P::TOTAL;

    #[inline(always)]
    fn combine(first: P, second: P) -> P {
        if first.is_maximum(second) { first } else { second }
    }
}

impl<P: Located> Combine for MinimumLocation<P> {
    type Lane = P;
    const SYMMETRIC: bool = P::TOTAL;

    #[inline(always)]
    fn combine(first: P, second: P) -> P {
        if first.is_minimum(second) { first } else { second }
    }
}

impl<V: Ordered, L: Ordered> Pair<V, L> {
    /// Whether this comes first, given which value does. What is not a number loses to what is one.
    #[inline(always)]
    fn wins(self, other: Self, value_first: bool, other_value_first: bool) -> bool {
        let wins = value_first | (other.value.is_nan() & !self.value.is_nan());
        let loses = other_value_first | (self.value.is_nan() & !other.value.is_nan());
        let no_later = !other.location.less(self.location);
        wins || (!loses && no_later)
    }
}

impl<V: Ordered, L: Ordered> Located for Pair<V, L>
where
    Self: Lane,
{
    const TOTAL: bool = V::TOTAL && L::TOTAL;

    #[inline(always)]
    fn is_maximum(self, other: Self) -> bool {
        self.wins(other, other.value.less(self.value), self.value.less(other.value))
    }

    #[inline(always)]
    fn is_minimum(self, other: Self) -> bool {
        self.wins(other, self.value.less(other.value), other.value.less(self.value))
    }
}

macro_rules! pairs {
    ($($value:ty, $location:ty;)*) => {$(
        impl Lane for Pair<$value, $location> {
            type Bytes = [u8; size_of::<$value>() + size_of::<$location>()];

            #[inline(always)]
            fn split(bytes: &[u8]) -> &[Self::Bytes] {
                bytes.as_chunks().0
            }

            #[inline(always)]
            fn split_mut(bytes: &mut [u8]) -> &mut [Self::Bytes] {
                bytes.as_chunks_mut().0
            }

            #[inline(always)]
            fn load(bytes: Self::Bytes) -> Self {
                let (value, location) = bytes.split_at(size_of::<$value>());
                Self {
                    value: <$value>::load(<$value>::split(value)[0]),
                    location: <$location>::load(<$location>::split(location)[0]),
                }
            }

            #[inline(always)]
            fn store(self) -> Self::Bytes {
                let mut bytes = [0; _];
                let (value, location) = bytes.split_at_mut(size_of::<$value>());
                value.copy_from_slice(&self.value.store());
                location.copy_from_slice(&self.location.store());
                bytes
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
pairs! { crate::x87::Extended, i32; }

pairs! {
    i16, i32;
    i32, i32;
    i64, i32;
    f32, i32;
    f64, i32;
    f32, f32;
    f64, f64;
    u32, i32;
    i64, i64;
    u64, i64;
    f64, i64;
}
