//! Grids of ranks (MPI 5.0, section 8.5).

use std::ffi::c_int;

use olympi_comm::Cartesian;

use crate::arguments::{fill, list, room};
use crate::communicators::making;
use crate::constants::{MPI_ERR_DIMS, MPI_UNDEFINED};
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::{CommObject, flag, put};
use crate::topology::without;
use crate::types::Comm;

/// The grid of a communicator.
fn grid(object: &CommObject) -> Outcome<Cartesian> {
    Cartesian::of(&object.comm).ok_or_else(|| without("Cartesian topology"))
}

#[cold]
fn wrong_dims(detail: impl Into<String>) -> Fault {
    Fault::new(MPI_ERR_DIMS, detail)
}

/// How many dimensions there are.
fn dimensions(ndims: c_int) -> Outcome {
    if ndims < 0 { Err(wrong_dims(format!("a grid has not {ndims} dimensions"))) } else { Ok(()) }
}

/// The shape of a grid that the program gives: sizes, and whether each goes round.
unsafe fn shape(ndims: c_int, dims: *const c_int, periods: *const c_int) -> Outcome<(Vec<usize>, Vec<bool>)> {
    dimensions(ndims)?;
    // SAFETY: the caller's promise: there are so many.
    let (dims, periods) = unsafe { (list(ndims, dims)?, list(ndims, periods)?) };
    let size = |&dim: &c_int| match usize::try_from(dim) {
        Ok(dim) if dim > 0 => Ok(dim),
        _ => Err(wrong_dims(format!("a dimension of a grid has 1 place at least, not {dim}"))),
    };
    let sizes = dims.iter().map(size).collect::<Outcome<_>>()?;
    Ok((sizes, periods.iter().map(|period| *period != 0).collect()))
}

/// There is room for all dimensions.
fn fits(maxdims: c_int, grid: &Cartesian) -> Outcome<c_int> {
    let ndims = grid.grid().dims().len() as c_int;
    if maxdims < ndims {
        return Err(wrong_dims(format!("there is room for {maxdims} dimensions, but the grid has {ndims}")));
    }
    Ok(ndims)
}

/// `MPI_Dims_create`
///
/// # Safety
/// There are so many dimensions, which may be read and written.
pub unsafe fn dims_create(nnodes: c_int, ndims: c_int, dims: *mut c_int) -> c_int {
    anywhere("MPI_Dims_create", || {
        dimensions(ndims)?;
        // SAFETY: the caller's promise.
        let given = unsafe { list(ndims, dims) }?;
        if given.is_empty() {
            return Ok(());
        }
        let nodes = usize::try_from(nnodes)
            .map_err(|_| wrong_dims(format!("{nnodes} processes do not make a grid")))?;
        let size = |&dim: &c_int| {
            usize::try_from(dim).map_err(|_| wrong_dims(format!("a dimension is not negative, as {dim} is")))
        };
        let mut sizes = given.iter().map(size).collect::<Outcome<Vec<_>>>()?;
        olympi_comm::dims_create(nodes, &mut sizes)?;
        // SAFETY: as above.
        fill(unsafe { room(ndims, dims) }?, sizes.into_iter().map(|size| size as c_int));
        Ok(())
    })
}

/// `MPI_Cart_create`
///
/// # Safety
/// There are so many dimensions and periods, and the result has a place.
pub unsafe fn cart_create(
    comm_old: Comm,
    ndims: c_int,
    dims: *const c_int,
    periods: *const c_int,
    reorder: c_int,
    comm_cart: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm_old, "MPI_Cart_create", comm_cart, |object| {
            let comm = object.intra()?;
            let (dims, periods) = shape(ndims, dims, periods)?;
            Ok(comm.cartesian(&dims, &periods, reorder != 0)?.map(Cartesian::into_communicator))
        })
    }
}

/// `MPI_Cartdim_get`
///
/// # Safety
/// The result has a place.
pub unsafe fn cartdim_get(comm: Comm, ndims: *mut c_int) -> c_int {
    comm.call("MPI_Cartdim_get", |object| {
        let dims = grid(object)?.grid().dims().len();
        // SAFETY: the caller's promise.
        unsafe { put(ndims, dims as c_int) }
    })
}

/// `MPI_Cart_get`
///
/// # Safety
/// There is room for so many dimensions.
pub unsafe fn cart_get(
    comm: Comm,
    maxdims: c_int,
    dims: *mut c_int,
    periods: *mut c_int,
    coords: *mut c_int,
) -> c_int {
    comm.call("MPI_Cart_get", |object| {
        let grid = grid(object)?;
        let ndims = fits(maxdims, &grid)?;
        // SAFETY: the caller's promise.
        let [dims, periods, coords] =
            unsafe { [room(ndims, dims)?, room(ndims, periods)?, room(ndims, coords)?] };
        let ints = |sizes: &[usize]| sizes.iter().map(|size| *size as c_int).collect::<Vec<_>>();
        fill(dims, ints(grid.grid().dims()));
        fill(periods, grid.grid().periods().iter().map(|period| flag(*period)));
        fill(coords, ints(&grid.my_coords()));
        Ok(())
    })
}

