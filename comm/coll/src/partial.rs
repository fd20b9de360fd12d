//! The partial result that a member of a reduction carries, and where it lies.

use core::ops::Range;

use crate::{Order, Plan, Span};

impl Order {
    /// How something that comes of `other` is combined with what this one, `me`, has.
    pub(crate) const fn of(other: u32, me: u32) -> Self {
        if other < me { Self::FromFirst } else { Self::IntoFirst }
    }

    /// The same, if the operands have swapped places.
    pub(crate) const fn flipped(self) -> Self {
        match self {
            Self::FromFirst => Self::IntoFirst,
            Self::IntoFirst => Self::FromFirst,
        }
    }
}

/// What a rank has combined so far. It begins as the contribution, which is read where it lies: what is received first
/// goes to the result's place and the contribution is combined into it, so that nothing is ever copied. What is
/// received later goes to spare memory, taken once.
#[derive(Debug)]
pub(crate) struct Partial {
    contribution: Span,
    /// Where combinations go, once that is known, and at which byte of the vector its memory begins.
    result: Option<Span>,
    origin: usize,
    combined: bool,
    spare: Option<Span>,
}

impl Partial {
    /// A member without a result takes memory when, and as much as, it first combines.
    pub(crate) fn new(own: Span, result: Option<Span>) -> Self {
        Self { contribution: own, result, origin: 0, combined: result == Some(own), spare: None }
    }

    /// Where bytes of the vector lie now.
    pub(crate) fn at(&self, range: Range<usize>) -> Span {
        match self.result {
            Some(result) if self.combined => result.part(range.start - self.origin, range.len()),
            _ => self.contribution.part(range.start, range.len()),
        }
    }

    /// All of the vector.
    pub(crate) fn all(&self) -> Range<usize> {
        0..self.contribution.len
    }

    /// In this round receives what a rank has for these bytes and combines it; `order` says whether that comes of lower
    /// ranks. Each call's bytes are those of the call before, or a part of them.
    pub(crate) fn combine(&mut self, plan: &mut Plan, from: u32, range: Range<usize>, order: Order) {
        if range.is_empty() {
            return;
        }
        if self.combined {
            let spare = *self.spare.get_or_insert_with(|| plan.scratch(range.len()));
            // Ranges only become shorter.
            let spare = spare.part(0, range.len());
            plan.recv(from, spare);
            plan.reduce(spare, self.at(range), order);
            return;
        }
        let own = self.contribution.part(range.start, range.len());
        let into = if let Some(result) = self.result {
            result.part(range.start, range.len())
        } else {
            self.origin = range.start;
            *self.result.insert(plan.scratch(range.len()))
        };
        self.combined = true;
        plan.recv(from, into);
        plan.reduce(own, into, order.flipped());
    }

    /// The last combination of all: the result lies in `into` then, which none of the data so far may overlap.
    pub(crate) fn combine_into(
        &self,
        plan: &mut Plan,
        from: u32,
        range: Range<usize>,
        order: Order,
        into: Span,
    ) {
        if !range.is_empty() {
            plan.recv(from, into);
            plan.reduce(self.at(range), into, order.flipped());
        }
    }

    /// Copies a contribution with which nothing was combined to the result's place.
    pub(crate) fn settle(self, plan: &mut Plan) {
        if let Some(result) = self.result
            && !self.combined
        {
            plan.copy(self.contribution, result.part(0, self.contribution.len));
            plan.next_round();
        }
    }
}

/// The smaller even half and the rest, in whole elements.
pub(crate) fn halves(range: &Range<usize>, grain: usize) -> (Range<usize>, Range<usize>) {
    let middle = range.start + (range.len() / grain).div_ceil(2) * grain;
    (range.start..middle, middle..range.end)
}
