//! Operations on raw memory: predefined ones on every C type, pairs with padding, and functions of users.

mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::raw::everywhere;
use olympi_comm::raw::{self, Element, Kind, Raw, RawCollective, RawFunction, RawOp};
use olympi_comm::{Basic, Communicator, Datatype};

/// Elements in memory, as bytes; aligned as C would.
struct Bytes(Vec<u128>);

impl Bytes {
    fn new(bytes: &[u8]) -> Self {
        let mut this = Self(vec![0; bytes.len().div_ceil(16)]);
        // SAFETY: the memory is at least as long.
        unsafe { this.0.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        this
    }

    fn start(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_ne_bytes()).collect()
    }
}

/// A reduction for all, in place.
fn all_reduce(comm: &Communicator, memory: &mut Bytes, count: usize, datatype: &Datatype, operation: &RawOp) {
    let into = Raw::new(memory.start(), count, datatype);
    // SAFETY: the memory has so many elements, and is used by the call alone.
    unsafe { comm.collective_raw(RawCollective::AllReduce { from: None, into, operation }) }.unwrap();
}

fn basic(basic: Basic) -> Datatype {
    Datatype::basic(basic)
}

#[test]
fn operations_are_found_by_the_datatype() {
    let pair = |value, index| Datatype::value_index(&basic(value), &basic(index)).unwrap();
    for (datatype, element) in [
        (basic(Basic::I8), Element::I8),
        (basic(Basic::C_LONG), Element::I64),
        (basic(Basic::C_ULONG.named(7)), Element::U64),
        (basic(Basic::F32).vector(3, 1, 5).unwrap(), Element::F32),
        (basic(Basic::C_LONG_DOUBLE), Element::LongDouble),
        (basic(Basic::C_LONG_DOUBLE_COMPLEX), Element::ComplexLongDouble),
        (basic(Basic::COMPLEX_F64), Element::ComplexF64),
        (basic(Basic::I32).contiguous(2).unwrap(), Element::I32),
    ] {
        assert_eq!(raw::element(Kind::Sum, &datatype), Some(element), "{datatype:?}");
    }
    for (datatype, element) in [
        (basic(Basic::BOOL), Element::Bool),
        (basic(Basic::LOGICAL), Element::Logical32),
        (basic(Basic::BYTE), Element::U8),
    ] {
        assert_eq!(raw::element(Kind::LogicalAnd, &datatype), Some(element));
    }
    for (datatype, element) in [
        (pair(Basic::I16, Basic::I32), Element::I16I32),
        (pair(Basic::I32, Basic::I32), Element::I32I32),
        (pair(Basic::C_LONG, Basic::I32), Element::I64I32),
        (pair(Basic::F32, Basic::I32), Element::F32I32),
        (pair(Basic::F64, Basic::I32).dup().unwrap(), Element::F64I32),
        (pair(Basic::C_LONG_DOUBLE, Basic::I32), Element::LongDoubleI32),
        (basic(Basic::F64).contiguous(2).unwrap(), Element::F64F64),
    ] {
        assert_eq!(raw::element(Kind::MaximumLocation, &datatype), Some(element), "{datatype:?}");
        assert_eq!(element.size() as u64, datatype.size());
    }
    for (kind, datatype) in [
        (Kind::MaximumLocation, basic(Basic::F64)),
        (Kind::Sum, pair(Basic::F64, Basic::I32)),
        (Kind::Sum, pair(Basic::I32, Basic::I32)),
        (Kind::Sum, basic(Basic::CHAR)),
        (Kind::BitwiseOr, basic(Basic::F32)),
        (Kind::Maximum, basic(Basic::COMPLEX_F32)),
    ] {
        assert_eq!(RawOp::of(kind, &datatype).unwrap_err().class().name(), "MPI_ERR_OP");
    }
}

