//! The origin's side: which epochs a process has open on a window, and what it has begun in them.

use std::sync::atomic::{Ordering, fence};

use olympi_matching::Pattern;
use olympi_transport_api::{Peer, RecvBuf};

use crate::context::Traffic;
use crate::inbox::State;
use crate::op::{Hold, OpRef, Outcome};
use crate::raw::Kept;
use crate::recv::Growing;
use crate::view::Packed;
use crate::window::target::{OUT_OF_RANGE, WELL};
use crate::window::{Asserts, Window, WindowError, wire};

/// The epochs and accesses of one process.
#[derive(Default)]
pub(crate) struct Origin {
    /// Between two fences.
    pub(crate) fenced: bool,
    /// The targets that this process has begun to access.
    pub(crate) started: Option<Vec<u32>>,
    /// Those that it has let access its own part.
    pub(crate) posted: Option<Vec<u32>>,
    pub(crate) locked: Vec<Locked>,
    /// All are locked: each when it is first accessed.
    pub(crate) all: Option<Asserts>,
    pending: Vec<Pending>,
    /// Targets that have been asked for something without an answer.
    unconfirmed: Vec<u32>,
    /// Requests that are not sent yet, by target.
    waiting: Vec<(u32, Vec<u8>)>,
    next_tag: u32,
}

/// In which kind of epoch a target may be accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// One of which the target knows.
    Open,
    Locked,
    /// All are locked, but nobody has said so to this one.
    ToBeLocked,
}

/// A target that is locked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locked {
    pub(crate) rank: u32,
    /// It was not only said to be.
    pub(crate) granted: bool,
    pub(crate) exclusive: bool,
    /// It was locked with all others.
    pub(crate) with_all: bool,
}

/// An access that has not ended here.
pub(crate) struct Pending {
    pub(crate) rank: u32,
    pub(crate) op: OpRef,
    pub(crate) what: What,
}

/// What its end means.
pub(crate) enum What {
    /// The buffer is free.
    Sent,
    /// So many bytes are there; in a place of their own if they have to be distributed.
    Received { len: usize, kept: Option<Box<Kept>> },
    /// A request knows.
    Watched,
}

impl Origin {
    /// A tag for an answer.
    pub(crate) fn tag(&mut self) -> i32 {
        self.next_tag = (self.next_tag + 1) & (u32::MAX >> 1);
        self.next_tag as i32
    }

    pub(crate) fn push(&mut self, pending: Pending) {
        self.pending.push(pending);
    }

    /// A target has been asked for something that it does not answer.
    pub(crate) fn is_unconfirmed(&mut self, rank: u32) {
        if !self.unconfirmed.contains(&rank) {
            self.unconfirmed.push(rank);
        }
    }

    /// Whether a target may be accessed.
    pub(crate) fn admit(&self, call: &'static str, rank: u32) -> Result<Admission, WindowError> {
        let started = self.started.as_ref().is_some_and(|targets| targets.contains(&rank));
        if self.fenced || started {
            Ok(Admission::Open)
        } else if self.has_locked(rank) {
            Ok(Admission::Locked)
        } else if self.all.is_some() {
            Ok(Admission::ToBeLocked)
        } else {
            let detail = format!(
                "no epoch of accesses to rank {rank} is open: call fence, start or lock before (MPI_Win_fence, \
                 MPI_Win_start, MPI_Win_lock)"
            );
            Err(WindowError::Epoch { call, detail })
        }
    }

    pub(crate) fn has_locked(&self, rank: u32) -> bool {
        self.locked.iter().any(|locked| locked.rank == rank)
    }

    /// Which epoch forbids the end of the window.
    pub(crate) fn in_the_way_of_end(&self) -> Option<&'static str> {
        if !self.locked.is_empty() || self.all.is_some() {
            Some("a target is still locked")
        } else if self.started.is_some() {
            Some("an epoch that was started is not completed")
        } else if self.posted.is_some() {
            Some("an epoch that was posted has not been waited for")
        } else {
            None
        }
    }

    /// What a rank has been asked for is confirmed by an answer that is awaited.
    pub(crate) fn forget(&mut self, rank: u32) {
        self.unconfirmed.retain(|other| *other != rank);
    }

    /// The message of requests to a target that is being filled.
    fn message(&mut self, rank: u32) -> &mut Vec<u8> {
        let at = self.waiting.iter().position(|(of, _)| *of == rank).unwrap_or_else(|| {
            self.waiting.push((rank, Vec::new()));
            self.waiting.len() - 1
        });
        &mut self.waiting[at].1
    }

    /// Takes what concerns a rank, or all.
    fn take_pending(&mut self, of: Option<u32>) -> Vec<Pending> {
        let concerned = |rank: u32| of.is_none_or(|of| of == rank);
        self.pending.extract_if(.., |pending| concerned(pending.rank)).collect()
    }

    fn take_unconfirmed(&mut self, of: Option<u32>) -> Vec<u32> {
        self.unconfirmed.extract_if(.., |rank| of.is_none_or(|of| of == *rank)).collect()
    }
}

