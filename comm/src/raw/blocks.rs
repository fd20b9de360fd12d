//! Blocks in raw memory, one for each rank: MPI's three ways to say where they are.

use std::ops::Range;

use olympi_coll::Blocks;
use olympi_datatype::Datatype;

use crate::collective::{CollectiveError, Parts};
use crate::raw::Raw;
use crate::raw::memory::Side;

/// Counts or displacements, as a caller has them.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// C's `int`
    I32(&'a [i32]),
    /// `MPI_Count` and `MPI_Aint`
    I64(&'a [i64]),
}

impl Numbers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::I32(numbers) => numbers.len(),
            Self::I64(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, if it is there.
    pub fn get(&self, at: usize) -> Option<i64> {
        match self {
            Self::I32(numbers) => numbers.get(at).map(|&number| number.into()),
            Self::I64(numbers) => numbers.get(at).copied(),
        }
    }
}

/// A buffer in blocks, one a rank (of neighbour collectives: one a neighbour).
#[derive(Clone, Copy, Debug)]
pub enum RawBlocks<'a> {
    /// Blocks of one length, one behind the other: what `MPI_Gather` and its like have.
    Even {
        /// The address of the buffer.
        start: *mut u8,
        /// Elements of a block.
        count: usize,
        /// Of which datatype.
        datatype: &'a Datatype,
    },
    /// Blocks of any lengths, anywhere: what the `v` calls have.
    Listed {
        /// The address of the buffer.
        start: *mut u8,
        /// Elements of each block.
        counts: Numbers<'a>,
        /// Where each begins, in extents of the datatype from the address of the buffer.
        displacements: Numbers<'a>,
        /// Of which datatype.
        datatype: &'a Datatype,
    },
    /// Blocks of any lengths and datatypes: what the `w` calls have.
    Typed {
        /// The address of the buffer.
        start: *mut u8,
        /// Elements of each block.
        counts: Numbers<'a>,
        /// Where each begins, in bytes from the address of the buffer.
        displacements: Numbers<'a>,
        /// Of which datatypes.
        datatypes: &'a [Datatype],
    },
    /// The argument does not matter at this rank, in a call whose blocks are even.
    EvenElsewhere,
    /// The argument does not matter at this rank, in a call whose blocks are listed.
    ListedElsewhere,
}

/// How a side is divided, in bytes of what is lent or packed.
pub(crate) enum Cut {
    Even(usize),
    Listed(Parts),
}

/// Blocks as a collective has them.
pub(crate) struct Spread<'a> {
    pub(crate) side: Side<Raw<'a>>,
    pub(crate) cut: Cut,
}

impl Cut {
    /// Where a block begins.
    pub(crate) fn offset(&self, at: usize) -> usize {
        match self {
            Self::Even(len) => at * len,
            Self::Listed(parts) => parts.offset(at),
        }
    }

    /// The blocks of a contribution of `room` bytes.
    pub(crate) fn blocks(
        &self,
        call: &'static str,
        ranks: usize,
        room: usize,
    ) -> Result<Blocks, CollectiveError> {
        match self {
            Self::Even(len) => Ok(Blocks::Even { len: *len }),
            Self::Listed(parts) => parts.blocks::<u8>(call, "the contribution", ranks, room),
        }
    }

    /// The blocks of a result of `room` bytes, which may not overlap.
    pub(crate) fn landing(
        &self,
        call: &'static str,
        ranks: usize,
        room: usize,
    ) -> Result<Blocks, CollectiveError> {
        match self {
            Self::Even(len) => Ok(Blocks::Even { len: *len }),
            Self::Listed(parts) => parts.landing::<u8>(call, "the result", ranks, room),
        }
    }
}

impl<'a> RawBlocks<'a> {
    pub(crate) fn is_even(&self) -> bool {
        matches!(self, Self::Even { .. } | Self::EvenElsewhere)
    }