#[test]
fn pairs_are_located_and_their_padding_is_left_alone() {
    // {double; int; 4 bytes of padding}
    fn pair(value: f64, index: i32, padding: u8) -> Vec<u8> {
        [&value.to_ne_bytes()[..], &index.to_ne_bytes(), &[padding; 4]].concat()
    }
    // {short; 2 bytes of padding; int}
    fn short(value: i16, index: i32, padding: u8) -> Vec<u8> {
        [&value.to_ne_bytes()[..], &[padding; 2], &index.to_ne_bytes()].concat()
    }
    for ranks in [1, 2, 3, 5] {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let double = Datatype::value_index(&basic(Basic::F64), &basic(Basic::I32)).unwrap();
            let op = RawOp::of(Kind::MinimumLocation, &double).unwrap();
            let mine = [pair(f64::from(size - me), me, 0xA5), pair(1.5, me + 3, 0x5A)].concat();
            let mut memory = Bytes::new(&mine);
            all_reduce(world, &mut memory, 2, &double, &op);
            assert_eq!(memory.bytes(), [pair(1.0, size - 1, 0xA5), pair(1.5, 3, 0x5A)].concat());
            let datatype = Datatype::value_index(&basic(Basic::I16), &basic(Basic::I32)).unwrap();
            let op = RawOp::of(Kind::MaximumLocation, &datatype).unwrap();
            let mut memory = Bytes::new(&[short(me as i16, me, 1), short(7, -me, 2)].concat());
            all_reduce(world, &mut memory, 2, &datatype, &op);
            assert_eq!(memory.bytes(), [short(size as i16 - 1, size - 1, 1), short(7, 1 - size, 2)].concat());
        });
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn long_doubles_are_added_and_located() {
    /// A small whole number, as the x87 has it.
    fn whole(number: u64) -> Vec<u8> {
        let mut bytes = [0; 16];
        if number > 0 {
            let shift = number.leading_zeros();
            bytes[..8].copy_from_slice(&(number << shift).to_le_bytes());
            bytes[8..10].copy_from_slice(&(16383 + 63 - shift as u16).to_le_bytes());
        }
        bytes.to_vec()
    }
    for ranks in [1, 2, 3, 5] {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank() as u64, world.size() as u64);
            let datatype = basic(Basic::C_LONG_DOUBLE);
            let sum = RawOp::of(Kind::Sum, &datatype).unwrap();
            // More digits than a double has.
            let large = 1 << 60;
            let mut memory = Bytes::new(&[whole(large + me), whole(me)].concat());
            all_reduce(world, &mut memory, 2, &datatype, &sum);
            let below = size * (size - 1) / 2;
            assert_eq!(memory.bytes(), [whole(large * size + below), whole(below)].concat());
            let pair = Datatype::value_index(&datatype, &basic(Basic::I32)).unwrap();
            assert_eq!((pair.size(), pair.extent()), (20, 32));
            let located =
                |value, index: i32| [whole(value), index.to_ne_bytes().to_vec(), vec![0; 12]].concat();
            let mut memory = Bytes::new(&located(large + me, me as i32));
            let op = RawOp::of(Kind::MaximumLocation, &pair).unwrap();
            all_reduce(world, &mut memory, 1, &pair, &op);
            assert_eq!(memory.bytes(), located(large + size - 1, size as i32 - 1));
        });
    }
}

/// An affine map x -> a x + b with a gap in its middle: what one does not commute with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Map {
    a: i64,
    gap: i64,
    b: i32,
    tail: i32,
}

impl Map {
    fn of(rank: i32, at: usize) -> Self {
        Self { a: i64::from(rank % 3) + 1, gap: i64::from(rank) + 900, b: rank + at as i32, tail: -rank - 1 }
    }

    fn then(self, next: Self) -> Self {
        let (a, b) = (self.a * next.a, self.a as i32 * next.b + self.b);
        Self { a, b, ..next }
    }

    fn datatype() -> Datatype {
        let [a, b] = [std::mem::offset_of!(Self, a), std::mem::offset_of!(Self, b)].map(|at| at as i64);
        let fields = [(1, b, Datatype::of::<i32>()), (1, a, Datatype::of::<i64>())];
        Datatype::structure(fields).unwrap().resized(0, size_of::<Self>() as i64).unwrap()
    }
}

/// Composes as a user's function in C would: the whole struct, gaps and all.
fn compose(datatype_origin: isize) -> RawFunction {
    Arc::new(move |input, inout, count| {
        let (input, inout) = (
            input.wrapping_offset(datatype_origin).cast::<Map>(),
            inout.wrapping_offset(datatype_origin).cast::<Map>(),
        );
        assert!(input.addr().is_multiple_of(8) && inout.addr().is_multiple_of(8));
        for at in 0..count {
            // SAFETY: the function is given as many elements, in memory of their own.
            unsafe {
                let (first, second) = (input.add(at).read(), inout.add(at).read());
                assert!(first.gap < 900 && second.tail >= 0, "nobody's gaps are moved");
                inout.add(at).write(Map { gap: 5, tail: 6, ..first.then(second) });
            }
        }
    })
}

