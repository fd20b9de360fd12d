//! Which kernel an operation on an element has.

use crate::arithmetic::{Complex, Maximum, Minimum, Product, Sum};
use crate::bits::{BitwiseAnd, BitwiseOr, BitwiseXor, LogicalAnd, LogicalOr, LogicalXor};
use crate::half::{Bf16, F16};
use crate::kernel::Kernel;
use crate::kind::Kind;
use crate::located::{MaximumLocation, MinimumLocation, Pair};
use crate::{Element, Element as E};

/// A function that finds the kernel of an element in a list.
macro_rules! kernels {
    ($name:ident: $($($element:ident)|+ => $combine:ty,)*) => {
        fn $name(element: Element) -> Option<&'static Kernel> {
            match element {
                $($(E::$element)|+ => Some(const { &Kernel::of::<$combine>() }),)*
                _ => None,
            }
        }
    };
}

/// C's `long double`, where its arithmetic is known.
#[cfg(target_arch = "x86_64")]
mod long_double {
    use super::{E, Element, Kernel, Kind, Maximum, MaximumLocation, Minimum, MinimumLocation, Product, Sum};
    use crate::arithmetic::Complex;
    use crate::located::Pair;
    use crate::x87::Extended;

    type Located = Pair<Extended, i32>;

    kernels! { sum: LongDouble | ComplexLongDouble => Sum<Extended>, }
    kernels! { product: LongDouble => Product<Extended>, ComplexLongDouble => Product<Complex<Extended>>, }
    kernels! { maximum: LongDouble => Maximum<Extended>, }
    kernels! { minimum: LongDouble => Minimum<Extended>, }
    kernels! { maximum_location: LongDoubleI32 => MaximumLocation<Located>, }
    kernels! { minimum_location: LongDoubleI32 => MinimumLocation<Located>, }

    pub(super) fn kernel(kind: Kind, element: Element) -> Option<&'static Kernel> {
        match kind {
            Kind::Sum => sum(element),
            Kind::Product => product(element),
            Kind::Maximum => maximum(element),
            Kind::Minimum => minimum(element),
            Kind::MaximumLocation => maximum_location(element),
            Kind::MinimumLocation => minimum_location(element),
            _ => None,
        }
    }
}

/// The kernel of an operation that is defined on such elements and computes anything; `None` otherwise.
pub(crate) fn kernel(kind: Kind, element: Element) -> Option<&'static Kernel> {
    #[cfg(target_arch = "x86_64")]
    if matches!(element, E::LongDouble | E::ComplexLongDouble | E::LongDoubleI32) {
        return long_double::kernel(kind, element);
    }
    match kind {
        Kind::Sum => sum(element),
        Kind::Product => product(element),
        Kind::Maximum => maximum(element),
        Kind::Minimum => minimum(element),
        Kind::LogicalAnd => and(element),
        Kind::LogicalOr => or(element),
        Kind::LogicalXor => xor(element),
        Kind::BitwiseAnd => bitwise(element, const { &Kernel::of::<BitwiseAnd>() }, and),
        Kind::BitwiseOr => bitwise(element, const { &Kernel::of::<BitwiseOr>() }, or),
        Kind::BitwiseXor => bitwise(element, const { &Kernel::of::<BitwiseXor>() }, xor),
        Kind::MaximumLocation => maximum_location(element),
        Kind::MinimumLocation => minimum_location(element),
        Kind::Replace | Kind::NoOp => None,
    }
}

// Sums and products of integers are the same with a sign and without, and complex sums are those of the parts.
kernels! { sum:
    I8 | U8 => Sum<u8>, I16 | U16 => Sum<u16>, I32 | U32 => Sum<u32>, I64 | U64 => Sum<u64>, I128 | U128 => Sum<u128>,
    F16 => Sum<F16>, Bf16 => Sum<Bf16>, F32 | ComplexF32 => Sum<f32>, F64 | ComplexF64 => Sum<f64>,
}

kernels! { product:
    I8 | U8 => Product<u8>, I16 | U16 => Product<u16>, I32 | U32 => Product<u32>, I64 | U64 => Product<u64>,
    I128 | U128 => Product<u128>,
    F16 => Product<F16>, Bf16 => Product<Bf16>, F32 => Product<f32>, F64 => Product<f64>,
    ComplexF32 => Product<Complex<f32>>, ComplexF64 => Product<Complex<f64>>,
}

