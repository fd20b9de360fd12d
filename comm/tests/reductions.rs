//! Operations as users make them, on this rank alone: every constructor on every type that it takes.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use half::{bf16, f16};
use num_complex::Complex;
use olympi_comm::{CollectiveError, Equivalence, Located, Op};

/// input ∘ inout
fn reduced<T: Equivalence, const N: usize>(op: Op<T>, input: [T; N], mut inout: [T; N]) -> [T; N] {
    op.reduce_local(&input, &mut inout).unwrap();
    inout
}

macro_rules! on_integers {
    ($($type:ty)*) => {$({
        let (a, b): ([$type; 3], [$type; 3]) = ([3, <$type>::MAX, 0], [5, 2, <$type>::MIN]);
        let each = |f: fn($type, $type) -> $type| std::array::from_fn::<_, 3, _>(|at| f(a[at], b[at]));
        assert_eq!(reduced(Op::sum(), a, b), each(<$type>::wrapping_add));
        assert_eq!(reduced(Op::product(), a, b), each(<$type>::wrapping_mul));
        assert_eq!(reduced(Op::max(), a, b), each(Ord::max));
        assert_eq!(reduced(Op::min(), a, b), each(Ord::min));
        assert_eq!(reduced(Op::logical_and(), a, b), each(|a, b| (a != 0 && b != 0).into()));
        assert_eq!(reduced(Op::logical_or(), a, b), each(|a, b| (a != 0 || b != 0).into()));
        assert_eq!(reduced(Op::logical_xor(), a, b), each(|a, b| ((a != 0) != (b != 0)).into()));
        assert_eq!(reduced(Op::bitwise_and(), a, b), each(|a, b| a & b));
        assert_eq!(reduced(Op::bitwise_or(), a, b), each(|a, b| a | b));
        assert_eq!(reduced(Op::bitwise_xor(), a, b), each(|a, b| a ^ b));
    })*};
}

#[test]
fn integers_have_all_but_locations() {
    on_integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }
}

#[test]
fn floats_are_added_multiplied_and_compared() {
    fn check<T: Equivalence + Debug + PartialEq>(of: fn(f32) -> T, ops: [Op<T>; 4]) {
        let [sum, product, max, min] = ops;
        let (a, b) = ([of(1.5), of(-2.0)], [of(0.5), of(4.0)]);
        assert_eq!(reduced(sum, a, b), [of(2.0), of(2.0)]);
        assert_eq!(reduced(product, a, b), [of(0.75), of(-8.0)]);
        // Of a float and what is not a number, it is the float.
        let (a, b) = ([of(1.5), of(-2.0), of(f32::NAN), of(7.0)], [of(0.5), of(4.0), of(1.0), of(f32::NAN)]);
        assert_eq!(reduced(max, a, b), [1.5, 4.0, 1.0, 7.0].map(of));
        assert_eq!(reduced(min, a, b), [0.5, -2.0, 1.0, 7.0].map(of));
    }
    check::<f32>(|x| x, [Op::sum(), Op::product(), Op::max(), Op::min()]);
    check::<f64>(f64::from, [Op::sum(), Op::product(), Op::max(), Op::min()]);
    check::<f16>(f16::from_f32, [Op::sum(), Op::product(), Op::max(), Op::min()]);
    check::<bf16>(bf16::from_f32, [Op::sum(), Op::product(), Op::max(), Op::min()]);
}

#[test]
fn complex_numbers_are_added_and_multiplied() {
    let (a, b) = (Complex::new(1.0_f64, 2.0), Complex::new(3.0, -1.0));
    assert_eq!(reduced(Op::sum(), [a], [b]), [a + b]);
    assert_eq!(reduced(Op::product(), [a], [b]), [a * b]);
    let (a, b) = (Complex::new(1.0_f32, 2.0), Complex::new(3.0, -1.0));
    assert_eq!(reduced(Op::sum(), [a], [b]), [a + b]);
    assert_eq!(reduced(Op::product(), [a], [b]), [a * b]);
}