/// When a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    /// With the next one that is sent, or when there are many.
    Later,
}

/// Requests that may wait are sent when they fill so many bytes.
const BATCH: usize = 4 << 10;
/// Room for requests that is kept.
const ROOM: usize = 64 << 10;

/// An answer that is awaited, and whose.
pub(crate) type Asked = (u32, OpRef);

impl Window {
    /// Asks a target for something; at once, or together with what is asked later. The end of an epoch is a request too, so
    /// nothing waits longer than that.
    pub(crate) fn request(
        &self,
        call: &'static str,
        rank: u32,
        when: When,
        request: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), WindowError> {
        // Held until the message is sent: those of one target go in their order, whichever thread sends them.
        let mut origin = self.origin();
        let message = origin.message(rank);
        wire::append(message, request);
        if when == When::Later && message.len() < BATCH {
            return Ok(());
        }
        let bytes = std::mem::take(message);
        let mut inside = self.comm.shared.door.enter()?;
        let room = self.send_requests(&mut inside, call, rank, bytes)?;
        drop(inside);
        *origin.message(rank) = room;
        Ok(())
    }

    /// Sends requests, and gives room for the next ones.
    fn send_requests(
        &self,
        state: &mut State,
        call: &'static str,
        rank: u32,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, WindowError> {
        let (requests, me) = (self.comm.context(Traffic::Objects), Peer(self.comm.rank() as u32));
        match state.send_bytes(requests, me, self.comm.group().peer(rank), 0, bytes) {
            Ok(Some(mut room)) if room.capacity() <= ROOM => {
                room.clear();
                Ok(room)
            }
            Ok(_) => Ok(Vec::new()),
            Err(detail) => Err(WindowError::PeerGone { call, rank: rank as i32, detail }),
        }
    }

    /// Sends all requests that wait.
    pub(crate) fn send_waiting(&self, call: &'static str) -> Result<(), WindowError> {
        let waiting = std::mem::take(&mut self.origin().waiting);
        let mut inside = self.comm.shared.door.enter()?;
        let mut result = Ok(());
        for (rank, bytes) in waiting.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            result = result.and(self.send_requests(&mut inside, call, rank, bytes).map(drop));
        }
        result
    }

    /// Sends a request that is answered by one byte.
    pub(crate) fn ask(
        &self,
        call: &'static str,
        rank: u32,
        request: impl FnOnce(&mut Vec<u8>, i32),
    ) -> Result<Asked, WindowError> {
        let tag = self.origin().tag();
        let hold = Box::new(Growing::<u8>::default());
        let op = self.await_answer(rank, tag, (RecvBuf::empty(), Some(hold)))?;
        self.request_answer(call, rank, op, |out| request(out, tag))?;
        Ok((rank, op))
    }

    /// Posts the receive of an answer.
    pub(crate) fn await_answer(
        &self,
        rank: u32,
        tag: i32,
        (landing, hold): (RecvBuf, Option<Box<dyn Hold>>),
    ) -> Result<OpRef, WindowError> {
        let pattern = Pattern { source: Some(rank), tag: Some(tag) };
        let mut inside = self.comm.shared.door.enter()?;
        Ok(self.comm.post(&mut inside, Traffic::ANY_BUFFERS, pattern, landing, hold))
    }

    /// Asks for the answer that is awaited.
    pub(crate) fn request_answer(
        &self,
        call: &'static str,
        rank: u32,
        op: OpRef,
        request: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), WindowError> {
        let asked = self.request(call, rank, When::Now, request);
        if asked.is_err()
            && let Ok(mut inside) = self.comm.shared.door.enter()
        {
            let _waker = inside.detach(op);
        }
        asked
    }

    /// Waits for answers. The first that is not good is the error.
    pub(crate) fn hear(&self, call: &'static str, asked: &[Asked]) -> Result<(), WindowError> {
        let mut over = 0;
        self.comm.shared.wait(|state| {
            over += asked[over..].iter().take_while(|(_, op)| state.mail.ops.is_done(*op)).count();
            (over == asked.len()).then_some(())
        })?;
        let mut result = Ok(());
        for (rank, op) in asked {
            let outcome = self.comm.shared.outcome(*op)?;
            result = result.and(self.verdict(call, *rank, outcome));
        }
        result
    }

