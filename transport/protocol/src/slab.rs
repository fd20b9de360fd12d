//! A table whose rows are named by small numbers, and whose next number is known before it is taken.

use alloc::vec::Vec;

/// A table whose rows are named by small numbers. The row freed last is taken first: it is still in the cache.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    rows: Vec<Row<T>>,
    free: Option<u32>,
    used: usize,
}

#[derive(Debug)]
enum Row<T> {
    Free { next: Option<u32> },
    Used(T),
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { rows: Vec::new(), free: None, used: 0 }
    }

    /// The number that the next [`Slab::insert`] will take.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // insert refuses to grow that far
    pub(crate) fn next(&self) -> u32 {
        match self.free {
            Some(row) => row,
            None => self.rows.len() as u32,
        }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let at = self.next();
        if let Some(row) = self.rows.get_mut(at as usize) {
            if let Row::Free { next } = row {
                self.free = *next;
            }
            *row = Row::Used(value);
        } else {
            assert!(at < u32::MAX, "a table of 2^32 rows is full");
            self.rows.push(Row::Used(value));
        }
        self.used += 1;
        at
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        match self.rows.get_mut(at as usize) {
            Some(Row::Used(value)) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, at: u32) -> Option<T> {
        let row = self.rows.get_mut(at as usize)?;
        if matches!(row, Row::Free { .. }) {
            return None;
        }
        let Row::Used(value) = core::mem::replace(row, Row::Free { next: self.free }) else { return None };
        self.free = Some(at);
        self.used -= 1;
        Some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Takes out every row that `which` picks, with its number. Costs a look at every row there ever was.
    pub(crate) fn take_where(&mut self, mut which: impl FnMut(&mut T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for at in 0..self.next_new() {
            if self.get_mut(at).is_some_and(&mut which) {
                taken.extend(self.remove(at));
            }
        }
        taken
    }

    /// Shows every row to `act`.
    pub(crate) fn for_each(&mut self, mut act: impl FnMut(&mut T)) {
        for row in &mut self.rows {
            if let Row::Used(value) = row {
                act(value);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation)] // as in next
    fn next_new(&self) -> u32 {
        self.rows.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn numbers_are_foretold_and_used_again() {
        let mut slab = Slab::new();
        for value in 0..3 {
            assert_eq!(slab.next(), value);
            assert_eq!(slab.insert(value), value);
        }
        assert_eq!((slab.remove(1), slab.remove(1), slab.remove(9)), (Some(1), None, None));
        assert_eq!(slab.next(), 1);
        assert_eq!((slab.get_mut(1).copied(), slab.get_mut(2).copied()), (None, Some(2)));
        assert_eq!((slab.insert(7), slab.next()), (1, 3));
        assert_eq!(slab.take_where(|value| *value != 2), vec![0, 7]);
        assert!(!slab.is_empty() && slab.remove(2).is_some() && slab.is_empty());
    }
}
