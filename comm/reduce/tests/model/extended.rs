//! Floats of the x87, computed with integers: rounded to nearest, of ties to the even one.

use std::cmp::Ordering;

/// A float of 64 bits of mantissa.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extended {
    Nan,
    Infinite {
        negative: bool,
    },
    /// `mantissa * 2^power`, where the power is as in the encoding.
    Finite {
        negative: bool,
        mantissa: u64,
        power: i32,
    },
}

/// The power of what has the smallest exponent.
const LEAST: i32 = 1 - 16383 - 63;
/// Bits that are kept behind those of the result.
const GUARD: u32 = 62;

impl Extended {
    pub(crate) const ZERO: Self = Self::Finite { negative: false, mantissa: 0, power: LEAST };

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mantissa = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        let head = u16::from_le_bytes(bytes[8..10].try_into().unwrap());
        let (negative, exponent) = (head >> 15 == 1, i32::from(head & 0x7fff));
        match (exponent, mantissa >> 63) {
            (0x7fff, _) if mantissa == 1 << 63 => Self::Infinite { negative },
            (0x7fff, _) => Self::Nan,
            (0, _) => Self::Finite { negative, mantissa, power: LEAST },
            // Since the 80387 these are no numbers.
            (_, 0) => Self::Nan,
            _ => Self::Finite { negative, mantissa, power: exponent - 16383 - 63 },
        }
    }

    pub(crate) fn encode(self) -> [u8; 16] {
        let (negative, exponent, mantissa) = match self {
            Self::Nan => (true, 0x7fff, 3 << 62),
            Self::Infinite { negative } => (negative, 0x7fff, 1 << 63),
            Self::Finite { negative, mantissa, power } if mantissa >> 63 == 1 => {
                (negative, power + 16383 + 63, mantissa)
            }
            Self::Finite { negative, mantissa, .. } => (negative, 0, mantissa),
        };
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
        bytes[8..10].copy_from_slice(&(u16::from(negative) << 15 | exponent as u16).to_le_bytes());
        bytes
    }

    /// A whole number.
    pub(crate) fn whole(number: i64) -> Self {
        Self::round(number < 0, number.unsigned_abs().into(), 0)
    }

    /// `mantissa * 2^power`, whose last bit may stand for all that is behind it.
    fn round(negative: bool, mantissa: u128, power: i32) -> Self {
        if mantissa == 0 {
            return Self::Finite { negative, mantissa: 0, power: LEAST };
        }
        // So that the leading bit becomes the highest of 64, or the power the smallest.
        let width = 128 - mantissa.leading_zeros() as i32;
        let power_after = (power + width - 64).max(LEAST);
        let drop = power_after - power;
        let (kept, rest, half) = match drop {
            ..=0 => (mantissa << -drop, 0, 1),
            1..=127 => (mantissa >> drop, mantissa & ((1 << drop) - 1), 1_u128 << (drop - 1)),
            _ => (0, mantissa, u128::MAX),
        };
        let up = rest > half || (rest == half && kept & 1 == 1);
        let kept = kept + u128::from(up);
        let (kept, power) = if kept >> 64 == 1 { (kept >> 1, power_after + 1) } else { (kept, power_after) };
        if power > 0x7ffe - 16383 - 63 {
            return Self::Infinite { negative };
        }
        Self::Finite { negative, mantissa: kept as u64, power }
    }

    pub(crate) fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nan, _) | (_, Self::Nan) => Self::Nan,
            (Self::Infinite { negative: a }, Self::Infinite { negative: b }) if a != b => Self::Nan,
            (Self::Infinite { .. }, _) => self,
            (_, Self::Infinite { .. }) => other,
            (
                Self::Finite { negative: a_negative, mantissa: a, power: a_power },
                Self::Finite { negative: b_negative, mantissa: b, power: b_power },
            ) => {
                if b_power > a_power {
                    return other.add(self);
                }
                let far = (a_power - b_power) as u32;
                let (a, b) = (u128::from(a) << GUARD, u128::from(b) << GUARD);
                let lost = far >= 128 && b != 0 || far < 128 && b & ((1_u128 << far) - 1) != 0;
                let b = b.checked_shr(far).unwrap_or(0) | u128::from(lost);
                let power = a_power - GUARD as i32;
                if a_negative == b_negative {
                    return Self::round(a_negative, a + b, power);
                }
                match a.cmp(&b) {
                    Ordering::Equal => Self::ZERO,
                    Ordering::Greater => Self::round(a_negative, a - b, power),
                    Ordering::Less => Self::round(b_negative, b - a, power),
                }
            }
        }
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Self::Nan, _) | (_, Self::Nan) => Self::Nan,
            (Self::Infinite { .. }, Self::Finite { mantissa: 0, .. })
            | (Self::Finite { mantissa: 0, .. }, Self::Infinite { .. }) => Self::Nan,
            (Self::Infinite { .. }, _) | (_, Self::Infinite { .. }) => Self::Infinite { negative },
            (
                Self::Finite { mantissa: a, power: a_power, .. },
                Self::Finite { mantissa: b, power: b_power, .. },
            ) => Self::round(negative, u128::from(a) * u128::from(b), a_power + b_power),
        }
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Nan => self,
            Self::Infinite { negative } => Self::Infinite { negative: !negative },
            Self::Finite { negative, mantissa, power } => {
                Self::Finite { negative: !negative, mantissa, power }
            }
        }
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        if self.is_nan() || other.is_nan() {
            return None;
        }
        let key = |value: Self| match value {
            Self::Finite { mantissa: 0, .. } => (0, 0, 0),
            Self::Finite { negative, mantissa, power } => {
                // A higher power tells only where the mantissa is whole.
                let sign = if negative { -1 } else { 1 };
                (
                    sign,
                    sign * (power - mantissa.leading_zeros() as i32),
                    i128::from(sign) * i128::from(mantissa << mantissa.leading_zeros()),
                )
            }
            _ => {
                let sign = if value.is_negative() { -1 } else { 1 };
                (sign, sign * i32::MAX, 0)
            }
        };
        Some(key(self).cmp(&key(other)))
    }

    pub(crate) fn is_nan(self) -> bool {
        matches!(self, Self::Nan)
    }

    fn is_negative(self) -> bool {
        matches!(self, Self::Infinite { negative: true } | Self::Finite { negative: true, .. })
    }
}
