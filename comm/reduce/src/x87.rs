//! C's `long double` on x86-64: the floats of the x87, of 64 bits of mantissa, in 16 bytes of which the last 6 are nothing.
//!
//! Rust has no such type, so that its arithmetic is the processor's own instructions, one operation at a time. All that
//! the processor takes for no number (also what it has no use for any more, as a mantissa without its leading bit) is
//! taken for none here.

use core::arch::asm;
use core::ops::{Add, Mul, Sub};

use crate::arithmetic::{Number, Ordered};
use crate::kernel::lanes;

/// A float of the x87. The bytes behind it are zero.
#[derive(Clone, Copy)]
pub(crate) struct Extended([u8; 16]);

/// How many bytes of the 16 are the number.
const LEN: usize = 10;

/// Instructions that begin and end with an empty stack of the x87.
macro_rules! x87 {
    ($($arguments:tt)*) => {
        asm!(
            $($arguments)*,
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
            options(nostack),
        )
    };
}

/// Operators of one instruction: of the operand that was loaded first, and the other.
macro_rules! operators {
    ($($operator:ident $name:ident $instruction:literal;)*) => {$(
        impl $operator for Extended {
            type Output = Self;

            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                let mut result = [0; 16];
                // SAFETY: reads ten bytes of each operand and writes ten of the result, which all have sixteen; two numbers
                // are pushed and two popped.
                unsafe {
                    x87!(
                        "fld tbyte ptr [{first}]",
                        "fld tbyte ptr [{second}]",
                        $instruction,
                        "fstp tbyte ptr [{result}]",
                        first = in(reg) self.0.as_ptr(),
                        second = in(reg) other.0.as_ptr(),
                        result = in(reg) result.as_mut_ptr()
                    );
                }
                Self(result)
            }
        }
    )*};
}

operators! {
    Add add "faddp st(1), st";
    Sub sub "fsubp st(1), st";
    Mul mul "fmulp st(1), st";
}

lanes! {
    Extended: |bytes| {
        let mut bytes = bytes;
        bytes[LEN..].fill(0);
        Self(bytes)
    }, |value| value.0;
}

impl Number for Extended {
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self * other
    }
}

impl Ordered for Extended {
    const TOTAL: bool = false;

    #[inline(always)]
    fn less(self, than: Self) -> bool {
        let less: u8;
        // SAFETY: reads ten bytes of each operand; two numbers are pushed and two popped.
        unsafe {
            x87!(
                "fld tbyte ptr [{first}]",
                "fld tbyte ptr [{second}]",
                "fucomip st, st(1)",
                "fstp st(0)",
                "seta {less}",
                first = in(reg) self.0.as_ptr(),
                second = in(reg) than.0.as_ptr(),
                less = out(reg_byte) less
            );
        }
        less != 0
    }

    #[inline(always)]
    fn is_nan(self) -> bool {
        let unordered: u8;
        // SAFETY: reads ten bytes; one number is pushed and one popped.
        unsafe {
            x87!(
                "fld tbyte ptr [{value}]",
                "fucomip st, st(0)",
                "setp {unordered}",
                value = in(reg) self.0.as_ptr(),
                unordered = out(reg_byte) unordered
            );
        }
        unordered != 0
    }

    // There are no vectors of these.
    #[inline(always)]
    fn veil(self, _zero: u64) -> Self {
        self
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    /// From a float that has fewer digits.
    fn extended(value: f64) -> Extended {
        let mut bytes = [0xEE; 16];
        // SAFETY: reads the eight bytes of a float, and writes ten of sixteen.
        unsafe {
            x87!(
                "fld qword ptr [{value}]",
                "fstp tbyte ptr [{bytes}]",
                value = in(reg) &raw const value,
                bytes = in(reg) bytes.as_mut_ptr()
            );
        }
        <Extended as crate::kernel::Lane>::load(bytes)
    }

    #[test]
    fn operands_are_in_their_order_and_the_padding_is_zero() {
        let (a, b) = (extended(7.5), extended(-2.0));
        assert_eq!((a + b).0, extended(5.5).0);
        assert_eq!((a - b).0, extended(9.5).0);
        assert_eq!((b - a).0, extended(-9.5).0);
        assert_eq!((a * b).0, extended(-15.0).0);
        assert!(b.less(a) && !a.less(b) && !a.less(a));
        let nan = extended(f64::NAN);
        assert!(nan.is_nan() && !a.is_nan() && !a.less(nan) && !nan.less(a));
        assert_eq!(a.0[LEN..], [0; 6]);
    }

    #[test]
    fn there_are_more_digits_than_in_a_double() {
        let small = extended(f64::EPSILON / 1024.0);
        let sum = extended(1.0) + small;
        assert_ne!(sum.0, extended(1.0).0);
        assert_eq!((sum - extended(1.0)).0, small.0);
    }
}
