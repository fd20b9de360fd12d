//! The representation `external32` (MPI 5.0, sections 5.3, and "External Data Representation" in the chapter on I/O):
//! big-endian, in sizes that are the same on every machine.
//!
//! Floats are IEEE 754; a `long double` is `binary128`. Integers whose size differs here are widened or narrowed, and it
//! is an error if they do not fit.

use alloc::vec::Vec;

use super::basic::{Basic, Encoding};
use super::error::PackError;

/// Appends the elements of a run, as `external32` writes them.
pub(crate) fn encode(basic: Basic, native: &[u8], out: &mut Vec<u8>) -> Result<(), PackError> {
    match basic.encoding {
        Encoding::Parts(part) => {
            turn(part, native, out);
            Ok(())
        }
        Encoding::Signed | Encoding::Unsigned => {
            let size = basic.external_size().unwrap_or(0);
            let signed = basic.encoding == Encoding::Signed;
            native.chunks_exact(basic.size()).try_for_each(|element| {
                let value = integer(element.iter().rev_if_little().copied(), signed);
                let bytes = narrowed(value, size, signed)?;
                out.extend_from_slice(&bytes[16 - size..]);
                Ok(())
            })
        }
        Encoding::Extended => {
            for float in native.as_chunks::<16>().0 {
                out.extend_from_slice(&quadruple(u128::from_le_bytes(*float)).to_be_bytes());
            }
            Ok(())
        }
        Encoding::None => Err(PackError::NotExternal),
    }
}

/// Appends the elements of a run, as they lie in memory.
pub(crate) fn decode(basic: Basic, external: &[u8], out: &mut Vec<u8>) -> Result<(), PackError> {
    match basic.encoding {
        Encoding::Parts(part) => {
            turn(part, external, out);
            Ok(())
        }
        Encoding::Signed | Encoding::Unsigned => {
            let signed = basic.encoding == Encoding::Signed;
            external.chunks_exact(basic.external_size().unwrap_or(1)).try_for_each(|element| {
                let value = integer(element.iter().copied(), signed);
                let bytes = narrowed(value, basic.size(), signed)?;
                out.extend(bytes[16 - basic.size()..].iter().rev_if_little());
                Ok(())
            })
        }
        Encoding::Extended => {
            for float in external.as_chunks::<16>().0 {
                out.extend_from_slice(&extended(u128::from_be_bytes(*float)).to_le_bytes());
            }
            Ok(())
        }
        Encoding::None => Err(PackError::NotExternal),
    }
}

/// Copies parts of so many bytes, each between big-endian and this machine's order.
fn turn(part: u8, from: &[u8], into: &mut Vec<u8>) {
    fn turned<const N: usize>(from: &[u8], into: &mut Vec<u8>) {
        into.extend(from.as_chunks::<N>().0.iter().flat_map(|part| {
            let mut part = *part;
            if cfg!(target_endian = "little") {
                part.reverse();
            }
            part
        }));
    }
    match part {
        2 => turned::<2>(from, into),
        4 => turned::<4>(from, into),
        8 => turned::<8>(from, into),
        16 => turned::<16>(from, into),
        _ => into.extend_from_slice(from),
    }
}

/// Bytes between this machine's order and big-endian.
trait Turned<'a>: Iterator<Item = &'a u8> + Sized {
    fn rev_if_little(self) -> impl Iterator<Item = &'a u8>;
}

impl<'a> Turned<'a> for core::slice::Iter<'a, u8> {
    fn rev_if_little(self) -> impl Iterator<Item = &'a u8> {
        let (forwards, backwards) =
            if cfg!(target_endian = "little") { (None, Some(self.rev())) } else { (Some(self), None) };
        forwards.into_iter().flatten().chain(backwards.into_iter().flatten())
    }
}

/// The integer of at most eight big-endian bytes.
fn integer(bytes: impl Iterator<Item = u8>, signed: bool) -> i128 {
    let (mut value, mut bits) = (0_i128, 0);
    for byte in bytes {
        value = value << 8 | i128::from(byte);
        bits += 8;
    }
    if signed && bits > 0 && value >> (bits - 1) & 1 == 1 { value - (1 << bits) } else { value }
}

/// The integer as big-endian bytes, the last `size` of which hold it.
fn narrowed(value: i128, size: usize, signed: bool) -> Result<[u8; 16], PackError> {
    let bits = 8 * size as u32;
    let fits = if signed {
        let limit = 1_i128 << (bits - 1);
        (-limit..limit).contains(&value)
    } else {
        value < 1_i128 << bits
    };
    if fits { Ok(value.to_be_bytes()) } else { Err(PackError::Range { value, size }) }
}

/// Bits of the fraction that `binary128` has more than the x87, whose leading bit is written out.
const FINER: u32 = 112 - 63;
const FRACTION_63: u128 = (1 << 63) - 1;
const FRACTION_112: u128 = (1 << 112) - 1;
const EXPONENT: u128 = 0x7fff;

/// A float of the x87 as `binary128`, which holds all of them.
fn quadruple(x87: u128) -> u128 {
    let sign = x87 >> 79 & 1;
    let mut exponent = x87 >> 64 & EXPONENT;
    let leading = x87 >> 63 & 1;
    if exponent == 0 && leading == 1 {
        exponent = 1; // A pseudo-denormal, which is a normal number.
    }
    sign << 127 | exponent << 112 | (x87 & FRACTION_63) << FINER
}

