//! Leaders that wait for one another in a circle, so that none of them would ever hear of another group.
//!
//! To make an intercommunicator, each leader sends its *proposal* to the one that it names, and waits for that one's. A
//! proposal that comes from somebody else is no mistake yet: whoever got it may name that one in its next call. It is one
//! where a circle closes: A names B, who names C, who names A; or A names B, and B names A with another tag; or A names a
//! process that waits for its own leader, who names A. All of them are inside of calls that do not come back, and at
//! thread levels below `Multiple` nobody else makes the call that is missing.
//!
//! So whoever waits and holds a proposal that its call does not answer sends a *chase* to the one that it waits for. This
//! one hands it on, if it waits too and holds the proposal of who sent it, and each adds itself. Who finds itself in it
//! twice has found a circle, and refuses the proposal of who sent it. The refusal tells the whole chase, so that each who is
//! refused refuses who is before it in the circle. Whoever waits outside of the circle goes on to wait.
//!
//! Why two laps: one shows that each waits for the next, but at different times. Whoever the second lap finds in the same
//! call has been in it all the time, so that there was a moment at which all waited at once.
//!
//! While leaders name each other, nothing of this is sent: chases begin at proposals that wait.

use olympi_datatype::signature::UNCHECKED;
use olympi_matching::{Key, Pattern};
use olympi_transport_api::{Peer, RecvBuf};

use crate::context::{AGREEMENTS, Traffic, context};
use crate::create::ballot::{Ballot, Bridge, Stage};
use crate::create::vote::Verdict;
use crate::inbox::State;
use crate::op::OpRef;
use crate::recv::Growing;

/// Where votes cross from one group to another: the proposals of leaders, and refusals.
pub(super) const ACROSS: u32 = context(AGREEMENTS, Traffic::ANY_BUFFERS);
/// Where chases go.
const CHASES: u32 = context(AGREEMENTS, Traffic::Objects);

/// What a process that waits knows of circles.
#[derive(Default)]
pub(super) struct Watch {
    /// The proposals for which a chase was begun.
    chased: Vec<Key>,
    /// Those that were refused: of the same leader, another one may have come since.
    refused: Vec<Key>,
    /// A chase that is on its way in.
    coming: Option<OpRef>,
}

/// One who waits, as a chase tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Hop {
    peer: Peer,
    /// That of its proposal; negative for one who waits for its own leader.
    tag: i32,
    /// Tells its calls apart.
    call: u64,
    /// What is being done in its group.
    key: u64,
}

impl State {
    /// Looks for a circle that an agreement waits in.
    pub(super) fn watch(&mut self, ballot: &mut Ballot) {
        let Some(next) = self.awaited(ballot) else { return };
        let held = self.proposals();
        if held.iter().any(|key| !ballot.watch.chased.contains(key)) {
            ballot.watch.chased = held;
            self.chase(ballot, next, Vec::new());
        }
        while let Some(hops) = self.next_chase(ballot) {
            self.follow(ballot, next, hops);
        }
    }

    /// An agreement is over: refuses who waits for this process in the same circle, if it has ended for that.
    pub(super) fn end_watch(&mut self, ballot: &mut Ballot) {
        if ballot.verdict() == Verdict::Circular {
            let hops: Vec<_> = ballot.table.chunks_exact(HOP).map(Hop::decode).collect();
            let me = ballot.hop();
            // The last time, since the first one has nobody before it where this process has begun the chase.
            let before = hops.iter().rposition(|hop| *hop == me).and_then(|at| hops.get(at.checked_sub(1)?));
            if let Some(key) = before.and_then(Hop::proposal) {
                self.refuse_held(ballot, key, &hops);
            }
        }
        if let Some(op) = ballot.watch.coming.take() {
            drop(self.detach(op)); // It has no waker.
        }
    }

    /// Drops chases of earlier calls: those that concern the next one come after it has begun.
    pub(super) fn drop_chases(&mut self) {
        let stale = self.mail.contexts.queue(CHASES).filter(|queue| queue.unexpected_len() > 0);
        let stale = stale.map(|queue| queue.drain_unexpected(|_, _| true)).unwrap_or_default();
        self.discard(stale.into_iter().map(|(_, message)| message.arrival).collect());
    }

    /// This process leaves: it answers no proposal any more.
    pub(crate) fn refuse_proposals(&mut self) {
        for key in self.proposals() {
            let Some(me) = self.mail.contexts.find(ACROSS).map(|(all, _)| all.me()) else { return };
            let bridge = Bridge { peer: Peer(key.source), tag: key.tag, key: 0 };
            self.refuse(me, bridge, Verdict::Dead, &[]);
        }
    }

    /// Who alone can end the wait of an agreement, if this process does nothing else meanwhile.
    fn awaited(&self, ballot: &Ballot) -> Option<Peer> {
        if !ballot.motion.alone || ballot.told {
            return None;
        }
        let (peer, op) = match (ballot.stage, ballot.bridge, ballot.parent) {
            (Stage::Across, Some((bridge, op)), _) => (bridge.peer, op),
            (Stage::Down, None, Some((_, op))) => (ballot.motion.group.peer(0), op),
            _ => return None,
        };
        (!self.mail.ops.is_done(op)).then_some(peer)
    }

