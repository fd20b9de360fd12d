//! The predefined operations, as functions of two elements.

use half::{bf16, f16};

use crate::element::Element;
use crate::kernel::{Function, Kernels, Level, Scalar};
use crate::operation::Kind;

pub(crate) struct Sum;
pub(crate) struct Product;
pub(crate) struct Maximum;
pub(crate) struct Minimum;
pub(crate) struct And;
pub(crate) struct Or;
pub(crate) struct ExclusiveOr;
pub(crate) struct BitAnd;
pub(crate) struct BitOr;
pub(crate) struct BitXor;

macro_rules! functions {
    ($type:ty, $($function:ident = |$a:ident, $b:ident| $result:expr;)*) => {$(
        impl Function<$type> for $function {
            #[inline(always)]
            fn call($a: $type, $b: $type) -> $type {
                $result
            }
        }
    )*};
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        functions! { $type,
            Sum = |a, b| a.wrapping_add(b);
            Product = |a, b| a.wrapping_mul(b);
            Maximum = |a, b| a.max(b);
            Minimum = |a, b| a.min(b);
            And = |a, b| <$type>::from(a != 0 && b != 0);
            Or = |a, b| <$type>::from(a != 0 || b != 0);
            ExclusiveOr = |a, b| <$type>::from((a != 0) != (b != 0));
            BitAnd = |a, b| a & b;
            BitOr = |a, b| a | b;
            BitXor = |a, b| a ^ b;
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128);

macro_rules! floats {
    ($($type:ty),*) => {$(
        functions! { $type,
            Sum = |a, b| a + b;
            Product = |a, b| a * b;
            // What is not a number (and only that differs from itself) loses to what is one.
            Maximum = |a, b| if a > b || b != b { a } else { b };
            Minimum = |a, b| if a < b || b != b { a } else { b };
        }
    )*};
}

floats!(f32, f64, f16, bf16);

/// A complex number: its real and its imaginary part.
#[derive(Clone, Copy)]
pub(crate) struct Complex<T>(T, T);

macro_rules! complexes {
    ($($part:ty),*) => {$(
        impl Scalar for Complex<$part> {
            #[inline(always)]
            fn sweep(from: &[u8], into: &mut [u8], f: impl Fn(Self, Self) -> Self) {
                const HALF: usize = size_of::<$part>();
                let part = |bytes: &[u8; HALF]| <$part>::from_ne_bytes(*bytes);
                let (from, _) = from.as_chunks::<HALF>();
                let (into, _) = into.as_chunks_mut::<HALF>();
                let (from, _) = from.as_chunks::<2>();
                let (into, _) = into.as_chunks_mut::<2>();
                for ([re, im], [into_re, into_im]) in from.iter().zip(into) {
                    let result = f(Self(part(re), part(im)), Self(part(into_re), part(into_im)));
                    *into_re = result.0.to_ne_bytes();
                    *into_im = result.1.to_ne_bytes();
                }
            }
        }
        functions! { Complex<$part>,
            Sum = |a, b| Complex(a.0 + b.0, a.1 + b.1);
            Product = |a, b| Complex(a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        }
    )*};
}

complexes!(f32, f64);

macro_rules! for_numbers {
    ($element:expr, $level:expr, $function:ty) => {
        for_floats!($element, $level, $function).or_else(|| for_integers!($element, $level, $function))
    };
}

macro_rules! for_floats {
    ($element:expr, $level:expr, $function:ty) => {
        match $element {
            Element::F16 => Some(Kernels::of::<f16, $function>($level)),
            Element::Bf16 => Some(Kernels::of::<bf16, $function>($level)),
            Element::F32 => Some(Kernels::of::<f32, $function>($level)),
            Element::F64 => Some(Kernels::of::<f64, $function>($level)),
            _ => None,
        }
    };
}

macro_rules! for_integers {
    ($element:expr, $level:expr, $function:ty) => {
        match $element {
            Element::I8 => Some(Kernels::of::<i8, $function>($level)),
            Element::I16 => Some(Kernels::of::<i16, $function>($level)),
            Element::I32 => Some(Kernels::of::<i32, $function>($level)),
            Element::I64 => Some(Kernels::of::<i64, $function>($level)),
            Element::I128 => Some(Kernels::of::<i128, $function>($level)),
            Element::U8 => Some(Kernels::of::<u8, $function>($level)),
            Element::U16 => Some(Kernels::of::<u16, $function>($level)),
            Element::U32 => Some(Kernels::of::<u32, $function>($level)),
            Element::U64 => Some(Kernels::of::<u64, $function>($level)),
            Element::U128 => Some(Kernels::of::<u128, $function>($level)),
            _ => None,
        }
    };
}

macro_rules! for_complexes {
    ($element:expr, $level:expr, $function:ty) => {
        match $element {
            Element::ComplexF32 => Some(Kernels::of::<Complex<f32>, $function>($level)),
            Element::ComplexF64 => Some(Kernels::of::<Complex<f64>, $function>($level)),
            _ => None,
        }
    };
}

/// The kernels of an operation, if MPI defines it for these elements (MPI 5.0, section 6.9.2). A `bool` is the byte 0 or
/// 1, which all but sums and products keep it.
pub(crate) fn kernels(kind: Kind, element: Element, level: Level) -> Option<Kernels> {
    let truth = if element == Element::Bool { Element::U8 } else { element };
    match kind {
        Kind::Sum => for_numbers!(element, level, Sum).or_else(|| for_complexes!(element, level, Sum)),
        Kind::Product => {
            for_numbers!(element, level, Product).or_else(|| for_complexes!(element, level, Product))
        }
        Kind::Maximum => for_numbers!(element, level, Maximum),
        Kind::Minimum => for_numbers!(element, level, Minimum),
        Kind::LogicalAnd => for_integers!(truth, level, And),
        Kind::LogicalOr => for_integers!(truth, level, Or),
        Kind::LogicalXor => for_integers!(truth, level, ExclusiveOr),
        Kind::BitwiseAnd => for_integers!(truth, level, BitAnd),
        Kind::BitwiseOr => for_integers!(truth, level, BitOr),
        Kind::BitwiseXor => for_integers!(truth, level, BitXor),
        Kind::MaximumLocation => crate::located::maximum(element, level),
        Kind::MinimumLocation => crate::located::minimum(element, level),
    }
}
