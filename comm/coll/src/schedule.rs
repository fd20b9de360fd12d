//! A schedule: what one rank does in a collective, as a value.
//!
//! A schedule is a list of rounds. In a round all its sends and receives are under way at once; when all of them are
//! over, its copies and reductions run, in the order in which they were added; then the next round begins. So a copy or
//! a reduction may use what the same round has received, and a send what any earlier round has made.
//!
//! Ranks of one host may have a *board*, memory that all of them see. Schedules for a board show bytes on it and read what
//! others show, instead of sending and receiving; every rank has the same number of rounds then, even if it has nothing
//! to do in some of them. A round begins with what it shows; then it reads, copies and combines, strictly in the order in
//! which that was added.
//!
//! A schedule knows bytes, not elements: datatypes are packed before, and [`Step::Reduce`] is applied by whoever runs
//! it, to whole elements. It holds no buffers either: a [`Span`] names a part of one of three areas, so that one schedule
//! serves a blocking call, a non-blocking one, and every start of a persistent one.

use alloc::vec::Vec;

/// Whose memory a span lies in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Area {
    /// What the caller contributes; it is only read. In place there is none.
    Send,
    /// Where the caller's result goes; in place it holds the contribution too.
    Recv,
    /// The schedule's own memory, of [`Schedule::scratch`] bytes, which hold nothing at the beginning.
    Scratch,
}

/// A part of an area, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Whose memory.
    pub area: Area,
    /// The first byte.
    pub offset: usize,
    /// How many bytes.
    pub len: usize,
}

impl Span {
    /// No bytes: what a message that only says "now" carries.
    pub const EMPTY: Self = Self { area: Area::Scratch, offset: 0, len: 0 };

    /// A span.
    pub const fn new(area: Area, offset: usize, len: usize) -> Self {
        Self { area, offset, len }
    }

    /// The first bytes of the caller's contribution.
    pub const fn send(len: usize) -> Self {
        Self::new(Area::Send, 0, len)
    }

    /// The first bytes of the caller's result.
    pub const fn recv(len: usize) -> Self {
        Self::new(Area::Recv, 0, len)
    }

    /// The part of `len` bytes that begins `offset` bytes in.
    ///
    /// # Panics
    /// If it does not lie in this span: an algorithm is wrong.
    #[must_use]
    pub const fn part(self, offset: usize, len: usize) -> Self {
        assert!(offset <= self.len && len <= self.len - offset, "a part lies in its span");
        Self { area: self.area, offset: self.offset + offset, len }
    }
}

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Send these bytes to a rank.
    Send {
        /// The destination.
        to: u32,
        /// The bytes.
        from: Span,
    },
    /// Receive exactly so many bytes from a rank. What one rank sends another in one collective arrives in the order in
    /// which it was sent.
    Recv {
        /// The source.
        from: u32,
        /// Where they go.
        into: Span,
    },
    /// On a board: show these bytes to all, `at` bytes into what this rank shows in this round.
    Post {
        /// The bytes.
        from: Span,
        /// Where they lie in what is shown.
        at: usize,
    },
    /// On a board: copy what a rank shows in this round.
    Fetch {
        /// Whose.
        from: u32,
        /// Where it lies in what that rank shows.
        at: usize,
        /// Where it goes.
        into: Span,
        /// Whether that is all that the rank shows: anything else is an error then.
        whole: bool,
    },
    /// On a board: combine elements that a rank shows in this round with those of a span, as [`Step::Reduce`] does.
    Combine {
        /// Whose.
        from: u32,
        /// Where they lie in what that rank shows.
        at: usize,
        /// The other operand, and the result.
        into: Span,
        /// Which of them is the left one.
        order: Order,
        /// Whether that is all that the rank shows: anything else is an error then.
        whole: bool,
    },
    /// On a board: wait until a rank has come to this round.
    Await {
        /// For whom.
        from: u32,
    },
    /// Copy bytes within this rank. The spans have one length and do not overlap.
    Copy {
        /// The source.
        from: Span,
        /// The target.
        into: Span,
    },
    /// Combine elements within this rank: `into = from ∘ into` where `from` comes of lower ranks
    /// ([`Order::FromFirst`]), else `into = into ∘ from`. The spans have one length and do not overlap.
    Reduce {
        /// One operand.
        from: Span,
        /// The other, and the result.
        into: Span,
        /// Which of them is the left one; it matters to operations that do not commute.
        order: Order,
    },
}

/// Which operand of a reduction is the left one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `into = from ∘ into`
    FromFirst,
    /// `into = into ∘ from`
    IntoFirst,
}

/// What one rank does in a collective.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    steps: Vec<Step>,
    /// For each round where its steps end.
    ends: Vec<u32>,
    scratch: usize,
    board: bool,
}

/// The steps of a round.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// Sends and receives; on a board all steps: what is shown, and then the rest in this order.
    pub messages: &'a [Step],
    /// Copies and reductions, to be done after them, in this order.
    pub local: &'a [Step],
}

impl Schedule {
    /// How many rounds there are.
    pub fn rounds(&self) -> usize {
        self.ends.len()
    }

    /// A round, counted from 0.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn round(&self, at: usize) -> Round<'_> {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let steps = &self.steps[begin..self.ends[at] as usize];
        let messages =
            if self.board { steps.len() } else { steps.iter().take_while(|step| step.is_message()).count() };
        let (messages, local) = steps.split_at(messages);
        Round { messages, local }
    }

    /// Whether it is run on a board, instead of by messages.
    pub fn is_for_board(&self) -> bool {
        self.board
    }

    /// Bytes of its own memory that it needs.
    pub fn scratch(&self) -> usize {
        self.scratch
    }

    /// Bytes of memory that the schedule itself takes.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.steps.capacity() * size_of::<Step>()
            + self.ends.capacity() * size_of::<u32>()
    }
}

