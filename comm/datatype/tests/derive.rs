//! Structs that travel, and what happens to bytes that are none.
//!
//! This file forbids unsafe code, as a user's crate may: what the derive generates must not be in its way.
#![forbid(unsafe_code)]

use std::marker::PhantomData;

use olympi_datatype::{Buffer, Equivalence, bytes_of, signature, zeroed};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Particle {
    position: [f64; 3],
    kind: char,
    alive: bool,
    marks: [bool; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(transparent)]
struct Metres(f64);

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Pair<A, B>(A, B);

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C, packed(1))]
struct Packed {
    flag: bool,
    wide: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Grid<T, const N: usize> {
    cells: [[T; N]; N],
    unit: PhantomData<T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Nothing;

#[test]
fn constants_follow_from_the_fields() {
    const { assert!(!Particle::ANY_BITS && Metres::ANY_BITS && Pair::<i32, f32>::ANY_BITS) };
    const { assert!(!Pair::<i32, char>::ANY_BITS && !Packed::ANY_BITS && Nothing::ANY_BITS) };
    assert_eq!((Particle::GRAIN, <[Particle; 4]>::GRAIN, <[i16; 9]>::GRAIN), (32, 32, 2));
    assert_eq!((Particle::SIGNATURE, <[Metres; 2]>::SIGNATURE), (signature::STRUCT, signature::F64));
}

#[test]
fn bytes_are_those_of_the_fields() {
    let one = Packed { flag: true, wide: 0x0102_0304_0506_0708 };
    let mut bytes = vec![1];
    bytes.extend(0x0102_0304_0506_0708_u64.to_ne_bytes());
    assert_eq!(bytes_of(one.items()), bytes);
    assert_eq!(bytes_of(&[Pair(1_u32, 2_u32)]), bytes_of(&[1_u32, 2]));
    assert_eq!(bytes_of(&[Grid { cells: [[1_u8, 2], [3, 4]], unit: PhantomData }]), [1, 2, 3, 4]);
    assert_eq!(bytes_of(&[Nothing; 3]), []);
    assert_eq!(zeroed::<Particle>().kind, '\0');
}

#[test]
fn every_field_is_checked_where_it_lies() {
    let particle =
        Particle { position: [1.0, -0.0, f64::NAN], kind: 'x', alive: true, marks: [true, false, true] };
    let good = bytes_of(&[particle; 2]).to_vec();
    assert!(Particle::is_valid(&good));
    // Any byte of the flags, and the upper bytes of the character, of either element.
    for at in [28, 29, 30, 31, 32 + 28, 32 + 31] {
        let mut bad = good.clone();
        bad[at] = 2;
        assert!(!Particle::is_valid(&bad), "byte {at}");
    }
    let mut bad = good.clone();
    bad[24..28].copy_from_slice(&0xd800_u32.to_ne_bytes());
    assert!(!Particle::is_valid(&bad));
    let mut other = good;
    other[..24].fill(0xff);
    assert!(Particle::is_valid(&other), "any bits are a float");
    assert!(!Packed::is_valid(&[2, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert!(Packed::is_valid(&[1, 255, 255, 255, 255, 255, 255, 255, 255]));
}

proptest! {
    #[test]
    fn what_is_sent_is_valid(values in prop::collection::vec((any::<char>(), any::<u32>(), any::<[bool; 8]>()), 0..20)) {
        let items: Vec<Pair<Pair<char, u32>, [bool; 8]>> = values.into_iter().map(|(a, b, c)| Pair(Pair(a, b), c)).collect();
        prop_assert!(Pair::<Pair<char, u32>, [bool; 8]>::is_valid(bytes_of(&items)));
    }

    #[test]
    fn only_bools_and_chars_are_accepted(bytes in any::<[u8; 8]>()) {
        let word = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let expected = char::from_u32(word).is_some() && bytes[4..].iter().all(|&byte| byte < 2);
        prop_assert_eq!(Pair::<char, [bool; 4]>::is_valid(&bytes), expected);
    }
}

#[cfg(all(feature = "complex", feature = "half"))]
#[test]
fn numbers_of_other_crates() {
    use half::{bf16, f16};
    use num_complex::Complex;
    assert_eq!(bytes_of(&[Complex::new(1.0_f32, 2.0)]), bytes_of(&[1.0_f32, 2.0]));
    assert_eq!(bytes_of(&[f16::from_bits(0x1234)]), 0x1234_u16.to_ne_bytes());
    assert_eq!(bytes_of(&[bf16::from_bits(0x1234)]), 0x1234_u16.to_ne_bytes());
    let all = [Complex::<f32>::SIGNATURE, Complex::<f64>::SIGNATURE, f16::SIGNATURE, bf16::SIGNATURE];
    assert!(all.iter().enumerate().all(|(n, code)| !all[..n].contains(code)));
}
