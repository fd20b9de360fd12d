//! Handles: which object a number stands for.
//!
//! A handle of ours fits in 31 bits, so that it is the same number as a pointer of the standard ABI, as its `toint`, and as
//! an `int` handle of the MPICH ABI: one bit that no predefined handle has, the kind of object, how often its place has been
//! used, and its place. A handle that was freed, or that never was one, is told from one that lives, and is an error.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Set in all handles that are not predefined.
const USER: usize = 1 << 30;
const KIND_SHIFT: usize = 26;
const AGE_SHIFT: usize = 21;
const AGES: u32 = 1 << (KIND_SHIFT - AGE_SHIFT);
const PLACES: usize = 1 << AGE_SHIFT;

/// Places are made by so many.
const CHUNK: usize = 1024;
/// Places are used again in the order in which they became free, and not before so many are: a stale handle is then told.
const RESERVE: usize = 64;

/// Is it one of ours, rather than a predefined one?
#[inline]
pub fn is_user(handle: usize) -> bool {
    handle & USER != 0
}

/// The objects of one kind.
pub struct Table<T: 'static> {
    kind: usize,
    chunks: [AtomicPtr<Slot<T>>; PLACES / CHUNK],
    free: Mutex<Free>,
}

struct Free {
    places: std::collections::VecDeque<u32>,
    made: usize,
}

struct Slot<T> {
    /// Twice the age of the place, and one more while it holds an object.
    state: AtomicU32,
    object: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a place is written by who takes it from the free ones, and read by who has its handle, which is given out
// afterwards; the state says which. MPI forbids freeing an object in one thread while another uses it.
unsafe impl<T: Send + Sync> Sync for Table<T> {}

impl<T> Table<T> {
    /// An empty one. Kinds differ.
    ///
    /// # Panics
    /// When it is compiled, if the kind is not one of sixteen.
    pub const fn new(kind: usize) -> Self {
        assert!(kind < 16);
        Self {
            kind,
            chunks: [const { AtomicPtr::new(null_mut()) }; PLACES / CHUNK],
            free: Mutex::new(Free { places: std::collections::VecDeque::new(), made: 0 }),
        }
    }

    /// The object of a handle; `None`: there is none.
    #[inline]
    pub fn get(&self, handle: usize) -> Option<&'static T> {
        // SAFETY: the slot holds an object, as its state says, and lives for ever; the object lives until it is removed,
        // which MPI forbids during a call that uses it.
        self.slot(handle).map(|slot| unsafe { (*slot.object.get()).assume_init_ref() })
    }

    /// The same, to change.
    ///
    /// # Safety
    /// Nobody else uses the object during `'a`. (MPI allows one thread at a time to complete a request.)
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn get_mut<'a>(&self, handle: usize) -> Option<&'a mut T>
    where
        T: 'a,
    {
        // SAFETY: as for `get`, and the caller's promise.
        self.slot(handle).map(|slot| unsafe { (*slot.object.get()).assume_init_mut() })
    }

    #[inline]
    fn slot(&self, handle: usize) -> Option<&'static Slot<T>> {
        if handle >> KIND_SHIFT != USER >> KIND_SHIFT | self.kind {
            return None;
        }
        let place = handle & (PLACES - 1);
        let chunk = self.chunks[place / CHUNK].load(Ordering::Acquire);
        if chunk.is_null() {
            return None;
        }
        // SAFETY: a chunk has so many slots, and is never freed.
        let slot = unsafe { &*chunk.add(place % CHUNK) };
        let age = (handle >> AGE_SHIFT) as u32 & (AGES - 1);
        (slot.state.load(Ordering::Acquire) == age << 1 | 1).then_some(slot)
    }

    /// Takes an object in, and gives its handle; `None` where there are two million of its kind.
    pub fn insert(&self, object: T) -> Option<usize> {
        let place = {
            let mut free = self.free();
            match free.places.pop_front() {
                Some(place) if free.places.len() >= RESERVE || free.made == PLACES => place as usize,
                other => {
                    if let Some(place) = other {
                        free.places.push_front(place);
                    }
                    if free.made == PLACES {
                        return None;
                    }
                    if free.made.is_multiple_of(CHUNK) {
                        let slot = || Slot {
                            state: AtomicU32::new(0),
                            object: UnsafeCell::new(MaybeUninit::uninit()),
                        };
                        let chunk: Box<[Slot<T>]> = std::iter::repeat_with(slot).take(CHUNK).collect();
                        let chunk = Box::leak(chunk).as_mut_ptr();
                        self.chunks[free.made / CHUNK].store(chunk, Ordering::Release);
                    }
                    free.made += 1;
                    free.made - 1
                }
            }
        };
        let chunk = self.chunks[place / CHUNK].load(Ordering::Acquire);
        // SAFETY: the chunk was made before its places were given out; nobody else has this place.
        let slot = unsafe { &*chunk.add(place % CHUNK) };
        // SAFETY: the place is free, and ours.
        unsafe { (*slot.object.get()).write(object) };
        let state = slot.state.load(Ordering::Relaxed);
        slot.state.store(state | 1, Ordering::Release);
        Some(USER | self.kind << KIND_SHIFT | ((state >> 1) as usize % AGES as usize * PLACES) | place)
    }

    /// Takes an object out; `None`: there is none.
    pub fn remove(&self, handle: usize) -> Option<T> {
        let slot = self.slot(handle)?;
        let state = slot.state.load(Ordering::Relaxed);
        let next = (((state >> 1) + 1) % AGES) << 1;
        slot.state.compare_exchange(state, next, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        // SAFETY: the slot has held an object until the exchange, which one caller alone has made.
        let object = unsafe { (*slot.object.get()).assume_init_read() };
        self.free().places.push_back((handle & (PLACES - 1)) as u32);
        Some(object)
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        // Nothing that is done with it can panic halfway.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_handle_is_told_from_one_that_lives() {
        static TABLE: Table<String> = Table::new(3);
        let one = TABLE.insert("one".to_owned()).unwrap();
        assert_eq!(TABLE.get(one).map(String::as_str), Some("one"));
        assert_eq!(TABLE.remove(one).as_deref(), Some("one"));
        for _ in 0..3 * RESERVE {
            let other = TABLE.insert("other".to_owned()).unwrap();
            assert_ne!(other, one);
            assert!(other < 1 << 31);
            assert_eq!(TABLE.get(one), None);
            assert_eq!(TABLE.remove(one), None);
            TABLE.remove(other).unwrap();
        }
    }

    #[test]
    fn what_never_was_a_handle_is_none() {
        static TABLE: Table<u8> = Table::new(4);
        TABLE.insert(7).unwrap();
        for handle in [0, 1, 0x101, usize::MAX, USER, USER | 3 << KIND_SHIFT, USER | 4 << KIND_SHIFT | 5000] {
            assert_eq!(TABLE.get(handle), None, "{handle:#x}");
        }
    }

    #[test]
    fn thousands_live_at_once() {
        static TABLE: Table<usize> = Table::new(5);
        let handles: Vec<_> = (0..5000).map(|i| TABLE.insert(i).unwrap()).collect();
        assert!(handles.iter().enumerate().all(|(i, handle)| TABLE.get(*handle) == Some(&i)));
    }
}
