//! Epochs: when accesses begin and end (MPI 5.0, section 12.5).

use std::sync::atomic::{Ordering, fence};

use crate::group::Group;
use crate::inbox::State;
use crate::window::origin::Locked;
use crate::window::target::Signal;
use crate::window::{Asserts, LockKind, When, Window, WindowError, wire};

/// An error about epochs.
#[cold]
fn wrong(call: &'static str, detail: impl Into<String>) -> WindowError {
    WindowError::Epoch { call, detail: detail.into() }
}

/// Epochs that all ranks open and close together.
impl Window {
    /// Ends the accesses of all ranks since the last fence, and begins new ones (`MPI_Win_fence`, MPI 5.0, section 12.5.1):
    /// what was put is there at all ranks. All ranks call it, and wait for one another.
    ///
    /// # Errors
    /// [`WindowError`]: a target is locked, or another epoch is open; an access that failed; a rank that is gone.
    pub fn fence(&self, asserts: Asserts) -> Result<(), WindowError> {
        const CALL: &str = "Window::fence";
        if let Some(detail) = self.origin().in_the_way_of_end() {
            return Err(wrong(CALL, detail));
        }
        let settled = self.settle(CALL, None, true);
        // Whoever has failed still comes, so that the others do not wait for ever.
        self.comm.barrier()?;
        self.epochs().fenced = !asserts.contains(Asserts::NO_SUCCEED);
        fence(Ordering::SeqCst);
        settled
    }
}

/// Epochs of groups: targets post and wait, origins start and complete.
impl Window {
    fn ranks_of(&self, call: &'static str, group: &Group) -> Result<Vec<u32>, WindowError> {
        let ranks = group.peers().map(|peer| self.comm.group().rank_of(peer));
        ranks.collect::<Option<_>>().ok_or(WindowError::Group { call })
    }

    fn signal(
        &self,
        call: &'static str,
        ranks: &[u32],
        request: fn(&mut Vec<u8>),
    ) -> Result<(), WindowError> {
        let mut result = Ok(());
        for &rank in ranks {
            result = result.and(self.request(call, rank, When::Now, request));
        }
        result
    }

    /// Whether signals of all these ranks are there, which are taken then.
    fn heard(
        &self,
        state: &mut State,
        call: &'static str,
        signal: Signal,
        ranks: &[u32],
    ) -> Result<bool, WindowError> {
        let Some(side) = state.window(self.comm.id()) else { return Ok(true) };
        let Some(missing) = side.missing(signal, ranks) else {
            side.take(signal, ranks);
            return Ok(true);
        };
        let peer = self.comm.group().peer(missing);
        match state.mail.dead.iter().find(|gone| gone.peer == peer) {
            Some(gone) => Err(WindowError::gone(call, self.comm.group(), gone)),
            None => Ok(false),
        }
    }

    fn await_signals(&self, call: &'static str, signal: Signal, ranks: &[u32]) -> Result<(), WindowError> {
        self.comm.shared.wait(|state| match self.heard(state, call, signal, ranks) {
            Ok(false) => None,
            Ok(true) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        })?
    }

    /// Lets the processes of a group access this one's part (`MPI_Win_post`, MPI 5.0, section 12.5.2), until
    /// [`wait`](Self::wait). With [`Asserts::NO_CHECK`] they must not [start](Self::start) before this was called, and say the
    /// same.
    ///
    /// # Errors
    /// [`WindowError`]: such an epoch is open; a process that is no member; a rank that is gone.
    pub fn post(&self, origins: &Group, asserts: Asserts) -> Result<(), WindowError> {
        const CALL: &str = "Window::post";
        let ranks = self.ranks_of(CALL, origins)?;
        {
            let mut origin = self.epochs();
            if origin.posted.is_some() {
                return Err(wrong(CALL, "the epoch that was posted before has not been waited for"));
            }
            origin.fenced = false;
            origin.posted = Some(ranks.clone());
        }
        fence(Ordering::SeqCst);
        if asserts.contains(Asserts::NO_CHECK) { Ok(()) } else { self.signal(CALL, &ranks, wire::post) }
    }

    /// Begins to access the parts of a group's processes, once each has [posted](Self::post) (`MPI_Win_start`).
    ///
    /// # Errors
    /// [`WindowError`]: such an epoch is open; a process that is no member; a rank that is gone.
    pub fn start(&self, targets: &Group, asserts: Asserts) -> Result<(), WindowError> {
        const CALL: &str = "Window::start";
        let ranks = self.ranks_of(CALL, targets)?;
        if self.origin().started.is_some() {
            return Err(wrong(CALL, "the epoch that was started before is not completed"));
        }
        if !asserts.contains(Asserts::NO_CHECK) {
            self.await_signals(CALL, Signal::Post, &ranks)?;
        }
        let mut origin = self.epochs();
        origin.fenced = false;
        origin.started = Some(ranks);
        Ok(())
    }