    /// The proposals that no call of this process has answered.
    fn proposals(&mut self) -> Vec<Key> {
        let mut held = Vec::new();
        if let Some(queue) = self.mail.contexts.queue(ACROSS)
            && queue.unexpected_len() > 0
        {
            let _none = queue.drain_unexpected(|key, _| {
                held.push(*key);
                false
            });
        }
        held
    }

    fn holds(&mut self, key: Key) -> bool {
        let pattern = Pattern { source: Some(key.source), tag: Some(key.tag) };
        self.mail.contexts.queue(ACROSS).is_some_and(|queue| queue.probe(pattern).is_some())
    }

    /// Sends a chase on, with this process in it.
    fn chase(&mut self, ballot: &Ballot, next: Peer, mut hops: Vec<Hop>) {
        hops.push(ballot.hop());
        let bytes = encode(&hops);
        // Who is gone ends the wait by that.
        let _ = self.send_bytes(CHASES, ballot.me(), next, 0, bytes);
    }

    /// A chase that has come.
    fn next_chase(&mut self, ballot: &mut Ballot) -> Option<Vec<Hop>> {
        loop {
            let op = if let Some(op) = ballot.watch.coming.take() {
                op
            } else {
                let (key, message) =
                    self.mail.contexts.queue(CHASES)?.take(Pattern { source: None, tag: None })?;
                let hold = Box::new(Growing::<u8>::default());
                let op = self.mail.ops.begin(CHASES, UNCHECKED, RecvBuf::empty(), Some(hold));
                self.claim(op, key, message);
                op
            };
            let Some(outcome) = self.mail.ops.take(op) else {
                ballot.watch.coming = Some(op);
                return None;
            };
            if let Ok((bytes, _)) = Growing::<u8>::finish(outcome, &ballot.motion.group) {
                return Some(bytes.chunks_exact(HOP).map(Hop::decode).collect());
            }
        }
    }

    /// Hands a chase on, or ends a circle.
    fn follow(&mut self, ballot: &mut Ballot, next: Peer, hops: Vec<Hop>) {
        let Some(last) = hops.last() else { return };
        let proposal = last.proposal();
        let waits_here = match proposal {
            Some(key) => self.holds(key) && !ballot.watch.refused.contains(&key),
            None => ballot.leads(last),
        };
        let me = ballot.hop();
        let met = || hops.iter().filter(|hop| hop.peer == me.peer);
        if !waits_here || met().any(|hop| *hop != me) {
            return; // It tells of what is over.
        }
        match proposal.filter(|_| met().count() > 1) {
            Some(key) => self.refuse_held(ballot, key, &hops),
            None => self.chase(ballot, next, hops),
        }
    }

    /// Tells a leader that it waits in vain, in this circle.
    fn refuse_held(&mut self, ballot: &mut Ballot, key: Key, hops: &[Hop]) {
        if !ballot.watch.refused.contains(&key) && self.holds(key) {
            ballot.watch.refused.push(key);
            let bridge = Bridge { peer: Peer(key.source), tag: key.tag, key: 0 };
            self.refuse(ballot.me(), bridge, Verdict::Circular, &encode(hops));
        }
    }
}

impl Ballot {
    fn me(&self) -> Peer {
        self.motion.group.peer(self.motion.me)
    }

    /// What a chase tells of this one.
    fn hop(&self) -> Hop {
        let tag = self.motion.bridge.map_or(-1, |bridge| bridge.tag);
        Hop { peer: self.me(), tag, call: self.op.number(), key: self.motion.key }
    }

    /// Whether this process leads one that waits for its leader.
    fn leads(&self, other: &Hop) -> bool {
        let Self { bridge, motion, .. } = self;
        bridge.is_some() && other.key == motion.key && motion.group.rank_of(other.peer).is_some()
    }
}

const HOP: usize = 24;

fn encode(hops: &[Hop]) -> Vec<u8> {
    hops.iter().flat_map(Hop::encode).collect()
}

impl Hop {
    fn proposal(&self) -> Option<Key> {
        (self.tag >= 0).then_some(Key { source: self.peer.0, tag: self.tag })
    }

    fn encode(&self) -> [u8; HOP] {
        let mut bytes = [0; HOP];
        bytes[..4].copy_from_slice(&self.peer.0.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.tag.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.call.to_le_bytes());
        bytes[16..].copy_from_slice(&self.key.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Self {
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
        };
        Self {
            peer: Peer(number(0..4) as u32),
            tag: number(4..8) as u32 as i32,
            call: number(8..16),
            key: number(16..24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_read_as_it_was_written() {
        for tag in [-1, 0, i32::MAX] {
            let hop = Hop { peer: Peer(70_000), tag, call: 1 << 40 | 7, key: 0xFEDC_BA98_7654_3210 };
            assert_eq!(Hop::decode(&hop.encode()), hop);
        }
    }
}
