//! The one lock: who may enter the library, and when.
//!
//! Everything a rank owns (progress, matching, requests) lies behind this door. At
//! [`ThreadLevel::Multiple`] and [`ThreadLevel::Serialized`] it is a mutex. Below that it is a comparison: only
//! the thread that called `init` may enter, which costs a nanosecond instead of two atomic operations a call.

use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::ThreadError;

/// Which threads may call (MPI 5.0, section 11.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ThreadLevel {
    /// The program has one thread.
    Single,
    /// Only the thread that called `init` calls.
    #[default]
    Funneled,
    /// Any thread calls, one at a time.
    Serialized,
    /// Any thread calls at any time.
    Multiple,
}

impl ThreadLevel {
    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "MPI_THREAD_SINGLE",
            Self::Funneled => "MPI_THREAD_FUNNELED",
            Self::Serialized => "MPI_THREAD_SERIALIZED",
            Self::Multiple => "MPI_THREAD_MULTIPLE",
        }
    }
}

pub(crate) struct Door<S> {
    level: ThreadLevel,
    owner: usize,
    /// A panic went through: lent buffers may be gone, so nobody may move anything on any more.
    broken: AtomicBool,
    /// Someone is inside, below `Serialized`.
    inside: Cell<bool>,
    /// Who is inside came in while their thread was panicking already.
    panicking: Cell<bool>,
    lock: Mutex<()>,
    /// How many threads wait to be let in.
    knocking: AtomicU32,
    /// The lock while someone holds it. It lies here so that being inside is one pointer, which travels in a register:
    /// a guard that goes through memory costs as much as the rest of the way in.
    held: UnsafeCell<Option<MutexGuard<'static, ()>>>,
    state: UnsafeCell<S>,
}

// SAFETY: the cells are reached only by who is inside, and `enter` lets in one thread for all time (below
// Serialized), or one at a time, under `lock`. `S: Send` since a thread that enters may be another than the last. The
// guard in `held` never leaves the thread that locked: who is inside put it there, and takes it out again on leaving.
unsafe impl<S: Send> Sync for Door<S> {}
// SAFETY: as above; a door that is moved has nobody inside, since being inside borrows it.
unsafe impl<S: Send> Send for Door<S> {}

impl<S> Door<S> {
    pub(crate) fn new(level: ThreadLevel, state: S) -> Self {
        Self {
            level,
            owner: this_thread(),
            broken: AtomicBool::new(false),
            inside: Cell::new(false),
            panicking: Cell::new(false),
            lock: Mutex::new(()),
            knocking: AtomicU32::new(0),
            held: UnsafeCell::new(None),
            state: UnsafeCell::new(state),
        }
    }

    pub(crate) fn level(&self) -> ThreadLevel {
        self.level
    }

    /// Whether other threads than one may ever be inside.
    #[inline]
    pub(crate) fn shared(&self) -> bool {
        self.level >= ThreadLevel::Serialized
    }

