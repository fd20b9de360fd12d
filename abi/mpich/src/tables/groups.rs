//! Groups of processes (MPI 5.0, section 7.3).

use std::ffi::c_int;

use crate::codes::Code;
use crate::constants::Comparison;
use crate::handles::Group;

export! {
    MPI_Group_size PMPI_Group_size = groups::group_size(group: Group, size: *mut c_int) -> Code;
    MPI_Group_rank PMPI_Group_rank = groups::group_rank(group: Group, rank: *mut c_int) -> Code;
    MPI_Group_compare PMPI_Group_compare = groups::group_compare(
        group1: Group, group2: Group, result: *mut Comparison) -> Code;
    MPI_Group_union PMPI_Group_union = groups::group_union(
        group1: Group, group2: Group, newgroup: *mut Group) -> Code;
    MPI_Group_intersection PMPI_Group_intersection = groups::group_intersection(
        group1: Group, group2: Group, newgroup: *mut Group) -> Code;
    MPI_Group_difference PMPI_Group_difference = groups::group_difference(
        group1: Group, group2: Group, newgroup: *mut Group) -> Code;
    MPI_Group_incl PMPI_Group_incl = groups::group_incl(
        group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) -> Code;
    MPI_Group_excl PMPI_Group_excl = groups::group_excl(
        group: Group, n: c_int, ranks: *const c_int, newgroup: *mut Group) -> Code;
    MPI_Group_range_incl PMPI_Group_range_incl = groups::group_range_incl(
        group: Group, n: c_int, ranges: *const [c_int; 3], newgroup: *mut Group) -> Code;
    MPI_Group_range_excl PMPI_Group_range_excl = groups::group_range_excl(
        group: Group, n: c_int, ranges: *const [c_int; 3], newgroup: *mut Group) -> Code;
    MPI_Group_free PMPI_Group_free = groups::group_free(group: *mut Group) -> Code;
}