kernels! { maximum:
    I8 => Maximum<i8>, I16 => Maximum<i16>, I32 => Maximum<i32>, I64 => Maximum<i64>, I128 => Maximum<i128>,
    U8 => Maximum<u8>, U16 => Maximum<u16>, U32 => Maximum<u32>, U64 => Maximum<u64>, U128 => Maximum<u128>,
    F16 => Maximum<F16>, Bf16 => Maximum<Bf16>, F32 => Maximum<f32>, F64 => Maximum<f64>,
}

kernels! { minimum:
    I8 => Minimum<i8>, I16 => Minimum<i16>, I32 => Minimum<i32>, I64 => Minimum<i64>, I128 => Minimum<i128>,
    U8 => Minimum<u8>, U16 => Minimum<u16>, U32 => Minimum<u32>, U64 => Minimum<u64>, U128 => Minimum<u128>,
    F16 => Minimum<F16>, Bf16 => Minimum<Bf16>, F32 => Minimum<f32>, F64 => Minimum<f64>,
}

kernels! { and:
    I8 | U8 | Bool | Logical8 => LogicalAnd<u8>, I16 | U16 | Logical16 => LogicalAnd<u16>, I32 | U32 | Logical32 => LogicalAnd<u32>,
    I64 | U64 | Logical64 => LogicalAnd<u64>, I128 | U128 => LogicalAnd<u128>,
}

kernels! { or:
    I8 | U8 | Bool | Logical8 => LogicalOr<u8>, I16 | U16 | Logical16 => LogicalOr<u16>, I32 | U32 | Logical32 => LogicalOr<u32>,
    I64 | U64 | Logical64 => LogicalOr<u64>, I128 | U128 => LogicalOr<u128>,
}

kernels! { xor:
    I8 | U8 | Bool | Logical8 => LogicalXor<u8>, I16 | U16 | Logical16 => LogicalXor<u16>, I32 | U32 | Logical32 => LogicalXor<u32>,
    I64 | U64 | Logical64 => LogicalXor<u64>, I128 | U128 => LogicalXor<u128>,
}

kernels! { maximum_location:
    I16I32 => MaximumLocation<Pair<i16, i32>>, I32I32 => MaximumLocation<Pair<i32, i32>>, I64I32 => MaximumLocation<Pair<i64, i32>>,
    F32I32 => MaximumLocation<Pair<f32, i32>>, F64I32 => MaximumLocation<Pair<f64, i32>>, F32F32 => MaximumLocation<Pair<f32, f32>>,
    F64F64 => MaximumLocation<Pair<f64, f64>>, U32I32 => MaximumLocation<Pair<u32, i32>>, I64I64 => MaximumLocation<Pair<i64, i64>>,
    U64I64 => MaximumLocation<Pair<u64, i64>>, F64I64 => MaximumLocation<Pair<f64, i64>>,
}

kernels! { minimum_location:
    I16I32 => MinimumLocation<Pair<i16, i32>>, I32I32 => MinimumLocation<Pair<i32, i32>>, I64I32 => MinimumLocation<Pair<i64, i32>>,
    F32I32 => MinimumLocation<Pair<f32, i32>>, F64I32 => MinimumLocation<Pair<f64, i32>>, F32F32 => MinimumLocation<Pair<f32, f32>>,
    F64F64 => MinimumLocation<Pair<f64, f64>>, U32I32 => MinimumLocation<Pair<u32, i32>>, I64I64 => MinimumLocation<Pair<i64, i64>>,
    U64I64 => MinimumLocation<Pair<u64, i64>>, F64I64 => MinimumLocation<Pair<f64, i64>>,
}

/// Bits know no elements; but of a `bool` that a peer has made of any bits a `bool` must come.
fn bitwise(
    element: Element,
    bits: &'static Kernel,
    logical: fn(Element) -> Option<&'static Kernel>,
) -> Option<&'static Kernel> {
    match element {
        Element::Bool => logical(element),
        _ => Kind::BitwiseAnd.allows(element).then_some(bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_kernel_exactly_for_what_mpi_defines() {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.commutative()) {
            for element in Element::ALL {
                assert_eq!(kernel(kind, element).is_some(), kind.allows(element), "{kind:?} of {element:?}");
            }
        }
    }
}
