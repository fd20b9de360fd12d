//! Loops over elements in memory, compiled for what processors have.
//!
//! Each loop reads elements out of byte chunks and writes them back, so it needs no alignment and no `unsafe`, and the
//! compiler makes vector instructions of it. The `unsafe` here is the promise that the processor has those.

use std::sync::OnceLock;

/// A number that lies in memory as bytes.
pub(crate) trait Scalar: Copy + 'static {
    /// Combines each element of `from` with that of `into` at the same place.
    fn sweep(from: &[u8], into: &mut [u8], f: impl Fn(Self, Self) -> Self);
}

macro_rules! scalars {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            #[inline(always)]
            fn sweep(from: &[u8], into: &mut [u8], f: impl Fn(Self, Self) -> Self) {
                let (from, _) = from.as_chunks::<{ size_of::<$type>() }>();
                let (into, _) = into.as_chunks_mut::<{ size_of::<$type>() }>();
                for (from, into) in from.iter().zip(into) {
                    *into = f(<$type>::from_ne_bytes(*from), <$type>::from_ne_bytes(*into)).to_ne_bytes();
                }
            }
        }
    )*};
}

scalars!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, f32, f64, half::f16, half::bf16);

/// A function of two operands, the left one first.
pub(crate) trait Function<T>: 'static {
    fn call(left: T, right: T) -> T;
}

/// Applies an operation: `from` and `into` are of one length.
pub(crate) type Kernel = fn(from: &[u8], into: &mut [u8]);

/// The kernels of a function: with `from` on the left, and with `into` on the left.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) from_first: Kernel,
    pub(crate) into_first: Kernel,
}

/// What the processor has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Level {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best that this processor has.
    pub(crate) fn here() -> Self {
        static HERE: OnceLock<Level> = OnceLock::new();
        *HERE.get_or_init(|| Self::all().into_iter().next_back().unwrap_or(Self::Plain))
    }

    /// All that this processor has, the best last.
    pub(crate) fn all() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self::Plain];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            levels.push(Self::Avx2);
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                levels.push(Self::Avx512);
            }
        }
        levels
    }
}

impl Kernels {
    /// Those of a function, for a level that this processor has.
    pub(crate) fn of<T: Scalar, F: Function<T>>(level: Level) -> Self {
        match level {
            Level::Plain => Self { from_first: sweep::<T, F, false>, into_first: sweep::<T, F, true> },
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Self { from_first: avx2::<T, F, false>, into_first: avx2::<T, F, true> },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Self { from_first: avx512::<T, F, false>, into_first: avx512::<T, F, true> },
        }
    }
}

#[inline(always)]
fn sweep<T: Scalar, F: Function<T>, const INTO_FIRST: bool>(from: &[u8], into: &mut [u8]) {
    T::sweep(from, into, |from, into| if INTO_FIRST { F::call(into, from) } else { F::call(from, into) });
}

#[cfg(target_arch = "x86_64")]
fn avx2<T: Scalar, F: Function<T>, const INTO_FIRST: bool>(from: &[u8], into: &mut [u8]) {
    #[target_feature(enable = "avx2")]
    fn wide<T: Scalar, F: Function<T>, const INTO_FIRST: bool>(from: &[u8], into: &mut [u8]) {
        sweep::<T, F, INTO_FIRST>(from, into);
    }
    // SAFETY: `Kernels::of` is called with levels of `Level::all` alone, which lists this one where the processor has it.
    unsafe { wide::<T, F, INTO_FIRST>(from, into) }
}

#[cfg(target_arch = "x86_64")]
fn avx512<T: Scalar, F: Function<T>, const INTO_FIRST: bool>(from: &[u8], into: &mut [u8]) {
    #[target_feature(enable = "avx512f,avx512bw,avx2")]
    fn wide<T: Scalar, F: Function<T>, const INTO_FIRST: bool>(from: &[u8], into: &mut [u8]) {
        sweep::<T, F, INTO_FIRST>(from, into);
    }
    // SAFETY: as in `avx2`.
    unsafe { wide::<T, F, INTO_FIRST>(from, into) }
}
