//! The two sides of a collective in raw memory: lent where they lie in one piece, packed and unpacked where not.

use std::any::Any;

use olympi_transport_api::{RecvBuf, SendBuf};

use crate::op::Hold;
use crate::raw::{Kept, Raw};
use crate::recv::{lend, lend_const};

/// Elements on one side of a call: [`Raw`], or [`Kept`] by an operation.
pub(crate) enum Side<R> {
    /// Lent, if they are a run.
    Whole(R),
    /// Packed one after the other.
    Blocks(Vec<R>),
}

/// What has to be in a packed result before the collective begins.
pub(crate) enum Fill<R> {
    Nothing,
    /// All of it: it is a contribution too.
    All,
    /// These elements, so many bytes behind its beginning.
    Part(usize, R),
}

/// What of a packed result goes back to the caller's memory.
pub(crate) enum Give<R> {
    Nothing,
    All,
    /// Its beginning, to these elements.
    Front(R),
}

/// The memory of a call.
pub(crate) struct Memory<R> {
    pub(crate) send: Side<R>,
    pub(crate) recv: Side<R>,
    pub(crate) fill: Fill<R>,
    pub(crate) give: Give<R>,
}

/// Packed elements of a call, which belong to its operation.
#[derive(Default)]
pub(crate) struct Copies {
    send: Vec<u8>,
    recv: Vec<u8>,
}

impl Hold for Copies {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // Its memory is lent to its messages one by one.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<R> Side<R> {
    fn map<'s, S>(&'s self, f: &impl Fn(&'s R) -> S) -> Side<S> {
        match self {
            Self::Whole(elements) => Side::Whole(f(elements)),
            Self::Blocks(blocks) => Side::Blocks(blocks.iter().map(f).collect()),
        }
    }
}

impl<'a> Side<Raw<'a>> {
    pub(crate) const NONE: Self = Self::Whole(Raw::NONE);

    /// How many bytes there are when packed, and between the first and the last where they are lent.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(elements) => elements.len(),
            Self::Blocks(blocks) => blocks.iter().map(Raw::len).sum(),
        }
    }

    /// Where it lies, if it is lent.
    #[inline]
    pub(crate) fn run(&self) -> Option<(*mut u8, usize)> {
        match *self {
            Self::Whole(Raw::Run { start, len }) => Some((start, len)),
            _ => None,
        }
    }

    fn elements(&self) -> &[Raw<'a>] {
        match self {
            Self::Whole(elements) => std::slice::from_ref(elements),
            Self::Blocks(blocks) => blocks,
        }
    }
}

impl<R> Memory<R> {
    /// The same, of elements that are told in another way.
    fn map<'s, S>(&'s self, f: &impl Fn(&'s R) -> S) -> Memory<S> {
        Memory {
            send: self.send.map(f),
            recv: self.recv.map(f),
            fill: match &self.fill {
                Fill::Nothing => Fill::Nothing,
                Fill::All => Fill::All,
                Fill::Part(at, elements) => Fill::Part(*at, f(elements)),
            },
            give: match &self.give {
                Give::Nothing => Give::Nothing,
                Give::All => Give::All,
                Give::Front(elements) => Give::Front(f(elements)),
            },
        }
    }
}

impl<'a> Memory<Raw<'a>> {
    /// Of a call without any.
    pub(crate) const NONE: Self =
        Self { send: Side::NONE, recv: Side::NONE, fill: Fill::Nothing, give: Give::Nothing };

    /// Of a rank that contributes, and gets nothing.
    pub(crate) fn sent(send: Side<Raw<'a>>) -> Self {
        Self { send, ..Self::NONE }
    }

    /// Of a rank that gets something, and may contribute too.
    pub(crate) fn both(send: Side<Raw<'a>>, recv: Side<Raw<'a>>) -> Self {
        Self { send, recv, fill: Fill::Nothing, give: Give::All }
    }

    /// Whether all of it is lent, so that nothing is packed.
    #[inline]
    pub(crate) fn is_lent(&self) -> bool {
        self.send.run().is_some() && self.recv.run().is_some()
    }

    /// The same, to be kept by an operation.
    pub(crate) fn keep(&self) -> Memory<Kept> {
        self.map(&Raw::keep)
    }

    /// Lends it to a collective. What does not lie in one piece is packed into `copies`, which must live as long.
    ///
    /// # Safety
    /// Until the collective has ended, what is sent may be read and is initialized, and what is received may be written and
    /// is nobody else's. That holds for the elements: of what lies between blocks that are lent nothing is touched.
    #[inline]
    pub(crate) unsafe fn lend(&self, copies: &mut Copies) -> (SendBuf, RecvBuf) {
        // SAFETY: the caller's promise. A schedule's spans are the elements, and nothing but its spans is touched.
        unsafe {
            let send = match self.send.run() {
                Some((_, 0)) => SendBuf::empty(),
                Some((start, len)) => SendBuf::lend(start, len),
                None => {
                    copies.send.clear();
                    self.send.elements().iter().for_each(|elements| elements.pack_into(&mut copies.send));
                    lend_const(&copies.send)
                }
            };
            let recv = match self.recv.run() {
                Some((_, 0)) => RecvBuf::empty(),
                Some((start, len)) => RecvBuf::lend(start, len),
                None => {
                    self.fill(&mut copies.recv);
                    lend(&mut copies.recv)
                }
            };
            (send, recv)
        }
    }

    /// Makes room for a packed result, with what has to be in it.
    ///
    /// # Safety
    /// As for [`lend`](Self::lend).
    unsafe fn fill(&self, packed: &mut Vec<u8>) {
        packed.clear();
        // SAFETY: the caller's promise.
        unsafe {
            match &self.fill {
                Fill::Nothing => packed.resize(self.recv.len(), 0),
                Fill::All => self.recv.elements().iter().for_each(|elements| elements.pack_into(packed)),
                Fill::Part(at, elements) => {
                    packed.resize(*at, 0);
                    elements.pack_into(packed);
                    packed.resize(self.recv.len(), 0);
                }
            }
        }
    }

    /// Puts a packed result where it belongs, once the collective has ended well.
    ///
    /// # Safety
    /// What is received may be written and is nobody else's.
    pub(crate) unsafe fn distribute(&self, copies: &Copies) {
        if self.recv.run().is_some() {
            return;
        }
        let mut rest = &copies.recv[..];
        let elements = match &self.give {
            Give::Nothing => &[],
            Give::All => self.recv.elements(),
            Give::Front(elements) => std::slice::from_ref(elements),
        };
        for elements in elements {
            let (packed, behind) = rest.split_at(elements.len().min(rest.len()));
            // SAFETY: the caller's promise.
            unsafe { elements.unpack(packed) };
            rest = behind;
        }
    }
}

impl Memory<Kept> {
    /// The elements.
    pub(crate) fn raw(&self) -> Memory<Raw<'_>> {
        self.map(&Kept::raw)
    }
}
