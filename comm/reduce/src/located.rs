//! `MPI_MINLOC` and `MPI_MAXLOC` (MPI 5.0, section 6.9.4): pairs of a value and an index, of which the one with the
//! smaller or larger value wins, and of equal values the one with the smaller index.

use crate::element::Element;
use crate::kernel::{Function, Kernels, Level, Scalar};

/// A value and its index, which lie one behind the other.
#[derive(Clone, Copy)]
pub(crate) struct Located<V, I>(V, I);

pub(crate) struct Largest;
pub(crate) struct Smallest;

macro_rules! pairs {
    ($($value:ty, $index:ty;)*) => {$(
        impl Scalar for Located<$value, $index> {
            #[inline(always)]
            fn sweep(from: &[u8], into: &mut [u8], f: impl Fn(Self, Self) -> Self) {
                const VALUE: usize = size_of::<$value>();
                const PAIR: usize = VALUE + size_of::<$index>();
                let read = |bytes: &[u8; PAIR]| {
                    let (value, index) = bytes.split_first_chunk::<VALUE>().expect("a value comes first");
                    let index = index.first_chunk().expect("an index comes behind it");
                    Self(<$value>::from_ne_bytes(*value), <$index>::from_ne_bytes(*index))
                };
                let (from, _) = from.as_chunks::<PAIR>();
                let (into, _) = into.as_chunks_mut::<PAIR>();
                for (from, into) in from.iter().zip(into) {
                    let result = f(read(from), read(into));
                    into[..VALUE].copy_from_slice(&result.0.to_ne_bytes());
                    into[VALUE..].copy_from_slice(&result.1.to_ne_bytes());
                }
            }
        }

        impl Function<Located<$value, $index>> for Largest {
            #[inline(always)]
            fn call(a: Located<$value, $index>, b: Located<$value, $index>) -> Located<$value, $index> {
                if a.0 > b.0 || (a.0 == b.0 && a.1 < b.1) { a } else { b }
            }
        }

        impl Function<Located<$value, $index>> for Smallest {
            #[inline(always)]
            fn call(a: Located<$value, $index>, b: Located<$value, $index>) -> Located<$value, $index> {
                if a.0 < b.0 || (a.0 == b.0 && a.1 < b.1) { a } else { b }
            }
        }
    )*};
}

pairs! {
    f32, i32;
    f64, i32;
    i16, i32;
    i32, i32;
    i64, i32;
    f32, f32;
    f64, f64;
    f64, i64;
    i64, i64;
}

macro_rules! located {
    ($name:ident, $function:ty) => {
        /// The kernels for these pairs, if they are pairs.
        pub(crate) fn $name(element: Element, level: Level) -> Option<Kernels> {
            match element {
                Element::F32I32 => Some(Kernels::of::<Located<f32, i32>, $function>(level)),
                Element::F64I32 => Some(Kernels::of::<Located<f64, i32>, $function>(level)),
                Element::I16I32 => Some(Kernels::of::<Located<i16, i32>, $function>(level)),
                Element::I32I32 => Some(Kernels::of::<Located<i32, i32>, $function>(level)),
                Element::I64I32 => Some(Kernels::of::<Located<i64, i32>, $function>(level)),
                Element::F32F32 => Some(Kernels::of::<Located<f32, f32>, $function>(level)),
                Element::F64F64 => Some(Kernels::of::<Located<f64, f64>, $function>(level)),
                Element::F64I64 => Some(Kernels::of::<Located<f64, i64>, $function>(level)),
                Element::I64I64 => Some(Kernels::of::<Located<i64, i64>, $function>(level)),
                _ => None,
            }
        }
    };
}

located!(maximum, Largest);
located!(minimum, Smallest);
