//! Logical and bitwise operations, and the two that take one of their operands.
//!
//! Bits know no elements: bitwise operations, and those that take an operand, work on bytes whatever the type. A logical
//! value is true if it is not 0, so that signs do not matter, only sizes.

use core::marker::PhantomData;

use crate::kernel::{Combine, Lane};

pub(crate) struct LogicalAnd<T>(PhantomData<T>);
pub(crate) struct LogicalOr<T>(PhantomData<T>);
pub(crate) struct LogicalXor<T>(PhantomData<T>);
pub(crate) struct BitwiseAnd;
pub(crate) struct BitwiseOr;
pub(crate) struct BitwiseXor;

/// What is true or false.
pub(crate) trait Truth: Lane {
    fn is_true(self) -> bool;
    fn from_bool(truth: bool) -> Self;
}

macro_rules! truths {
    ($($type:ty)*) => {$(
        impl Truth for $type {
            #[inline(always)]
            fn is_true(self) -> bool {
                self != 0
            }

            #[inline(always)]
            fn from_bool(truth: bool) -> Self {
                truth.into()
            }
        }
    )*};
}

truths! { u8 u16 u32 u64 u128 }

macro_rules! logical {
    ($($name:ident: $operator:tt)*) => {$(
        impl<T: Truth> Combine for $name<T> {
            type Lane = T;
            const SYMMETRIC: bool = true;

            #[inline(always)]
            fn combine(first: T, second: T) -> T {
                T::from_bool(first.is_true() $operator second.is_true())
            }
        }
    )*};
}

logical! { LogicalAnd: & LogicalOr: | LogicalXor: ^ }

macro_rules! bitwise {
    ($($name:ident: $operator:tt)*) => {$(
        impl Combine for $name {
            type Lane = u8;
            const SYMMETRIC: bool = true;

            #[inline(always)]
            fn combine(first: u8, second: u8) -> u8 {
                first $operator second
            }
        }
    )*};
}

bitwise! { BitwiseAnd: & BitwiseOr: | BitwiseXor: ^ }
