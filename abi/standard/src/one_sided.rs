//! Windows and one-sided access (MPI 5.0, chapter 12).

use std::ffi::{c_char, c_int, c_void};

use olympi_abi::types::{Aint, Comm, Count, Datatype, Group, Info, Op, Request, Win};

export! {
    // Windows.
    MPI_Win_create PMPI_Win_create = windows::win_create(
        base: *mut c_void, size: Aint, disp_unit: c_int, info: Info, comm: Comm, win: *mut Win) -> c_int;
    MPI_Win_create_c PMPI_Win_create_c = windows::win_create(
        base: *mut c_void, size: Aint, disp_unit: Aint, info: Info, comm: Comm, win: *mut Win) -> c_int;
    MPI_Win_allocate PMPI_Win_allocate = windows::win_allocate(
        size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> c_int;
    MPI_Win_allocate_c PMPI_Win_allocate_c = windows::win_allocate(
        size: Aint, disp_unit: Aint, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> c_int;
    MPI_Win_allocate_shared PMPI_Win_allocate_shared = windows::win_allocate_shared(
        size: Aint, disp_unit: c_int, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> c_int;
    MPI_Win_allocate_shared_c PMPI_Win_allocate_shared_c = windows::win_allocate_shared(
        size: Aint, disp_unit: Aint, info: Info, comm: Comm, baseptr: *mut c_void, win: *mut Win) -> c_int;
    MPI_Win_create_dynamic PMPI_Win_create_dynamic = windows::win_create_dynamic(
        info: Info, comm: Comm, win: *mut Win) -> c_int;
    MPI_Win_shared_query PMPI_Win_shared_query = windows::win_shared_query(
        win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut c_int, baseptr: *mut c_void) -> c_int;
    MPI_Win_shared_query_c PMPI_Win_shared_query_c = windows::win_shared_query(
        win: Win, rank: c_int, size: *mut Aint, disp_unit: *mut Aint, baseptr: *mut c_void) -> c_int;
    MPI_Win_attach PMPI_Win_attach = windows::win_attach(win: Win, base: *mut c_void, size: Aint) -> c_int;
    MPI_Win_detach PMPI_Win_detach = windows::win_detach(win: Win, base: *const c_void) -> c_int;
    MPI_Win_free PMPI_Win_free = windows::win_free(win: *mut Win) -> c_int;

    // Questions.
    MPI_Win_get_group PMPI_Win_get_group = windows::win_get_group(win: Win, group: *mut Group) -> c_int;
    MPI_Win_set_name PMPI_Win_set_name = windows::win_set_name(win: Win, win_name: *const c_char) -> c_int;
    MPI_Win_get_name PMPI_Win_get_name = windows::win_get_name(
        win: Win, win_name: *mut c_char, resultlen: *mut c_int) -> c_int;
    MPI_Win_set_info PMPI_Win_set_info = windows::win_set_info(win: Win, info: Info) -> c_int;
    MPI_Win_get_info PMPI_Win_get_info = windows::win_get_info(win: Win, info_used: *mut Info) -> c_int;

    // Access.
    MPI_Put PMPI_Put = windows::put(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win) -> c_int;
    MPI_Put_c PMPI_Put_c = windows::put(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) -> c_int;
    MPI_Get PMPI_Get = windows::get(
        origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win) -> c_int;
    MPI_Get_c PMPI_Get_c = windows::get(
        origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win) -> c_int;
    MPI_Accumulate PMPI_Accumulate = windows::accumulate(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win) -> c_int;
    MPI_Accumulate_c PMPI_Accumulate_c = windows::accumulate(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win) -> c_int;
    MPI_Get_accumulate PMPI_Get_accumulate = windows::get_accumulate(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: c_int, target_datatype: Datatype, op: Op, win: Win) -> c_int;
    MPI_Get_accumulate_c PMPI_Get_accumulate_c = windows::get_accumulate(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: Count, target_datatype: Datatype, op: Op, win: Win) -> c_int;
    MPI_Fetch_and_op PMPI_Fetch_and_op = windows::fetch_and_op(
        origin_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype, target_rank: c_int,
        target_disp: Aint, op: Op, win: Win) -> c_int;
    MPI_Compare_and_swap PMPI_Compare_and_swap = windows::compare_and_swap(
        origin_addr: *const c_void, compare_addr: *const c_void, result_addr: *mut c_void, datatype: Datatype,
        target_rank: c_int, target_disp: Aint, win: Win) -> c_int;

    // Access with a request.
    MPI_Rput PMPI_Rput = windows::rput(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win,
        request: *mut Request) -> c_int;
    MPI_Rput_c PMPI_Rput_c = windows::rput(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win,
        request: *mut Request) -> c_int;
    MPI_Rget PMPI_Rget = windows::rget(
        origin_addr: *mut c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, win: Win,
        request: *mut Request) -> c_int;
    MPI_Rget_c PMPI_Rget_c = windows::rget(
        origin_addr: *mut c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, win: Win,
        request: *mut Request) -> c_int;
    MPI_Raccumulate PMPI_Raccumulate = windows::raccumulate(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: c_int, target_datatype: Datatype, op: Op, win: Win,
        request: *mut Request) -> c_int;
    MPI_Raccumulate_c PMPI_Raccumulate_c = windows::raccumulate(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, target_rank: c_int,
        target_disp: Aint, target_count: Count, target_datatype: Datatype, op: Op, win: Win,
        request: *mut Request) -> c_int;
    MPI_Rget_accumulate PMPI_Rget_accumulate = windows::rget_accumulate(
        origin_addr: *const c_void, origin_count: c_int, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: c_int, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: c_int, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) -> c_int;
    MPI_Rget_accumulate_c PMPI_Rget_accumulate_c = windows::rget_accumulate(
        origin_addr: *const c_void, origin_count: Count, origin_datatype: Datatype, result_addr: *mut c_void,
        result_count: Count, result_datatype: Datatype, target_rank: c_int, target_disp: Aint,
        target_count: Count, target_datatype: Datatype, op: Op, win: Win, request: *mut Request) -> c_int;

    // Synchronization.
    MPI_Win_fence PMPI_Win_fence = windows::win_fence(assert: c_int, win: Win) -> c_int;
    MPI_Win_post PMPI_Win_post = windows::win_post(group: Group, assert: c_int, win: Win) -> c_int;
    MPI_Win_start PMPI_Win_start = windows::win_start(group: Group, assert: c_int, win: Win) -> c_int;
    MPI_Win_complete PMPI_Win_complete = windows::win_complete(win: Win) -> c_int;
    MPI_Win_wait PMPI_Win_wait = windows::win_wait(win: Win) -> c_int;
    MPI_Win_test PMPI_Win_test = windows::win_test(win: Win, flag: *mut c_int) -> c_int;
    MPI_Win_lock PMPI_Win_lock = windows::win_lock(
        lock_type: c_int, rank: c_int, assert: c_int, win: Win) -> c_int;
    MPI_Win_lock_all PMPI_Win_lock_all = windows::win_lock_all(assert: c_int, win: Win) -> c_int;
    MPI_Win_unlock PMPI_Win_unlock = windows::win_unlock(rank: c_int, win: Win) -> c_int;
    MPI_Win_unlock_all PMPI_Win_unlock_all = windows::win_unlock_all(win: Win) -> c_int;
    MPI_Win_flush PMPI_Win_flush = windows::win_flush(rank: c_int, win: Win) -> c_int;
    MPI_Win_flush_all PMPI_Win_flush_all = windows::win_flush_all(win: Win) -> c_int;
    MPI_Win_flush_local PMPI_Win_flush_local = windows::win_flush_local(rank: c_int, win: Win) -> c_int;
    MPI_Win_flush_local_all PMPI_Win_flush_local_all = windows::win_flush_local_all(win: Win) -> c_int;
    MPI_Win_sync PMPI_Win_sync = windows::win_sync(win: Win) -> c_int;
}
