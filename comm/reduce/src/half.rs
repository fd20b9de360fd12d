//! Floats of 16 bits, to `f32` and back.
//!
//! Without branches and without a look at the processor, so that loops of them vectorize.

/// IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
#[derive(Clone, Copy)]
pub(crate) struct F16(pub(crate) u16);

/// The upper half of an `f32`: 8 bits of exponent, 7 of fraction.
#[derive(Clone, Copy)]
pub(crate) struct Bf16(pub(crate) u16);

impl F16 {
    #[inline(always)]
    pub(crate) fn widen(self) -> f32 {
        let sign = u32::from(self.0 & 0x8000) << 16;
        let magnitude = u32::from(self.0 & 0x7fff) << 13;
        // The exponents are biased by 15 and by 127.
        let normal = magnitude + (112 << 23);
        // Infinities and what is not a number have the greatest exponent in both.
        let special = magnitude + (224 << 23);
        // Beside the leading 1 of 2^-14 a subnormal's digits are where they belong; so nothing subnormal is computed with,
        // which costs some processors a hundred cycles.
        let subnormal = (f32::from_bits(magnitude + (113 << 23)) - f32::from_bits(113 << 23)).to_bits();
        let wide = if magnitude >= 0x7c00 << 13 {
            special
        } else if magnitude < 0x400 << 13 {
            subnormal
        } else {
            normal
        };
        f32::from_bits(wide | sign)
    }

    /// The nearest, of two equally near the even one.
    #[allow(clippy::cast_possible_truncation)] // What is shifted out of the way fits 16 bits.
    #[inline(always)]
    pub(crate) fn round(wide: f32) -> Self {
        let sign = wide.to_bits() & 0x8000_0000;
        let magnitude = wide.to_bits() ^ sign;
        // Below 2^-14: the addition of 0.5, whose last digit is worth 2^-24, rounds to a subnormal.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5_f32.to_bits());
        // Corrects the bias, and rounds up from a half, or above it if the last digit is even.
        let odd = (magnitude >> 13) & 1;
        let normal = magnitude.wrapping_sub(112 << 23).wrapping_add(0xfff + odd) >> 13;
        let not_a_number = 0x7e00 | ((magnitude >> 13) & 0x3ff);
        let rounded = if magnitude > 0xff << 23 {
            not_a_number
        } else if magnitude >= (127 + 16) << 23 {
            0x7c00
        } else if magnitude < (127 - 14) << 23 {
            subnormal
        } else {
            normal
        };
        Self((rounded | sign >> 16) as u16)
    }
}

impl Bf16 {
    #[inline(always)]
    pub(crate) fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    /// The nearest, of two equally near the even one.
    #[inline(always)]
    pub(crate) fn round(wide: f32) -> Self {
        let bits = wide.to_bits();
        let odd = (bits >> 16) & 1;
        let number = bits.wrapping_add(0x7fff + odd) >> 16;
        let not_a_number = (bits >> 16) | 0x40;
        let rounded = if bits & 0x7fff_ffff > 0xff << 23 { not_a_number } else { number };
        // It has been shifted into 16 bits.
        Self((rounded & 0xffff) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_16_bits_widen_and_come_back() {
        for bits in 0..=u16::MAX {
            let (ours, theirs) = (F16(bits).widen(), half::f16::from_bits(bits));
            assert!(
                ours.to_bits() == theirs.to_f32().to_bits() || ours.is_nan() && theirs.is_nan(),
                "{bits:x}"
            );
            assert!(
                F16::round(ours).0 == bits
                    || ours.is_nan() && half::f16::from_bits(F16::round(ours).0).is_nan()
            );
            let (ours, theirs) = (Bf16(bits).widen(), half::bf16::from_bits(bits));
            assert!(
                ours.to_bits() == theirs.to_f32().to_bits() || ours.is_nan() && theirs.is_nan(),
                "{bits:x}"
            );
            assert!(Bf16::round(ours).0 == bits || ours.is_nan());
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_then_to_even() {
        // Every pattern of the bits around the places where both formats round, with every exponent.
        for high in 0..=u16::MAX {
            for low in [0, 1, 0xfff, 0x1000, 0x1001, 0x1fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xf000, 0xffff] {
                let wide = f32::from_bits(u32::from(high) << 16 | low);
                let expected = half::f16::from_f32_const(wide);
                assert!(F16::round(wide).0 == expected.to_bits() || expected.is_nan(), "{wide:e}");
                assert_eq!(Bf16::round(wide).0, half::bf16::from_f32(wide).to_bits(), "{wide:e}");
            }
        }
    }
}
