//! How processes agree on a new communicator's number, and tell one another what they bring.
//!
//! Each proposes a number that is free at itself and votes; the votes are combined up a binomial tree and the result goes
//! down again: `2 ceil(log2 n)` messages deep, `2(n-1)` messages in all. Usually all propose the same number, since it is
//! computed from what they have in common. Where it is in use at one of them, or they differ, all compute the next from
//! the highest that was proposed, and vote again. So there is no counter that all processes share, and several
//! agreements of one process, begun in any order, do not wait for each other.
//!
//! With the votes travels a table: an entry of each member, all of the same length (the colours of a split). A subtree of
//! a binomial tree is a run of ranks, so that entries need no names.
//!
//! Whatever fails, each member sends the messages that others wait for, and its vote tells why: a member that dies ends
//! the creation at all others with an error that names it, and nobody hangs. Where it dies after it has handed on the
//! votes, those below it in the tree may get the error and all others the communicator, as in any agreement among processes
//! that may die; [`CreateError`](crate::CreateError) tells users what holds then. To ask someone else for the result would
//! need results that are remembered without an end, and it would still be lost with member 0.
//!
//! Two groups that do not know each other yet make an intercommunicator by one agreement each, which are bridged: when all
//! votes of a group have come to its first member, that one swaps them for those of the other group's first member, tables
//! included, and only then does the result go down. Both count the same votes, and so come to the same end.
//!
//! All this happens in [`State::advance_ballots`] after polls that brought something, so that a creation goes on while
//! its process waits for something else.

use std::any::Any;
use std::collections::VecDeque;

use olympi_datatype::signature::UNCHECKED;
use olympi_matching::Pattern;
use olympi_transport::{Mode, SendId, Sent};
use olympi_transport_api::{Envelope, Peer, RecvBuf};

use crate::context::{AGREEMENTS, FIRST, Traffic, candidate, context};
use crate::create::circle::{ACROSS, Watch};
use crate::create::vote::{HEADER, Verdict, Vote};
use crate::error::RecvError;
use crate::group::Group;
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome, Phase};
use crate::recv::{Growing, Owned, lend_const};

/// Where all this happens inside a group.
const CONTEXT: u32 = context(AGREEMENTS, Traffic::Collective);

/// What is voted on.
pub(crate) struct Motion {
    /// The members.
    pub(crate) group: Group,
    /// Which of them this process is.
    pub(crate) me: u32,
    /// By which messages of this agreement are told from those of others.
    pub(crate) tag: i32,
    /// What is being done, in all respects in which the members must not differ.
    pub(crate) key: u64,
    /// What the proposed numbers are computed from.
    pub(crate) seed: u64,
    /// What this process tells the others.
    pub(crate) entry: Vec<u8>,
    /// Whether it takes part at all, rather than call off the creation.
    pub(crate) valid: bool,
    /// Where member 0 asks another group.
    pub(crate) bridge: Option<Bridge>,
    /// Member 0 asks another group, and this process makes no other call before that has answered.
    pub(crate) alone: bool,
}

/// The way to another group, whose agreement is to come to the same result.
#[derive(Clone, Copy)]
pub(crate) struct Bridge {
    /// Its first member.
    pub(crate) peer: Peer,
    /// By which the messages that cross are told from others.
    pub(crate) tag: i32,
    /// What is being done, in what both groups know.
    pub(crate) key: u64,
}

/// An agreement, seen from one member.
pub(crate) struct Ballot {
    pub(super) motion: Motion,
    /// What the creation's request waits for.
    pub(super) op: OpRef,
    number: u32,
    /// The number was free here, and is reserved.
    reserved: bool,
    /// All votes that are counted so far.
    vote: Vote,
    /// The entries of this subtree, later of all.
    pub(super) table: Vec<u8>,
    /// There was a round before, which has brought the table.
    pub(super) told: bool,
    /// Votes that are still to come from below, in the order of ranks.
    children: VecDeque<(Peer, OpRef)>,
    /// The result, which is to come from above.
    pub(super) parent: Option<(Peer, OpRef)>,
    /// The votes of another group.
    pub(super) bridge: Option<(Bridge, OpRef)>,
    pub(super) stage: Stage,
    /// Whether all this waits in vain.
    pub(super) watch: Watch,
    /// Why a member is gone, as far as this process knows.
    detail: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Up,
    Across,
    Down,
    Over,
}

