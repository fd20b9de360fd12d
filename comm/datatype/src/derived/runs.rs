//! Walking over the bytes of a datatype from anywhere in its packed stream.

use core::ops::ControlFlow;

use super::Datatype;
use super::program::{Program, Step};

impl Datatype {
    /// Calls `each` with the runs of neighbouring bytes of one element in the order of the packed stream, from its byte
    /// `position` on: where they begin, in bytes from the address that a call is given, and their lengths. What lies before
    /// is skipped without a walk over it.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use olympi_datatype::Datatype;
    ///
    /// let column = Datatype::of::<f64>().vector(3, 1, 4)?;
    /// let mut runs = vec![];
    /// let _all = column.runs_from(10, |at, len| {
    ///     runs.push((at, len));
    ///     ControlFlow::<()>::Continue(())
    /// });
    /// assert_eq!(runs, [(34, 6), (64, 8)]);
    /// # Ok::<(), olympi_datatype::DatatypeError>(())
    /// ```
    pub fn runs_from<B>(
        &self,
        position: u64,
        mut each: impl FnMut(i64, u64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        walk(&self.layout().copying, 0, position, &mut each)
    }
}

fn walk<B>(
    program: &Program<()>,
    base: i64,
    skip: u64,
    each: &mut impl FnMut(i64, u64) -> ControlFlow<B>,
) -> ControlFlow<B> {
    if skip >= program.size {
        return ControlFlow::Continue(());
    }
    let base = base.wrapping_add(program.offset);
    // The run that is begun in its middle, or not.
    let part = |at: i64, len: u64, skip: u64| (at.wrapping_add(skip as i64), len - skip);
    match &program.step {
        Step::Empty => {}
        Step::Run(()) => {
            let (at, len) = part(base, program.size, skip);
            each(at, len)?;
        }
        Step::Loop { count, stride, body } => {
            let mut skip = skip;
            let first = skip / body.size;
            skip %= body.size;
            let mut at = base.wrapping_add((first as i64).wrapping_mul(*stride));
            for _ in first..*count {
                walk(body, at, skip, each)?;
                skip = 0;
                at = at.wrapping_add(*stride);
            }
        }
        Step::Table(table) => {
            let first = table.runs.partition_point(|run| run.start + run.len <= skip);
            for run in &table.runs[first..] {
                let (at, len) = part(base.wrapping_add(run.offset), run.len, skip.saturating_sub(run.start));
                each(at, len)?;
            }
        }
        Step::Sequence(parts) => {
            let first = parts.partition_point(|part| part.start + part.program.size <= skip);
            for part in &parts[first..] {
                walk(&part.program, base, skip.saturating_sub(part.start), each)?;
            }
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Where each byte of the stream lies, from a position on.
    fn places(datatype: &Datatype, position: u64) -> Vec<i64> {
        let mut places = Vec::new();
        let _all = datatype.runs_from(position, |at, len| {
            places.extend(at..at + len as i64);
            ControlFlow::<()>::Continue(())
        });
        places
    }

    #[test]
    fn a_walk_from_anywhere_is_the_rest_of_the_walk() {
        let pair =
            Datatype::structure([(1, 0, Datatype::of::<i32>()), (3, 9, Datatype::of::<u8>())]).unwrap();
        let types = [
            Datatype::of::<u16>().contiguous(5).unwrap(),
            Datatype::of::<u16>().vector(4, 3, 5).unwrap(),
            pair.resized(0, 16).unwrap().vector(3, 2, 3).unwrap(),
            Datatype::structure([(2, 0, pair.vector(2, 1, 3).unwrap()), (1, 100, Datatype::of::<u8>())])
                .unwrap(),
            Datatype::of::<u8>().contiguous(0).unwrap(),
        ];
        for datatype in types {
            let all = places(&datatype, 0);
            assert_eq!(all.len() as u64, datatype.size());
            for from in 0..=all.len() + 1 {
                assert_eq!(places(&datatype, from as u64), all[from.min(all.len())..], "{datatype:?} {from}");
            }
        }
    }

    #[test]
    fn a_walk_ends_when_it_is_told_to() {
        let column = Datatype::of::<u8>().vector(1 << 40, 1, 2).unwrap();
        let third = column.runs_from(1 << 39, |at, _| {
            if at == 2 * ((1 << 39) + 2) { ControlFlow::Break(at) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(third, ControlFlow::Break((1 << 40) + 4));
    }
}
