//! Derived datatypes and packing (MPI 5.0, chapter 5).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::constants::{Combiner, Order, TypeClass};
use crate::handles::{Comm, Datatype};

export! {
    // Constructors.
    MPI_Type_dup PMPI_Type_dup = datatypes::type_dup(oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_contiguous PMPI_Type_contiguous = datatypes::type_contiguous(
        count: c_int, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_contiguous_c PMPI_Type_contiguous_c = datatypes::type_contiguous(
        count: Count, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_vector PMPI_Type_vector = datatypes::type_vector(
        count: c_int, blocklength: c_int, stride: c_int, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_vector_c PMPI_Type_vector_c = datatypes::type_vector(
        count: Count, blocklength: Count, stride: Count, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_hvector PMPI_Type_create_hvector = datatypes::type_create_hvector(
        count: c_int, blocklength: c_int, stride: Aint, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_hvector_c PMPI_Type_create_hvector_c = datatypes::type_create_hvector(
        count: Count, blocklength: Count, stride: Count, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_indexed PMPI_Type_indexed = datatypes::type_indexed(
        count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const c_int,
        oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_indexed_c PMPI_Type_indexed_c = datatypes::type_indexed(
        count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Count,
        oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_hindexed PMPI_Type_create_hindexed = datatypes::type_create_hindexed(
        count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint,
        oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_hindexed_c PMPI_Type_create_hindexed_c = datatypes::type_create_hindexed(
        count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Count,
        oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_indexed_block PMPI_Type_create_indexed_block = datatypes::type_create_indexed_block(
        count: c_int, blocklength: c_int, array_of_displacements: *const c_int, oldtype: Datatype,
        newtype: *mut Datatype) -> Code;
    MPI_Type_create_indexed_block_c PMPI_Type_create_indexed_block_c = datatypes::type_create_indexed_block(
        count: Count, blocklength: Count, array_of_displacements: *const Count, oldtype: Datatype,
        newtype: *mut Datatype) -> Code;
    MPI_Type_create_hindexed_block PMPI_Type_create_hindexed_block = datatypes::type_create_hindexed_block(
        count: c_int, blocklength: c_int, array_of_displacements: *const Aint, oldtype: Datatype,
        newtype: *mut Datatype) -> Code;
    MPI_Type_create_hindexed_block_c PMPI_Type_create_hindexed_block_c =
        datatypes::type_create_hindexed_block(
        count: Count, blocklength: Count, array_of_displacements: *const Count, oldtype: Datatype,
        newtype: *mut Datatype) -> Code;
    MPI_Type_create_resized PMPI_Type_create_resized = datatypes::type_create_resized(
        oldtype: Datatype, lb: Aint, extent: Aint, newtype: *mut Datatype) -> Code;
    MPI_Type_create_resized_c PMPI_Type_create_resized_c = datatypes::type_create_resized(
        oldtype: Datatype, lb: Count, extent: Count, newtype: *mut Datatype) -> Code;
    MPI_Type_create_subarray PMPI_Type_create_subarray = datatypes::type_create_subarray(
        ndims: c_int, array_of_sizes: *const c_int, array_of_subsizes: *const c_int,
        array_of_starts: *const c_int, order: Order, oldtype: Datatype, newtype: *mut Datatype) -> Code;
    MPI_Type_create_subarray_c PMPI_Type_create_subarray_c = datatypes::type_create_subarray(
        ndims: c_int, array_of_sizes: *const Count, array_of_subsizes: *const Count,
        array_of_starts: *const Count, order: Order, oldtype: Datatype, newtype: *mut Datatype) -> Code;

    // Types of Fortran and of `MINLOC`.
    MPI_Type_create_f90_complex PMPI_Type_create_f90_complex = datatypes::type_create_f90_complex(
        p: c_int, r: c_int, newtype: *mut Datatype) -> Code;
    MPI_Type_create_f90_integer PMPI_Type_create_f90_integer = datatypes::type_create_f90_integer(
        r: c_int, newtype: *mut Datatype) -> Code;
    MPI_Type_create_f90_real PMPI_Type_create_f90_real = datatypes::type_create_f90_real(
        p: c_int, r: c_int, newtype: *mut Datatype) -> Code;
    MPI_Type_match_size PMPI_Type_match_size = datatypes::type_match_size(
        typeclass: TypeClass, size: c_int, datatype: *mut Datatype) -> Code;
    MPI_Type_get_value_index PMPI_Type_get_value_index = datatypes::type_get_value_index(
        value_type: Datatype, index_type: Datatype, pair_type: *mut Datatype) -> Code;

    // Committing and freeing.
    MPI_Type_commit PMPI_Type_commit = datatypes::type_commit(datatype: *mut Datatype) -> Code;
    MPI_Type_free PMPI_Type_free = datatypes::type_free(datatype: *mut Datatype) -> Code;

    // Sizes and extents; the `_x` names are the older way to a large answer.
    MPI_Type_size PMPI_Type_size = datatypes::type_size(datatype: Datatype, size: *mut c_int) -> Code;
    MPI_Type_size_c PMPI_Type_size_c = datatypes::type_size(datatype: Datatype, size: *mut Count) -> Code;
    MPI_Type_size_x PMPI_Type_size_x = datatypes::type_size(datatype: Datatype, size: *mut Count) -> Code;
    MPI_Type_get_extent PMPI_Type_get_extent = datatypes::type_get_extent(
        datatype: Datatype, lb: *mut Aint, extent: *mut Aint) -> Code;
    MPI_Type_get_extent_c PMPI_Type_get_extent_c = datatypes::type_get_extent(
        datatype: Datatype, lb: *mut Count, extent: *mut Count) -> Code;
    MPI_Type_get_extent_x PMPI_Type_get_extent_x = datatypes::type_get_extent(
        datatype: Datatype, lb: *mut Count, extent: *mut Count) -> Code;
    MPI_Type_get_true_extent PMPI_Type_get_true_extent = datatypes::type_get_true_extent(
        datatype: Datatype, true_lb: *mut Aint, true_extent: *mut Aint) -> Code;
    MPI_Type_get_true_extent_c PMPI_Type_get_true_extent_c = datatypes::type_get_true_extent(
        datatype: Datatype, true_lb: *mut Count, true_extent: *mut Count) -> Code;
    MPI_Type_get_true_extent_x PMPI_Type_get_true_extent_x = datatypes::type_get_true_extent(
        datatype: Datatype, true_lb: *mut Count, true_extent: *mut Count) -> Code;

    // How a type was made. The large forms have one more count, hence cores of their own.
    MPI_Type_get_envelope PMPI_Type_get_envelope = datatypes::type_get_envelope(
        datatype: Datatype, num_integers: *mut c_int, num_addresses: *mut c_int, num_datatypes: *mut c_int,
        combiner: *mut Combiner) -> Code;
    MPI_Type_get_envelope_c PMPI_Type_get_envelope_c = datatypes::type_get_envelope_c(
        datatype: Datatype, num_integers: *mut Count, num_addresses: *mut Count, num_large_counts: *mut Count,
        num_datatypes: *mut Count, combiner: *mut Combiner) -> Code;

    // Packing.
    MPI_Pack PMPI_Pack = datatypes::pack(
        inbuf: *const c_void, incount: c_int, datatype: Datatype, outbuf: *mut c_void, outsize: c_int,
        position: *mut c_int, comm: Comm) -> Code;
    MPI_Pack_c PMPI_Pack_c = datatypes::pack(
        inbuf: *const c_void, incount: Count, datatype: Datatype, outbuf: *mut c_void, outsize: Count,
        position: *mut Count, comm: Comm) -> Code;
    MPI_Unpack PMPI_Unpack = datatypes::unpack(
        inbuf: *const c_void, insize: c_int, position: *mut c_int, outbuf: *mut c_void, outcount: c_int,
        datatype: Datatype, comm: Comm) -> Code;
    MPI_Unpack_c PMPI_Unpack_c = datatypes::unpack(
        inbuf: *const c_void, insize: Count, position: *mut Count, outbuf: *mut c_void, outcount: Count,
        datatype: Datatype, comm: Comm) -> Code;
    MPI_Pack_size PMPI_Pack_size = datatypes::pack_size(
        incount: c_int, datatype: Datatype, comm: Comm, size: *mut c_int) -> Code;
    MPI_Pack_size_c PMPI_Pack_size_c = datatypes::pack_size(
        incount: Count, datatype: Datatype, comm: Comm, size: *mut Count) -> Code;
    MPI_Pack_external PMPI_Pack_external = datatypes::pack_external(
        datarep: *const c_char, inbuf: *const c_void, incount: c_int, datatype: Datatype, outbuf: *mut c_void,
        outsize: Aint, position: *mut Aint) -> Code;
    MPI_Pack_external_c PMPI_Pack_external_c = datatypes::pack_external(
        datarep: *const c_char, inbuf: *const c_void, incount: Count, datatype: Datatype, outbuf: *mut c_void,
        outsize: Count, position: *mut Count) -> Code;
    MPI_Unpack_external PMPI_Unpack_external = datatypes::unpack_external(
        datarep: *const c_char, inbuf: *const c_void, insize: Aint, position: *mut Aint, outbuf: *mut c_void,
        outcount: c_int, datatype: Datatype) -> Code;
    MPI_Unpack_external_c PMPI_Unpack_external_c = datatypes::unpack_external(
        datarep: *const c_char, inbuf: *const c_void, insize: Count, position: *mut Count,
        outbuf: *mut c_void, outcount: Count, datatype: Datatype) -> Code;
    MPI_Pack_external_size PMPI_Pack_external_size = datatypes::pack_external_size(
        datarep: *const c_char, incount: c_int, datatype: Datatype, size: *mut Aint) -> Code;
    MPI_Pack_external_size_c PMPI_Pack_external_size_c = datatypes::pack_external_size(
        datarep: *const c_char, incount: Count, datatype: Datatype, size: *mut Count) -> Code;
}
