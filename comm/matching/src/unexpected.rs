//! The unexpected messages.
//!
//! Up to [`FEW`] messages stand in an array in order of arrival, and a receive compares itself with one after the
//! other. One more, and the messages are linked: all in one list in order of arrival, and those of the same source and
//! tag in a list that a hash index finds. Lists by source and lists by tag are begun when a receive first asks for
//! them, and kept until the queue is empty: a program without wildcards never pays for them, and one that uses them
//! pays once a message. So each pattern finds its message at the head of one list.

use alloc::vec::Vec;

use crate::index::{Ends, Index, NIL, Place, newest};
use crate::pattern::{Class, Key, Pattern, Words, source_bits, tag_bits};
use crate::posted::FEW;

/// The messages that wait, of one context.
#[derive(Debug)]
pub(crate) struct UnexpectedQueue<M> {
    few: Few,
    /// Whether the messages are linked instead of standing in `few`.
    linked: bool,
    len: usize,
    /// First of the free slots, which are linked by `exact_next`.
    free: u32,
    slots: Vec<Slot<M>>,
    exact: Index,
    all: Ends,
    by_source: Lazy,
    by_tag: Lazy,
}

/// One message, or a free place.
#[derive(Debug)]
struct Slot<M> {
    message: Option<M>,
    key: u64,
    /// The next message of the same source and tag. One link is enough: whatever a pattern takes was the earliest of
    /// its source and tag.
    exact_next: u32,
    /// Neighbours in the list of all messages.
    link: Link,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    next: u32,
    prev: u32,
}

/// Lists that exist only once somebody has asked.
#[derive(Debug)]
struct Lazy {
    built: bool,
    index: Index,
    /// For each slot its neighbours in its list; beside the slots, because most programs never need them.
    links: Vec<Link>,
}

/// The array for few messages, in order of arrival.
#[derive(Debug)]
struct Few {
    len: usize,
    key: [u64; FEW],
    slot: [u32; FEW],
}

