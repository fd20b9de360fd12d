//! Layouts as short programs: runs of neighbouring bytes, and loops over them.
//!
//! A datatype's layout is kept twice in this form. Over [`Basic`](super::Basic) elements it is the type map, from which
//! elements are counted and converted. Over bytes, where neighbours of different types merge too, it is what packing
//! runs (`copy.rs`). Every constructor of a datatype comes down to [`repeat`](Program::repeat), [`at`](Program::at) and a
//! [`Builder`] of sequences, and these keep a canonical form:
//!
//! - what is contiguous is one run, however it was built;
//! - a loop whose copies continue those of its inner loop is one loop (a vector of a vector, a whole plane of an array);
//! - equal parts at equal distances are a loop (an indexed type with a regular pattern);
//! - only what is left is a table of runs, or a sequence of programs.
//!
//! The order of the packed stream is never changed. Constructing costs O(parts), whatever the counts.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A part of a sequence that is itself a sequence is spliced in if it has at most so many parts. Longer ones are shared,
/// so that nesting does not multiply them.
const SPLICED: usize = 8;

/// Runs of one kind each, in the order of the packed stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program<K> {
    /// Where its first run begins, seen from the address that a call is given.
    pub(crate) offset: i64,
    /// Length of the packed stream.
    pub(crate) size: u64,
    /// What lies there, seen from the first run.
    pub(crate) step: Step<K>,
}

/// What a program does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<K> {
    /// Nothing.
    Empty,
    /// Moves as many neighbouring bytes as the program's size says.
    Run(K),
    /// Runs the body, whose own offset is 0, again and again: at least twice.
    Loop { count: u64, stride: i64, body: Arc<Program<K>> },
    /// Runs at irregular places: at least two.
    Table(Arc<Table<K>>),
    /// Programs one after the other: at least two, of which one is more than a run.
    Sequence(Arc<[Part<K>]>),
}

/// Irregular runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table<K> {
    pub(crate) runs: Box<[Run<K>]>,
    /// The length of every run, if they have one in common.
    pub(crate) uniform: Option<u64>,
    /// From the lowest byte to the end of the highest.
    pub(crate) reach: u64,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run<K> {
    pub(crate) offset: i64,
    /// Where it begins in the packed stream.
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) kind: K,
}

/// One program of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part<K> {
    /// Where it begins in the packed stream.
    pub(crate) start: u64,
    pub(crate) program: Program<K>,
}

impl<K: Copy + Eq> Program<K> {
    /// Nothing.
    pub(crate) const EMPTY: Self = Self { offset: 0, size: 0, step: Step::Empty };

    /// One run.
    pub(crate) fn run(len: u64, kind: K) -> Self {
        if len == 0 { Self::EMPTY } else { Self { offset: 0, size: len, step: Step::Run(kind) } }
    }

    /// The same, moved. The caller has checked that its bounds fit in 63 bits.
    pub(crate) fn at(mut self, displacement: i64) -> Self {
        if self.size > 0 {
            self.offset = self.offset.wrapping_add(displacement);
        }
        self
    }

    /// `count` copies, each `stride` bytes behind the one before it. The caller has checked size and bounds.
    pub(crate) fn repeat(&self, count: u64, stride: i64) -> Self {
        if count == 0 || self.size == 0 {
            return Self::EMPTY;
        }
        if count == 1 {
            return self.clone();
        }
        let (offset, size) = (self.offset, self.size.wrapping_mul(count));
        let step = match &self.step {
            Step::Run(kind) if i64::try_from(self.size) == Ok(stride) => Step::Run(*kind),
            Step::Loop { count: inner, stride: distance, body }
                if i64::try_from(*inner).ok().and_then(|n| n.checked_mul(*distance)) == Some(stride) =>
            {
                // The sizes agree, so this many copies of the body exist; the product cannot overflow.
                Step::Loop { count: inner * count, stride: *distance, body: Arc::clone(body) }
            }
            _ => {
                let body = Self { offset: 0, ..self.clone() };
                Step::Loop { count, stride, body: Arc::new(body) }
            }
        };
        Self { offset, size, step }
    }

    /// Programs one after the other, as a [`Builder`] puts them.
    #[cfg(test)]
    pub(crate) fn sequence(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut builder = Builder::default();
        parts.into_iter().for_each(|part| builder.push(part));
        builder.finish()
    }