    /// Ends the accesses that were [started](Self::start) (`MPI_Win_complete`): they are done at their targets too.
    ///
    /// # Errors
    /// [`WindowError`]: there is no such epoch; an access that failed; a rank that is gone. The epoch has ended all the
    /// same.
    pub fn complete(&self) -> Result<(), WindowError> {
        const CALL: &str = "Window::complete";
        let Some(ranks) = self.epochs().started.take() else {
            return Err(wrong(CALL, "no epoch was started"));
        };
        let settled = self.settle(CALL, None, true);
        settled.and(self.signal(CALL, &ranks, wire::complete))
    }

    /// Waits until all that were let in by [`post`](Self::post) have completed (`MPI_Win_wait`).
    ///
    /// # Errors
    /// [`WindowError`]: there is no such epoch; a rank that is gone, and the epoch has ended.
    pub fn wait(&self) -> Result<(), WindowError> {
        const CALL: &str = "Window::wait";
        let Some(ranks) = self.origin().posted.clone() else {
            return Err(wrong(CALL, "no epoch was posted"));
        };
        let heard = self.await_signals(CALL, Signal::Complete, &ranks);
        self.origin().posted = None;
        fence(Ordering::SeqCst);
        heard
    }

    /// Moves messages on, and tells whether all that were let in have completed (`MPI_Win_test`); the epoch has ended then.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub fn test(&self) -> Result<bool, WindowError> {
        const CALL: &str = "Window::test";
        let Some(ranks) = self.origin().posted.clone() else {
            return Err(wrong(CALL, "no epoch was posted"));
        };
        let heard = self.comm.shared.look(|state| self.heard(state, CALL, Signal::Complete, &ranks))?;
        if !matches!(heard, Ok(false)) {
            self.origin().posted = None;
            fence(Ordering::SeqCst);
        }
        heard
    }
}

/// Epochs of one process, of which its targets need not know.
impl Window {
    /// Locks a target, to access it until [`unlock`](Self::unlock) (`MPI_Win_lock`, MPI 5.0, section 12.5.3). Waits until the
    /// target grants it, which any of its calls that move messages on does. `PROC_NULL`: nothing happens.
    ///
    /// # Errors
    /// [`WindowError`]: a wrong rank; it is locked already, or another epoch is open; it is gone.
    pub fn lock(&self, kind: LockKind, rank: i32, asserts: Asserts) -> Result<(), WindowError> {
        const CALL: &str = "Window::lock";
        if rank == crate::PROC_NULL {
            return Ok(());
        }
        let rank = self.rank_of(CALL, rank)?;
        self.may_lock(CALL, Some(rank))?;
        let granted = !asserts.contains(Asserts::NO_CHECK);
        let exclusive = kind == LockKind::Exclusive;
        if granted {
            self.obtain(CALL, rank, exclusive)?;
        }
        let mut origin = self.epochs();
        origin.fenced = false;
        origin.locked.push(Locked { rank, granted, exclusive, with_all: false });
        Ok(())
    }

    fn may_lock(&self, call: &'static str, rank: Option<u32>) -> Result<(), WindowError> {
        let origin = self.origin();
        if origin.all.is_some() {
            return Err(wrong(call, "all targets are locked already"));
        }
        if origin.started.is_some() {
            return Err(wrong(call, "an epoch that was started is not completed"));
        }
        match rank {
            Some(rank) if origin.has_locked(rank) => {
                Err(wrong(call, format!("rank {rank} is locked already")))
            }
            None if !origin.locked.is_empty() => Err(wrong(call, "a target is locked already")),
            _ => Ok(()),
        }
    }

    /// Ends the accesses to a target, which are done there then, and gives the lock back (`MPI_Win_unlock`).
    ///
    /// # Errors
    /// [`WindowError`]: it is not locked; an access that failed; it is gone. It is not locked any more.
    pub fn unlock(&self, rank: i32) -> Result<(), WindowError> {
        const CALL: &str = "Window::unlock";
        if rank == crate::PROC_NULL {
            return Ok(());
        }
        let rank = self.rank_of(CALL, rank)?;
        let locked = {
            let mut origin = self.epochs();
            let at = origin.locked.iter().position(|locked| locked.rank == rank && !locked.with_all);
            at.map(|at| origin.locked.swap_remove(at))
        };
        match locked {
            None => Err(wrong(CALL, format!("rank {rank} is not locked"))),
            Some(locked) => self.unlock_each(CALL, vec![locked]),
        }
    }