    fn verdict(&self, call: &'static str, rank: u32, mut outcome: Outcome) -> Result<(), WindowError> {
        if let Some(gone) = outcome.failure.take() {
            return Err(WindowError::gone(call, self.comm.group(), &gone));
        }
        match Growing::<u8>::finish(outcome, self.comm.group()) {
            Ok((bytes, _)) if bytes[..] == [WELL] => Ok(()),
            Ok((bytes, _)) if bytes[..] == [OUT_OF_RANGE] => {
                let detail = format!("an access before was to what is not part of rank {rank}'s memory");
                Err(WindowError::Range { call, detail })
            }
            _ => {
                let detail = "its answer makes no sense".to_owned();
                Err(WindowError::PeerGone { call, rank: rank as i32, detail })
            }
        }
    }

    /// Waits until all accesses to a rank, or to all, have ended here; and, if `remote`, at the targets.
    pub(crate) fn settle(
        &self,
        call: &'static str,
        of: Option<u32>,
        remote: bool,
    ) -> Result<(), WindowError> {
        let (pending, unconfirmed) = {
            let mut origin = self.origin();
            let unconfirmed = if remote { origin.take_unconfirmed(of) } else { Vec::new() };
            (origin.take_pending(of), unconfirmed)
        };
        if pending.is_empty() && unconfirmed.is_empty() {
            fence(Ordering::SeqCst);
            return Ok(());
        }
        let mut result = Ok(());
        let mut asked = Vec::with_capacity(unconfirmed.len());
        for rank in unconfirmed {
            match self.ask(call, rank, wire::flush) {
                Ok(ask) => asked.push(ask),
                Err(error) => result = result.and(Err(error)),
            }
        }
        if !pending.is_empty() {
            let mut over = 0;
            self.comm.shared.wait(|state| {
                over += pending[over..].iter().take_while(|p| state.mail.ops.is_done(p.op)).count();
                (over == pending.len()).then_some(())
            })?;
            for Pending { rank, op, what } in pending {
                result = result.and(self.end_access(call, rank, op, what));
            }
        }
        if asked.is_empty() { result } else { result.and(self.hear(call, &asked)) }
    }

    fn end_access(&self, call: &'static str, rank: u32, op: OpRef, what: What) -> Result<(), WindowError> {
        if let What::Watched = what {
            return Ok(());
        }
        let outcome = self.comm.shared.outcome(op)?;
        match what {
            What::Received { len, kept } => {
                fetched(call, self.comm.group(), rank, len, kept.as_deref(), outcome)
            }
            _ => match outcome.failure {
                Some(gone) => Err(WindowError::gone(call, self.comm.group(), &gone)),
                None => Ok(()),
            },
        }
    }

    /// Gets the lock of a target that is locked with all others, before its first access.
    pub(crate) fn lock_lazily(&self, call: &'static str, rank: u32) -> Result<(), WindowError> {
        let asserts = self.origin().all.unwrap_or_default();
        let granted = !asserts.contains(Asserts::NO_CHECK);
        if granted {
            self.obtain(call, rank, false)?;
        }
        self.origin().locked.push(Locked { rank, granted, exclusive: false, with_all: true });
        Ok(())
    }

    /// Waits until a target is locked.
    pub(crate) fn obtain(&self, call: &'static str, rank: u32, exclusive: bool) -> Result<(), WindowError> {
        if let Some(direct) = self.direct() {
            return self.lock_directly(call, direct, rank, exclusive);
        }
        let asked = self.ask(call, rank, |out, tag| wire::lock(out, exclusive, tag))?;
        self.hear(call, &[asked])
    }
}

/// What the end of an access that reads means.
pub(crate) fn fetched(
    call: &'static str,
    group: &crate::group::Group,
    rank: u32,
    len: usize,
    kept: Option<&Kept>,
    mut outcome: Outcome,
) -> Result<(), WindowError> {
    if let Some(gone) = outcome.failure.take() {
        return Err(WindowError::gone(call, group, &gone));
    }
    if outcome.sent != len {
        let detail =
            format!("rank {rank} has no such memory: {len} bytes were asked for, {} came", outcome.sent);
        return Err(WindowError::Range { call, detail });
    }
    let packed = outcome.hold.take().and_then(|hold| hold.into_any().downcast::<Packed>().ok());
    if let (Some(kept), Some(packed)) = (kept, packed) {
        kept.distribute(packed.bytes());
    }
    Ok(())
}
