//! The model: values of one element at a time, without a thought of speed.

mod extended;

use std::cmp::Ordering;
use std::fmt::Arguments;

use extended::Extended;
use half::{bf16, f16};
use olympi_reduce::{Element, Kind};

/// An operation on an element.
pub(crate) struct Model {
    kind: Kind,
    element: Element,
    parts: Vec<Part>,
}

/// A number of which an element is made.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Part {
    Signed(usize),
    Unsigned(usize),
    F16,
    Bf16,
    F32,
    F64,
    Extended,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Signed(i128),
    Unsigned(u128),
    F16(f16),
    Bf16(bf16),
    F32(f32),
    F64(f64),
    Extended(Extended),
}

impl Model {
    pub(crate) fn new(kind: Kind, element: Element) -> Self {
        use Part::{Bf16, F16, F32, F64, Signed, Unsigned};
        let parts = match element {
            Element::I8 => vec![Signed(1)],
            Element::I16 => vec![Signed(2)],
            Element::I32 => vec![Signed(4)],
            Element::I64 => vec![Signed(8)],
            Element::I128 => vec![Signed(16)],
            Element::U8 | Element::Bool | Element::Byte | Element::Logical8 => vec![Unsigned(1)],
            Element::U16 | Element::Logical16 => vec![Unsigned(2)],
            Element::U32 | Element::Logical32 => vec![Unsigned(4)],
            Element::U64 | Element::Logical64 => vec![Unsigned(8)],
            Element::U128 => vec![Unsigned(16)],
            Element::F16 => vec![F16],
            Element::Bf16 => vec![Bf16],
            Element::F32 => vec![F32],
            Element::F64 => vec![F64],
            Element::ComplexF32 | Element::F32F32 => vec![F32, F32],
            Element::ComplexF64 | Element::F64F64 => vec![F64, F64],
            Element::LongDouble => vec![Part::Extended],
            Element::ComplexLongDouble => vec![Part::Extended, Part::Extended],
            Element::LongDoubleI32 => vec![Part::Extended, Signed(4)],
            Element::I16I32 => vec![Signed(2), Signed(4)],
            Element::I32I32 => vec![Signed(4), Signed(4)],
            Element::I64I32 => vec![Signed(8), Signed(4)],
            Element::F32I32 => vec![F32, Signed(4)],
            Element::F64I32 => vec![F64, Signed(4)],
            Element::U32I32 => vec![Unsigned(4), Signed(4)],
            Element::I64I64 => vec![Signed(8), Signed(8)],
            Element::U64I64 => vec![Unsigned(8), Signed(8)],
            Element::F64I64 => vec![F64, Signed(8)],
        };
        assert_eq!(parts.iter().map(|part| part.size()).sum::<usize>(), element.size());
        Self { kind, element, parts }
    }

