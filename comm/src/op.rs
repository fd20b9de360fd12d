//! Operations: what a request stands for, in a table that never allocates in a steady state.

use std::any::Any;
use std::task::Waker;

use olympi_datatype::signature;
use olympi_matching::PostToken;
use olympi_transport_api::{Closed, Peer, RecvBuf};

use crate::collective::{Fault, Part};
use crate::status::{ANY_SOURCE, ANY_TAG, Status};

/// Memory that belongs to an operation, so that the operation may outlive its request.
pub(crate) trait Hold: Any + Send {
    /// Room for a message of `len` bytes, at most as much as the receiver is willing to take. Called once, when
    /// the message is matched; the memory stays where it is from then on.
    fn room(&mut self, len: usize) -> RecvBuf;

    /// Back to its own type.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The slot is free.
    Free,
    /// A receive that no message has matched.
    Posted,
    /// Bytes are on their way.
    Moving,
    /// Over, well or not.
    Done,
}

/// Why an operation failed below.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    /// Who is gone.
    pub(crate) peer: Peer,
    /// Why, in words.
    pub(crate) detail: String,
}

impl Gone {
    /// How a transport's end of a peer reads in an error.
    #[cold]
    pub(crate) fn of(closed: &Closed) -> Self {
        Self { peer: closed.peer, detail: closed.to_string() }
    }
}

/// One operation. What every message touches comes first and is read as it was written, field by field: a wider
/// read of what was just written in parts would wait for the store to reach the cache.
pub(crate) struct Op {
    pub(crate) phase: Phase,
    /// Something of `extra` matters.
    pub(crate) unusual: bool,
    pub(crate) cancelled: bool,
    /// Of what class the elements are that a receive asks for.
    pub(crate) signature: u8,
    generation: u32,
    pub(crate) context: u32,
    pub(crate) source: i32,
    pub(crate) tag: i32,
    /// The length of the message, of which as much is kept as `landing` holds.
    pub(crate) sent: usize,
    /// A receive's memory: lent, or that of `hold`.
    pub(crate) landing: RecvBuf,
    /// Of a posted receive.
    pub(crate) token: Option<PostToken>,
    pub(crate) extra: Extra,
}

/// What most operations do not have.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) hold: Option<Box<dyn Hold>>,
    pub(crate) failure: Option<Box<Gone>>,
    /// The classes of what was sent, and of what was asked for, where these do not agree.
    pub(crate) mismatch: Option<(u8, u8)>,
    pub(crate) waker: Option<Waker>,
    /// It is a message of a collective, which is told its end.
    pub(crate) part: Option<Part>,
    /// It is a collective, and has failed.
    pub(crate) fault: Option<Box<Fault>>,
    /// Nobody will ask for the outcome: the slot frees itself at the end.
    pub(crate) detached: bool,
}

impl Op {
    /// A receive that no message has matched, and none will, has an empty status.
    pub(crate) fn withdraw(&mut self) {
        (self.source, self.tag, self.sent) = (ANY_SOURCE, ANY_TAG, 0);
    }

    /// Notes that the message which it takes is made of something else, unless one side says bytes.
    #[cold]
    #[inline(never)]
    pub(crate) fn compare(&mut self, sent: u8) {
        if !signature::agree(sent, self.signature) {
            self.unusual = true;
            self.extra.mismatch = Some((sent, self.signature));
        }
    }

    /// Whether it is over, well or not.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Done
    }

    #[inline]
    pub(crate) fn status(&self) -> Status {
        let bytes = self.sent.min(self.landing.len());
        Status { source: self.source, tag: self.tag, bytes, cancelled: self.cancelled }
    }
}

/// Names an operation; a slot that was used again does not answer to an old name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpRef {
    pub(crate) slot: u32,
    generation: u32,
}

impl OpRef {
    /// A number that no other operation of this process has, within four milliards in the same slot.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

/// What came of an operation.
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) sent: usize,
    pub(crate) hold: Option<Box<dyn Hold>>,
    pub(crate) failure: Option<Box<Gone>>,
    /// As in [`Extra`].
    pub(crate) mismatch: Option<(u8, u8)>,
    /// As in [`Extra`].
    pub(crate) fault: Option<Box<Fault>>,
}

impl Outcome {
    /// That of an operation that went well and had nothing of its own.
    pub(crate) fn well(status: Status) -> Self {
        Self { status, sent: status.bytes, hold: None, failure: None, mismatch: None, fault: None }
    }
}

/// How most operations end, and how the others do.
pub(crate) type Settled = Result<Status, Box<Outcome>>;

/// The table of operations.
#[derive(Default)]
pub(crate) struct Ops {
    slots: Vec<Op>,
    free: Vec<u32>,
}

