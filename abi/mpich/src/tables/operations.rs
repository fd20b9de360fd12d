//! Reduction operations (MPI 5.0, section 6.9). The callbacks of `Op_create` and its large form differ.

use std::ffi::{c_int, c_void};

use olympi_abi::types::{Callback, Count};

use crate::codes::Code;
use crate::handles::{Datatype, Op};

export! {
    MPI_Op_create PMPI_Op_create = operations::op_create(
        user_fn: Callback, commute: c_int, op: *mut Op) -> Code;
    MPI_Op_create_c PMPI_Op_create_c = operations::op_create_c(
        user_fn: Callback, commute: c_int, op: *mut Op) -> Code;
    MPI_Op_free PMPI_Op_free = operations::op_free(op: *mut Op) -> Code;
    MPI_Op_commutative PMPI_Op_commutative = operations::op_commutative(op: Op, commute: *mut c_int) -> Code;
    MPI_Reduce_local PMPI_Reduce_local = operations::reduce_local(
        inbuf: *const c_void, inoutbuf: *mut c_void, count: c_int, datatype: Datatype, op: Op) -> Code;
    MPI_Reduce_local_c PMPI_Reduce_local_c = operations::reduce_local(
        inbuf: *const c_void, inoutbuf: *mut c_void, count: Count, datatype: Datatype, op: Op) -> Code;
}
