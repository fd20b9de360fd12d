//! Distributed arrays, and what datatypes were made from: constants that stand among numbers.

use std::ffi::c_int;

use olympi_abi::types::{Aint, Count};
use olympi_abi::{constants as c, datatypes as core, types};

use crate::arguments::{Answer, Argument, Translated};
use crate::codes::Code;
use crate::constants::{DEFAULT_ARGUMENT, Distribution, Order};
use crate::handles::Datatype;

/// The argument of a distribution, which may be the default.
fn argument_to_core(argument: c_int) -> c_int {
    if argument == DEFAULT_ARGUMENT { c::MPI_DISTRIBUTE_DFLT_DARG } else { argument }
}

/// The array with each element translated; NULL stays NULL.
///
/// # Safety
/// The array is null, or has so many elements.
unsafe fn each(count: c_int, array: *const c_int, translate: impl Fn(c_int) -> c_int) -> Option<Vec<c_int>> {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's promise.
    (!array.is_null()).then(|| (0..count).map(|at| translate(unsafe { *array.add(at) })).collect())
}

fn start_of(array: Option<&Vec<c_int>>) -> *const c_int {
    array.map_or(std::ptr::null(), Vec::as_ptr)
}

/// Exports `MPI_Type_create_darray` for both integers.
macro_rules! darrays {
    ($($mpi:ident $pmpi:ident <$count:ty>;)*) => { $(
        $crate::export::twins! { $mpi $pmpi (
            size: c_int, rank: c_int, ndims: c_int, array_of_gsizes: *const $count,
            array_of_distribs: *const c_int, array_of_dargs: *const c_int, array_of_psizes: *const c_int,
            order: Order, oldtype: Datatype, newtype: *mut Datatype
        ) -> Code {
            let distribs = each(ndims, array_of_distribs, |kind| Distribution(kind).to_core());
            let dargs = each(ndims, array_of_dargs, argument_to_core);
            let mut held = newtype.hold();
            let answer = core::type_create_darray(
                size, rank, ndims, array_of_gsizes, start_of(distribs.as_ref()), start_of(dargs.as_ref()),
                array_of_psizes, order.to_core(), oldtype.to_core(), <*mut Datatype>::lend(&mut held)
            );
            newtype.settle(held);
            Code::answer(answer)
        } }
    )* };
}

darrays! {
    MPI_Type_create_darray PMPI_Type_create_darray <c_int>;
    MPI_Type_create_darray_c PMPI_Type_create_darray_c <Count>;
}

/// Translates the constants among the integers that a datatype was made from (MPI 5.0, section 5.1.13). Sizes stand among
/// the integers too, unless they are told as large counts (`large`).
fn translate(combiner: c_int, integers: &mut [c_int], large: bool) {
    let order = |integer: &mut c_int| *integer = Order::from_core(*integer).0;
    match (combiner, integers) {
        (c::MPI_COMBINER_SUBARRAY, [.., last]) => order(last),
        // size, rank, dims; [sizes]; distributions; their arguments; processes; order.
        (c::MPI_COMBINER_DARRAY, [_, _, dims, rest @ .., last]) => {
            order(last);
            let dims = usize::try_from(*dims).unwrap_or(0);
            let skip = if large { 0 } else { dims };
            for kind in rest.iter_mut().skip(skip).take(dims) {
                *kind = Distribution::from_core(*kind).0;
            }
            for argument in rest.iter_mut().skip(skip + dims).take(dims) {
                if *argument == c::MPI_DISTRIBUTE_DFLT_DARG {
                    *argument = DEFAULT_ARGUMENT;
                }
            }
        }
        _ => {}
    }
}

/// What a call has written: how many integers, whether with large counts, how many datatypes, and how it was made.
struct Written {
    integers: Count,
    large: bool,
    datatypes: Count,
    combiner: c_int,
}

/// Gives the program what the core has written.
///
/// # Safety
/// The arrays have room for as many as were written.
unsafe fn settle(
    written: &Written,
    integers: *mut c_int,
    ours: &[types::Datatype],
    datatypes: *mut Datatype,
) {
    let count = usize::try_from(written.integers).unwrap_or(0);
    // SAFETY: the caller's promise.
    unsafe {
        if count > 0 && !integers.is_null() {
            translate(written.combiner, std::slice::from_raw_parts_mut(integers, count), written.large);
        }
        for (at, datatype) in ours.iter().enumerate().take(usize::try_from(written.datatypes).unwrap_or(0)) {
            *datatypes.add(at) = Datatype::from_core(*datatype);
        }
    }
}

/// Places for datatypes; none where the program has none.
fn places(room: Count, datatypes: *const Datatype) -> Vec<types::Datatype> {
    let room = if datatypes.is_null() { 0 } else { usize::try_from(room).unwrap_or(0) };
    vec![types::Datatype::NULL; room]
}