    /// Goes in, or says why this thread may not.
    #[inline(always)]
    pub(crate) fn enter(&self) -> Result<Inside<'_, S>, ThreadError> {
        if self.shared() {
            return self.enter_locked();
        }
        if this_thread() != self.owner {
            return Err(ThreadError::WrongThread);
        }
        if self.inside.get() {
            return Err(ThreadError::Reentered);
        }
        if self.broken.load(Ordering::Relaxed) {
            return Err(ThreadError::Broken);
        }
        self.inside.set(true);
        self.panicking.set(std::thread::panicking());
        Ok(Inside { door: self, one_thread: PhantomData })
    }

    fn enter_locked(&self) -> Result<Inside<'_, S>, ThreadError> {
        // Poison is `broken`'s matter.
        let guard = match self.lock.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.knock(),
        };
        if self.broken.load(Ordering::Relaxed) {
            return Err(ThreadError::Broken);
        }
        // SAFETY: the guard borrows `lock`, which lives as long as `held` does; it is dropped before either, when
        // `Inside` is, which borrows the door.
        let guard = unsafe { std::mem::transmute::<MutexGuard<'_, ()>, MutexGuard<'static, ()>>(guard) };
        // SAFETY: we have the lock, so nobody else is at `held`.
        unsafe { *self.held.get() = Some(guard) };
        self.panicking.set(std::thread::panicking());
        Ok(Inside { door: self, one_thread: PhantomData })
    }

    /// Waits to be let in. Who waits inside sees it, and steps aside.
    #[cold]
    fn knock(&self) -> MutexGuard<'_, ()> {
        self.knocking.fetch_add(1, Ordering::Relaxed);
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.knocking.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Whether another thread waits to be let in.
    #[inline]
    pub(crate) fn is_knocked_at(&self) -> bool {
        self.knocking.load(Ordering::Relaxed) > 0
    }

    /// Goes out.
    #[inline]
    fn leave(&self) {
        if std::thread::panicking() && !self.panicking.get() {
            self.broken.store(true, Ordering::Relaxed);
        }
        if self.shared() {
            // SAFETY: we are inside, so the guard is ours; it is out of the cell before the lock opens.
            let guard = unsafe { (*self.held.get()).take() };
            drop(guard);
        } else {
            self.inside.set(false);
        }
    }
}

/// Being inside. Dropping it leaves. It stays on its thread, as the lock does.
pub(crate) struct Inside<'a, S> {
    door: &'a Door<S>,
    one_thread: PhantomData<*const ()>,
}

impl<S> Deref for Inside<'_, S> {
    type Target = S;
    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: there is one `Inside` at a time: by the mutex, or by `inside` on the one thread that may enter.
        unsafe { &*self.door.state.get() }
    }
}

impl<S> DerefMut for Inside<'_, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as above, and `&mut self` makes this the only reference made from it.
        unsafe { &mut *self.door.state.get() }
    }
}

impl<S> Drop for Inside<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.door.leave();
    }
}

/// A number that no other living thread has: the address of a thread-local byte.
#[inline(always)]
pub(crate) fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| std::ptr::from_ref(mark) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_serialized_only_the_first_thread_enters_and_once() {
        let door = Door::new(ThreadLevel::Funneled, 1);
        let mut inside = door.enter().unwrap();
        *inside += 1;
        assert_eq!(door.enter().err(), Some(ThreadError::Reentered));
        drop(inside);
        std::thread::scope(|s| {
            s.spawn(|| assert_eq!(door.enter().err(), Some(ThreadError::WrongThread)));
        });
        assert_eq!(*door.enter().unwrap(), 2);
    }

    #[test]
    fn a_panic_inside_closes_the_door_for_good() {
        let door = Door::new(ThreadLevel::Multiple, ());
        let inside = std::panic::AssertUnwindSafe(|| {
            let _inside = door.enter().unwrap();
            panic!("inside");
        });
        assert!(std::panic::catch_unwind(inside).is_err());
        assert_eq!(door.enter().err(), Some(ThreadError::Broken));
    }

    #[test]
    fn who_is_inside_hears_others_knock() {
        let door = Door::new(ThreadLevel::Multiple, 0_u64);
        let inside = door.enter().unwrap();
        assert!(!door.is_knocked_at());
        std::thread::scope(|s| {
            s.spawn(|| *door.enter().unwrap() += 1);
            while !door.is_knocked_at() {
                std::thread::yield_now();
            }
            drop(inside);
        });
        assert!(!door.is_knocked_at());
        assert_eq!(*door.enter().unwrap(), 1);
    }

    #[test]
    fn multiple_lets_every_thread_in_one_at_a_time() {
        let door = Door::new(ThreadLevel::Multiple, 0_u64);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..1000).for_each(|_| *door.enter().unwrap() += 1));
            }
        });
        assert_eq!(*door.enter().unwrap(), 4000);
    }
}
