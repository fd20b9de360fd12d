//! What of a window an access is for: the runs of bytes of one element, again and again.
//!
//! The origin knows the datatype and the target has the memory, so what travels is where the bytes lie. A datatype that is one
//! run, however it was made, is 24 bytes; others cost 16 bytes a run of one element, whatever their count.

use std::ops::ControlFlow;

use olympi_datatype::Datatype;

/// Bytes in a target's memory, in the order in which they travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of the first element: where each run begins, and its length. Most layouts have one, which needs no allocation.
    first: (i64, u64),
    others: Vec<(i64, u64)>,
    count: u64,
    /// From one element to the next.
    extent: i64,
}

impl Layout {
    /// Bytes in one piece.
    pub(crate) fn run(offset: i64, len: u64) -> Self {
        Self { first: (offset, len), others: Vec::new(), count: 1, extent: 0 }
    }

    /// Elements of a datatype that begin at `offset`. `None`: they are more than an address can tell.
    pub(crate) fn of(datatype: &Datatype, count: usize, offset: i64) -> Option<Self> {
        if count == 0 || datatype.size() == 0 {
            return Some(Self::run(0, 0));
        }
        let layout = if let Some((at, len)) = datatype.run(count) {
            let at = offset.checked_add(at as i64)?;
            let _end = at.checked_add(len as i64)?;
            return Some(Self::run(at, len as u64));
        } else {
            let mut runs = Vec::new();
            let end = datatype.runs_from(0, |at, len| match offset.checked_add(at) {
                Some(at) => {
                    runs.push((at, len));
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(()),
            });
            if end.is_break() {
                return None;
            }
            Self::of_runs(runs, count as u64, datatype.extent())
        };
        layout.is_sound().then_some(layout)
    }

    fn of_runs(mut runs: Vec<(i64, u64)>, count: u64, extent: i64) -> Self {
        let first = if runs.is_empty() { (0, 0) } else { runs.remove(0) };
        Self { first, others: runs, count, extent }
    }

    fn runs(&self) -> impl Iterator<Item = &(i64, u64)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether every address in it is a number of 63 bits, so that nobody else has to look.
    fn is_sound(&self) -> bool {
        let Some(last) = i128::from(self.count).checked_sub(1).filter(|last| *last >= 0) else {
            return false;
        };
        let fits = |at: i128| i64::try_from(at).is_ok();
        let far = last * i128::from(self.extent);
        let sound = |&(at, len): &(i64, u64)| {
            let (at, len) = (i128::from(at), i128::from(len));
            [at, at + len, at + far, at + far + len].into_iter().all(fits)
        };
        let bytes: u128 = self.runs().map(|(_, len)| u128::from(*len)).sum();
        let total = bytes.saturating_mul(self.count.into());
        // Runs of nothing would be gone through for nothing, as often as a peer may say.
        let full = self.single().is_some() || self.runs().all(|(_, len)| *len > 0);
        fits(far) && full && self.runs().all(sound) && i64::try_from(total).is_ok()
    }

    /// How many bytes there are.
    #[inline]
    pub(crate) fn len(&self) -> u64 {
        if let Some((_, len)) = self.single() {
            return len;
        }
        self.count * self.runs().map(|(_, len)| len).sum::<u64>()
    }

    /// Whether all of them lie in the first so many.
    #[inline]
    pub(crate) fn fits(&self, size: u64) -> bool {
        if let Some((at, len)) = self.single() {
            return at >= 0 && at as u64 + len <= size;
        }
        let last = (self.count - 1) as i64 * self.extent;
        let (low, high) = (last.min(0), last.max(0));
        let inside = |&(at, len): &(i64, u64)| at + low >= 0 && (at + high) as u64 + len <= size;
        self.runs().all(inside)
    }

    /// Whether each run holds whole elements of so many bytes.
    pub(crate) fn is_made_of(&self, grain: usize) -> bool {
        if let Some((_, len)) = self.single() {
            return len.is_multiple_of(grain as u64);
        }
        self.runs().all(|(_, len)| len.is_multiple_of(grain as u64))
    }

    /// The first so many bytes of it, in the order in which they travel; all, if it has no more.
    pub(crate) fn first_bytes(self, len: u64) -> Self {
        if len >= self.len() {
            return self;
        }
        if let Some((at, _)) = self.single() {
            return Self::run(at, len);
        }
        let (mut runs, mut left) = (Vec::new(), len);
        let _some = self.for_each(|at, len| {
            let len = len.min(left);
            runs.push((at, len));
            left -= len;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        Self::of_runs(runs, 1, 0)
    }

    /// Where they lie, if in one piece.
    pub(crate) fn single(&self) -> Option<(i64, u64)> {
        (self.others.is_empty() && self.count == 1).then_some(self.first)
    }

    /// Goes through the runs.
    #[inline]
    pub(crate) fn for_each<B>(&self, mut each: impl FnMut(i64, u64) -> ControlFlow<B>) -> ControlFlow<B> {
        if let Some((at, len)) = self.single() {
            return each(at, len);
        }
        for element in 0..self.count {
            let from = element as i64 * self.extent;
            for &(at, len) in self.runs() {
                each(from + at, len)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Appends it to a request.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.others.len() as u64 + 1).to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(self.extent.to_le_bytes());
        for (at, len) in self.runs() {
            out.extend(at.to_le_bytes());
            out.extend(len.to_le_bytes());
        }
    }

    /// Takes one off the front of a request. `None`: there is none that makes sense.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let runs = usize::try_from(u64::from_le_bytes(take(bytes)?)).ok()?;
        let (count, extent) = (u64::from_le_bytes(take(bytes)?), i64::from_le_bytes(take(bytes)?));
        if runs == 0 || runs > bytes.len() / 16 {
            return None;
        }
        let mut run = || Some((i64::from_le_bytes(take(bytes)?), u64::from_le_bytes(take(bytes)?)));
        let layout =
            Self { first: run()?, others: (1..runs).map(|_| run()).collect::<Option<_>>()?, count, extent };
        layout.is_sound().then_some(layout)
    }
}

/// The next bytes.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(layout: &Layout) -> Vec<(i64, u64)> {
        let mut runs = Vec::new();
        let _all = layout.for_each(|at, len| {
            runs.push((at, len));
            ControlFlow::<()>::Continue(())
        });
        runs
    }

    #[test]
    fn elements_in_one_piece_are_one_run_and_others_follow_their_datatype() {
        let double = Datatype::of::<f64>();
        assert_eq!(Layout::of(&double, 5, 16).unwrap().single(), Some((16, 40)));
        let column = double.vector(2, 1, 3).unwrap().resized(0, 8).unwrap();
        let layout = Layout::of(&column, 2, 100).unwrap();
        assert_eq!(all(&layout), [(100, 8), (124, 8), (108, 8), (132, 8)]);
        assert_eq!((layout.single(), layout.len()), (None, 32));
        assert!(layout.fits(140) && !layout.fits(139) && layout.is_made_of(4) && !layout.is_made_of(16));
        assert_eq!(all(&layout.clone().first_bytes(20)), [(100, 8), (124, 8), (108, 4)]);
        assert_eq!(layout.clone().first_bytes(32), layout);
        assert_eq!(Layout::run(3, 9).first_bytes(4), Layout::run(3, 4));
        let backwards = Layout::of_runs(vec![(24, 8)], 4, -8);
        assert!(backwards.fits(32) && !Layout { count: 5, ..backwards }.fits(100));
        assert_eq!(Layout::of(&double, 0, 7).unwrap().len(), 0);
        assert_eq!(Layout::of(&double, 2, i64::MAX - 8), None);
    }

    #[test]
    fn a_layout_comes_back_from_bytes_and_nonsense_does_not() {
        let layout = Layout::of_runs(vec![(8, 4), (-20, 12)], 3, 64);
        let mut bytes = Vec::new();
        layout.encode(&mut bytes);
        bytes.extend(b"data");
        let mut rest = &bytes[..];
        assert_eq!(Layout::decode(&mut rest).as_ref(), Some(&layout));
        assert_eq!(rest, b"data");
        for len in 0..bytes.len() - 4 {
            assert_eq!(Layout::decode(&mut &bytes[..len]), None, "{len}");
        }
        let nonsense = [
            Layout { count: 0, ..layout.clone() },
            Layout { count: u64::MAX, ..layout.clone() },
            Layout { extent: i64::MAX, ..layout.clone() },
            Layout { first: (i64::MAX, 1), ..layout.clone() },
            Layout { first: (0, 0), ..layout.clone() },
            Layout { others: vec![(0, u64::MAX)], ..layout },
        ];
        for wrong in nonsense {
            let mut bytes = Vec::new();
            wrong.encode(&mut bytes);
            assert_eq!(Layout::decode(&mut &bytes[..]), None, "{wrong:?}");
        }
    }
}
