//! Operations on elements in raw memory.

use std::alloc::Layout;
use std::fmt;
use std::sync::Arc;

use olympi_datatype::{Basic, Datatype, Recipe, signature};
use olympi_reduce::{Element, Kind, Operation, Order};

use crate::collective::CollectiveError;
use crate::raw::Raw;
use crate::reduction::Op;

/// How elements are aligned that a user's function is given, as the C library aligns what it allocates.
const ALIGN: usize = 16;

/// Elements whose layout has gaps are combined in pieces of about so many bytes.
const PIECE: usize = 64 << 10;

/// Up to so many bytes between an element's data and its bounds are there when a function is called.
const MARGIN: u64 = 1 << 20;

/// A function of a user (`MPI_User_function`): `function(input, inout, count)` makes `inout = input ∘ inout` of so many
/// elements of a datatype.
pub type RawFunction = Arc<dyn Fn(*const u8, *mut u8, usize) + Send + Sync>;

/// An operation on elements in raw memory (`MPI_Op`, for elements of one datatype). Cheap to clone.
///
/// It combines elements as they are when packed: of `MPI_DOUBLE_INT` the 12 bytes that are data, not the 4 behind them.
#[derive(Clone)]
pub struct RawOp(Op<u8>);

impl RawOp {
    /// A predefined operation on elements of which the caller knows what they are.
    ///
    /// # Errors
    /// [`CollectiveError::Operation`], if MPI does not define it on these.
    #[inline]
    pub fn predefined(kind: Kind, element: Element) -> Result<Self, CollectiveError> {
        match Operation::predefined(kind, element) {
            Ok(operation) => Ok(Self(Op::of_bytes(operation))),
            Err(undefined) => {
                Err(CollectiveError::Operation { call: kind.mpi_name(), detail: undefined.to_string() })
            }
        }
    }

    /// A predefined operation on the elements of a datatype ([`element`]).
    ///
    /// # Errors
    /// [`CollectiveError::Operation`], if MPI does not define it on these.
    pub fn of(kind: Kind, datatype: &Datatype) -> Result<Self, CollectiveError> {
        let Some(element) = element(kind, datatype) else {
            let detail = format!("the {} is not defined on elements of {datatype:?}", kind.name());
            return Err(CollectiveError::Operation { call: kind.mpi_name(), detail });
        };
        Self::predefined(kind, element)
    }

    /// A user's operation on elements of a datatype (`MPI_Op_create`). The function is given elements that lie as the
    /// datatype says, and as many bytes apart, at addresses that are aligned to 16; what lies in gaps between the data
    /// means nothing there, and what the function writes to gaps goes nowhere. It may be called several times, with some of the
    /// elements each.
    ///
    /// # Safety
    /// The function may be called from any thread that calls MPI. It reads and writes elements alone.
    #[allow(clippy::similar_names)] // MPI's names
    pub unsafe fn user(function: RawFunction, datatype: &Datatype, commutative: bool) -> Self {
        let size = usize::try_from(datatype.size()).unwrap_or(usize::MAX);
        // A size that no element can have is refused where elements are given.
        let element = Layout::from_size_align(size, ALIGN).unwrap_or(Layout::new::<u8>());
        let operation = match datatype.run(1) {
            Some((offset, _)) if datatype.is_contiguous() => {
                Operation::user_aligned(element, commutative, move |input, inout| {
                    let count = inout.len().checked_div(size).unwrap_or(0);
                    // Addresses are those of displacement 0.
                    let (input, inout) = (input.as_ptr(), inout.as_mut_ptr());
                    function(input.wrapping_offset(-offset), inout.wrapping_offset(-offset), count);
                })
            }
            _ => {
                let laid = Laid::new(function, datatype);
                Operation::user(size, commutative, move |input, inout| laid.apply(input, inout))
            }
        };
        Self(Op::of_bytes(operation))
    }

    /// Whether operands may be swapped (`MPI_Op_commutative`).
    pub fn is_commutative(&self) -> bool {
        self.0.is_commutative()
    }

    /// The operation, if packed elements of so many bytes are whole elements of its own.
    pub(crate) fn on(&self, call: &'static str, len: usize) -> Result<Op<u8>, CollectiveError> {
        let grain = self.0.operation().grain();
        if !len.is_multiple_of(grain) {
            let detail = format!("{len} bytes are no whole elements of {grain} bytes, which it combines");
            return Err(CollectiveError::Operation { call, detail });
        }
        Ok(self.0.clone())
    }