    /// The block of a rank.
    pub(crate) fn block(&self, call: &'static str, at: usize) -> Result<Raw<'a>, CollectiveError> {
        let (start, count, shift, datatype) = match *self {
            Self::Even { start, count, datatype } => {
                let shift = datatype.extent().wrapping_mul(count as i64).wrapping_mul(at as i64);
                (start, count, shift, datatype)
            }
            Self::Listed { start, counts, displacements, datatype } => {
                let count = count(call, counts, at)?;
                let shift = displacement(call, displacements, at)?.wrapping_mul(datatype.extent());
                (start, count, shift, datatype)
            }
            Self::Typed { start, counts, displacements, datatypes } => {
                let count = count(call, counts, at)?;
                let datatype = datatypes.get(at).ok_or_else(|| too_few(call, "datatypes", at))?;
                (start, count, displacement(call, displacements, at)?, datatype)
            }
            Self::EvenElsewhere | Self::ListedElsewhere => return Err(missing(call)),
        };
        if count == 0 {
            return Ok(Raw::NONE); // Wherever it is said to be.
        }
        let raw = Raw::new(start.wrapping_offset(shift as isize), count, datatype);
        bytes(call, &raw)?;
        Ok(raw)
    }

    /// The blocks of so many ranks, but for those of ranks that are not `there`. What may be lent is, unless that reaches
    /// into memory that is lent already.
    pub(crate) fn spread(
        &self,
        call: &'static str,
        ranks: usize,
        there: impl Fn(usize) -> bool,
        lent: Option<(*mut u8, usize)>,
    ) -> Result<Spread<'a>, CollectiveError> {
        if let Self::Even { start, count, datatype } = *self {
            let all = count.checked_mul(ranks).ok_or_else(|| too_long(call))?;
            let whole = Raw::new(start, all, datatype);
            let len = bytes(call, &whole)?.checked_div(ranks).unwrap_or(0);
            if matches!(whole, Raw::Run { .. }) || (0..ranks).all(&there) {
                return Ok(Spread { side: beside(call, whole, lent)?, cut: Cut::Even(len) });
            }
        }
        let mut blocks = Vec::with_capacity(ranks);
        for at in 0..ranks {
            blocks.push(if there(at) { self.block(call, at)? } else { Raw::NONE });
        }
        if let Some(hull) = hull(&blocks)
            && !touches(&hull, lent)
        {
            let first = hull.start;
            let (mut start, mut parts) = (std::ptr::null_mut(), Vec::with_capacity(ranks));
            for block in &blocks {
                let Raw::Run { start: here, len } = *block else { continue };
                let offset = if len == 0 { 0 } else { here.addr() - first };
                if len > 0 && offset == 0 {
                    start = here;
                }
                parts.push((offset, len));
            }
            let side = Side::Whole(Raw::Run { start, len: hull.len() });
            return Ok(Spread { side, cut: Cut::Listed(Parts::listed(parts)) });
        }
        if let (Some(hull), Some((start, _))) = (hull(&blocks), lent)
            && hull.start == start.addr()
        {
            return Err(aliased(call));
        }
        let mut next: usize = 0;
        let mut parts = Vec::with_capacity(ranks);
        for block in &blocks {
            parts.push((next, block.len()));
            next = next.checked_add(block.len()).filter(|&len| len <= MOST).ok_or_else(|| too_long(call))?;
        }
        Ok(Spread { side: Side::Blocks(blocks), cut: Cut::Listed(Parts::listed(parts)) })
    }
}

/// A contribution beside memory that is lent for the result: the same memory is an error, and what overlaps it is copied.
pub(crate) fn beside<'a>(
    call: &'static str,
    elements: Raw<'a>,
    lent: Option<(*mut u8, usize)>,
) -> Result<Side<Raw<'a>>, CollectiveError> {
    let (Raw::Run { start, len: 1.. }, Some((other, 1..))) = (elements, lent) else {
        return Ok(Side::Whole(elements));
    };
    let Raw::Run { len, .. } = elements else { return Ok(Side::Whole(elements)) };
    if start == other {
        return Err(aliased(call));
    }
    let overlaps = touches(&(start.addr()..start.addr().saturating_add(len)), lent);
    Ok(if overlaps { Side::Blocks(vec![elements]) } else { Side::Whole(elements) })
}

/// More bytes than this are in no memory.
const MOST: usize = isize::MAX as usize;

/// How many bytes elements have, if memory can hold as many.
pub(crate) fn bytes(call: &'static str, elements: &Raw<'_>) -> Result<usize, CollectiveError> {
    let len = elements.len();
    if len <= MOST { Ok(len) } else { Err(too_long(call)) }
}

/// The addresses from the first to the last byte of blocks that are runs; `None`: some are not.
fn hull(blocks: &[Raw<'_>]) -> Option<Range<usize>> {
    let mut hull: Option<Range<usize>> = None;
    for block in blocks {
        let Raw::Run { start, len } = *block else { return None };
        if len > 0 {
            let (first, end) = (start.addr(), start.addr().checked_add(len)?);
            let hull = hull.get_or_insert(first..end);
            *hull = hull.start.min(first)..hull.end.max(end);
        }
    }
    let hull = hull.unwrap_or(0..0);
    (hull.len() <= MOST).then_some(hull)
}

fn touches(addresses: &Range<usize>, lent: Option<(*mut u8, usize)>) -> bool {
    lent.is_some_and(|(start, len)| {
        len > 0 && addresses.start < start.addr().saturating_add(len) && start.addr() < addresses.end
    })
}

fn count(call: &'static str, counts: Numbers<'_>, at: usize) -> Result<usize, CollectiveError> {
    let count = counts.get(at).ok_or_else(|| too_few(call, "counts", at))?;
    usize::try_from(count).map_err(|_| {
        let detail = format!("the count of block {at} is {count}, which is negative");
        CollectiveError::Counts { call, detail }
    })
}

fn displacement(call: &'static str, displacements: Numbers<'_>, at: usize) -> Result<i64, CollectiveError> {
    displacements.get(at).ok_or_else(|| too_few(call, "displacements", at))
}

#[cold]
fn too_few(call: &'static str, what: &str, at: usize) -> CollectiveError {
    CollectiveError::Counts { call, detail: format!("there are no {what} for block {at}") }
}

#[cold]
fn too_long(call: &'static str) -> CollectiveError {
    let detail = "the elements have more bytes than memory can hold".to_owned();
    CollectiveError::Counts { call, detail }
}

#[cold]
fn missing(call: &'static str) -> CollectiveError {
    let detail = "the blocks matter at this rank, but are said not to".to_owned();
    CollectiveError::Counts { call, detail }
}

#[cold]
fn aliased(call: &'static str) -> CollectiveError {
    let detail = "the contribution and the result begin at the same address: in place is said in another way";
    CollectiveError::Memory { call, detail }
}
