//! Arbitrary and malicious bytes: an error at once, with next to no memory taken.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;

use olympi_object::{Bincode, Codec, DecodeError, MAX_EMPTY_ELEMENTS, decode, encode, fuzz_decode};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The system's allocator, which counts what each thread holds and has held at most.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // A thread that is ending has no counters any more; nothing is measured there.
    let _ending = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ending = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator unchanged; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's contract is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's contract is the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that was held at once while `run` ran, beyond what was held before.
fn most_held<R>(run: impl FnOnce() -> R) -> (R, isize) {
    let before = HELD.with(Cell::get);
    MOST.with(|most| most.set(before));
    let result = run();
    (result, MOST.with(Cell::get) - before)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Unit;

/// Eight bytes that claim this many elements.
fn claim(elements: u64) -> Vec<u8> {
    elements.to_le_bytes().to_vec()
}

fn refused<T: DeserializeOwned>(body: &[u8]) -> DecodeError {
    let (result, held) = most_held(|| Bincode::decode::<T>(body));
    let Err(error) = result else { panic!("{} accepted it", std::any::type_name::<T>()) };
    // Room for as many elements as there are bytes at most, and the error's text.
    assert!(held < 16_384, "{} took {held} bytes for {}", std::any::type_name::<T>(), body.len());
    error
}

#[test]
fn elements_without_bytes_have_a_limit() {
    for elements in [MAX_EMPTY_ELEMENTS as u64 + 1, 1 << 33, u64::MAX] {
        let body = claim(elements);
        for error in [
            refused::<Vec<()>>(&body),
            refused::<Vec<Unit>>(&body),
            refused::<Vec<[u64; 0]>>(&body),
            refused::<Vec<((), [u8; 0], PhantomData<u8>)>>(&body),
            refused::<VecDeque<((), Unit)>>(&body),
            refused::<HashMap<(), ()>>(&body),
            refused::<BTreeMap<Unit, ((), ())>>(&body),
            refused::<HashSet<()>>(&body),
            refused::<BTreeSet<[(); 3]>>(&body),
            refused::<Option<Vec<()>>>(&[&[1][..], &body].concat()),
        ] {
            assert!(matches!(error, DecodeError::TooManyEmpty { .. }), "{error}");
        }
    }
}

#[test]
fn the_limit_is_one_for_the_whole_object() {
    // Each inner vector is below the limit, all together are not.
    let inner = MAX_EMPTY_ELEMENTS as u64 / 2;
    let body = [claim(3), claim(inner), claim(inner), claim(inner)].concat();
    assert!(matches!(Bincode::decode::<Vec<Vec<()>>>(&body), Err(DecodeError::TooManyEmpty { .. })));
}

#[test]
fn honest_elements_without_bytes_are_welcome() {
    let mut message = Vec::new();
    let value = (vec![(); 1000], BTreeMap::from([((), vec![Unit, Unit])]), vec![vec![(); 3]; 4], 5_u8);
    encode(&value, &mut message).unwrap();
    type Value = (Vec<()>, BTreeMap<(), Vec<Unit>>, Vec<Vec<()>>, u8);
    assert_eq!(decode::<Value>(&message).unwrap(), value);
}

#[test]
fn a_claimed_length_is_not_allocated() {
    for elements in [1 << 20, 1 << 40, u64::MAX] {
        let body = [claim(elements), vec![1; 16]].concat();
        for error in [
            refused::<Vec<u64>>(&body),
            refused::<Vec<[u64; 32]>>(&body),
            refused::<String>(&body),
            refused::<serde_bytes::ByteBuf>(&body),
            refused::<Vec<Vec<String>>>(&body),
            refused::<HashMap<u64, [u64; 16]>>(&body),
            refused::<BTreeMap<u32, ()>>(&body),
            refused::<VecDeque<u128>>(&body),
        ] {
            assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
        }
    }
}

/// Bytes that look like lengths, tags and texts rather often.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        (0..20_u64).prop_map(claim),
        prop_oneof![Just(1_u64 << 33), Just(u64::MAX), any::<u64>()].prop_map(claim),
        (0..5_u32).prop_map(|tag| tag.to_le_bytes().to_vec()),
        prop::collection::vec(0..3_u8, 0..40),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What a real message looks like, with any byte changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let value = (any::<String>(), any::<Vec<Option<f32>>>(), any::<BTreeMap<u8, String>>());
    (value, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
        let mut message = Vec::new();
        encode(&value, &mut message).expect("these types can be encoded");
        let at = at.index(message.len());
        message[at] = byte;
        message
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic_and_take_little_memory(bytes in prop_oneof![bytes(), damaged()]) {
        let ((), held) = most_held(|| fuzz_decode(&bytes));
        // No type that is decoded there holds more than 64 bytes for one of the message, an allocator's growth doubled;
        // an error's text is a few hundred bytes.
        prop_assert!(held < 8192 + 128 * bytes.len() as isize, "{held} bytes for {}", bytes.len());
        let _any_result = decode::<(String, Vec<Option<f32>>, BTreeMap<u8, String>)>(&bytes);
    }
}