    /// Combines elements of this rank alone (`MPI_Reduce_local`): each of `inout` becomes `input ∘ inout`.
    ///
    /// # Errors
    /// [`CollectiveError`]: not as many of both; no whole elements of the operation's; the same memory.
    ///
    /// # Safety
    /// The `input` may be read and is initialized; so is `inout`, which may be written and is nobody else's.
    #[allow(clippy::similar_names)] // MPI's names
    pub unsafe fn reduce_local(&self, input: &Raw<'_>, inout: &Raw<'_>) -> Result<(), CollectiveError> {
        const CALL: &str = "reduce_local";
        let (needed, len) = (input.len(), inout.len());
        if needed != len {
            return Err(CollectiveError::Buffer { call: CALL, buffer: "the result", needed, len });
        }
        let op = self.on(CALL, len)?;
        if len == 0 {
            return Ok(());
        }
        // SAFETY: the caller's promise. Operands that overlap are not both taken as slices: one is a copy.
        unsafe {
            if let (&Raw::Run { start: from, len }, &Raw::Run { start: into, .. }) = (input, inout)
                && from.addr().abs_diff(into.addr()) >= len
            {
                let from = std::slice::from_raw_parts(from, len);
                let into = std::slice::from_raw_parts_mut(into, len);
                op.operation().apply(from, into, Order::FromFirst);
                return Ok(());
            }
            let (from, mut into) = (input.pack(), inout.pack());
            op.operation().apply(&from, &mut into, Order::FromFirst);
            inout.unpack(&into);
        }
        Ok(())
    }
}

impl fmt::Debug for RawOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a predefined operation combines in elements of a datatype, however they lie in memory: those of one predefined
/// type, or a pair ([`Datatype::value_index`]); for locations also two of one type (`MPI_2INT`). `None`: nothing that is
/// defined.
///
/// `MPI_BYTE` is taken for `u8`, and characters for integers: who tells them apart names the element.
pub fn element(kind: Kind, datatype: &Datatype) -> Option<Element> {
    let located = matches!(kind, Kind::MaximumLocation | Kind::MinimumLocation);
    if let Some((value, index)) = pair(datatype) {
        return match (value.class(), index.class()) {
            // Of a pair as a whole there is no sum.
            _ if !located && !matches!(kind, Kind::Replace | Kind::NoOp) => None,
            (signature::I16, signature::I32) => Some(Element::I16I32),
            (signature::I32, signature::I32) => Some(Element::I32I32),
            (signature::I64, signature::I32) => Some(Element::I64I32),
            (signature::U32, signature::I32) => Some(Element::U32I32),
            (signature::F32, signature::I32) => Some(Element::F32I32),
            (signature::F64, signature::I32) => Some(Element::F64I32),
            (signature::LONG_DOUBLE, signature::I32) => Some(Element::LongDoubleI32),
            (signature::F32, signature::F32) => Some(Element::F32F32),
            (signature::F64, signature::F64) => Some(Element::F64F64),
            (signature::I64, signature::I64) => Some(Element::I64I64),
            (signature::U64, signature::I64) => Some(Element::U64I64),
            (signature::F64, signature::I64) => Some(Element::F64I64),
            _ => None,
        };
    }
    if !located {
        return single(datatype);
    }
    match datatype.signature().class() {
        _ if !datatype.signature().elements().is_multiple_of(2) => None,
        signature::I32 => Some(Element::I32I32),
        signature::I64 => Some(Element::I64I64),
        signature::F32 => Some(Element::F32F32),
        signature::F64 => Some(Element::F64F64),
        _ => None,
    }
}

/// The pair that a datatype is made of.
fn pair(datatype: &Datatype) -> Option<(Basic, Basic)> {
    match datatype.recipe() {
        Recipe::ValueIndex { value, index } => Some((*value, *index)),
        Recipe::Dup(of)
        | Recipe::Contiguous { of, .. }
        | Recipe::Resized { of, .. }
        | Recipe::Vector { of, .. }
        | Recipe::Hvector { of, .. } => pair(of),
        _ => None,
    }
}

