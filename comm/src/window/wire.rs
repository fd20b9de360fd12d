//! What an origin asks of a target, in order: one request or several in a message. Checked here, once.
//!
//! Each has its length before it, and begins with eight bytes: what it is, two numbers, and the tag of the answer, if there
//! is one. Answers are messages of their own, of bytes alone: what was read, or one that says how it went.

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

/// Appends a request to a message.
pub(crate) fn append(message: &mut Vec<u8>, request: impl FnOnce(&mut Vec<u8>)) {
    let before = message.len();
    message.extend([0; 8]);
    request(message);
    let len = (message.len() - before - 8) as u64;
    message[before..before + 8].copy_from_slice(&len.to_le_bytes());
}

/// Takes a request off the front of a message. `None`: the rest makes no sense.
pub(crate) fn next<'a>(message: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(u64::from_le_bytes(take(message)?)).ok()?;
    let (request, rest) = message.split_at_checked(len)?;
    *message = rest;
    Some(request)
}

fn begin(out: &mut Vec<u8>, what: u8, numbers: [u8; 2], tag: i32) {
    out.extend([what, numbers[0], numbers[1], 0]);
    out.extend(tag.to_le_bytes());
}

/// A put, to which the data are to be appended.
pub(crate) fn put(out: &mut Vec<u8>, layout: &Layout) {
    begin(out, PUT, [0; 2], 0);
    layout.encode(out);
}

pub(crate) fn await_put(out: &mut Vec<u8>, offset: i64, len: u64, tag: i32) {
    begin(out, AWAIT, [0; 2], tag);
    out.extend(offset.to_le_bytes());
    out.extend(len.to_le_bytes());
}

pub(crate) fn get(out: &mut Vec<u8>, layout: &Layout, answer: i32) {
    begin(out, GET, [0; 2], answer);
    layout.encode(out);
}

/// A combination, to which the data are to be appended, unless the kind needs none.
pub(crate) fn combine(out: &mut Vec<u8>, kind: Kind, element: Element, layout: &Layout, answer: Option<i32>) {
    let place = |at: Option<usize>| at.unwrap_or_default() as u8; // Both lists are complete.
    let kind = place(Kind::ALL.iter().position(|known| *known == kind));
    let element = place(Element::ALL.iter().position(|known| *known == element));
    let what = if answer.is_some() { COMBINE_AND_GET } else { COMBINE };
    begin(out, what, [kind, element], answer.unwrap_or(0));
    layout.encode(out);
}

/// Both values are of one length.
pub(crate) fn compare_and_swap(out: &mut Vec<u8>, offset: i64, compare: &[u8], swap: &[u8], answer: i32) {
    begin(out, COMPARE_AND_SWAP, [0; 2], answer);
    out.extend(offset.to_le_bytes());
    out.extend(compare);
    out.extend(swap);
}

pub(crate) fn flush(out: &mut Vec<u8>, answer: i32) {
    begin(out, FLUSH, [0; 2], answer);
}

pub(crate) fn lock(out: &mut Vec<u8>, exclusive: bool, answer: i32) {
    begin(out, LOCK, [exclusive.into(), 0], answer);
}

pub(crate) fn unlock(out: &mut Vec<u8>, answer: i32) {
    begin(out, UNLOCK, [0; 2], answer);
}

pub(crate) fn post(out: &mut Vec<u8>) {
    begin(out, POST, [0; 2], 0);
}

pub(crate) fn complete(out: &mut Vec<u8>) {
    begin(out, COMPLETE, [0; 2], 0);
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

    /// A request alone.
    fn of(request: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        request(&mut bytes);
        bytes
    }

    #[test]
    fn a_message_holds_several() {
        let mut message = Vec::new();
        append(&mut message, |out| flush(out, 7));
        append(&mut message, |_| ());
        append(&mut message, |out| out.extend(b"abc"));
        let mut rest = &message[..];
        assert_eq!(next(&mut rest), Some(&of(|out| flush(out, 7))[..]));
        assert_eq!((next(&mut rest), next(&mut rest)), (Some(&b""[..]), Some(&b"abc"[..])));
        assert!(rest.is_empty() && next(&mut rest).is_none());
        assert_eq!(next(&mut &message[..message.len() - 1][33..]), None, "it is cut off");
        assert_eq!(next(&mut &[0xFF; 20][..]), None);
    }

    #[test]
    fn requests_come_back_from_bytes() {
        let run = Layout::run(-8, 4);
        let mut bytes = of(|out| put(out, &run));
        assert!(Request::decode(&bytes).is_none(), "the data are missing");
        bytes.extend(b"data");
        assert!(matches!(Request::decode(&bytes), Some(Request::Put { data: b"data", .. })));
        for kind in Kind::ALL {
            let mut bytes = of(|out| combine(out, kind, Element::I32, &run, Some(9)));
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
        let bytes = of(|out| compare_and_swap(out, 16, b"12", b"34", 5));
        let decoded = Request::decode(&bytes);
        assert!(matches!(
            decoded,
            Some(Request::CompareAndSwap { offset: 16, compare: b"12", swap: b"34", answer: 5 })
        ));
        assert!(matches!(
            Request::decode(&of(|out| await_put(out, 3, 1 << 40, 7))),
            Some(Request::Await { offset: 3, len, tag: 7 }) if len == 1 << 40
        ));
        assert!(matches!(
            Request::decode(&of(|out| lock(out, true, 1))),
            Some(Request::Lock { exclusive: true, answer: 1 })
        ));
    }

    /// Whatever a peer sends, there is an answer, and nothing overflows on the way to it.
    #[test]
    fn arbitrary_bytes_are_requests_or_not() {
        let whole = [
            of(|out| combine(out, Kind::Sum, Element::F64, &Layout::run(0, 16), Some(3))),
            of(|out| get(out, &Layout::run(8, 8), 1)),
            of(|out| compare_and_swap(out, 0, b"1234", b"5678", 1)),
            of(|out| await_put(out, 0, 8, 1)),
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
            of(|out| get(out, &Layout::run(0, 8), 1)),
            of(|out| await_put(out, 0, 8, 1)),
            of(|out| flush(out, 1)),
            of(|out| unlock(out, 1)),
            of(|out| lock(out, false, 1)),
            of(post),
            of(complete),
        ];
        for bytes in whole {
            assert!(Request::decode(&bytes).is_some());
            for len in 0..bytes.len() {
                assert!(Request::decode(&bytes[..len]).is_none());
            }
            assert!(Request::decode(&[&bytes[..], &[0]].concat()).is_none());
        }
        assert!(Request::decode(&of(|out| compare_and_swap(out, 0, b"123", b"45", 1))).is_none());
        assert!(Request::decode(&of(|out| compare_and_swap(out, 0, &[0; 33], &[0; 33], 1))).is_none());
        assert!(Request::decode(&of(|out| flush(out, -1))).is_none());
        assert!(Request::decode(&of(|out| begin(out, 99, [0; 2], 1))).is_none());
    }
}
