//! Every predefined operation on every element, at every tier of this machine, in every form, against a model that
//! combines one element after the other.

mod model;

use std::ops::Range;

use model::Model;
use olympi_reduce::{Element, Kind, Operation, Order, Tier};
use proptest::prelude::*;

/// Some bytes that do not begin where memory is aligned.
struct Misaligned {
    memory: Vec<u8>,
    range: Range<usize>,
}

impl Misaligned {
    fn new(bytes: &[u8], offset: usize) -> Self {
        // The bytes around show whether a kernel writes beyond its own.
        let memory = [&vec![0xa5; offset][..], bytes, &[0xa5; 9]].concat();
        Self { memory, range: offset..offset + bytes.len() }
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.range.clone()]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.range.clone()]
    }

    /// The bytes, once those around them are seen to be as they were.
    fn into_bytes(self) -> Vec<u8> {
        let Self { memory, range } = self;
        assert!(memory[..range.start].iter().chain(&memory[range.end..]).all(|&byte| byte == 0xa5));
        memory[range].to_vec()
    }
}

fn every_pair() -> impl Iterator<Item = (Kind, Element)> {
    let pairs = Kind::ALL.into_iter().flat_map(|kind| Element::ALL.map(|element| (kind, element)));
    // Miri knows no instructions of the x87.
    let known = |element: Element| !cfg!(miri) || !element.name().contains("long double");
    pairs.filter(move |(kind, element)| kind.allows(*element) && known(*element))
}

fn count() -> impl Strategy<Value = usize> {
    let most: usize = if cfg!(miri) { 20 } else { 700 };
    prop_oneof![4 => 0..20_usize, 3 => 0..most.min(150), 1 => 0..most]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 1 } else { 24 }, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn all_do_as_the_model(count in count(), seed: u64, offsets in prop::array::uniform3(0..17_usize)) {
        for (kind, element) in every_pair() {
            let model = Model::new(kind, element);
            let (one, other) = (model.elements(count, seed), model.elements(count, !seed));
            let expected = model.combine(&one, &other);
            let predefined = Operation::predefined(kind, element).unwrap();
            for tier in Tier::all() {
                let operation = predefined.clone().with_tier(tier);
                let run = |form: &str, from: &[u8], into: &[u8], call: &dyn Fn(&[u8], &mut [u8])| {
                    let from = Misaligned::new(from, offsets[0]);
                    let mut into = Misaligned::new(into, offsets[1]);
                    call(from.bytes(), into.bytes_mut());
                    model.assert_equal(&into.into_bytes(), &expected, &format_args!("{form}, {operation:?}, {tier:?}"));
                };
                run("from ∘ into", &one, &other, &|from, into| operation.apply(from, into, Order::FromFirst));
                run("into ∘ from", &other, &one, &|from, into| operation.apply(from, into, Order::IntoFirst));
                let rest = vec![0x5a; other.len()];
                let second = Misaligned::new(&other, offsets[2]);
                run("apart", &one, &rest, &|from, into| operation.combine(from, second.bytes(), into));
                let sources = [&one[..], second.bytes()];
                run("fold", &one, &rest, &|_, into| operation.fold(2, |at| sources[at], into));
            }
        }
    }

    #[test]
    fn a_fold_goes_from_the_left_to_the_right(count in 0..3000_usize, sources in 1..6_usize, seed: u64) {
        let count = if cfg!(miri) { count % 20 } else { count };
        for (kind, element) in
            [(Kind::Sum, Element::F32), (Kind::MaximumLocation, Element::F64I32), (Kind::NoOp, Element::I16)]
        {
            let model = Model::new(kind, element);
            let operands: Vec<_> =
                (0..sources as u64).map(|at| model.elements(count, seed.wrapping_add(at))).collect();
            let expected = operands[1..].iter().fold(operands[0].clone(), |left, right| model.combine(&left, right));
            let mut out = vec![1; expected.len()];
            Operation::predefined(kind, element).unwrap().fold(sources, |at| &operands[at], &mut out);
            model.assert_equal(&out, &expected, &format_args!("{kind:?} of {element}"));
        }
    }
}

#[test]
fn what_mpi_does_not_define_is_refused_with_both_names() {
    let mut defined = 0;
    for kind in Kind::ALL {
        for element in Element::ALL {
            match Operation::predefined(kind, element) {
                Ok(operation) => {
                    assert!(kind.allows(element));
                    assert_eq!((operation.kind(), operation.element()), (Some(kind), Some(element)));
                    assert_eq!(
                        (operation.grain(), operation.commutative()),
                        (element.size(), kind.commutative())
                    );
                    defined += 1;
                }
                Err(error) => {
                    assert!(!kind.allows(element));
                    let message = error.to_string();
                    assert!(
                        message.contains(kind.mpi_name()) && message.contains(element.name()),
                        "{message}"
                    );
                }
            }
        }
    }
    // 10 types of integers, 4 of floats, 2 complex, bool, byte, 4 logical, 11 pairs; and those of long double.
    let more = if cfg!(target_arch = "x86_64") { 2 * 2 + 2 + 2 } else { 0 };
    assert_eq!(defined, 2 * 16 + 2 * 14 + 3 * 15 + 3 * 12 + 2 * 11 + 2 * 36 + more);
}

#[test]
fn of_equal_values_the_lower_location_is_found() {
    let pair = |value: f64, location: i32| [&value.to_ne_bytes()[..], &location.to_ne_bytes()].concat();
    for kind in [Kind::MinimumLocation, Kind::MaximumLocation] {
        let operation = Operation::predefined(kind, Element::F64I32).unwrap();
        for order in [Order::FromFirst, Order::IntoFirst] {
            for (one, other, expected) in [
                (pair(2.0, 7), pair(2.0, 3), pair(2.0, 3)),
                (pair(2.0, -1), pair(2.0, 3), pair(2.0, -1)),
                (pair(f64::NAN, 0), pair(5.0, 9), pair(5.0, 9)),
                (pair(5.0, 9), pair(f64::NAN, 0), pair(5.0, 9)),
                (pair(f64::NAN, 4), pair(f64::NAN, 2), pair(f64::NAN, 2)),
            ] {
                let mut into = other;
                operation.apply(&one, &mut into, order);
                assert_eq!(into, expected, "{kind:?} {order:?}");
            }
        }
    }
}

#[test]
fn whatever_a_peer_sends_as_bool_a_bool_is_made() {
    let any: Vec<u8> = (0..=255).collect();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.allows(Element::Bool) && kind.commutative()) {
        for shift in 0..3 {
            let mut into: Vec<u8> = any.iter().map(|byte| byte.wrapping_mul(shift)).collect();
            Operation::predefined(kind, Element::Bool).unwrap().apply(&any, &mut into, Order::IntoFirst);
            assert!(into.iter().all(|&byte| byte <= 1), "{kind:?}");
        }
    }
}

#[test]
#[should_panic(expected = "operands of a reduction have one length")]
fn operands_of_different_length_are_refused() {
    Operation::predefined(Kind::Sum, Element::U8).unwrap().apply(&[1], &mut [1, 2], Order::FromFirst);
}

#[test]
#[should_panic(expected = "operands of a reduction are whole elements")]
fn parts_of_elements_are_refused() {
    Operation::predefined(Kind::Sum, Element::U16).unwrap().apply(&[1], &mut [1], Order::FromFirst);
}