impl Ops {
    /// The slot that `begin` will use next.
    #[inline]
    pub(crate) fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.slots.len() as u32)
    }

    /// Takes a slot for an operation that is under way.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        context: u32,
        signature: u8,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
    ) -> OpRef {
        let Some(slot) = self.free.pop() else { return self.grow(context, signature, landing, hold) };
        let op = &mut self.slots[slot as usize];
        op.phase = Phase::Moving;
        op.signature = signature;
        op.landing = landing;
        op.context = context;
        op.source = ANY_SOURCE;
        op.tag = ANY_TAG;
        op.sent = 0;
        if hold.is_some() {
            op.unusual = true;
            op.extra.hold = hold;
        }
        OpRef { slot, generation: op.generation }
    }

    /// Takes a slot for a receive that waits for its message. Its status is written when it has one.
    #[inline(always)]
    pub(crate) fn begin_posted(
        &mut self,
        context: u32,
        signature: u8,
        landing: RecvBuf,
        hold: Option<Box<dyn Hold>>,
        token: PostToken,
    ) -> OpRef {
        let Some(slot) = self.free.pop() else {
            let op = self.grow(context, signature, landing, hold);
            let posted = self.at(op.slot);
            posted.phase = Phase::Posted;
            posted.token = Some(token);
            return op;
        };
        let op = &mut self.slots[slot as usize];
        op.phase = Phase::Posted;
        op.signature = signature;
        op.landing = landing;
        op.context = context;
        op.token = Some(token);
        if hold.is_some() {
            op.unusual = true;
            op.extra.hold = hold;
        }
        OpRef { slot, generation: op.generation }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, context: u32, signature: u8, landing: RecvBuf, hold: Option<Box<dyn Hold>>) -> OpRef {
        let slot = self.slots.len() as u32;
        self.slots.push(Op {
            phase: Phase::Free,
            unusual: false,
            cancelled: false,
            signature: 0,
            generation: 0,
            context: 0,
            source: ANY_SOURCE,
            tag: ANY_TAG,
            sent: 0,
            landing: RecvBuf::empty(),
            token: None,
            extra: Extra::default(),
        });
        self.free.push(slot);
        self.begin(context, signature, landing, hold)
    }

    /// The operation in a slot that is in use.
    #[inline]
    pub(crate) fn at(&mut self, slot: u32) -> &mut Op {
        &mut self.slots[slot as usize]
    }

    /// The name of the operation in a slot that is in use.
    pub(crate) fn name(&self, slot: u32) -> OpRef {
        OpRef { slot, generation: self.slots[slot as usize].generation }
    }

    /// The operation of that name, while it has not been taken.
    #[inline]
    pub(crate) fn find(&mut self, name: OpRef) -> Option<&mut Op> {
        self.slots
            .get_mut(name.slot as usize)
            .filter(|op| op.generation == name.generation && op.phase != Phase::Free)
    }

    /// Whether the operation of that name is over.
    #[inline]
    pub(crate) fn is_done(&self, name: OpRef) -> bool {
        self.slots
            .get(name.slot as usize)
            .is_none_or(|op| op.generation != name.generation || op.phase == Phase::Done)
    }

    /// Takes the status of an operation that is over, went well, and has nothing to hand back, which is what nearly
    /// all are. `None`: it is not over, or [`take`](Self::take) has more to tell.
    #[inline]
    pub(crate) fn take_well(&mut self, name: OpRef) -> Option<Status> {
        let op = self.slots.get_mut(name.slot as usize)?;
        if op.phase != Phase::Done
            || op.generation != name.generation
            || op.unusual
            || op.sent > op.landing.len()
        {
            return None;
        }
        let status = op.status();
        self.release(name.slot);
        Some(status)
    }

    /// Takes what came of an operation that is over.
    #[inline]
    pub(crate) fn settle(&mut self, name: OpRef) -> Option<Settled> {
        match self.take_well(name) {
            Some(status) => Some(Ok(status)),
            None => self.take(name).map(|outcome| Err(Box::new(outcome))),
        }
    }

    /// Takes the outcome of an operation that is over and did not end as most do.
    #[cold]
    pub(crate) fn take_rest(&mut self, name: OpRef) -> Box<Outcome> {
        Box::new(self.take(name).expect("the operation is over, and nobody has taken its outcome"))
    }

    /// Takes the outcome of an operation that is over, and frees its slot.
    #[inline(never)]
    pub(crate) fn take(&mut self, name: OpRef) -> Option<Outcome> {
        let op = self.slots.get_mut(name.slot as usize)?;
        if op.generation != name.generation || op.phase != Phase::Done {
            return None;
        }
        let Extra { hold, failure, mismatch, fault, .. } = std::mem::take(&mut op.extra);
        let outcome = Outcome { status: op.status(), sent: op.sent, hold, failure, mismatch, fault };
        self.release(name.slot);
        Some(outcome)
    }

    /// Frees a slot whose operation is over.
    #[inline]
    pub(crate) fn release(&mut self, slot: u32) {
        let op = &mut self.slots[slot as usize];
        op.phase = Phase::Free;
        op.generation = op.generation.wrapping_add(1);
        op.cancelled = false;
        if op.unusual {
            op.unusual = false;
            op.extra = Extra::default();
        }
        self.free.push(slot);
    }

    /// How many have not been asked for their outcome.
    pub(crate) fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many operations have bytes on their way; receives that no message has matched do not.
    pub(crate) fn moving(&self) -> usize {
        self.slots.iter().filter(|op| op.phase == Phase::Moving).count()
    }
}
