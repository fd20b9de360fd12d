//! Ranges that have gone, handed from the monitor's thread to who looks up registrations.
//!
//! The monitor must not allocate, free, or wait for a lock that someone holds who does: an `munmap` of its own, or of that
//! other one, would wait for the monitor to read the event. So the ranges go through a fixed table of atomics, and when it
//! is full, one flag says that everything may have gone.
//!
//! # Why no stale registration is found
//! The kernel lets `munmap` return only after its event was *read*. The monitor raises `reading` before it reads, and
//! lowers it after it has recorded what it read. A lookup that comes after an `munmap` has returned comes after the read,
//! so after the raise: it sees `reading` raised and waits until it is lowered, or sees it lowered again, and then the
//! record is there. All four are sequentially consistent.

use core::hint::spin_loop;
#[cfg(not(loom))]
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::uffd::Gone;

/// Ranges between two lookups, beyond which all is forgotten. Few programs unmap more of what they have sent.
#[cfg(not(loom))]
const ROOM: usize = 256;
#[cfg(loom)]
const ROOM: usize = 2;

/// One writer, the monitor; one reader at a time per cursor.
pub(crate) struct Invalid {
    reading: AtomicU32,
    /// Ranges recorded in all.
    recorded: AtomicUsize,
    starts: [AtomicUsize; ROOM],
    ends: [AtomicUsize; ROOM],
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor(usize);

/// What a reader is to forget.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Forget {
    Range(Gone),
    /// More has gone than was recorded.
    All,
}

impl Invalid {
    pub(crate) fn new() -> Self {
        Self {
            reading: AtomicU32::new(0),
            recorded: AtomicUsize::new(0),
            starts: core::array::from_fn(|_| AtomicUsize::new(0)),
            ends: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// The monitor: runs `read` for one event after the other, and records them.
    pub(crate) fn record(&self, mut read: impl FnMut() -> Option<Gone>) {
        self.reading.store(1, Ordering::SeqCst);
        while let Some(gone) = read() {
            let n = self.recorded.load(Ordering::SeqCst);
            self.starts[n % ROOM].store(gone.start, Ordering::SeqCst);
            self.ends[n % ROOM].store(gone.end, Ordering::SeqCst);
            self.recorded.store(n.wrapping_add(1), Ordering::SeqCst);
        }
        self.reading.store(0, Ordering::SeqCst);
    }

    /// A reader: waits until nothing is being read.
    #[inline]
    pub(crate) fn settle(&self) {
        let mut spins = 0_u32;
        while self.reading.load(Ordering::SeqCst) != 0 {
            spins += 1;
            if spins.is_multiple_of(64) {
                #[cfg(not(loom))]
                std::thread::yield_now();
            }
            #[cfg(loom)]
            loom::thread::yield_now();
            spin_loop();
        }
    }

    /// Whether something was recorded since this cursor.
    #[inline]
    pub(crate) fn news(&self, cursor: Cursor) -> bool {
        self.recorded.load(Ordering::SeqCst) != cursor.0
    }

    /// Where a reader that knows of nothing yet begins.
    pub(crate) fn now(&self) -> Cursor {
        Cursor(self.recorded.load(Ordering::SeqCst))
    }

    /// The next thing to forget, if there is one.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> Option<Forget> {
        let recorded = self.recorded.load(Ordering::SeqCst);
        let behind = recorded.wrapping_sub(cursor.0);
        if behind == 0 {
            return None;
        }
        // The writer may be at work on the slot after the last recorded one.
        if behind < ROOM {
            let at = cursor.0 % ROOM;
            let start = self.starts[at].load(Ordering::SeqCst);
            let end = self.ends[at].load(Ordering::SeqCst);
            // Not overwritten meanwhile?
            if self.recorded.load(Ordering::SeqCst).wrapping_sub(cursor.0) < ROOM {
                cursor.0 = cursor.0.wrapping_add(1);
                return Some(Forget::Range(Gone { start, end }));
            }
        }
        cursor.0 = self.recorded.load(Ordering::SeqCst);
        Some(Forget::All)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_in_order_and_too_many_are_all() {
        let invalid = Invalid::new();
        let mut cursor = invalid.now();
        let mut left = 3_usize;
        invalid.record(|| {
            left = left.checked_sub(1)?;
            Some(Gone { start: left, end: 100 })
        });
        for start in [2, 1, 0] {
            assert_eq!(invalid.next(&mut cursor), Some(Forget::Range(Gone { start, end: 100 })));
        }
        assert_eq!(invalid.next(&mut cursor), None);
        let mut left = ROOM;
        invalid.record(|| {
            left = left.checked_sub(1)?;
            Some(Gone { start: 1, end: 2 })
        });
        assert_eq!(invalid.next(&mut cursor), Some(Forget::All));
        assert!(!invalid.news(cursor));
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::sync::Arc;

    /// The kernel's part: an event is there, and the unmapping thread goes on once it was read.
    #[test]
    fn who_comes_after_the_read_knows_of_it() {
        loom::model(|| {
            let invalid = Arc::new(Invalid::new());
            let was_read = Arc::new(AtomicU32::new(0));
            let cursor = invalid.now();
            let monitor = {
                let (invalid, was_read) = (Arc::clone(&invalid), Arc::clone(&was_read));
                loom::thread::spawn(move || {
                    let mut once = true;
                    invalid.record(|| {
                        let event = once.then_some(Gone { start: 7, end: 8 });
                        once = false;
                        if event.is_some() {
                            was_read.store(1, Ordering::SeqCst);
                        }
                        event
                    });
                })
            };
            if was_read.load(Ordering::SeqCst) == 1 {
                let mut cursor = cursor;
                invalid.settle();
                assert!(invalid.news(cursor));
                assert_eq!(invalid.next(&mut cursor), Some(Forget::Range(Gone { start: 7, end: 8 })));
            }
            monitor.join().unwrap();
        });
    }
}
