//! Communicators, also between groups (MPI 5.0, sections 7.4 to 7.6 and 7.8).

use std::ffi::{c_char, c_int};

use crate::codes::Code;
use crate::constants::{Comparison, SplitType, Tag};
use crate::handles::{Comm, Errhandler, Group, Info, LateComm, Request};

export! {
    // Questions.
    MPI_Comm_size PMPI_Comm_size = communicators::comm_size(comm: Comm, size: *mut c_int) -> Code;
    MPI_Comm_rank PMPI_Comm_rank = communicators::comm_rank(comm: Comm, rank: *mut c_int) -> Code;
    MPI_Comm_compare PMPI_Comm_compare = communicators::comm_compare(
        comm1: Comm, comm2: Comm, result: *mut Comparison) -> Code;
    MPI_Comm_test_inter PMPI_Comm_test_inter = communicators::comm_test_inter(
        comm: Comm, flag: *mut c_int) -> Code;
    MPI_Comm_remote_size PMPI_Comm_remote_size = communicators::comm_remote_size(
        comm: Comm, size: *mut c_int) -> Code;
    MPI_Comm_group PMPI_Comm_group = communicators::comm_group(comm: Comm, group: *mut Group) -> Code;
    MPI_Comm_remote_group PMPI_Comm_remote_group = communicators::comm_remote_group(
        comm: Comm, group: *mut Group) -> Code;
    MPI_Comm_get_parent PMPI_Comm_get_parent = communicators::comm_get_parent(parent: *mut Comm) -> Code;

    // Constructors.
    MPI_Comm_dup PMPI_Comm_dup = communicators::comm_dup(comm: Comm, newcomm: *mut Comm) -> Code;
    MPI_Comm_dup_with_info PMPI_Comm_dup_with_info = communicators::comm_dup_with_info(
        comm: Comm, info: Info, newcomm: *mut Comm) -> Code;
    MPI_Comm_idup PMPI_Comm_idup = communicators::comm_idup(
        comm: Comm, newcomm: LateComm, request: *mut Request) -> Code;
    MPI_Comm_idup_with_info PMPI_Comm_idup_with_info = communicators::comm_idup_with_info(
        comm: Comm, info: Info, newcomm: LateComm, request: *mut Request) -> Code;
    MPI_Comm_create PMPI_Comm_create = communicators::comm_create(
        comm: Comm, group: Group, newcomm: *mut Comm) -> Code;
    MPI_Comm_create_group PMPI_Comm_create_group = communicators::comm_create_group(
        comm: Comm, group: Group, tag: Tag, newcomm: *mut Comm) -> Code;
    MPI_Comm_create_from_group PMPI_Comm_create_from_group = communicators::comm_create_from_group(
        group: Group, stringtag: *const c_char, info: Info, errhandler: Errhandler,
        newcomm: *mut Comm) -> Code;
    MPI_Comm_split PMPI_Comm_split = communicators::comm_split(
        comm: Comm, color: c_int, key: c_int, newcomm: *mut Comm) -> Code;
    MPI_Comm_split_type PMPI_Comm_split_type = communicators::comm_split_type(
        comm: Comm, split_type: SplitType, key: c_int, info: Info, newcomm: *mut Comm) -> Code;

    // Between groups.
    MPI_Intercomm_create PMPI_Intercomm_create = communicators::intercomm_create(
        local_comm: Comm, local_leader: c_int, peer_comm: Comm, remote_leader: c_int, tag: Tag,
        newintercomm: *mut Comm) -> Code;
    MPI_Intercomm_create_from_groups PMPI_Intercomm_create_from_groups =
        communicators::intercomm_create_from_groups(
        local_group: Group, local_leader: c_int, remote_group: Group, remote_leader: c_int,
        stringtag: *const c_char, info: Info, errhandler: Errhandler, newintercomm: *mut Comm) -> Code;
    MPI_Intercomm_merge PMPI_Intercomm_merge = communicators::intercomm_merge(
        intercomm: Comm, high: c_int, newintracomm: *mut Comm) -> Code;

    // Freeing.
    MPI_Comm_free PMPI_Comm_free = communicators::comm_free(comm: *mut Comm) -> Code;
    MPI_Comm_disconnect PMPI_Comm_disconnect = communicators::comm_disconnect(comm: *mut Comm) -> Code;

    // Names and hints.
    MPI_Comm_set_name PMPI_Comm_set_name = communicators::comm_set_name(
        comm: Comm, comm_name: *const c_char) -> Code;
    MPI_Comm_get_name PMPI_Comm_get_name = communicators::comm_get_name(
        comm: Comm, comm_name: *mut c_char, resultlen: *mut c_int) -> Code;
    MPI_Comm_set_info PMPI_Comm_set_info = communicators::comm_set_info(comm: Comm, info: Info) -> Code;
    MPI_Comm_get_info PMPI_Comm_get_info = communicators::comm_get_info(
        comm: Comm, info_used: *mut Info) -> Code;
}
