//! Parts of arrays (MPI 5.0, sections 5.1.3 and 5.1.4).

use std::ffi::c_int;

use olympi_comm::{Axis, Distribution, Order};

use crate::constants::{
    MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_DFLT_DARG, MPI_DISTRIBUTE_NONE, MPI_ERR_ARG,
    MPI_ORDER_C, MPI_ORDER_FORTRAN,
};
use crate::datatypes::{argument, chosen, give, listed};
use crate::fault::{Fault, Outcome, anywhere};
use crate::types::{Datatype, Number};

const ORDERS: [(c_int, Order); 2] = [(MPI_ORDER_C, Order::C), (MPI_ORDER_FORTRAN, Order::Fortran)];

/// The constant of an order.
pub(super) fn order_number(order: Order) -> c_int {
    match order {
        Order::C => MPI_ORDER_C,
        Order::Fortran => MPI_ORDER_FORTRAN,
    }
}

/// The constant of a distribution, and its argument.
pub(super) fn distribution_numbers(distribution: Distribution) -> (c_int, c_int) {
    let number = |block: Option<usize>| {
        block.and_then(|block| c_int::try_from(block).ok()).unwrap_or(MPI_DISTRIBUTE_DFLT_DARG)
    };
    match distribution {
        Distribution::None => (MPI_DISTRIBUTE_NONE, MPI_DISTRIBUTE_DFLT_DARG),
        Distribution::Block(block) => (MPI_DISTRIBUTE_BLOCK, number(block)),
        Distribution::Cyclic(block) => (MPI_DISTRIBUTE_CYCLIC, number(block)),
    }
}

/// Numbers of axes, none of which is negative.
///
/// # Safety
/// The array is null, or has so many elements.
unsafe fn naturals<N: Number>(array: *const N, axes: usize, what: &str) -> Outcome<Vec<usize>> {
    // SAFETY: the caller's promise.
    unsafe { listed(array, axes, what) }?.iter().map(|number| argument(*number, what)).collect()
}

fn axes(ndims: c_int) -> Outcome<usize> {
    usize::try_from(ndims)
        .ok()
        .filter(|axes| *axes > 0)
        .ok_or_else(|| Fault::new(MPI_ERR_ARG, format!("an array has at least one axis, not {ndims}")))
}

/// `MPI_Type_create_subarray`
///
/// # Safety
/// The arrays have as many elements as there are axes; the result has a place.
pub unsafe fn type_create_subarray<N: Number>(
    ndims: c_int,
    sizes: *const N,
    subsizes: *const N,
    starts: *const N,
    order: c_int,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_subarray", || {
        let old = oldtype.get()?;
        let (axes, order) = (axes(ndims)?, chosen(order, &ORDERS, "order of an array")?);
        // SAFETY: the caller's promise.
        unsafe {
            let sizes = naturals(sizes, axes, "sizes")?;
            let (subsizes, starts) =
                (naturals(subsizes, axes, "subsizes")?, naturals(starts, axes, "starts")?);
            if sizes.contains(&0) || subsizes.contains(&0) {
                return Err(Fault::new(MPI_ERR_ARG, "sizes and subsizes are positive, and one is 0"));
            }
            give(old.datatype.subarray(&sizes, &subsizes, &starts, order)?, N::LARGE, newtype)
        }
    })
}

/// `MPI_Type_create_darray`
///
/// # Safety
/// The arrays have as many elements as there are axes; the result has a place.
pub unsafe fn type_create_darray<N: Number>(
    size: c_int,
    rank: c_int,
    ndims: c_int,
    gsizes: *const N,
    distribs: *const c_int,
    dargs: *const c_int,
    psizes: *const c_int,
    order: c_int,
    oldtype: Datatype,
    newtype: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_create_darray", || {
        let old = oldtype.get()?;
        let (number, order) = (axes(ndims)?, chosen(order, &ORDERS, "order of an array")?);
        // SAFETY: the caller's promise.
        let (gsizes, distribs, dargs, psizes) = unsafe {
            (
                naturals(gsizes, number, "sizes of the array")?,
                listed(distribs, number, "distributions")?,
                listed(dargs, number, "arguments of distributions")?,
                naturals(psizes, number, "sizes of the grid")?,
            )
        };
        let mut axes = Vec::with_capacity(number);
        for axis in 0..number {
            let block = match dargs[axis] {
                MPI_DISTRIBUTE_DFLT_DARG => None,
                block if block > 0 => Some(block as usize),
                block => {
                    return Err(Fault::new(
                        MPI_ERR_ARG,
                        format!("a block has at least one element, not {block}"),
                    ));
                }
            };
            let distribution = [
                (MPI_DISTRIBUTE_NONE, Distribution::None),
                (MPI_DISTRIBUTE_BLOCK, Distribution::Block(block)),
                (MPI_DISTRIBUTE_CYCLIC, Distribution::Cyclic(block)),
            ];
            let distribution = chosen(distribs[axis], &distribution, "distribution of an array")?;
            if gsizes[axis] == 0 || psizes[axis] == 0 {
                return Err(Fault::new(
                    MPI_ERR_ARG,
                    format!("axis {axis} of the array, or of the grid, has size 0"),
                ));
            }
            axes.push(Axis { size: gsizes[axis], distribution, processes: psizes[axis] });
        }
        let grid = psizes.iter().try_fold(1_usize, |all, here| all.checked_mul(*here));
        if usize::try_from(size).ok() != grid {
            let detail = format!("the grid {psizes:?} has not the {size} processes that are named");
            return Err(Fault::new(MPI_ERR_ARG, detail));
        }
        let made = old.datatype.darray(argument(rank, "rank")?, &axes, order)?;
        // SAFETY: the caller's promise.
        unsafe { give(made, N::LARGE, newtype) }
    })
}
