//! Waiting: spin, then sleep; and never hold the door while asleep.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use olympi_transport::{Awaited, Board};

use crate::ThreadError;
use crate::bootstrap::Ending;
use crate::bsend::Room;
use crate::door::{Door, Inside};
use crate::inbox::State;
use crate::op::{OpRef, Outcome, Settled};

/// The longest sleep: transports that are not told of a peer's death find out between two of these.
const NAP: Duration = Duration::from_millis(100);
/// The longest sleep where several threads call: one of them may end what another sleeps for.
const SHARED_NAP: Duration = Duration::from_millis(1);

/// How often flags on a board are looked at between two polls.
const LOOKS: u32 = 16;

/// After so long a rank that cannot leave the job says why.
const LEAVING: Duration = Duration::from_secs(5);

/// What all communicators and requests of a universe share.
pub(crate) struct Shared {
    pub(crate) door: Door<State>,
    /// A second thread has called.
    several: AtomicBool,
    first: usize,
    /// How many of what need a number of their own have been made: keyvals, and communicators without a parent.
    pub(crate) made: AtomicU32,
    /// Communicators whose last handle went where the door does not open; the next one to come in frees them.
    pub(crate) abandoned: Mutex<Vec<u32>>,
    /// The buffer of buffered sends that have no other.
    pub(crate) room: Room,
    /// How the job is ended, where there is a launcher.
    pub(crate) ending: OnceLock<Ending>,
}

impl Shared {
    pub(crate) fn new(door: Door<State>) -> Self {
        Self {
            door,
            several: AtomicBool::new(false),
            first: crate::door::this_thread(),
            made: AtomicU32::new(0),
            abandoned: Mutex::default(),
            room: Room::default(),
            ending: OnceLock::new(),
        }
    }

    /// Ends the whole job at once with this exit code.
    pub(crate) fn abort(&self, code: i32) -> ! {
        if let Some(ending) = self.ending.get() {
            ending.abort(code);
        }
        std::process::exit(code)
    }

    /// Polls until `ready` answers. Tasks that were woken by it run after the door is left.
    #[inline]
    pub(crate) fn wait<R>(&self, mut ready: impl FnMut(&mut State) -> Option<R>) -> Result<R, ThreadError> {
        let mut result = None;
        let inside = self.wait_inside(self.door.enter()?, |state| {
            result = ready(state);
            result.is_some()
        })?;
        Self::leave(inside);
        // `wait_inside` comes back when the closure has said that there is a result.
        Ok(result.expect("the condition holds"))
    }