/// `MPI_Cart_rank`
///
/// # Safety
/// There are as many coordinates as dimensions, and the result has a place.
pub unsafe fn cart_rank(comm: Comm, coords: *const c_int, rank: *mut c_int) -> c_int {
    comm.call("MPI_Cart_rank", |object| {
        let grid = grid(object)?;
        // SAFETY: the caller's promise.
        let coords = unsafe { list(grid.grid().dims().len() as c_int, coords) }?;
        let coords: Vec<_> = coords.iter().map(|coord| i64::from(*coord)).collect();
        // SAFETY: as above.
        unsafe { put(rank, grid.rank_at(&coords)?) }
    })
}

/// `MPI_Cart_coords`
///
/// # Safety
/// There is room for so many coordinates.
pub unsafe fn cart_coords(comm: Comm, rank: c_int, maxdims: c_int, coords: *mut c_int) -> c_int {
    comm.call("MPI_Cart_coords", |object| {
        let grid = grid(object)?;
        let known = grid.coords(rank)?;
        // SAFETY: the caller's promise.
        let coords = unsafe { room(fits(maxdims, &grid)?, coords) }?;
        fill(coords, known.into_iter().map(|coord| coord as c_int));
        Ok(())
    })
}

/// `MPI_Cart_shift`
///
/// # Safety
/// The results have places.
pub unsafe fn cart_shift(
    comm: Comm,
    direction: c_int,
    disp: c_int,
    rank_source: *mut c_int,
    rank_dest: *mut c_int,
) -> c_int {
    comm.call("MPI_Cart_shift", |object| {
        let grid = grid(object)?;
        let dimension = usize::try_from(direction)
            .map_err(|_| wrong_dims(format!("dimensions are counted from 0: {direction} is none")))?;
        let (source, dest) = grid.shift(dimension, i64::from(disp))?;
        // SAFETY: the caller's promise.
        unsafe {
            put(rank_source, source)?;
            put(rank_dest, dest)
        }
    })
}

/// `MPI_Cart_sub`
///
/// # Safety
/// There are as many flags as dimensions, and the result has a place.
pub unsafe fn cart_sub(comm: Comm, remain_dims: *const c_int, newcomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm, "MPI_Cart_sub", newcomm, |object| {
            let grid = grid(object)?;
            let remain = list(grid.grid().dims().len() as c_int, remain_dims)?;
            let remain: Vec<_> = remain.iter().map(|stays| *stays != 0).collect();
            Ok(Some(grid.sub(&remain)?.into_communicator()))
        })
    }
}

/// `MPI_Cart_map`
///
/// # Safety
/// There are so many dimensions and periods, and the result has a place.
pub unsafe fn cart_map(
    comm: Comm,
    ndims: c_int,
    dims: *const c_int,
    periods: *const c_int,
    newrank: *mut c_int,
) -> c_int {
    comm.call("MPI_Cart_map", |object| {
        let comm = object.intra()?;
        // SAFETY: the caller's promise.
        let (dims, _) = unsafe { shape(ndims, dims, periods) }?;
        // SAFETY: as above.
        unsafe { put(newrank, comm.cart_map(&dims)?.unwrap_or(MPI_UNDEFINED)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::{MPI_ERR_ARG, MPI_SUCCESS};
    use std::ptr::null;

    #[test]
    fn shapes_are_checked() {
        let (dims, periods) = ([2, 3], [0, 7]);
        // SAFETY: there are two, or none.
        unsafe {
            let known = shape(2, dims.as_ptr(), periods.as_ptr()).unwrap();
            assert_eq!(known, (vec![2, 3], vec![false, true]));
            assert_eq!(shape(0, null(), null()).unwrap(), (vec![], vec![]));
            assert_eq!(shape(2, dims.as_ptr(), null()).unwrap_err().code, MPI_ERR_ARG);
            assert_eq!(shape(-1, null(), null()).unwrap_err().code, MPI_ERR_DIMS);
            assert_eq!(shape(2, periods.as_ptr(), periods.as_ptr()).unwrap_err().code, MPI_ERR_DIMS);
            let mut dims = [0, 3, 0];
            assert_eq!((dims_create(24, 3, dims.as_mut_ptr()), dims), (MPI_SUCCESS, [4, 3, 2]));
        }
    }
}