/// Where they begin, or NULL where the program has none.
fn start_of_places(datatypes: *const Datatype, ours: &mut [types::Datatype]) -> *mut types::Datatype {
    if datatypes.is_null() { std::ptr::null_mut() } else { ours.as_mut_ptr() }
}

unsafe fn type_get_contents(
    datatype: Datatype,
    max_integers: c_int,
    max_addresses: c_int,
    max_datatypes: c_int,
    integers: *mut c_int,
    addresses: *mut Aint,
    datatypes: *mut Datatype,
) -> Code {
    let mut ours = places(Count::from(max_datatypes), datatypes);
    let start = start_of_places(datatypes, &mut ours);
    let object = datatype.to_core();
    // SAFETY: the caller's promise.
    unsafe {
        let answer = core::type_get_contents(
            object,
            max_integers,
            max_addresses,
            max_datatypes,
            integers,
            addresses,
            start,
        );
        let (mut has, mut combiner) = ([0; 3], 0);
        let [count, addresses, types] = &mut has;
        if answer == c::MPI_SUCCESS
            && core::type_get_envelope(object, count, addresses, types, &raw mut combiner) == c::MPI_SUCCESS
        {
            let written = Written {
                integers: Count::from(has[0]),
                large: false,
                datatypes: Count::from(has[2]),
                combiner,
            };
            settle(&written, integers, &ours, datatypes);
        }
        Code::answer(answer)
    }
}

unsafe fn type_get_contents_c(
    datatype: Datatype,
    max_integers: Count,
    max_addresses: Count,
    max_large_counts: Count,
    max_datatypes: Count,
    integers: *mut c_int,
    addresses: *mut Aint,
    large_counts: *mut Count,
    datatypes: *mut Datatype,
) -> Code {
    let mut ours = places(max_datatypes, datatypes);
    let start = start_of_places(datatypes, &mut ours);
    let object = datatype.to_core();
    // SAFETY: the caller's promise.
    unsafe {
        let answer = core::type_get_contents_c(
            object,
            max_integers,
            max_addresses,
            max_large_counts,
            max_datatypes,
            integers,
            addresses,
            large_counts,
            start,
        );
        let (mut has, mut combiner) = ([0; 4], 0);
        let [count, addresses, large, types] = &mut has;
        if answer == c::MPI_SUCCESS
            && core::type_get_envelope_c(object, count, addresses, large, types, &raw mut combiner)
                == c::MPI_SUCCESS
        {
            let written = Written { integers: has[0], large: has[2] > 0, datatypes: has[3], combiner };
            settle(&written, integers, &ours, datatypes);
        }
        Code::answer(answer)
    }
}

by_hand! {
    MPI_Type_get_contents PMPI_Type_get_contents = type_get_contents(
        datatype: Datatype, max_integers: c_int, max_addresses: c_int, max_datatypes: c_int,
        array_of_integers: *mut c_int, array_of_addresses: *mut Aint,
        array_of_datatypes: *mut Datatype) -> Code;
    MPI_Type_get_contents_c PMPI_Type_get_contents_c = type_get_contents_c(
        datatype: Datatype, max_integers: Count, max_addresses: Count, max_large_counts: Count,
        max_datatypes: Count, array_of_integers: *mut c_int, array_of_addresses: *mut Aint,
        array_of_large_counts: *mut Count, array_of_datatypes: *mut Datatype) -> Code;
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: c_int = c::MPI_DISTRIBUTE_BLOCK;
    const NONE: c_int = c::MPI_DISTRIBUTE_NONE;
    const DEFAULT: c_int = c::MPI_DISTRIBUTE_DFLT_DARG;

    #[test]
    fn constants_among_the_integers_of_an_array_are_found() {
        // 4 processes, rank 1, two dimensions; sizes that look like constants of ours.
        let mut integers = [4, 1, 2, BLOCK, DEFAULT, BLOCK, NONE, DEFAULT, 17, 2, 2, c::MPI_ORDER_C];
        translate(c::MPI_COMBINER_DARRAY, &mut integers, false);
        assert_eq!(integers, [4, 1, 2, BLOCK, DEFAULT, 121, 123, -49767, 17, 2, 2, 56]);

        let mut integers = [4, 1, 2, BLOCK, NONE, DEFAULT, 17, 2, 2, c::MPI_ORDER_FORTRAN];
        translate(c::MPI_COMBINER_DARRAY, &mut integers, true);
        assert_eq!(integers, [4, 1, 2, 121, 123, -49767, 17, 2, 2, 57]);

        let mut integers = [1, 12, 12, 12, c::MPI_ORDER_C];
        translate(c::MPI_COMBINER_SUBARRAY, &mut integers, false);
        assert_eq!(integers, [1, 12, 12, 12, 56]);

        let mut integers = [12, 15];
        translate(c::MPI_COMBINER_VECTOR, &mut integers, false);
        assert_eq!(integers, [12, 15]);
    }
}