    /// Whether nothing but one run, so that packed and unpacked bytes are the same.
    pub(crate) fn contiguous(&self) -> Option<i64> {
        matches!(self.step, Step::Run(_) | Step::Empty).then_some(self.offset)
    }

    /// Calls `each` with every run in the order of the packed stream: kind, address and length.
    pub(crate) fn for_each<E>(
        &self,
        base: i64,
        each: &mut impl FnMut(K, i64, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let base = base.wrapping_add(self.offset);
        match &self.step {
            Step::Empty => Ok(()),
            Step::Run(kind) => each(*kind, base, self.size),
            Step::Loop { count, stride, body } => {
                let mut at = base;
                for _ in 0..*count {
                    body.for_each(at, each)?;
                    at = at.wrapping_add(*stride);
                }
                Ok(())
            }
            Step::Table(table) => {
                table.runs.iter().try_for_each(|run| each(run.kind, base.wrapping_add(run.offset), run.len))
            }
            Step::Sequence(parts) => parts.iter().try_for_each(|part| part.program.for_each(base, each)),
        }
    }
}

/// Puts programs one after the other.
pub(crate) struct Builder<K> {
    parts: Vec<Program<K>>,
}

impl<K> Default for Builder<K> {
    fn default() -> Self {
        Self { parts: Vec::new() }
    }
}

impl<K: Copy + Eq> Builder<K> {
    pub(crate) fn push(&mut self, part: Program<K>) {
        let offset = part.offset;
        match &part.step {
            Step::Empty => {}
            Step::Table(table) if table.runs.len() <= SPLICED => {
                for run in &table.runs {
                    self.append(Program::run(run.len, run.kind).at(offset.wrapping_add(run.offset)));
                }
            }
            Step::Sequence(parts) if parts.len() <= SPLICED => {
                for part in parts.iter() {
                    self.append(part.program.clone().at(offset));
                }
            }
            _ => self.append(part),
        }
    }

    /// A run that continues the last one becomes a part of it.
    fn append(&mut self, part: Program<K>) {
        if let Some(last) = self.parts.last_mut()
            && let (Step::Run(a), Step::Run(b)) = (&last.step, &part.step)
            && a == b
            && i64::try_from(last.size).ok().and_then(|size| last.offset.checked_add(size))
                == Some(part.offset)
        {
            last.size += part.size;
        } else {
            self.parts.push(part);
        }
    }

    pub(crate) fn finish(mut self) -> Program<K> {
        match self.parts.len() {
            0 => return Program::EMPTY,
            1 => return self.parts.swap_remove(0),
            _ => {}
        }
        if let Some(regular) = self.regular() {
            return regular;
        }
        let offset = self.parts[0].offset;
        let mut size = 0;
        for part in &mut self.parts {
            part.offset = part.offset.wrapping_sub(offset);
            size += part.size;
        }
        let step = self.table().unwrap_or_else(|| {
            let mut start = 0;
            let place = |program: Program<K>| {
                let part = Part { start, program };
                start += part.program.size;
                part
            };
            Step::Sequence(self.parts.into_iter().map(place).collect())
        });
        Program { offset, size, step }
    }

    /// Equal parts at equal distances, as a loop.
    fn regular(&self) -> Option<Program<K>> {
        let [first, second, rest @ ..] = &self.parts[..] else { return None };
        let stride = second.offset.checked_sub(first.offset)?;
        let mut before = second;
        for part in rest {
            if part.offset.checked_sub(before.offset) != Some(stride) {
                return None;
            }
            before = part;
        }
        if !self.parts[1..].iter().all(|part| same(first, part)) {
            return None;
        }
        Some(first.repeat(self.parts.len() as u64, stride))
    }

