//! Arguments of collectives: buffers, blocks of ranks, roots.

use std::ffi::{c_int, c_void};

use olympi_comm::raw::{Numbers, Raw, RawBlocks};
use olympi_comm::{Basic, Communicator, Datatype as Layout, PROC_NULL, ROOT};

use crate::constants::{MPI_ERR_ARG, MPI_ERR_BUFFER, MPI_ERR_ROOT, MPI_ERR_TYPE, MPI_IN_PLACE};
use crate::fault::{Fault, Outcome};
use crate::object::TypeObject;
use crate::types::{Datatype, Number};

/// Whether a buffer says that a contribution is in place.
#[inline]
pub(crate) fn in_place(buffer: *const c_void) -> bool {
    buffer as usize == MPI_IN_PLACE
}

/// An integer of which there are arrays: counts and displacements.
pub trait Counted: Number + 'static {
    /// An array of it.
    fn numbers(array: &[Self]) -> Numbers<'_>;
}

impl Counted for c_int {
    fn numbers(array: &[Self]) -> Numbers<'_> {
        Numbers::I32(array)
    }
}

impl Counted for i64 {
    fn numbers(array: &[Self]) -> Numbers<'_> {
        Numbers::I64(array)
    }
}

impl Counted for isize {
    fn numbers(array: &[Self]) -> Numbers<'_> {
        const { assert!(size_of::<isize>() == size_of::<i64>(), "MPI_Aint has 64 bits in the standard ABI") };
        // SAFETY: both are integers of the same size, as was just checked, and of the same bits.
        Numbers::I64(unsafe { std::slice::from_raw_parts(array.as_ptr().cast(), array.len()) })
    }
}

/// What a rank does in a call with a root.
#[derive(Clone, Copy)]
pub(crate) struct Role {
    /// It is the root.
    pub(crate) root: bool,
    /// It is one of those that the root exchanges with.
    pub(crate) other: bool,
}

impl Role {
    /// This rank's, with that root.
    ///
    /// # Errors
    /// `MPI_ERR_ROOT`
    #[inline]
    pub(crate) fn of(comm: &Communicator, root: c_int) -> Outcome<Self> {
        match comm.remote_size() {
            None if (0..comm.size()).contains(&root) => Ok(Self { root: root == comm.rank(), other: true }),
            Some(_) if root == ROOT => Ok(Self { root: true, other: false }),
            Some(_) if root == PROC_NULL => Ok(Self { root: false, other: false }),
            Some(size) if (0..size).contains(&root) => Ok(Self { root: false, other: true }),
            _ => Err(Self::wrong(root)),
        }
    }

    #[cold]
    fn wrong(root: c_int) -> Fault {
        Fault::new(MPI_ERR_ROOT, format!("{root} is no rank that can be the root"))
    }
}

/// How many ranks each exchanges blocks with.
pub(crate) fn partners(comm: &Communicator) -> usize {
    comm.remote_size().unwrap_or(comm.size()) as usize
}

/// Elements of a buffer that may not be in place.
#[inline]
pub(crate) fn elements<N: Number>(
    buffer: *const c_void,
    count: N,
    datatype: Datatype,
) -> Outcome<Raw<'static>> {
    if in_place(buffer) {
        return Err(misplaced());
    }
    datatype.get()?.raw(buffer, count)
}

#[cold]
pub(crate) fn misplaced() -> Fault {
    Fault::new(MPI_ERR_BUFFER, "MPI_IN_PLACE is not for this buffer, or not at this rank")
}

/// A datatype that may be used for messages.
pub(crate) fn usable(datatype: Datatype) -> Outcome<&'static TypeObject> {
    let object = datatype.get()?;
    if object.is_committed() {
        return Ok(object);
    }
    Err(Fault::new(MPI_ERR_TYPE, "the datatype is not committed: call MPI_Type_commit"))
}

/// The address of a buffer in which so many elements, so many bytes behind it, are read or written.
pub(crate) fn address(
    buffer: *const c_void,
    count: usize,
    shift: i64,
    datatype: &Layout,
) -> Outcome<*mut u8> {
    if in_place(buffer) {
        return Err(misplaced());
    }
    let first = (buffer as i64).wrapping_add(shift).wrapping_add(datatype.true_lb());
    if first == 0 && count > 0 && datatype.size() > 0 {
        let bytes = datatype.size().saturating_mul(count as u64);
        return Err(Fault::new(
            MPI_ERR_BUFFER,
            format!("there are {bytes} bytes to be moved at address NULL"),
        ));
    }
    Ok(buffer.cast_mut().cast())
}

