//! Groups of processes (MPI 5.0, section 7.3).

use std::ffi::c_int;

use olympi_comm::{Comparison, Group as Processes, RankRange};

use crate::arguments::{fill, list, place, room, wanted};
use crate::constants::{MPI_CONGRUENT, MPI_ERR_GROUP, MPI_IDENT, MPI_SIMILAR, MPI_UNDEFINED, MPI_UNEQUAL};
use crate::fault::{Fault, Outcome, anywhere};
use crate::handle::Table;
use crate::object::{put, too_many};
use crate::types::Group;

static GROUPS: Table<Processes> = Table::new(8);

/// `MPI_GROUP_EMPTY`
static EMPTY: Processes = Processes::empty();

impl Group {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_GROUP`: there is no such group.
    pub fn get(self) -> Outcome<&'static Processes> {
        match self {
            Self::EMPTY => Ok(&EMPTY),
            Self(handle) => GROUPS.get(handle).ok_or_else(|| self.unknown()),
        }
    }

    #[cold]
    fn unknown(self) -> Fault {
        let detail = match self {
            Self::NULL => "the group is MPI_GROUP_NULL".to_owned(),
            Self(handle) => format!("{handle:#x} is no group, or one that was freed"),
        };
        Fault::new(MPI_ERR_GROUP, detail)
    }

    /// A handle for a group. All without members are the same.
    ///
    /// # Errors
    /// `MPI_ERR_NO_MEM`: there are too many.
    pub fn make(processes: Processes) -> Outcome<Self> {
        if processes.is_empty() {
            return Ok(Self::EMPTY);
        }
        GROUPS.insert(processes).map(Self).ok_or_else(too_many)
    }
}

/// How alike two are, as C says it.
pub(crate) fn likeness(comparison: Comparison) -> c_int {
    match comparison {
        Comparison::Ident => MPI_IDENT,
        Comparison::Congruent => MPI_CONGRUENT,
        Comparison::Similar => MPI_SIMILAR,
        Comparison::Unequal => MPI_UNEQUAL,
    }
}

/// Makes a group, and gives it to the program.
unsafe fn making(call: &str, newgroup: *mut Group, body: impl FnOnce() -> Outcome<Processes>) -> c_int {
    anywhere(call, || {
        let made = body()?;
        wanted(newgroup)?;
        // SAFETY: the caller's promise: it may be written.
        unsafe { put(newgroup, Group::make(made)?) }
    })
}

/// `MPI_Group_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_size(group: Group, size: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Group_size", || unsafe { put(size, group.get()?.size()) })
}

/// `MPI_Group_rank`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_rank(group: Group, rank: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Group_rank", || unsafe { put(rank, group.get()?.rank().unwrap_or(MPI_UNDEFINED)) })
}

/// `MPI_Group_compare`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_compare(group1: Group, group2: Group, result: *mut c_int) -> c_int {
    anywhere("MPI_Group_compare", || {
        let comparison = group1.get()?.compare(group2.get()?);
        // SAFETY: the caller's promise.
        unsafe { put(result, likeness(comparison)) }
    })
}

/// `MPI_Group_translate_ranks`
///
/// # Safety
/// There are so many ranks, and room for as many.
pub unsafe fn group_translate_ranks(
    group1: Group,
    n: c_int,
    ranks1: *const c_int,
    group2: Group,
    ranks2: *mut c_int,
) -> c_int {
    anywhere("MPI_Group_translate_ranks", || {
        let (from, to) = (group1.get()?, group2.get()?);
        // SAFETY: the caller's promise.
        let ranks = unsafe { list(n, ranks1) }?;
        let translated = from.translate_ranks(ranks, to)?;
        // SAFETY: the caller's promise.
        fill(unsafe { room(n, ranks2) }?, translated.into_iter().map(|rank| rank.unwrap_or(MPI_UNDEFINED)));
        Ok(())
    })
}

