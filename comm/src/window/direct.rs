//! Windows whose memory all ranks see: they access it themselves, and no target has to do anything.
//!
//! Each part has a line of four words. One is taken by whoever combines elements there, for as long as that takes. The others
//! are the part's lock, a fair one: who comes draws a number, and a reader lets the next reader in at once, a writer nobody
//! until it leaves (J. M. Mellor-Crummey and M. L. Scott, Scalable Reader-Writer Synchronization, 1991, has the idea).
//!
//! Who waits polls meanwhile, gives way to others, and sleeps a little after that, as whoever leaves a lock wakes nobody.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

use olympi_transport::CommonMemory;

use crate::window::{Exposed, Window, WindowError};

/// The rank that combines, and one.
const COMBINER: usize = 0;
/// The next number to be drawn.
const NUMBER: usize = 1;
/// The number of the reader that may come in.
const READER: usize = 2;
/// That of the writer.
const WRITER: usize = 3;

/// So many looks in vain before a rank gives way to others, and so many before it sleeps.
const LOOKS: (u32, u32) = (100, 1000);
/// How long it sleeps, at first and at most.
const NAPS: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(1));

/// The memory of all ranks of a window, as one of them sees it.
#[derive(Debug)]
pub(crate) struct Direct {
    memory: CommonMemory,
    parts: Vec<Exposed>,
    me: u32,
}

/// A wait for something that another rank does.
struct Wait {
    looks: u32,
    nap: Duration,
}

impl Wait {
    fn new() -> Self {
        Self { looks: 0, nap: NAPS.0 }
    }

    /// Lets time pass. An error: a rank of the window is gone, and may have been the one that is waited for.
    fn pause(&mut self, call: &'static str, window: &Window) -> Result<(), WindowError> {
        self.looks += 1;
        if self.looks < LOOKS.0 {
            std::hint::spin_loop();
            return Ok(());
        }
        if self.looks < LOOKS.1 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(self.nap);
            self.nap = (self.nap * 2).min(NAPS.1);
        }
        let group = window.group();
        let gone = window
            .comm
            .shared
            .look(|state| state.mail.dead.iter().find(|gone| group.rank_of(gone.peer).is_some()).cloned())?;
        match gone {
            Some(gone) => Err(WindowError::gone(call, group, &gone)),
            None => Ok(()),
        }
    }
}

impl Direct {
    /// Each rank's part begins at its place, and has as many bytes as `sizes` says.
    ///
    /// # Safety
    /// The sizes are those of parts that lie within the memory, which lives as long as this value.
    pub(crate) unsafe fn new(
        memory: CommonMemory,
        places: &[usize],
        sizes: impl Iterator<Item = usize>,
        me: u32,
    ) -> Self {
        let start = memory.start();
        // SAFETY: the caller's promise; it is zeroed.
        let part = |(at, size): (&usize, usize)| unsafe { Exposed::whole(start.wrapping_add(*at), size) };
        let parts = places.iter().zip(sizes).map(part).collect();
        Self { memory, parts, me }
    }

    /// Where a rank's part is.
    pub(crate) fn start(&self, rank: u32) -> *mut u8 {
        self.part(rank).start()
    }

    pub(crate) fn part(&self, rank: u32) -> &Exposed {
        &self.parts[rank as usize]
    }

    /// Draws a number.
    fn draw(&self, rank: u32) -> u32 {
        self.memory.word(rank as usize, NUMBER).fetch_add(1, AcqRel)
    }

    fn turn(&self, rank: u32, word: usize) -> u32 {
        self.memory.word(rank as usize, word).load(Acquire)
    }

    fn next(&self, rank: u32, word: usize) {
        self.memory.word(rank as usize, word).fetch_add(1, AcqRel);
    }

    /// Gives a lock back.
    pub(crate) fn unlock(&self, rank: u32, exclusive: bool) {
        if exclusive {
            self.next(rank, READER);
        }
        self.next(rank, WRITER);
    }

    /// Takes the word of those that combine; whether it was free.
    fn try_combine(&self, rank: u32) -> bool {
        let word = self.memory.word(rank as usize, COMBINER);
        word.load(Relaxed) == 0 && word.compare_exchange(0, self.me + 1, Acquire, Relaxed).is_ok()
    }

    fn end_combine(&self, rank: u32) {
        self.memory.word(rank as usize, COMBINER).store(0, Release);
    }
}

/// Gives the word back, also when an operation panics.
struct Combining<'a>(&'a Direct, u32);

impl Drop for Combining<'_> {
    fn drop(&mut self) {
        self.0.end_combine(self.1);
    }
}

impl Window {
    /// Waits for a lock.
    pub(crate) fn lock_directly(
        &self,
        call: &'static str,
        direct: &Direct,
        rank: u32,
        exclusive: bool,
    ) -> Result<(), WindowError> {
        let number = direct.draw(rank);
        let mut wait = Wait::new();
        while direct.turn(rank, if exclusive { WRITER } else { READER }) != number {
            wait.pause(call, self)?;
        }
        if !exclusive {
            direct.next(rank, READER);
        }
        Ok(())
    }

    /// Combines something with a part, which nobody else does at the same time.
    #[inline]
    pub(crate) fn alone<R>(
        &self,
        call: &'static str,
        direct: &Direct,
        rank: u32,
        act: impl FnOnce(&Exposed) -> R,
    ) -> Result<R, WindowError> {
        if !direct.try_combine(rank) {
            self.await_combiner(call, direct, rank)?;
        }
        let _taken = Combining(direct, rank);
        Ok(act(direct.part(rank)))
    }

    #[cold]
    fn await_combiner(&self, call: &'static str, direct: &Direct, rank: u32) -> Result<(), WindowError> {
        let mut wait = Wait::new();
        while !direct.try_combine(rank) {
            wait.pause(call, self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_called_in_their_order_and_readers_together() {
        let (memory, _) = CommonMemory::create(1, 64).unwrap();
        // SAFETY: the part is the memory.
        let direct = unsafe { Direct::new(memory, &[0, 64], [64].into_iter(), 0) };
        // Two readers, a writer, a reader; each may come in where its number is called.
        let numbers: Vec<u32> = (0..4).map(|_| direct.draw(0)).collect();
        let may = |word, number| direct.turn(0, word) == number;
        assert!(may(READER, numbers[0]));
        direct.next(0, READER);
        assert!(may(READER, numbers[1]));
        direct.next(0, READER);
        assert!(!may(WRITER, numbers[2]) && !may(READER, numbers[3]));
        direct.unlock(0, false);
        assert!(!may(WRITER, numbers[2]), "one reader is still there");
        direct.unlock(0, false);
        assert!(may(WRITER, numbers[2]) && !may(READER, numbers[3]));
        direct.unlock(0, true);
        assert!(may(READER, numbers[3]));
    }

    #[test]
    fn one_combines_at_a_time() {
        let (memory, _) = CommonMemory::create(1, 64).unwrap();
        // SAFETY: as above.
        let direct = unsafe { Direct::new(memory, &[0, 64], [64].into_iter(), 0) };
        assert!(direct.try_combine(0));
        let taken = Combining(&direct, 0);
        assert!(!direct.try_combine(0));
        drop(taken);
        assert!(direct.try_combine(0));
    }
}