/// Blocks of one length, one behind the other.
#[inline]
pub(crate) fn even<N: Number>(
    buffer: *const c_void,
    count: N,
    datatype: Datatype,
    blocks: usize,
) -> Outcome<RawBlocks<'static>> {
    let object = usable(datatype)?;
    let (count, datatype) = (object.count(count)?, &object.datatype);
    let start = address(buffer, count * usize::from(blocks > 0), 0, datatype)?;
    Ok(RawBlocks::Even { start, count, datatype })
}

/// An array with an element for each block.
///
/// # Safety
/// It is null, or has so many elements, which may be read.
pub(crate) unsafe fn array<'a, T>(array: *const T, blocks: usize, what: &str) -> Outcome<&'a [T]> {
    match blocks {
        0 => Ok(&[]),
        _ if array.is_null() => Err(Fault::new(MPI_ERR_ARG, format!("the array of {what} is NULL"))),
        // SAFETY: the caller's promise.
        _ => Ok(unsafe { std::slice::from_raw_parts(array, blocks) }),
    }
}

/// Blocks of any lengths, anywhere.
///
/// # Safety
/// The arrays are null, or have an element for each block.
pub(crate) unsafe fn listed<'a, N: Counted, D: Counted>(
    buffer: *const c_void,
    counts: *const N,
    displacements: *const D,
    datatype: Datatype,
    blocks: usize,
) -> Outcome<RawBlocks<'a>> {
    let datatype = &usable(datatype)?.datatype;
    // SAFETY: the caller's promise.
    let (counts, displacements) =
        unsafe { (array(counts, blocks, "counts")?, array(displacements, blocks, "displacements")?) };
    let mut start = address(buffer, 0, 0, datatype)?;
    if buffer.is_null() {
        for (count, at) in counts.iter().zip(displacements) {
            let count = usize::try_from(count.wide()).unwrap_or(0);
            start = address(buffer, count, at.wide().wrapping_mul(datatype.extent()), datatype)?;
        }
    }
    let (counts, displacements) = (N::numbers(counts), D::numbers(displacements));
    Ok(RawBlocks::Listed { start, counts, displacements, datatype })
}

/// The datatypes of blocks. That of a block without elements does not matter.
///
/// # Safety
/// The arrays are null, or have an element for each block.
pub(crate) unsafe fn datatypes<N: Counted>(
    counts: *const N,
    datatypes: *const Datatype,
    blocks: usize,
) -> Outcome<Vec<Layout>> {
    // SAFETY: the caller's promise.
    let (counts, datatypes) =
        unsafe { (array(counts, blocks, "counts")?, array(datatypes, blocks, "datatypes")?) };
    let layout = |(count, datatype): (&N, &Datatype)| match count.wide() {
        0 => Ok(Layout::basic(Basic::BYTE)),
        _ => Ok(usable(*datatype)?.datatype.clone()),
    };
    counts.iter().zip(datatypes).map(layout).collect()
}

/// Blocks of any lengths and datatypes, at displacements in bytes.
///
/// # Safety
/// The arrays are null, or have an element for each block.
pub(crate) unsafe fn typed<N: Counted, D: Counted>(
    buffer: *const c_void,
    counts: *const N,
    displacements: *const D,
    datatypes: &[Layout],
) -> Outcome<RawBlocks<'_>> {
    let blocks = datatypes.len();
    // SAFETY: the caller's promise.
    let (counts, displacements) =
        unsafe { (array(counts, blocks, "counts")?, array(displacements, blocks, "displacements")?) };
    if in_place(buffer) {
        return Err(misplaced());
    }
    if buffer.is_null() {
        for ((count, at), datatype) in counts.iter().zip(displacements).zip(datatypes) {
            address(buffer, usize::try_from(count.wide()).unwrap_or(0), at.wide(), datatype)?;
        }
    }
    let (counts, displacements) = (N::numbers(counts), D::numbers(displacements));
    Ok(RawBlocks::Typed { start: buffer.cast_mut().cast(), counts, displacements, datatypes })
}