impl Step {
    /// Whether it is a send or a receive.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Send { .. } | Self::Recv { .. })
    }
}

/// A schedule that is being made.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    done: Schedule,
    /// The round that is being filled.
    messages: Vec<Step>,
    local: Vec<Step>,
}

impl Plan {
    /// A plan without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// A plan for a board.
    pub fn for_board() -> Self {
        Self { done: Schedule { board: true, ..Schedule::default() }, ..Self::default() }
    }

    /// Takes so many bytes of the schedule's own memory.
    pub fn scratch(&mut self, len: usize) -> Span {
        // Aligned, so that elements of any type may lie there.
        let offset = self.done.scratch.next_multiple_of(64);
        self.done.scratch = offset + len;
        Span::new(Area::Scratch, offset, len)
    }

    /// Sends in the current round.
    pub fn send(&mut self, to: u32, from: Span) {
        self.messages.push(Step::Send { to, from });
    }

    /// Receives in the current round.
    pub fn recv(&mut self, from: u32, into: Span) {
        self.messages.push(Step::Recv { from, into });
    }

    /// Sends data in the current round; of no bytes there is no message. Both sides must know the length.
    pub fn send_data(&mut self, to: u32, from: Span) {
        if from.len > 0 {
            self.send(to, from);
        }
    }

    /// Receives data in the current round; of no bytes there is no message. Both sides must know the length.
    pub fn recv_data(&mut self, from: u32, into: Span) {
        if into.len > 0 {
            self.recv(from, into);
        }
    }

    /// Shows bytes on the board in the current round.
    pub fn post(&mut self, from: Span, at: usize) {
        self.messages.push(Step::Post { from, at });
    }

    /// As [`post`](Self::post), before anything else of the round, whatever was added already.
    pub fn show_first(&mut self, from: Span, at: usize) {
        let shown = self.messages.iter().take_while(|step| matches!(step, Step::Post { .. })).count();
        self.messages.insert(shown, Step::Post { from, at });
    }

    /// Copies a part of what a rank shows in the current round.
    pub fn fetch(&mut self, from: u32, at: usize, into: Span) {
        self.messages.push(Step::Fetch { from, at, into, whole: false });
    }

    /// Copies all that a rank shows in the current round.
    pub fn fetch_all(&mut self, from: u32, into: Span) {
        self.messages.push(Step::Fetch { from, at: 0, into, whole: true });
    }

    /// Combines a part of what a rank shows in the current round.
    pub fn combine(&mut self, from: u32, at: usize, into: Span, order: Order) {
        self.messages.push(Step::Combine { from, at, into, order, whole: false });
    }

    /// Combines all that a rank shows in the current round.
    pub fn combine_all(&mut self, from: u32, into: Span, order: Order) {
        self.messages.push(Step::Combine { from, at: 0, into, order, whole: true });
    }

    /// Waits in the current round until a rank has come to it.
    pub fn wait_for(&mut self, from: u32) {
        self.messages.push(Step::Await { from });
    }

    /// Copies at the end of the current round; of nothing, or onto itself, there is nothing to do.
    pub fn copy(&mut self, from: Span, into: Span) {
        debug_assert_eq!(from.len, into.len, "a copy keeps the length");
        if from.len > 0 && from != into {
            self.add_local(Step::Copy { from, into });
        }
    }

    /// Reduces at the end of the current round.
    pub fn reduce(&mut self, from: Span, into: Span, order: Order) {
        debug_assert_eq!(from.len, into.len, "a reduction keeps the length");
        if from.len > 0 {
            self.add_local(Step::Reduce { from, into, order });
        }
    }

    fn add_local(&mut self, step: Step) {
        // On a board order is all.
        if self.done.board { self.messages.push(step) } else { self.local.push(step) }
    }

    /// Ends the round, if it has any steps.
    pub fn next_round(&mut self) {
        if !self.messages.is_empty() || !self.local.is_empty() {
            self.end_round();
        }
    }

    /// Ends the round, whether it has any steps or not: on a board, where rounds are counted.
    pub fn end_round(&mut self) {
        self.done.steps.append(&mut self.messages);
        self.done.steps.append(&mut self.local);
        // A schedule of 2^32 steps would not fit any memory.
        self.done.ends.push(self.done.steps.len() as u32);
    }

    /// Ends the current round, and with it the plan.
    #[must_use]
    pub fn finish(mut self) -> Schedule {
        self.next_round();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_its_messages_first_and_empty_rounds_are_none() {
        let mut plan = Plan::new();
        plan.next_round();
        plan.copy(Span::send(8), Span::recv(8));
        plan.send(1, Span::send(8));
        plan.next_round();
        plan.next_round();
        let scratch = plan.scratch(3);
        assert_eq!(plan.scratch(1).offset, 64);
        plan.recv(2, scratch);
        let schedule = plan.finish();
        assert_eq!((schedule.rounds(), schedule.scratch()), (2, 65));
        assert_eq!(schedule.round(0).messages, [Step::Send { to: 1, from: Span::send(8) }]);
        assert_eq!(schedule.round(0).local, [Step::Copy { from: Span::send(8), into: Span::recv(8) }]);
        assert_eq!(schedule.round(1).messages, [Step::Recv { from: 2, into: scratch }]);
        assert!(schedule.round(1).local.is_empty());
    }
}