impl<M> UnexpectedQueue<M> {
    pub(crate) const fn new() -> Self {
        Self {
            few: Few { len: 0, key: [0; FEW], slot: [NIL; FEW] },
            linked: false,
            len: 0,
            free: NIL,
            slots: Vec::new(),
            exact: Index::new(),
            all: Ends::EMPTY,
            by_source: Lazy::new(),
            by_tag: Lazy::new(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a message behind all others.
    #[inline(never)]
    pub(crate) fn push(&mut self, key: Key, message: M) {
        let key = key.bits();
        let slot = self.occupy(key, message);
        if self.linked {
            self.link(slot, key);
        } else if self.few.len < FEW {
            self.few.key[self.few.len] = key;
            self.few.slot[self.few.len] = slot;
            self.few.len += 1;
        } else {
            self.link_all();
            self.link(slot, key);
        }
    }

    /// Removes the earliest message that the pattern matches.
    #[inline(always)]
    pub(crate) fn take(&mut self, pattern: Pattern) -> Option<(Key, M)> {
        if self.len == 0 { None } else { self.take_one(pattern) }
    }

    #[inline(never)]
    fn take_one(&mut self, pattern: Pattern) -> Option<(Key, M)> {
        let words = pattern.words();
        let slot = if self.linked {
            let place = self.find_linked(words)?;
            self.unlink(place, words.class());
            place.head
        } else {
            let at = self.few.find(words)?;
            self.few.remove(at)
        };
        self.vacate(slot)
    }

    /// The earliest message that the pattern matches.
    #[inline]
    pub(crate) fn probe(&mut self, pattern: Pattern) -> Option<(Key, &M)> {
        if self.len == 0 {
            return None;
        }
        let words = pattern.words();
        let slot =
            if self.linked { self.find_linked(words)?.head } else { self.few.slot[self.few.find(words)?] };
        let entry = &self.slots[slot as usize];
        entry.message.as_ref().map(|message| (Key::from_bits(entry.key), message))
    }

    /// Removes all messages for which `pred` holds, in order of arrival.
    pub(crate) fn drain(&mut self, mut pred: impl FnMut(&Key, &M) -> bool) -> Vec<(Key, M)> {
        let mut drained = Vec::new();
        let mut kept = Vec::new();
        for (key, message) in self.take_all() {
            if pred(&key, &message) {
                drained.push((key, message));
            } else {
                kept.push((key, message));
            }
        }
        for (key, message) in kept {
            self.push(key, message);
        }
        drained
    }

    /// Empties the queue, in order of arrival.
    fn take_all(&mut self) -> Vec<(Key, M)> {
        let mut order = Vec::with_capacity(self.len);
        order.extend_from_slice(&self.few.slot[..self.few.len]);
        let mut slot = self.all.head;
        while let Some(entry) = self.slots.get(slot as usize) {
            order.push(slot);
            slot = entry.link.next;
        }
        self.few.len = 0;
        self.all = Ends::EMPTY;
        self.exact.clear();
        self.by_source.index.clear();
        self.by_tag.index.clear();
        order.into_iter().filter_map(|slot| self.vacate(slot)).collect()
    }

    /// The one list that the pattern asks for; begins the lists of its class when they are not kept yet.
    #[inline]
    fn find_linked(&mut self, words: Words) -> Option<Place> {
        match words.class() {
            Class::Exact => self.exact.find(words.bits),
            Class::Any => (self.all.head != NIL).then_some(Place::of_one_list(self.all.head)),
            Class::Source => {
                if !self.by_source.built {
                    self.build(Class::Source);
                }
                self.by_source.index.find(source_bits(words.bits))
            }
            Class::Tag => {
                if !self.by_tag.built {
                    self.build(Class::Tag);
                }
                self.by_tag.index.find(tag_bits(words.bits))
            }
        }
    }

    /// Begins the lists by source or by tag with all messages that wait.
    #[cold]
    #[inline(never)]
    fn build(&mut self, class: Class) {
        let by_source = class == Class::Source;
        let lists = if by_source { &mut self.by_source } else { &mut self.by_tag };
        lists.built = true;
        let mut slot = self.all.head;
        while let Some(entry) = self.slots.get(slot as usize) {
            lists.append(slot, if by_source { source_bits(entry.key) } else { tag_bits(entry.key) });
            slot = entry.link.next;
        }
    }

    /// Links the messages of the array, in order of arrival.
    #[cold]
    #[inline(never)]
    fn link_all(&mut self) {
        self.linked = true;
        for at in 0..core::mem::take(&mut self.few.len) {
            self.link(self.few.slot[at], self.few.key[at]);
        }
    }

    /// Makes the message the last of each list that is kept.
    #[inline]
    fn link(&mut self, slot: u32, key: u64) {
        let prev = core::mem::replace(&mut self.all.tail, slot);
        match self.slots.get_mut(prev as usize) {
            Some(before) => before.link.next = slot,
            None => self.all.head = slot,
        }
        let entry = &mut self.slots[slot as usize];
        entry.link = Link { next: NIL, prev };
        entry.exact_next = NIL;

        let prev = self.exact.append(key, slot);
        if let Some(before) = self.slots.get_mut(prev as usize) {
            before.exact_next = slot;
        }
        if self.by_source.built {
            self.by_source.append(slot, source_bits(key));
        }
        if self.by_tag.built {
            self.by_tag.append(slot, tag_bits(key));
        }
    }

    /// Takes the first message of a list of this class, which is the earliest of its source and tag, out of all lists.
    #[inline]
    fn unlink(&mut self, place: Place, class: Class) {
        let slot = place.head;
        let Slot { key, exact_next, .. } = self.slots[slot as usize];
        let exact = if class == Class::Exact { Some(place) } else { self.exact.find(key) };
        if let Some(exact) = exact {
            // When it was the last of its source and tag as well, the list ends.
            self.exact.close(exact, exact_next, NIL);
        }
        let Link { next, prev } = self.slots[slot as usize].link;
        if let Some(after) = self.slots.get_mut(next as usize) {
            after.link.prev = prev;
        }
        if let Some(before) = self.slots.get_mut(prev as usize) {
            before.link.next = next;
        }
        self.all.close(next, prev);
        if self.by_source.built {
            self.by_source.cut(slot, source_bits(key));
        }
        if self.by_tag.built {
            self.by_tag.cut(slot, tag_bits(key));
        }
    }

    /// Puts a message into a free slot.
    #[inline]
    fn occupy(&mut self, key: u64, message: M) -> u32 {
        self.len += 1;
        let slot = self.free;
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            self.free = entry.exact_next;
            entry.message = Some(message);
            entry.key = key;
            return slot;
        }
        self.slots.push(Slot { message: Some(message), key, exact_next: NIL, link: Link::NONE });
        newest(self.slots.len(), "messages")
    }

    /// Frees the slot and hands its message out. The queue that is empty now forgets which lists it kept.
    #[inline]
    fn vacate(&mut self, slot: u32) -> Option<(Key, M)> {
        let entry = &mut self.slots[slot as usize];
        let message = entry.message.take();
        let key = Key::from_bits(entry.key);
        entry.exact_next = self.free;
        self.free = slot;
        self.len -= 1;
        if self.len == 0 {
            self.linked = false;
            self.by_source.built = false;
            self.by_tag.built = false;
        }
        message.map(|message| (key, message))
    }
}

impl Link {
    const NONE: Self = Self { next: NIL, prev: NIL };
}

impl Lazy {
    const fn new() -> Self {
        Self { built: false, index: Index::new(), links: Vec::new() }
    }

    /// Makes the slot the last of its key's list.
    #[inline]
    fn append(&mut self, slot: u32, key: u64) {
        let at = slot as usize;
        if at >= self.links.len() {
            self.links.resize(at + 1, Link::NONE);
        }
        let prev = self.index.append(key, slot);
        if let Some(before) = self.links.get_mut(prev as usize) {
            before.next = slot;
        }
        self.links[at] = Link { next: NIL, prev };
    }

    /// Takes the slot out of its key's list.
    #[inline]
    fn cut(&mut self, slot: u32, key: u64) {
        let Link { next, prev } = self.links[slot as usize];
        if let Some(after) = self.links.get_mut(next as usize) {
            after.prev = prev;
        }
        if let Some(before) = self.links.get_mut(prev as usize) {
            before.next = next;
        }
        if (next == NIL || prev == NIL)
            && let Some(place) = self.index.find(key)
        {
            self.index.close(place, next, prev);
        }
    }
}

impl Few {
    #[inline]
    fn find(&self, words: Words) -> Option<usize> {
        self.key[..self.len].iter().position(|&key| words.matches(key))
    }

    /// Takes one message out; the later ones close up, so that the order stays.
    #[inline]
    fn remove(&mut self, at: usize) -> u32 {
        let slot = self.slot[at];
        self.len -= 1;
        for at in at..self.len {
            self.key[at] = self.key[at + 1];
            self.slot[at] = self.slot[at + 1];
        }
        slot
    }
}
