//! The posted receives.
//!
//! While all of them have one and the same pattern, be it one receive or a window of a thousand, they are a *run*: a
//! list in posting order and the pattern, with which an arrival compares itself once.
//!
//! Else up to [`FEW`] receives stand in an array in posting order, and an arrival compares itself with one after the
//! other. One more, and all move into four hash indexes, one for each class of pattern: (source, tag), (source, any),
//! (any, tag), (any, any). A key's receives form a list in posting order, so the first receive of a class that matches
//! an arrival is the head of the list of its key; among the (at most four) heads the lowest posting sequence wins.
//! Classes without receives cost nothing. When the last receive leaves, the next one begins a run again: a receive
//! moves at most twice, so the moves are paid for by the posts.

use alloc::vec::Vec;

use crate::index::{Ends, Index, NIL, Place, newest};
use crate::pattern::{CLASSES, Class, Key, Pattern, Words, source_bits, tag_bits};

/// Up to so many receives are compared one by one.
pub const FEW: usize = 8;

/// Names one waiting receive, so that it can be cancelled. A token outlives its receive harmlessly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PostToken {
    slot: u32,
    generation: u32,
}

/// The receives that wait, of one context.
#[derive(Debug)]
pub(crate) struct PostedQueue<R> {
    order: Order,
    run: Run,
    /// How many wait. Half a word, so that it is never counted up in one piece with `sequence`: such a piece would have
    /// to wait for the last change of one half to reach the cache.
    len: u32,
    /// The posting order; 64 bits never wrap.
    sequence: u64,
    /// First of the free slots, which are linked by `next`.
    free: u32,
    slots: Vec<Slot<R>>,
    few: Few,
    exact: Index,
    source: Index,
    tag: Index,
    any: Ends,
}

/// How the receives are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// In `run`, having one pattern; or there are none.
    Run,
    /// In `few`.
    Few,
    /// In the indexes.
    Hashed,
}

/// Receives of one pattern, linked in posting order. What the slot of the first says of its predecessor is void.
#[derive(Debug)]
struct Run {
    words: Words,
    ends: Ends,
}

/// One receive, or a free place.
#[derive(Debug)]
struct Slot<R> {
    recv: Option<R>,
    sequence: u64,
    words: Words,
    /// Neighbours in the run, or in the list of the same key; `next` also links the free slots.
    next: u32,
    prev: u32,
    /// Counts the receives that left this slot, so that an old token names nobody.
    generation: u32,
}

/// The array for few receives, in posting order.
#[derive(Debug)]
struct Few {
    len: usize,
    words: [Words; FEW],
    slot: [u32; FEW],
}

