//! What the two sides of a partitioned operation know of one another, and the receives that follow from it.
//!
//! The sender announces its terms; the receiver needs them to post its receives, and may be inside any other call when
//! they come. So receiving partitions is a matter of the state behind the door: [`State::poll`] sees to those that have
//! been started and wait for their terms.

use std::collections::HashMap;

use olympi_matching::Pattern;
use olympi_transport_api::{Peer, RecvBuf};

use super::PARTITIONS_MAX;
use crate::inbox::State;
use crate::op::{Gone, Hold, OpRef, Outcome};
use crate::recv::Owned;

/// What a sender announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The size of the whole.
    pub(crate) bytes: u64,
    /// Into how many equal partitions the sender divides it.
    pub(crate) partitions: u32,
    /// The tag of the first partition's messages; the next one's is one more.
    pub(crate) first: u32,
}

/// The length of an announcement.
const ANNOUNCEMENT: usize = 16;
/// How many tags there are.
const TAGS: u32 = 1 << 31;

impl Terms {
    /// As bytes: three little-endian numbers.
    pub(crate) fn encode(&self) -> [u8; ANNOUNCEMENT] {
        let mut bytes = [0; ANNOUNCEMENT];
        bytes[..8].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.partitions.to_le_bytes());
        bytes[12..].copy_from_slice(&self.first.to_le_bytes());
        bytes
    }

    /// Back from bytes, if they make sense.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, rest) = bytes.split_first_chunk::<8>()?;
        let (partitions, rest) = rest.split_first_chunk::<4>()?;
        let terms = Self {
            bytes: u64::from_le_bytes(*bytes),
            partitions: u32::from_le_bytes(*partitions),
            first: u32::from_le_bytes(rest.try_into().ok()?),
        };
        let sound = (1..=PARTITIONS_MAX as u32).contains(&terms.partitions)
            && terms.bytes.is_multiple_of(u64::from(terms.partitions))
            && terms.first <= TAGS - terms.partitions;
        sound.then_some(terms)
    }

    /// The size of a partition of the sender's.
    fn each(&self) -> u64 {
        self.bytes / u64::from(self.partitions)
    }
}

/// Where the two sides stand.
#[derive(Debug)]
enum Agreement {
    /// The announcement is awaited by this receive.
    Awaited(OpRef),
    /// It has come; and of what the sender's elements are, and the receiver's, where these do not agree.
    Terms(Terms, Option<(u8, u8)>),
    /// It makes no sense.
    Unknown,
    /// The sender is gone.
    Gone(Box<Gone>),
}

/// Why a round of a partitioned receive did not end well.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The sender is gone.
    Gone(Box<Gone>),
    /// The classes of what is sent, and of what was asked for.
    Type(u8, u8),
    /// The sender's size.
    Size(u64),
    /// The sender gave up before this partition of its own was ready.
    Abandoned(usize),
    /// The announcement makes no sense.
    Unknown,
}

/// A partitioned receive.
struct Incoming {
    /// Where the partitions are matched.
    context: u32,
    signature: u8,
    source: u32,
    agreement: Agreement,
    /// All of the buffer; of a receive that was started.
    landing: RecvBuf,
    /// The receives of this round, by the sender's partitions; so many of the first are known to be over.
    messages: Vec<OpRef>,
    over: usize,
}

/// What lies behind the door of all partitioned operations.
#[derive(Default)]
pub(crate) struct Agreements {
    entries: Vec<Option<Incoming>>,
    free: Vec<u32>,
    /// Those that were started and wait for their announcement.
    awaited: Vec<u32>,
    /// The next tag for a context's partitions to a peer.
    next_tag: HashMap<(u32, Peer), u32>,
}

impl Agreements {
    /// Tags for so many partitions, used again as late as can be.
    pub(crate) fn tags(&mut self, context: u32, peer: Peer, partitions: u32) -> u32 {
        let next = self.next_tag.entry((context, peer)).or_default();
        let first = if *next > TAGS - partitions { 0 } else { *next };
        *next = first + partitions;
        first
    }

    /// Whether [`State::agree`] has something to do.
    #[inline]
    pub(crate) fn are_awaited(&self) -> bool {
        !self.awaited.is_empty()
    }

    fn at(&mut self, entry: u32) -> &mut Incoming {
        self.entries[entry as usize].as_mut().expect("an entry lives as long as its request")
    }
}

