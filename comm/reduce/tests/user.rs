//! Operations of the user: their order, their alignment, their panics.

use std::alloc::Layout;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use olympi_reduce::{Element, Kind, Operation, Order};
use proptest::prelude::*;

/// An affine map x -> a x + b of bytes; to compose two of them does not commute.
fn compose(first: [u8; 2], second: [u8; 2]) -> [u8; 2] {
    [first[0].wrapping_mul(second[0]), first[0].wrapping_mul(second[1]).wrapping_add(first[1])]
}

fn composition() -> Operation {
    Operation::user(2, false, |input, inout| {
        for (b, a) in inout.as_chunks_mut().0.iter_mut().zip(input.as_chunks().0) {
            *b = compose(*a, *b);
        }
    })
}

fn composed(first: &[u8], second: &[u8]) -> Vec<u8> {
    let pairs = first.as_chunks().0.iter().zip(second.as_chunks().0);
    pairs.flat_map(|(first, second)| compose(*first, *second)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 }, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn operands_keep_their_order(pairs in prop::collection::vec(any::<[[u8; 2]; 3]>(), 0..40)) {
        let [a, b, c] = [0, 1, 2].map(|at| pairs.iter().flat_map(|maps| maps[at]).collect::<Vec<_>>());
        let operation = composition();
        let mut into = b.clone();
        operation.apply(&a, &mut into, Order::FromFirst);
        prop_assert_eq!(&into, &composed(&a, &b));
        operation.apply(&c, &mut into, Order::IntoFirst);
        let all = composed(&composed(&a, &b), &c);
        prop_assert_eq!(&into, &all);
        let mut out = vec![0; a.len()];
        operation.combine(&a, &b, &mut out);
        prop_assert_eq!(&out, &composed(&a, &b));
        operation.fold(3, |at| [&a, &b, &c][at], &mut out);
        prop_assert_eq!(&out, &all);
    }

    #[test]
    fn the_function_sees_aligned_elements(offsets in prop::array::uniform3(0..33_usize), power in 0..6_u32) {
        let align = 1 << power;
        let element = Layout::from_size_align(32, align).unwrap();
        for commutative in [true, false] {
            let operation = Operation::user_aligned(element, commutative, move |input, inout| {
                assert!(input.as_ptr().addr() % align == 0 && inout.as_ptr().addr() % align == 0);
                assert!(input.len() == 64 && inout.len() == 64);
                inout.iter_mut().zip(input).for_each(|(b, a)| *b = b.wrapping_add(*a));
            });
            assert_eq!((operation.grain(), operation.commutative()), (32, commutative));
            let [from, mut into, mut out] = offsets.map(|offset| vec![3; offset + 64]);
            for order in [Order::FromFirst, Order::IntoFirst] {
                operation.apply(&from[offsets[0]..], &mut into[offsets[1]..], order);
            }
            operation.combine(&from[offsets[0]..], &into[offsets[1]..], &mut out[offsets[2]..]);
            for (bytes, offset, value) in [(&from, offsets[0], 3), (&into, offsets[1], 9), (&out, offsets[2], 12)] {
                prop_assert!(bytes[..offset].iter().all(|&byte| byte == 3));
                prop_assert!(bytes[offset..].iter().all(|&byte| byte == value));
            }
        }
    }
}

#[test]
fn a_panic_goes_through_and_leaves_whole_elements() {
    let operation = Operation::user(1, true, |input, inout| {
        for (b, a) in inout.iter_mut().zip(input) {
            assert!(*a != 3, "three is refused");
            *b += a;
        }
    });
    let mut into = [10, 10, 10, 10];
    let apply = || operation.apply(&[1, 2, 3, 4], &mut into, Order::IntoFirst);
    let panic = catch_unwind(AssertUnwindSafe(apply)).unwrap_err();
    assert!(panic.downcast_ref::<&str>().is_some_and(|message| message.contains("three is refused")));
    assert_eq!(into, [11, 12, 10, 10]);
    // It is as good as before.
    operation.apply(&[1, 1, 1, 1], &mut into, Order::IntoFirst);
    assert_eq!(into, [12, 13, 11, 11]);
}

#[test]
fn clones_are_equal_and_functions_that_look_alike_are_not() {
    let predefined = |kind, element| Operation::predefined(kind, element).unwrap();
    let [one, other] = [composition(), composition()];
    let kept: HashSet<Operation> = [
        one.clone(),
        one.clone(),
        other.clone(),
        predefined(Kind::Sum, Element::I32),
        predefined(Kind::Sum, Element::I32),
        predefined(Kind::Sum, Element::U32),
        predefined(Kind::NoOp, Element::I32),
        predefined(Kind::Replace, Element::I32),
    ]
    .into();
    assert_eq!(kept.len(), 6);
    assert!(one != other && one == one.clone() && one != predefined(Kind::Sum, Element::I32));
    assert_eq!((one.kind(), one.element()), (None, None));
    assert_eq!(format!("{:?}", predefined(Kind::Sum, Element::Bf16)), "the sum of bf16");
    assert_eq!(format!("{one:?}"), "a user's operation on elements of 2 bytes, which does not commute");
}

#[test]
fn elements_of_no_size_have_nothing_to_combine() {
    let operation = Operation::user_aligned(Layout::new::<[u64; 0]>(), false, |_, _| panic!("nothing to do"));
    assert_eq!(operation.grain(), 1);
    operation.apply(&[], &mut [], Order::IntoFirst);
    operation.fold(3, |_| &[], &mut []);
}

#[test]
fn an_operation_is_shared_among_threads() {
    let operation = composition();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut into = [2, 1];
                operation.clone().apply(&[3, 0], &mut into, Order::FromFirst);
                assert_eq!(into, [6, 3]);
            });
        }
    });
}
