//! Windows and one-sided access (MPI 5.0, chapter 12), which this library does not have yet.

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{Aint, Count};

use crate::codes::Code;
use crate::handles::{Comm, Datatype, Group, Info, Op, Request, Win};

unsupported! {
    // Windows.
    MPI_Win_create PMPI_Win_create = unsupported::of_comm(comm) for (
        base: *mut c_void, size: Aint, disp_unit: c_int, info: Info, comm: Comm, win: *mut Win) -> Code;
    MPI_Win_create_c PMPI_Win_create_c = unsupported::of_comm(comm) for (
        base: *mut c_void, size: Aint, disp_unit: Aint, info: Info, comm: Comm, win: *mut Win) -> Code;
    MPI_Win_allocate PMPI_Win_allocate = unsupported::of_comm(comm) for (
        size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> Code;
    MPI_Win_allocate_c PMPI_Win_allocate_c = unsupported::of_comm(comm) for (
        size: Aint, disp_unit: Aint, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> Code;
    MPI_Win_allocate_shared PMPI_Win_allocate_shared = unsupported::of_comm(comm) for (
        size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> Code;
    MPI_Win_allocate_shared_c PMPI_Win_allocate_shared_c = unsupported::of_comm(comm) for (
        size: Aint, disp_unit: Aint, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> Code;
    MPI_Win_create_dynamic PMPI_Win_create_dynamic = unsupported::of_comm(comm) for (
        info: Info, comm: Comm, win: *mut Win) -> Code;
    MPI_Win_shared_query PMPI_Win_shared_query = unsupported::of_win(win) for (
        win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut c_int, baseptr: *mut c_void) -> Code;
    MPI_Win_shared_query_c PMPI_Win_shared_query_c = unsupported::of_win(win) for (
        win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut Aint, baseptr: *mut c_void) -> Code;
    MPI_Win_attach PMPI_Win_attach = unsupported::of_win(win) for (
        win: Win, base: *mut c_void, size: Aint) -> Code;
    MPI_Win_detach PMPI_Win_detach = unsupported::of_win(win) for (win: Win, base: *const c_void) -> Code;
    MPI_Win_free PMPI_Win_free = unsupported::of_win(*win) for (win: *mut Win) -> Code;

    // Questions.
    MPI_Win_get_group PMPI_Win_get_group = unsupported::of_win(win) for (win: Win, group: *mut Group) -> Code;
    MPI_Win_set_name PMPI_Win_set_name = unsupported::of_win(win) for (
        win: Win, win_name: *const c_char) -> Code;
    MPI_Win_get_name PMPI_Win_get_name = unsupported::of_win(win) for (
        win: Win, win_name: *mut c_char, resultlen: *mut c_int) -> Code;
    MPI_Win_set_info PMPI_Win_set_info = unsupported::of_win(win) for (win: Win, info: Info) -> Code;
    MPI_Win_get_info PMPI_Win_get_info = unsupported::of_win(win) for (
        win: Win, info_used: *mut Info) -> Code;

    // Access.
    MPI_Put PMPI_Put = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win) -> Code;
    MPI_Put_c PMPI_Put_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) -> Code;
    MPI_Get PMPI_Get = unsupported::of_win(win) for (
        origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win) -> Code;
    MPI_Get_c PMPI_Get_c = unsupported::of_win(win) for (
        origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) -> Code;
    MPI_Accumulate PMPI_Accumulate = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win) -> Code;
    MPI_Accumulate_c PMPI_Accumulate_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win) -> Code;
    MPI_Get_accumulate PMPI_Get_accumulate = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: c_int, target_datatype: Datatype, op: Op, win: Win) -> Code;
    MPI_Get_accumulate_c PMPI_Get_accumulate_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: Count, target_datatype: Datatype, op: Op, win: Win) -> Code;
    MPI_Fetch_and_op PMPI_Fetch_and_op = unsupported::of_win(win) for (
        origin_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int,
        target_disp: Aint, op: Op, win: Win) -> Code;
    MPI_Compare_and_swap PMPI_Compare_and_swap = unsupported::of_win(win) for (
        origin_addr: *const c_void, compare_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype,
        target_rank: c_int, target_disp: Aint, win: Win) -> Code;

    // Access with a request.
    MPI_Rput PMPI_Rput = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win,
        request: *mut Request) -> Code;
    MPI_Rput_c PMPI_Rput_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win,
        request: *mut Request) -> Code;
    MPI_Rget PMPI_Rget = unsupported::of_win(win) for (
        origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win,
        request: *mut Request) -> Code;
    MPI_Rget_c PMPI_Rget_c = unsupported::of_win(win) for (
        origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win,
        request: *mut Request) -> Code;
    MPI_Raccumulate PMPI_Raccumulate = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win,
        request: *mut Request) -> Code;
    MPI_Raccumulate_c PMPI_Raccumulate_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win,
        request: *mut Request) -> Code;
    MPI_Rget_accumulate PMPI_Rget_accumulate = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: c_int, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) -> Code;
    MPI_Rget_accumulate_c PMPI_Rget_accumulate_c = unsupported::of_win(win) for (
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: Count, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) -> Code;

    // Synchronization.
    MPI_Win_fence PMPI_Win_fence = unsupported::of_win(win) for (assert: c_int, win: Win) -> Code;
    MPI_Win_post PMPI_Win_post = unsupported::of_win(win) for (group: Group, assert: c_int, win: Win) -> Code;
    MPI_Win_start PMPI_Win_start = unsupported::of_win(win) for (
        group: Group, assert: c_int, win: Win) -> Code;
    MPI_Win_complete PMPI_Win_complete = unsupported::of_win(win) for (win: Win) -> Code;
    MPI_Win_wait PMPI_Win_wait = unsupported::of_win(win) for (win: Win) -> Code;
    MPI_Win_test PMPI_Win_test = unsupported::of_win(win) for (win: Win, flag: *mut c_int) -> Code;
    MPI_Win_lock PMPI_Win_lock = unsupported::of_win(win) for (
        lock_type: c_int, rank: c_int, assert: c_int, win: Win) -> Code;
    MPI_Win_lock_all PMPI_Win_lock_all = unsupported::of_win(win) for (assert: c_int, win: Win) -> Code;
    MPI_Win_unlock PMPI_Win_unlock = unsupported::of_win(win) for (rank: c_int, win: Win) -> Code;
    MPI_Win_unlock_all PMPI_Win_unlock_all = unsupported::of_win(win) for (win: Win) -> Code;
    MPI_Win_flush PMPI_Win_flush = unsupported::of_win(win) for (rank: c_int, win: Win) -> Code;
    MPI_Win_flush_all PMPI_Win_flush_all = unsupported::of_win(win) for (win: Win) -> Code;
    MPI_Win_flush_local PMPI_Win_flush_local = unsupported::of_win(win) for (rank: c_int, win: Win) -> Code;
    MPI_Win_flush_local_all PMPI_Win_flush_local_all = unsupported::of_win(win) for (win: Win) -> Code;
    MPI_Win_sync PMPI_Win_sync = unsupported::of_win(win) for (win: Win) -> Code;
}