    /// Runs alone, as a table.
    fn table(&self) -> Option<Step<K>> {
        let mut start = 0;
        let mut runs = Vec::new();
        for part in &self.parts {
            let Step::Run(kind) = part.step else { return None };
            runs.push(Run { offset: part.offset, start, len: part.size, kind });
            start += part.size;
        }
        let len = runs.first()?.len;
        let uniform = runs.iter().all(|run| run.len == len).then_some(len);
        let first = runs.iter().map(|run| run.offset).min()?;
        let end = runs.iter().map(|run| run.offset.wrapping_add(run.len as i64)).max()?;
        let reach = end.wrapping_sub(first) as u64;
        Some(Step::Table(Arc::new(Table { runs: runs.into_boxed_slice(), uniform, reach })))
    }
}

/// Whether two programs do the same at their offsets, as far as a short look tells.
fn same<K: Eq>(one: &Program<K>, other: &Program<K>) -> bool {
    one.size == other.size
        && match (&one.step, &other.step) {
            (Step::Run(a), Step::Run(b)) => a == b,
            (Step::Loop { count: n, stride: s, body: a }, Step::Loop { count: m, stride: t, body: b }) => {
                n == m && s == t && (Arc::ptr_eq(a, b) || both_runs(a, b))
            }
            (Step::Table(a), Step::Table(b)) => Arc::ptr_eq(a, b),
            (Step::Sequence(a), Step::Sequence(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
}

fn both_runs<K: Eq>(one: &Program<K>, other: &Program<K>) -> bool {
    one.size == other.size && matches!((&one.step, &other.step), (Step::Run(a), Step::Run(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn bytes(len: u64) -> Program<()> {
        Program::run(len, ())
    }

    #[test]
    fn contiguous_stays_contiguous() {
        let built = bytes(8).repeat(4, 8).repeat(3, 32);
        assert_eq!(built, bytes(96));
        let sequence = Program::sequence([bytes(4).at(8), bytes(8).at(12), Program::EMPTY, bytes(1).at(20)]);
        assert_eq!((sequence.offset, sequence.size, sequence.contiguous()), (8, 13, Some(8)));
    }

    #[test]
    fn a_vector_of_a_vector_collapses() {
        let column = bytes(8).repeat(16, 64);
        let two = column.repeat(2, 16 * 64);
        assert_eq!(two, bytes(8).repeat(32, 64));
        let apart = column.repeat(2, 8);
        assert!(matches!(apart.step, Step::Loop { count: 2, stride: 8, .. }));
    }

    #[test]
    fn regular_blocks_are_a_loop_and_others_a_table() {
        let regular = Program::sequence([0, 24, 48].map(|at| bytes(8).at(at)));
        assert_eq!(regular, bytes(8).repeat(3, 24));
        let irregular = Program::sequence([5, 24, 48].map(|at| bytes(8).at(at)));
        let Step::Table(table) = &irregular.step else { panic!("{irregular:?}") };
        assert_eq!((irregular.offset, table.uniform), (5, Some(8)));
        assert_eq!(
            table.runs.iter().map(|run| (run.offset, run.start)).collect::<Vec<_>>(),
            [(0, 0), (19, 8), (43, 16)]
        );
        let rows = Program::sequence([0, 100].map(|at| bytes(8).repeat(2, 16).at(at)));
        assert!(matches!(&rows.step, Step::Loop { count: 2, stride: 100, .. }));
    }

    #[test]
    fn short_sequences_are_spliced_and_long_ones_shared() {
        let short = Program::sequence([bytes(4), bytes(2).at(9)]);
        let joined = Program::sequence([short.clone(), short.at(11)]);
        // 4 at 0, 2 at 9, and what begins at 11 continues that.
        let Step::Table(table) = &joined.step else { panic!("{joined:?}") };
        assert_eq!(
            table.runs.iter().map(|run| (run.offset, run.len)).collect::<Vec<_>>(),
            [(0, 4), (9, 6), (20, 2)]
        );
        let long = Program::sequence((0..20).map(|i| bytes(1).at(i * i + 2 * i)));
        let two = Program::sequence([long.clone(), bytes(1).at(-4)]);
        assert!(matches!(&two.step, Step::Sequence(parts) if parts.len() == 2));
    }

    #[test]
    fn different_kinds_do_not_merge() {
        let kinds = Program::sequence([Program::run(4, 'a'), Program::run(4, 'b').at(4)]);
        let mut seen = vec![];
        kinds
            .for_each(100, &mut |kind, at, len| {
                seen.push((kind, at, len));
                Ok::<(), ()>(())
            })
            .unwrap();
        assert_eq!(seen, [('a', 100, 4), ('b', 104, 4)]);
    }
}