/// `MPI_Group_union`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_union(group1: Group, group2: Group, newgroup: *mut Group) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making("MPI_Group_union", newgroup, || Ok(group1.get()?.union(group2.get()?))) }
}

/// `MPI_Group_intersection`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_intersection(group1: Group, group2: Group, newgroup: *mut Group) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making("MPI_Group_intersection", newgroup, || Ok(group1.get()?.intersection(group2.get()?))) }
}

/// `MPI_Group_difference`
///
/// # Safety
/// The result has a place.
pub unsafe fn group_difference(group1: Group, group2: Group, newgroup: *mut Group) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making("MPI_Group_difference", newgroup, || Ok(group1.get()?.difference(group2.get()?))) }
}

/// `MPI_Group_incl`
///
/// # Safety
/// There are so many ranks, and the result has a place.
pub unsafe fn group_incl(group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making("MPI_Group_incl", newgroup, || Ok(group.get()?.incl(list(n, ranks)?)?)) }
}

/// `MPI_Group_excl`
///
/// # Safety
/// There are so many ranks, and the result has a place.
pub unsafe fn group_excl(group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making("MPI_Group_excl", newgroup, || Ok(group.get()?.excl(list(n, ranks)?)?)) }
}

/// Ranges as C has them.
unsafe fn ranges_of(n: c_int, ranges: *const [c_int; 3]) -> Outcome<Vec<RankRange>> {
    // SAFETY: the caller's promise: there are so many.
    let ranges = unsafe { list(n, ranges) }?;
    Ok(ranges.iter().map(|&[first, last, stride]| RankRange { first, last, stride }).collect())
}

/// `MPI_Group_range_incl`
///
/// # Safety
/// There are so many ranges, and the result has a place.
pub unsafe fn group_range_incl(
    group: Group,
    n: c_int,
    ranges: *const [c_int; 3],
    newgroup: *mut Group,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making("MPI_Group_range_incl", newgroup, || Ok(group.get()?.range_incl(&ranges_of(n, ranges)?)?))
    }
}

/// `MPI_Group_range_excl`
///
/// # Safety
/// There are so many ranges, and the result has a place.
pub unsafe fn group_range_excl(
    group: Group,
    n: c_int,
    ranges: *const [c_int; 3],
    newgroup: *mut Group,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making("MPI_Group_range_excl", newgroup, || Ok(group.get()?.range_excl(&ranges_of(n, ranges)?)?))
    }
}

/// `MPI_Group_free`. `MPI_GROUP_EMPTY` stays, whoever has got it as a result.
///
/// # Safety
/// The handle may be read and written.
pub unsafe fn group_free(group: *mut Group) -> c_int {
    anywhere("MPI_Group_free", || {
        // SAFETY: the caller's promise.
        let handle = unsafe { place(group) }?;
        if *handle != Group::EMPTY {
            GROUPS.remove(handle.0).ok_or_else(|| handle.unknown())?;
        }
        *handle = Group::NULL;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::{MPI_ERR_ARG, MPI_SUCCESS};

    #[test]
    fn the_empty_group_is_always_there() {
        assert_eq!(Group::make(Processes::empty()).unwrap(), Group::EMPTY);
        assert_eq!(Group::EMPTY.get().unwrap().size(), 0);
        assert_eq!(Group::NULL.get().unwrap_err().code, MPI_ERR_GROUP);
        let mut handle = Group::EMPTY;
        // SAFETY: a handle of ours.
        assert_eq!(unsafe { group_free(&raw mut handle) }, MPI_SUCCESS);
        assert_eq!(handle, Group::NULL);
        let ranges = [[0, 3, 2], [5, 1, -4]];
        // SAFETY: there are two.
        let ranges = unsafe { ranges_of(2, ranges.as_ptr()) }.unwrap();
        assert_eq!(ranges, [(0, 3, 2).into(), (5, 1, -4).into()]);
        // SAFETY: the length comes before the address.
        assert_eq!(unsafe { ranges_of(-1, std::ptr::null()) }.unwrap_err().code, MPI_ERR_ARG);
    }
}