impl State {
    /// A partitioned receive was set up: awaits the announcement, in the order of these calls.
    pub(crate) fn expect_partitions(
        &mut self,
        context: u32,
        agreements: u32,
        signature: u8,
        pattern: Pattern,
    ) -> u32 {
        let hold: Box<dyn Hold> = Box::new(Owned(vec![0_u8; ANNOUNCEMENT]));
        let announcement = self.post(agreements, signature, pattern, RecvBuf::empty(), Some(hold));
        let incoming = Incoming {
            context,
            signature,
            source: pattern.source.unwrap_or_default(),
            agreement: Agreement::Awaited(announcement),
            landing: RecvBuf::empty(),
            messages: Vec::new(),
            over: 0,
        };
        let Agreements { entries, free, .. } = &mut self.mail.agreements;
        let entry = free.pop().unwrap_or(entries.len() as u32);
        if entry as usize == entries.len() {
            entries.push(None);
        }
        entries[entry as usize] = Some(incoming);
        entry
    }

    /// A round begins: its partitions go into `landing`.
    pub(crate) fn start_partitions(&mut self, entry: u32, landing: RecvBuf) {
        self.mail.agreements.at(entry).landing = landing;
        if !self.post_partitions(entry) {
            self.mail.agreements.awaited.push(entry);
        }
    }

    /// Looks whether announcements have come that are waited for, and posts what follows from them.
    #[cold]
    #[inline(never)]
    pub(crate) fn agree(&mut self) {
        let mut awaited = std::mem::take(&mut self.mail.agreements.awaited);
        awaited.retain(|&entry| !self.post_partitions(entry));
        self.mail.agreements.awaited = awaited;
    }

    /// Posts the receives of a round, as far as there are any to be posted; `false`: the terms are not known yet.
    fn post_partitions(&mut self, entry: u32) -> bool {
        let incoming = self.mail.agreements.at(entry);
        let (context, signature, source) = (incoming.context, incoming.signature, incoming.source);
        if let Agreement::Awaited(announcement) = incoming.agreement {
            let Some(outcome) = self.mail.ops.take(announcement) else { return false };
            self.mail.agreements.at(entry).agreement = Agreement::of(outcome);
        }
        let incoming = self.mail.agreements.at(entry);
        let Agreement::Terms(terms, mismatch) = incoming.agreement else { return true };
        // What is of another type is received all the same, to nowhere, since its sender waits for that.
        let landing = if mismatch.is_none() { incoming.landing } else { RecvBuf::empty() };
        let mut messages = std::mem::take(&mut incoming.messages);
        let each = usize::try_from(terms.each()).unwrap_or(usize::MAX);
        for partition in 0..terms.partitions {
            // Where the sizes differ, a place that is not there is one of no bytes.
            let place = landing.part(each.saturating_mul(partition as usize), each);
            let pattern = Pattern { source: Some(source), tag: Some((terms.first + partition) as i32) };
            messages.push(self.post(context, signature, pattern, place, None));
        }
        self.mail.agreements.at(entry).messages = messages;
        true
    }