    /// Gives locks back, all at a time.
    fn unlock_each(&self, call: &'static str, locked: Vec<Locked>) -> Result<(), WindowError> {
        let mut result = Ok(());
        let mut asked = Vec::with_capacity(locked.len());
        for Locked { rank, granted, exclusive, .. } in locked {
            // The answer to an unlock confirms all before it.
            result = result.and(self.settle(call, Some(rank), !granted));
            if let (true, Some(direct)) = (granted, self.direct()) {
                direct.unlock(rank, exclusive);
            } else if granted {
                match self.ask(call, rank, wire::unlock) {
                    Ok(ask) => asked.push(ask),
                    Err(error) => result = result.and(Err(error)),
                }
                self.origin().forget(rank);
            }
        }
        result.and(self.hear(call, &asked))
    }

    /// Locks all targets together with others (`MPI_Win_lock_all`). Nobody is asked before it is accessed.
    ///
    /// # Errors
    /// [`WindowError`]: another epoch is open.
    pub fn lock_all(&self, asserts: Asserts) -> Result<(), WindowError> {
        const CALL: &str = "Window::lock_all";
        self.may_lock(CALL, None)?;
        let mut origin = self.epochs();
        origin.fenced = false;
        origin.all = Some(asserts);
        Ok(())
    }

    /// Ends all accesses, and gives all locks back (`MPI_Win_unlock_all`).
    ///
    /// # Errors
    /// [`WindowError`]: not all are locked; an access that failed; a rank that is gone. They are not locked any more.
    pub fn unlock_all(&self) -> Result<(), WindowError> {
        const CALL: &str = "Window::unlock_all";
        let locked = {
            let mut origin = self.epochs();
            if origin.all.take().is_none() {
                return Err(wrong(CALL, "not all targets are locked"));
            }
            std::mem::take(&mut origin.locked)
        };
        self.unlock_each(CALL, locked)
    }

    /// Waits until all accesses to a target are done there (`MPI_Win_flush`).
    ///
    /// # Errors
    /// [`WindowError`]: a wrong rank; it is not locked; an access that failed; it is gone.
    pub fn flush(&self, rank: i32) -> Result<(), WindowError> {
        self.flush_one("Window::flush", rank, true)
    }

    /// Waits until all accesses are done at their targets (`MPI_Win_flush_all`).
    ///
    /// # Errors
    /// As for [`flush`](Self::flush).
    pub fn flush_all(&self) -> Result<(), WindowError> {
        self.flush_every("Window::flush_all", true)
    }

    /// Waits until the buffers of all accesses to a target are free, and what was read is in them (`MPI_Win_flush_local`).
    ///
    /// # Errors
    /// As for [`flush`](Self::flush).
    pub fn flush_local(&self, rank: i32) -> Result<(), WindowError> {
        self.flush_one("Window::flush_local", rank, false)
    }

    /// The same of all targets (`MPI_Win_flush_local_all`).
    ///
    /// # Errors
    /// As for [`flush`](Self::flush).
    pub fn flush_local_all(&self) -> Result<(), WindowError> {
        self.flush_every("Window::flush_local_all", false)
    }

    fn flush_one(&self, call: &'static str, rank: i32, remote: bool) -> Result<(), WindowError> {
        if rank == crate::PROC_NULL {
            return Ok(());
        }
        let rank = self.rank_of(call, rank)?;
        if self.direct().is_some() && self.has_admitted_locked(rank) {
            // What was accessed directly is done.
            fence(Ordering::SeqCst);
            return Ok(());
        }
        let locked = {
            let origin = self.origin();
            origin.all.is_some() || origin.has_locked(rank)
        };
        if locked {
            self.settle(call, Some(rank), remote)
        } else {
            Err(wrong(call, format!("rank {rank} is not locked")))
        }
    }

    fn flush_every(&self, call: &'static str, remote: bool) -> Result<(), WindowError> {
        let locked = {
            let origin = self.origin();
            origin.all.is_some() || !origin.locked.is_empty()
        };
        if locked { self.settle(call, None, remote) } else { Err(wrong(call, "no target is locked")) }
    }

    /// Makes what this process and others that share its memory have written visible to one another (`MPI_Win_sync`), and
    /// moves messages on.
    ///
    /// # Errors
    /// [`ThreadError`](crate::ThreadError) from the wrong thread.
    pub fn sync(&self) -> Result<(), WindowError> {
        fence(Ordering::SeqCst);
        Ok(self.comm.shared.look(|_| ())?)
    }
}