#[test]
fn bools_stay_bools() {
    let (a, b) = ([false, false, true, true], [false, true, false, true]);
    for and in [Op::logical_and(), Op::bitwise_and()] {
        assert_eq!(reduced(and, a, b), [false, false, false, true]);
    }
    for or in [Op::logical_or(), Op::bitwise_or()] {
        assert_eq!(reduced(or, a, b), [false, true, true, true]);
    }
    for xor in [Op::logical_xor(), Op::bitwise_xor()] {
        assert_eq!(reduced(xor, a, b), [false, true, true, false]);
    }
}

#[test]
fn extremes_are_located_and_the_lower_location_wins() {
    macro_rules! check {
        ($($value:ty, $location:ty;)*) => {$(
            let at = |value: i8, location: i8| Located { value: value as $value, location: <$location>::from(location) };
            let (a, b) = ([at(1, 5), at(2, 5), at(3, 5)], [at(1, 4), at(3, 4), at(2, 4)]);
            assert_eq!(reduced(Op::max_location(), a, b), [at(1, 4), at(3, 4), at(3, 5)]);
            assert_eq!(reduced(Op::min_location(), a, b), [at(1, 4), at(2, 5), at(2, 4)]);
        )*};
    }
    check! { f64, i64; i64, i64; u64, i64; f32, i32; i32, i32; u32, i32; }
}

#[test]
fn arrays_are_combined_element_by_element() {
    assert_eq!(reduced(Op::sum(), [[1, 2], [3, 4]], [[10, 20], [30, 40]]), [[11, 22], [33, 44]]);
    assert_eq!(reduced(Op::max(), [[[1.0, 5.0]]], [[[2.0, 4.0]]]), [[[2.0, 5.0]]]);
    assert_eq!(reduced(Op::logical_or(), [[true, false]], [[false, false]]), [[true, false]]);
    assert_eq!(reduced(Op::<[u64; 0]>::sum(), [[]; 3], [[]; 3]), [[]; 3]);
}

#[derive(Clone, Copy, Debug, PartialEq, Equivalence)]
#[equivalence(crate = "olympi_comm")]
#[repr(C)]
struct Seen {
    first: u16,
    last: u16,
    twice: bool,
    odd: bool,
}

impl Seen {
    fn then(&self, next: &Self) -> Self {
        Self { first: self.first, last: next.last, twice: true, odd: self.odd != next.odd }
    }
}

#[test]
fn closures_combine_any_equivalence_types_in_their_order() {
    let seen = |value| Seen { first: value, last: value, twice: false, odd: value % 2 == 1 };
    let whole = [Seen { first: 1, last: 2, twice: true, odd: true }; 2];
    let by_element = Op::associative(Seen::then);
    assert!(!by_element.is_commutative());
    assert_eq!(reduced(by_element.clone(), [seen(1); 2], [seen(2); 2]), whole);
    let by_slice = Op::from_slices(false, |input: &[Seen], inout: &mut [Seen]| {
        inout.iter_mut().zip(input).for_each(|(b, a)| *b = a.then(b));
    });
    assert_eq!(reduced(by_slice, [seen(1); 2], [seen(2); 2]), whole);
    let longest = Op::commutative(|a: &u8, b: &u8| *a.max(b));
    assert!(longest.is_commutative());
    assert_eq!(reduced(longest, [1, 9], [3, 4]), [3, 9]);
}

#[test]
fn a_panic_of_a_closure_leaves_values() {
    let op = Op::commutative(|a: &bool, b: &bool| {
        assert!(!a, "true is refused");
        *b
    });
    let mut inout = [true; 3];
    let reduce = || op.reduce_local(&[false, true, false], &mut inout);
    assert!(catch_unwind(AssertUnwindSafe(reduce)).is_err());
    assert_eq!(inout, [true; 3]);
}

#[test]
fn slices_of_different_length_are_an_error() {
    let mut inout = [1, 2];
    let error = Op::sum().reduce_local(&[1, 2, 3], &mut inout).unwrap_err();
    assert!(matches!(error, CollectiveError::Buffer { needed: 3, len: 2, .. }));
    assert_eq!(error.to_string(), "reduce_local needs 3 element(s) in the result, which has 2");
    assert_eq!(inout, [1, 2]);
}