/// What came of it.
pub(crate) struct Conclusion {
    pub(crate) verdict: Verdict,
    /// The number that was agreed on; it is reserved until the communicator is enrolled, or retired.
    pub(crate) number: u32,
    pub(crate) table: Vec<u8>,
    pub(crate) culprit: Peer,
    pub(crate) detail: Option<String>,
}

impl Hold for Conclusion {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // It is no buffer.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Conclusion {
    /// That of an operation that is over.
    pub(crate) fn of(outcome: Outcome) -> Self {
        let hold = outcome.hold.and_then(|hold| hold.into_any().downcast::<Self>().ok());
        *hold.unwrap_or_else(|| unreachable!("an agreement ends with a conclusion"))
    }
}

impl State {
    /// Begins an agreement. The operation that it gives ends with a [`Conclusion`].
    pub(crate) fn propose(&mut self, motion: Motion) -> OpRef {
        let op = self.mail.ops.begin(CONTEXT, UNCHECKED, RecvBuf::empty(), None);
        let slot = self.mail.ops.at(op.slot);
        // Like a receive that waits: it does not keep a process from leaving, and it cannot be cancelled.
        (slot.phase, slot.token, slot.unusual) = (Phase::Posted, None, true);
        let number = candidate(motion.seed);
        let mut ballot = Ballot {
            op,
            number,
            reserved: false,
            vote: Vote {
                key: motion.key,
                verdict: Verdict::Agreed,
                highest: number,
                lowest: number,
                culprit: motion.group.peer(motion.me),
            },
            table: motion.entry.clone(),
            told: false,
            children: VecDeque::new(),
            parent: None,
            bridge: None,
            stage: Stage::Up,
            watch: Watch::default(),
            detail: None,
            motion,
        };
        self.drop_chases();
        self.open(&mut ballot);
        self.move_on(&mut ballot);
        self.watch(&mut ballot);
        if ballot.stage != Stage::Over {
            self.mail.ballots.push(ballot);
        }
        op
    }

    /// Moves all agreements on.
    pub(crate) fn advance_ballots(&mut self) {
        let mut ballots = std::mem::take(&mut self.mail.ballots);
        for ballot in &mut ballots {
            self.move_on(ballot);
            self.watch(ballot);
        }
        ballots.retain(|ballot| ballot.stage != Stage::Over);
        self.mail.ballots = ballots;
    }

    /// A request that nobody waited for had this: a number that was agreed on will have no communicator here.
    pub(crate) fn forget_ballot(&mut self, hold: Option<Box<dyn Hold>>) {
        if let Some(hold) = hold
            && let Ok(conclusion) = hold.into_any().downcast::<Conclusion>()
            && conclusion.verdict == Verdict::Agreed
        {
            self.retire(conclusion.number);
        }
    }

    /// Begins a round: votes, and asks for what will come.
    fn open(&mut self, ballot: &mut Ballot) {
        ballot.stage = Stage::Up;
        ballot.reserved = self.mail.contexts.reserve(ballot.number);
        ballot.vote.verdict = match (ballot.motion.valid, ballot.reserved) {
            (false, _) => Verdict::CalledOff,
            (true, false) => Verdict::Taken,
            (true, true) => Verdict::Agreed,
        };
        (ballot.vote.highest, ballot.vote.lowest) = (ballot.number, ballot.number);
        let Motion { group, me, tag, bridge, .. } = &ballot.motion;
        ballot.bridge = bridge.map(|bridge| (bridge, self.await_vote(ACROSS, bridge.peer, bridge.tag)));
        for child in children(*me, group.len()) {
            let peer = group.peer(child);
            ballot.children.push_back((peer, self.await_vote(CONTEXT, peer, *tag)));
        }
        ballot.parent = parent(*me).map(|parent| {
            let peer = group.peer(parent);
            (peer, self.await_vote(CONTEXT, peer, *tag))
        });
    }

    fn await_vote(&mut self, context: u32, peer: Peer, tag: i32) -> OpRef {
        let pattern = Pattern { source: Some(peer.0), tag: Some(tag) };
        let hold = Box::new(Growing::<u8>::default());
        self.post(context, UNCHECKED, pattern, RecvBuf::empty(), Some(hold))
    }