    /// So many elements, of which every other is one where operations have their edges.
    pub(crate) fn elements(&self, count: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut random = || {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let mut bytes = Vec::new();
        for _ in 0..count {
            for part in &self.parts {
                if random() % 2 == 0 {
                    let edges = part.edges();
                    bytes.extend(part.encode(edges[random() as usize % edges.len()]));
                } else {
                    let begin = bytes.len();
                    bytes.extend((0..part.size()).map(|_| random() as u8));
                    if *part == Part::Extended && random() % 4 != 0 {
                        // A number near others, of which sums lose some digits.
                        let exponent = 16383 + (random() % 140) as u16;
                        let sign = random() as u16 & 1 << 15;
                        bytes[begin + 7] |= 0x80;
                        bytes[begin + 8..begin + 10].copy_from_slice(&(exponent | sign).to_le_bytes());
                    }
                }
            }
        }
        if self.element == Element::Bool {
            bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        bytes
    }

    /// first ∘ second
    pub(crate) fn combine(&self, first: &[u8], second: &[u8]) -> Vec<u8> {
        let size = self.element.size();
        let elements = first.chunks_exact(size).zip(second.chunks_exact(size));
        elements.flat_map(|(first, second)| self.combine_one(first, second)).collect()
    }

    /// Equal, where all that is not a number is one.
    pub(crate) fn assert_equal(&self, result: &[u8], expected: &[u8], what: &Arguments<'_>) {
        let size = self.element.size();
        assert_eq!(result.len(), expected.len(), "{what}");
        for (at, (one, other)) in result.chunks_exact(size).zip(expected.chunks_exact(size)).enumerate() {
            if one != other {
                let (one, other) = (self.decode(one), self.decode(other));
                let same = one.iter().zip(&other).all(|(one, other)| {
                    one.is_nan() && other.is_nan() || format!("{one:?}") == format!("{other:?}")
                });
                assert!(same, "{what}: element {at} is {one:?}, but should be {other:?}");
            }
        }
    }

    fn combine_one(&self, first: &[u8], second: &[u8]) -> Vec<u8> {
        let (a, b) = (self.decode(first), self.decode(second));
        let truth = |bytes: &[u8]| bytes.iter().any(|&byte| byte != 0);
        let logical = |f: fn(bool, bool) -> bool| {
            self.parts[0].encode(Value::Unsigned(f(truth(first), truth(second)).into()))
        };
        let bitwise = |f: fn(u8, u8) -> u8| first.iter().zip(second).map(|(a, b)| f(*a, *b)).collect();
        let choose = |wanted: Ordering| match a[0].compare(b[0]) {
            Some(order) if order == wanted => first.to_vec(),
            Some(Ordering::Equal) if a.len() == 2 => match a[1].compare(b[1]) {
                Some(Ordering::Greater) => second.to_vec(),
                Some(_) => first.to_vec(),
                // Locations that are floats and not numbers are nobody's.
                None if b[1].is_nan() || a[1].is_nan() => first.to_vec(),
                None => unreachable!("only what is not a number does not compare"),
            },
            None if !a[0].is_nan() => first.to_vec(),
            None if a[0].is_nan() && b[0].is_nan() && a.len() == 2 => {
                if b[1].compare(a[1]) == Some(Ordering::Less) { second.to_vec() } else { first.to_vec() }
            }
            _ => second.to_vec(),
        };
        match self.kind {
            Kind::Sum => self.encode(a.iter().zip(&b).map(|(a, b)| a.add(*b))),
            Kind::Product
                if matches!(
                    self.element,
                    Element::ComplexF32 | Element::ComplexF64 | Element::ComplexLongDouble
                ) =>
            {
                self.encode([
                    a[0].mul(b[0]).add(a[1].mul(b[1]).negated()),
                    a[0].mul(b[1]).add(a[1].mul(b[0])),
                ])
            }
            Kind::Product => self.encode([a[0].mul(b[0])]),
            Kind::Maximum | Kind::MaximumLocation => choose(Ordering::Greater),
            Kind::Minimum | Kind::MinimumLocation => choose(Ordering::Less),
            Kind::LogicalAnd => logical(|a, b| a && b),
            Kind::LogicalOr => logical(|a, b| a || b),
            Kind::LogicalXor => logical(|a, b| a != b),
            Kind::BitwiseAnd => bitwise(|a, b| a & b),
            Kind::BitwiseOr => bitwise(|a, b| a | b),
            Kind::BitwiseXor => bitwise(|a, b| a ^ b),
            Kind::Replace => second.to_vec(),
            Kind::NoOp => first.to_vec(),
        }
    }

    fn decode(&self, mut bytes: &[u8]) -> Vec<Value> {
        let mut values = Vec::new();
        for part in &self.parts {
            let (value, rest) = bytes.split_at(part.size());
            values.push(part.decode(value));
            bytes = rest;
        }
        values
    }

    fn encode(&self, values: impl IntoIterator<Item = Value>) -> Vec<u8> {
        self.parts.iter().zip(values).flat_map(|(part, value)| part.encode(value)).collect()
    }
}

impl Part {
    fn size(self) -> usize {
        match self {
            Self::Signed(size) | Self::Unsigned(size) => size,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Extended => 16,
        }
    }

    fn decode(self, bytes: &[u8]) -> Value {
        let wide = || {
            let mut wide = [0; 16];
            if cfg!(target_endian = "little") {
                wide[..bytes.len()].copy_from_slice(bytes);
            } else {
                wide[16 - bytes.len()..].copy_from_slice(bytes);
            }
            u128::from_ne_bytes(wide)
        };
        match self {
            Self::Signed(size) => {
                let unused = 128 - 8 * size as u32;
                Value::Signed((wide() << unused).cast_signed() >> unused)
            }
            Self::Unsigned(_) => Value::Unsigned(wide()),
            Self::F16 => Value::F16(f16::from_ne_bytes(bytes.try_into().unwrap())),
            Self::Bf16 => Value::Bf16(bf16::from_ne_bytes(bytes.try_into().unwrap())),
            Self::F32 => Value::F32(f32::from_ne_bytes(bytes.try_into().unwrap())),
            Self::F64 => Value::F64(f64::from_ne_bytes(bytes.try_into().unwrap())),
            Self::Extended => Value::Extended(Extended::decode(bytes)),
        }
    }

    fn encode(self, value: Value) -> Vec<u8> {
        let narrow = |wide: u128| {
            let bytes = wide.to_ne_bytes();
            if cfg!(target_endian = "little") {
                bytes[..self.size()].to_vec()
            } else {
                bytes[16 - self.size()..].to_vec()
            }
        };
        match value {
            Value::Signed(value) => narrow(value.cast_unsigned()),
            Value::Unsigned(value) => narrow(value),
            Value::F16(value) => value.to_ne_bytes().to_vec(),
            Value::Bf16(value) => value.to_ne_bytes().to_vec(),
            Value::F32(value) => value.to_ne_bytes().to_vec(),
            Value::F64(value) => value.to_ne_bytes().to_vec(),
            Value::Extended(value) => value.encode().to_vec(),
        }
    }

    /// Values at which operations have their edges, few enough that equal ones meet.
    fn edges(self) -> Vec<Value> {
        let floats = [0.0, -0.0, 1.0, -1.0, 6e-8, 65504.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        match self {
            Self::Signed(_) => [0, 1, 2, -1, i128::MAX, i128::MIN].map(Value::Signed).to_vec(),
            Self::Unsigned(_) => [0, 1, 2, u128::MAX, u128::MAX / 2].map(Value::Unsigned).to_vec(),
            Self::F16 => floats.map(|value| Value::F16(f16::from_f64(value))).to_vec(),
            Self::Bf16 => floats.map(|value| Value::Bf16(bf16::from_f64(value))).to_vec(),
            Self::F32 => floats.map(|value| Value::F32(value as f32)).to_vec(),
            Self::F64 => floats.map(Value::F64).to_vec(),
            Self::Extended => {
                let (one, least) = (Extended::whole(1), Extended::decode(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
                let greatest =
                    Extended::decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x7f]);
                let infinite = Extended::Infinite { negative: false };
                let edges = [Extended::ZERO, one, Extended::whole(i64::MAX), least, greatest, infinite];
                let both = edges.into_iter().flat_map(|edge| [edge, edge.negated()]);
                both.chain([Extended::Nan]).map(Value::Extended).collect()
            }
        }
    }
}

impl Value {
    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Signed(a), Self::Signed(b)) => Self::Signed(a.wrapping_add(b)),
            (Self::Unsigned(a), Self::Unsigned(b)) => Self::Unsigned(a.wrapping_add(b)),
            (Self::F16(a), Self::F16(b)) => Self::F16(f16::from_f64(a.to_f64() + b.to_f64())),
            (Self::Bf16(a), Self::Bf16(b)) => Self::Bf16(bf16::from_f32(a.to_f32() + b.to_f32())),
            (Self::F32(a), Self::F32(b)) => Self::F32(a + b),
            (Self::F64(a), Self::F64(b)) => Self::F64(a + b),
            (Self::Extended(a), Self::Extended(b)) => Self::Extended(a.add(b)),
            _ => unreachable!("the parts of two elements are alike"),
        }
    }

