//! What an origin asks of a target: one message each, in order. Checked here, once.
//!
//! Eight bytes come first: what it is, two numbers, and the tag of the answer, if there is one. Answers are messages of
//! their own, of bytes alone: what was read, or one that says how it went.

use olympi_reduce::{Element, Kind, Operation};

use crate::window::layout::{Layout, take};

/// A request, as the target sees it.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    /// Here are bytes for this place.
    Put {
        layout: Layout,
        data: &'a [u8],
    },
    /// Bytes for this place follow, by a message with this tag.
    Await {
        offset: i64,
        len: u64,
        tag: i32,
    },
    Get {
        layout: Layout,
        answer: i32,
    },
    /// Combines elements; with an answer, that has what was there.
    Combine {
        operation: Operation,
        layout: Layout,
        data: &'a [u8],
        answer: Option<i32>,
    },
    CompareAndSwap {
        offset: i64,
        compare: &'a [u8],
        swap: &'a [u8],
        answer: i32,
    },
    /// Asks for an answer when all before is done.
    Flush {
        answer: i32,
    },
    Lock {
        exclusive: bool,
        answer: i32,
    },
    /// The same as a flush, and the lock is given back.
    Unlock {
        answer: i32,
    },
    /// The sender may be accessed by the target.
    Post,
    /// The sender has done with the epoch that the target has posted.
    Complete,
}

const PUT: u8 = 1;
const AWAIT: u8 = 2;
const GET: u8 = 3;
const COMBINE: u8 = 4;
const COMBINE_AND_GET: u8 = 5;
const COMPARE_AND_SWAP: u8 = 6;
const FLUSH: u8 = 7;
const LOCK: u8 = 8;
const UNLOCK: u8 = 9;
const POST: u8 = 10;
const COMPLETE: u8 = 11;

/// The longest element that is compared and swapped.
pub(crate) const SWAP_MAX: usize = 32;

fn begin(what: u8, numbers: [u8; 2], tag: i32, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + room);
    bytes.extend([what, numbers[0], numbers[1], 0]);
    bytes.extend(tag.to_le_bytes());
    bytes
}

/// Room for a layout that is one run.
const RUN: usize = 40;

/// A put, to which the data are to be appended.
pub(crate) fn put(layout: &Layout) -> Vec<u8> {
    let mut bytes = begin(PUT, [0; 2], 0, RUN + layout.len() as usize);
    layout.encode(&mut bytes);
    bytes
}