    /// Moves an agreement on as far as it goes.
    fn move_on(&mut self, ballot: &mut Ballot) {
        loop {
            match ballot.stage {
                Stage::Over => return,
                Stage::Up => {
                    while let Some(&(peer, op)) = ballot.children.front() {
                        let Some(outcome) = self.mail.ops.take(op) else { return };
                        ballot.children.pop_front();
                        let entries = ballot.count(peer, outcome, ballot.motion.key);
                        if !ballot.told {
                            ballot.table.extend(entries);
                        }
                    }
                    if let Some((peer, op)) = ballot.parent
                        && let Err(detail) = self.send_vote(ballot, peer)
                    {
                        self.give_up(op);
                        ballot.parent = None;
                        ballot.miss(peer, detail);
                    }
                    if let Some((bridge, op)) = ballot.bridge
                        && let Err(detail) = self.send_across(ballot, bridge)
                    {
                        self.give_up(op);
                        ballot.bridge = None;
                        ballot.miss(bridge.peer, detail);
                    }
                    ballot.stage = Stage::Across;
                }
                Stage::Across => {
                    if let Some((bridge, op)) = ballot.bridge {
                        let Some(outcome) = self.mail.ops.take(op) else { return };
                        ballot.bridge = None;
                        let entries = ballot.count(bridge.peer, outcome, bridge.key);
                        if ballot.vote.verdict == Verdict::Circular {
                            ballot.table = entries; // What the circle is.
                        } else if !ballot.told {
                            ballot.table.extend(entries);
                        }
                    }
                    ballot.stage = Stage::Down;
                }
                Stage::Down => {
                    if let Some((peer, op)) = ballot.parent {
                        let Some(outcome) = self.mail.ops.take(op) else { return };
                        ballot.parent = None;
                        let entries = ballot.count(peer, outcome, ballot.motion.key);
                        if !ballot.told {
                            ballot.table = entries;
                        }
                    }
                    let Motion { group, me, .. } = &ballot.motion;
                    for child in children(*me, group.len()) {
                        // One that cannot be reached finds out by itself.
                        let _ = self.send_vote(ballot, group.peer(child));
                    }
                    self.close(ballot);
                }
            }
        }
    }

    /// Nothing will come from where nothing can be sent to.
    fn give_up(&mut self, op: OpRef) {
        self.cancel(op);
        drop(self.mail.ops.take(op));
    }

    /// Sends what is counted, and the table unless it is known.
    fn send_vote(&mut self, ballot: &Ballot, to: Peer) -> Result<(), String> {
        self.send_ballot(CONTEXT, ballot, ballot.vote, to, ballot.motion.tag)
    }

    /// The same to another group.
    fn send_across(&mut self, ballot: &Ballot, bridge: Bridge) -> Result<(), String> {
        let vote = Vote { key: bridge.key, ..ballot.vote };
        self.send_ballot(ACROSS, ballot, vote, bridge.peer, bridge.tag)
    }

    fn send_ballot(
        &mut self,
        context: u32,
        ballot: &Ballot,
        vote: Vote,
        to: Peer,
        tag: i32,
    ) -> Result<(), String> {
        let mut bytes = vote.encode().to_vec();
        if !ballot.told {
            bytes.extend(&ballot.table);
        }
        let Motion { group, me, .. } = &ballot.motion;
        self.send_bytes(context, group.peer(*me), to, tag, bytes).map(drop)
    }

    /// Tells another group, which waits for this process's vote, that none of its own will make a communicator with it.
    pub(super) fn refuse(&mut self, me: Peer, bridge: Bridge, verdict: Verdict, table: &[u8]) {
        let Bridge { peer, tag, key } = bridge;
        let vote = Vote { key, verdict, highest: FIRST, lowest: FIRST, culprit: me };
        let bytes = [&vote.encode()[..], table].concat();
        if self.send_bytes(ACROSS, me, peer, tag, bytes).is_err() {
            return; // It has its reasons by then.
        }
        // The other's vote, if there is one, must not wait for the next call.
        let op = self.await_vote(ACROSS, peer, tag);
        if self.mail.ops.take(op).is_none() {
            let op = self.mail.ops.at(op.slot);
            (op.unusual, op.extra.detached) = (true, true);
        }
    }