    fn mul(self, other: Self) -> Self {
        match (self, other) {
            (Self::Signed(a), Self::Signed(b)) => Self::Signed(a.wrapping_mul(b)),
            (Self::Unsigned(a), Self::Unsigned(b)) => Self::Unsigned(a.wrapping_mul(b)),
            (Self::F16(a), Self::F16(b)) => Self::F16(f16::from_f64(a.to_f64() * b.to_f64())),
            (Self::Bf16(a), Self::Bf16(b)) => Self::Bf16(bf16::from_f32(a.to_f32() * b.to_f32())),
            (Self::F32(a), Self::F32(b)) => Self::F32(a * b),
            (Self::F64(a), Self::F64(b)) => Self::F64(a * b),
            (Self::Extended(a), Self::Extended(b)) => Self::Extended(a.mul(b)),
            _ => unreachable!("the parts of two elements are alike"),
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::F32(value) => Self::F32(-value),
            Self::F64(value) => Self::F64(-value),
            Self::Extended(value) => Self::Extended(value.negated()),
            _ => unreachable!("only parts of complex numbers are subtracted"),
        }
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Signed(a), Self::Signed(b)) => Some(a.cmp(&b)),
            (Self::Unsigned(a), Self::Unsigned(b)) => Some(a.cmp(&b)),
            (Self::F16(a), Self::F16(b)) => a.partial_cmp(&b),
            (Self::Bf16(a), Self::Bf16(b)) => a.partial_cmp(&b),
            (Self::F32(a), Self::F32(b)) => a.partial_cmp(&b),
            (Self::F64(a), Self::F64(b)) => a.partial_cmp(&b),
            (Self::Extended(a), Self::Extended(b)) => a.compare(b),
            _ => unreachable!("the parts of two elements are alike"),
        }
    }

    fn is_nan(self) -> bool {
        match self {
            Self::Signed(_) | Self::Unsigned(_) => false,
            Self::F16(value) => value.is_nan(),
            Self::Bf16(value) => value.is_nan(),
            Self::F32(value) => value.is_nan(),
            Self::F64(value) => value.is_nan(),
            Self::Extended(value) => value.is_nan(),
        }
    }
}