#[test]
fn functions_see_structs_and_gaps_stay_as_they_are() {
    for ranks in [1, 2, 3, 5] {
        everywhere(ranks, |world| {
            let (me, size) = (world.rank(), world.size());
            let plain = Map::datatype();
            // The same, seen from 1000 bytes below, and above.
            let moved =
                |by: i64| Datatype::structure([(1, by, plain.clone())]).unwrap().resized(by, 24).unwrap();
            for (datatype, origin) in [(plain.clone(), 0_i64), (moved(1000), 1000), (moved(-72), -72)] {
                assert_eq!(datatype.extent(), 24);
                // SAFETY: the function keeps to its elements.
                let op = unsafe { RawOp::user(compose(origin as isize), &datatype, false) };
                assert!(!op.is_commutative());
                for count in [1, 3, 5000] {
                    let mine: Vec<_> = (0..count).map(|at| Map::of(me, at)).collect();
                    let mut result = mine.clone();
                    let start = result.as_mut_ptr().cast::<u8>().wrapping_offset(-origin as isize);
                    let into = Raw::new(start, count, &datatype);
                    let call = RawCollective::AllReduce { from: None, into, operation: &op };
                    // SAFETY: the vector has as many elements, and is used by the call alone.
                    unsafe { world.collective_raw(call) }.unwrap();
                    for (at, (got, mine)) in result.iter().zip(&mine).enumerate() {
                        let all = (1..size).fold(Map::of(0, at), |map, rank| map.then(Map::of(rank, at)));
                        assert_eq!(*got, Map { a: all.a, b: all.b, ..*mine });
                    }
                }
            }
        });
    }
}

#[test]
fn functions_on_plain_elements_are_given_the_memory_itself() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    everywhere(3, |world| {
        let datatype = basic(Basic::I32);
        let function: RawFunction = Arc::new(|input, inout, count| {
            assert!(input.addr().is_multiple_of(16) && inout.addr().is_multiple_of(16));
            CALLS.fetch_add(1, Ordering::Relaxed);
            let (input, inout) = (input.cast::<i32>(), inout.cast::<i32>());
            // SAFETY: the function is given as many elements, in memory of their own.
            (0..count).for_each(|at| unsafe { *inout.add(at) = (*input.add(at)).max(*inout.add(at)) });
        });
        // SAFETY: the function keeps to its elements.
        let op = unsafe { RawOp::user(function, &datatype, true) };
        for count in [0_usize, 1, 7, 40_000] {
            let mine: Vec<u8> =
                (0..count as i32).flat_map(|at| (at * (world.rank() + 1)).to_ne_bytes()).collect();
            let mut memory = Bytes::new(&mine);
            all_reduce(world, &mut memory, count, &datatype, &op);
            let expected: Vec<u8> =
                (0..count as i32).flat_map(|at| (at * world.size()).to_ne_bytes()).collect();
            assert!(memory.bytes()[..4 * count] == expected);
        }
    });
    assert!(CALLS.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_rank_combines_alone() {
    let datatype = Datatype::of::<i32>().vector(2, 1, 2).unwrap().resized(0, 16).unwrap();
    let (mut input, mut inout) = ([1, -1, 2, -1, 3, -1, 4, -1], [10, 99, 20, 99, 30, 99, 40, 99]);
    let op = RawOp::of(Kind::Sum, &datatype).unwrap();
    let raw = |numbers: &mut [i32; 8], count| Raw::new(numbers.as_mut_ptr().cast(), count, &datatype);
    let (first, second) = (raw(&mut input, 2), raw(&mut inout, 2));
    // SAFETY: the arrays have as many elements.
    unsafe { op.reduce_local(&first, &second) }.unwrap();
    assert_eq!(inout, [11, 99, 22, 99, 33, 99, 44, 99]);
    let (first, second) = (raw(&mut input, 1), raw(&mut inout, 2));
    // SAFETY: as above.
    let error = unsafe { op.reduce_local(&first, &second) }.unwrap_err();
    assert_eq!(error.class().name(), "MPI_ERR_COUNT");
}