    /// Sends bytes that belong to the operation until they are sent; those that are at once are given back.
    pub(crate) fn send_bytes(
        &mut self,
        context: u32,
        me: Peer,
        to: Peer,
        tag: i32,
        bytes: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, String> {
        let (source, len) = (me.0, bytes.len() as u64);
        let envelope = Envelope { context, source, tag, signature: UNCHECKED, len };
        let buf = lend_const(&bytes);
        match self.progress.send(to, &envelope, Mode::Standard, buf, SendId(self.mail.ops.next())) {
            Ok(Sent::Done) => Ok(Some(bytes)),
            Ok(Sent::Pending) => {
                // From here on the vector belongs to the operation; its memory stays where it is.
                let hold = Some(Box::new(Owned(bytes)) as Box<dyn Hold>);
                let op = self.mail.ops.begin(context, UNCHECKED, RecvBuf::empty(), hold);
                let op = self.mail.ops.at(op.slot);
                (op.unusual, op.extra.detached) = (true, true);
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// All is counted: ends the agreement, or begins the next round.
    fn close(&mut self, ballot: &mut Ballot) {
        let Vote { mut verdict, highest, lowest, culprit, .. } = ballot.vote;
        if verdict == Verdict::Agreed && highest != lowest {
            verdict = Verdict::Taken;
        }
        if verdict == Verdict::Taken {
            if ballot.reserved {
                self.mail.contexts.release(ballot.number);
            }
            ballot.told = true;
            ballot.number = candidate(u64::from(highest));
            return self.open(ballot);
        }
        ballot.stage = Stage::Over;
        self.end_watch(ballot);
        let detached = self.mail.ops.at(ballot.op.slot).extra.detached;
        // A number that has no communicator here may have one at others that think better of it.
        if (verdict != Verdict::Agreed || detached) && ballot.reserved {
            self.retire(ballot.number);
        }
        let (table, detail) = (std::mem::take(&mut ballot.table), ballot.detail.take());
        let conclusion = Conclusion { verdict, number: ballot.number, table, culprit, detail };
        self.mail.ops.at(ballot.op.slot).extra.hold = Some(Box::new(conclusion));
        self.mail.end(ballot.op.slot, None);
    }
}

impl Ballot {
    /// How it stands.
    pub(super) fn verdict(&self) -> Verdict {
        self.vote.verdict
    }

    /// Counts what has come from a member, or from another group, by the key that it should have; and gives the entries that came with it.
    fn count(&mut self, from: Peer, outcome: Outcome, key: u64) -> Vec<u8> {
        match Growing::<u8>::finish(outcome, &self.motion.group) {
            Ok((mut bytes, _)) => {
                let nonsense = Vote { verdict: Verdict::Confused, culprit: from, ..self.vote };
                let mut vote = Vote::decode(&bytes).map_or(nonsense, |(vote, _)| vote);
                if vote.key == key {
                    vote.key = self.vote.key;
                }
                self.vote.merge(&vote);
                bytes.split_off(HEADER.min(bytes.len()))
            }
            Err(RecvError::PeerGone { detail, .. }) => {
                self.miss(from, detail);
                Vec::new()
            }
            Err(error) => {
                self.miss(from, error.to_string());
                Vec::new()
            }
        }
    }

    /// A member does not answer.
    fn miss(&mut self, peer: Peer, detail: String) {
        if self.vote.verdict < Verdict::Dead {
            (self.vote.verdict, self.vote.culprit, self.detail) = (Verdict::Dead, peer, Some(detail));
        }
    }
}

/// Whom a member hands its votes to, in a binomial tree whose root is member 0.
fn parent(member: u32) -> Option<u32> {
    (member > 0).then(|| member & (member - 1))
}

/// Who hands theirs to it, in ascending order: each with a subtree that ends where the next one's begins.
fn children(member: u32, size: u32) -> impl Iterator<Item = u32> {
    let steps = if member == 0 { u32::BITS - 1 } else { member.trailing_zeros() };
    (0..steps).map(move |bit| member + (1 << bit)).take_while(move |&child| child < size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_one_and_its_subtrees_are_runs_of_ranks() {
        /// The members below and including this one, in the order in which their entries are joined.
        fn subtree(member: u32, size: u32) -> Vec<u32> {
            let below = children(member, size).flat_map(|child| {
                assert_eq!(parent(child), Some(member));
                subtree(child, size)
            });
            std::iter::once(member).chain(below).collect()
        }
        for size in 1..70 {
            assert_eq!(subtree(0, size), (0..size).collect::<Vec<_>>());
        }
    }
}
