//! A communicator's seat at a board, and the collectives that wait for their turn there.
//!
//! A board's steps are numbered, so collectives run on it one after the other, in the order in which they were called,
//! which is the same at all members (MPI 5.0, section 6.14). A blocking call takes the board out and runs on it at once; a
//! persistent one joins the queue, and `poll` goes on with its head. Non-blocking ones go by messages, in an order of their
//! own (`running.rs`).

use std::collections::VecDeque;

use olympi_transport::{Awaited, Board};

use crate::collective::strokes::{Living, Strokes};
use crate::group::Group;
use crate::inbox::State;

/// Blocking collectives that go by messages before a communicator gets a board: what is called only once or twice, on
/// communicators that live briefly, is not worth one.
const BEFORE: u32 = 2;

/// A communicator's board, if it has one.
#[derive(Default)]
pub(crate) struct Seat {
    pub(crate) standing: Standing,
    /// The board's next step.
    pub(crate) next: u64,
    pub(crate) queue: VecDeque<Queued>,
}

#[derive(Default)]
pub(crate) enum Standing {
    /// Nobody has asked for a board; so many blocking collectives there were.
    #[default]
    New,
    Called(u32),
    /// There is none, and will be none.
    Refused,
    Present(Box<Board>),
    /// A blocking call has it.
    Out,
}

/// A collective in the queue, and the slot of its operation.
pub(crate) struct Queued {
    pub(crate) strokes: Strokes,
    pub(crate) slot: u32,
    pub(crate) group: Group,
}

impl Seat {
    /// Bytes of a cell of the board, if there is one.
    #[inline]
    pub(crate) fn cell(&self) -> Option<usize> {
        match &self.standing {
            Standing::Present(board) => Some(board.cell()),
            _ => None,
        }
    }

    /// Counts a blocking collective; whether it is time to get a board.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        let called = match self.standing {
            Standing::New => 0,
            Standing::Called(called) => called,
            _ => return false,
        };
        self.standing = Standing::Called(called + 1);
        called >= BEFORE
    }
}

impl State {
    /// Goes on with the collectives that wait at boards; how many ended.
    pub(crate) fn advance_boards(&mut self) -> usize {
        let mut ended = 0;
        for at in (0..self.mail.collectives.seated.len()).rev() {
            let context = self.mail.collectives.seated[at];
            ended += self.advance_board(context);
            if self.mail.contexts.calls(context).seat.queue.is_empty() {
                self.mail.collectives.seated.swap_remove(at);
            }
        }
        ended
    }

    /// Goes on with those of one context.
    pub(crate) fn advance_board(&mut self, context: u32) -> usize {
        let mut ended = 0;
        loop {
            let Self { progress, mail } = self;
            let seat = &mut mail.contexts.calls(context).seat;
            let (Standing::Present(board), Some(head)) = (&mut seat.standing, seat.queue.front_mut()) else {
                return ended;
            };
            let living = Living { dead: &mail.dead, group: &head.group };
            if head.strokes.advance(board, progress, living).is_err() {
                return ended;
            }
            // Nobody sleeps for what is over, even if the thread that has said so does not know yet.
            board.get_up();
            let Some(Queued { strokes, slot, .. }) = seat.queue.pop_front() else { return ended };
            let (fault, areas, _) = strokes.into_outcome();
            self.end_collective(slot, fault, areas);
            ended += 1;
        }
    }

    /// Looks at the boards a last time before a sleep: whether anything was there, or some board's collective waits for
    /// somebody else by now, who would not wake this rank.
    pub(crate) fn look_at_boards(&mut self) -> bool {
        let mut changed = self.advance_boards() > 0;
        self.at_boards(|board, awaited| changed |= awaited.is_none() || board.said() != awaited);
        changed
    }

    /// Says at every board where a collective waits that this rank goes to sleep.
    pub(crate) fn lie_down(&mut self) {
        self.at_boards(|board, awaited| {
            if let Some(awaited) = awaited {
                board.lie_down(awaited);
            }
        });
    }

    /// Takes that back.
    pub(crate) fn get_up(&mut self) {
        self.at_boards(|board, _| board.get_up());
    }

    /// Tells of every board where a collective waits, and for whom; `None`: it waits no more.
    fn at_boards(&mut self, mut act: impl FnMut(&mut Board, Option<Awaited>)) {
        let Self { progress, mail } = self;
        for context in &mail.collectives.seated {
            let seat = &mut mail.contexts.calls(*context).seat;
            if let (Standing::Present(board), Some(head)) = (&mut seat.standing, seat.queue.front_mut()) {
                let living = Living { dead: &mail.dead, group: &head.group };
                let awaited = head.strokes.advance(board, progress, living).err();
                act(board, awaited);
            }
        }
    }
}