/// The type that all of a datatype's elements have.
fn single(datatype: &Datatype) -> Option<Element> {
    let of = datatype.signature();
    let size = datatype.size().checked_div(of.elements())?;
    Some(match (of.class(), size) {
        (signature::I8, 1) => Element::I8,
        (signature::I16, 2) => Element::I16,
        (signature::I32, 4) => Element::I32,
        (signature::I64, 8) => Element::I64,
        (signature::I128, 16) => Element::I128,
        (signature::U8, 1) => Element::U8,
        (signature::U16, 2) => Element::U16,
        (signature::U32, 4) => Element::U32,
        (signature::U64, 8) => Element::U64,
        (signature::U128, 16) => Element::U128,
        (signature::F16, 2) => Element::F16,
        (signature::BF16, 2) => Element::Bf16,
        (signature::F32, 4) => Element::F32,
        (signature::F64, 8) => Element::F64,
        (signature::BOOL, 1) => Element::Bool,
        (signature::LOGICAL, 1) => Element::Logical8,
        (signature::LOGICAL, 2) => Element::Logical16,
        (signature::LOGICAL, 4) => Element::Logical32,
        (signature::LOGICAL, 8) => Element::Logical64,
        (signature::COMPLEX_F32, 8) => Element::ComplexF32,
        (signature::COMPLEX_F64, 16) => Element::ComplexF64,
        (signature::LONG_DOUBLE, 16) => Element::LongDouble,
        (signature::COMPLEX_LONG_DOUBLE, 32) => Element::ComplexLongDouble,
        _ => return None,
    })
}

/// A user's function on elements whose layout has gaps.
struct Laid {
    function: RawFunction,
    datatype: Datatype,
    size: usize,
    /// How many elements are combined at a time.
    at_a_time: usize,
    /// Which displacement the memory that the function is given begins with, and how long that is.
    origin: isize,
    room: usize,
}

impl Laid {
    fn new(function: RawFunction, datatype: &Datatype) -> Self {
        let (data, end) = (datatype.true_lb(), datatype.true_lb() + datatype.true_extent());
        // A function may copy elements as they are in C, with what is between the data and the bounds.
        let near = |bound: i64, edge: i64| bound.abs_diff(edge) <= MARGIN;
        let first = if near(datatype.lb(), data) { data.min(datatype.lb()) } else { data };
        let end = if near(datatype.ub(), end) { end.max(datatype.ub()) } else { end };
        let span = usize::try_from(end.abs_diff(first)).unwrap_or(usize::MAX);
        let stride = usize::try_from(datatype.extent()).unwrap_or(0);
        let at_a_time = PIECE.checked_div(stride.max(span)).map_or(1, |count| count.max(1));
        let at_a_time = if stride == 0 { 1 } else { at_a_time };
        // In whole units of alignment, so that displacement 0 is aligned wherever it is.
        let begin = first.div_euclid(ALIGN as i64).wrapping_mul(ALIGN as i64);
        let room = span.saturating_add(2 * ALIGN + (at_a_time - 1) * stride);
        let size = usize::try_from(datatype.size()).unwrap_or(usize::MAX);
        Self { function, datatype: datatype.clone(), size, at_a_time, origin: begin as isize, room }
    }

    #[allow(clippy::similar_names)] // MPI's names
    fn apply(&self, input: &[u8], inout: &mut [u8]) {
        let len = self.at_a_time * self.size;
        if len == 0 {
            return;
        }
        // Units of 16 bytes are aligned to as many.
        let units = self.room.div_ceil(ALIGN);
        let (mut left, mut right) = (vec![0_u128; units], vec![0_u128; units]);
        let [left, right] = [&mut left, &mut right]
            .map(|units| units.as_mut_ptr().cast::<u8>().wrapping_offset(-self.origin));
        for (input, inout) in input.chunks(len).zip(inout.chunks_mut(len)) {
            let count = inout.len() / self.size;
            // SAFETY: the memory has room for as many elements as are combined at a time, seen from its origin; it is this
            // call's own, and no other reference to it is alive. Packing again reads what unpacking wrote, and the
            // function after it.
            unsafe {
                self.datatype.unpack_raw(left, count, 0, input);
                self.datatype.unpack_raw(right, count, 0, inout);
                (self.function)(left, right, count);
                let room = std::ptr::from_mut(inout) as *mut [std::mem::MaybeUninit<u8>];
                self.datatype.pack_raw(right, count, 0, &mut *room);
            }
        }
    }
}
