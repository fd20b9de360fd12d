//! Where a sender puts the payload that comes next.
//!
//! Payloads too long for a record lie in the area's *window*, one behind the other, round and round. The
//! textbook would use the same few buffers again and again, since they are hot. That is wrong here: a line
//! that its writer still holds in its own caches costs another core's read twice what one costs that has moved
//! on to the shared level. So a pair that streams cycles through more memory than a second-level cache holds.
//! A pair that does not should not pay for that: its window begins small, and grows only once it has been gone
//! round several times. How much all windows to one process may grow is bounded: those that come first grow.
//!
//! For the same reason a sender does not run ahead as far as the window allows: it would write where the receiver has
//! just read, and each line would have to be fetched out of the other's own cache, which takes four times as long. A
//! quarter of the window ahead is enough for both to work at their own pace.
//!
//! The receiver is done with payloads in the order in which they came, so all it tells is their count.

use std::collections::VecDeque;

use crate::ring::BadCredit;

/// Payloads begin at a multiple of this.
const ALIGN: usize = 64;
/// Bytes of the window that a sender begins with.
pub(crate) const FIRST: usize = 128 << 10;
/// The window grows after it has been gone round so many times.
const ROUNDS: usize = 3;
/// Of a window that has grown, payloads that the receiver is not done with take one part in so many at most.
const AHEAD: usize = 4;

/// The window of an area, as the process that writes to it sees it.
#[derive(Debug)]
pub(crate) struct Window {
    /// Where the next payload goes, if it fits.
    head: usize,
    /// Bytes in use, all with memory.
    size: usize,
    /// Bytes in the area.
    most: usize,
    /// Times that it was gone round since it grew last.
    rounds: usize,
    /// Where the payloads begin that the receiver is not done with.
    flying: VecDeque<u32>,
    /// How many payloads the receiver is done with, as it tells.
    released: u32,
}

/// Where the next payload begins after one of `len` bytes at `at`.
#[inline]
fn end(at: usize, len: usize) -> usize {
    (at + len.max(1)).next_multiple_of(ALIGN)
}

/// What a window needs from its area.
pub(crate) trait Backing {
    /// How many payloads the receiver says it is done with.
    fn released(&self) -> u32;
    /// Takes leave to grow by so many bytes; whether there is any.
    fn grant(&self, bytes: usize) -> bool;
    /// Gives memory to a part of the window; whether there is any.
    fn populate(&self, from: usize, to: usize) -> bool;
}

impl Window {
    /// A window of `most` bytes, the first `size` of which have memory.
    pub(crate) fn new(size: usize, most: usize, slots: usize) -> Self {
        let flying = VecDeque::with_capacity(slots);
        Self { head: 0, size, most, rounds: 0, flying, released: 0 }
    }

    /// Bytes in use.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Payloads that the receiver is not done with.
    #[inline]
    pub(crate) fn flying(&self) -> usize {
        self.flying.len()
    }

    /// Finds a place for a payload of `len` bytes, if there is one now.
    #[inline]
    pub(crate) fn find(&mut self, len: usize, area: &impl Backing) -> Result<Option<usize>, BadCredit> {
        let told = area.released();
        let done = told.wrapping_sub(self.released) as usize;
        if done > self.flying.len() {
            return Err(BadCredit);
        }
        self.flying.drain(..done);
        self.released = told;
        let Some(&tail) = self.flying.front() else {
            // Nothing flies: only the end of the window is in the way.
            if self.head + len > self.size {
                self.turn(area);
            }
            return Ok((self.head + len <= self.size).then_some(self.head));
        };
        let tail = tail as usize;
        let flying = if self.head >= tail { self.head - tail } else { self.size - tail + self.head };
        if flying + len > (self.size / AHEAD).max(FIRST) {
            return Ok(None);
        }
        if self.head >= tail {
            if self.head + len <= self.size {
                return Ok(Some(self.head));
            }
            // At the end: where nothing can be placed at the beginning either, nothing is to change.
            if end(0, len) >= tail {
                return Ok(None);
            }
            self.turn(area);
            if self.head != 0 {
                return Ok((self.head + len <= self.size).then_some(self.head));
            }
        }
        // A payload never ends where the oldest one begins: equal ends would mean full and empty alike.
        Ok((end(self.head, len) < tail).then_some(self.head))
    }

    /// Takes the place that was found.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // a window has far less than 4 GiB
    pub(crate) fn take(&mut self, at: usize, len: usize) {
        self.flying.push_back(at as u32);
        self.head = end(at, len);
    }