pub(crate) fn await_put(offset: i64, len: u64, tag: i32) -> Vec<u8> {
    let mut bytes = begin(AWAIT, [0; 2], tag, 16);
    bytes.extend(offset.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    bytes
}

pub(crate) fn get(layout: &Layout, answer: i32) -> Vec<u8> {
    let mut bytes = begin(GET, [0; 2], answer, RUN);
    layout.encode(&mut bytes);
    bytes
}

/// A combination, to which the data are to be appended, unless the kind needs none.
pub(crate) fn combine(kind: Kind, element: Element, layout: &Layout, answer: Option<i32>) -> Vec<u8> {
    let place = |at: Option<usize>| at.unwrap_or_default() as u8; // Both lists are complete.
    let kind = place(Kind::ALL.iter().position(|known| *known == kind));
    let element = place(Element::ALL.iter().position(|known| *known == element));
    let what = if answer.is_some() { COMBINE_AND_GET } else { COMBINE };
    let mut bytes = begin(what, [kind, element], answer.unwrap_or(0), RUN + layout.len() as usize);
    layout.encode(&mut bytes);
    bytes
}

/// Both values are of one length.
pub(crate) fn compare_and_swap(offset: i64, compare: &[u8], swap: &[u8], answer: i32) -> Vec<u8> {
    let mut bytes = begin(COMPARE_AND_SWAP, [0; 2], answer, 8 + 2 * SWAP_MAX);
    bytes.extend(offset.to_le_bytes());
    bytes.extend(compare);
    bytes.extend(swap);
    bytes
}

pub(crate) fn flush(answer: i32) -> Vec<u8> {
    begin(FLUSH, [0; 2], answer, 0)
}

pub(crate) fn lock(exclusive: bool, answer: i32) -> Vec<u8> {
    begin(LOCK, [exclusive.into(), 0], answer, 0)
}

pub(crate) fn unlock(answer: i32) -> Vec<u8> {
    begin(UNLOCK, [0; 2], answer, 0)
}

pub(crate) fn post() -> Vec<u8> {
    begin(POST, [0; 2], 0, 0)
}

pub(crate) fn complete() -> Vec<u8> {
    begin(COMPLETE, [0; 2], 0, 0)
}

impl<'a> Request<'a> {
    /// Back from bytes. `None`: they make no sense.
    pub(crate) fn decode(mut bytes: &'a [u8]) -> Option<Self> {
        let [what, first, second, _] = take(&mut bytes)?;
        let tag = i32::from_le_bytes(take(&mut bytes)?);
        let answer = (tag >= 0).then_some(tag)?;
        let request = match what {
            PUT => {
                let layout = Layout::decode(&mut bytes)?;
                return (layout.len() == bytes.len() as u64).then_some(Self::Put { layout, data: bytes });
            }
            COMBINE | COMBINE_AND_GET => {
                let layout = Layout::decode(&mut bytes)?;
                let kind = *Kind::ALL.get(usize::from(first))?;
                let element = *Element::ALL.get(usize::from(second))?;
                let operation = Operation::predefined(kind, element).ok()?;
                let answer = (what == COMBINE_AND_GET).then_some(answer);
                return Some(Self::Combine { operation, layout, data: bytes, answer });
            }
            COMPARE_AND_SWAP => {
                let offset = i64::from_le_bytes(take(&mut bytes)?);
                let len = bytes.len() / 2;
                let (compare, swap) = bytes.split_at(len);
                let sound = len == swap.len() && (1..=SWAP_MAX).contains(&len);
                return sound.then_some(Self::CompareAndSwap { offset, compare, swap, answer });
            }
            AWAIT => Self::Await {
                offset: i64::from_le_bytes(take(&mut bytes)?),
                len: u64::from_le_bytes(take(&mut bytes)?),
                tag,
            },
            GET => Self::Get { layout: Layout::decode(&mut bytes)?, answer },
            FLUSH => Self::Flush { answer },
            LOCK => Self::Lock { exclusive: first != 0, answer },
            UNLOCK => Self::Unlock { answer },
            POST => Self::Post,
            COMPLETE => Self::Complete,
            _ => return None,
        };
        bytes.is_empty().then_some(request)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    #[test]
    fn requests_come_back_from_bytes() {
        let run = Layout::run(-8, 4);
        let mut bytes = put(&run);
        assert!(Request::decode(&bytes).is_none(), "the data are missing");
        bytes.extend(b"data");
        assert!(matches!(Request::decode(&bytes), Some(Request::Put { data: b"data", .. })));
        for kind in Kind::ALL {
            let mut bytes = combine(kind, Element::I32, &run, Some(9));
            bytes.extend(b"data");
            let defined = Operation::predefined(kind, Element::I32).is_ok();
            match Request::decode(&bytes) {
                Some(Request::Combine { operation, layout, data: b"data", answer: Some(9) }) => {
                    assert_eq!((operation.kind(), operation.element()), (Some(kind), Some(Element::I32)));
                    assert_eq!(layout, run);
                }
                other => assert!(!defined && other.is_none(), "{kind:?}: {other:?}"),
            }
        }
        let bytes = compare_and_swap(16, b"12", b"34", 5);
        let decoded = Request::decode(&bytes);
        assert!(matches!(
            decoded,
            Some(Request::CompareAndSwap { offset: 16, compare: b"12", swap: b"34", answer: 5 })
        ));
        assert!(matches!(
            Request::decode(&await_put(3, 1 << 40, 7)),
            Some(Request::Await { offset: 3, len, tag: 7 }) if len == 1 << 40
        ));
        assert!(matches!(
            Request::decode(&lock(true, 1)),
            Some(Request::Lock { exclusive: true, answer: 1 })
        ));
    }

    /// Whatever a peer sends, there is an answer, and nothing overflows on the way to it.
    #[test]
    fn arbitrary_bytes_are_requests_or_not() {
        let whole = [
            combine(Kind::Sum, Element::F64, &Layout::run(0, 16), Some(3)),
            get(&Layout::run(8, 8), 1),
            compare_and_swap(0, b"1234", b"5678", 1),
            await_put(0, 8, 1),
        ];
        let (mut seed, mut sound) = (1_u64, 0);
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize
        };
        for round in 0..200_000 {
            let mut bytes = whole[round % whole.len()].clone();
            for _ in 0..random() % 4 {
                let at = random() % bytes.len();
                bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, random() as u8][random() % 6];
            }
            let Some(request) = Request::decode(&bytes) else { continue };
            sound += 1;
            if let Request::Get { layout, .. } | Request::Combine { layout, .. } = request {
                let (mut total, mut runs) = (0_u64, 0);
                let _some = layout.for_each(|at, len| {
                    (total, runs) = (total + len, runs + 1);
                    assert!(at.checked_add_unsigned(len).is_some());
                    if runs > 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                assert!(total <= layout.len());
            }
        }
        assert!((10_000..200_000).contains(&sound), "{sound}");
    }

    #[test]
    fn what_is_cut_off_or_too_long_makes_no_sense() {
        let whole = [
            get(&Layout::run(0, 8), 1),
            await_put(0, 8, 1),
            flush(1),
            unlock(1),
            lock(false, 1),
            post(),
            complete(),
        ];
        for bytes in whole {
            assert!(Request::decode(&bytes).is_some());
            for len in 0..bytes.len() {
                assert!(Request::decode(&bytes[..len]).is_none());
            }
            assert!(Request::decode(&[&bytes[..], &[0]].concat()).is_none());
        }
        assert!(Request::decode(&compare_and_swap(0, b"123", b"45", 1)).is_none());
        assert!(Request::decode(&compare_and_swap(0, &[0; 33], &[0; 33], 1)).is_none());
        assert!(Request::decode(&flush(-1)).is_none());
        assert!(Request::decode(&begin(99, [0; 2], 1, 0)).is_none());
    }
}