    /// From inside: polls until `done`, and is inside still.
    #[inline]
    pub(crate) fn wait_inside<'a>(
        &'a self,
        mut inside: Inside<'a, State>,
        mut done: impl FnMut(&mut State) -> bool,
    ) -> Result<Inside<'a, State>, ThreadError> {
        // The first look needs no clock and no poll: what is there is taken.
        if done(&mut inside) {
            return Ok(inside);
        }
        self.note_thread();
        let patience = *inside.progress.patience();
        let mut spin = patience.begin();
        loop {
            if inside.poll() > 0 {
                if done(&mut inside) {
                    return Ok(inside);
                }
                spin = patience.begin();
            } else if !spin.more() {
                inside.lie_down();
                inside = self.nap(inside, State::look_at_boards)?;
                inside.get_up();
                spin = patience.begin();
            } else if self.door.is_knocked_at() {
                inside = self.step_aside(inside)?;
            } else {
                continue;
            }
            if done(&mut inside) {
                return Ok(inside);
            }
        }
    }

    /// From inside: goes on with strokes on a board, which was taken out of its seat, until they are over.
    #[inline]
    pub(crate) fn draw<'a>(
        &'a self,
        mut inside: Inside<'a, State>,
        board: &mut Board,
        mut strokes: impl FnMut(&mut State, &mut Board) -> Result<(), Awaited>,
    ) -> Result<Inside<'a, State>, ThreadError> {
        if strokes(&mut inside, board).is_ok() {
            return Ok(inside);
        }
        self.note_thread();
        let patience = *inside.progress.patience();
        let mut spin = patience.begin();
        loop {
            // To look at a flag takes a nanosecond while it does not change, to poll takes twenty.
            for _ in 0..LOOKS {
                if strokes(&mut inside, board).is_ok() {
                    return Ok(inside);
                }
            }
            if inside.poll() > 0 {
                spin = patience.begin();
            } else if !spin.more() {
                let Err(awaited) = strokes(&mut inside, board) else { return Ok(inside) };
                board.lie_down(awaited);
                // What waits at other boards goes on too: other ranks may wait for it before they come to this one.
                inside.lie_down();
                // Whatever has changed, it is looked at before the next sleep.
                let woken =
                    self.nap(inside, |state| strokes(state, board) != Err(awaited) || state.look_at_boards());
                board.get_up();
                inside = woken?;
                inside.get_up();
                spin = patience.begin();
            } else if self.door.is_knocked_at() {
                inside = self.step_aside(inside)?;
            }
        }
    }

    /// Waits until an operation that is under way is over, and takes its status if it went well; else all that there is
    /// to say of it.
    #[inline]
    pub(crate) fn settle<'a>(&'a self, inside: Inside<'a, State>, op: OpRef) -> Result<Settled, ThreadError> {
        let mut inside = self.wait_inside(inside, |state| state.mail.ops.at(op.slot).is_over())?;
        let settled = match inside.mail.ops.take_well(op) {
            Some(status) => Ok(status),
            None => Err(inside.mail.ops.take_rest(op)),
        };
        Self::leave(inside);
        Ok(settled)
    }

    /// Remembers that not one thread alone calls: whoever naps may then have to look sooner.
    #[inline]
    fn note_thread(&self) {
        if self.door.shared() && crate::door::this_thread() != self.first {
            self.several.store(true, Ordering::Relaxed);
        }
    }

    /// Lets other threads in for a moment.
    #[cold]
    fn step_aside<'a>(&'a self, inside: Inside<'a, State>) -> Result<Inside<'a, State>, ThreadError> {
        Self::leave(inside);
        std::thread::yield_now();
        self.door.enter()
    }

    /// Sleeps until something arrives, unless something is `there` at a last look.
    #[cold]
    fn nap<'a>(
        &'a self,
        mut inside: Inside<'a, State>,
        there: impl FnOnce(&mut State) -> bool,
    ) -> Result<Inside<'a, State>, ThreadError> {
        let Some(nap) = inside.progress.arm() else { return Ok(inside) };
        if there(&mut inside) {
            inside.progress.disarm();
            return Ok(inside);
        }
        let limit = if self.several.load(Ordering::Relaxed) { SHARED_NAP } else { NAP };
        Self::leave(inside);
        nap.sleep(limit);
        let mut inside = self.door.enter()?;
        inside.progress.disarm();
        Ok(inside)
    }

    /// Leaves the door, and only then wakes the tasks whose requests have ended: their wakers are foreign code.
    #[inline]
    pub(crate) fn leave(mut inside: Inside<'_, State>) {
        if inside.mail.woken.is_empty() {
            return;
        }
        let woken = std::mem::take(&mut inside.mail.woken);
        drop(inside);
        for waker in woken {
            // One that panics must not unwind a call whose buffer is lent; the panic hook has said what happened.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                std::mem::forget(panic); // Its end is foreign code too.
            }
        }
    }

    /// Waits until an operation is over, and takes its outcome.
    #[inline]
    pub(crate) fn outcome(&self, op: OpRef) -> Result<Outcome, ThreadError> {
        self.wait(|state| state.mail.ops.take(op))
    }

    /// Waits until an operation is over, and takes what came of it.
    #[inline]
    pub(crate) fn settled(&self, op: OpRef) -> Result<Settled, ThreadError> {
        let mut inside = self.door.enter()?;
        match inside.mail.ops.find(op) {
            Some(_) => self.settle(inside, op),
            None => unreachable!("an outcome is given once"),
        }
    }

    /// Moves everything on once, and gives what is seen then.
    pub(crate) fn look<R>(&self, see: impl FnOnce(&mut State) -> R) -> Result<R, ThreadError> {
        Ok(self.look_from(self.door.enter()?, see))
    }

    /// Moves everything on once, unless an operation is over already; and says whether it is over.
    pub(crate) fn test(&self, op: OpRef) -> Result<bool, ThreadError> {
        let inside = self.door.enter()?;
        Ok(inside.mail.ops.is_done(op) || self.look_from(inside, |state| state.mail.ops.is_done(op)))
    }

    fn look_from<R>(&self, mut inside: Inside<'_, State>, see: impl FnOnce(&mut State) -> R) -> R {
        self.note_thread();
        inside.poll();
        let seen = see(&mut inside);
        Self::leave(inside);
        seen
    }

    /// Waits until nothing of ours is on its way any more. Receives that nobody will match do not count; messages that
    /// nobody will receive any more are discarded, so that their senders, who may be leaving too, need not wait for ever.
    pub(crate) fn drain(&self, rank: u32) -> Result<(), ThreadError> {
        let begin = Instant::now();
        let mut told = false;
        self.wait(|state| {
            state.poll();
            state.discard_unexpected();
            let moving = state.mail.ops.moving();
            if moving == 0 && state.progress.drained() {
                return Some(());
            }
            if !told && begin.elapsed() > LEAVING {
                told = true;
                eprintln!(
                    "olympi: rank {rank} would leave the job, but {moving} of its messages are not received yet: is a \
                     receive missing, or its rank busy?"
                );
            }
            None
        })
    }
}