    /// At the end of the window: grows it, or goes on at its beginning.
    #[cold]
    fn turn(&mut self, area: &impl Backing) {
        self.rounds += 1;
        if self.rounds >= ROUNDS && self.size < self.most {
            self.rounds = 0;
            let grown = (self.size + self.size / 2).next_multiple_of(4096).min(self.most);
            if area.grant(grown - self.size) && area.populate(self.size, grown) {
                self.size = grown;
                return;
            }
            // There is less memory than hoped for: go on with what there is.
            self.most = self.size;
        }
        self.head = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    struct Fake {
        released: Cell<u32>,
        growth: Cell<usize>,
        memory: usize,
    }

    impl Backing for Fake {
        fn released(&self) -> u32 {
            self.released.get()
        }
        fn grant(&self, bytes: usize) -> bool {
            let left = self.growth.get().checked_sub(bytes);
            left.is_some_and(|left| {
                self.growth.set(left);
                true
            })
        }
        fn populate(&self, _from: usize, to: usize) -> bool {
            to <= self.memory
        }
    }

    const MOST: usize = 1 << 20;

    fn fake(growth: usize, memory: usize) -> Fake {
        Fake { released: Cell::new(0), growth: Cell::new(growth), memory }
    }

    /// Runs payloads of pseudo-random lengths through a window, with up to `ahead` of them flying, and checks
    /// that no two overlap. Returns how large the window has become.
    fn run(area: &Fake, ahead: usize, frames: u32) -> usize {
        let mut window = Window::new(FIRST, MOST, 64);
        let mut flying: VecDeque<(usize, usize)> = VecDeque::new();
        let mut state = 12345_u32;
        let mut sent = 0;
        while sent < frames {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let len = (state >> 8) as usize % 16_448 + 1;
            let found = if flying.len() < ahead { window.find(len, area).unwrap() } else { None };
            if let Some(at) = found {
                assert!(at % ALIGN == 0 && at + len <= MOST);
                for &(from, to) in &flying {
                    assert!(at + len <= from || to <= at, "{at}+{len} overlaps {from}..{to}");
                }
                window.take(at, len);
                flying.push_back((at, at + len));
                sent += 1;
            } else {
                assert!(flying.pop_front().is_some(), "no place although nothing flies");
                area.released.set(area.released.get().wrapping_add(1));
            }
        }
        window.size
    }

    #[test]
    fn payloads_never_overlap_and_the_window_grows_with_use() {
        for ahead in [1, 2, 7, 60] {
            assert_eq!(run(&fake(MOST, MOST), ahead, 4), FIRST);
            assert_eq!(run(&fake(MOST, MOST), ahead, 20_000), MOST);
        }
    }

    #[test]
    fn a_sender_runs_a_quarter_of_a_grown_window_ahead() {
        let area = fake(MOST, MOST);
        let mut window = Window::new(MOST, MOST, 64);
        let mut sent = 0;
        while let Some(at) = window.find(16 << 10, &area).unwrap() {
            window.take(at, 16 << 10);
            sent += 1;
        }
        assert_eq!(sent * (16 << 10), MOST / AHEAD);
        let mut small = Window::new(FIRST, MOST, 64);
        while let Some(at) = small.find(16 << 10, &area).unwrap() {
            small.take(at, 16 << 10);
        }
        assert_eq!(small.flying(), FIRST / (16 << 10), "a small one is used whole");
    }

    #[test]
    fn a_lack_of_leave_or_of_memory_is_lived_with() {
        // From 128 KiB on by half each time: 192, 288, 432 KiB.
        assert_eq!(run(&fake(200 << 10, MOST), 7, 20_000), 288 << 10);
        assert_eq!(run(&fake(0, MOST), 7, 20_000), FIRST);
        assert_eq!(run(&fake(MOST, 200 << 10), 7, 20_000), 192 << 10);
    }

    #[test]
    fn credit_that_cannot_be_is_an_error() {
        let area = fake(MOST, MOST);
        let mut window = Window::new(FIRST, MOST, 64);
        let at = window.find(100, &area).unwrap().unwrap();
        window.take(at, 100);
        area.released.set(2);
        assert_eq!(window.find(100, &area), Err(BadCredit));
        area.released.set(u32::MAX);
        assert_eq!(window.find(100, &area), Err(BadCredit));
    }
}