impl<R> PostedQueue<R> {
    pub(crate) const fn new() -> Self {
        Self {
            order: Order::Run,
            run: Run { words: Words::ANY, ends: Ends::EMPTY },
            len: 0,
            sequence: 0,
            free: NIL,
            slots: Vec::new(),
            few: Few { len: 0, words: [Words::ANY; FEW], slot: [NIL; FEW] },
            exact: Index::new(),
            source: Index::new(),
            tag: Index::new(),
            any: Ends::EMPTY,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Adds a receive behind all others.
    #[inline(always)]
    pub(crate) fn push(&mut self, pattern: Pattern, recv: R) -> PostToken {
        let words = pattern.words();
        let token = self.occupy(words, recv);
        if self.order == Order::Run && (self.run.ends.tail == NIL || self.run.words == words) {
            self.extend_run(token.slot, words);
        } else {
            self.push_beside(token.slot, words);
        }
        token
    }

    /// Removes the earliest receive that matches the message.
    #[inline(always)]
    pub(crate) fn take(&mut self, key: Key) -> Option<R> {
        if self.order != Order::Run {
            return self.take_beside(key.bits());
        }
        let slot = self.run.ends.head;
        let entry = self.slots.get(slot as usize)?;
        if !self.run.words.matches(key.bits()) {
            return None;
        }
        self.run.ends.head = entry.next;
        self.vacate(slot)
    }

    /// Removes the receive that the token names, if it still waits.
    pub(crate) fn cancel(&mut self, token: PostToken) -> Option<R> {
        let entry = self.slots.get(token.slot as usize)?;
        if entry.generation != token.generation || entry.recv.is_none() {
            return None;
        }
        self.remove(token.slot)
    }

    /// Removes all receives for which `pred` holds, in posting order.
    pub(crate) fn drain(&mut self, mut pred: impl FnMut(&Pattern, &R) -> bool) -> Vec<(Pattern, R)> {
        let mut waiting: Vec<(u64, u32)> = (0..)
            .zip(&self.slots)
            .filter(|(_, entry)| entry.recv.is_some())
            .map(|(slot, entry)| (entry.sequence, slot))
            .collect();
        waiting.sort_unstable();
        let mut drained = Vec::new();
        for (_, slot) in waiting {
            let entry = &self.slots[slot as usize];
            let pattern = entry.words.pattern();
            if entry.recv.as_ref().is_some_and(|recv| pred(&pattern, recv)) {
                drained.extend(self.remove(slot).map(|recv| (pattern, recv)));
            }
        }
        drained
    }

    /// The receive in this slot leaves, wherever it stands.
    fn remove(&mut self, slot: u32) -> Option<R> {
        match self.order {
            Order::Run => self.leave_run(slot),
            Order::Hashed => self.unlink(slot),
            Order::Few => {
                if let Some(at) = self.few.slot[..self.few.len].iter().position(|&other| other == slot) {
                    self.few.remove(at);
                }
            }
        }
        self.vacate(slot)
    }

    /// Makes the receive the last of the run.
    #[inline]
    fn extend_run(&mut self, slot: u32, words: Words) {
        let prev = core::mem::replace(&mut self.run.ends.tail, slot);
        match self.slots.get_mut(prev as usize) {
            Some(before) => before.next = slot,
            None => {
                self.run.ends.head = slot;
                self.run.words = words;
            }
        }
        let entry = &mut self.slots[slot as usize];
        entry.prev = prev;
        entry.next = NIL;
    }

    /// Takes the receive out of the run. An end that was its own is left to [`PostedQueue::vacate`].
    fn leave_run(&mut self, slot: u32) {
        let Slot { next, prev, .. } = self.slots[slot as usize];
        if slot == self.run.ends.head {
            self.run.ends.head = next;
        } else {
            self.slots[prev as usize].next = next;
        }
        match self.slots.get_mut(next as usize) {
            Some(after) => after.prev = prev,
            None => self.run.ends.tail = prev,
        }
    }

    /// Adds a receive that is no part of a run.
    #[inline(never)]
    fn push_beside(&mut self, slot: u32, words: Words) {
        if self.order == Order::Run {
            self.end_run();
        }
        if self.order == Order::Few && self.few.len == FEW {
            self.hash_all();
        }
        if self.order == Order::Few {
            self.few.push(slot, words);
        } else {
            self.link(slot, words);
        }
    }

    /// Moves the receives of the run into the array, or into the indexes if they are many, in posting order.
    #[cold]
    #[inline(never)]
    fn end_run(&mut self) {
        let words = self.run.words;
        let mut slot = core::mem::replace(&mut self.run.ends, Ends::EMPTY).head;
        // `len` counts the receive that is being posted.
        self.order = if self.len as usize <= FEW { Order::Few } else { Order::Hashed };
        while let Some(entry) = self.slots.get(slot as usize) {
            let next = entry.next;
            if self.order == Order::Few {
                self.few.push(slot, words);
            } else {
                self.link(slot, words);
            }
            slot = next;
        }
    }

    /// Removes the earliest receive that matches, where they are no run.
    #[inline(never)]
    fn take_beside(&mut self, key: u64) -> Option<R> {
        if self.order == Order::Hashed {
            return self.take_hashed(key);
        }
        let at = self.few.words[..self.few.len].iter().position(|words| words.matches(key))?;
        let slot = self.few.remove(at);
        self.vacate(slot)
    }

    #[inline]
    fn take_hashed(&mut self, key: u64) -> Option<R> {
        let places = [
            self.exact.find(key),
            self.source.find(source_bits(key)),
            self.tag.find(tag_bits(key)),
            (self.any.head != NIL).then_some(Place::of_one_list(self.any.head)),
        ];
        let mut best: Option<(u64, Class, Place)> = None;
        for (class, place) in CLASSES.into_iter().zip(places) {
            if let Some(place) = place {
                let sequence = self.slots[place.head as usize].sequence;
                if best.is_none_or(|(earliest, ..)| sequence < earliest) {
                    best = Some((sequence, class, place));
                }
            }
        }
        let (_, class, place) = best?;
        let next = self.slots[place.head as usize].next;
        if let Some(after) = self.slots.get_mut(next as usize) {
            after.prev = NIL;
        }
        match class {
            Class::Exact => self.exact.close(place, next, NIL),
            Class::Source => self.source.close(place, next, NIL),
            Class::Tag => self.tag.close(place, next, NIL),
            Class::Any => self.any.close(next, NIL),
        }
        self.vacate(place.head)
    }

    /// Moves the receives of the array into the indexes, in posting order.
    #[cold]
    #[inline(never)]
    fn hash_all(&mut self) {
        self.order = Order::Hashed;
        for at in 0..core::mem::take(&mut self.few.len) {
            self.link(self.few.slot[at], self.few.words[at]);
        }
    }

    /// Makes the receive the last of its key's list.
    #[inline]
    fn link(&mut self, slot: u32, words: Words) {
        let prev = match words.class() {
            Class::Exact => self.exact.append(words.bits, slot),
            Class::Source => self.source.append(source_bits(words.bits), slot),
            Class::Tag => self.tag.append(tag_bits(words.bits), slot),
            Class::Any => {
                let prev = core::mem::replace(&mut self.any.tail, slot);
                if prev == NIL {
                    self.any.head = slot;
                }
                prev
            }
        };
        if let Some(before) = self.slots.get_mut(prev as usize) {
            before.next = slot;
        }
        let entry = &mut self.slots[slot as usize];
        entry.prev = prev;
        entry.next = NIL;
    }

    /// Takes the receive out of its key's list.
    #[inline]
    fn unlink(&mut self, slot: u32) {
        let Slot { words, next, prev, .. } = self.slots[slot as usize];
        if let Some(after) = self.slots.get_mut(next as usize) {
            after.prev = prev;
        }
        if let Some(before) = self.slots.get_mut(prev as usize) {
            before.next = next;
        }
        if next != NIL && prev != NIL {
            return;
        }
        let (index, key) = match words.class() {
            Class::Exact => (&mut self.exact, words.bits),
            Class::Source => (&mut self.source, source_bits(words.bits)),
            Class::Tag => (&mut self.tag, tag_bits(words.bits)),
            Class::Any => return self.any.close(next, prev),
        };
        if let Some(place) = index.find(key) {
            index.close(place, next, prev);
        }
    }

    /// Puts a receive into a free slot, and names it.
    #[inline]
    fn occupy(&mut self, words: Words, recv: R) -> PostToken {
        let sequence = self.sequence;
        self.sequence += 1;
        self.len += 1;
        let slot = self.free;
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            self.free = entry.next;
            entry.recv = Some(recv);
            entry.sequence = sequence;
            entry.words = words;
            return PostToken { slot, generation: entry.generation };
        }
        self.grow(Slot { recv: Some(recv), sequence, words, next: NIL, prev: NIL, generation: 0 })
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, slot: Slot<R>) -> PostToken {
        self.slots.push(slot);
        PostToken { slot: newest(self.slots.len(), "receives"), generation: 0 }
    }

    /// Frees the slot and hands its receive out.
    #[inline]
    fn vacate(&mut self, slot: u32) -> Option<R> {
        let entry = &mut self.slots[slot as usize];
        let recv = entry.recv.take();
        entry.generation = entry.generation.wrapping_add(1);
        entry.next = self.free;
        self.free = slot;
        self.len -= 1;
        if self.len == 0 {
            self.order = Order::Run;
            self.run.ends = Ends::EMPTY;
        }
        recv
    }
}

impl Few {
    fn push(&mut self, slot: u32, words: Words) {
        self.words[self.len] = words;
        self.slot[self.len] = slot;
        self.len += 1;
    }

    /// Takes one receive out; the later ones close up, so that the order stays.
    #[inline]
    fn remove(&mut self, at: usize) -> u32 {
        let slot = self.slot[at];
        self.len -= 1;
        for at in at..self.len {
            self.words[at] = self.words[at + 1];
            self.slot[at] = self.slot[at + 1];
        }
        slot
    }
}
