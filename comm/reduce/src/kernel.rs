//! The loops of a kernel: from a line that combines two elements to functions on memory of any alignment.
//!
//! Memory is read as arrays of bytes, an element each, so alignment is nobody's concern: on the machines we know an
//! unaligned vector load costs the same, and the compiler makes vector loads of these.

use core::hint::black_box;
use core::marker::PhantomData;

use crate::tier::{Loop, Tier};

/// What a kernel loads from memory, combines, and stores.
pub(crate) trait Lane: Copy {
    /// An array of bytes.
    type Bytes: Copy;

    /// The memory as elements; a part of one at the end is left out.
    fn split(bytes: &[u8]) -> &[Self::Bytes];
    fn split_mut(bytes: &mut [u8]) -> &mut [Self::Bytes];
    fn load(bytes: Self::Bytes) -> Self;
    fn store(self) -> Self::Bytes;
}

/// An operation on two elements. In what [`Kernel`] makes of it, `first` comes of the lower ranks.
pub(crate) trait Combine {
    type Lane: Lane;

    /// Whether swapping the operands never changes the result (but for the payload of what is no number).
    const SYMMETRIC: bool;

    /// Whether the result is one of the operands.
    ///
    /// Where one of them lies at the very place of the result, the compiler makes a masked store of such a choice. Those of
    /// AVX2 are up to ten times slower than plain ones on some processors (AMD's), so it must not see that: what lies there
    /// goes through [`veil`](Self::veil).
    const CHOOSES: bool = false;

    fn combine(first: Self::Lane, second: Self::Lane) -> Self::Lane;

    /// The same value, changed by a zero that the compiler does not know for one.
    #[inline(always)]
    fn veil(into: Self::Lane, _zero: u64) -> Self::Lane {
        into
    }
}

/// What the compiler does not know for a zero, if it matters.
#[inline(always)]
fn zero_for<C: Combine>() -> u64 {
    if C::CHOOSES { black_box(0) } else { 0 }
}

/// An operation as functions on memory. The slices of a call have one length.
pub(crate) struct Kernel {
    /// `into = from ∘ into`
    pub(crate) from_first: fn(Tier, &[u8], &mut [u8]),
    /// `into = into ∘ from`
    pub(crate) into_first: fn(Tier, &[u8], &mut [u8]),
    /// `out = first ∘ second`
    pub(crate) apart: fn(Tier, &[u8], &[u8], &mut [u8]),
}

impl Kernel {
    /// The kernel of an operation.
    pub(crate) const fn of<C: Combine>() -> Self {
        Self {
            from_first: from_first::<C>,
            into_first: if C::SYMMETRIC { from_first::<C> } else { into_first::<C> },
            apart: apart::<C>,
        }
    }
}

fn from_first<C: Combine>(tier: Tier, from: &[u8], into: &mut [u8]) {
    tier.run(FromFirst::<C> { from, into, of: PhantomData });
}

fn into_first<C: Combine>(tier: Tier, from: &[u8], into: &mut [u8]) {
    tier.run(IntoFirst::<C> { from, into, of: PhantomData });
}

fn apart<C: Combine>(tier: Tier, first: &[u8], second: &[u8], out: &mut [u8]) {
    tier.run(Apart::<C> { first, second, out, of: PhantomData });
}

struct FromFirst<'a, C> {
    from: &'a [u8],
    into: &'a mut [u8],
    of: PhantomData<C>,
}

impl<C: Combine> Loop for FromFirst<'_, C> {
    #[inline(always)]
    fn run(self) {
        let zero = zero_for::<C>();
        for (into, from) in C::Lane::split_mut(self.into).iter_mut().zip(C::Lane::split(self.from)) {
            let second = C::veil(C::Lane::load(*into), zero);
            *into = C::combine(C::Lane::load(*from), second).store();
        }
    }
}

struct IntoFirst<'a, C> {
    from: &'a [u8],
    into: &'a mut [u8],
    of: PhantomData<C>,
}

impl<C: Combine> Loop for IntoFirst<'_, C> {
    #[inline(always)]
    fn run(self) {
        let zero = zero_for::<C>();
        for (into, from) in C::Lane::split_mut(self.into).iter_mut().zip(C::Lane::split(self.from)) {
            let first = C::veil(C::Lane::load(*into), zero);
            *into = C::combine(first, C::Lane::load(*from)).store();
        }
    }
}

struct Apart<'a, C> {
    first: &'a [u8],
    second: &'a [u8],
    out: &'a mut [u8],
    of: PhantomData<C>,
}

impl<C: Combine> Loop for Apart<'_, C> {
    #[inline(always)]
    fn run(self) {
        let operands = C::Lane::split(self.first).iter().zip(C::Lane::split(self.second));
        for (out, (first, second)) in C::Lane::split_mut(self.out).iter_mut().zip(operands) {
            *out = C::combine(C::Lane::load(*first), C::Lane::load(*second)).store();
        }
    }
}

/// Makes types lanes, each with how it is read from its bytes and written to them.
macro_rules! lanes {
    ($($type:ty: |$bytes:ident| $load:expr, |$value:ident| $store:expr;)*) => {$(
        impl crate::kernel::Lane for $type {
            type Bytes = [u8; size_of::<$type>()];

            #[inline(always)]
            fn split(bytes: &[u8]) -> &[Self::Bytes] {
                bytes.as_chunks().0
            }

            #[inline(always)]
            fn split_mut(bytes: &mut [u8]) -> &mut [Self::Bytes] {
                bytes.as_chunks_mut().0
            }

            #[inline(always)]
            fn load($bytes: Self::Bytes) -> Self {
                $load
            }

            #[inline(always)]
            fn store(self) -> Self::Bytes {
                let $value = self;
                $store
            }
        }
    )*};
}
pub(crate) use lanes;
