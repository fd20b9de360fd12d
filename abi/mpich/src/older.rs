//! Calls that MPI 3 has taken out, and MPICH's library still has: programs of that age run.

use std::ffi::{c_int, c_void};

use olympi_abi::datatypes as core;
use olympi_abi::types::{Aint, Callback};

use crate::arguments::{Answer, Translated};
use crate::arrays::type_create_struct;
use crate::codes::{Code, SUCCESS};
use crate::handles::{Comm, Datatype, Errhandler};

export! {
    MPI_Address PMPI_Address = environment::get_address(location: *const c_void, address: *mut Aint) -> Code;
    MPI_Errhandler_create PMPI_Errhandler_create = errors::comm_create_errhandler(
        function: Callback, errhandler: *mut Errhandler) -> Code;
    MPI_Errhandler_get PMPI_Errhandler_get = errors::comm_get_errhandler(
        comm: Comm, errhandler: *mut Errhandler) -> Code;
    MPI_Errhandler_set PMPI_Errhandler_set = errors::comm_set_errhandler(
        comm: Comm, errhandler: Errhandler) -> Code;
    MPI_Type_hvector PMPI_Type_hvector = datatypes::type_create_hvector(
        count: c_int, blocklength: c_int, stride: Aint, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_hindexed PMPI_Type_hindexed = datatypes::type_create_hindexed(
        count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint,
        oldtype: Datatype, newtype: *mut Datatype) -> Code;
}

/// Where a datatype begins, and how far it reaches from there, for one of the three questions about that.
///
/// # Safety
/// The result has a place.
unsafe fn bounds(datatype: Datatype, place: *mut Aint, answer: fn(lb: Aint, extent: Aint) -> Aint) -> Code {
    let (mut lb, mut extent) = (0, 0);
    // SAFETY: the results have places.
    let code =
        Code::answer(unsafe { core::type_get_extent(datatype.to_core(), &raw mut lb, &raw mut extent) });
    if code == SUCCESS {
        // SAFETY: the caller's promise.
        unsafe { place.write(answer(lb, extent)) };
    }
    code
}

unsafe fn type_extent(datatype: Datatype, extent: *mut Aint) -> Code {
    // SAFETY: the caller's promise.
    unsafe { bounds(datatype, extent, |_, extent| extent) }
}

unsafe fn type_lb(datatype: Datatype, displacement: *mut Aint) -> Code {
    // SAFETY: the caller's promise.
    unsafe { bounds(datatype, displacement, |lb, _| lb) }
}

unsafe fn type_ub(datatype: Datatype, displacement: *mut Aint) -> Code {
    // SAFETY: the caller's promise.
    unsafe { bounds(datatype, displacement, |lb, extent| lb + extent) }
}

by_hand! {
    MPI_Type_extent PMPI_Type_extent = type_extent(datatype: Datatype, extent: *mut Aint) -> Code;
    MPI_Type_lb PMPI_Type_lb = type_lb(datatype: Datatype, displacement: *mut Aint) -> Code;
    MPI_Type_ub PMPI_Type_ub = type_ub(datatype: Datatype, displacement: *mut Aint) -> Code;
    MPI_Type_struct PMPI_Type_struct = type_create_struct(
        count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint,
        array_of_types: *const Datatype, newtype: *mut Datatype) -> Code;
}
