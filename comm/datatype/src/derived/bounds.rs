//! Where a datatype begins and ends (MPI 5.0, section 5.1.6).

/// The bounds of a type map. Numbers are bytes, seen from the address that a call is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// First byte, and end, of the data; `None`: there is none.
    data: Option<(i64, i64)>,
    /// The lowest and the highest bound of the datatypes that it is made of, whose own extents are rounded already.
    span: Option<(i64, i64)>,
    /// The lowest and the highest of the bounds that were set by hand. They prevail, and are inherited.
    marks: Option<(i64, i64)>,
    /// The strictest alignment of any element; the extent is rounded to it, unless it was set by hand.
    align: i64,
    pub(crate) lb: i64,
    pub(crate) ub: i64,
    pub(crate) extent: i64,
}

impl Bounds {
    /// Of no data at all.
    pub(crate) const NONE: Self =
        Self { data: None, span: None, marks: None, align: 1, lb: 0, ub: 0, extent: 0 };

    /// Of one element.
    pub(crate) fn of(size: i64, align: i64) -> Option<Self> {
        let data = (size > 0).then_some((0, size));
        Self::new(data, data, None, align.max(1))
    }

    fn new(
        data: Option<(i64, i64)>,
        span: Option<(i64, i64)>,
        marks: Option<(i64, i64)>,
        align: i64,
    ) -> Option<Self> {
        let (lb, ub) = match (marks, span) {
            (Some(marks), _) => marks,
            (None, Some((lb, end))) => {
                let extent = end.checked_sub(lb)?;
                let rounded = extent.checked_add(align - 1)? / align * align;
                (lb, lb.checked_add(rounded)?)
            }
            (None, None) => (0, 0),
        };
        if let Some((first, end)) = data {
            end.checked_sub(first)?;
        }
        Some(Self { data, span, marks, align, lb, ub, extent: ub.checked_sub(lb)? })
    }

    /// `count` copies, each `stride` bytes behind the one before it.
    pub(crate) fn repeat(&self, count: u64, stride: i64) -> Option<Self> {
        let Some(last) = count.checked_sub(1) else { return Some(Self::NONE) };
        let reach = if last == 0 { 0 } else { i64::try_from(last).ok()?.checked_mul(stride)? };
        let widen = |range: Option<(i64, i64)>| match range {
            None => Some(None),
            Some((low, high)) => {
                Some(Some((low.checked_add(reach.min(0))?, high.checked_add(reach.max(0))?)))
            }
        };
        Self::new(widen(self.data)?, widen(self.span)?, widen(self.marks)?, self.align)
    }

    /// The same, moved.
    pub(crate) fn at(&self, displacement: i64) -> Option<Self> {
        let shift = |range: Option<(i64, i64)>| match range {
            None => Some(None),
            Some((low, high)) => {
                Some(Some((low.checked_add(displacement)?, high.checked_add(displacement)?)))
            }
        };
        Self::new(shift(self.data)?, shift(self.span)?, shift(self.marks)?, self.align)
    }

    /// Both.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        let union = |a: Option<(i64, i64)>, b: Option<(i64, i64)>| match (a, b) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        let align = self.align.max(other.align);
        Self::new(
            union(self.data, other.data),
            union(self.span, other.span),
            union(self.marks, other.marks),
            align,
        )
    }

    /// The same data between other bounds.
    pub(crate) fn resized(&self, lb: i64, extent: i64) -> Option<Self> {
        Self::new(self.data, self.span, Some((lb, lb.checked_add(extent)?)), self.align)
    }

    /// The same, as those of a datatype: what is made of it counts with its rounded extent. So do other MPIs, and programs
    /// that find out where copies end by multiplying extents; the standard's formula counts from the type map alone.
    pub(crate) fn sealed(self) -> Self {
        Self { span: self.data.map(|_| (self.lb, self.ub)), ..self }
    }

    /// First byte of the data, and its end; `(0, 0)` where there is none.
    pub(crate) fn data(&self) -> (i64, i64) {
        self.data.unwrap_or((0, 0))
    }

    /// What `count` elements touch, seen from the address of the first; `None`: nothing.
    pub(crate) fn touched(&self, count: u64) -> Option<(i128, i128)> {
        let (first, end) = self.data?;
        let reach = i128::from(count.checked_sub(1)?) * i128::from(self.extent);
        Some((i128::from(first) + reach.min(0), i128::from(end) + reach.max(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_rounded_to_its_strictest_element() {
        let (double, byte) = (Bounds::of(8, 8).unwrap(), Bounds::of(1, 1).unwrap());
        let pair = double.join(&byte.at(8).unwrap()).unwrap();
        assert_eq!((pair.data(), pair.extent), ((0, 9), 16));
        // MPI 5.0, example 5.1 and what follows: {(double, 0), (char, 8)} three times has the extent 48.
        assert_eq!(pair.repeat(3, pair.extent).unwrap().extent, 48);
    }

    #[test]
    fn bounds_set_by_hand_are_inherited() {
        let int = Bounds::of(4, 4).unwrap().resized(-4, 12).unwrap();
        assert_eq!((int.lb, int.ub, int.extent, int.data()), (-4, 8, 12, (0, 4)));
        let two = int.repeat(2, int.extent).unwrap();
        assert_eq!((two.lb, two.ub, two.data()), (-4, 20, (0, 16)));
        let mixed = two.join(&Bounds::of(8, 8).unwrap().at(100).unwrap()).unwrap();
        assert_eq!((mixed.lb, mixed.ub, mixed.data()), (-4, 20, (0, 108)));
    }

    #[test]
    fn what_a_datatype_is_made_of_counts_with_its_own_extent() {
        let skewed = Bounds::of(4, 4).unwrap().repeat(3, 25).unwrap().sealed();
        assert_eq!((skewed.extent, skewed.data()), (56, (0, 54)));
        let two = skewed.repeat(2, 57).unwrap();
        assert_eq!((two.extent, two.data()), (116, (0, 111))); // 57 + 56, rounded
    }

    #[test]
    fn copies_may_go_down() {
        let down = Bounds::of(4, 4).unwrap().repeat(3, -8).unwrap();
        assert_eq!((down.lb, down.ub), (-16, 4));
        assert_eq!(down.touched(2), Some((-16, 24)));
        assert_eq!((Bounds::NONE.touched(9), down.touched(0)), (None, None));
    }

    #[test]
    fn what_63_bits_do_not_hold_is_refused() {
        let long = Bounds::of(8, 8).unwrap();
        assert_eq!(long.repeat(1 << 61, 8), None);
        assert_eq!(long.repeat(u64::MAX, 0), None);
        assert_eq!(long.at(i64::MAX - 7), None);
        assert_eq!(long.at(i64::MIN).unwrap().join(&long), None);
    }
}