    /// Whether a partition has arrived in this round: one of `partitions`, as the receiver counts.
    pub(crate) fn has_arrived(
        &mut self,
        entry: u32,
        partition: usize,
        partitions: usize,
    ) -> Result<bool, Fault> {
        let incoming = self.mail.agreements.entries[entry as usize].as_ref().expect("its request lives");
        incoming.agreed()?;
        let Agreement::Terms(terms, _) = incoming.agreement else { return Ok(false) };
        // Both sides divide the same whole, so that a partition here shares bytes with these of the sender's.
        let theirs = terms.partitions as usize;
        let (first, end) = (partition * theirs / partitions, ((partition + 1) * theirs).div_ceil(partitions));
        for (message, theirs) in incoming.messages[first..end].iter().zip(first..) {
            match self.mail.ops.find(*message) {
                Some(op) if op.is_over() => {
                    let bytes = op.sent;
                    check(bytes, op.extra.failure.clone(), &terms, theirs)?;
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether a round is over, well or not.
    pub(crate) fn are_partitions_over(&mut self, entry: u32) -> bool {
        let incoming = self.mail.agreements.at(entry);
        match incoming.agreement {
            Agreement::Awaited(_) => false,
            Agreement::Unknown | Agreement::Gone(_) => true,
            Agreement::Terms(..) => {
                let rest = &incoming.messages[incoming.over..];
                let (all, ops) = (rest.len(), &self.mail.ops);
                let over = rest.iter().take_while(|message| ops.is_done(**message)).count();
                self.mail.agreements.at(entry).over += over;
                over == all
            }
        }
    }

    /// Takes what came of a round that is over.
    pub(crate) fn end_partitions(&mut self, entry: u32) -> Result<(), Fault> {
        let incoming = self.mail.agreements.at(entry);
        let mut result = incoming.agreed();
        incoming.over = 0;
        let Agreement::Terms(terms, _) = incoming.agreement else { return result };
        let mut messages = std::mem::take(&mut incoming.messages);
        for (partition, message) in messages.drain(..).enumerate() {
            if let Some(outcome) = self.mail.ops.take(message) {
                result = result.and_then(|()| check(outcome.sent, outcome.failure, &terms, partition));
            }
        }
        self.mail.agreements.at(entry).messages = messages; // Its room serves the next round.
        result
    }

    /// The request is dropped. What is on its way keeps the buffer by a share of its own, the rest is withdrawn.
    pub(crate) fn forget_partitions(&mut self, entry: u32, mut share: impl FnMut() -> Box<dyn Hold>) {
        let agreements = &mut self.mail.agreements;
        let Some(incoming) = agreements.entries[entry as usize].take() else { return };
        agreements.free.push(entry);
        agreements.awaited.retain(|&other| other != entry);
        if let Agreement::Awaited(announcement) = incoming.agreement {
            // Not withdrawn: the announcement that it would get must not go to the next receive.
            if self.mail.ops.take(announcement).is_none()
                && let Some(op) = self.mail.ops.find(announcement)
            {
                op.unusual = true;
                op.extra.detached = true;
            }
        }
        for message in incoming.messages {
            if let Some(op) = self.mail.ops.find(message) {
                op.unusual = true;
                op.extra.hold = Some(share());
            }
            drop(self.detach(message)); // Nobody polls it as a task, so that there is no waker.
        }
    }
}

impl Incoming {
    /// Whether the two sides agree, as far as this is known.
    fn agreed(&self) -> Result<(), Fault> {
        match &self.agreement {
            Agreement::Gone(gone) => Err(Fault::Gone(gone.clone())),
            Agreement::Unknown => Err(Fault::Unknown),
            Agreement::Terms(_, Some((sent, expected))) => Err(Fault::Type(*sent, *expected)),
            Agreement::Terms(terms, None) if terms.bytes != self.landing.len() as u64 => {
                Err(Fault::Size(terms.bytes))
            }
            _ => Ok(()),
        }
    }
}

impl Agreement {
    /// What came of the receive of an announcement.
    fn of(mut outcome: Outcome) -> Self {
        if let Some(gone) = outcome.failure {
            return Self::Gone(gone);
        }
        let sent = outcome.sent;
        let bytes = Owned::<u8>::back(&mut outcome);
        match Terms::decode(&bytes) {
            Some(terms) if sent == ANNOUNCEMENT => Self::Terms(terms, outcome.mismatch),
            _ => Self::Unknown,
        }
    }
}

/// Whether a message that is over brought the whole partition.
fn check(sent: usize, failure: Option<Box<Gone>>, terms: &Terms, partition: usize) -> Result<(), Fault> {
    match failure {
        Some(gone) => Err(Fault::Gone(gone)),
        None if sent as u64 != terms.each() => Err(Fault::Abandoned(partition)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_from_bytes_and_others_do_not() {
        let terms = Terms { bytes: 48, partitions: 3, first: 1_000_000 };
        assert_eq!(Terms::decode(&terms.encode()), Some(terms));
        let no_terms = [
            Terms { partitions: 0, ..terms },
            Terms { partitions: 5, ..terms },
            Terms { bytes: 0, partitions: u32::MAX, ..terms },
            Terms { first: TAGS - 2, ..terms },
            Terms { first: u32::MAX, ..terms },
        ];
        for wrong in no_terms {
            assert_eq!(Terms::decode(&wrong.encode()), None, "{wrong:?}");
        }
        assert_eq!(Terms::decode(&terms.encode()[..15]), None);
    }

    #[test]
    fn tags_of_one_peer_do_not_meet_and_begin_anew_at_the_end() {
        let mut agreements = Agreements::default();
        assert_eq!([3, 5].map(|n| agreements.tags(3, Peer(1), n)), [0, 3]);
        assert_eq!([(3, Peer(2)), (7, Peer(1))].map(|(c, p)| agreements.tags(c, p, 9)), [0, 0]);
        agreements.next_tag.insert((3, Peer(1)), TAGS - 4);
        assert_eq!([4, 4].map(|n| agreements.tags(3, Peer(1), n)), [TAGS - 4, 0]);
    }
}