/// A `binary128` as the nearest float of the x87; ties go to the even one.
fn extended(quad: u128) -> u128 {
    let sign = quad >> 127;
    let exponent = quad >> 112 & EXPONENT;
    let fraction = quad & FRACTION_112;
    let leading = u128::from(exponent != 0);
    let upper = leading << 63 | fraction >> FINER;
    if exponent == EXPONENT {
        // A NaN stays one, and becomes quiet, also where its telling bits are lost.
        let quiet = if fraction == 0 { 0 } else { 1 << 62 };
        return sign << 79 | EXPONENT << 64 | upper | quiet;
    }
    let lost = fraction & ((1 << FINER) - 1);
    let half = 1 << (FINER - 1);
    let rounded = upper + u128::from(lost > half || (lost == half && upper & 1 == 1));
    if rounded >> 64 == 1 {
        return sign << 79 | (exponent + 1) << 64 | 1 << 63; // 1.11..1 has become 10.
    }
    let exponent = if exponent == 0 { rounded >> 63 } else { exponent };
    sign << 79 | exponent << 64 | rounded
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn external(basic: Basic, native: &[u8]) -> Result<Vec<u8>, PackError> {
        let mut out = vec![];
        encode(basic, native, &mut out)?;
        let mut back = vec![];
        decode(basic, &out, &mut back)?;
        assert_eq!(back, native, "{basic:?}");
        Ok(out)
    }

    #[test]
    fn numbers_have_known_bytes() {
        assert_eq!(external(Basic::I32, &(-2_i32).to_ne_bytes()).unwrap(), [0xff, 0xff, 0xff, 0xfe]);
        assert_eq!(external(Basic::F64, &1.0_f64.to_ne_bytes()).unwrap(), [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
        let complex = [1.5_f32.to_ne_bytes(), (-2.0_f32).to_ne_bytes()].concat();
        assert_eq!(external(Basic::COMPLEX_F32, &complex).unwrap(), [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]);
        assert_eq!(external(Basic::BOOL, &[1, 0]).unwrap(), [1, 0]);
        assert_eq!(external(Basic::CHAR, &u32::from('é').to_ne_bytes()).unwrap(), [0, 0, 0, 0xe9]);
        assert_eq!(
            external(Basic::U16, &[1_u16.to_ne_bytes(), 2_u16.to_ne_bytes()].concat()).unwrap(),
            [0, 1, 0, 2]
        );
        let wide = external(Basic::I128, &1_i128.to_ne_bytes()).unwrap();
        assert_eq!((wide.len(), wide[15]), (16, 1));
        assert_eq!(external(Basic::record(4, 4, 255), &[0; 4]), Err(PackError::NotExternal));
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_long_has_four_bytes_and_must_fit() {
        let long = |value: i64| external(Basic::C_LONG, &value.to_ne_bytes());
        assert_eq!(long(-1).unwrap(), [0xff; 4]);
        assert_eq!(long(i64::from(i32::MAX)).unwrap(), [0x7f, 0xff, 0xff, 0xff]);
        assert_eq!(long(1 << 31), Err(PackError::Range { value: 1 << 31, size: 4 }));
        assert_eq!(external(Basic::C_ULONG, &(u64::from(u32::MAX)).to_ne_bytes()).unwrap(), [0xff; 4]);
        assert!(external(Basic::C_ULONG, &u64::MAX.to_ne_bytes()).is_err());
        assert_eq!(external(Basic::C_WCHAR, &0x20ac_u32.to_ne_bytes()).unwrap(), [0x20, 0xac]);
    }

    #[test]
    fn floats_of_the_x87_become_binary128() {
        // One: exponent 16383, the leading bit alone.
        let one = 0x3fff_u128 << 64 | 1 << 63;
        assert_eq!(quadruple(one), 0x3fff << 112);
        // Pi, negative infinity, the least and a pseudo-denormal number.
        for (x87, back) in [
            (0x4000_c90f_daa2_2168_c235, None),
            (1 << 79 | EXPONENT << 64 | 1 << 63, None),
            (1, None),
            (1 << 63, Some(1 << 64 | 1 << 63)),
            (0, None),
        ] {
            assert_eq!(extended(quadruple(x87)), back.unwrap_or(x87), "{x87:x}");
        }
    }

    #[test]
    fn what_binary128_holds_more_is_rounded() {
        let one = 0x3fff_u128 << 112;
        let x87 = |mantissa: u128| 0x3fff << 64 | 1 << 63 | mantissa;
        assert_eq!(extended(one | 1 << 48), x87(0)); // a tie, and even
        assert_eq!(extended(one | 3 << 48), x87(2)); // a tie, and odd
        assert_eq!(extended(one | ((1 << 48) + 1)), x87(1));
        assert_eq!(extended(one | FRACTION_112), 0x4000 << 64 | 1 << 63);
        // The largest denormal number rounds to the least normal one.
        assert_eq!(extended(FRACTION_112), 1 << 64 | 1 << 63);
        // A NaN whose bits are lost is still one.
        let nan = extended(EXPONENT << 112 | 1);
        assert_eq!(nan, EXPONENT << 64 | 3 << 62);
    }
}
